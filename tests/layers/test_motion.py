"""A camera that moves on is told from one that was moved once."""

from __future__ import annotations

import pytest

from napari_idr.layers.motion import Motion


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def motion(clock: Clock) -> Motion:
    made = Motion(clock)
    made.note(2.0, (0.0, 50.0, 50.0))
    return made


def later(
    clock: Clock, motion: Motion, seconds: float, zoom: float, center: tuple[float, float] = (50.0, 50.0)
) -> bool:
    clock.now += seconds
    motion.note(zoom, center)
    return motion.lasts


def test_one_move_is_no_motion(motion: Motion) -> None:
    assert not motion.lasts


@pytest.mark.parametrize("frame", [0.016, 0.15, 0.25])
def test_moves_that_follow_one_another_are_until_none_comes(clock: Clock, motion: Motion, frame: float) -> None:
    assert later(clock, motion, frame, 2.1)
    assert later(clock, motion, frame, 2.1, (51.0, 50.0))
    clock.now += 0.29
    assert motion.lasts
    clock.now += 0.02
    assert not motion.lasts


def test_a_move_after_a_rest_is_one_of_its_own(clock: Clock, motion: Motion) -> None:
    assert not later(clock, motion, 0.31, 2.5)


def test_centre_and_zoom_of_one_jump_are_one_move(clock: Clock, motion: Motion) -> None:
    assert not later(clock, motion, 10, 8.0)
    assert not later(clock, motion, 0.001, 8.0, (90.0, 10.0))


def test_what_a_camera_is_told_of_itself_is_no_move(clock: Clock, motion: Motion) -> None:
    assert not later(clock, motion, 10, 8.0)
    assert not later(clock, motion, 0.05, 8.0, (50.02, 50.0))
    assert not later(clock, motion, 0.05, 8.0001)
