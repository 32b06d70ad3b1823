"""Folders on this computer: which of their entries are images, plates, collections or further folders."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_idr.errors import AccessDenied, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.model.catalog import NodeKind

LISTED = re.compile(r".*\.(zarr|ozx|zip|tiff?)", re.IGNORECASE)
MARKS = (".zattrs", ".zgroup", ".zarray", "zarr.json")
LARGEST_DOCUMENT = 16 << 20


def is_local(address: str) -> bool:
    """Whether an address is a path on this computer."""
    return "://" not in address


def name_of(address: str) -> str:
    """Return the last piece of a path or address."""
    return address.split("?")[0].rstrip("/\\").replace("\\", "/").rpartition("/")[2] or address


def is_folder_of_data(address: str) -> bool:
    """Whether an address is a local folder that is not itself OME-Zarr."""
    if not is_local(address):
        return False
    path = Path(address)
    return path.is_dir() and not any((path / mark).is_file() for mark in MARKS)


def list_folder(address: str) -> list[tuple[NodeKind, str]]:
    """Return (kind, path) of what a folder holds: its images, plates and folders, by name; hidden ones left out.

    Raises ``NotFound`` and ``AccessDenied``.
    """
    try:
        paths = sorted(Path(address).iterdir(), key=lambda path: path.name.casefold())
    except PermissionError as error:
        raise AccessDenied("This folder may not be read", address, "ask its owner, or choose another") from error
    except OSError as error:
        raise NotFound("There is no such folder", address, "check the path") from error
    return [(kind, str(path)) for path in paths for kind in _kinds(path)]


def _kinds(path: Path) -> Iterator[NodeKind]:
    """Yield the kind of an entry, nothing for what is no data."""
    if path.name.startswith("."):
        return
    if LISTED.fullmatch(path.name) and path.is_file():
        yield "image" if path.suffix.lower() in (".tif", ".tiff") else "collection"
    elif path.is_dir():
        yield _kind_of_group(path) if not is_folder_of_data(str(path)) else "collection"


def _kind_of_group(path: Path) -> NodeKind:
    from napari_idr.formats.ngff import group_kind

    kind = group_kind(_attributes(path))
    return kind if kind == "plate" or kind == "collection" else "image"


def _attributes(path: Path) -> dict[str, Any]:
    """Return the attributes of a local group; none where they cannot be read: opening it will say why."""
    for mark in ("zarr.json", ".zattrs"):
        try:
            with (path / mark).open("rb") as file:
                document = json.loads(file.read(LARGEST_DOCUMENT))
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(document, dict):
            found = document.get("attributes", {}) if mark == "zarr.json" else document
            return found if isinstance(found, dict) else {}
    return {}
