"""Columns of the table of ROIs that tell a shape: kind, plane, vertices from pixel centres, colours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.formats.model_json import DocumentError, json_value
from napari_idr.formats.ome_xml import xml_text
from napari_idr.formats.omero_shapes import FARTHEST, MOST_VERTICES
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
    Style,
)
from napari_idr.model.drawn_geometry import drawn
from napari_idr.model.shape_geometry import PIXEL_CENTRE, place

from .omero_shape_fields import checked
from .outlines import as_box, bounds, box, vertices
from .plain_numbers import centre_text, corner_number, number_of, plain

if TYPE_CHECKING:
    from napari_idr.formats.delimited import Row
    from napari_idr.model.annotation import XY, Color

COLUMNS = ("shape_type", "z", "t", "c", "coord_convention", "vertices_yx")
BOUNDS = ("bbox_y0", "bbox_x0", "bbox_y1", "bbox_x1")
LOOKS = ("stroke_rgba", "fill_rgba", "stroke_width", "shape_text")
CONVENTION = "pixel_center"
NAMES = {
    "Rectangle": "rectangle",
    "Ellipse": "ellipse",
    "Polygon": "polygon",
    "Polyline": "path",
    "Line": "line",
    "Point": "point",
    "Label": "text",
    "Mask": "mask",
}
"""Words of napari, and of ours where it has none."""


def shape_cells(shape: Shape) -> Row:
    """Return the cells of a shape. Raises ``FormatError`` for coordinates that are no numbers."""
    name, points = _outline(shape)
    for x, y in points:
        checked(x), checked(y)
    left, top, right, bottom = bounds(points)
    planes = {"z": shape.z, "t": shape.t, "c": shape.c}
    return {
        "shape_type": name,
        **{axis: "" if number is None else str(number) for axis, number in planes.items()},
        "coord_convention": CONVENTION,
        "vertices_yx": "[" + ", ".join(f"[{centre_text(y)}, {centre_text(x)}]" for x, y in points) + "]",
        **dict(zip(BOUNDS, map(centre_text, (top, left, bottom, right)), strict=True)),
        "stroke_rgba": color_text(shape.style.stroke),
        "fill_rgba": color_text(shape.style.fill),
        "stroke_width": _width_text(shape.style.stroke_width),
        "shape_text": xml_text(shape.text),
    }


def _outline(shape: Shape) -> tuple[str, tuple[XY, ...]]:
    """Return the kind in the table's words and x, y from corners; an ellipse is told by the box round it."""
    if not isinstance(shape, Ellipse):
        return NAMES[shape.kind], vertices(shape)
    if shape.transform is None:
        left, top = shape.x - shape.radius_x, shape.y - shape.radius_y
        return "ellipse", box(left, top, 2 * shape.radius_x, 2 * shape.radius_y)
    kind, corners = place(shape)
    name = {"ellipse": "ellipse", "line": "line"}.get(kind, "point")
    return name, tuple((float(x) + PIXEL_CENTRE, float(y) + PIXEL_CENTRE) for y, x in corners)


def shape_of(row: Row) -> Shape:
    """Return the shape of a row. Raises ``DocumentError`` where its place cannot be told."""
    if row.get("coord_convention", CONVENTION) not in (CONVENTION, ""):
        raise DocumentError(f"coord_convention is {row['coord_convention'][:40]!r}, only {CONVENTION} is known")
    points = _points(row.get("vertices_yx", ""))
    name = row.get("shape_type", "")
    if name not in _MAKERS or not _MAKERS[name][1] <= len(points) <= _MAKERS[name][2]:
        raise DocumentError(f"{name[:40]!r} with {len(points)} vertices is no shape")
    common: dict[str, Any] = {axis: _index(row.get(axis, ""), axis) for axis in ("z", "t", "c")}
    style = Style(
        stroke=color_of(row.get("stroke_rgba", "")),
        fill=color_of(row.get("fill_rgba", "")),
        stroke_width=_width(row.get("stroke_width", "")),
    )
    shape: Shape = _MAKERS[name][0](points, {**common, "style": style, "text": row.get("shape_text", "")})
    return shape


