"""ROIs of the demonstration images: the shapes a curator would have drawn, in pixels of the finest level.

Shapes carry the fields of OMERO's JSON without ids: the server adds those.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

from .fields import FieldPainter
from .plate_content import field_seed, well_path
from .plate_layout import NOT_IMAGED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .fields import PaintedField
    from .plate_content import PlateShape
    from .plate_layout import Treatment

Roi = dict[str, Any]

BLUE, ORANGE, GREEN = 0x0072B2FF, 0xD55E00FF, 0x009E73FF
"""Colours as RGBA."""
WELLS = ("A1", "A2", "A4", "B3")
"""Wells whose first field has ROIs: controls and two knock-downs."""


def field_rois(plate_path: str, treatments: Sequence[Treatment], shape: PlateShape) -> dict[str, list[Roi]]:
    """ROIs of the first fields of a few wells, by path of the image."""
    painter = FieldPainter(shape.side)
    chosen = [one for one in treatments if one.well in WELLS and one.well not in NOT_IMAGED]
    return {
        f"{plate_path}/{well_path(one)}/0": _cell_rois(painter.paint(one.mix(), field_seed(one, 0)), shape.side)
        for one in chosen
    }


def slide_rois(side: int) -> list[Roi]:
    """Regions of a slide: two rectangles, a polygon, an ellipse, a line with an arrow and a label."""
    s = side / 16384
    polygon = np.array([[6100, 7300], [7400, 7150], [7900, 8200], [7000, 9000], [5900, 8400]]) * s
    return [
        _roi("Gland", _rectangle(7500 * s, 2600 * s, 1900 * s, 1500 * s, "gland", BLUE)),
        _roi("Infiltrate", _rectangle(11000 * s, 6900 * s, 2100 * s, 2400 * s, "lymphocytes", ORANGE)),
        _roi("Tumour-free region", _shape("Polygon", GREEN, Points=_points(polygon), Text="stroma")),
        _roi("Fat", _shape("Ellipse", BLUE, X=5600 * s, Y=3600 * s, RadiusX=1500 * s, RadiusY=1100 * s, Text="fat")),
        _roi("Muscle", _shape("Line", ORANGE, X1=1000 * s, Y1=1200 * s, X2=2600 * s, Y2=4200 * s, MarkerEnd="Arrow")),
        _roi("Note", _shape("Label", GREEN, X=9300 * s, Y=14600 * s, Text="second fragment")),
    ]


def movie_rois(side: int, planes: int) -> list[Roi]:
    """Shapes that belong to one plane, one time point, and to all of them."""
    middle, z = side / 2, planes // 2
    track = np.array([[0.3, 0.3], [0.34, 0.31], [0.37, 0.35], [0.42, 0.36]]) * side
    return [
        _roi("Embryo", _shape("Ellipse", BLUE, X=middle, Y=middle, RadiusX=0.46 * side, RadiusY=0.46 * side)),
        _roi(
            "Division",
            _rectangle(0.62 * side, 0.18 * side, 0.2 * side, 0.2 * side, "division", ORANGE) | {"TheT": 1, "TheZ": z},
        ),
        _roi("Path", _shape("Polyline", GREEN, Points=_points(track), TheZ=z)),
    ]


def every_shape(side: int, planes: int) -> list[Roi]:
    """Every kind of shape of the OME model, transforms, masks, planes and colours, over an image of ``side`` pixels."""
    s, z = side / 64, planes // 2
    turned = {"A00": 0.8, "A10": 0.6, "A01": -0.6, "A11": 0.8, "A02": 24 * s, "A12": -12 * s}
    skewed = {"A00": 1.0, "A10": 0.25, "A01": 0.5, "A11": 1.0, "A02": -12 * s, "A12": -8 * s}
    square, path = np.array([[6, 40], [16, 38], [18, 52], [8, 56]]) * s, np.array([[40, 6], [48, 10], [44, 18]]) * s
    filled = {"FillColor": _signed(0x009E7380)}
    return [
        _roi("box", _rectangle(4 * s, 5 * s, 12 * s, 8 * s, "box", BLUE) | {"TheZ": z, "TheT": 0} | filled),
        _roi("turned box", _rectangle(20 * s, 22 * s, 12 * s, 6 * s, "turned", ORANGE) | {"Transform": turned}),
        _roi("skewed box", _rectangle(24 * s, 30 * s, 10 * s, 8 * s, "skewed", GREEN) | {"Transform": skewed}),
        _roi("ellipse", _shape("Ellipse", BLUE, X=50 * s, Y=30 * s, RadiusX=9 * s, RadiusY=5 * s) | {"TheZ": z}),
        _roi(
            "skewed ellipse",
            _shape("Ellipse", ORANGE, X=30 * s, Y=40 * s, RadiusX=8 * s, RadiusY=4 * s) | {"Transform": skewed},
        ),
        _roi("polygon", _shape("Polygon", GREEN, Points=_points(square)) | {"TheT": 1}),
        _roi("path", _shape("Polyline", BLUE, Points=_points(path), MarkerEnd="Arrow")),
        _roi("line", _shape("Line", ORANGE, X1=2 * s, Y1=62 * s, X2=30 * s, Y2=60 * s, MarkerEnd="Arrow")),
        _roi("place", _shape("Point", GREEN, X=33.5 * s, Y=12.5 * s, Text="here")),
        _roi("note", _shape("Label", BLUE, X=44 * s, Y=58 * s, Text="a note")),
        _roi("nucleus", *_ball(side * 3 // 8, side // 2, max(3, side // 16), z, planes)),
    ]


def _ball(y: int, x: int, radius: int, z: int, planes: int) -> list[dict[str, Any]]:
    """Masks of a ball, one for each plane that it reaches."""
    shapes = []
    for plane in range(max(0, z - 1), min(planes, z + 2)):
        reach = radius - abs(plane - z)
        rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
        inside = rows**2 + columns**2 <= reach**2
        box = {"X": x - reach, "Y": y - reach, "Width": 2 * reach + 1, "Height": 2 * reach + 1}
        bits = base64.b64encode(np.packbits(inside).tobytes()).decode()
        shapes.append(_shape("Mask", BLUE, **box) | {"FillColor": _signed(ORANGE), "TheZ": plane, "Bytes": bits})
    return shapes


def _cell_rois(painted: PaintedField, side: int) -> list[Roi]:
    """Rectangles around mitotic cells, ellipses around others, a polygon around a patch, points on nuclei."""
    rois: list[Roi] = []
    mitotic = [cell for cell in painted.cells if cell[1] == "mitotic"][:8]
    others = [cell for cell in painted.cells if cell[1] != "mitotic"][:6]
    for label, kind, y, x in mitotic:
        rois.append(_roi(f"cell {label}", _rectangle(x - 26, y - 26, 52, 52, kind, ORANGE) | {"TheZ": 0, "TheT": 0}))
    for label, kind, y, x in others:
        rois.append(_roi(f"cell {label}", _shape("Ellipse", BLUE, X=x, Y=y, RadiusX=24, RadiusY=21, Text=kind)))
    corners = np.array([[0.1, 0.12], [0.34, 0.08], [0.42, 0.3], [0.22, 0.42], [0.06, 0.31]]) * side
    rois.append(_roi("patch", _shape("Polygon", GREEN, Points=_points(corners), Text="counted")))
    points = [_shape("Point", GREEN, X=x, Y=y, Text=str(label)) for label, _, y, x in painted.cells[:10]]
    return [*rois, _roi("nuclei counted by hand", *points)]


def _roi(name: str, *shapes: dict[str, Any]) -> Roi:
    return {"Name": name, "shapes": list(shapes)}


def _rectangle(x: float, y: float, width: float, height: float, text: str, color: int) -> dict[str, Any]:
    return _shape("Rectangle", color, X=x, Y=y, Width=width, Height=height, Text=text)


def _shape(kind: str, color: int, **geometry: object) -> dict[str, Any]:
    numbers = {
        key: round(float(value), 2) if isinstance(value, int | float) and key not in ("TheZ", "TheT") else value
        for key, value in geometry.items()
    }
    return {"type": kind, "StrokeColor": _signed(color), **numbers}


def _signed(color: int) -> int:
    """Return a colour (RGBA) as OMERO keeps it, in a signed number."""
    return color - 2**32 if color >= 2**31 else color


def _points(corners: np.ndarray[Any, Any]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
