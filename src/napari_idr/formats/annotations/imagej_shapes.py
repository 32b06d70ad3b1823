"""Shapes as ImageJ has them (roifile's ``ImagejRoi``) and back. Coordinates are from pixel corners on both sides.

ImageJ counts planes from 1, 0 stands for all of them; its fractions of pixels are 32-bit numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.errors import FormatError
from napari_idr.formats.model_json import DocumentError
from napari_idr.formats.omero_shapes import FARTHEST, MOST_VERTICES
from napari_idr.model.annotation import (
    Ellipse,
    Label,
    Line,
    Point,
    Polygon,
    Polyline,
    Rectangle,
    Shape,
    Style,
)

from .omero_shape_fields import checked
from .outlines import bounds, vertices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from roifile import ImagejRoi

    from napari_idr.model.annotation import XY, Color

FARTHEST_BOX = 32_767
"""Pixels that the 16 bits of ImageJ's bounding box reach."""


def to_imagej(shape: Shape) -> ImagejRoi:
    """Return a shape without transform. Raises ``FormatError`` where ImageJ's numbers do not reach."""
    import roifile

    roi = roifile.ImagejRoi()
    roi.options = roifile.ROI_OPTIONS.SUB_PIXEL_RESOLUTION
    points = vertices(shape)
    _set_box(roi, points)
    if isinstance(shape, Rectangle | Ellipse):
        roi.roitype = roifile.ROI_TYPE.RECT if isinstance(shape, Rectangle) else roifile.ROI_TYPE.OVAL
        left, top, right, bottom = _box(shape)
        roi.xd, roi.yd, roi.widthd, roi.heightd = left, top, right - left, bottom - top
    elif isinstance(shape, Line):
        roi.roitype = roifile.ROI_TYPE.LINE
        roi.x1, roi.y1, roi.x2, roi.y2 = shape.x1, shape.y1, shape.x2, shape.y2
    else:
        kinds = {Polygon: "POLYGON", Polyline: "POLYLINE", Point: "POINT", Label: "POINT"}
        roi.roitype = roifile.ROI_TYPE[kinds[type(shape)]]
        _set_vertices(roi, points)
    _set_planes(roi, shape)
    _set_looks(roi, shape)
    return roi


def _box(shape: Rectangle | Ellipse) -> tuple[float, float, float, float]:
    if isinstance(shape, Rectangle):
        return shape.x, shape.y, shape.x + shape.width, shape.y + shape.height
    return shape.x - shape.radius_x, shape.y - shape.radius_y, shape.x + shape.radius_x, shape.y + shape.radius_y


def _set_box(roi: ImagejRoi, points: Sequence[XY]) -> None:
    for x, y in points:
        checked(x), checked(y)
    left, top, right, bottom = bounds(tuple(points))
    if max(map(abs, (left, top, right + 1, bottom + 1))) > FARTHEST_BOX:
        raise FormatError("A shape lies beyond the 32,767 pixels that ImageJ's ROIs reach", "", "choose another format")
    roi.left, roi.top = int(np.floor(left)), int(np.floor(top))
    roi.right, roi.bottom = int(np.floor(right)) + 1, int(np.floor(bottom)) + 1


def _set_vertices(roi: ImagejRoi, points: Sequence[XY]) -> None:
    if len(points) > 65_535:
        raise FormatError(f"A shape has {len(points)} vertices", "ImageJ's ROIs have 65,535", "simplify it")
    exact = np.array(points, np.float32)
    roi.n_coordinates = len(points)
    roi.subpixel_coordinates = exact
    roi.integer_coordinates = np.floor(exact).astype(np.int32) - np.array([roi.left, roi.top], np.int32)


def _set_planes(roi: ImagejRoi, shape: Shape) -> None:
    planes = [0 if number is None else number + 1 for number in (shape.c, shape.z, shape.t)]
    roi.c_position, roi.z_position, roi.t_position = planes


