"""Where shapes lie, transforms applied exactly: from OME's pixel corners to pixel centres on whole numbers.

OME's (0, 0) is the corner of the first pixel, that of arrays and of napari its centre: ``PIXEL_CENTRE`` lies between
them. OME states the corner nowhere; it follows from how its viewers draw (a mask that begins in column 0 has X = 0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from .annotation import Ellipse, Label, Line, Mask, Point, Polygon, Polyline, Rectangle

if TYPE_CHECKING:
    from .annotation import Shape, Transform

PIXEL_CENTRE = 0.5
"""What is taken from OME's coordinates to get those of pixel centres."""

Outline = Literal["rectangle", "ellipse", "line", "path", "polygon", "point"]


def place(shape: Shape) -> tuple[Outline, np.ndarray]:
    """Return how to draw a shape and its (n, 2) corners as rows of y, x; pixel centres are whole numbers.

    An ellipse is given by the four corners of the rectangle round it, in its own direction: under an affine map an
    ellipse stays one. A rectangle that a transform skews is a polygon. A mask is given by its box.
    """
    kind, points = _outline(shape)
    moved = points if kind == "ellipse" else _apply(shape.transform, points)
    kind, moved = _simplest(kind, moved)
    return kind, moved[:, ::-1] - PIXEL_CENTRE


def _outline(shape: Shape) -> tuple[Outline, np.ndarray]:
    if isinstance(shape, (Rectangle, Mask)):
        return "rectangle", _box(shape.x, shape.y, shape.width, shape.height)
    if isinstance(shape, Ellipse):
        return "ellipse", _ellipse_box(shape)
    if isinstance(shape, Line):
        return "line", np.array([[shape.x1, shape.y1], [shape.x2, shape.y2]], float)
    if isinstance(shape, Polyline):
        return "path", np.array(shape.points, float).reshape(-1, 2)
    if isinstance(shape, Polygon):
        return "polygon", np.array(shape.points, float).reshape(-1, 2)
    if isinstance(shape, (Point, Label)):
        return "point", np.array([[shape.x, shape.y]], float)
    raise TypeError(f"{shape.kind} is no shape of the OME model")


def _box(x: float, y: float, width: float, height: float) -> np.ndarray:
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], float)


def _ellipse_box(shape: Ellipse) -> np.ndarray:
    """Return the corners of the rectangle round the mapped ellipse: its axes are the map's singular vectors."""
    radii = np.diag([shape.radius_x, shape.radius_y]).astype(float)
    centre = _apply(shape.transform, np.array([[shape.x, shape.y]], float))[0]
    if shape.transform is None:
        axes = radii
    else:
        directions, lengths, _ = np.linalg.svd(linear(shape.transform) @ radii)
        axes = directions * lengths
    first, second = axes[:, 0], axes[:, 1]
    return np.array(
        [centre - first - second, centre + first - second, centre + first + second, centre - first + second]
    )


def ellipse_outline(box: np.ndarray, count: int) -> np.ndarray:
    """Return ``count`` places round an ellipse, given by the four corners of the box in its own direction."""
    centre = box.mean(axis=0)
    first, second = (box[1] - box[0]) / 2, (box[3] - box[0]) / 2
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)[:, None]
    outline: np.ndarray = centre + np.cos(angles) * first + np.sin(angles) * second
    return outline


def linear(transform: Transform) -> np.ndarray:
    """Return the 2 x 2 matrix of a transform, acting on columns of x, y."""
    return np.array([[transform.a00, transform.a01], [transform.a10, transform.a11]], float)


def _apply(transform: Transform | None, points: np.ndarray) -> np.ndarray:
    if transform is None:
        return points
    moved: np.ndarray = points @ linear(transform).T + np.array([transform.a02, transform.a12])
    return moved


def _simplest(kind: Outline, points: np.ndarray) -> tuple[Outline, np.ndarray]:
    """Return what is left of a shape that has shrunk to a line or a point, and a skewed rectangle as a polygon."""
    if kind == "point":
        return kind, points
    repeated = (points[1:] == points[:-1]).all(axis=1)
    corners = points[np.append(True, ~repeated)] if repeated.any() else points
    if kind == "polygon" and len(corners) > 1 and (corners[0] == corners[-1]).all():
        corners = corners[:-1]
    if len(corners) == 1:
        return "point", corners
    if kind in ("rectangle", "ellipse"):
        return _simplest_box(kind, points)
    if len(corners) == 2:
        return "line", corners
    return kind, corners


def _simplest_box(kind: Outline, points: np.ndarray) -> tuple[Outline, np.ndarray]:
    along, across = points[1] - points[0], points[3] - points[0]
    lengths = np.hypot(*along), np.hypot(*across)
    if min(lengths) <= 1e-9 * max(lengths):
        middle = (points[0] + points[3]) / 2, (points[1] + points[2]) / 2
        return "line", np.array(middle if lengths[0] >= lengths[1] else [points[0], points[3]])
    if kind == "rectangle" and abs(along @ across) > 1e-9 * lengths[0] * lengths[1]:
        return "polygon", points
    return kind, points
