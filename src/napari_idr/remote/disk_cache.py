"""What servers answered, kept on disk between sessions: bounded, shared between processes, never trusted blindly.

Own files rather than a library: ``diskcache`` unpickles what it finds, a database cannot be shared over a
network's home folder and is lost as a whole. Here each entry is one file with its own checksum; one that is damaged
is a miss and is deleted.
"""

from __future__ import annotations

import hashlib
import logging
import os
import queue
import shutil
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import cache_folder
from .cache_entry import FACTS_LIMIT, pack, unpack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .cache_entry import Entry

_log = logging.getLogger(__name__)

FOLDER = "answers"
"""Folder inside the cache folder of napari-idr."""
ENTRY_LIMIT = 256 << 20
"""Bytes of the largest answer kept; larger ones are shards that are read whole, which hardly anybody writes."""
SHARE_OF_FREE_DISK = 4
"""The cache takes at most this part of what would be free without it."""
STEPS = 16
"""The folder is looked through each time this part of the limit was written."""
WAITING_LIMIT = 96 << 20
"""Bytes that may wait to be written; what comes on top is not kept."""
LULL_SECONDS = 0.5
"""Writing waits until nothing was kept for so long: it costs a millisecond of processor for each answer, which those
that come need more. At :data:`MUCH_WAITS` bytes it begins at once, and after :data:`LONGEST_SECONDS`."""
MUCH_WAITS = 64 << 20
LONGEST_SECONDS = 10.0
PAUSE_AFTER_FAILURE = 60.0
"""Seconds without writing after the disk refused: full, or read-only."""
LAST_WRITES = 10.0
"""Seconds that closing waits for the disk."""


@dataclass(frozen=True, slots=True)
class CacheUsage:
    """How full a cache is."""

    folder: Path
    entries: int
    bytes: int
    limit: int
    """Bytes it may have now: the setting, or less on a disk that is nearly full."""


