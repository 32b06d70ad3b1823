"""From where something was drawn back to shapes of the OME model: the inverse of ``shape_geometry``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .annotation import Ellipse, Label, Line, Point, Polygon, Polyline, Rectangle, Shape, Transform
from .shape_geometry import PIXEL_CENTRE, place

if TYPE_CHECKING:
    from .annotation import Color
    from .shape_geometry import Outline

STRAIGHT = 1e-6
"""Part of its length by which a side may lean and still counts as along an axis."""
SAME_PLACE = 1e-3
"""Pixels by which corners may differ and still be the same: napari keeps some of them in single precision."""


def make_shape(outline: Outline, corners: np.ndarray, **common: Any) -> Shape:
    """Return the shape whose outline is drawn at some corners.

    Parameters
    ----------
    outline, corners
        As ``shape_geometry.place`` returns them: (n, 2) rows of y, x, pixel centres on whole numbers.
    common
        What all shapes share: text, plane, style.

    Raises
    ------
    ValueError
        There are too few corners, or some are no numbers.
    """
    points = np.asarray(corners, float)[:, ::-1] + PIXEL_CENTRE
    needed = {"rectangle": 4, "ellipse": 4, "polygon": 3, "path": 2, "line": 2, "point": 1}[outline]
    if len(points) < needed or not np.isfinite(points).all():
        raise ValueError(f"a {outline} needs {needed} corners that are numbers")
    if outline == "point":
        return Point(x=float(points[0, 0]), y=float(points[0, 1]), **common)
    if outline == "line":
        (x1, y1), (x2, y2) = points[:2].tolist()
        return Line(x1=x1, y1=y1, x2=x2, y2=y2, **common)
    if outline in ("path", "polygon"):
        kind = Polyline if outline == "path" else Polygon
        return kind(points=tuple((x, y) for x, y in points.tolist()), **common)
    return (_rectangle if outline == "rectangle" else _ellipse)(points, common)


def move_shape(before: Shape, outline: Outline, corners: np.ndarray) -> Shape:
    """Return a shape at its new place; of the same kind where the outline allows that, with all else as it was.

    Raises ``ValueError`` as ``make_shape`` does.
    """
    made = make_shape(outline, corners)
    if isinstance(before, Label) and isinstance(made, Point):
        return replace(before, x=made.x, y=made.y, transform=None)
    common = {name: getattr(before, name) for name in ("id", "text", "z", "t", "c", "style", "locked")}
    if isinstance(before, (Line, Polyline)) and isinstance(made, (Line, Polyline)):
        made = _as_kind_of(before, made)
        common |= {"marker_start": before.marker_start, "marker_end": before.marker_end}
    return replace(made, **common)


def is_at(shape: Shape, outline: Outline, corners: np.ndarray) -> bool:
    """Whether a shape is drawn by an outline with these corners; with which corner a box begins is the same."""
    drawn, own = place(shape)
    if drawn != outline or own.shape != corners.shape:
        return False
    if outline == "ellipse":
        return _is_same_ellipse(own, corners)
    variants = _box_variants(corners) if outline == "rectangle" else [corners]
    return any(bool(np.abs(own - one).max() <= SAME_PLACE) for one in variants)


def _box_variants(corners: np.ndarray) -> list[np.ndarray]:
    """Return the corners of a box from each corner on, both ways round."""
    return [np.roll(way, start, axis=0) for way in (corners, corners[::-1]) for start in range(4)]


def _is_same_ellipse(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two boxes are round the same ellipse: many are round a circle, so the boxes do not tell."""
    (centre, spread), (centre_2, spread_2) = _spread(one), _spread(other)
    largest = float(np.sqrt(np.trace(spread)))
    moved = np.abs(centre - centre_2).max() <= SAME_PLACE
    return bool(moved and np.abs(spread - spread_2).max() <= 2 * SAME_PLACE * max(largest, SAME_PLACE))


def _spread(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return centre and matrix of the ellipse that touches a box: x of its rim fulfil x' spread^-1 x = 1."""
    axes = np.array([corners[1] - corners[0], corners[3] - corners[0]]) / 2
    return corners.mean(axis=0), axes.T @ axes


def is_same(one: Shape, other: Shape) -> bool:
    """Whether two shapes say the same: place to a thousandth of a pixel, text, plane and colours."""
    if type(one) is not type(other) or not is_at(one, *place(other)):
        return False
    alike = all(getattr(one, name) == getattr(other, name) for name in ("text", "z", "t", "c"))
    fills = (_visible(shape.style.fill) for shape in (one, other))
    return alike and one.style.stroke == other.style.stroke and len(set(fills)) == 1


def _visible(color: Color | None) -> Color | None:
    return color if color is not None and color[3] else None


def _as_kind_of(before: Line | Polyline, made: Line | Polyline) -> Line | Polyline:
    """Return a line as a polyline where it was one: the OME model cannot change the kind of a shape."""
    if isinstance(before, Polyline) and isinstance(made, Line):
        return Polyline(points=((made.x1, made.y1), (made.x2, made.y2)))
    if isinstance(before, Line) and isinstance(made, Polyline) and len(made.points) == 2:
        (x1, y1), (x2, y2) = made.points
        return Line(x1=x1, y1=y1, x2=x2, y2=y2)
    return made


def _rectangle(points: np.ndarray, common: dict[str, Any]) -> Rectangle:
    along, across = points[1] - points[0], points[3] - points[0]
    if _is_straight(along, across):
        (x, y), (right, low) = points[:4].min(axis=0).tolist(), points[:4].max(axis=0).tolist()
        return Rectangle(x=x, y=y, width=right - x, height=low - y, **common)
    width, height = float(np.hypot(*along)), float(np.hypot(*across))
    matrix = np.column_stack([_direction(along), _direction(across)])
    return Rectangle(x=0.0, y=0.0, width=width, height=height, transform=_transform(matrix, points[0]), **common)


def _ellipse(points: np.ndarray, common: dict[str, Any]) -> Ellipse:
    centre, first, second = points[:4].mean(axis=0), (points[1] - points[0]) / 2, (points[3] - points[0]) / 2
    x, y = centre.tolist()
    if _is_straight(first, second):
        radius_x, radius_y = (np.abs(first) + np.abs(second)).tolist()
        return Ellipse(x=x, y=y, radius_x=radius_x, radius_y=radius_y, **common)
    matrix = np.column_stack([_direction(first), _direction(second)])
    radius_x, radius_y = float(np.hypot(*first)), float(np.hypot(*second))
    turned = _transform(matrix, centre - matrix @ centre)
    return Ellipse(x=x, y=y, radius_x=radius_x, radius_y=radius_y, transform=turned, **common)


def _is_straight(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two sides are along the axes, one each."""
    size = STRAIGHT * max(np.abs(first).max(), np.abs(second).max())
    return any(abs(first[i]) <= size and abs(second[1 - i]) <= size for i in (0, 1))


def _direction(side: np.ndarray) -> np.ndarray:
    length = np.hypot(*side)
    return side / length if length else np.array([1.0, 0.0])


def _transform(matrix: np.ndarray, moved: np.ndarray) -> Transform:
    (a00, a01), (a10, a11) = matrix.tolist()
    return Transform(a00, a10, a01, a11, *moved.tolist())
