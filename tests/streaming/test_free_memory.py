from __future__ import annotations

import sys

import numpy as np
import psutil
import pytest

from napari_idr.streaming import free_memory
from napari_idr.streaming.chunks import Chunk
from napari_idr.streaming.loader import ChunkLoader


def test_giving_back_harms_nothing():
    kept = np.arange(1_000_000)
    free_memory.give_back()
    assert kept.sum() == 499_999_500_000


@pytest.mark.skipif(sys.platform != "linux", reason="other C libraries give back by themselves")
def test_chunks_that_go_leave_no_memory_behind():
    from fake_source import array_of

    rows, side = 400, 512
    array, _ = array_of(np.ones((rows, side, side), "uint16"), (1, side, side))
    loader = ChunkLoader(cache_bytes=8 << 20)
    try:
        before = psutil.Process().memory_info().rss
        for _ in range(3):
            for future in loader.fetch([Chunk(array, (row, 0, 0)) for row in range(rows)]):
                future.result(120)
        grown = psutil.Process().memory_info().rss - before
        assert loader.cache.let_go > free_memory.TRIM_BYTES
        assert grown < (8 << 20) + (200 << 20)  # 600 MB went through
    finally:
        loader.close()
