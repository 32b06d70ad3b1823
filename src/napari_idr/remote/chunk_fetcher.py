"""Chunks of a zarr array over whatever store it lies in; satisfies ``streaming.chunks.ChunkSource``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.errors import ChunkError, NapariIdrError

from .attempts import persistently
from .checked_array import checked
from .object_store import scheme
from .read_only_store import ReadOnlyStore
from .safe_address import host_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarr.core.array import AsyncArray


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
        self._stored, self._array = array, checked(array)
        self.address = address
        self.shape = tuple(int(size) for size in array.shape)
        self.chunks = tuple(int(size) for size in array.chunks)
        self.dtype: np.dtype[Any] = np.dtype(array.dtype).newbyteorder("=")
        self.host = host_of(address) if scheme(address) in ("http", "https", "s3") else ""

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
            pixels = np.asarray(await self._array.getitem(selection))
        except NapariIdrError:
            raise
        except Exception as error:  # codecs raise anything; whatever it is, this chunk is not readable
            self._doubt(index)
            raise self._broken(index, str(error) or type(error).__name__) from error
        if pixels.shape != expected:
            self._doubt(index)
            raise self._broken(index, f"it has shape {pixels.shape}, not {expected}")
        return np.ascontiguousarray(pixels, dtype=self.dtype)

    def _doubt(self, index: Sequence[int]) -> None:
        """Have the store forget what it remembers of the object that a chunk lies in: the next attempt asks for it."""
        store = self._stored.store
        if isinstance(store, ReadOnlyStore):
            shape = self._stored.shards or self.chunks
            place = tuple(i * chunk // size for i, chunk, size in zip(index, self.chunks, shape, strict=True))
            key = self._stored.metadata.encode_chunk_key(place)
            store.doubt(f"{self._stored.path}/{key}".lstrip("/"))

    def _broken(self, index: Sequence[int], why: str) -> ChunkError:
        where = "/".join(map(str, index))
        return ChunkError(
            f"Chunk {where} could not be decoded ({' '.join(why.split())[:200]})",
            self.address,
            "try again, and tell the repository if it stays so",
        )
