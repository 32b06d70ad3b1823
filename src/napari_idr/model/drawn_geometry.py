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
    from .annotation import Shape
    from .shape_geometry import Outline

SAME = 5e-5
"""Pixels by which corners may differ that are still the same place, ..."""
SINGLE = 2e-7
"""... and by which part of their coordinates: napari keeps the corners of shapes in single precision."""


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
        return replace(made, marker_start=before.marker_start, marker_end=before.marker_end)
    return made


def same_place(kind: Outline, one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two outlines of the same kind and number of corners lie on one another.

    The corners of a rectangle or ellipse may begin anywhere and run either way round.
    """
    tolerance = _slack(other)
    if kind not in ("rectangle", "ellipse"):
        return bool(np.abs(one - other).max(initial=0.0) <= tolerance)
    turns = (np.roll(way, step, axis=0) for way in (one, one[::-1]) for step in range(len(one)))
    return any(np.abs(turned - other).max() <= tolerance for turned in turns)


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