class DiskCache:
    """Answers by name, least recently used first to go; thread-safe.

    Parameters
    ----------
    folder
        Where the entries are; made on the first write.
    limit
        Most bytes on disk; 0 keeps nothing. The folder is looked through each time a sixteenth of it was written, and
        brought back to three quarters where it has passed seven eighths: two processes that write at once stay
        below it, each further one may exceed it by a sixteenth.

    Notes
    -----
    A kill at any moment leaves no wrong entry (see ``cache_folder``). Writing is done by one thread, in the next lull,
    so whoever keeps an answer does not wait for the disk; what waits there is found by ``load`` already. A disk that
    refuses (full, read-only) costs nothing but the cache: ``problem`` says why.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder, self.limit = folder, limit
        self.problem = ""
        """Why nothing is written at present, empty where all is well."""
        self.distrusted = 0.0
        """What was checked before this time is asked about again, however fresh."""
        self.uses = 0
        """How often a kept answer was believed without asking."""
        self._lock = threading.Lock()
        self._waiting: dict[str, Entry] = {}
        self._waiting_bytes = 0
        self._kept_at = 0.0
        """When something was kept last."""
        self._waits_since = 0.0
        """When something was kept first of what waits."""
        self._names: frozenset[str] | None = None
        """What the folder held at the first look; None before that."""
        self._added: set[str] = set()
        """What was written since this process began."""
        self._hurry = threading.Event()
        """Set while somebody waits for the disk."""
        self._written = limit  # the first write looks through the folder
        self._silent_until = 0.0
        self._orders: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._closed = False

    def load(self, name: str) -> Entry | None:
        """Return what is kept under a name; what is damaged is deleted and counts as not kept. May block shortly."""
        with self._lock:
            if name in self._waiting:
                return self._waiting[name]
        if self._names is None:
            self._names = frozenset(cache_folder.names(self.folder))
        data = cache_folder.read(self.folder, name, ENTRY_LIMIT + 2 * FACTS_LIMIT)
        if data is None or not self.limit:
            return None
        entry = unpack(name, data)
        if entry is None:
            cache_folder.remove(self.folder, name)
        return entry

    def may_hold(self, name: str) -> bool:
        """Whether there is a point in looking for a name on disk; at once, without looking there.

        Does not know what other processes have kept since this one looked through the folder, at the first ``load``.
        """
        names = self._names
        return bool(self.limit) and (names is None or name in names or name in self._added or name in self._waiting)

    def holds(self, name: str) -> bool:
        """Whether an answer is kept under a name, by the folder as it is now; it is not opened. May block shortly."""
        with self._lock:
            if name in self._waiting:
                return True
        return bool(self.limit) and cache_folder.holds(self.folder, name)

    @property
    def is_behind(self) -> bool:
        """Whether so much waits to be written that whoever fetches to keep should pause: what comes on top is lost."""
        return self._waiting_bytes > MUCH_WAITS

    def keep(self, name: str, entry: Entry) -> None:
        """Keep an answer under a name, in the background; a full disk or queue is no error."""
        size = 0 if entry.body is None else len(entry.body)
        if not self.limit or size > min(ENTRY_LIMIT, self.limit // STEPS):
            return
        with self._lock:
            refused = self._closed or time.monotonic() < self._silent_until
            if refused or self._waiting_bytes + size > WAITING_LIMIT:
                return
            self._kept_at = time.monotonic()
            if not self._waiting:
                self._waits_since = self._kept_at
            self._waiting[name] = entry
            self._waiting_bytes += size
            self._order(lambda: self._write(name, entry, size))

    def forget(self, name: str) -> None:
        """Delete what is kept under a name."""
        with self._lock:
            self._waiting.pop(name, None)
        cache_folder.remove(self.folder, name)

    def distrust(self) -> None:
        """Believe nothing without asking, from now on, that was checked before now."""
        self.distrusted = time.time()

    def usage(self) -> CacheUsage:
        """Return how full the cache is. May block: looks at every file."""
        sizes = [file.size for file in cache_folder.files(self.folder)]
        return CacheUsage(self.folder, len(sizes), sum(sizes), self._allowed(sum(sizes)))

    def clear(self) -> int:
        """Delete everything, also while other processes use it; return the bytes freed. May block."""
        with self._lock:
            self._waiting.clear()
            is_writing = self._writer is not None and not self._closed
            written = threading.Event()
            self._orders.put(written.set)
        if is_writing:
            self._hurry.set()
            written.wait(LAST_WRITES)
            self._hurry.clear()
        before = sum(file.size for file in cache_folder.files(self.folder))
        return max(0, before - cache_folder.shrink(self.folder, 0, 0))

    def close(self) -> None:
        """Write what waits, and end the thread that writes."""
        with self._lock:
            self._closed = True
            writer = self._writer
            self._orders.put(None)
            self._hurry.set()
        if writer is not None:
            writer.join(LAST_WRITES)

    # -- the thread that writes

    def _order(self, work: Callable[[], None]) -> None:
        if self._writer is None:
            self._writer = threading.Thread(target=self._run, name="napari-idr-cache", daemon=True)
            self._writer.start()
        self._orders.put(work)

    def _run(self) -> None:
        while (work := self._orders.get()) is not None:
            self._wait_for_lull()
            work()

    def _wait_for_lull(self) -> None:
        while self._waiting_bytes < MUCH_WAITS:
            due = min(self._kept_at + LULL_SECONDS, self._waits_since + LONGEST_SECONDS)
            rest = due - time.monotonic()
            if rest <= 0 or self._hurry.wait(rest):
                return

    def _write(self, name: str, entry: Entry, size: int) -> None:
        try:
            with self._lock:
                if self._waiting.get(name) is not entry:
                    return  # cleared, or kept anew, meanwhile
            self._put_on_disk(name, entry)
            with self._lock:
                is_wanted = self._waiting.get(name) is entry
            if not is_wanted:
                cache_folder.remove(self.folder, name)  # forgotten while it was written
            self.problem = ""
        except (OSError, ValueError) as error:
            self._refused(error)
        finally:
            with self._lock:
                self._waiting_bytes -= size
                if self._waiting.get(name) is entry:
                    del self._waiting[name]

    def _put_on_disk(self, name: str, entry: Entry) -> None:
        parts = pack(name, entry)
        if self._written * STEPS >= self.limit:
            cache_folder.prepare(self.folder)
            self._make_room()
        self._written += cache_folder.write(self.folder, name, parts)
        self._added.add(name)

    def _make_room(self) -> None:
        total = sum(file.size for file in cache_folder.files(self.folder))
        allowed = self._allowed(total)
        cache_folder.shrink(self.folder, allowed * 7 // 8, allowed * 3 // 4)
        self._written = 0

    def _allowed(self, used: int) -> int:
        """Bytes the cache may have while it has ``used``."""
        place = next((place for place in (self.folder, *self.folder.parents) if place.exists()), None)
        try:
            free = shutil.disk_usage(place or os.curdir).free
        except OSError:
            return self.limit
        return min(self.limit, (free + used) // SHARE_OF_FREE_DISK)

    def _refused(self, error: Exception) -> None:
        """Leave the disk alone for a while, and say so once."""
        problem = getattr(error, "strerror", None) or str(error)
        if problem != self.problem:
            _log.warning("Nothing is kept in %s for now: %s", self.folder, problem)
        self.problem = problem
        self._silent_until = time.monotonic() + PAUSE_AFTER_FAILURE
        self._written = self.limit


def entry_name(*words: str) -> str:
    """Return the name of the answer to a question: a hash, so that no file tells what was looked at."""
    digest = hashlib.blake2b(digest_size=20)
    for word in words:
        data = word.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()
