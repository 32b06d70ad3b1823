"""A box at a level is these pixels and no others, read exactly, once, and all or nothing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fake_source import FakeSource, array_of, counting
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_idr.errors import Cancelled, ChunkError, NapariIdrError
from napari_idr.streaming.boxes import box_at_level, pieces_of, read_boxes
from napari_idr.streaming.chunks import ChunkedArray, chunk_count
from napari_idr.streaming.loader import ChunkLoader
from napari_idr.streaming.pyramid import array_levels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.streaming.chunks import Box


@pytest.fixture
def loader() -> Iterator[ChunkLoader]:
    made = ChunkLoader(cache_bytes=1 << 16, concurrency=16)  # smaller than what is read
    yield made
    made.close()


def nothing(*_: object) -> None:
    pass


@pytest.mark.parametrize(
    ("box", "size", "level_size", "expected"),
    [
        ((0, 641), 641, 321, (0, 321)),
        ((0, 641), 641, 320, (0, 320)),
        ((640, 641), 641, 320, (319, 320)),
        ((3, 5), 8, 4, (1, 3)),
        ((4, 6), 8, 4, (2, 3)),
        ((7, 8), 8, 1, (0, 1)),
        ((2, 3), 5, 5, (2, 3)),
    ],
)
def test_a_box_at_a_level_is_every_pixel_that_it_touches(
    box: tuple[int, int], size: int, level_size: int, expected: tuple[int, int]
) -> None:
    assert box_at_level((box,), (size,), (level_size,)) == (expected,)


@settings(deadline=None)
@given(st.data())
def test_pieces_fill_a_box_and_touch_no_chunk_twice(data: st.DataObject) -> None:
    ndim = data.draw(st.integers(1, 4))
    chunks = data.draw(st.tuples(*[st.integers(1, 9)] * ndim))
    starts = data.draw(st.tuples(*[st.integers(0, 20)] * ndim))
    box: Box = tuple((start, start + data.draw(st.integers(1, 25))) for start in starts)
    most = data.draw(st.integers(1, 20))
    seen = np.zeros([stop for _, stop in box], int)
    touched: set[tuple[int, ...]] = set()
    for piece in pieces_of(box, chunks, most):
        seen[tuple(slice(*ends) for ends in piece)] += 1
        assert chunk_count(piece, chunks) <= most
        ranges = [range(start // chunk, -(-stop // chunk)) for (start, stop), chunk in zip(piece, chunks, strict=True)]
        mine = set(np.ndindex(*[len(r) for r in ranges]))
        mine = {tuple(r[i] for r, i in zip(ranges, index, strict=True)) for index in mine}
        assert not mine & touched
        touched |= mine
    whole = tuple(slice(*ends) for ends in box)
    assert (seen[whole] == 1).all()
    assert seen.sum() == seen[whole].size


@pytest.mark.parametrize("step", [1, 3])
def test_boxes_are_exact_and_no_chunk_is_asked_for_twice(loader: ChunkLoader, step: int) -> None:
    fine, source = array_of(counting((7, 131, 203)), (3, 32, 64))
    coarse, other = array_of(counting((7, 66, 102)), (3, 32, 64))
    levels = array_levels([fine, coarse], loader)
    boxes: list[Box] = [((1, 6), (5, 131), (60, 203)), ((0, 7), (0, 66), (33, 34))]
    told: list[tuple[int, int]] = []
    got = read_boxes(list(zip(levels, boxes, strict=True)), nothing, lambda *amount: told.append(amount))
    for pixels, array, box in zip(got, (source, other), boxes, strict=True):
        assert np.array_equal(pixels, array.pixels[tuple(slice(*ends) for ends in box)])
        assert len(array.asked) == len(set(array.asked))
    count = sum(chunk_count(box, level.chunks) for level, box in zip(levels, boxes, strict=True))
    assert told[-1] == (count, count)
    assert told == sorted(told)


def test_a_chunk_that_fails_fails_the_box_and_ends_its_threads(loader: ChunkLoader) -> None:
    array, source = array_of(counting((64, 64)), (8, 8))
    source.faults[(3, 3)] = ChunkError("A chunk is truncated", "chunk (3, 3)", "try again")
    level = array_levels([array], loader)[0]
    with pytest.raises(NapariIdrError, match="truncated"):
        read_boxes([(level, ((0, 64), (0, 64)))], nothing, nothing)
    _no_reader_is_left()


def test_a_box_that_nobody_wants_any_more_ends_while_chunks_hang(loader: ChunkLoader) -> None:
    array, source = array_of(counting((256, 256)), (8, 8), gated=True)
    level = array_levels([array], loader)[0]
    stopped = threading.Event()
    outcome: list[Any] = []

    def check() -> None:
        if stopped.is_set():
            raise Cancelled("Reading was stopped")

    def read() -> None:
        try:
            read_boxes([(level, ((0, 256), (0, 256)))], check, nothing)
        except Cancelled as error:
            outcome.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    source.wait_until(lambda: len(source.asked) >= 16)
    stopped.set()
    thread.join(120)
    assert len(outcome) == 1
    source.let_through(loader)
    _no_reader_is_left()
    assert len(source.asked) <= 64, "what was not begun is not asked for"


def test_samples_of_a_picture_are_read_as_they_are(loader: ChunkLoader) -> None:
    source = FakeSource(counting((3, 40, 50), "uint8"), (1, 16, 16))
    from napari_idr.streaming.pyramid import Pyramid

    level = Pyramid(array_levels([ChunkedArray(source)], loader), None).samples_last(0)[0]
    (pixels,) = read_boxes([(level, ((5, 30), (7, 50), (0, 3)))], nothing, nothing)
    assert np.array_equal(pixels, np.moveaxis(source.pixels, 0, -1)[5:30, 7:50])


def _no_reader_is_left() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("napari-idr-box"):
            thread.join(120)
            assert not thread.is_alive()
