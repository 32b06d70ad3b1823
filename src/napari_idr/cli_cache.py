"""Size and emptying of the cache folder, also while napari or another command uses it."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

from platformdirs import user_cache_path

from napari_idr.errors import NapariIdrError
from napari_idr.remote.disk_cache import FOLDER, DiskCache

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TAG = "CACHEDIR.TAG"
"""File that marks a folder as a cache (https://bford.info/cachedir/)."""


def describe_cache() -> dict[str, Any]:
    """Return folder, number of files and bytes of the cache, and how much of it are answers of servers."""
    folder = _folder()
    sizes = list(_sizes(folder))
    usage = _answers(folder).usage()
    answers = {"entries": usage.entries, "bytes": usage.bytes, "limit": usage.limit}
    return {"folder": str(folder), "files": len(sizes), "bytes": sum(sizes), "answers": answers}


def clear_cache() -> int:
    """Delete what is in the cache folder; return the bytes that were freed.

    Of a folder that does not look like a cache (a setting may name any folder) only the answers of servers are
    deleted; where there are none, ``NapariIdrError`` is raised.
    """
    folder = _folder()
    size = sum(_sizes(folder))
    ours = folder == user_cache_path("napari-idr", appauthor=False).absolute() or (folder / TAG).is_file()
    if not ours and (folder / FOLDER / TAG).is_file():
        return _answers(folder).clear()
    if folder.is_dir() and any(folder.iterdir()) and not ours:
        what = "This folder is not deleted, since it holds no CACHEDIR.TAG that says it is a cache"
        raise NapariIdrError(what, str(folder), "check NAPARI_IDR_CACHE_DIR, or delete it yourself")
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name == FOLDER:
            _answers(folder).clear()  # somebody may write into it meanwhile
        elif path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return max(0, size - sum(_sizes(folder)))


def _answers(folder: Path) -> DiskCache:
    from napari_idr.settings import Settings

    return DiskCache(folder / FOLDER, Settings().disk_cache_mb << 20)


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
