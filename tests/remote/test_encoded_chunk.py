"""Chunks that break the promise of their first bytes are refused before they are decoded."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from typing import Any

import numcodecs
import numpy as np
import pytest

from napari_idr.remote.encoded_chunk import LARGEST_UNDECLARED, check_header, decode_within

PIXELS = np.random.default_rng(0).integers(0, 4096, 4096, "uint16")
LIMIT = PIXELS.nbytes
HEADERS = {"blosc": numcodecs.Blosc("lz4"), "zstd": numcodecs.Zstd(), "lz4": numcodecs.LZ4()}
STREAMS = {"gzip": numcodecs.GZip(), "zlib": numcodecs.Zlib(), "bz2": numcodecs.BZ2()}
BOMB = np.zeros(64 << 20, "uint8")


@pytest.mark.parametrize("codec", HEADERS)
def test_whole_chunk_is_let_through_at_its_exact_size(codec: str) -> None:
    data = memoryview(HEADERS[codec].encode(PIXELS))
    check_header(codec, data, LIMIT)
    with pytest.raises(ValueError, match="more than"):
        check_header(codec, data, LIMIT - 1)
    assert decode_within(codec, data, LIMIT) is None, "it is left to the codec"


@pytest.mark.parametrize("codec", HEADERS)
def test_chunk_that_would_decode_to_much_more_is_refused_by_its_header(codec: str) -> None:
    with pytest.raises(ValueError, match="more than"):
        check_header(codec, memoryview(HEADERS[codec].encode(BOMB)), 1 << 20)


@pytest.mark.parametrize("compressor", ["lz4", "lz4hc", "blosclz", "zstd", "zlib"])
def test_blosc_that_lost_its_end_is_refused_wherever_it_was_cut(compressor: str) -> None:
    data = bytes(numcodecs.Blosc(compressor).encode(PIXELS))
    for size in {0, 1, 4, 15, 16, len(data) // 2, len(data) - 1}:
        with pytest.raises(ValueError, match=r"cut off|has \d+ of"):
            check_header("blosc", memoryview(data[:size]), LIMIT)


@pytest.mark.parametrize("codec", STREAMS)
def test_stream_is_decoded_to_its_exact_size_and_not_further(codec: str) -> None:
    data = memoryview(STREAMS[codec].encode(PIXELS))
    assert decode_within(codec, data, LIMIT) == PIXELS.tobytes()
    with pytest.raises(ValueError, match="more than"):
        decode_within(codec, data, LIMIT - 1)


@pytest.mark.parametrize("codec", STREAMS)
def test_stream_that_is_cut_off_is_refused(codec: str) -> None:
    data = bytes(STREAMS[codec].encode(PIXELS))
    for size in (0, 1, len(data) // 2, len(data) - 1):
        with pytest.raises(ValueError, match="cut off"):
            decode_within(codec, memoryview(data[:size]), LIMIT)


@pytest.mark.parametrize("codec", STREAMS)
def test_bomb_takes_little_more_memory_than_a_chunk_may(codec: str) -> None:
    data = memoryview(bytes(STREAMS[codec].encode(BOMB)))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="more than"):
            decode_within(codec, data, 1 << 20)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_members_of_gzip_count_together() -> None:
    data = memoryview(gzip.compress(b"a" * 1000) * 3)
    assert decode_within("gzip", data, 3000) == b"a" * 3000
    with pytest.raises(ValueError, match="more than"):
        decode_within("gzip", data, 2999)


def test_garbage_behind_the_end_is_passed_over() -> None:
    data = memoryview(gzip.compress(b"a" * 1000) + bytes(20))
    assert decode_within("gzip", data, 1000) == b"a" * 1000


def undeclared_zstd(blocks: int, size: int = 128 << 10) -> bytes:
    """Return a frame without its decoded size: blocks that repeat one byte."""
    headers = [(size << 3 | 2 | (number == blocks - 1)).to_bytes(3, "little") + b"\0" for number in range(blocks)]
    return b"\x28\xb5\x2f\xfd\x00\x58" + b"".join(headers)


def test_zstd_of_undeclared_size_is_bounded_by_its_blocks() -> None:
    fine = undeclared_zstd(3)
    assert len(numcodecs.Zstd().decode(fine)) == 3 * (128 << 10)
    check_header("zstd", memoryview(fine), 100)
    with pytest.raises(ValueError, match="more than"):
        check_header("zstd", memoryview(undeclared_zstd(LARGEST_UNDECLARED // (128 << 10) + 1)), 100)


@pytest.mark.parametrize("data", [b"", b"\x28\xb5\x2f\xfd", b"<html>" * 9, bytes(100)])
def test_what_is_no_zstd_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no zstd"):
        check_header("zstd", memoryview(data), LIMIT)


@pytest.mark.parametrize("codec", [*HEADERS, *STREAMS])
def test_no_garbage_makes_anything_but_the_errors_that_are_promised(codec: str) -> None:
    random = np.random.default_rng(1)
    whole: Any = (HEADERS | STREAMS)[codec].encode(PIXELS)
    for _ in range(300):
        data = bytearray(whole)
        for place in random.integers(0, min(len(data), 40), 3):
            data[place] = random.integers(0, 256)
        cut = memoryview(bytes(data[: random.integers(0, len(data))]))
        try:
            check_header(codec, cut, LIMIT)
            decode_within(codec, cut, LIMIT)
        except (ValueError, OSError, zlib.error):
            continue
