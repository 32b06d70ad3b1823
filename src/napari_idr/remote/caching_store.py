"""A store around a server's store: what was read once is kept on disk and asked for again only when it may be old."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from zarr.abc.store import OffsetByteRequest, RangeByteRequest, SuffixByteRequest

from napari_idr.errors import ChunkError, NapariIdrError, Offline, TimedOut, Unreachable

from .attempts import persistently
from .cache_entry import NO_VERSION, Entry
from .disk_cache import entry_name
from .read_only_store import ReadOnlyStore, is_metadata
from .safe_address import host_of, without_secrets
from .shard_memo import ShardMemo
from .together import Together

if TYPE_CHECKING:
    from zarr.abc.store import ByteRequest

    from .answer import Answer
    from .cache_entry import Version
    from .disk_cache import DiskCache
    from .http_store import HttpStore
    from .network_state import NetworkState

ABSENT_FRESH = 3600.0
"""Seconds for which an absent key is believed: less than others, since an image that is being written gains keys."""
SMALL_DOCUMENT = 64 << 10
"""Bytes of JSON that are looked at where they come in: less than a millisecond."""
PATIENCE_WITH_COPY = 3.0
"""Seconds that whoever has a copy waits for a server to say whether it is the newest."""


class CachingStore(ReadOnlyStore):
    """Objects of a server, from disk where they are kept there.

    What is *fresh* (checked less than a day ago, or as long as the server says) is used without asking. What is old
    is asked for on condition that it has changed. Where the server cannot be reached an old copy is used, and
    the network's state says so.

    Versions are never mixed unnoticed. All that lies in one image (up to the first ``.zarr`` of the address, or
    the store) is one piece: it is *in question* as soon as

    - an answer differs from the copy that was kept of it, or a key appeared or vanished,
    - an answer was modified later than a copy that was used was checked,
    - parts of one object (the inner chunks of a shard, its index) are of different versions.

    What was kept before that moment is then used by no process without the server saying that it is the newest,
    and not at all without the server. A chunk that does not decode is fetched anew (``doubt``).

    Parameters
    ----------
    inner
        The server.
    cache
        Where answers are kept.
    network
        Told how the server answers.
    """

    def __init__(self, inner: HttpStore, cache: DiskCache, network: NetworkState) -> None:
        super().__init__()
        self._inner, self._cache, self._network = inner, cache, network
        self.address = inner.address
        self._host = host_of(inner.address)
        self._ends = ShardMemo()
        self._loads = Together(self._load)
        self._question = entry_name("changed", _image(inner.address))
        self._changed_at: float | None = None
        """When what was kept before came into question; None where that was not looked up yet."""
        self._oldest_used = float("inf")
        """When the oldest copy was checked that was used without asking."""
        self._versions: dict[str, Version] = {}
        """Of objects that are read in parts."""
        self._parts: dict[str, set[str]] = {}
        """The names under which parts of objects are kept."""

    def __repr__(self) -> str:
        return f"CachingStore({self._inner!r})"

    async def fetch(self, key: str, byte_range: ByteRequest | None) -> bytes | None:
        """Bytes of an object, None where there is none."""
        if is_metadata(key):
            data = await persistently(lambda: self._read(key, byte_range), metadata=True)
            self._inner.readable = self._inner.readable or data is not None
            return data
        if isinstance(byte_range, SuffixByteRequest):
            return await self._ends.get((key, byte_range.suffix), lambda: self._read(key, byte_range))
        return await self._read(key, byte_range)

    def holds(self, key: str, part: str = "") -> bool:
        """Whether an object is kept on disk, or a part of it that :meth:`note_part` named. May block shortly."""
        return self._cache.holds(self._part_name(key, part) if part else self._name(key, None))

    def note_part(self, key: str, part: str) -> None:
        """Note that a part of an object is kept, of which only whoever reads it knows where in the object it lies."""
        self._cache.keep(self._part_name(key, part), Entry(None, NO_VERSION, time.time()))

    def _part_name(self, key: str, part: str) -> str:
        return entry_name("part", self._inner.url(key), part)

    def doubt(self, key: str) -> None:
        """Say that what was read of an object cannot be right: it is asked for anew, without condition."""
        for name in (self._name(key, None), *self._parts.pop(key, ())):
            self._cache.forget(name)
        self._versions.pop(key, None)
        self._ends = ShardMemo()

    async def _read(self, key: str, byte_range: ByteRequest | None) -> bytes | None:
        name = self._name(key, byte_range)
        if byte_range is not None:
            self._parts.setdefault(key, set()).add(name)
        began = time.time()
        known_absent = self._changed_at is not None and not self._cache.may_hold(name)
        kept = None if known_absent else await self._loads(name)
        if kept is not None and self._is_fresh(key, kept, byte_range):
            self._cache.uses += 1
            self._oldest_used = min(self._oldest_used, kept.checked)
            return kept.body
        try:
            answer = await self._ask(key, byte_range, kept)
        except (Unreachable, TimedOut) as error:
            if known_absent:
                kept = await self._loads(name)  # another process may have kept it meanwhile
            if kept is not None and kept.checked > (self._changed_at or 0.0):
                self._network.note_old(self._host, kept.checked)
                return kept.body
            if isinstance(error, Offline) and not error.asked:
                self._network.note_missing(self._host)
            raise
        return await self._take(key, byte_range, name, kept, answer, began)

    def _name(self, key: str, byte_range: ByteRequest | None) -> str:
        return entry_name("object", self._inner.url(key), _part(byte_range))

    def _load(self, name: str) -> Entry | None:
        """Return what is kept under a name. May block shortly."""
        if self._changed_at is None:
            stamp = self._cache.load(self._question)
            self._changed_at = 0.0 if stamp is None else min(stamp.checked, time.time())
        return self._cache.load(name)

    def _is_fresh(self, key: str, kept: Entry, byte_range: ByteRequest | None) -> bool:
        since = max(self._changed_at or 0.0, self._cache.distrusted)
        fresh = kept.is_fresh(time.time(), since)
        if fresh and byte_range is not None:
            fresh = not self._versions.setdefault(key, kept.version).contradicts(kept.version)
        return fresh

    async def _ask(self, key: str, byte_range: ByteRequest | None, kept: Entry | None) -> Answer:
        if not self._network.may_ask(self._host, has_copy=kept is not None):
            raise self._left_alone(key)
        began = time.monotonic()
        try:
            known = kept.version if kept is not None else NO_VERSION
            asking = self._inner.ask(key, byte_range, known)
            answer = await (asking if kept is None else asyncio.wait_for(asking, PATIENCE_WITH_COPY))
        except TimeoutError as error:
            late = error if isinstance(error, TimedOut) else self._late(key)
            self._network.note_failure(self._host, late, began)
            raise late from error
        except NapariIdrError as error:
            self._network.note_failure(self._host, error, began)
            raise
        self._network.note_answer(self._host, time.monotonic() - began)
        return answer

    async def _take(
        self, key: str, byte_range: ByteRequest | None, name: str, kept: Entry | None, answer: Answer, began: float
    ) -> bytes | None:
        """Return the bytes of an answer to a request that began at a time, and keep them."""
        checked = math.nextafter(began, math.inf)  # what comes into question now is what was checked up to ``began``
        if answer.unchanged and kept is not None:
            self._check_part(key, byte_range, kept.version, began)
            self._cache.keep(name, replace(kept, checked=checked))
            return kept.body
        self._check_part(key, byte_range, answer.version, began)
        is_news = kept is not None and kept.checked > (self._changed_at or 0.0) and _differ(kept.body, answer.data)
        if is_news or answer.version.modified > self._oldest_used:
            self._put_in_question(began)
        if answer.fresh_for >= 0 and (not is_metadata(key) or await _is_document(answer.data)):
            fresh_for = min(answer.fresh_for, ABSENT_FRESH) if answer.data is None else answer.fresh_for
            self._cache.keep(name, Entry(answer.data, answer.version, checked, fresh_for))
        return answer.data

    def _check_part(self, key: str, byte_range: ByteRequest | None, version: Version, began: float) -> None:
        """Refuse a part of an object of which other parts were read in another version."""
        if byte_range is None:
            return
        before = self._versions.setdefault(key, version)
        if before.contradicts(version):
            self._put_in_question(began)
            place = without_secrets(self._inner.url(key))
            raise ChunkError(f"A file has changed on {self._host} while it was read", place, "try again")

    def _put_in_question(self, when: float) -> None:
        """Trust nothing any more that was kept up to a time."""
        self._changed_at, self._oldest_used = max(when, self._changed_at or 0.0), float("inf")
        self._ends = ShardMemo()
        self._versions.clear()
        self._cache.keep(self._question, Entry(None, NO_VERSION, when))
        self._network.content_changed.emit(without_secrets(_image(self.address)))

    def _left_alone(self, key: str) -> Offline:
        what = f"{self._host} does not answer"
        hint = "it is asked again in a few seconds; what was saved before is shown"
        return Offline(what, without_secrets(self._inner.url(key)), hint, asked=False)

    def _late(self, key: str) -> TimedOut:
        what = f"{self._host} did not answer in time"
        return TimedOut(what, without_secrets(self._inner.url(key)), "what was saved before is shown")


def _image(address: str) -> str:
    """Address up to its first part that ends in ``.zarr``: an image, however deep inside it a store begins."""
    base = address.partition("?")[0]
    match = re.match(r".+?\.zarr(?=/|$)", base, re.IGNORECASE)
    return match[0] if match else base


def _part(byte_range: ByteRequest | None) -> str:
    if isinstance(byte_range, RangeByteRequest):
        return f"{byte_range.start}-{byte_range.end}"
    if isinstance(byte_range, OffsetByteRequest):
        return f"{byte_range.offset}-"
    return f"-{byte_range.suffix}" if isinstance(byte_range, SuffixByteRequest) else ""


def _differ(before: bytes | None, now: bytes | None) -> bool:
    if before is None or now is None:
        return before is not now
    return len(before) != len(now) or hashlib.blake2b(before).digest() != hashlib.blake2b(now).digest()


async def _is_document(data: bytes | None) -> bool:
    """Whether metadata are what they should be; a page of a log-in is not kept in their place."""
    if data is None or len(data) <= SMALL_DOCUMENT:
        return _is_object(data)
    return await asyncio.to_thread(_is_object, data)


def _is_object(data: bytes | None) -> bool:
    try:
        return data is None or isinstance(json.loads(bytes(data)), dict)
    except (ValueError, RecursionError):
        return False
