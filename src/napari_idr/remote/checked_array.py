"""A zarr array whose chunks are checked before they are decoded: by their length, and by what their headers promise.

zarr hands what a store gives straight to the codecs, takes a chunk of no bytes or one that a shard's index lists and
nobody has for an absent one, and would show the fill value in its place.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any, cast

from zarr import AsyncArray
from zarr.abc.codec import BytesBytesCodec
from zarr.abc.store import RangeByteRequest
from zarr.codecs import ShardingCodec
from zarr.core.metadata import ArrayV3Metadata
from zarr.storage import StorePath, WrapperStore

from .encoded_chunk import check_header, decode_within

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from zarr.abc.codec import Codec
    from zarr.abc.numcodec import Numcodec
    from zarr.abc.store import ByteRequest, Store
    from zarr.core.array_spec import ArraySpec
    from zarr.core.buffer import Buffer, BufferPrototype
    from zarr.core.metadata import ArrayV2Metadata


def checked(array: AsyncArray[Any]) -> AsyncArray[Any]:
    """Return the same array, whose chunks raise ``ValueError`` where they are not what they say."""
    metadata = array.metadata
    index_at_start, limit = False, most_bytes(metadata.chunk_grid.chunk_shape, array.dtype.itemsize)
    if isinstance(metadata, ArrayV3Metadata):
        index_at_start = any(_is_index_at_start(codec) for codec in metadata.codecs)
        made: Any = replace(metadata, codecs=tuple(map(_checked_codec, metadata.codecs)))
    else:
        made = _with_checked_compressor(metadata, limit)
    store: Store = _CheckedStore(array.store_path.store, index_at_start, limit)
    return AsyncArray(metadata=made, store_path=StorePath(store, array.store_path.path))


def most_bytes(shape: tuple[int, ...], itemsize: int) -> int:
    """Return how many bytes a chunk may have at most on its way through the codecs.

    Filters may widen pixels (from one byte to eight) and shards have an index.
    """
    return 8 * prod(shape) * itemsize + (1 << 20)


class _CheckedStore(WrapperStore[Any]):
    """Gives a chunk whole or not at all."""

    def __init__(self, store: Store, index_at_start: bool, limit: int) -> None:
        super().__init__(store)
        self._index_at_start, self._limit = index_at_start, limit

    async def get(self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None) -> Buffer | None:
        """Bytes of a chunk, of part of a shard, or of its index; None where there are none."""
        part = self._part_of_shard(byte_range)
        if part is not None and part > self._limit:
            raise ValueError(f"the shard's index says that it has {part:,} bytes")
        data: Buffer | None = await self._store.get(key, prototype, byte_range)
        found = None if data is None else len(data)
        if found == 0:
            raise ValueError("it is empty")
        if part is not None and found != part:
            raise ValueError(f"the shard's index says that it has {part} bytes, and there are {found or 0}")
        return data

    async def get_ranges(
        self, key: str, byte_ranges: Sequence[ByteRequest | None], *, prototype: BufferPrototype, **_: Any
    ) -> AsyncIterator[Sequence[tuple[int, Buffer | None]]]:
        """Parts of a shard, as zarr 3.4 asks for them; each checked, and what fails comes as it is, not in a group.

        One inner chunk is read at a time: there is nothing to put together.
        """
        for number, byte_range in enumerate(byte_ranges):
            yield [(number, await self.get(key, prototype, byte_range))]

    def _part_of_shard(self, byte_range: ByteRequest | None) -> int | None:
        """Return the length of a chunk that the index of a shard lists, None where nothing is promised."""
        if not isinstance(byte_range, RangeByteRequest) or (self._index_at_start and byte_range.start == 0):
            return None
        return byte_range.end - byte_range.start


def _is_index_at_start(codec: Codec) -> bool:
    if not isinstance(codec, ShardingCodec):
        return False
    location = codec.index_location  # a string since zarr 3.4, before it an enumeration of strings
    return getattr(location, "value", location) == "start"


def _checked_codec(codec: Codec) -> Codec:
    if isinstance(codec, ShardingCodec):
        return replace(codec, codecs=tuple(map(_checked_codec, codec.codecs)))
    return _CheckedCodec(codec) if isinstance(codec, BytesBytesCodec) else codec


@dataclass(frozen=True)
class _CheckedCodec(BytesBytesCodec):
    """A codec of zarr v3 that looks before it decodes."""

    inner: BytesBytesCodec
    is_fixed_size = False

    async def _decode_single(self, chunk_bytes: Buffer, chunk_spec: ArraySpec) -> Buffer:
        name = str(self.inner.to_dict()["name"]).removeprefix("numcodecs.")
        limit = most_bytes(chunk_spec.shape, chunk_spec.dtype.item_size)  # type: ignore[attr-defined]
        data = memoryview(cast("Any", chunk_bytes.as_numpy_array()))
        decoded = await asyncio.to_thread(decode_within, name, data, limit)
        if decoded is not None:
            return chunk_spec.prototype.buffer.from_bytes(decoded)
        check_header(name, data, limit)
        (buffer,) = await self.inner.decode([(chunk_bytes, chunk_spec)])
        assert buffer is not None
        return buffer

    def compute_encoded_size(self, input_byte_length: int, chunk_spec: ArraySpec) -> int:
        """Return what the codec itself says."""
        return self.inner.compute_encoded_size(input_byte_length, chunk_spec)


def _with_checked_compressor(metadata: ArrayV2Metadata, limit: int) -> ArrayV2Metadata:
    if metadata.compressor is None:
        return metadata
    return replace(metadata, compressor=cast("Numcodec", _CheckedCompressor(metadata.compressor, limit)))


@dataclass(frozen=True)
class _CheckedCompressor:
    """A compressor of zarr v2 that looks before it decodes."""

    inner: Numcodec
    limit: int
    codec_id = "checked"  # zarr asks the class for it

    def decode(self, buf: Any, out: Any = None) -> Any:
        """Decode a chunk; runs in a thread."""
        data = memoryview(buf).cast("B")
        decoded = decode_within(self.inner.codec_id, data, self.limit)
        if decoded is not None:
            return decoded
        check_header(self.inner.codec_id, data, self.limit)
        return self.inner.decode(buf, out)

    def encode(self, buf: Any) -> Any:
        """Encode a chunk."""
        return self.inner.encode(buf)

    def get_config(self) -> Any:
        """As the compressor's."""
        return self.inner.get_config()

    @classmethod
    def from_config(cls, config: Any) -> Any:
        """Never: it is made around a compressor."""
        raise NotImplementedError
