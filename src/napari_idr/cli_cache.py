"""Size and emptying of the cache folder."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

from platformdirs import user_cache_path

from napari_idr.errors import NapariIdrError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TAG = "CACHEDIR.TAG"
"""File that marks a folder as a cache (https://bford.info/cachedir/)."""


def describe_cache() -> dict[str, Any]:
    """Return folder, number of files and bytes of the cache."""
    folder = _folder()
    sizes = list(_sizes(folder))
    return {"folder": str(folder), "files": len(sizes), "bytes": sum(sizes)}


def clear_cache() -> int:
    """Delete what is in the cache folder; return the bytes that were freed.

    Raises ``NapariIdrError`` for a folder that does not look like a cache: a setting may name any folder.
    """
    folder = _folder()
    size = sum(_sizes(folder))
    ours = folder == user_cache_path("napari-idr", appauthor=False).absolute() or (folder / TAG).is_file()
    if folder.is_dir() and any(folder.iterdir()) and not ours:
        what = "This folder is not deleted, since it holds no CACHEDIR.TAG that says it is a cache"
        raise NapariIdrError(what, str(folder), "check NAPARI_IDR_CACHE_DIR, or delete it yourself")
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    return size


def _folder() -> Path:
    from napari_idr.settings import Settings

    return Settings().cache_dir


def _sizes(folder: Path) -> Iterator[int]:
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                yield os.lstat(os.path.join(place, name)).st_size
            except FileNotFoundError:
                continue  # deleted meanwhile by another process
