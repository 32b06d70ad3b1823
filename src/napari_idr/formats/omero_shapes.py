"""Shapes of OMERO's JSON API (omero-marshal, schema OME 2016-06) -> ``model.annotation``. Pure."""

from __future__ import annotations

import base64
import binascii
import math
import re
from typing import Any

from napari_idr.errors import ProtocolError
from napari_idr.model.annotation import (
    Color,
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
    Transform,
)

from .json_record import HINT, JsonRecord

MOST_VERTICES = 100_000
LONGEST_TEXT = 2000
FARTHEST = 1e8
"""Pixels from the origin within which a shape must lie."""
TRANSFORM_KEYS = ("A00", "A10", "A01", "A11", "A02", "A12")
CLASSES: dict[str, Any] = {
    one.__name__: one for one in (Rectangle, Ellipse, Line, Polyline, Polygon, Point, Label, Mask)
}
"""By name in the OME model."""
MATRIX = re.compile(r"matrix\(([^()]*)\)")


def parse_shape(record: JsonRecord) -> Shape:
    """Return one shape. Raises ``ProtocolError`` where its place cannot be told."""
    kind = (record.text("@type") or "").rpartition("#")[2]
    if kind not in _SHAPES:
        raise ProtocolError(f"Nothing is known of the shape {kind[:40]!r}", record.address, HINT)
    geometry = _SHAPES[kind](record)
    shape: Shape = CLASSES[kind](**geometry, **_common(record))
    return shape


def _common(record: JsonRecord) -> dict[str, Any]:
    identifier = record.fields.get("@id")
    return {
        "id": str(identifier) if type(identifier) is int else "",
        "text": short_text(record, "Text"),
        "z": _plane(record, "TheZ"),
        "t": _plane(record, "TheT"),
        "c": _plane(record, "TheC"),
        "style": _style(record),
        "transform": _transform(record),
        "locked": record.fields.get("Locked") is True,
    }


def _plane(record: JsonRecord, key: str) -> int | None:
    """Return the index of a plane; absent and negative (as older clients wrote it) both mean all planes."""
    number = record.number(key)
    if number is None or number < 0:
        return None
    if number != int(number) or number > 1e9:
        raise ProtocolError(f"{key} is no index of a plane", record.address, HINT)
    return int(number)


def _places(record: JsonRecord, *keys: str) -> list[float]:
    """Return coordinates or lengths that must be there, within reason."""
    numbers = [record.need(key, record.number(key)) for key in keys]
    return [_near(number, record) for number in numbers]


def _near(number: float, record: JsonRecord) -> float:
    if not abs(number) <= FARTHEST:
        raise ProtocolError("A coordinate is no number or far outside of any image", record.address, HINT)
    return number


def _box(record: JsonRecord) -> dict[str, Any]:
    x, y, width, height = _places(record, "X", "Y", "Width", "Height")
    return {"x": min(x, x + width), "y": min(y, y + height), "width": abs(width), "height": abs(height)}


def _mask(record: JsonRecord) -> dict[str, Any]:
    box = _box(record)
    if not box["width"] >= 1 or not box["height"] >= 1:
        raise ProtocolError("A mask has no pixels", record.address, HINT)
    return {**box, "bits": _bits(record)}


def _bits(record: JsonRecord) -> bytes | None:
    """Return the pixels of a mask where the answer has them; the JSON API of OMERO.web leaves them out."""
    text = record.text("Bytes")
    try:
        return None if text is None else base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProtocolError("The pixels of a mask are no base64", record.address, HINT) from error


def _ellipse(record: JsonRecord) -> dict[str, Any]:
    x, y, radius_x, radius_y = _places(record, "X", "Y", "RadiusX", "RadiusY")
    return {"x": x, "y": y, "radius_x": abs(radius_x), "radius_y": abs(radius_y)}


def _line(record: JsonRecord) -> dict[str, Any]:
    x1, y1, x2, y2 = _places(record, "X1", "Y1", "X2", "Y2")
    return {"x1": x1, "y1": y1, "x2": x2, "y2": y2, **_markers(record)}


