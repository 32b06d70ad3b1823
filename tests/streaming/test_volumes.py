"""Which level fits the graphics card: a table, and what holds of any choice."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.streaming.volumes import Room, Volume, card_itemsize, choose_levels, volume_of

MB = 1 << 20
Levels = tuple[Volume, ...]


def pyramid(z: int, side: int, count: int, itemsize: int = 2) -> Levels:
    """A stack whose y and x halve from level to level."""
    sides = [max(1, side >> level) for level in range(count)]
    return tuple(Volume((z, n, n), z * n * n * itemsize, z * n * n * itemsize) for n in sides)


STACK = pyramid(64, 2048, 5)  # 512, 128, 32, 8 and 2 MB
SMALL = pyramid(10, 320, 3)  # 2 MB at most


@pytest.mark.parametrize(
    ("layers", "megabytes", "side", "expected"),
    [
        ([STACK], 512, 2048, (0,)),
        ([STACK], 511, 2048, (1,)),
        ([STACK], 512, 2047, (1,)),
        ([STACK, STACK], 512, 2048, (1, 1)),
        ([STACK, STACK, STACK], 128, 2048, (2, 2, 2)),
        ([STACK, SMALL], 512, 2048, (1, 0)),
        ([SMALL, STACK], 40, 2048, (0, 2)),
        ([STACK], 1, 2048, (None,)),
        ([STACK], 4096, 100, (None,)),
        ([STACK, STACK], 3, 2048, (4, None)),
        ([], 512, 2048, ()),
    ],
)
def test_the_finest_level_that_fits_is_chosen(
    layers: list[Levels], megabytes: int, side: int, expected: tuple[int | None, ...]
) -> None:
    assert choose_levels(layers, Room(megabytes * MB, 1 << 40, side)) == expected


def test_what_does_not_fit_into_the_memory_for_pixels_is_not_chosen() -> None:
    assert choose_levels([STACK], Room(4096 * MB, 100 * MB, 2048)) == (2,)


pyramids = st.builds(pyramid, st.integers(1, 300), st.integers(1, 4096), st.integers(1, 8), st.sampled_from([1, 2, 4]))


@given(st.lists(pyramids, max_size=5), st.integers(0, 4096), st.integers(0, 2048), st.integers(16, 4096))
def test_all_fit_together_and_none_could_be_finer(layers: list[Levels], megabytes: int, memory: int, side: int) -> None:
    layers += layers[:1]  # two channels of one image
    room = Room(megabytes * MB, memory * MB, side)
    chosen = choose_levels(layers, room)
    assert len(chosen) == len(layers)
    pairs = [(levels, at) for levels, at in zip(layers, chosen, strict=True) if at is not None]
    total = sum(levels[at].card_bytes for levels, at in pairs)
    assert total <= room.card_bytes
    assert all(room.holds(levels[at]) for levels, at in pairs)
    by_levels = {levels: {at for own, at in pairs if own == levels} for levels, _ in pairs}
    assert all(len(levels) == 1 for levels in by_levels.values()), "channels of an image show the same level"
    for levels, (at,) in by_levels.items():
        if at:
            count = sum(own == levels for own, _ in pairs)
            finer = total + count * (levels[at - 1].card_bytes - levels[at].card_bytes)
            assert finer > room.card_bytes or not room.holds(levels[at - 1])


def test_what_lies_on_the_card_already_is_taken_into_account() -> None:
    room = Room(512 * MB, 1 << 40, 2048)
    assert choose_levels([STACK], room.without(1)) == (1,)
    assert choose_levels([STACK], room.without(600 * MB)) == (None,)


@pytest.mark.parametrize(
    ("dtype", "nbytes"),
    [("bool", 1), ("uint8", 1), ("int8", 1), ("uint16", 2), ("int16", 2), ("int32", 4), ("float16", 4), ("float64", 4)],
)
def test_bytes_on_the_card(dtype: str, nbytes: int) -> None:
    assert card_itemsize(np.dtype(dtype)) == nbytes


def test_a_volume_counts_all_of_the_chunks_that_it_touches() -> None:
    volume = volume_of((20, 5, 100, 130), (4, 2, 64, 64), (1, 2, 3), np.uint16, 1)
    assert volume == Volume((5, 100, 130), 5 * 100 * 130, 4 * 6 * 128 * 192 * 2)
