"""Batches that a database did not take, in a file, until it does: one line each, on the disk before it is confirmed.

A journal has one owner, the process that appends to it. A journal whose owner is gone is adopted by whoever opens the
workspace next. Writing a batch twice does no harm (its events have uuids), so nothing here needs a lock.
"""

from __future__ import annotations

import os
import platform
import threading
import zlib
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import uuid4

import psutil

from napari_idr.errors import FormatError, NotKept
from napari_idr.formats.model_json import decode, encode

from .events import Batch

if TYPE_CHECKING:
    from pathlib import Path

_OPEN: set[Path] = set()
"""Journals that somebody in this process appends to."""


class Journal:
    """The journal of one workspace in a folder; thread-safe.

    Parameters
    ----------
    folder
        Where journals are kept, on a disk of this computer.
    address
        Of the workspace that the batches are for.
    """

    def __init__(self, folder: Path, address: str) -> None:
        self._folder = folder
        self._prefix = f"pending-{sha256(address.encode()).hexdigest()[:16]}"
        self._path = folder / f"{self._prefix}-{_owner()}-{uuid4().hex[:8]}.jsonl"
        self._lock = threading.Lock()
        self.unreadable: tuple[str, ...] = ()
        """Journals, of a newer release perhaps, that are left as they are."""
        _OPEN.add(self._path)

    def append(self, batch: Batch) -> None:
        """Write a batch to the end; it is on the disk when this returns. Raises ``NotKept``."""
        text = encode(batch)
        line = f"{zlib.crc32(text.encode()):08x} {text}\n".encode()
        with self._lock:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                _append(self._path, line)
            except OSError as error:
                what = f"What you made could not be written to disk: {error.strerror or error}"
                raise NotKept(what, str(self._path.parent), "free some space; it is tried again") from error

    def batches(self) -> list[tuple[Path, list[Batch]]]:
        """Return what waits, by file: ours, and those whose owner is gone. A torn last line was never confirmed."""
        found, unreadable = [], []
        for path in sorted(self._folder.glob(f"{self._prefix}-*.jsonl"), key=_age):
            if path == self._path or not _is_owned(path):
                try:
                    found.append((path, _read(path)))
                except (FormatError, OSError):
                    unreadable.append(str(path))
        self.unreadable = tuple(unreadable)
        return found

    def forget(self, path: Path) -> None:
        """Delete a journal, all of whose batches are in the database."""
        with self._lock:
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Append no more; what waits stays for whoever opens the workspace next."""
        _OPEN.discard(self._path)


def _append(path: Path, line: bytes) -> None:
    """Append a line, or nothing: half a line, of a full disk, is taken back."""
    is_new = not path.exists()
    with path.open("ab", buffering=0) as file:
        before = file.seek(0, os.SEEK_END)
        try:
            if file.write(line) != len(line):
                raise OSError(28, "no space left on the disk")
            os.fsync(file.fileno())
        except OSError:
            file.truncate(before)
            raise
    if is_new and hasattr(os, "O_DIRECTORY"):
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """See to it that the name of a new file is on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> list[Batch]:
    batches = []
    for line in path.read_bytes().split(b"\n"):
        check, _, text = line.partition(b" ")
        if not text or check != b"%08x" % zlib.crc32(text):
            continue  # torn: the process, or the power, went before it was confirmed
        batches.append(decode(Batch, text.decode("ascii"), on=str(path)))
    return batches


def _age(path: Path) -> tuple[float, str]:
    """Order journals so that what was made first is written first."""
    try:
        return path.stat().st_mtime, path.name
    except OSError:
        return 0.0, path.name


def _owner() -> str:
    process = psutil.Process()
    return f"{_host()}-{process.pid}-{int(process.create_time())}"


def _host() -> str:
    return sha256(platform.node().encode()).hexdigest()[:8]


def _is_owned(path: Path) -> bool:
    """Whether somebody may still append to a journal: a process that lives, here or on another computer."""
    if path in _OPEN:
        return True
    host, process_id, started = path.stem.split("-")[2:5]
    if host != _host():
        return True
    try:
        process = psutil.Process(int(process_id))
        return process.pid != os.getpid() and int(process.create_time()) == int(started)
    except (psutil.Error, ValueError):
        return False
