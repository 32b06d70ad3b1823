"""A plate as one image: a level over the levels of many fields, which may differ and may not be known yet."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from napari_idr.errors import FormatError

from .chunks import box_shape
from .level import Level, Pending, Wishes, allocate

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from .chunks import Box
    from .mosaic_layout import FieldKey, Layout, Slot

CANVAS_PIXELS = 4 << 20
"""Levels up to this size keep what was painted: an overview of 384 wells costs what arrived, not 384 pastes."""

KEPT_PLANES = 3


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


class Fields(Protocol):
    """Where a mosaic finds its fields; implemented in ``readers.plate``."""

    def known(self, key: FieldKey) -> FieldLevels | None:
        """Return what is known of a field now, None while nothing is; never waits."""
        ...

    def ask(self, key: FieldKey, complete: bool) -> None:
        """Ask for a field's metadata, for all of them or just enough to show it from afar; never waits."""
        ...

    def wait(self, keys: Sequence[FieldKey]) -> Mapping[FieldKey, FieldLevels]:
        """Return all of the fields' metadata. May block; raises where it could not be read."""
        ...


@dataclass(frozen=True, slots=True)
class MosaicAxes:
    """Axes of a mosaic before y and x, with their lengths: ``(("t", 3), ("z", 10))``."""

    leading: tuple[tuple[str, int], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all axes."""
        return (*(name for name, _ in self.leading), "y", "x")


@dataclass(frozen=True, eq=False, slots=True)
class _Piece:
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


@dataclass(eq=False, slots=True)
class _Canvas:
    """One plane of an overview, painted as its fields come."""

    pixels: np.ndarray
    painted: dict[FieldKey, FieldLevels] = field(default_factory=dict)


class MosaicLevel(Level):
    """One level of a plate: canvas pixels ``factor`` to one, over the levels of its fields.

    Parameters
    ----------
    layout
        Where the fields lie.
    fields
        What is known of them.
    axes
        Axes before y and x, with lengths; a field with fewer planes is empty beyond them.
    factor
        Canvas pixels per pixel of this level, for y and x alike.
    dtype
        Type of the pixels; a field of a type that does not fit is refused when read exactly.
    tile
        Chunk of the fields, (y, x), in pixels of this level: the unit in which napari asks.
    """

    def __init__(
        self,
        layout: Layout,
        fields: Fields,
        axes: MosaicAxes,
        factor: float,
        dtype: np.dtype[Any],
        tile: tuple[int, int] = (512, 512),
    ) -> None:
        self.layout, self.fields, self.axes, self.factor = layout, fields, axes, factor
        plane = (ceil(layout.height / factor), ceil(layout.width / factor))
        self.shape = (*(length for _, length in axes.leading), *plane)
        self.dtype = np.dtype(dtype)
        self.chunks = (*(1 for _ in axes.leading), *(min(t, s) for t, s in zip(tile, plane, strict=True)))
        self._canvases: OrderedDict[tuple[int, ...], _Canvas] = OrderedDict()

    # -- exact

    def begin(self, box: Box) -> Pending:
        """Start an exact read; where it waits for metadata it does so in ``result()``."""
        return _MosaicRead(self, box)

    def pieces(self, box: Box, known: Mapping[FieldKey, FieldLevels]) -> list[_Piece]:
        """Return what each field contributes to an exact read of a box."""
        found = []
        for slot in self._slots(box):
            levels = known[slot.key]
            if levels.levels:
                self._check_fits(slot, levels)
                piece = self._piece(slot, levels, box)
                if piece is not None:
                    found.append(piece)
        return found

    def _check_fits(self, slot: Slot, levels: FieldLevels) -> None:
        height, width = levels.extent
        if height > slot.height or width > slot.width:
            what = f"Field {slot.key[1]} of well {slot.key[0]} is larger than its place ({height} x {width} pixels)"
        elif not np.can_cast(levels.levels[0].dtype, self.dtype, "safe"):
            what = f"Field {slot.key[1]} of well {slot.key[0]} holds {levels.levels[0].dtype}, not {self.dtype}"
        else:
            return
        raise FormatError(what, "this view of the plate", "open the plate again, its layout is known better now")

    # -- for display

    def best(self, box: Box, wishes: Wishes) -> np.ndarray:
        """Return what is known of a box; wish for chunks and for the metadata of fields not known yet."""
        canvas = self._canvas(box)
        if canvas is None:
            out = np.zeros(box_shape(box), self.dtype)
            for slot in self._slots(box):
                wishes.distance = self._distance(slot, box)
                self._paint(slot, box, out, wishes)
            return out
        whole = (*box[:-2], (0, self.shape[-2]), (0, self.shape[-1]))
        for slot in self._slots(box):
            self._paint_once(slot, whole, canvas, wishes, self._distance(slot, box))
        (y0, y1), (x0, x1) = box[-2:]
        return canvas.pixels[..., y0:y1, x0:x1].copy()

    def locate(self, point: tuple[int, ...]) -> Hashable | None:
        """Return the key of the chunk, or of the field not known yet, that holds a point."""
        box = tuple((place, place + 1) for place in point)
        for slot in reversed(self._slots(box)):
            known = self.fields.known(slot.key)
            if known is None or not (known.complete or known.reaches(self.factor)):
                return slot.key
            piece = self._piece(slot, known, box) if known.levels else None
            if piece is not None:
                take = [0 if positions is None else int(positions[0]) for positions in piece.take]
                starts = [start for start, _ in piece.box]
                return piece.level.locate((*starts[:-2], starts[-2] + take[0], starts[-1] + take[1]))
        return None

    def _canvas(self, box: Box) -> _Canvas | None:
        if self.shape[-2] * self.shape[-1] > CANVAS_PIXELS or any(e - s != 1 for s, e in box[:-2]):
            return None
        at = tuple(start for start, _ in box[:-2])
        canvas = self._canvases.pop(at, None)
        if canvas is None:
            canvas = _Canvas(np.zeros((*(1 for _ in at), *self.shape[-2:]), self.dtype))
        self._canvases[at] = canvas
        while len(self._canvases) > KEPT_PLANES:
            self._canvases.popitem(last=False)
        return canvas

    def _paint_once(self, slot: Slot, whole: Box, canvas: _Canvas, wishes: Wishes, distance: float) -> None:
        known = self.fields.known(slot.key)
        if known is not None and canvas.painted.get(slot.key) is known:
            return
        missing = Wishes(distance=distance)
        if self._paint(slot, whole, canvas.pixels, missing):
            for above in self._above(slot):
                canvas.painted.pop(above.key, None)
        if known is not None and not missing.missing:
            canvas.painted[slot.key] = known
        wishes.chunks.update(missing.chunks)
        wishes.metadata.update(missing.metadata)

    def _above(self, slot: Slot) -> list[Slot]:
        """Return the fields that overlap one and lie above it."""
        near = list(self.layout.touching(slot.y, slot.y + slot.height, slot.x, slot.x + slot.width))
        return near[near.index(slot) + 1 :]

    def _paint(self, slot: Slot, box: Box, out: np.ndarray, wishes: Wishes) -> bool:
        known = self.fields.known(slot.key)
        if known is None or not (known.complete or known.reaches(self.factor)):
            wishes.metadata[slot.key] = partial(self.fields.ask, slot.key, known is not None)
        piece = self._piece(slot, known, box) if known is not None and known.levels else None
        if piece is not None:
            out[piece.target] = piece.arrange(piece.level.best(piece.box, wishes), self.dtype)
        return piece is not None

    def _distance(self, slot: Slot, box: Box) -> float:
        (y0, y1), (x0, x1) = box[-2:]
        middle = ((y0 + y1) / 2 * self.factor, (x0 + x1) / 2 * self.factor)
        y = (slot.y + slot.height / 2 - middle[0]) / self.layout.pitch[0]
        x = (slot.x + slot.width / 2 - middle[1]) / self.layout.pitch[1]
        return 100 * (y * y + x * x)

    # -- geometry

    def _slots(self, box: Box) -> list[Slot]:
        (y0, y1), (x0, x1) = box[-2:]
        f = self.factor
        return list(self.layout.touching(y0 * f, y1 * f, x0 * f, x1 * f))

    def _piece(self, slot: Slot, known: FieldLevels, box: Box) -> _Piece | None:
        index = known.level_for(self.factor)
        level, pixel = known.levels[index], known.pixel[index]
        sampled = [
            sample_axis(ends, self.factor, place, extent, step, size)
            for ends, place, extent, step, size in zip(
                box[-2:], (slot.y, slot.x), (slot.height, slot.width), pixel, level.shape[-2:], strict=True
            )
        ]
        leading = self._leading(known, level, box)
        if leading is None or any(sample is None for sample in sampled):
            return None
        (rows, ys, take_y), (columns, xs, take_x) = sampled  # type: ignore[misc]
        inner, targets, axes = leading
        inner[known.axes.index("y")], inner[known.axes.index("x")] = rows, columns
        order = (*axes, known.axes.index("y"), known.axes.index("x"))
        return _Piece(level, tuple(inner), (take_y, take_x), (*targets, ys, xs), order)

    def _leading(
        self, known: FieldLevels, level: Level, box: Box
    ) -> tuple[list[tuple[int, int]], list[slice], list[int]] | None:
        """Return the field's box, the target's slices and the axis order, for the axes before y and x."""
        inner: list[tuple[int, int]] = [(0, 1)] * level.ndim
        targets, axes = [], []
        for (name, _), (start, stop) in zip(self.axes.leading, box[:-2], strict=True):
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


@dataclass(frozen=True, slots=True)
class _MosaicRead:
    level: MosaicLevel
    box: Box

    def result(self) -> np.ndarray:
        out = allocate(self.box, self.level.dtype)
        keys = [slot.key for slot in self.level._slots(self.box)]  # noqa: SLF001 - the read half of the level
        pieces = self.level.pieces(self.box, self.level.fields.wait(keys))
        pending = [piece.level.begin(piece.box) for piece in pieces]
        for piece, read in zip(pieces, pending, strict=True):
            out[piece.target] = piece.arrange(read.result(), self.level.dtype)
        return out
