"""Checks of one object's shapes: P03 to P07. Pure; a few microseconds per shape."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from napari_idr.model.annotation import Ellipse, Line, Mask, Polygon, Polyline, Rectangle, Transform
from napari_idr.model.shape_geometry import PIXEL_CENTRE, place

from .finding_makers import about_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.model.annotation import Shape
    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject
    from napari_idr.model.finding import Finding, Fix

TOLERANCE = 1e-6
"""Pixels by which rounding may push a corner over the edge."""


def check_shapes(image: AnnotatedImage, one: AnnotatedObject) -> Iterator[Finding]:
    """Yield what is wrong with the shapes of an object, at most one finding per shape."""
    for shape in one.shapes:
        found = _first_wrong(image, shape)
        if found is not None:
            rule, what, fix = found
            yield about_object(rule, image, one, what, fix=fix)
    planes = {(shape.z, shape.t) for shape in one.shapes}
    if len(planes) > 1 and not one.is_track and _is_spread(one):
        yield about_object("P05", image, one, "its shapes lie on planes that are not one run", fix="split")


def _is_spread(one: AnnotatedObject) -> bool:
    """Return whether shapes lie on planes with gaps: an object in three dimensions is one run of z, in one t."""
    if len({shape.t for shape in one.shapes}) > 1:
        return True
    planes = {shape.z for shape in one.shapes}
    if None in planes:
        return True
    numbers = sorted(plane for plane in planes if plane is not None)
    return numbers != list(range(numbers[0], numbers[0] + len(numbers)))


def _first_wrong(image: AnnotatedImage, shape: Shape) -> tuple[str, str, Fix] | None:
    """Return rule, sentence and fix of the first thing that is wrong with a shape."""
    if not all(isfinite(number) for number in _numbers(shape)):
        return "P04", "a coordinate is not a number", ""
    plane = _missing_plane(image, shape)
    if plane:
        return "P05", plane, ""
    if _is_degenerate(shape):
        return "P07", f"the {shape.kind.lower()} has no extent", ""
    broken = _broken_outline(shape)
    if broken:
        return "P06", broken, "make-valid" if isinstance(shape, Polygon) else ""
    if not is_inside(image, shape):
        return "P03", f"the {shape.kind.lower()} reaches beyond the image", "clip"
    return None


def _numbers(shape: Shape) -> Iterator[float]:
    for one in fields(shape):
        value = getattr(shape, one.name)
        if isinstance(value, float | int) and not isinstance(value, bool):
            yield value
        elif isinstance(value, Transform):
            yield from (value.a00, value.a01, value.a02, value.a10, value.a11, value.a12)
    if isinstance(shape, Polygon | Polyline):
        for x, y in shape.points:
            yield x
            yield y


def _missing_plane(image: AnnotatedImage, shape: Shape) -> str:
    for axis, index in (("z", shape.z), ("t", shape.t), ("c", shape.c)):
        if index is None:
            continue
        if index != int(index):
            return f"its {axis} is {index}, between two planes"
        if not 0 <= index < image.size(axis):
            return f"its {axis} is {index}, the image has {image.size(axis)} (counted from 0)"
    return ""


def _is_degenerate(shape: Shape) -> bool:
    if shape.transform is not None and abs(shape.transform.determinant) < TOLERANCE:
        return True
    if isinstance(shape, Rectangle | Mask):
        return shape.width <= 0 or shape.height <= 0
    if isinstance(shape, Ellipse):
        return shape.radius_x <= 0 or shape.radius_y <= 0
    if isinstance(shape, Line):
        return (shape.x1, shape.y1) == (shape.x2, shape.y2)
    return False


def _broken_outline(shape: Shape) -> str:
    """Return what is wrong with the corners of a polygon or path, "" where nothing is."""
    if not isinstance(shape, Polygon | Polyline):
        return ""
    points = list(shape.points)
    least = 3 if isinstance(shape, Polygon) else 2
    if len(set(points)) < least:
        return f"the {shape.kind.lower()} has fewer than {least} different corners"
    closing = isinstance(shape, Polygon) and points[0] == points[-1]
    if closing or any(one == other for one, other in pairwise(points)):
        return "two corners in a row are the same"
    if isinstance(shape, Polyline):
        return ""
    import shapely

    outline = shapely.Polygon(points)
    if outline.area == 0:
        return "the polygon has no area"
    return "" if outline.is_valid else "the polygon crosses itself"


def is_inside(image: AnnotatedImage, shape: Shape) -> bool:
    """Return whether a shape lies in its image, transforms applied: from corner (0, 0) to (width, height)."""
    if not image.size_x or not image.size_y:
        return True
    kind, corners = place(shape)
    xy = corners[:, ::-1] + PIXEL_CENTRE
    if kind == "ellipse":
        xy = _ellipse_extent(xy)
    low, high = xy.min(axis=0), xy.max(axis=0)
    inside = low >= -TOLERANCE, high <= np.array([image.size_x, image.size_y]) + TOLERANCE
    return bool(inside[0].all() and inside[1].all())


def _ellipse_extent(corners: np.ndarray) -> np.ndarray:
    """Return the two corners of the upright box round an ellipse, from the box in its own direction."""
    centre = corners.mean(axis=0)
    first, second = (corners[1] - corners[0]) / 2, (corners[3] - corners[0]) / 2
    reach = np.sqrt(first**2 + second**2)
    return np.array([centre - reach, centre + reach])