def _markers(record: JsonRecord) -> dict[str, Any]:
    names = {"marker_start": "MarkerStart", "marker_end": "MarkerEnd"}
    return {name: "Arrow" if record.fields.get(key) == "Arrow" else "" for name, key in names.items()}


def _point(record: JsonRecord) -> dict[str, Any]:
    x, y = _places(record, "X", "Y")
    return {"x": x, "y": y}


def _vertices(record: JsonRecord) -> dict[str, Any]:
    """Read ``x,y x,y …``, with or without a comma between the pairs, or the first list of ``points[…] points1[…]``."""
    text = record.need("Points", record.text("Points"))
    if "[" in text:
        text = text.partition("[")[2].partition("]")[0]
    words = text.replace(",", " ").split(None, 2 * MOST_VERTICES)
    if len(words) > 2 * MOST_VERTICES:
        raise ProtocolError(f"A shape has more than {MOST_VERTICES} vertices", record.address, HINT)
    try:
        numbers = list(map(float, words))
    except ValueError as error:
        raise ProtocolError("The vertices of a shape are no numbers", record.address, HINT) from error
    if not math.isfinite(sum(numbers)):  # what ``max`` would not see: it compares, and NaN compares with nothing
        _near(math.nan, record)
    _near(max(map(abs, numbers), default=0.0), record)
    if not numbers or len(numbers) % 2:
        raise ProtocolError("The vertices of a shape are no pairs of numbers", record.address, HINT)
    return {"points": tuple(zip(numbers[::2], numbers[1::2], strict=True))}


def _polyline(record: JsonRecord) -> dict[str, Any]:
    return {**_vertices(record), **_markers(record)}


def _transform(record: JsonRecord) -> Transform | None:
    """Return the affine map of a shape; older servers write ``matrix(…)`` or ``none``."""
    value = record.fields.get("Transform")
    if value is None or value == "none":
        return None
    if isinstance(value, str):
        match = MATRIX.fullmatch(value.strip())
        words = match[1].replace(",", " ").split() if match else []
        if len(words) != 6:
            raise ProtocolError(f"The transform {value[:40]!r} cannot be read", record.address, HINT)
        value = dict(zip(TRANSFORM_KEYS, map(_as_number, words), strict=True))
    numbers = _places(JsonRecord.of(value, "Transform", record.address), *TRANSFORM_KEYS)
    return Transform(*numbers)


def _as_number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan


def _style(record: JsonRecord) -> Style:
    return Style(
        stroke=decode_color(record.fields.get("StrokeColor")),
        fill=decode_color(record.fields.get("FillColor")),
        stroke_width=_length(record, "StrokeWidth", "PIXEL"),
        font_size=_length(record, "FontSize", "POINT"),
    )


def decode_color(value: object) -> Color | None:
    """Return red, green, blue and alpha of OMERO's signed 32-bit RGBA, None for anything else."""
    if type(value) is not int or not -(2**31) <= value < 2**32:
        return None
    value &= 0xFFFFFFFF
    return value >> 24, value >> 16 & 255, value >> 8 & 255, value & 255


def _length(record: JsonRecord, key: str, unit: str) -> float | None:
    """Return a length in the one unit that means something on a screen, None for any other."""
    value = record.fields.get(key)
    if isinstance(value, dict) and value.get("Unit") in (unit, None):
        value = value.get("Value")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1000:
        return None
    return float(value)


def short_text(record: JsonRecord, key: str) -> str:
    """Return a text, cut where it is endless; "" for anything else."""
    value = record.fields.get(key)
    return value[:LONGEST_TEXT] if isinstance(value, str) else ""


_SHAPES = {
    "Rectangle": _box,
    "Ellipse": _ellipse,
    "Line": _line,
    "Polyline": _polyline,
    "Polygon": _vertices,
    "Point": _point,
    "Label": _point,
    "Mask": _mask,
}
