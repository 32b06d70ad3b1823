"""Label images brought onto the pixels of their image, part by part, so that none is held in memory as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from napari_idr.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_idr.model.annotation_set import AnnotatedImage, LabelImage

Box = tuple[slice, ...]

PART_PIXELS = 1 << 24
"""Pixels of a label image that are looked at at a time."""
LARGEST_FLAGGED = 1 << 26
"""Values up to which it is ticked off which occur, a byte each: a fifth of the time that sorting takes."""


@dataclass(frozen=True, slots=True, eq=False)
class PlacedLabels:
    """A label image as large as its image: 0 outside of it, on all planes of an axis that it lacks."""

    label: LabelImage
    axes: tuple[str, ...]
    shape: tuple[int, ...]
    factors: tuple[float, ...]
    """Pixels of the finest level per pixel of the label image, along each axis."""

    def read(self, box: Box) -> np.ndarray:
        """Return the values of a box, of the type of the label image."""
        label = self.label
        steps = {axis: (part, factor) for axis, part, factor in zip(self.axes, box, self.factors, strict=True)}
        found = [
            _inside(*steps[axis], start, size)
            for axis, start, size in zip(label.axes, label.start, label.pixels.shape, strict=True)
        ]
        part = np.zeros(
            [stop.stop - stop.start for stop in (steps[axis][0] for axis in label.axes)], label.pixels.dtype
        )
        if all(len(places) for places, _ in found):
            part[np.ix_(*(places for places, _ in found))] = _taken(label.pixels, [sources for _, sources in found])
        missing = [position for position, axis in enumerate(self.axes) if axis not in label.axes]
        return np.broadcast_to(np.expand_dims(part, missing), [step.stop - step.start for step in box])

    def is_empty(self, box: Box) -> bool:
        """Return whether a box lies outside of what was labelled."""
        label = self.label
        parts = dict(zip(self.axes, zip(box, self.factors, strict=True), strict=True))
        return not all(
            len(_inside(*parts[axis], start, size)[0])
            for axis, start, size in zip(label.axes, label.start, label.pixels.shape, strict=True)
        )


def _inside(part: slice, factor: float, start: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which places of a part of the image are labelled, and by which pixels of the label image."""
    sources = np.floor((np.arange(part.start, part.stop) + 0.5) / factor).astype(np.int64) - start
    places = np.flatnonzero((sources >= 0) & (sources < size))
    return places, sources[places]


def _taken(pixels: np.ndarray, sources: Sequence[np.ndarray]) -> np.ndarray:
    window = np.asarray(pixels[tuple(slice(int(source[0]), int(source[-1]) + 1) for source in sources)])
    for axis, source in enumerate(sources):
        if len(source) != window.shape[axis]:
            window = window.take(source - source[0], axis)
    return window


def placed(label: LabelImage, image: AnnotatedImage, axes: tuple[str, ...]) -> PlacedLabels:
    """Return a label image on the pixels of the finest level of its image; ``axes`` are those of the result.

    Raises ``FormatError`` where it cannot lie on this image.
    """
    if not 0 <= label.level < len(image.level_factors):
        raise FormatError(
            f"There is no level {label.level} for the label image", label.name, "check which image it is of"
        )
    factor = image.level_factors[label.level]
    factors = {axis: factor if axis in "yx" else 1.0 for axis in axes}
    for axis, start, size in zip(label.axes, label.start, label.pixels.shape, strict=True):
        room = coarse_size(image.size(axis), factors.get(axis, 1.0))
        if start < 0 or start + size > room:
            what = f"The label image reaches from {start} to {start + size} along {axis}, its image has {room} pixels"
            raise FormatError(what, label.name, "check which image it is of")
    shape = tuple(image.size(axis) for axis in axes)
    return PlacedLabels(label, axes, shape, tuple(factors[axis] for axis in axes))


def coarse_size(size: int, factor: float) -> int:
    """Return how many pixels of a coarser level lie under ``size`` pixels of the finest."""
    return int((size - 0.5) / factor) + 1


