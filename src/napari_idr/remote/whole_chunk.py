"""Chunks that are objects of their own, from their bytes to pixels in one step.

zarr reads such a chunk through indexers, a pipeline of codecs and a thread: a quarter of a millisecond of Python for
each, as much as the window can spare while a plate fills in. Most images need none of it. What this module does not
know (shards, filters, transposed or checksummed chunks) is read by zarr.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from .checked_array import most_bytes
from .encoded_chunk import check_header, decode_within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarr.abc.codec import Codec
    from zarr.core.array import AsyncArray

V3_CODECS = frozenset({"blosc", "gzip", "zstd"})
"""Compressors of zarr v3 whose decoding needs nothing but the data."""


@dataclass(frozen=True, slots=True)
class WholeChunk:
    """How the bytes of an array's chunks become pixels."""

    shape: tuple[int, ...]
    stored: np.dtype[Any]
    """Type of the pixels as they are stored, byte order included."""
    order: str
    """``C`` or ``F``."""
    compressors: tuple[tuple[str, Any], ...]
    """Name and numcodecs codec of each, the one to be undone first first."""
    fill: Any
    limit: int
    """Most bytes that any step may give."""

    def decode(self, data: bytes) -> np.ndarray:
        """Return the pixels of a whole chunk, as they are stored. Raises what codecs raise; not for absent ones.

        Raises
        ------
        ValueError
            The chunk is empty, cut off, or of another size.
        """
        if len(data) == 0:
            raise ValueError("it is empty")
        decoded: Any = data
        for name, codec in self.compressors:
            decoded = self._undo(name, codec, memoryview(decoded).cast("B"))
        found, expected = memoryview(decoded).nbytes, prod(self.shape) * self.stored.itemsize
        if found != expected:
            raise ValueError(f"it decodes to {found} bytes, not {expected}")
        return np.frombuffer(decoded, self.stored).reshape(self.shape, order=cast("Any", self.order))

    def empty(self, shape: tuple[int, ...]) -> np.ndarray:
        """Return the pixels of a chunk that is not there."""
        return np.full(shape, 0 if self.fill is None else self.fill, self.stored)

    @property
    def nbytes(self) -> int:
        """Bytes of a decoded chunk."""
        return prod(self.shape) * self.stored.itemsize

    def _undo(self, name: str, codec: Any, data: memoryview) -> Any:
        decoded = decode_within(name, data, self.limit)
        if decoded is not None:
            return decoded
        check_header(name, data, self.limit)
        return codec.decode(data)


def whole_chunk(array: AsyncArray[Any]) -> WholeChunk | None:
    """Return how an array's chunks are decoded; None where zarr has to do it."""
    from zarr.core.metadata import ArrayV2Metadata

    metadata = array.metadata
    dtype = np.dtype(array.dtype)
    limit = most_bytes(tuple(array.chunks), dtype.itemsize)
    if isinstance(metadata, ArrayV2Metadata):
        if metadata.filters:
            return None
        codec: Any = metadata.compressor
        undone = () if codec is None else ((str(codec.codec_id), codec),)
        return WholeChunk(tuple(array.chunks), dtype, metadata.order, undone, metadata.fill_value, limit)
    found = _of_v3(metadata.codecs, dtype)
    if found is None or array.shards is not None:
        return None
    stored, compressors = found
    return WholeChunk(tuple(array.chunks), stored, "C", compressors, metadata.fill_value, limit)


def _of_v3(codecs: Sequence[Codec], dtype: np.dtype[Any]) -> tuple[np.dtype[Any], tuple[tuple[str, Any], ...]] | None:
    """Return type and compressors of a chunk of zarr v3, None where there is more to it."""
    from numcodecs import get_codec  # type: ignore[import-untyped]
    from zarr.codecs import BytesCodec

    first, *rest = codecs
    if not isinstance(first, BytesCodec):
        return None
    names = [str(codec.to_dict().get("name")) for codec in rest]
    if not V3_CODECS.issuperset(names):
        return None
    endian = getattr(first.endian, "value", first.endian)
    stored = dtype.newbyteorder(endian) if endian in ("little", "big") else dtype
    return stored, tuple((name, get_codec({"id": name})) for name in reversed(names))
