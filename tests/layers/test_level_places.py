"""Where the pixels of a level lie: by what the file states, where that can be."""

from __future__ import annotations

from typing import Any

import pytest

from napari_idr.layers.level_places import Steps, stated_of_plate, steps_along
from napari_idr.model.image import Axis


def stated(*levels: tuple[float, float]) -> list[dict[str, list[float]]]:
    return [{"x": [size, place]} for size, place in levels]


@pytest.mark.parametrize(
    ("sizes", "levels", "expected"),
    [
        ([640, 320], stated((0.5, 0), (1.0, 0)), Steps(2, 0.5)),
        ([640, 320], stated((0.5, 9), (1.0, 9)), Steps(2, 0.5)),
        ([640, 320], stated((0.5, 0), (1.0, 0.25)), Steps(2, 0.5)),
        ([640, 320], stated((0.5, 9), (1.0, 9.5)), Steps(2, 1.0)),
        ([1023, 63], stated((1, 0), (16, 0)), Steps(16, 7.5)),
        ([641, 321], stated((1, 0), (2, 0)), Steps(2, 0.5)),
        ([10, 10], stated((3, 1), (3, 1)), Steps(1, 0)),
    ],
)
def test_what_the_file_states_is_taken(sizes: list[int], levels: Any, expected: Steps) -> None:
    assert steps_along("x", sizes, 1, levels) == expected


@pytest.mark.parametrize(
    "levels",
    [
        None,
        [],
        "levels",
        [{}, {}],
        stated((0.5, 0)),
        [{"x": 3}, {"x": 4}],
        [{"x": ["a", "b"]}] * 2,
        stated((0, 0), (1, 0)),
        stated((1, 0), (1, 0)),
        stated((1, 0), (-2, 0)),
        stated((1, 0), (float("nan"), 0)),
        stated((1, 0), (8, 0)),
    ],
)
def test_what_cannot_be_is_not_taken(levels: Any) -> None:
    assert steps_along("x", [640, 320], 1, levels) == Steps(2, 0.5)


def test_a_first_pixel_far_away_is_not_taken() -> None:
    assert steps_along("x", [640, 320], 1, stated((1, 0), (2, 500))) == Steps(2, 0.5)


def test_levels_of_a_plate_lie_corner_on_corner() -> None:
    axes = [Axis("z"), Axis("y"), Axis("x")]
    assert stated_of_plate(axes, (5.0, 0.5, 0.25), (1.0, 4.0)) == [
        {"z": [5.0, 0.0], "y": [0.5, 0.0], "x": [0.25, 0.0]},
        {"z": [5.0, 0.0], "y": [2.0, 0.75], "x": [1.0, 0.375]},
    ]
