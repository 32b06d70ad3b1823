"""Chunks of a zarr array over whatever store it lies in; satisfies ``streaming.chunks.ChunkSource``."""

from __future__ import annotations

import asyncio
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.errors import ChunkError, NapariIdrError

from .attempts import persistently
from .caching_store import CachingStore
from .checked_array import checked
from .object_store import scheme
from .read_only_store import ReadOnlyStore, is_inside
from .safe_address import host_of
from .whole_chunk import whole_chunk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarr.core.array import AsyncArray

AT_ONCE_BYTES = 256 << 10
"""Chunks of so many pixels' bytes are decoded where they come in: 55 us for 128 kB, and a thread would cost more."""


class ZarrChunks:
    """The chunks of one zarr array, decoded, in native byte order.

    Parameters
    ----------
    array
        A zarr array of either format; where it is sharded the inner chunks are the unit.
    address
        Where it lies, for messages.
    """

    def __init__(self, array: AsyncArray[Any], address: str) -> None:
        self._stored = array
        self._whole = whole_chunk(array) if isinstance(array.store, ReadOnlyStore) else None
        self.address = address
        self.shape = tuple(int(size) for size in array.shape)
        self.chunks = tuple(int(size) for size in array.chunks)
        self.dtype: np.dtype[Any] = np.dtype(array.dtype).newbyteorder("=")
        self.host = host_of(address) if scheme(address) in ("http", "https", "s3") else ""

    @property
    def kept_by(self) -> CachingStore | None:
        """The store that keeps what is read on disk; None where nothing is: local files, and what needs a login."""
        store = self._stored.store
        return store if isinstance(store, CachingStore) else None

    def is_kept(self, index: Sequence[int]) -> bool:
        """Whether a chunk is on disk; of an inner chunk of a shard whether :meth:`keep` has put it there."""
        store = self.kept_by
        return store is not None and store.holds(self._object(index), self._inner(index))

    async def keep(self, index: tuple[int, ...]) -> None:
        """Have a chunk be on disk. Raises what :meth:`fetch` raises."""
        await self.fetch(index)
        store, part = self.kept_by, self._inner(index)
        if store is not None and part:
            store.note_part(self._object(index), part)

    def _inner(self, index: Sequence[int]) -> str:
        return "" if self._stored.shards is None else "/".join(map(str, index))

    @cached_property
    def _array(self) -> AsyncArray[Any]:
        return checked(self._stored)

    async def fetch(self, index: tuple[int, ...]) -> np.ndarray:
        """Return one chunk, cut to the array's edge; absent ones are the array's fill value.

        Raises
        ------
        Busy
            The server asks for a pause; whoever schedules requests gives it one.
        ChunkError
            The chunk is truncated, corrupt or of the wrong size, or would decode to much more than it should, also
            on the third attempt.
        NapariIdrError
            The store could not be read.
        """
        return await persistently(lambda: self._fetch(index))

    async def _fetch(self, index: tuple[int, ...]) -> np.ndarray:
        selection = tuple(
            slice(i * chunk, min((i + 1) * chunk, size))
            for i, chunk, size in zip(index, self.chunks, self.shape, strict=True)
        )
        expected = tuple(part.stop - part.start for part in selection)
        try:
            if self._whole is None:
                pixels = np.asarray(await self._array.getitem(selection))
            else:
                pixels = await self._decoded(index, expected)
        except NapariIdrError:
            raise
        except Exception as error:  # codecs raise anything; whatever it is, this chunk is not readable
            self._doubt(index)
            raise self._broken(index, str(error) or type(error).__name__) from error
        if pixels.shape != expected:
            self._doubt(index)
            raise self._broken(index, f"it has shape {pixels.shape}, not {expected}")
        return np.ascontiguousarray(pixels, dtype=self.dtype)

    async def _decoded(self, index: tuple[int, ...], expected: tuple[int, ...]) -> np.ndarray:
        """Return a chunk that is an object of its own, in an array of its own."""
        whole, store, key = self._whole, self._stored.store, self._key(index)
        assert whole is not None
        assert isinstance(store, ReadOnlyStore)
        data = await store.fetch(key, None) if is_inside(key) else None
        if data is None:
            return whole.empty(expected)
        if whole.nbytes <= AT_ONCE_BYTES:
            pixels = whole.decode(data)
        else:
            pixels = await asyncio.get_running_loop().run_in_executor(None, whole.decode, data)
        return pixels if expected == self.chunks else pixels[tuple(map(slice, expected))].copy()

    def _key(self, place: Sequence[int]) -> str:
        return f"{self._stored.path}/{self._stored.metadata.encode_chunk_key(tuple(place))}".lstrip("/")

    def _doubt(self, index: Sequence[int]) -> None:
        """Have the store forget what it remembers of the object that a chunk lies in: the next attempt asks for it."""
        store = self._stored.store
        if isinstance(store, ReadOnlyStore):
            store.doubt(self._object(index))

    def _object(self, index: Sequence[int]) -> str:
        """Return the key of the object that a chunk lies in."""
        shape = self._stored.shards or self.chunks
        return self._key(tuple(i * chunk // size for i, chunk, size in zip(index, self.chunks, shape, strict=True)))

    def _broken(self, index: Sequence[int], why: str) -> ChunkError:
        where = "/".join(map(str, index))
        return ChunkError(
            f"Chunk {where} could not be decoded ({' '.join(why.split())[:200]})",
            self.address,
            "try again, and tell the repository if it stays so",
        )
