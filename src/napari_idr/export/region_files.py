"""Parts of images that were saved as files, and whether they may go into a package: pixels are somebody's."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - a dataclass field
from typing import TYPE_CHECKING

from napari_idr.errors import NotFound
from napari_idr.formats.annotations.stored_zip import zip_folder
from napari_idr.formats.documents.submitted_file import safe_name
from napari_idr.formats.free_name import free_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

REGIONS = "regions"
"""Folder of a package in which they lie."""
ROLE = "region"

OPEN = (
    {"cc0"},
    {"cc", "by"},
    {"creativecommons", "by"},
    {"creative", "commons", "attribution"},
    {"public", "domain"},
    {"creativecommons", "publicdomain"},
)
"""Words of a licence that lets others hand pixels on, in any archive."""
CLOSED = {"nc", "nd", "noncommercial", "noderivs", "noderivatives", "non", "no"}
"""Words that forbid it: no commercial use, no part of it."""


@dataclass(frozen=True, slots=True)
class RegionFile:
    """A part of an image in a file of its own."""

    path: Path
    """A file, or the folder of an OME-Zarr."""
    license: str
    """As the repository of the image states it, "" where it does not."""

    @property
    def name(self) -> str:
        """What it is called in a package: one file, an OME-Zarr as a zip."""
        name = safe_name(self.path.name)
        return f"{name}.zip" if name.endswith(".zarr") else name


def may_hand_on(license_: str) -> bool:
    """Whether a licence lets anybody hand on a part of an image: CC0, CC BY, CC BY-SA or the public domain."""
    stated = [set(re.findall(r"[a-z0-9]+", one.casefold())) for one in license_.split(";") if one.strip()]
    return bool(stated) and all(not one & CLOSED and any(words <= one for words in OPEN) for one in stated)


def refusal(files: Sequence[RegionFile]) -> str:
    """Return in a sentence why files may not go into a package, "" where they may."""
    unknown = [one for one in files if not one.license]
    if unknown:
        return f"The licence of the image of {unknown[0].path.name} is not known."
    closed = [one for one in files if not may_hand_on(one.license)]
    if closed:
        return f"The licence of the image of {closed[0].path.name} ({closed[0].license}) does not allow it."
    gone = [one for one in files if not one.path.exists()]
    return f"{gone[0].path.name} is not there any more." if gone else ""


def region_paths(files: Sequence[RegionFile]) -> list[str]:
    """Return where files lie in a package, no two at one place."""
    taken: set[str] = set()
    names = [one.name.partition(".") for one in files]
    return [f"{REGIONS}/{free_name(stem, taken, dot + ending)}" for stem, dot, ending in names]


def copy_regions(
    files: Sequence[RegionFile], folder: Path, step: Callable[[str], None] = lambda name: None
) -> dict[str, str]:
    """Copy files into a package and return their roles by path. Raises ``NotFound`` where one is gone.

    ``step`` is called with the name of each before it is copied; it raises in order to stop.
    """
    paths = region_paths(files)
    if paths:
        (folder / REGIONS).mkdir(parents=True, exist_ok=True)
    for one, path in zip(files, paths, strict=True):
        step(one.path.name)
        if not one.path.exists():
            raise NotFound("A saved region is not there any more", one.path.name, "save it again, or leave it out")
        if one.path.is_dir():
            zip_folder(one.path, folder / path, "0.5" if (one.path / "zarr.json").is_file() else "0.4")
        else:
            shutil.copyfile(one.path, folder / path)
    return dict.fromkeys(paths, ROLE)