def _set_looks(roi: ImagejRoi, shape: Shape) -> None:
    style = shape.style
    if style.stroke is not None:
        roi.stroke_color = _argb(style.stroke)
    if style.fill is not None:
        roi.fill_color = _argb(style.fill)
    if style.stroke_width is not None and 0 < style.stroke_width < 1e4:
        roi.stroke_width, roi.float_stroke_width = max(1, round(style.stroke_width)), style.stroke_width


def _argb(color: Color) -> bytes:
    red, green, blue, alpha = color
    return bytes((alpha, red, green, blue))


def from_imagej(roi: ImagejRoi) -> tuple[Shape, ...]:
    """Return the shapes of a ROI: several for a selection of points. Raises ``DocumentError`` for kinds we lack."""
    import roifile

    kind, common = roi.roitype.name, _common(roi)
    if roi.composite or roi.subtype in (roifile.ROI_SUBTYPE.IMAGE, roifile.ROI_SUBTYPE.TEXT):
        raise DocumentError("composite selections, images and texts of ImageJ cannot be read")
    if kind in ("RECT", "OVAL"):
        return (_boxed(roi, kind, common),)
    if kind == "LINE":
        return (Line(x1=_near(roi.x1), y1=_near(roi.y1), x2=_near(roi.x2), y2=_near(roi.y2), **common),)
    points = _vertices(roi)
    if kind == "POINT":
        return tuple(Point(x=x, y=y, **common) for x, y in points)
    if kind in ("POLYLINE", "FREELINE", "ANGLE"):
        return (Polyline(points=points, **common),)
    if kind in ("POLYGON", "FREEHAND", "TRACED"):
        return (Polygon(points=points, **common),)
    raise DocumentError(f"a selection of the kind {kind} cannot be read")


def _boxed(roi: ImagejRoi, kind: str, common: dict[str, Any]) -> Shape:
    if roi.subpixelrect:
        x, y, width, height = map(_near, (roi.xd, roi.yd, roi.widthd, roi.heightd))
    else:
        x, y = float(roi.left), float(roi.top)
        width, height = float(roi.right - roi.left), float(roi.bottom - roi.top)
    if width < 0 or height < 0:
        raise DocumentError("a box has a negative size")
    if kind == "RECT":
        return Rectangle(x=x, y=y, width=width, height=height, **common)
    return Ellipse(x=x + width / 2, y=y + height / 2, radius_x=width / 2, radius_y=height / 2, **common)


def _vertices(roi: ImagejRoi) -> tuple[XY, ...]:
    found = roi.subpixel_coordinates if roi.subpixel_coordinates is not None else roi.integer_coordinates
    if found is None or not 0 < len(found) <= MOST_VERTICES:
        raise DocumentError("a selection has no vertices")
    shift = (0, 0) if roi.subpixel_coordinates is not None else (roi.left, roi.top)
    return tuple((_near(float(x) + shift[0]), _near(float(y) + shift[1])) for x, y in found)


def _near(number: float) -> float:
    if not abs(number) <= FARTHEST:
        raise DocumentError("a coordinate is no number or far outside of any image")
    return float(number)


def _common(roi: ImagejRoi) -> dict[str, Any]:
    positions = {"c": roi.c_position, "z": roi.z_position, "t": roi.t_position}
    if any(not 0 <= number < 10**9 for number in positions.values()):
        raise DocumentError("a position in the stack is negative")
    width = float(roi.float_stroke_width) or float(roi.stroke_width)
    style = Style(
        stroke=_rgba(roi.stroke_color), fill=_rgba(roi.fill_color), stroke_width=width if 0 < width < 1e4 else None
    )
    return {**{axis: number - 1 if number else None for axis, number in positions.items()}, "style": style}


def _rgba(argb: bytes) -> Color | None:
    """Return a colour; all zeros is ImageJ's way to say none."""
    if len(argb) != 4 or not any(argb):
        return None
    alpha, red, green, blue = argb
    return red, green, blue, alpha
