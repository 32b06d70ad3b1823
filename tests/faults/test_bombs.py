"""Small chunks that would decode to very much are refused before they take the memory."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING, Any

import numcodecs
import numpy as np
import pytest
import zarr
from rig import open_levels
from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec

from made_zarr import multiscales, write_group
from napari_idr.errors import ChunkError
from napari_idr.session import Session
from napari_idr.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("quick")

BOMB = np.zeros(64 << 20, "uint8")
CODECS: dict[str, tuple[int, Any, Any]] = {
    "blosc v2": (2, numcodecs.Blosc("zstd"), numcodecs.Blosc("zstd")),
    "zstd v2": (2, numcodecs.Zstd(), numcodecs.Zstd()),
    "lz4 v2": (2, numcodecs.LZ4(), numcodecs.LZ4()),
    "zlib v2": (2, numcodecs.Zlib(), numcodecs.Zlib()),
    "gzip v2": (2, numcodecs.GZip(), numcodecs.GZip()),
    "bz2 v2": (2, numcodecs.BZ2(), numcodecs.BZ2()),
    "blosc": (3, BloscCodec(), numcodecs.Blosc("zstd")),
    "zstd": (3, ZstdCodec(), numcodecs.Zstd()),
    "gzip": (3, GzipCodec(), numcodecs.GZip()),
}


@pytest.mark.parametrize("name", CODECS)
def test_bomb_is_refused_and_takes_no_memory(name: str, tmp_path: Path) -> None:
    zarr_format, compressors, encoder = CODECS[name]
    image = {"multiscales": multiscales("yx", [[1, 1]])}
    write_group(tmp_path, image if zarr_format == 2 else {"ome": {"version": "0.5", **image}}, zarr_format=zarr_format)
    array = zarr.create_array(
        store=str(tmp_path / "0"),
        shape=(32, 64),
        dtype="uint16",
        chunks=(32, 32),
        zarr_format=zarr_format,
        compressors=compressors,
        chunk_key_encoding={"name": "v2" if zarr_format == 2 else "default", "separator": "/"},
    )
    array[...] = 5
    (tmp_path / "0" / ("0/1" if zarr_format == 2 else "c/0/1")).write_bytes(encoder.encode(BOMB))
    with Session(Settings(disk_cache_mb=0)) as session:
        (level,) = open_levels(session, str(tmp_path))
        tracemalloc.start()
        try:
            with pytest.raises(ChunkError, match="more than"):
                np.asarray(level)
            assert tracemalloc.get_traced_memory()[1] < 32 << 20
        finally:
            tracemalloc.stop()
        assert (np.asarray(level[:, :32]) == 5).all()
