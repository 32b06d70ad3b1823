"""``model.annotation`` -> shapes of OMERO's JSON (omero-marshal, schema OME 2016-06), as iviewer saves them. Pure.

omero-marshal's decoder wants lengths with their unit, colours as signed numbers, and takes an absent plane for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_idr.errors import Unsupported
from napari_idr.model.annotation import Ellipse, Label, Line, Mask, Point, Polygon, Polyline, Rectangle

from .omero_shapes import TRANSFORM_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_idr.model.annotation import Color, Shape, Transform
    from napari_idr.model.roi_changes import Drawn, KnownShape, Modified

Json = dict[str, Any]
SCHEMA = "http://www.openmicroscopy.org/Schemas/OME/2016-06#"
DIGITS = 6
"""After the point, of coordinates: a millionth of a pixel."""


def write_shape(shape: Shape) -> Json:
    """Return a shape as a JSON object without ids. Raises ``Unsupported`` for a mask, whose pixels cannot be sent."""
    document: Json = {"@type": f"{SCHEMA}{shape.kind}", **_geometry(shape)}
    style = shape.style
    optional = {
        "Text": shape.text or None,
        "TheZ": shape.z,
        "TheT": shape.t,
        "TheC": shape.c,
        "StrokeColor": None if style.stroke is None else encode_color(style.stroke),
        "FillColor": None if style.fill is None else encode_color(style.fill),
        "StrokeWidth": _length(style.stroke_width, "PIXEL", "pixel"),
        "FontSize": _length(style.font_size, "POINT", "pt"),
        "Transform": None if shape.transform is None else _transform(shape.transform),
        "Locked": True if shape.locked else None,
    }
    return document | {key: value for key, value in optional.items() if value is not None}


def write_changes(
    image_id: int, new: Iterable[Drawn] = (), modified: Iterable[Modified] = (), deleted: Iterable[KnownShape] = ()
) -> Json:
    """Return the body of iviewer's ``persist_rois``: new shapes are called by their keys, others ``roi:shape``."""
    return {
        "imageId": image_id,
        "rois": {
            "new": [write_shape(one.shape) | {"oldId": one.key} for one in new],
            "modified": [
                write_shape(one.after) | {"@id": int(one.before.id), "oldId": f"{one.roi_id}:{one.before.id}"}
                for one in modified
            ],
            "deleted": _by_roi(deleted),
        },
    }


def write_emptied(image_id: int, deleted: Iterable[KnownShape]) -> Json:
    """Return the body of ``persist_rois`` that deletes whole ROIs: those of which all shapes are deleted."""
    return {"imageId": image_id, "rois": {"empty_rois": _by_roi(deleted)}}


def _by_roi(deleted: Iterable[KnownShape]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in deleted:
        found.setdefault(one.roi_id, []).append(f"{one.roi_id}:{one.shape.id}")
    return found


def encode_color(color: Color) -> int:
    """Return red, green, blue and alpha as OMERO's signed 32-bit RGBA."""
    red, green, blue, alpha = color
    value = red << 24 | green << 16 | blue << 8 | alpha
    return value - 2**32 if value >= 2**31 else value


def _geometry(shape: Shape) -> Json:
    if isinstance(shape, Mask):
        raise Unsupported("The pixels of a mask cannot be sent", f"mask {shape.id}", "draw its outline as a polygon")
    if isinstance(shape, Rectangle):
        return _numbers(X=shape.x, Y=shape.y, Width=shape.width, Height=shape.height)
    if isinstance(shape, Ellipse):
        return _numbers(X=shape.x, Y=shape.y, RadiusX=shape.radius_x, RadiusY=shape.radius_y)
    if isinstance(shape, (Point, Label)):
        return _numbers(X=shape.x, Y=shape.y)
    if isinstance(shape, Line):
        return _numbers(X1=shape.x1, Y1=shape.y1, X2=shape.x2, Y2=shape.y2) | _markers(shape)
    if isinstance(shape, Polyline):
        return {"Points": _points(shape.points)} | _markers(shape)
    if isinstance(shape, Polygon):
        return {"Points": _points(shape.points)}
    raise TypeError(f"{shape.kind} is no shape of the OME model")


def _numbers(**values: float) -> Json:
    return {name: round(value, DIGITS) for name, value in values.items()}


def _points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{_text(x)},{_text(y)}" for x, y in points)


def _text(value: float) -> str:
    return repr(round(value, DIGITS)).removesuffix(".0")


def _markers(shape: Line | Polyline) -> Json:
    markers = {"MarkerStart": shape.marker_start, "MarkerEnd": shape.marker_end}
    return {key: value for key, value in markers.items() if value}


def _length(value: float | None, unit: str, symbol: str) -> Json | None:
    return None if value is None else {"@type": "TBD#LengthI", "Unit": unit, "Symbol": symbol, "Value": value}


def _transform(transform: Transform) -> Json:
    numbers = {key: getattr(transform, key.lower()) for key in TRANSFORM_KEYS}
    return {"@type": f"{SCHEMA}AffineTransform", **numbers}
