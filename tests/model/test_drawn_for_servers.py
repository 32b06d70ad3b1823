"""Back from where something is drawn to shapes: the inverse of how they are placed, to half a pixel and better."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_idr.demo.rois import every_shape
from napari_idr.formats.json_record import JsonRecord
from napari_idr.formats.omero_shape_writing import write_shape
from napari_idr.formats.omero_shapes import parse_shape
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
    Transform,
)
from napari_idr.model.drawn_geometry import check_corners, drawn, is_at, is_same, redrawn, same_place
from napari_idr.model.shape_geometry import place

if TYPE_CHECKING:
    from pathlib import Path


def demo_shapes() -> list[Shape]:
    raw = [shape for roi in every_shape(64, 8) for shape in roi["shapes"]]
    records = [JsonRecord({**one, "@type": f"x#{one['type']}", "@id": n}, "shape", "") for n, one in enumerate(raw)]
    return [shape for shape in map(parse_shape, records) if not isinstance(shape, Mask)]


@pytest.mark.parametrize("shape", demo_shapes(), ids=lambda shape: f"{shape.kind} {shape.id}")
def test_what_is_drawn_leads_back_to_where_it_was(shape: Shape) -> None:
    outline, corners = place(shape)
    made = drawn(outline, corners)
    again = place(made)
    assert again[0] == outline
    assert same_place(outline, again[1], corners, 1e-9)
    assert is_at(shape, outline, corners)
    assert is_same(redrawn(shape, outline, corners), shape) or outline == "polygon"


def test_the_first_pixel_s_centre_is_half_a_pixel_from_ome_s_origin() -> None:
    corners = np.array([[-0.5, -0.5], [-0.5, 0.5], [0.5, 0.5], [0.5, -0.5]])
    assert drawn("rectangle", corners) == Rectangle(x=0.0, y=0.0, width=1.0, height=1.0)
    assert drawn("point", np.array([[0.0, 0.0]])) == Point(x=0.5, y=0.5)


def test_an_upright_box_is_a_box_whichever_corner_comes_first() -> None:
    corners = np.array([[5.0, 2], [5, 8], [1, 8], [1, 2]])
    assert drawn("rectangle", corners) == Rectangle(x=2.5, y=1.5, width=6.0, height=4.0)
    assert drawn("ellipse", corners) == Ellipse(x=5.5, y=3.5, radius_x=3.0, radius_y=2.0)


def test_a_turned_box_is_a_box_with_a_transform() -> None:
    corners = np.array([[0.0, 4], [4, 8], [6, 6], [2, 2]])
    box = drawn("rectangle", corners)
    assert isinstance(box, Rectangle)
    assert box.transform is not None
    assert box.transform.determinant == pytest.approx(1)
    assert same_place("rectangle", place(box)[1], corners, 1e-9)


numbers = st.floats(-1e5, 1e5, allow_nan=False).map(lambda value: round(value, 3))
lengths = st.floats(0.5, 1e4).map(lambda value: round(value, 3))
directions = st.floats(-0.9, 0.9).map(lambda value: round(value, 3))


@settings(max_examples=60, deadline=None)
@given(numbers, numbers, lengths, lengths, directions, directions, st.sampled_from(["Rectangle", "Ellipse"]))
def test_any_affine_box_or_ellipse_is_written_and_read_in_the_same_place(
    x: float, y: float, first: float, second: float, lean: float, skew: float, kind: str
) -> None:
    transform = Transform(1.0, lean, skew, 1.0, x, y)
    shape: Shape = Rectangle(x=x, y=y, width=first, height=second, transform=transform)
    if kind == "Ellipse":
        shape = Ellipse(x=x, y=y, radius_x=first, radius_y=second, transform=transform)
    outline, corners = place(shape)
    if outline == "polygon":
        return
    written = write_shape(drawn(outline, corners)) | {"@id": 1}
    read = parse_shape(JsonRecord(json.loads(json.dumps(written)), "shape", ""))
    assert is_at(read, outline, corners)


def test_moving_keeps_everything_but_the_place() -> None:
    style = Style((1, 2, 3, 4), (5, 6, 7, 8), 2.0, 9.0)
    before = Line(id="7", text="axon", z=1, t=2, c=0, style=style, x1=0, y1=0, x2=9, y2=9, marker_end="Arrow")
    after = redrawn(before, "line", np.array([[1.5, 2.5], [3.5, 4.5]]))
    assert after == replace(before, x1=3.0, y1=2.0, x2=5.0, y2=4.0)


@pytest.mark.parametrize(
    ("before", "outline", "corners", "kind"),
    [
        (Label(x=1, y=1, text="a"), "point", [[3, 4]], Label),
        (Polyline(points=((0, 0), (1, 1), (2, 0))), "line", [[0, 0], [5, 5]], Polyline),
        (Line(x1=0, y1=0, x2=1, y2=1), "path", [[0, 0], [5, 5]], Line),
        (Line(x1=0, y1=0, x2=1, y2=1), "path", [[0, 0], [5, 5], [9, 9]], Polyline),
        (Rectangle(x=0, y=0, width=1, height=1), "polygon", [[0, 0], [0, 3], [4, 4]], Polygon),
    ],
)
def test_the_kind_stays_where_the_outline_allows_it(before: Shape, outline: Any, corners: Any, kind: type) -> None:
    assert type(redrawn(before, outline, np.array(corners, float))) is kind


@pytest.mark.parametrize(("outline", "count"), [("rectangle", 3), ("polygon", 2), ("line", 1), ("point", 0)])
def test_too_few_corners_are_refused(outline: Any, count: int) -> None:
    with pytest.raises(ValueError, match="corners that are numbers"):
        check_corners(outline, np.zeros((count, 2)))


def test_corners_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="corners that are numbers"):
        check_corners("point", np.array([[np.nan, 0]]))


@pytest.mark.parametrize(
    "change", [{"x": 2.01}, {"text": "b"}, {"z": 1}, {"style": Style(stroke=(0, 0, 0, 255))}], ids=str
)
def test_what_differs_is_not_the_same(change: dict[str, Any]) -> None:
    one = Point(x=2.0, y=3.0, text="a", style=Style(stroke=(1, 1, 1, 255)))
    assert is_same(one, replace(one, id="9", style=replace(one.style, fill=(0, 0, 0, 0))))
    assert not is_same(one, replace(one, **change))


def test_every_shape_of_the_recorded_kind_is_written_as_it_was(shared: Path) -> None:
    sample = json.loads((shared / "protocols/samples/derived/omero_marshal_roi_all_shapes.json").read_text())
    ignored = {"@id", "omero:details", "FillRule", "FontFamily", "FontStyle", "StrokeDashArray", "Locked", "Bytes"}
    written = 0
    for one in sample["data"]["shapes"]:
        shape = parse_shape(JsonRecord(one, "shape", ""))
        if isinstance(shape, Mask):
            continue
        theirs = {key: value for key, value in one.items() if key not in ignored}
        assert _plain(write_shape(shape)) == _plain(theirs)
        written += 1
    assert written >= 6


def _plain(document: dict[str, Any]) -> dict[str, Any]:
    """Return a shape without the ids of its parts, and with its vertices as numbers."""
    plain = dict(document)
    for key in ("StrokeWidth", "FontSize", "Transform"):
        part = plain.get(key, {})
        plain[key] = {name: part[name] for name in part if name not in ("@id", "omero:details", "Symbol")}
    if "Points" in plain:
        plain["Points"] = [float(word) for word in plain["Points"].replace(",", " ").split()]
    return plain
