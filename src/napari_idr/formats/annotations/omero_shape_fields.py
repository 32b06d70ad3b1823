"""Shapes of the model as fields of the OME schema: what OMERO's JSON and OME-XML both write. Pure.

The inverse of ``formats/omero_shapes``; what the schema has no place for (a fraction of a font size, more of a text
than is read) is left to whoever writes.
"""

from __future__ import annotations

import base64
import math
from typing import TYPE_CHECKING, Any

from napari_idr.errors import FormatError
from napari_idr.formats.json_record import JsonRecord
from napari_idr.formats.ome_xml import xml_text
from napari_idr.formats.omero_shapes import FARTHEST, LONGEST_TEXT, MOST_VERTICES, parse_shape
from napari_idr.model.annotation import Ellipse, Line, Mask, Polygon, Polyline, Shape

from .plain_numbers import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_idr.model.annotation import XY, Color

SCHEMA = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
HINT = "correct it, or clip it to the image, before it is exported"
LARGEST_LENGTH = 1000


def shape_fields(shape: Shape) -> dict[str, Any]:
    """Return a shape as OMERO's JSON has it, without its id.

    Raises ``FormatError`` for coordinates that are no numbers or far outside, vertices left of or above the image
    (OMERO reads them without their sign), and masks whose pixels are not there.
    """
    fields = {"@type": f"{SCHEMA}#{shape.kind}", **_geometry(shape), **_looks(shape)}
    planes = {"TheZ": shape.z, "TheT": shape.t, "TheC": shape.c}
    fields |= {key: number for key, number in planes.items() if number is not None}
    if shape.transform is not None:
        fields["Transform"] = {"@type": f"{SCHEMA}#AffineTransform", **_transform(shape)}
    return fields


def as_read(shape: Shape) -> Shape:
    """Return what a reader of OMERO's JSON or of OME-XML gets from a shape that was written."""
    return parse_shape(JsonRecord.of(shape_fields(shape), "shape", ""))


def _geometry(shape: Shape) -> dict[str, Any]:
    if isinstance(shape, Polyline | Polygon):
        return {"Points": points_text(shape.points), **_markers(shape)}
    if isinstance(shape, Line):
        return {**_numbers(X1=shape.x1, Y1=shape.y1, X2=shape.x2, Y2=shape.y2), **_markers(shape)}
    if isinstance(shape, Ellipse):
        return _numbers(X=shape.x, Y=shape.y, RadiusX=shape.radius_x, RadiusY=shape.radius_y)
    place = _numbers(
        **{key.title(): getattr(shape, key) for key in ("x", "y", "width", "height") if hasattr(shape, key)}
    )
    return {**place, "Bytes": _bits(shape)} if isinstance(shape, Mask) else place


def _numbers(**numbers: float) -> dict[str, Any]:
    return {key: checked(number) for key, number in numbers.items()}


def checked(number: float) -> float:
    """Return a coordinate or length. Raises ``FormatError`` where it is no number, or far outside of any image."""
    if not abs(number) <= FARTHEST:
        raise FormatError("A coordinate is no number or far outside of any image", str(number), HINT)
    return float(number)


def points_text(points: Iterable[XY]) -> str:
    """Return vertices as "x,y x,y"."""
    pairs = [f"{_unsigned(x)},{_unsigned(y)}" for x, y in points]
    if not 0 < len(pairs) <= MOST_VERTICES:
        raise FormatError(f"A shape has {len(pairs)} vertices", f"1 to {MOST_VERTICES} can be written", HINT)
    return " ".join(pairs)


def _unsigned(number: float) -> str:
    if checked(number) < 0:
        what = "A vertex lies left of or above the image, which OMERO would read without its sign"
        raise FormatError(what, plain(number), HINT, rule="Points have no signs")
    return plain(number)


def _bits(mask: Mask) -> str:
    size = mask.width * mask.height
    whole = mask.width == int(mask.width) and mask.height == int(mask.height) and size > 0
    if mask.bits is None or not whole or len(mask.bits) != math.ceil(size / 8):
        raise FormatError("The pixels of a mask are not there, or not as many as its size", "", "read the mask anew")
    return base64.b64encode(mask.bits).decode("ascii")


def _markers(shape: Shape) -> dict[str, Any]:
    markers = {"MarkerStart": getattr(shape, "marker_start", ""), "MarkerEnd": getattr(shape, "marker_end", "")}
    return {key: marker for key, marker in markers.items() if marker}


def _transform(shape: Shape) -> dict[str, float]:
    assert shape.transform is not None
    keys = ("a00", "a10", "a01", "a11", "a02", "a12")
    return {key.upper(): checked(getattr(shape.transform, key)) for key in keys}


def _looks(shape: Shape) -> dict[str, Any]:
    style = shape.style
    looks: dict[str, Any] = {"Text": xml_text(shape.text)[:LONGEST_TEXT]} if shape.text else {}
    for key, color in (("StrokeColor", style.stroke), ("FillColor", style.fill)):
        if color is not None:
            looks[key] = encode_color(color)
    if style.stroke_width is not None and 0 <= style.stroke_width <= LARGEST_LENGTH:
        looks["StrokeWidth"] = _length(style.stroke_width, "PIXEL", "pixel")
    if (
        style.font_size is not None
        and style.font_size == int(style.font_size)
        and 0 <= style.font_size <= LARGEST_LENGTH
    ):
        looks["FontSize"] = _length(int(style.font_size), "POINT", "pt")
    return {**looks, "Locked": True} if shape.locked else looks


def _length(value: float, unit: str, symbol: str) -> dict[str, Any]:
    return {"@type": "TBD#LengthI", "Unit": unit, "Symbol": symbol, "Value": value}


def encode_color(color: Color) -> int:
    """Return red, green, blue and alpha as OMERO's signed 32-bit RGBA: opaque red is -16776961."""
    red, green, blue, alpha = color
    return int.from_bytes(bytes((red, green, blue, alpha)), "big", signed=True)
