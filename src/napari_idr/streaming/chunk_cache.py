"""Decoded chunks in memory: one cache for all layers, bounded in bytes, what is looked at goes last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    import numpy as np
    import numpy.typing as npt

ChunkKey = tuple[int, tuple[int, ...]]
"""(uid of the chunked array, index of the chunk along each axis)."""


class Tier(IntEnum):
    """Why a chunk is held; a lower one goes first and never drives out a higher one."""

    RECENT = 0
    """It was looked at or read a while ago."""
    PREFETCH = 1
    """It may be looked at next."""
    VISIBLE = 2
    """It is in view."""


class ChunkCache:
    """Chunks by key, at most ``limit`` bytes of them; safe to use from any thread.

    Within a tier the least recently used goes first. A chunk fetched ahead stays PREFETCH until it is used; it is
    VISIBLE while somebody has it in view (:meth:`look`), and RECENT after that.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._recent: OrderedDict[ChunkKey, npt.NDArray[np.generic]] = OrderedDict()
        self._ahead: OrderedDict[ChunkKey, npt.NDArray[np.generic]] = OrderedDict()
        self._views: dict[Hashable, frozenset[ChunkKey]] = {}
        self._bytes = 0
        self._lock = threading.Lock()
        self.let_go = 0
        """Bytes that went for others, so far."""

    @property
    def nbytes(self) -> int:
        """Bytes held now; never above ``limit``."""
        return self._bytes

    def get(self, key: ChunkKey) -> npt.NDArray[np.generic] | None:
        """Return a chunk and mark it as used, None where it is not held."""
        with self._lock:
            chunk = self._recent.get(key)
            if chunk is not None:
                self._recent.move_to_end(key)
                return chunk
            chunk = self._ahead.pop(key, None)
            if chunk is not None:
                self._recent[key] = chunk
            return chunk

    def __contains__(self, key: ChunkKey) -> bool:
        return key in self._recent or key in self._ahead

    def look(self, viewer: Hashable, keys: Iterable[ChunkKey]) -> None:
        """Say what a viewer has in view now; nothing once it looks away."""
        with self._lock:
            self._views[viewer] = frozenset(keys)
            if not self._views[viewer]:
                del self._views[viewer]

    def put(self, key: ChunkKey, chunk: npt.NDArray[np.generic], tier: Tier = Tier.VISIBLE) -> bool:
        """Hold a chunk, letting go of others of its tier and below; return whether it is held."""
        with self._lock:
            self._drop(key)
            if chunk.nbytes > self.limit or not self._make_room(chunk.nbytes, tier):
                return False
            (self._ahead if tier == Tier.PREFETCH else self._recent)[key] = chunk
            self._bytes += chunk.nbytes
        return True

    def _make_room(self, nbytes: int, tier: Tier) -> bool:
        too_many = self._bytes + nbytes - self.limit
        if too_many <= 0:
            return True
        victims: list[ChunkKey] = []
        for key in self._in_order(tier):
            victims.append(key)
            too_many -= (self._recent.get(key, self._ahead.get(key))).nbytes  # type: ignore[union-attr]
            if too_many <= 0:
                break
        if too_many > 0:
            return False
        for key in victims:
            self._drop(key)
        return True

    def _in_order(self, tier: Tier) -> Iterable[ChunkKey]:
        """Yield what may go for a chunk of a tier, first what goes first."""
        in_view = [keys for keys in self._views.values() if keys]
        kept: list[ChunkKey] = []
        for key in self._recent:
            if any(key in keys for keys in in_view):
                kept.append(key)
            else:
                yield key
        if tier >= Tier.PREFETCH:
            yield from self._ahead
        if tier >= Tier.VISIBLE:
            yield from kept

    def _drop(self, key: ChunkKey) -> None:
        old = self._recent.pop(key, None)
        if old is None:
            old = self._ahead.pop(key, None)
        if old is not None:
            self._bytes -= old.nbytes
            self.let_go += old.nbytes

    def discard_array(self, uid: int) -> None:
        """Let go of all chunks of one array."""
        with self._lock:
            for key in [key for held in (self._recent, self._ahead) for key in held if key[0] == uid]:
                self._drop(key)

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._recent.clear()
            self._ahead.clear()
            self._bytes = 0