def as_read(shape: Shape) -> Shape:
    """Return the shape that the cells of a shape tell of."""
    return shape_of(shape_cells(shape))


def _points(text: str) -> tuple[XY, ...]:
    listed = json_value(text, "vertices_yx")
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_VERTICES:
        raise DocumentError("vertices_yx is no list of vertices")
    exact = re.findall(r"[^\s,\[\]]+", text)
    if any(not isinstance(pair, list) or len(pair) != 2 for pair in listed) or len(exact) != 2 * len(listed):
        raise DocumentError("vertices_yx is no list of pairs y, x")
    try:
        numbers = [corner_number(word) for word in exact]
    except ValueError as error:
        raise DocumentError(f"vertices_yx: {error}") from error
    if not all(abs(number) <= FARTHEST for number in numbers):
        raise DocumentError("a vertex lies far outside of any image")
    return tuple(zip(numbers[1::2], numbers[::2], strict=True))


def _index(text: str, axis: str) -> int | None:
    """Return the index of a plane; a spreadsheet may have written 3 as "3.0"."""
    if text == "":
        return None
    if not re.fullmatch(r"\d{1,9}(\.0+)?", text):
        raise DocumentError(f"{axis} is {text[:40]!r}, no index of a plane")
    return int(text.partition(".")[0])


def _rectangle(points: tuple[XY, ...], common: dict[str, Any]) -> Shape:
    upright = as_box(points)
    if upright is None:
        return Polygon(points=points, **common)
    x, y, width, height = upright
    return Rectangle(x=x, y=y, width=width, height=height, **common)


def _mask(points: tuple[XY, ...], common: dict[str, Any]) -> Shape:
    left, top, right, bottom = bounds(points)
    return Mask(x=left, y=top, width=right - left, height=bottom - top, **common)


def _ellipse(points: tuple[XY, ...], common: dict[str, Any]) -> Shape:
    """Return the ellipse in a box; in a turned box one with a transform that turns it about its centre."""
    upright = as_box(points)
    if upright is not None:
        x, y, width, height = upright
        return Ellipse(x=x + width / 2, y=y + height / 2, radius_x=width / 2, radius_y=height / 2, **common)
    corners = np.array([(y, x) for x, y in points], float) - PIXEL_CENTRE
    return drawn("ellipse", corners, **common)


def _line(points: tuple[XY, ...], common: dict[str, Any]) -> Shape:
    (x1, y1), (x2, y2) = points
    return Line(x1=x1, y1=y1, x2=x2, y2=y2, **common)


def _at(kind: type[Point] | type[Label]) -> Any:
    return lambda points, common: kind(x=points[0][0], y=points[0][1], **common)


_MAKERS: dict[str, tuple[Any, int, int]] = {
    "rectangle": (_rectangle, 4, 4),
    "ellipse": (_ellipse, 4, 4),
    "polygon": (lambda points, common: Polygon(points=points, **common), 1, MOST_VERTICES),
    "path": (lambda points, common: Polyline(points=points, **common), 1, MOST_VERTICES),
    "line": (_line, 2, 2),
    "point": (_at(Point), 1, 1),
    "text": (_at(Label), 1, 1),
    "mask": (_mask, 4, 4),
}


def _width_text(width: float | None) -> str:
    return "" if width is None or not 0 <= width <= FARTHEST else plain(width)


def _width(text: str) -> float | None:
    try:
        return number_of(text) if text else None
    except ValueError as error:
        raise DocumentError(f"stroke_width: {error}") from error


def color_text(color: Color | None) -> str:
    """Return a colour like "#ff0000ff", "" for none."""
    return "" if color is None else "#" + bytes(color).hex()


def color_of(text: str) -> Color | None:
    """Return the colour of such a text. Raises ``DocumentError``."""
    if text == "":
        return None
    if not re.fullmatch("#[0-9a-fA-F]{6}([0-9a-fA-F]{2})?", text):
        raise DocumentError(f"{text[:40]!r} is no colour")
    red, green, blue, alpha = bytes.fromhex(text[1:] if len(text) == 9 else f"{text[1:]}ff")
    return red, green, blue, alpha
