from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from fake_source import FakeSource, array_of, counting, settle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_idr.streaming.chunks import ChunkedArray, intersect
from napari_idr.streaming.level import LastAxisLevel, PickLevel, Wishes
from napari_idr.streaming.pyramid import ArrayLevel, array_levels, coarse_indices

if TYPE_CHECKING:
    from napari_idr.streaming.loader import ChunkLoader


class Stored:
    """A pyramid of arrays in memory; pixels of level n are unlike those of any other level."""

    def __init__(self, loader: ChunkLoader, shapes: list[tuple[int, ...]], chunks: tuple[int, ...]) -> None:
        self.loader = loader
        self.pixels = [counting(shape, "int32") + 1_000_000 * level for level, shape in enumerate(shapes)]
        pairs = [array_of(pixels, chunks, gated=True) for pixels in self.pixels]
        self.arrays: list[ChunkedArray] = [array for array, _ in pairs]
        self.sources: list[FakeSource] = [source for _, source in pairs]
        self.levels: tuple[ArrayLevel, ...] = array_levels(self.arrays, loader)

    def hold(self, level: int, *indices: tuple[int, ...]) -> None:
        """Have some chunks of a level in the cache (all, where none are named)."""
        array = self.arrays[level]
        for index in indices or tuple(array.indices(tuple((0, size) for size in array.shape))):
            box = array.box(index)
            self.loader.cache.put(array.key(index), self.pixels[level][tuple(slice(*ends) for ends in box)])

    def shown(self, level: int, key: object = ...) -> tuple[np.ndarray, Wishes]:
        wishes = Wishes()
        return np.asarray(self.levels[level].for_display(wishes)[key]), wishes

    def wished(self, wishes: Wishes) -> set[tuple[int, tuple[int, ...]]]:
        """(level, index) of the chunks that are missing."""
        numbers = {array.uid: level for level, array in enumerate(self.arrays)}
        return {(numbers[uid], index) for uid, index in wishes.chunks}

    def reference(self, level: int, held: dict[int, set[tuple[int, ...]]]) -> np.ndarray:
        """The finest known value under each pixel, pixel by pixel: what a display should show."""
        shape = self.pixels[level].shape
        out = np.zeros(shape, "int32")
        for place in np.ndindex(shape):
            for lower in range(level, len(self.pixels)):
                other = self.pixels[lower]
                at = tuple(
                    min(int((p + 0.5) * coarse / fine), coarse - 1)
                    for p, fine, coarse in zip(place, shape, other.shape, strict=True)
                )
                if tuple(a // c for a, c in zip(at, self.arrays[lower].chunks, strict=True)) in held.get(lower, ()):
                    out[place] = other[at]
                    break
        return out


@pytest.fixture
def stored(loader) -> Stored:
    return Stored(loader, [(32, 48), (16, 24), (8, 12)], (8, 8))


def test_with_nothing_known_a_display_gets_an_empty_picture_at_once_and_asks_for_nothing_itself(stored):
    picture, wishes = stored.shown(0)
    assert not picture.any()
    assert stored.wished(wishes) == {(0, (y, x)) for y in range(4) for x in range(6)} | {(2, (0, 0)), (2, (0, 1))}
    settle(stored.loader)
    assert all(source.asked == [] for source in stored.sources)


def test_only_the_chunks_in_view_are_wished_for(stored):
    _, wishes = stored.shown(0, (slice(0, 8), slice(8, 17)))
    assert stored.wished(wishes) == {(0, (0, 1)), (0, (0, 2)), (2, (0, 0))}


def test_the_coarsest_level_shows_beneath_what_is_missing(stored):
    stored.hold(2)
    picture, wishes = stored.shown(0)
    np.testing.assert_array_equal(picture, stored.pixels[2].repeat(4, 0).repeat(4, 1))
    assert {level for level, _ in stored.wished(wishes)} == {0}


def test_the_finest_known_level_shows_beneath_what_is_missing(stored):
    stored.hold(2)
    stored.hold(1)
    stored.hold(0, (0, 0))
    picture, wishes = stored.shown(0)
    expected = stored.pixels[1].repeat(2, 0).repeat(2, 1)
    expected[:8, :8] = stored.pixels[0][:8, :8]
    np.testing.assert_array_equal(picture, expected)
    assert (0, (0, 0)) not in stored.wished(wishes)


def test_what_is_known_of_a_middle_level_shows_though_the_coarsest_is_not_there(stored):
    stored.hold(1, (0, 0))
    picture, wishes = stored.shown(0)
    np.testing.assert_array_equal(picture[:16, :16], stored.pixels[1][:8, :8].repeat(2, 0).repeat(2, 1))
    assert not picture[16:].any()
    assert (2, (0, 0)) in stored.wished(wishes)


def test_when_all_is_known_the_picture_is_exact_and_nothing_is_missing(stored):
    stored.hold(0)
    picture, wishes = stored.shown(0, (slice(None, None, -1), slice(3, 40, 2)))
    np.testing.assert_array_equal(picture, stored.pixels[0][::-1, 3:40:2])
    assert wishes.missing == 0


def test_a_picture_is_the_viewers_own(stored):
    stored.hold(0)
    stored.shown(0)[0][...] = 0
    np.testing.assert_array_equal(stored.shown(0)[0], stored.pixels[0])


def test_coarse_is_wished_before_fine_and_the_centre_before_the_edge(stored):
    _, wishes = stored.shown(0)
    order = sorted(wishes.chunks.values(), key=lambda want: want.priority)
    numbers = {array.uid: level for level, array in enumerate(stored.arrays)}
    levels = [numbers[want.chunk.array.uid] for want in order]
    assert levels == [2] * 2 + [0] * 24
    distance = [np.hypot(want.chunk.index[0] - 1.5, want.chunk.index[1] - 2.5) for want in order[2:]]
    assert distance == sorted(distance)


def test_an_exact_read_is_never_a_placeholder(stored):
    stored.hold(2)
    stored.shown(0)
    for source in stored.sources:
        source.gated = False
    np.testing.assert_array_equal(stored.levels[0], stored.pixels[0])
    np.testing.assert_array_equal(stored.levels[0].for_display(Wishes()).level[5:], stored.pixels[0][5:])


def test_views_of_channels_and_samples_show_what_is_known(loader):
    stored = Stored(loader, [(2, 16, 16), (2, 8, 8)], (1, 8, 8))
    stored.hold(1, (1, 0, 0))
    wishes = Wishes()
    picture = np.asarray(PickLevel(stored.levels[0], 0, 1).for_display(wishes)[:, 4:])
    np.testing.assert_array_equal(picture, stored.pixels[1][1].repeat(2, 0).repeat(2, 1)[:, 4:])
    assert stored.wished(wishes) == {(0, (1, y, x)) for y in range(2) for x in range(2)}
    samples = np.asarray(LastAxisLevel(stored.levels[1], 0).for_display(Wishes()))
    np.testing.assert_array_equal(samples[..., 1], stored.pixels[1][1])
    assert not samples[..., 0].any()


ODD = [
    [(11, 7), (5, 3), (2, 1)],  # halved, rounded down
    [(11, 7), (6, 4), (3, 2)],  # halved, rounded up
    [(9, 10), (3, 4)],  # by three
    [(7, 9), (7, 4), (3, 4)],  # one axis at a time
    [(2, 9, 9), (2, 4, 4), (1, 2, 2)],
]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_pixel_shows_the_finest_that_is_known_and_is_never_black_where_anything_is(data, loader):
    shapes = data.draw(st.sampled_from(ODD), label="shapes")
    chunks = tuple(data.draw(st.tuples(*(st.integers(1, 5) for _ in shapes[0])), label="chunks"))
    stored = Stored(loader, shapes, chunks)
    held: dict[int, set[tuple[int, ...]]] = {}
    for level, array in enumerate(stored.arrays):
        everything = list(array.indices(tuple((0, size) for size in array.shape)))
        held[level] = data.draw(st.sets(st.sampled_from(everything)), label=f"held of level {level}")
        for index in held[level]:
            stored.hold(level, index)
    for level in range(len(shapes)):
        window = tuple(
            slice(*sorted(data.draw(st.tuples(st.integers(0, size), st.integers(0, size))))) for size in shapes[level]
        )
        picture, wishes = stored.shown(level, window)
        np.testing.assert_array_equal(picture, stored.reference(level, held)[window])
        box = tuple((part.start, part.stop) for part in window)
        missing = {
            (level, index)
            for index in stored.arrays[level].indices(box)
            if index not in held[level] and intersect(stored.arrays[level].box(index), box)
        }
        assert {wish for wish in stored.wished(wishes) if wish[0] == level} == missing


# -- which coarse pixel lies beneath


@pytest.mark.parametrize(("fine", "coarse"), [(10, 5), (11, 5), (11, 6), (7, 7), (9, 1), (100, 33), (1, 1), (3, 4)])
def test_coarse_pixels_lie_under_the_centres_of_fine_ones(fine: int, coarse: int):
    under = coarse_indices(0, fine, fine, coarse)
    expected = [min(int((index + 0.5) / fine * coarse), coarse - 1) for index in range(fine)]
    assert under.tolist() == expected
    np.testing.assert_array_equal(coarse_indices(fine // 2, fine, fine, coarse), under[fine // 2 :])


def test_wishes_without_a_picture_are_the_same_and_the_picture_is_empty(loader):
    stored = Stored(loader, [(8, 12), (4, 6)], (4, 4))
    stored.hold(0, (0, 1))
    _, drawn = stored.shown(0, np.s_[:, 2:])
    wishes = Wishes(without_picture=True)
    pixels = np.asarray(stored.levels[0].for_display(wishes)[:, 2:])
    assert (pixels.shape, pixels.dtype, pixels.any()) == ((8, 10), stored.pixels[0].dtype, False)
    assert stored.wished(wishes) == {wish for wish in stored.wished(drawn) if wish[0] == 0}
    assert (wishes.here, wishes.seen) == (drawn.here, drawn.seen)
