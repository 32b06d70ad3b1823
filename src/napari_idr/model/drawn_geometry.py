"""From what was drawn on pixel centres to OME's shapes: the way back from ``shape_geometry``.

A rectangle or ellipse that was turned keeps its kind and gets a transform about its centre. Four corners that are no
rectangle are a polygon; an ellipse in a skewed box is the ellipse that touches the middle of the box's sides, as napari
draws it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .annotation import Ellipse, Label, Line, Mask, Point, Polygon, Polyline, Rectangle, Transform
from .shape_geometry import PIXEL_CENTRE, place

if TYPE_CHECKING:
    from .annotation import Color, Shape
    from .shape_geometry import Outline

SAME = 5e-5
"""Pixels by which corners may differ that are still the same place, ..."""
SINGLE = 2e-7
"""... and by which part of their coordinates: napari keeps the corners of shapes in single precision."""


SAME_PLACE = 1e-3
"""Pixels by which corners may differ that were once sent to a server, and are still the same for it."""
FEWEST = {"rectangle": 4, "ellipse": 4, "polygon": 3, "path": 2, "line": 2, "point": 1}


def check_corners(kind: Outline, corners: np.ndarray) -> None:
    """Raise ``ValueError`` where there are too few corners for an outline, or some are no numbers."""
    if len(corners) < FEWEST[kind] or not np.isfinite(corners).all():
        raise ValueError(f"a {kind} needs {FEWEST[kind]} corners that are numbers")


def drawn(kind: Outline, corners: np.ndarray, **common: Any) -> Shape:
    """Return the shape that somebody drew.

    Parameters
    ----------
    kind
        As napari names it.
    corners
        (n, 2) rows of y, x; pixel centres are whole numbers.
    common
        Of ``Shape``: z, t, c, text, style.
    """
    points = np.asarray(corners, float)[:, ::-1] + PIXEL_CENTRE
    if kind == "point":
        return Point(x=float(points[0, 0]), y=float(points[0, 1]), **common)
    if kind == "line":
        (x1, y1), (x2, y2) = points.tolist()
        return Line(x1=x1, y1=y1, x2=x2, y2=y2, **common)
    if kind == "rectangle":
        return _rectangle(points, common)
    if kind == "ellipse":
        return _ellipse(points, common)
    vertices = tuple((x, y) for x, y in points.tolist())
    return Polyline(points=vertices, **common) if kind == "path" else Polygon(points=vertices, **common)


def redrawn(before: Shape, kind: Outline, corners: np.ndarray) -> Shape:
    """Return a shape whose outline was edited; all that is not its place stays as it was.

    A shape that was not moved is returned as it is, a mask that was moved as a whole stays a mask.
    """
    known_kind, known = place(before)
    moved = np.asarray(corners, float)
    alike = kind == known_kind or {kind, known_kind} == {"line", "path"}
    if alike and len(moved) == len(known) and same_place(kind, moved, known):
        return before
    common = {name: getattr(before, name) for name in ("id", "text", "z", "t", "c", "style", "locked")}
    if isinstance(before, Mask) and kind == known_kind:
        shift = (moved - known).mean(axis=0)
        if before.transform is None and np.abs(moved - known - shift).max() <= _slack(moved):
            return replace(before, x=before.x + float(shift[1]), y=before.y + float(shift[0]))
    made = drawn(kind, moved, **common)
    if isinstance(before, Label) and isinstance(made, Point):
        return Label(x=made.x, y=made.y, **common)
    if isinstance(before, (Line, Polyline)) and isinstance(made, (Line, Polyline)):
        made = _as_kind_of(before, made, common)
        return replace(made, marker_start=before.marker_start, marker_end=before.marker_end)
    return made


def _as_kind_of(before: Line | Polyline, made: Line | Polyline, common: dict[str, Any]) -> Line | Polyline:
    """Return a line as a polyline where it was one: the OME model cannot change the kind of a shape."""
    if isinstance(before, Polyline) and isinstance(made, Line):
        return Polyline(points=((made.x1, made.y1), (made.x2, made.y2)), **common)
    if isinstance(before, Line) and isinstance(made, Polyline) and len(made.points) == 2:
        (x1, y1), (x2, y2) = made.points
        return Line(x1=x1, y1=y1, x2=x2, y2=y2, **common)
    return made


def is_at(shape: Shape, outline: Outline, corners: np.ndarray) -> bool:
    """Whether a shape is drawn by an outline with these corners, to a thousandth of a pixel."""
    kind, own = place(shape)
    return kind == outline and own.shape == corners.shape and same_place(kind, own, corners, SAME_PLACE)


def is_same(one: Shape, other: Shape) -> bool:
    """Whether two shapes say the same: place to a thousandth of a pixel, text, plane and colours."""
    if type(one) is not type(other) or not is_at(one, *place(other)):
        return False
    alike = all(getattr(one, name) == getattr(other, name) for name in ("text", "z", "t", "c"))
    fills = (_visible(shape.style.fill) for shape in (one, other))
    return alike and one.style.stroke == other.style.stroke and len(set(fills)) == 1


def _visible(color: Color | None) -> Color | None:
    return color if color is not None and color[3] else None


def same_place(kind: Outline, one: np.ndarray, other: np.ndarray, tolerance: float | None = None) -> bool:
    """Return whether two outlines of the same kind and number of corners lie on one another.

    The corners of a rectangle may begin anywhere and run either way round, and many boxes are round one ellipse.
    ``tolerance`` is in pixels, that of single precision where it is None.
    """
    slack = _slack(other) if tolerance is None else tolerance
    if kind == "ellipse":
        return _is_same_ellipse(one, other, slack)
    ways = [one]
    if kind == "rectangle":
        ways = [np.roll(way, step, axis=0) for way in (one, one[::-1]) for step in range(len(one))]
    return any(bool(np.abs(way - other).max(initial=0.0) <= slack) for way in ways)


def _is_same_ellipse(one: np.ndarray, other: np.ndarray, slack: float) -> bool:
    """Whether two boxes are round the same ellipse: many are round a circle, so the boxes do not tell."""
    (centre, spread), (centre_2, spread_2) = _spread(one), _spread(other)
    largest = float(np.sqrt(np.trace(spread)))
    moved = np.abs(centre - centre_2).max() > slack
    return not moved and bool(np.abs(spread - spread_2).max() <= 2 * slack * max(largest, slack))


def _spread(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return centre and matrix of the ellipse that touches a box: x of its rim fulfil x' spread^-1 x = 1."""
    points = np.asarray(corners, float)
    axes = np.array([points[1] - points[0], points[3] - points[0]]) / 2
    return points.mean(axis=0), axes.T @ axes


