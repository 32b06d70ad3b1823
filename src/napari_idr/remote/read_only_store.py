"""The boilerplate half of a read-only zarr store, once: a source only says what bytes a key has."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, NoReturn

from zarr.abc.store import OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest
from zarr.core.buffer import default_buffer_prototype

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from zarr.abc.store import ByteRequest
    from zarr.core.buffer import Buffer, BufferPrototype

METADATA_NAMES = frozenset({"zarr.json", ".zattrs", ".zarray", ".zgroup", ".zmetadata"})
"""Last parts of the keys that hold metadata; every other key holds pixels."""

METADATA_LIMIT = 64 << 20
"""Bytes a metadata document may have: consolidated metadata of a 1536-well plate take about a third of it."""

CHUNK_LIMIT = 4 << 30
"""Bytes a chunk or shard may have when it is read whole."""


def is_metadata(key: str) -> bool:
    """Whether a key holds metadata rather than pixels."""
    return key.rpartition("/")[2] in METADATA_NAMES


def byte_limit(key: str) -> int:
    """Largest number of bytes that may be read from a key."""
    return METADATA_LIMIT if is_metadata(key) else CHUNK_LIMIT


def is_inside(key: str) -> bool:
    """Whether a key stays inside the store: relative, without empty, ``.`` or ``..`` parts or a backslash."""
    return not any(character in key for character in "\\\0") and all(
        part not in ("", ".", "..") for part in key.split("/")
    )


def byte_bounds(request: ByteRequest | None, size: int) -> tuple[int, int]:
    """First byte and the one after the last that a request asks of a value of ``size`` bytes."""
    if isinstance(request, RangeByteRequest):
        return min(request.start, size), min(request.end, size)
    if isinstance(request, OffsetByteRequest):
        return min(request.offset, size), size
    if isinstance(request, SuffixByteRequest):
        return max(0, size - request.suffix), size
    return 0, size


class ReadOnlyStore(Store):
    """A zarr store that only reads; a subclass says what bytes a key has.

    Equality is identity: two stores over the same address keep their own memory of what they read.
    """

    def __init__(self) -> None:
        super().__init__(read_only=True)

    @abstractmethod
    async def fetch(self, key: str, byte_range: ByteRequest | None) -> bytes | None:
        """Bytes of a key (a bytes-like object), None where there is no such key."""

    def doubt(self, key: str) -> None:
        """Say that what was read of a key cannot be right; a store that remembers answers forgets it."""

    def __eq__(self, value: object) -> bool:
        return self is value

    def __hash__(self) -> int:
        return id(self)

    def __str__(self) -> str:
        return repr(self)

    def with_read_only(self, read_only: bool = False) -> Store:
        """Return the store itself; it cannot be made writable."""
        if not read_only:
            _refuse_writing(self)
        return self

    async def get(
        self,
        key: str,
        prototype: BufferPrototype | None = None,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        """Bytes of a key as a buffer, None where there is no such key or it would lead out of the store."""
        if not is_inside(key):
            return None
        data = await self.fetch(key, byte_range)
        if data is None:
            return None
        return (prototype or default_buffer_prototype()).buffer.from_bytes(data)

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """Several values, or parts of them, at once and in order."""
        wanted = (self.get(key, prototype, byte_range) for key, byte_range in key_ranges)
        return list(await asyncio.gather(*wanted))

    async def exists(self, key: str) -> bool:
        """Whether there is such a key."""
        return await self.get(key) is not None

    @property
    def supports_writes(self) -> bool:
        """Never."""
        return False

    @property
    def supports_deletes(self) -> bool:
        """Never."""
        return False

    @property
    def supports_listing(self) -> bool:
        """Never: an object store over HTTP cannot list, so no reader of ours relies on it."""
        return False

    async def set(self, key: str, value: Any) -> None:
        """Refuse to write."""
        _refuse_writing(self)

    async def delete(self, key: str) -> None:
        """Refuse to delete."""
        _refuse_writing(self)

    def list(self) -> AsyncIterator[str]:
        """Refuse to list."""
        _refuse_listing(self)

    def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """Refuse to list."""
        _refuse_listing(self)

    def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """Refuse to list."""
        _refuse_listing(self)


def _refuse_writing(store: Store) -> NoReturn:
    raise PermissionError(f"{store} is only read")


def _refuse_listing(store: Store) -> NoReturn:
    raise NotImplementedError(f"{store} cannot be listed")
