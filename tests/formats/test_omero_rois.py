"""ROIs of OMERO's JSON: everything the recorded answers hold, and what becomes of answers that are wrong."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_idr.errors import ProtocolError
from napari_idr.formats.mask_pixels import bits_to_pixels, picture_to_pixels
from napari_idr.formats.omero_rois import parse_rois
from napari_idr.formats.omero_shapes import decode_color
from napari_idr.model.annotation import Mask, Polygon, RoiSet, Shape, Transform

if TYPE_CHECKING:
    from pathlib import Path

OME = "http://www.openmicroscopy.org/Schemas/OME/2016-06#"
HERE = "http://host/"


def roi(*shapes: dict[str, Any] | object, **more: Any) -> dict[str, Any]:
    return {"@type": f"{OME}ROI", "@id": 7, "shapes": list(shapes), **more}


def shape(kind: str, **fields: Any) -> dict[str, Any]:
    return {"@type": OME + kind, "@id": 70, **fields}


def only(found: RoiSet) -> Shape:
    assert found.remarks == ()
    ((one,),) = (roi.shapes for roi in found.rois)
    return one


RECTANGLE = {"X": 1, "Y": 2, "Width": 3, "Height": 4}


def test_the_recorded_shapes_of_all_kinds_are_read_completely(shared: Path) -> None:
    recorded = shared / "protocols" / "samples" / "derived" / "omero_marshal_roi_all_shapes.json"
    found = parse_rois([json.loads(recorded.read_text())["data"]], HERE)
    assert found.remarks == ()
    (one,) = found.rois
    assert (one.id, one.name, one.description) == ("1", "my roi", "desc")
    kinds = ["Rectangle", "Ellipse", "Polygon", "Polyline", "Line", "Point", "Label", "Mask"]
    assert [shape.kind for shape in one.shapes] == kinds
    box, ellipse, polygon, polyline, line, point, label, mask = one.shapes
    assert (box.id, box.text, box.z, box.t, box.c) == ("101", "rect", 0, 0, None)
    assert box.style.stroke == (255, 0, 0, 255)
    assert box.style.fill == (255, 255, 255, 0)
    assert (box.style.stroke_width, box.style.font_size) == (1.0, 12.0)
    assert (box.x, box.y, box.width, box.height) == (10.0, 20.0, 30.5, 40.0)  # type: ignore[attr-defined]
    assert ellipse.style.stroke == (0, 0, 255, 255)
    assert (polygon.z, polygon.t, polygon.c) == (3, None, 1)
    assert polygon.transform == Transform(1, 0, 0, 1, 5, -5)
    assert polygon.points == ((0, 0), (10, 0), (10, 10))  # type: ignore[attr-defined]
    assert polyline.marker_start == line.marker_end == "Arrow"  # type: ignore[attr-defined]
    assert (point.z, point.t) == (None, None)
    assert label.text == "hello"
    assert (mask.width, mask.height, mask.bits) == (16, 2, None)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("name", "count"), [("other_omero_api_v0_rois2", 2), ("other_omero_api_v0_rois83", 1)])
def test_answers_of_real_servers_are_read_without_a_remark(shared: Path, name: str, count: int) -> None:
    answers = json.loads((shared / "protocols" / "samples" / f"{name}.json").read_text())
    found = parse_rois(answers, HERE)
    assert found.remarks == ()
    assert len(found.rois) == len(answers) >= count
    assert found.shape_count == sum(len(one["shapes"]) for one in answers)


@pytest.mark.parametrize(
    ("number", "color"),
    [
        (-16776961, (255, 0, 0, 255)),
        (-256, (255, 255, 255, 0)),
        (65535, (0, 0, 255, 255)),
        (-351402241, (235, 14, 6, 255)),
    ],
)
def test_colours_are_signed_rgba(number: int, color: tuple[int, int, int, int]) -> None:
    assert decode_color(number) == color


@pytest.mark.parametrize(
    "text",
    ["309,427 366,503 -1.5,2e1", "309,427, 366,503, -1.5,20", "points[309,427, 366,503, -1.5,20] points1[1,2] mask[0]"],
)
def test_vertices_are_read_in_all_their_spellings_with_their_signs(text: str) -> None:
    found = only(parse_rois([roi(shape("Polygon", Points=text))], HERE))
    assert isinstance(found, Polygon)
    assert found.points == ((309, 427), (366, 503), (-1.5, 20))


def test_planes_that_are_absent_or_negative_are_all_planes() -> None:
    found = only(parse_rois([roi(shape("Rectangle", **RECTANGLE, TheZ=-1, TheT=2.0))], HERE))
    assert (found.z, found.t, found.c) == (None, 2, None)


@pytest.mark.parametrize("text", ["matrix(1 0 0 1 5 6)", "matrix(1, 0, 0, 1, 5, 6)"])
def test_transforms_of_older_servers_are_read(text: str) -> None:
    found = only(parse_rois([roi(shape("Rectangle", **RECTANGLE, Transform=text))], HERE))
    assert found.transform == Transform(a02=5, a12=6)
    assert only(parse_rois([roi(shape("Rectangle", **RECTANGLE, Transform="none"))], HERE)).transform is None


def test_what_is_said_of_a_roi_is_kept_in_order() -> None:
    annotations = [
        {"Value": [["Phenotype", "round"], ["Phenotype", "large"]]},
        {"Value": "checked"},
        {"Value": [[1]]},
        3,
    ]
    found = parse_rois([roi(shape("Rectangle", **RECTANGLE), Annotations=annotations)], HERE)
    assert found.rois[0].key_values == (("Phenotype", "round"), ("Phenotype", "large"), ("Tag", "checked"))


WRONG = {
    "no kind": {"@id": 1},
    "an unknown kind": shape("Spiral", X=1, Y=2),
    "not an object": 5,
    "null": None,
    "no place": shape("Rectangle", X=1, Y=2, Width=3),
    "not a number": shape("Rectangle", X=float("nan"), Y=2, Width=3, Height=4),
    "infinite": shape("Ellipse", X=1, Y=2, RadiusX=float("inf"), RadiusY=4),
    "a number too large for a float": shape("Point", X=10**400, Y=2),
    "far outside": shape("Point", X=1e300, Y=2),
    "text for a number": shape("Line", X1="1", Y1=2, X2=3, Y2=4),
    "true for a number": shape("Point", X=True, Y=2),
    "an odd number of coordinates": shape("Polygon", Points="1,2 3"),
    "vertices that are words": shape("Polygon", Points="1,2 three,4"),
    "vertices that are no numbers": shape("Polygon", Points="1,2 nan,4"),
    "no vertices": shape("Polygon", Points=""),
    "vertices in a list": shape("Polygon", Points=[[1, 2]]),
    "too many vertices": shape("Polygon", Points="1,2 " * 200_000),
    "an unclosed transform": shape("Rectangle", **RECTANGLE, Transform="matrix(1 0 0 1 5"),
    "a transform of words": shape("Rectangle", **RECTANGLE, Transform="matrix(a b c d e f)"),
    "half a transform": shape("Rectangle", **RECTANGLE, Transform={"A00": 1.0}),
    "a transform that is a number": shape("Rectangle", **RECTANGLE, Transform=3),
    "half a plane": shape("Rectangle", **RECTANGLE, TheZ=1.5),
    "a plane beyond counting": shape("Rectangle", **RECTANGLE, TheT=1e12),
    "a mask without pixels": shape("Mask", X=1, Y=2, Width=0, Height=4),
    "a mask of nonsense": shape("Mask", X=1, Y=2, Width=2, Height=4, Bytes="###"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_shape_is_left_out_and_said_and_the_others_stay(wrong: object) -> None:
    found = parse_rois([roi(wrong, shape("Rectangle", **RECTANGLE))], HERE)
    assert [one.kind for one in found.rois[0].shapes] == ["Rectangle"]
    (said,) = found.remarks
    assert said.startswith("Something was left out")
    assert len(said) < 300
    assert "\n" not in said


@pytest.mark.parametrize("wrong", [None, 5, [], {"shapes": []}, {"@id": "7", "shapes": []}, {"@id": 7, "shapes": 5}])
def test_a_wrong_roi_is_left_out_and_said_and_the_others_stay(wrong: object) -> None:
    found = parse_rois([wrong, roi(shape("Rectangle", **RECTANGLE))], HERE)
    assert [one.id for one in found.rois] == ["7"]
    assert len(found.remarks) == 1


def test_wrong_colours_and_widths_cost_the_shape_nothing() -> None:
    style = {
        "StrokeColor": "red",
        "FillColor": 2**40,
        "StrokeWidth": {"Unit": "METER", "Value": 3},
        "FontSize": -4,
        "Text": 5,
    }
    found = only(parse_rois([roi(shape("Rectangle", **RECTANGLE, **style))], HERE))
    assert (found.style.stroke, found.style.fill, found.style.stroke_width, found.style.font_size) == (None,) * 4
    assert found.text == ""


def test_more_shapes_than_anybody_can_look_at_are_cut_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_idr.formats.omero_rois.MOST_SHAPES", 3)
    found = parse_rois([roi(*[shape("Rectangle", **RECTANGLE)] * 5)] * 2, HERE)
    assert found.shape_count == 3
    assert "7 times" in found.remarks[0]


def test_pixels_of_masks_are_read_from_bits_and_from_pictures() -> None:
    pixels = np.random.default_rng(2).random((5, 11)) < 0.5
    bits = np.packbits(pixels).tobytes()
    found = only(
        parse_rois([roi(shape("Mask", X=0, Y=0, Width=11, Height=5, Bytes=base64.b64encode(bits).decode()))], HERE)
    )
    assert isinstance(found, Mask)
    assert found.bits is not None
    assert np.array_equal(bits_to_pixels(found.bits, 5, 11, HERE), pixels)
    for wrong in (b"", b"\xff" * 6):
        with pytest.raises(ProtocolError):
            bits_to_pixels(wrong, 5, 11, HERE)


@pytest.mark.parametrize("wrong", [b"", b"<html>", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n" + b"\xff" * 64])
def test_what_is_no_picture_of_a_mask_is_refused(wrong: bytes) -> None:
    with pytest.raises(ProtocolError):
        picture_to_pixels(wrong, HERE)
