"""Checksums of a folder, as ``sha256sum -c`` reads them."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from napari_idr.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "checksums.sha256"
BLOCK = 1 << 20
LONGEST_LIST = 64 << 20


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder in order of their names; links are never followed, and never yielded."""
    for place, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(names):
            path = folder.__class__(place) / name
            if not path.is_symlink():
                yield path


def write_checksums(folder: Path) -> Path:
    """Write the list of all files of a folder but itself."""
    lines = [
        f"{sha256_of(path)}  {path.relative_to(folder).as_posix()}\n"
        for path in sorted(files_below(folder), key=lambda one: one.relative_to(folder).as_posix())
        if path != folder / NAME
    ]
    path = folder / NAME
    path.write_text("".join(lines), encoding="utf-8", newline="\n")
    return path


def read_checksums(path: Path) -> dict[str, str]:
    """Return what a list says, by relative path. Raises ``FormatError`` where it is none, or leads elsewhere."""
    if path.stat().st_size > LONGEST_LIST:
        raise FormatError("The list of checksums is too long", path.name, "write the package again")
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        digest, separator, name = line.partition("  ")
        name = name.removeprefix("*")
        parts = name.split("/")
        if not separator or len(digest) != 64 or name.startswith("/") or ".." in parts:
            where = f"{path.name}, line {number}"
            raise FormatError("A line of the checksums cannot be read", where, "write the package again")
        found[name] = digest
    return found
