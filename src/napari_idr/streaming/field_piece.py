"""What one field contributes to one read of a plate: which of its pixels, and where they go. Pure geometry."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .chunks import Box
    from .level import Level
    from .mosaic_layout import Slot


@dataclass(frozen=True, eq=False, slots=True)
class FieldLevels:
    """What is known of one field: some or all of its levels, finest first."""

    levels: tuple[Level, ...]
    axes: tuple[str, ...]
    """Names of the levels' axes; the last two are y and x."""
    pixel: tuple[tuple[float, float], ...]
    """Canvas pixels per pixel of each level, (y, x)."""
    complete: bool
    """False while only the coarsest level is known."""

    @classmethod
    def absent(cls) -> FieldLevels:
        """Return what stands for a field that is listed and not there: its place stays empty."""
        return cls((), (), (), complete=True)

    @property
    def extent(self) -> tuple[int, int]:
        """Height and width on the canvas."""
        height, width = self.levels[0].shape[-2:]
        return ceil(height * self.pixel[0][0] - 1e-6), ceil(width * self.pixel[0][1] - 1e-6)

    def reaches(self, factor: float) -> bool:
        """Whether the finest level known has a pixel for each one of a mosaic level."""
        return max(self.pixel[0]) <= factor * 1.01

    def level_for(self, factor: float) -> int:
        """Return the coarsest level that still has a pixel for each one of a mosaic level."""
        fitting = [i for i, (y, x) in enumerate(self.pixel) if max(y, x) <= factor * 1.01]
        return fitting[-1] if fitting else 0


@dataclass(frozen=True, slots=True)
class MosaicAxes:
    """Axes of a mosaic before y and x, with their lengths: ``(("t", 3), ("z", 10))``."""

    leading: tuple[tuple[str, int], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all axes."""
        return (*(name for name, _ in self.leading), "y", "x")


@dataclass(frozen=True, eq=False, slots=True)
class Piece:
    """What one field contributes to one read: a box of one of its levels, sampled into part of the result."""

    level: Level
    box: Box
    take: tuple[np.ndarray | None, np.ndarray | None]
    """Rows and columns of the box to take, None where all of them in order."""
    target: tuple[slice, ...]
    axes: tuple[int, ...]
    """For each axis of the result, the field's axis, -1 where it has none."""

    def arrange(self, pixels: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
        """Return the field's pixels in the axis order and sampling of the mosaic."""
        if self.take[0] is self.take[1] is None and self.axes == tuple(range(pixels.ndim)):
            return pixels.astype(dtype, copy=False)
        for axis, positions in zip((-2, -1), self.take, strict=True):
            if positions is not None:
                pixels = pixels.take(positions, axis=axis)
        order = [axis for axis in self.axes if axis >= 0]
        others = [axis for axis in range(pixels.ndim) if axis not in order]  # which the mosaic lacks: one plane each
        pixels = pixels.transpose(others + order)[(0,) * len(others)]
        for position, axis in enumerate(self.axes):
            if axis < 0:
                pixels = np.expand_dims(pixels, position)
        return pixels.astype(dtype, copy=False)


def piece_of(slot: Slot, known: FieldLevels, box: Box, factor: float, axes: MosaicAxes) -> Piece | None:
    """Return what a field contributes to a box of a mosaic level, None where it lies outside.

    Parameters
    ----------
    slot
        The field's place on the canvas.
    known
        Its levels, at least one.
    box
        Of the mosaic level, in its pixels.
    factor
        Canvas pixels per pixel of the mosaic level.
    axes
        Of the mosaic level.
    """
    index = known.level_for(factor)
    level, pixel = known.levels[index], known.pixel[index]
    rows = sample_axis(box[-2], factor, slot.y, slot.height, pixel[0], level.shape[-2])
    columns = sample_axis(box[-1], factor, slot.x, slot.width, pixel[1], level.shape[-1])
    leading = _leading(known, level, box, axes)
    if leading is None or rows is None or columns is None:
        return None
    inner, targets, order = leading
    y, x = known.axes.index("y"), known.axes.index("x")
    inner[y], inner[x] = rows[0], columns[0]
    return Piece(level, tuple(inner), (rows[2], columns[2]), (*targets, rows[1], columns[1]), (*order, y, x))


def _leading(
    known: FieldLevels, level: Level, box: Box, mosaic: MosaicAxes
) -> tuple[list[tuple[int, int]], list[slice], list[int]] | None:
    """Return the field's box, the target's slices and the axis order, for the axes before y and x."""
    inner: list[tuple[int, int]] = [(0, 1)] * level.ndim
    targets, axes = [], []
    for (name, _), (start, stop) in zip(mosaic.leading, box[:-2], strict=True):
        axis = known.axes.index(name) if name in known.axes else -1
        end = min(stop, level.shape[axis] if axis >= 0 else 1)
        if end <= start:
            return None
        if axis >= 0:
            inner[axis] = (start, end)
        targets.append(slice(0, end - start))
        axes.append(axis)
    return inner, targets, axes


def sample_axis(
    ends: tuple[int, int], factor: float, place: int, extent: int, step: float, size: int
) -> tuple[tuple[int, int], slice, np.ndarray | None] | None:
    """Return which pixels of a field's level lie under a stretch of the mosaic, along one axis.

    Parameters
    ----------
    ends
        Stretch of the mosaic level, half-open, in its pixels.
    factor
        Canvas pixels per pixel of the mosaic level.
    place, extent
        Where the field's slot begins on the canvas, and how long it is.
    step
        Canvas pixels per pixel of the field's level.
    size
        Pixels of the field's level.

    Returns
    -------
    (first, last + 1) of the field's pixels, the slice of the stretch they fill, and which of them to take (None:
    each once); None where they do not meet.
    """
    if step == factor and place % factor == 0:  # pixel on pixel, as in nearly every plate
        first = int(place // factor)
        start, stop = max(ends[0], first), min(ends[1], first + min(size, ceil(extent / factor - 0.5)))
        return ((start - first, stop - first), slice(start - ends[0], stop - ends[0]), None) if start < stop else None
    start = max(ends[0], int(np.floor(place / factor)))
    stop = min(ends[1], ceil((place + extent) / factor))
    if stop <= start:
        return None
    centres = (np.arange(start, stop) + 0.5) * factor - place
    positions = np.floor(centres / step).astype(np.intp)
    inside = np.flatnonzero((centres >= 0) & (centres < extent) & (positions < size))
    if inside.size == 0:
        return None
    positions = positions[inside[0] : inside[-1] + 1]
    first, last = int(positions[0]), int(positions[-1]) + 1
    target = slice(start - ends[0] + int(inside[0]), start - ends[0] + int(inside[-1]) + 1)
    plain = last - first == len(positions)
    return (first, last), target, None if plain else positions - first
