"""Chunks decoded in one step are what zarr reads, and what is more than that is left to zarr."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numcodecs
import numpy as np
import pytest
import zarr
from numcodecs import Blosc, Delta, GZip, Zlib, Zstd
from zarr.codecs import BloscCodec, Crc32cCodec, GzipCodec, ZstdCodec
from zarr.storage import StorePath

from napari_idr.errors import ChunkError
from napari_idr.remote.chunk_fetcher import AT_ONCE_BYTES, ZarrChunks
from napari_idr.remote.folder_store import FolderStore
from napari_idr.remote.whole_chunk import whole_chunk

if TYPE_CHECKING:
    from pathlib import Path

SHAPE, CHUNKS = (5, 7), (2, 3)
PIXELS = np.arange(35).reshape(SHAPE)
PLAIN: dict[str, dict[str, Any]] = {
    "v2 raw": {"zarr_format": 2, "compressors": None},
    "v2 blosc, columns first": {"zarr_format": 2, "compressors": Blosc("lz4"), "order": "F"},
    "v2 zstd, big-endian": {"zarr_format": 2, "compressors": Zstd(), "dtype": ">u2"},
    "v2 gzip": {"zarr_format": 2, "compressors": GZip(), "dtype": "float32"},
    "v2 zlib": {"zarr_format": 2, "compressors": Zlib()},
    "v2 lz4": {"zarr_format": 2, "compressors": numcodecs.LZ4()},
    "v3 raw": {"zarr_format": 3, "compressors": None},
    "v3 blosc": {"zarr_format": 3, "compressors": BloscCodec(cname="zstd")},
    "v3 gzip": {"zarr_format": 3, "compressors": GzipCodec(), "dtype": "uint8"},
    "v3 zstd": {"zarr_format": 3, "compressors": ZstdCodec(), "dtype": "int32"},
    "v3 twice": {"zarr_format": 3, "compressors": [GzipCodec(), ZstdCodec()]},
}
MORE: dict[str, dict[str, Any]] = {
    "v2 filters": {"zarr_format": 2, "compressors": None, "filters": [Delta("<u2")]},
    "v3 shards": {"zarr_format": 3, "shards": (4, 6)},
    "v3 checksums": {"zarr_format": 3, "compressors": [Crc32cCodec()]},
    "v3 columns first": {"zarr_format": 3, "order": None, "filters": [zarr.codecs.TransposeCodec(order=(1, 0))]},
}


def stored(folder: Path, fill: int | None = 9, **options: Any) -> Any:
    """An array on disk, without its last chunk, as our readers open it."""
    made = zarr.create_array(
        store=str(folder / "0"), shape=SHAPE, chunks=CHUNKS, fill_value=fill, **{"dtype": "<u2", **options}
    )
    made[:] = PIXELS
    return asyncio.run(zarr.AsyncArray.open(StorePath(FolderStore(folder), "0"), zarr_format=options["zarr_format"]))


def read(array: Any, index: tuple[int, ...]) -> np.ndarray:
    return asyncio.run(ZarrChunks(array, "folder/0").fetch(index))


@pytest.mark.parametrize("kind", PLAIN)
def test_plain_chunks_are_decoded_without_zarr(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    array = stored(tmp_path, **PLAIN[kind])
    assert whole_chunk(array) is not None
    monkeypatch.setattr(ZarrChunks, "_array", None)
    for index in np.ndindex(3, 3):
        part = tuple(slice(i * c, (i + 1) * c) for i, c in zip(index, CHUNKS, strict=True))
        found = read(array, index)
        np.testing.assert_array_equal(found, PIXELS[part].astype(array.dtype))
        assert found.dtype.isnative
        assert found.flags.c_contiguous


@pytest.mark.parametrize("kind", MORE)
def test_what_is_more_than_that_is_read_by_zarr(kind: str, tmp_path: Path) -> None:
    array = stored(tmp_path, **MORE[kind])
    assert whole_chunk(array) is None
    np.testing.assert_array_equal(read(array, (2, 2)), PIXELS[4:, 6:])


@pytest.mark.parametrize(("fill", "shown"), [(9, 9), (None, 0)])
def test_an_absent_chunk_is_the_fill_value(fill: int | None, shown: int, tmp_path: Path) -> None:
    array = stored(tmp_path, fill=fill, zarr_format=2, compressors=None)
    (tmp_path / "0" / "2.2").unlink()
    np.testing.assert_array_equal(read(array, (2, 2)), np.full((1, 1), shown))


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda data: b"", "empty"),
        (lambda data: data[:-1], "bytes"),
        (lambda data: data + data, "bytes"),
    ],
    ids=["empty", "cut off", "too long"],
)
def test_a_chunk_of_another_size_is_refused(
    spoil: Any, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_idr.remote.attempts.PAUSES", (0.0, 0.0))
    array = stored(tmp_path, zarr_format=2, compressors=None)
    file = tmp_path / "0" / "1.1"
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(ChunkError, match=f"Chunk 1/1 could not be decoded .*{why}"):
        read(array, (1, 1))


def test_large_chunks_are_decoded_in_a_thread(tmp_path: Path) -> None:
    side = int(AT_ONCE_BYTES**0.5) + 1
    pixels = np.random.default_rng(0).integers(0, 255, (side, side), "uint8")
    zarr.create_array(store=str(tmp_path / "0"), data=pixels, chunks=pixels.shape, zarr_format=2)
    array = asyncio.run(zarr.AsyncArray.open(StorePath(FolderStore(tmp_path), "0"), zarr_format=2))
    np.testing.assert_array_equal(read(array, (0, 0)), pixels)
