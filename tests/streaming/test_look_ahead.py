from __future__ import annotations

import numpy as np
import pytest
from fake_source import array_of, counting

from napari_idr.streaming.level import LastAxisLevel, in_memory
from napari_idr.streaming.look_ahead import Travel, is_flat, ring
from napari_idr.streaming.pyramid import array_levels

SHAPE, CHUNKS = (6, 10, 64, 64), (1, 1, 16, 16)


@pytest.fixture
def level(loader):
    array, _ = array_of(counting(SHAPE), CHUNKS)
    return array_levels([array], loader)[0]


def plane(t: int, z: int):
    return ((t, t + 1), (z, z + 1), (16, 48), (0, 32))


def places(boxes) -> list[tuple[int, int]]:
    return [(box[0][0], box[1][0]) for box in boxes]


def test_a_view_that_rests_may_go_a_step_in_any_direction(level):
    travel = Travel()
    travel.note(level, plane(2, 5))
    assert places(travel.boxes(level, plane(2, 5))) == [(3, 5), (1, 5), (2, 6), (2, 4)]


def test_a_view_that_travels_goes_on(level):
    travel = Travel()
    for z in (5, 6):
        travel.note(level, plane(2, z))
    assert places(travel.boxes(level, plane(2, 6))) == [(2, 7), (2, 8)]
    for z in (5, 4):
        travel.note(level, plane(2, z))
    assert places(travel.boxes(level, plane(2, 4))) == [(2, 3), (2, 2)]
    travel.note(level, plane(3, 4))
    assert places(travel.boxes(level, plane(3, 4), planes=3)) == [(4, 4), (5, 4)]  # the array ends there


def test_planes_ahead_are_the_same_window(level):
    travel = Travel()
    travel.note(level, plane(2, 5))
    assert {box[2:] for box in travel.boxes(level, plane(2, 5))} == {plane(2, 5)[2:]}


def test_planes_that_lie_in_one_chunk_are_not_fetched_ahead(loader):
    array, _ = array_of(counting((5, 32, 32)), (5, 16, 16))
    level = array_levels([array], loader)[0]
    travel = Travel()
    box = ((2, 3), (0, 32), (0, 32))
    travel.note(level, box)
    assert list(travel.boxes(level, box)) == []


def test_the_ring_is_one_chunk_wide_and_ends_with_the_array(level):
    assert ring(level, plane(2, 5)) == ((2, 3), (5, 6), (0, 64), (0, 48))


def test_volumes_are_no_pictures_and_rgb_is_one():
    assert is_flat(((2, 3), (5, 6), (0, 64), (0, 64)))
    assert not is_flat(((2, 3), (0, 10), (0, 64), (0, 64)))
    rgb = LastAxisLevel(in_memory(np.zeros((3, 64, 64), "uint8")), 0)
    assert is_flat(tuple((0, size) for size in rgb.shape))


def test_what_is_missing_can_be_wished_for_without_a_picture(level, loader):
    from napari_idr.streaming.level import Wishes

    wishes = Wishes()
    level.want(plane(0, 0), wishes)
    assert len(wishes.chunks) == 4
    assert not wishes.here
    for future in loader.fetch([want.chunk for want in wishes.chunks.values()]):
        future.result(120)
    again = Wishes()
    level.want(plane(0, 0), again)
    assert not again.chunks
    assert again.here == set(wishes.chunks)
