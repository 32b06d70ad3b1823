"""Geometries of GeoJSON in QuPath's dialect: x, y in pixels from the corner of the first pixel. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.formats.model_json import Document, DocumentError
from napari_idr.formats.omero_shapes import FARTHEST, MOST_VERTICES
from napari_idr.model.annotation import (
    Ellipse,
    Line,
    Mask,
    Point,
    Polygon,
    Polyline,
    Rectangle,
    Shape,
)
from napari_idr.model.raster import cover
from napari_idr.model.shape_geometry import PIXEL_CENTRE

from .label_masks import pack
from .omero_shape_fields import checked
from .outlines import bounds, vertices

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.model.annotation import XY

ALL_CHANNELS = -1
LARGEST_MASK = 1 << 24
"""Pixels of a mask that a polygon with holes becomes."""
DEEPEST = 8


def geometry_of(shape: Shape) -> Document:
    """Return the geometry of a shape without transform; its plane is a member of it, as QuPath has it.

    A plane that stands for all of them is 0. Raises ``FormatError`` for coordinates that are no numbers.
    """
    points = [[_number(x), _number(y)] for x, y in vertices(shape)]
    if isinstance(shape, Rectangle | Ellipse | Polygon):
        geometry: Document = {"type": "Polygon", "coordinates": [_closed(points)]}
    elif isinstance(shape, Line | Polyline):
        geometry = {"type": "LineString", "coordinates": points}
    else:
        geometry = {"type": "Point", "coordinates": points[0]}
    if isinstance(shape, Ellipse):
        geometry["isEllipse"] = True
    c = ALL_CHANNELS if shape.c is None else shape.c
    return {**geometry, "plane": {"c": c, "z": shape.z or 0, "t": shape.t or 0}}


def _number(number: float) -> float:
    return checked(number) + 0.0


def _closed(points: list[list[float]]) -> list[list[float]]:
    return [*points, points[0]]


class GeometryReader:
    """Reads the geometries of one feature; ``remarks`` tell what was set right or taken otherwise."""

    def __init__(self) -> None:
        self.remarks: list[str] = []

    def shapes(self, geometry: object, depth: int = 0) -> list[Shape]:
        """Return the shapes of a geometry, in its plane. Raises ``DocumentError`` where it is none."""
        if not isinstance(geometry, dict) or depth > DEEPEST:
            raise DocumentError("the geometry is no object")
        kind = geometry.get("type")
        if kind == "GeometryCollection":
            return [shape for one in _list(geometry.get("geometries")) for shape in self.shapes(one, depth + 1)]
        if not isinstance(kind, str) or kind not in _READERS:
            raise DocumentError(f"there is no geometry {kind!r:.40}")
        plane = _plane(geometry.get("plane"))
        is_ellipse = geometry.get("isEllipse") is True
        listed = _list(geometry.get("coordinates"))
        coordinates = listed if kind.startswith("Multi") else [listed]
        return [_READERS[kind](self, one, {**plane}, is_ellipse) for one in coordinates]

    def point(self, coordinates: object, plane: dict[str, Any], _: bool) -> Shape:
        """Return a point."""
        x, y = _position(coordinates)
        return Point(x=x, y=y, **plane)

    def line(self, coordinates: object, plane: dict[str, Any], _: bool) -> Shape:
        """Return a polyline."""
        return Polyline(points=_positions(coordinates, 2), **plane)

    def polygon(self, coordinates: object, plane: dict[str, Any], is_ellipse: bool) -> Shape:
        """Return a polygon, an ellipse where QuPath calls it one, a mask where there are holes in it."""
        rings = [self._ring(ring) for ring in _list(coordinates)]
        if not rings:
            raise DocumentError("a polygon has no ring")
        if is_ellipse:
            left, top, right, bottom = bounds(rings[0])
            x, y = (left + right) / 2, (top + bottom) / 2
            return Ellipse(x=x, y=y, radius_x=right - x, radius_y=bottom - y, **plane)
        return Polygon(points=rings[0], **plane) if len(rings) == 1 else self._mask(rings, plane)

    def _ring(self, coordinates: object) -> tuple[XY, ...]:
        points = _positions(coordinates, 3)
        if points[0] == points[-1]:
            return points[:-1]
        self.remarks.append("A ring was not closed, and was read as if it were.")
        return points

    def _mask(self, rings: list[tuple[XY, ...]], plane: dict[str, Any]) -> Mask:
        """Return the pixels of a polygon with holes, which OME has no outline for."""
        left, top, right, bottom = bounds(rings[0])
        x, y = math.floor(left), math.floor(top)
        width, height = max(1, math.ceil(right) - x), max(1, math.ceil(bottom) - y)
        if width * height > LARGEST_MASK:
            raise DocumentError("a polygon with holes is too large for a mask of its pixels")
        marked = np.zeros((height, width), bool)
        for ring in rings:
            corners = np.array(ring)[:, ::-1] - (y, x) - PIXEL_CENTRE
            row, column, inside = cover("polygon", corners, (height, width))
            marked[row : row + inside.shape[0], column : column + inside.shape[1]] ^= inside
        self.remarks.append("A polygon with holes became a mask of its pixels: OME has no outline with holes.")
        return Mask(x=float(x), y=float(y), width=float(width), height=float(height), bits=pack(marked), **plane)


_READERS: dict[str, Callable[[GeometryReader, object, dict[str, Any], bool], Shape]] = {
    "Point": GeometryReader.point,
    "MultiPoint": GeometryReader.point,
    "LineString": GeometryReader.line,
    "MultiLineString": GeometryReader.line,
    "Polygon": GeometryReader.polygon,
    "MultiPolygon": GeometryReader.polygon,
}


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise DocumentError("the coordinates are no list")
    return value


def _position(value: object) -> XY:
    if not isinstance(value, list) or len(value) != 2:
        raise DocumentError("a position is not x, y (a third coordinate has no meaning here)")
    x, y = value
    for number in (x, y):
        if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) <= FARTHEST:
            raise DocumentError("a coordinate is no number or far outside of any image")
    return float(x), float(y)


def _positions(value: object, fewest: int) -> tuple[XY, ...]:
    listed = _list(value)
    if not fewest <= len(listed) <= MOST_VERTICES:
        raise DocumentError(f"an outline has {len(listed)} positions")
    return tuple(map(_position, listed))


def _plane(value: object) -> dict[str, int | None]:
    """Return z, t and c; an absent plane is QuPath's way to say the first plane, all channels."""
    said = value if isinstance(value, dict) else {}
    plane = {axis: said.get(axis, default) for axis, default in (("c", ALL_CHANNELS), ("z", 0), ("t", 0))}
    for axis, number in plane.items():
        if type(number) is not int or not -1 <= number <= 10**9:
            raise DocumentError(f"{axis} of the plane is no index")
    return {axis: None if number < 0 else number for axis, number in plane.items()}
