"""What the first bytes of an encoded chunk promise, checked before a codec believes them.

Codecs take a chunk at its word. Blosc reads on behind the end of one that was cut off and decodes whatever lies
there, so wrong pixels come out (numcodecs 0.16, one byte is enough); zstd, LZ4 and Blosc set aside as much memory as
the header says; gzip, zlib and bzip2 decode for as long as anything comes. A chunk that breaks its promise, or decodes
to much more than the array says, raises ``ValueError`` here.

Not bounded: lzma, and codecs that are not in this module.
"""

from __future__ import annotations

import bz2
import zlib
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST_UNDECLARED = 256 << 20
"""Bytes that a zstd chunk may decode to at most where its header does not say how many."""

_ZSTD_BLOCK = 128 << 10
"""Bytes that one block of zstd decodes to at most (RFC 8878, section 3.1.1.2.4)."""


def check_header(codec: str, data: memoryview, limit: int) -> None:
    """Raise ``ValueError`` where a chunk is cut off or would decode to more than ``limit`` bytes.

    Parameters
    ----------
    codec
        Its id, as numcodecs and zarr name it; of those that are not known nothing is checked.
    data
        The encoded chunk.
    limit
        Most bytes it may decode to.
    """
    check = _HEADERS.get(codec)
    if check is not None:
        check(data, limit)


def decode_within(codec: str, data: memoryview, limit: int) -> bytes | None:
    """Decode a chunk to at most ``limit`` bytes, None where the codec is none of those that know no size.

    Raises
    ------
    ValueError
        It decodes to more, or is cut off.
    zlib.error, OSError
        It is no such data.
    """
    kind = _STREAMS.get(codec)
    if kind is None:
        return None
    magic, decompressor = kind
    parts: list[bytes] = []
    room, rest = limit, cast("bytes", data)
    while True:
        stream = decompressor()
        part = stream.decompress(rest, room + 1)
        room -= len(part)
        _check_size(limit - room, limit)
        if not stream.eof:
            raise ValueError("it is cut off")
        parts.append(part)
        rest = stream.unused_data
        if not magic or not rest.startswith(magic):
            return b"".join(parts)


_STREAMS: dict[str, tuple[bytes, Callable[[], Any]]] = {
    "gzip": (b"\x1f\x8b", lambda: zlib.decompressobj(31)),
    "zlib": (b"", zlib.decompressobj),
    "bz2": (b"BZh", bz2.BZ2Decompressor),
}
"""How another member begins (none for zlib), and what decodes one."""


def _check_blosc(data: memoryview, limit: int) -> None:
    if len(data) < 16:
        raise ValueError("it is cut off")
    _check_size(int.from_bytes(data[4:8], "little"), limit)
    encoded = int.from_bytes(data[12:16], "little")
    if encoded > len(data):
        raise ValueError(f"it has {len(data)} of {encoded} bytes")


def _check_lz4(data: memoryview, limit: int) -> None:
    _check_size(int.from_bytes(data[:4], "little"), limit)


def _check_zstd(data: memoryview, limit: int) -> None:
    if bytes(data[:4]) != b"\x28\xb5\x2f\xfd" or len(data) < 6:
        raise ValueError("it is no zstd")
    descriptor = data[4]
    single = descriptor >> 5 & 1
    width = (single, 2, 4, 8)[descriptor >> 6]
    start = 5 + (1 - single) + (0, 1, 2, 4)[descriptor & 3]
    if width:
        size = int.from_bytes(data[start : start + width], "little") + (256 if width == 2 else 0)
        _check_size(size, limit)
    else:
        _check_size(_most_of_blocks(data, start), max(limit, LARGEST_UNDECLARED))


def _most_of_blocks(data: memoryview, place: int) -> int:
    """Return how much the blocks of a zstd frame can decode to: the headers of blocks are at known places."""
    most, last = 0, 0
    while not last and place + 3 <= len(data):
        header = int.from_bytes(data[place : place + 3], "little")
        last, kind, size = header & 1, header >> 1 & 3, header >> 3
        most += _ZSTD_BLOCK if kind == 2 else size
        place += 3 + (1 if kind == 1 else size)
    return most


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise ValueError(f"it decodes to more than {limit:,} bytes")


_HEADERS: dict[str, Callable[[memoryview, int], None]] = {
    "blosc": _check_blosc,
    "lz4": _check_lz4,
    "zstd": _check_zstd,
}
