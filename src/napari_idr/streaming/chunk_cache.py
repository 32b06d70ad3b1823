"""Decoded chunks in memory: one cache for all layers, bounded in bytes, least recently used goes first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

ChunkKey = tuple[int, tuple[int, ...]]
"""(uid of the chunked array, index of the chunk along each axis)."""


class ChunkCache:
    """Chunks by key, at most ``limit`` bytes of them; safe to use from any thread."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._chunks: OrderedDict[ChunkKey, npt.NDArray[np.generic]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Bytes held now; never above ``limit``."""
        return self._bytes

    def get(self, key: ChunkKey) -> npt.NDArray[np.generic] | None:
        """Return a chunk and mark it as used, None where it is not held."""
        with self._lock:
            chunk = self._chunks.get(key)
            if chunk is not None:
                self._chunks.move_to_end(key)
            return chunk

    def __contains__(self, key: ChunkKey) -> bool:
        with self._lock:
            return key in self._chunks

    def put(self, key: ChunkKey, chunk: npt.NDArray[np.generic]) -> bool:
        """Hold a chunk, letting go of the least recently used ones; False for one larger than the limit."""
        if chunk.nbytes > self.limit:
            return False
        with self._lock:
            self._drop(key)
            self._chunks[key] = chunk
            self._bytes += chunk.nbytes
            while self._bytes > self.limit:
                self._drop(next(iter(self._chunks)))
        return True

    def _drop(self, key: ChunkKey) -> None:
        old = self._chunks.pop(key, None)
        if old is not None:
            self._bytes -= old.nbytes

    def discard_array(self, uid: int) -> None:
        """Let go of all chunks of one array."""
        with self._lock:
            for key in [key for key in self._chunks if key[0] == uid]:
                self._drop(key)

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._chunks.clear()
            self._bytes = 0
