"""A folder of OME-Zarr as one zip file, as RFC-9 asks: not compressed again, metadata first, same bytes each time."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time that every member has: the earliest that a zip file can say."""
METADATA = ("zarr.json", ".zgroup", ".zattrs", ".zarray")


def zip_folder(folder: Path, path: Path, version: str) -> None:
    """Write what is in a folder into a zip file whose root is that of the OME-Zarr."""
    names = [file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.comment = json.dumps({"ome": {"version": version}}).encode()
        for name in sorted(names, key=_order):
            with archive.open(zipfile.ZipInfo(name, EPOCH), "w") as member:
                member.write((folder / name).read_bytes())


def _order(name: str) -> tuple[bool, int, str]:
    """Metadata first, from the root down."""
    return not name.endswith(METADATA), name.count("/"), name