def original_pixels(
    full: np.ndarray,
    full_axes: tuple[str, ...],
    image: AnnotatedImage,
    wanted: tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...], int],
) -> np.ndarray:
    """Return the pixels of a label image as they were before they were placed: the way back of ``placed``.

    ``wanted`` holds its axes, its shape, its first pixel, and its level. Raises ``FormatError`` where they lie outside.
    """
    axes, shape, origin, level = wanted
    if level >= len(image.level_factors) or not set(axes) <= set(full_axes):
        raise FormatError("The record of the label image does not fit its pixels", image.name, "leave the record out")
    factor = image.level_factors[level]
    box: list[slice] = []
    steps: list[np.ndarray | None] = []
    for axis, size in zip(full_axes, full.shape, strict=True):
        if axis not in axes:
            box.append(slice(0, 1))
            steps.append(None)
            continue
        start, count = origin[axes.index(axis)], shape[axes.index(axis)]
        if axis == "t" and count == size == 1:
            start = 0  # a file per time point
        by = factor if axis in "yx" else 1.0
        if count < 1 or start + count > coarse_size(size, by):
            raise FormatError("The record of the label image does not fit its pixels", image.name, "leave it out")
        indices = np.minimum(np.floor((np.arange(start, start + count) + 0.5) * by).astype(np.int64), size - 1)
        box.append(slice(int(indices[0]), int(indices[-1]) + 1))
        steps.append(None if by == 1.0 else indices - indices[0])
    part = np.asarray(full[tuple(box)])
    for position, step in enumerate(steps):
        part = part if step is None else part.take(step, position)
    dropped = tuple(position for position, axis in enumerate(full_axes) if axis not in axes)
    return part.squeeze(dropped)


def is_whole(
    wanted: tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...], int], axes: tuple[str, ...], shape: Sequence[int]
) -> bool:
    """Return whether what is wanted of an array is all of it, so that it need not be read."""
    return (wanted[0], wanted[1], wanted[3]) == (axes, tuple(shape), 0)


def boxes(shape: Sequence[int], steps: Sequence[int]) -> Iterator[Box]:
    """Yield boxes of at most ``steps`` pixels that cover a shape, in C order."""
    ranges = [range(0, size, step) for size, step in zip(shape, steps, strict=True)]
    for starts in product(*ranges):
        yield tuple(
            slice(start, min(start + step, size)) for start, step, size in zip(starts, steps, shape, strict=True)
        )


def parts(shape: Sequence[int], most: int = PART_PIXELS) -> Iterator[Box]:
    """Yield boxes of at most ``most`` pixels, of whole rows where they fit."""
    steps, room = [], most
    for size in reversed(shape):
        steps.append(max(1, min(size, room)))
        room = max(1, room // size)
    return boxes(shape, steps[::-1])


def label_values(label: LabelImage) -> np.ndarray:
    """Return the values that occur in a label image but for the background, sorted.

    Raises ``FormatError`` where its pixels are not whole numbers from 0 on.
    """
    check_type(label.pixels.dtype, label.name)
    found: set[int] = set()
    for box in parts(label.pixels.shape):
        found.update(_values(np.asarray(label.pixels[box]), label.name))
    return np.array(sorted(found - {0}), np.uint64)


def check_type(dtype: np.dtype, name: str) -> None:
    """Refuse pixels that are no whole numbers."""
    if dtype.kind not in "iu":
        raise FormatError(f"The label image holds {dtype}, not whole numbers", name, "make whole numbers of them first")


def _values(part: np.ndarray, name: str) -> list[int]:
    if not part.size:
        return []
    if part.dtype.kind == "i" and part.min() < 0:
        raise FormatError("The label image holds negative values", name, "number its objects from 1 on")
    largest = int(part.max())
    if largest >= LARGEST_FLAGGED:
        return [int(value) for value in np.unique(part)]
    seen = np.zeros(largest + 1, bool)
    seen[part.reshape(-1)] = True
    return np.flatnonzero(seen).tolist()
