"""Shapes as plain vertices, for formats without transforms and ellipses. x, y from pixel corners throughout."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from napari_idr.model.annotation import (
    Ellipse,
    Label,
    Line,
    Mask,
    Point,
    Polygon,
    Polyline,
    Rectangle,
    Shape,
)

if TYPE_CHECKING:
    from napari_idr.model.annotation import XY, Transform

ELLIPSE_CORNERS = 64
"""Their polygon covers 99.8 % of the ellipse."""


def vertices(shape: Shape) -> tuple[XY, ...]:
    """Return the corners of an outline, its transform applied; those of an ellipse are 64. Mask: its box."""
    points = _vertices(shape)
    return points if shape.transform is None else tuple(mapped(shape.transform, point) for point in points)


def _vertices(shape: Shape) -> tuple[XY, ...]:
    if isinstance(shape, Rectangle | Mask):
        return box(shape.x, shape.y, shape.width, shape.height)
    if isinstance(shape, Ellipse):
        return tuple(_on_ellipse(shape, number) for number in range(ELLIPSE_CORNERS))
    if isinstance(shape, Line):
        return (shape.x1, shape.y1), (shape.x2, shape.y2)
    if isinstance(shape, Polyline | Polygon):
        return shape.points
    if isinstance(shape, Point | Label):
        return ((shape.x, shape.y),)
    raise TypeError(f"{shape.kind} is no shape of the OME model")


def box(x: float, y: float, width: float, height: float) -> tuple[XY, ...]:
    """Return the corners of a box, clockwise on a screen, from the upper left one."""
    return (x, y), (x + width, y), (x + width, y + height), (x, y + height)


def _on_ellipse(shape: Ellipse, number: int) -> XY:
    angle = 2 * math.pi * number / ELLIPSE_CORNERS
    return shape.x + shape.radius_x * math.cos(angle), shape.y + shape.radius_y * math.sin(angle)


def mapped(transform: Transform, point: XY) -> XY:
    """Return where an affine map takes a place."""
    x, y = point
    return (
        transform.a00 * x + transform.a01 * y + transform.a02,
        transform.a10 * x + transform.a11 * y + transform.a12,
    )


def common(shape: Shape) -> dict[str, Any]:
    """Return what all kinds of shapes have: plane, text, style."""
    return {field.name: getattr(shape, field.name) for field in fields(Shape) if field.name != "transform"}


def as_polygon(shape: Shape) -> Polygon:
    """Return an area as a polygon."""
    return Polygon(points=vertices(shape), **common(shape))


def untransformed(shape: Shape) -> Shape:
    """Return a shape with its transform applied to its corners: boxes and ellipses become polygons by that."""
    if shape.transform is None:
        return shape
    points = vertices(shape)
    if isinstance(shape, Rectangle | Ellipse):
        return as_polygon(shape)
    if isinstance(shape, Line):
        (x1, y1), (x2, y2) = points
        return replace(shape, x1=x1, y1=y1, x2=x2, y2=y2, transform=None)
    if isinstance(shape, Polyline | Polygon):
        return replace(shape, points=points, transform=None)
    if isinstance(shape, Point | Label):
        return replace(shape, x=points[0][0], y=points[0][1], transform=None)
    return shape


def bounds(points: tuple[XY, ...]) -> tuple[float, float, float, float]:
    """Return the least x and y and the greatest x and y."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def as_box(points: tuple[XY, ...]) -> tuple[float, float, float, float] | None:
    """Return x, y, width and height where four corners are those of an upright box, None for any other outline."""
    left, top, right, bottom = bounds(points)
    corners = {(left, top), (right, top), (right, bottom), (left, bottom)}
    turns = all(a[0] == b[0] or a[1] == b[1] for a, b in zip(points, points[1:] + points[:1], strict=True))
    upright = len(points) == 4 and len(corners) == 4 and set(points) == corners and turns
    return (left, top, right - left, bottom - top) if upright else None
