"""The files of the disk cache: read, written, counted and deleted; nobody needs to hold a lock.

A file appears under its name by being renamed, complete. So a process that is killed leaves a file with a
temporary name at worst, and processes that share the folder see whole files or none. Nothing in the folder is
trusted: symbolic links are not followed, and only files whose names could be ours are ever deleted.
"""

from __future__ import annotations

import os
import re
import stat
import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

NAME = re.compile(r"[0-9a-f]{40}")
"""Name of an entry: the first two digits are its folder, the rest its file."""
_SHARD = re.compile(r"[0-9a-f]{2}")
_FILE = re.compile(r"[0-9a-f]{38}")
_TEMPORARY = re.compile(r"new-[0-9a-f]{32}")
FORGOTTEN = 600.0
"""Seconds after which a temporary file is nobody's any more."""
ATTEMPTS = 5
"""Attempts at writing into a folder that is being deleted; what is still not written then is not kept."""
BLOCK = 4096
"""Bytes in which disks give out space."""
TOUCH_EVERY = 60.0
"""Seconds within which a file is not marked as used again."""

TAG_TEXT = "Signature: 8a477f597d28d172789f06886806bc55\n# Kept by napari-idr; may be deleted at any time.\n"
"""What CACHEDIR.TAG has to begin with (https://bford.info/cachedir/), so that backups pass the folder over."""

_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_BY_PATH = os.utime not in os.supports_fd
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


class Kept(NamedTuple):
    """A file of the cache: when it was last used, the space it takes, where it is."""

    used: float
    size: int
    path: str


def prepare(folder: Path) -> None:
    """Make the folder, for this user alone, and mark it as a cache."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError), (folder / "CACHEDIR.TAG").open("x", encoding="ascii") as tag:
        tag.write(TAG_TEXT)


def read(folder: Path, name: str, limit: int) -> bytes | None:
    """Return the bytes of an entry, None where there is no regular file of at most ``limit`` bytes."""
    path = _path(folder, name)
    try:
        descriptor = os.open(path, _READ)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
            return None
        _mark_used(path if _BY_PATH else descriptor, status.st_mtime)
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(status.st_size)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def holds(folder: Path, name: str) -> bool:
    """Whether there is a file of an entry; it is not opened."""
    return os.path.isfile(_path(folder, name))


def write(folder: Path, name: str, parts: Sequence[bytes]) -> int:
    """Write an entry whole or not at all; return the space it takes. Raises ``OSError``."""
    path = _path(folder, name)
    for _ in range(ATTEMPTS):
        try:
            return _write(path, parts)
        except FileNotFoundError:
            prepare(folder)  # somebody deletes the whole folder meanwhile
    return 0


def _write(path: str, parts: Sequence[bytes]) -> int:
    place = os.path.dirname(path)
    _make_shard(place)
    temporary = os.path.join(place, f"new-{uuid.uuid4().hex}")
    descriptor = os.open(temporary, _WRITE, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(parts)
            size = file.tell()
        _put_in_place(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    return _space(size)


def _put_in_place(temporary: str, path: str) -> None:
    try:
        os.replace(temporary, path)
    except PermissionError:
        if os.name != "nt" or not os.path.isfile(path):
            raise
        os.unlink(temporary)  # on Windows a file that somebody reads cannot be replaced: it stays as it is


def remove(folder: Path, name: str) -> None:
    """Delete an entry, if it is there and can be deleted."""
    with suppress(OSError):
        os.unlink(_path(folder, name))


def files(folder: Path) -> Iterator[Kept]:
    """Yield the entries of a folder, and delete what writers that were killed left behind."""
    old = time.time() - FORGOTTEN
    for place in _entries(folder):
        if not _SHARD.fullmatch(place.name) or not place.is_dir(follow_symlinks=False):
            continue
        for file in _entries(place.path):
            with suppress(OSError):
                status = file.stat(follow_symlinks=False)
                if _FILE.fullmatch(file.name) and not stat.S_ISDIR(status.st_mode):
                    yield Kept(status.st_mtime, _space(status.st_size), file.path)
                elif _TEMPORARY.fullmatch(file.name) and status.st_mtime < old:
                    os.unlink(file.path)


def names(folder: Path) -> Iterator[str]:
    """Yield the names of the entries of a folder, by its lists alone; none of the files is looked at."""
    for place in _entries(folder):
        if _SHARD.fullmatch(place.name) and place.is_dir(follow_symlinks=False):
            yield from (place.name + file.name for file in _entries(place.path) if _FILE.fullmatch(file.name))


def shrink(folder: Path, limit: int, target: int) -> int:
    """Delete what was not used longest until ``target`` bytes are left, if there are more than ``limit``.

    Returns the bytes that are left.
    """
    kept = list(files(folder))
    total = sum(file.size for file in kept)
    if total <= limit:
        return total
    kept.sort()
    for file in kept:
        if total <= target:
            break
        with suppress(FileNotFoundError):
            try:
                os.unlink(file.path)
            except PermissionError:
                continue
        total -= file.size
    return total


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []


def _path(folder: Path, name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of an entry")
    return os.path.join(folder, name[:2], name[2:])


def _make_shard(place: str) -> None:
    try:
        os.mkdir(place, 0o700)
    except FileExistsError:
        if stat.S_ISLNK(os.lstat(place).st_mode):
            raise NotADirectoryError(f"{place} is a symbolic link") from None


def _mark_used(file: str | int, used: float) -> None:
    """Set the time by which the least recently used is found; not each time, since that is a write, too."""
    if abs(time.time() - used) > TOUCH_EVERY:
        with suppress(OSError):  # a folder that is only read can be read all the same
            os.utime(file)


def _space(size: int) -> int:
    return -(-size // BLOCK) * BLOCK