def _slack(points: np.ndarray) -> float:
    """Return the pixels by which single precision may have moved a corner."""
    return SAME + SINGLE * float(np.abs(points).max(initial=0.0))


def _rectangle(points: np.ndarray, common: dict[str, Any]) -> Shape:
    along, across = points[1] - points[0], points[3] - points[0]
    gap = np.abs(points[0] + points[2] - points[1] - points[3]).max()
    if gap > 2 * _slack(points) or _skew(along, across) > 2 * _slack(points):
        return Polygon(points=tuple((x, y) for x, y in points.tolist()), **common)
    if _tilt(along, across) <= _slack(points):
        (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        return Rectangle(x=left, y=top, width=right - left, height=bottom - top, **common)
    width, height = float(np.hypot(*along)), float(np.hypot(*across))
    x, y = points.mean(axis=0).tolist()
    turned = _turn(along if width >= height else _quarter(across), (x, y))
    return Rectangle(x=x - width / 2, y=y - height / 2, width=width, height=height, transform=turned, **common)


def _ellipse(points: np.ndarray, common: dict[str, Any]) -> Shape:
    x, y = points.mean(axis=0).tolist()
    along, across = (points[1] - points[0]) / 2, (points[3] - points[0]) / 2
    if _skew(along, across) > _slack(points):
        directions, radii, _ = np.linalg.svd(np.array([along, across]).T)
        along, across = (directions * radii).T
    if _tilt(along, across) <= _slack(points) / 2:
        radius_x, radius_y = np.abs([along, across]).max(axis=0).tolist()
        return Ellipse(x=x, y=y, radius_x=radius_x, radius_y=radius_y, **common)
    radius_x, radius_y = float(np.hypot(*along)), float(np.hypot(*across))
    turned = _turn(along if radius_x >= radius_y else _quarter(across), (x, y))
    return Ellipse(x=x, y=y, radius_x=radius_x, radius_y=radius_y, transform=turned, **common)


def _skew(along: np.ndarray, across: np.ndarray) -> float:
    """Return by how many pixels two sides miss the right angle."""
    return float(abs(along @ across) / max(np.hypot(*along), np.hypot(*across), 1e-30))


def _tilt(along: np.ndarray, across: np.ndarray) -> float:
    """Return by how many pixels two sides rise, that would run along the axes."""
    return float(min(max(abs(along[0]), abs(across[1])), max(abs(along[1]), abs(across[0]))))


def _quarter(vector: np.ndarray) -> np.ndarray:
    """Return a vector turned back by a quarter: along the side that precedes it."""
    return np.array([vector[1], -vector[0]])


def _turn(direction: np.ndarray, centre: tuple[float, float]) -> Transform:
    """Return the rotation about a centre that turns the x axis into a direction."""
    cosine, sine = (direction / np.hypot(*direction)).tolist()
    x, y = centre
    return Transform(
        a00=cosine, a10=sine, a01=-sine, a11=cosine, a02=x - cosine * x + sine * y, a12=y - sine * x - cosine * y
    )
