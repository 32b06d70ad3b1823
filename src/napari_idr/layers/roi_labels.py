"""From rows to napari's Labels layers: masks pixel by pixel, and outlines that are too many to be drawn one by one.

A value is a shape; its row in the features says whose. Shapes that overlap go to layers of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.errors import NapariIdrError
from napari_idr.formats.mask_pixels import bits_to_pixels
from napari_idr.model.annotation import Mask
from napari_idr.model.raster import AREAS, cover, cover_mask, fill_polygons

from .roi_layers import LARGEST_SHAPES, STROKE, feature_table, layer_name
from .roi_rows import axes_needed, bounds, planes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari.layers import Layer

    from napari_idr.model.annotation import Color

    from .roi_rows import Frame, Row

LARGEST_PLANE = 1 << 24
"""Pixels of a plane (4096 x 4096) that is filled at full resolution; of larger ones only the part with masks is, or
the picture is coarser."""
LARGEST_VOLUME = 1 << 26
"""Pixels of all planes together: 128 MB."""
MOST_COVERED = 1 << 28
"""Pixels that all outlines cover together, each counted as often as it is covered; more would take seconds."""
MOST_OVERLAPS = 4
"""Layers that masks on top of each other are spread over."""
OPACITY = 0.6


@dataclass(frozen=True, slots=True)
class Window:
    """Part of a plane, and how coarsely it is filled."""

    top: int
    left: int
    height: int
    width: int
    step: int = 1

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the picture."""
        return -(-self.height // self.step), -(-self.width // self.step)

    @property
    def origin(self) -> tuple[float, float]:
        """Where the centre of the picture's first pixel lies in the plane."""
        shift = (self.step - 1) / 2
        return self.top + shift, self.left + shift


@dataclass(eq=False)
class Canvas:
    """One picture of labels, and the rows that its values 1, 2, 3 and on stand for."""

    pixels: np.ndarray
    rows: list[Row] = field(default_factory=list)

    def put(self, at: tuple[int, ...], top: int, left: int, inside: np.ndarray, row: Row) -> bool:
        """Mark a mask in a plane, unless something is there already."""
        plane = self.pixels[at]
        part = plane[top : top + inside.shape[0], left : left + inside.shape[1]]
        if part[inside].any():
            return False
        if not self.rows or self.rows[-1] is not row:
            self.rows.append(row)
        part[inside] = len(self.rows)
        return True


def can_fill(rows: Sequence[Row], frame: Frame) -> bool:
    """Whether the masks of all planes fit into memory."""
    return not rows or prod(frame.sizes) <= LARGEST_VOLUME


def build_masks(rows: Sequence[Row], frame: Frame, title: str, metadata: dict[str, Any]) -> tuple[list[Layer], str]:
    """Return the layers of masks, and a sentence about what they cannot show. May take seconds: not for the GUI."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(axes_needed(row, frame), []).append(row)
    layers, lost, coarse = [], 0, 1
    for names, group in groups.items():
        own = frame.kept(names)
        window = _window(group, frame)
        canvases, hidden = _fill(group, own, window)
        layers += [
            _labels(canvas, own, window, layer_name(title, "ROI masks", own, frame), metadata) for canvas in canvases
        ]
        lost, coarse = lost + hidden, max(coarse, window.step)
    said = [f"{lost} masks could not be read or lie beneath more than {MOST_OVERLAPS} others."] if lost else []
    said += [f"Masks are drawn at 1/{coarse} of the resolution."] if coarse > 1 else []
    return layers, " ".join(said)


def build_filled(rows: Sequence[Row], frame: Frame, title: str, metadata: dict[str, Any]) -> tuple[Layer, int]:
    """Return a layer in which outlines of one plane are filled, the later over the earlier, and how coarse it is."""
    own = frame.kept(("y", "x"))
    window = _window(rows, frame)
    canvas = Canvas(np.zeros(window.shape, _dtype(rows)), list(rows))
    many = [value for value, row in enumerate(rows, 1) if row.outline != "ellipse"]
    if many:
        fill_polygons([_inside_window(rows[value - 1], window) for value in many], many, canvas.pixels)
    for value, row in enumerate(rows, 1):
        if row.outline == "ellipse":
            top, left, inside = cover(row.outline, _inside_window(row, window), window.shape)
            canvas.pixels[top : top + inside.shape[0], left : left + inside.shape[1]][inside] = value
    return _labels(canvas, own, window, layer_name(title, "ROIs", own, own), metadata), window.step


def _inside_window(row: Row, window: Window) -> np.ndarray:
    """Return the corners of a row in pixels of a picture."""
    corners: np.ndarray = (row.corners - window.origin) / window.step
    return corners


def _dtype(rows: Sequence[Row]) -> type:
    return np.uint16 if len(rows) < 2**16 - 1 else np.int32


def fills(row: Row) -> bool:
    """Whether a row covers pixels."""
    return row.outline in AREAS


def _window(rows: Sequence[Row], frame: Frame) -> Window:
    """Return the whole plane where it is small, else the part that the rows lie in; coarser where that is too much."""
    plane = np.array(frame.plane)
    low, high = bounds(rows)
    first, last = (ends.clip(0, plane - 1).astype(int) for ends in (np.floor(low), np.ceil(high)))
    covered = float(np.prod(last - first + 1.0, axis=1).sum())
    top_left, size = np.zeros(2, int), plane
    if prod(frame.plane) > LARGEST_PLANE:
        top_left = first.min(axis=0)
        size = last.max(axis=0) - top_left + 1
    height, width = (int(side) for side in size)
    step = 1
    while -(-height // step) * -(-width // step) > LARGEST_PLANE or covered > MOST_COVERED * step**2:
        step *= 2
    return Window(int(top_left[0]), int(top_left[1]), height, width, step)


def _fill(rows: Sequence[Row], frame: Frame, window: Window) -> tuple[list[Canvas], int]:
    """Return pictures with the masks of all rows, and how many had no place in any."""
    empty = partial(np.zeros, (*frame.sizes[:-2], *window.shape), _dtype(rows))
    canvases: list[Canvas] = []
    lost = 0
    for row in rows:
        found = _covered(row, window)
        placed = found is not None
        for index in planes(row, frame) if found is not None else ():
            top, left, inside = found  # type: ignore[misc]
            placed &= _put(canvases, empty, index, top, left, inside, row)
        lost += not placed
    return canvases, lost


def _put(canvases: list[Canvas], empty: Callable[[], np.ndarray], *what: Any) -> bool:
    """Mark a mask in the first picture where nothing is in its way, or in a new one. False where none is left."""
    if any(canvas.put(*what) for canvas in canvases):
        return True
    if len(canvases) == MOST_OVERLAPS:
        return False
    canvases.append(Canvas(empty()))
    return canvases[-1].put(*what)


def _covered(row: Row, window: Window) -> tuple[int, int, np.ndarray] | None:
    """Return the pixels of a picture that a mask marks; None for one that cannot be read."""
    shape = row.shape
    if not isinstance(shape, Mask) or shape.bits is None:
        return None
    try:
        pixels = bits_to_pixels(shape.bits, round(shape.height), round(shape.width), shape.id)
    except NapariIdrError:
        return None
    top, left, inside = cover_mask(shape, pixels, (window.top + window.height, window.left + window.width))
    if window.step == 1:
        return top - window.top, left - window.left, inside
    return _thinned(top - window.top, left - window.left, inside, window.step)


def _thinned(top: int, left: int, inside: np.ndarray, step: int) -> tuple[int, int, np.ndarray]:
    """Return every ``step``-th pixel of a mask, those nearest to the middle of a coarse pixel."""
    first_row, first_column = (-(-(at - step // 2) // step) for at in (top, left))
    rows = slice(first_row * step + step // 2 - top, None, step)
    columns = slice(first_column * step + step // 2 - left, None, step)
    return first_row, first_column, inside[rows, columns]


def _labels(canvas: Canvas, frame: Frame, window: Window, name: str, metadata: dict[str, Any]) -> Layer:
    from napari.layers import Labels

    y, x = window.origin
    scale = (*frame.scale[:-2], *(size * window.step for size in frame.scale[-2:]))
    shift = (
        *frame.translate[:-2],
        frame.translate[-2] + y * frame.scale[-2],
        frame.translate[-1] + x * frame.scale[-1],
    )
    table = feature_table(canvas.rows)
    table.insert(0, "index", range(1, len(canvas.rows) + 1))
    options = {**frame.options(), "scale": scale, "translate": shift}
    layer = Labels(
        canvas.pixels,
        name=name,
        features=table,
        opacity=OPACITY,
        metadata={"napari_idr": metadata},
        **_colormap(canvas.rows),
        **options,
    )
    layer.editable = False
    return layer


def _colormap(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the shapes' own colours; where there are many shapes of many colours, napari's."""
    from napari.utils.colormaps import DirectLabelColormap

    colors = [np.array(color) / 255 for color in _shown(rows)]
    distinct = {tuple(color) for color in colors}
    if len(distinct) == 1:
        return {"colormap": DirectLabelColormap(color_dict={None: colors[0], 0: np.zeros(4)})}
    if len(rows) > LARGEST_SHAPES:
        return {}
    by_value: dict[int | None, Any] = {None: np.zeros(4), 0: np.zeros(4), **dict(enumerate(colors, 1))}
    return {"colormap": DirectLabelColormap(color_dict=by_value)}


def _shown(rows: Sequence[Row]) -> Iterator[Color]:
    """Yield the colour of each shape: of its filling, else of its line."""
    for row in rows:
        style = row.shape.style
        chosen = style.fill if style.fill is not None and style.fill[3] else style.stroke or STROKE
        yield (*chosen[:3], 255)
