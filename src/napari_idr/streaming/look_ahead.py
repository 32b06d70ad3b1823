"""What may be looked at next: the planes in the direction of travel, and the ring around the view. Pure geometry."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .chunks import Box
    from .level import Level

PLANES_AHEAD = 2
"""Full planes fetched in the direction of travel: at two steps a second the next one is there."""

COARSE_PLANES_AHEAD = 6
"""Of the coarsest level: a slider that is dragged shows at least these at once."""

MOST_DISPLAYED = 2
"""A volume takes all of the line itself: nothing is fetched beside it."""


class Travel:
    """Where one view comes from, so that one may guess where it goes."""

    def __init__(self) -> None:
        self._last: dict[int, int] = {}
        self._direction: dict[int, int] = {}

    def note(self, level: Level, box: Box) -> None:
        """Note what is looked at now."""
        for axis in stepped_axes(level, box):
            place = box[axis][0]
            before = self._last.get(axis, place)
            if place != before:
                self._direction = {axis: 1 if place > before else -1}  # one slider is moved at a time
            self._last[axis] = place

    def boxes(self, level: Level, box: Box, planes: int = PLANES_AHEAD) -> Iterator[Box]:
        """Yield the boxes of planes that may come next, soonest first.

        One that travels along an axis goes on along it; one that rests may go a step in any direction.
        """
        axes = stepped_axes(level, box)
        moving = [axis for axis in axes if axis in self._direction]
        steps = (
            [(axis, self._direction[axis] * n) for n in range(1, planes + 1) for axis in moving]
            if moving
            else [(axis, step) for axis in axes for step in (1, -1)]
        )
        for axis, step in steps:
            place = box[axis][0] + step
            if 0 <= place < level.shape[axis]:
                yield (*box[:axis], (place, place + 1), *box[axis + 1 :])


def stepped_axes(level: Level, box: Box) -> list[int]:
    """Return the axes along which a slider steps: one plane is looked at, of several."""
    return [
        axis
        for axis, ((start, stop), size) in enumerate(zip(box, level.shape, strict=True))
        if stop - start == 1 and size > 1 and level.chunks[axis] < size
    ]


def is_flat(box: Box) -> bool:
    """Whether a box is a picture and no volume; samples of an RGB picture do not count."""
    displayed = [stop - start for start, stop in box if stop - start > 1]
    samples = len(displayed) == MOST_DISPLAYED + 1 and displayed[-1] <= 4
    return len(displayed) - samples <= MOST_DISPLAYED


def ring(level: Level, box: Box) -> Box:
    """Return a box with one more chunk on every side along which it can move."""
    return tuple(
        (start, stop) if stop - start == 1 else (max(0, start - chunk), min(size, stop + chunk))
        for (start, stop), chunk, size in zip(box, level.chunks, level.shape, strict=True)
    )
