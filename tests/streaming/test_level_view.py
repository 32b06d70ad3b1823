from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from fake_source import array_of, counting
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import basic_indices

from napari_idr.streaming.level import LastAxisLevel, LevelView, PickLevel, in_memory
from napari_idr.streaming.pyramid import Pyramid, array_levels

PIXELS = counting((3, 5, 7, 9))
LEVEL = in_memory(PIXELS)


def test_a_level_describes_itself_as_an_array():
    assert (LEVEL.shape, LEVEL.ndim, LEVEL.dtype) == ((3, 5, 7, 9), 4, np.uint16)
    assert (LEVEL.size, LEVEL.nbytes, len(LEVEL)) == (945, 1890, 3)
    view = LEVEL[1, :, 2:4]
    assert isinstance(view, LevelView)
    assert (view.shape, view.ndim, view.size, len(view), view.dtype) == ((5, 2, 9), 3, 90, 5, np.uint16)


@pytest.mark.parametrize(
    "key",
    [
        1,
        -1,
        np.int64(2),
        slice(1, None),
        (slice(None), 4),
        (..., 3),
        (0, ..., slice(None, None, -1)),
        (slice(None, None, 2), slice(4, 1, -2), -1, slice(8, None, -3)),
        (slice(5, 2), ...),
        (),
        ...,
        (1, 2, 3, 4),
    ],
)
def test_basic_indexing_is_numpys(key: Any):
    view = LEVEL[key]
    assert view.shape == PIXELS[key].shape
    np.testing.assert_array_equal(view, PIXELS[key])


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_indexing_a_view_again_composes(data: st.DataObject):
    first = data.draw(basic_indices(PIXELS.shape))
    expected, view = PIXELS[first], LEVEL[first]
    if expected.ndim:
        second = data.draw(basic_indices(expected.shape))
        expected, view = expected[second], view[second]
    assert view.shape == expected.shape
    np.testing.assert_array_equal(view, expected)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_window_of_a_chunked_array_is_exact(data: st.DataObject, loader):
    shape = tuple(data.draw(st.lists(st.integers(1, 13), min_size=1, max_size=4), label="shape"))
    chunks = tuple(data.draw(st.tuples(*(st.integers(1, 15) for _ in shape)), label="chunks"))
    pixels = counting(shape)
    (level,) = array_levels([array_of(pixels, chunks)[0]], loader)
    key = data.draw(basic_indices(shape, allow_newaxis=True))
    np.testing.assert_array_equal(level[key], pixels[key])


@pytest.mark.parametrize(
    "key",
    [
        [0, 2],
        (slice(None), [1, 1, 0]),
        np.array([True, False, True]),
        (slice(None), PIXELS[0, :, 0, 0] > 40),
        (None, 1),
        (..., None),
        (None, slice(None), slice(None), slice(None), slice(None)),
        True,
        ([0, 1], [2, 3], 4),
    ],
)
def test_fancy_indexing_reads_and_follows_numpy(key: Any):
    picked = LEVEL[key]
    assert isinstance(picked, np.ndarray)
    np.testing.assert_array_equal(picked, PIXELS[key])


@pytest.mark.parametrize("key", [3, -4, (0, 5), (0, 0, 0, 0, 0), (..., 0, ...), (0, 0, 0, 0, 0, ...)])
def test_an_index_outside_raises_as_numpy_does(key: Any):
    with pytest.raises(IndexError):
        PIXELS[key]
    with pytest.raises(IndexError):
        LEVEL[key]


def test_a_step_of_zero_is_refused():
    with pytest.raises(ValueError, match="zero"):
        LEVEL[::0]


def test_reading_converts_and_copies_as_numpy_asks():
    assert np.asarray(LEVEL[0], dtype=float).dtype == float
    copied = np.array(LEVEL, copy=True)
    copied[...] = 0
    np.testing.assert_array_equal(LEVEL, PIXELS)


def test_a_level_iterates_over_its_planes():
    planes = list(LEVEL)
    assert len(planes) == 3
    np.testing.assert_array_equal(planes[2], PIXELS[2])


def test_a_duplicated_layer_reads_the_same_pixels():
    assert copy.deepcopy(LEVEL) is LEVEL
    view = LEVEL[0]
    assert copy.deepcopy([view])[0] is view


def test_only_the_chunks_under_a_window_are_read(loader):
    array, source = array_of(counting((20, 20)), (5, 5))
    (level,) = array_levels([array], loader)
    np.asarray(level[4:6, 11])
    assert sorted(source.asked) == [(0, 2), (1, 2)]
    np.asarray(level[5:5])
    assert len(source.asked) == 2


# -- levels made of others


@pytest.mark.parametrize("axis", [0, 1, 3])
def test_a_channel_is_a_level_without_the_channel_axis(axis: int):
    level = PickLevel(LEVEL, axis, 2)
    expected = PIXELS.take(2, axis=axis)
    assert (level.shape, level.chunks) == (expected.shape, expected.shape)
    np.testing.assert_array_equal(level, expected)
    np.testing.assert_array_equal(level[1:, ::-2, 3], expected[1:, ::-2, 3])


@pytest.mark.parametrize("axis", [0, 1, 3])
def test_samples_of_a_picture_can_be_moved_to_the_end(axis: int):
    level = LastAxisLevel(LEVEL, axis)
    expected = np.moveaxis(PIXELS, axis, -1)
    assert (level.shape, level.chunks) == (expected.shape, expected.shape)
    np.testing.assert_array_equal(level, expected)
    np.testing.assert_array_equal(level[1, 2:4, ::-1, 1:], expected[1, 2:4, ::-1, 1:])


def test_a_pyramid_gives_its_channels_and_samples(loader):
    pixels = [counting((2, 3, 8, 8)), counting((2, 3, 4, 4))]
    pyramid = Pyramid(array_levels([array_of(p, (1, 1, 3, 3))[0] for p in pixels], loader), "metadata")
    for level, whole in zip(pyramid.channel(1, 2), pixels, strict=True):
        np.testing.assert_array_equal(level, whole[:, 2])
        assert level.chunks == (1, 3, 3)
    for level, whole in zip(pyramid.samples_last(1), pixels, strict=True):
        np.testing.assert_array_equal(level, np.moveaxis(whole, 1, -1))
