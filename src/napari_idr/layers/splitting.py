"""Cuts what was drawn across planes or fields into pieces that each lie on one.

Across planes: the whole outline on each plane that it touches. Across fields: an area is cut at the edges of the
fields (an ellipse becomes a polygon), a line or path is cut where it leaves them.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.model.annotation_set import new_uuid
from napari_idr.model.shape_geometry import ellipse_outline

from .annotation_rows import rows_of_points, rows_of_shapes
from .annotation_table import EVERY, NUMBER, UUID, TableReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .annotation_rows import LayerRow
    from .layer_watch import LayerWatch

Rectangle = tuple[float, float, float, float]
"""Lower y and x, upper y and x, in pixel centres."""
ELLIPSE_CORNERS = 64
SMALLEST = 1e-3
"""Pixels square below which a piece is no piece."""
Rows = list[tuple["LayerRow", dict[str, Any]]]


def split_rows(watch: LayerWatch, uuid: str) -> tuple[Rows, Rows]:
    """Return the pieces of the rows of one uuid, each with a uuid of its own, and the rows as they are."""
    indices = watch.rows.get(uuid, [])
    read = rows_of_points if watch.kind == "points" else rows_of_shapes
    reader = TableReader(watch.layer.features)
    pieces: Rows = []
    cut: Rows = []
    for index, row in zip(indices, read(watch.layer, indices, watch.frame), strict=True):
        said = _said(reader, index)
        cut.append((row, said))
        pieces += [(piece, {**said, UUID: new_uuid(), NUMBER: 0, EVERY: ""}) for piece in pieces_of(watch, row)]
    return pieces, cut


def pieces_of(watch: LayerWatch, row: LayerRow) -> list[LayerRow]:
    """Return the pieces of one row, in the layer's coordinates."""
    pixels, grid = watch.pixels, watch.grid
    found = []
    for flat in _by_plane(pixels.to_grid(row.data)):
        touched = getattr(grid, "touched", None)
        parts = [(row.outline, flat)] if touched is None else list(_by_field(row.outline, flat, touched(flat[:, -2:])))
        found += [replace(row, outline=kind, data=pixels.to_layer(part)) for kind, part in parts]
    return found


def _by_plane(where: np.ndarray) -> list[np.ndarray]:
    """Return the whole outline on each plane that one of its vertices lies on."""
    planes = np.unique(np.floor(where[:, :-2] + 0.5), axis=0)
    return [np.hstack([np.tile(plane, (len(where), 1)), where[:, -2:]]) for plane in planes]


def _by_field(outline: Any, where: np.ndarray, slots: Any) -> Iterator[tuple[Any, np.ndarray]]:
    plane, corners = where[:1, :-2], where[:, -2:]
    for slot in slots:
        box = (slot.y - 0.5, slot.x - 0.5, slot.y + slot.height - 0.5, slot.x + slot.width - 0.5)
        for kind, part in clipped(outline, corners, box):
            yield kind, np.hstack([np.tile(plane, (len(part), 1)), part])


def clipped(outline: Any, corners: np.ndarray, box: Rectangle) -> list[tuple[Any, np.ndarray]]:
    """Return what of an outline lies inside a rectangle: a kind and corners (rows of y, x) per piece."""
    if outline == "point":
        inside = (corners >= box[:2]).all() and (corners <= box[2:]).all()
        return [("point", corners)] if inside else []
    if outline in ("line", "path"):
        return [("line" if len(part) == 2 else "path", part) for part in _clipped_path(corners, box)]
    if outline == "ellipse":
        corners = ellipse_outline(corners, ELLIPSE_CORNERS)
    part = _clipped_area(corners, box)
    if len(part) < 3 or _area(part) < SMALLEST:
        return []
    kind = "rectangle" if outline == "rectangle" and _is_box(part) else "polygon"
    return [(kind, part)]


def _clipped_area(corners: np.ndarray, box: Rectangle) -> np.ndarray:
    """Cut a polygon with one side of a rectangle after another (Sutherland and Hodgman)."""
    for axis, limit, sign in ((0, box[0], 1), (1, box[1], 1), (0, box[2], -1), (1, box[3], -1)):
        kept = []
        for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            a, b = sign * (start[axis] - limit), sign * (end[axis] - limit)
            if a >= 0:
                kept.append(start)
            if a * b < 0:
                kept.append(start + (end - start) * (a / (a - b)))
        corners = np.array(kept).reshape(-1, 2)
    steps = np.abs(corners - np.roll(corners, 1, axis=0)).max(axis=1, initial=0.0)
    distinct: np.ndarray = corners[steps > 1e-9]
    return distinct


def _clipped_path(corners: np.ndarray, box: Rectangle) -> list[np.ndarray]:
    """Return the stretches of a path that lie inside a rectangle."""
    parts: list[list[np.ndarray]] = []
    for start, end in pairwise(corners):
        inside = _clipped_segment(start, end, box)
        if inside is None:
            continue
        if parts and np.allclose(parts[-1][-1], inside[0]):
            parts[-1].append(inside[1])
        else:
            parts.append([*inside])
    return [np.array(part) for part in parts]


def _clipped_segment(start: np.ndarray, end: np.ndarray, box: Rectangle) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the part of a segment inside a rectangle (Liang and Barsky)."""
    first, last, step = 0.0, 1.0, end - start
    for axis in (0, 1):
        low, high = box[axis] - start[axis], box[axis + 2] - start[axis]
        if step[axis] == 0:
            if low > 0 or high < 0:
                return None
            continue
        near, far = sorted((low / step[axis], high / step[axis]))
        first, last = max(first, near), min(last, far)
    return (start + first * step, start + last * step) if first < last else None


def _is_box(corners: np.ndarray) -> bool:
    upright = all(np.isclose(*pair).any() for pair in zip(corners, np.roll(corners, 1, axis=0), strict=True))
    return len(corners) == 4 and upright


def _area(corners: np.ndarray) -> float:
    y, x = corners.T
    return float(abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2)


def _said(reader: TableReader, index: int) -> dict[str, Any]:
    said = reader.said(index)
    own = {UUID: said.uuid, NUMBER: said.number, "name": said.name, "class": said.object_class}
    return {**own, "status": said.status, "comment": said.comment, EVERY: " ".join(said.every), **dict(said.features)}
