"""A file that an image was made from, as the microscope or its owner left it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OriginalFile:
    """A file to download."""

    name: str
    address: str
    note: str = ""
    """What it holds, where that is more than the file: "all 12 files, zipped"."""
