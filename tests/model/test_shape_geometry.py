"""Where shapes lie: against a scene whose places are known, and pixel by pixel against an arithmetic of its own."""

from __future__ import annotations

import csv
import json
from math import cos, hypot, radians, sin
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_idr.formats.omero_rois import parse_rois
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
    Transform,
)
from napari_idr.model.raster import cover, cover_mask, fill_polygons
from napari_idr.model.shape_geometry import place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TURN = Transform(cos(radians(25)), sin(radians(25)), -sin(radians(25)), cos(radians(25)), 30.0, -4.0)
SKEW = Transform(1.1, 0.3, 0.6, 0.9, -8.0, -6.0)
PLANE = (64, 96)


def pixels_of(inside: Callable[[float, float], bool], transform: Transform | None) -> np.ndarray:
    """Pixels whose centre, taken back through the transform, lies inside: by the definition, one by one."""
    t = transform or Transform()
    found = np.zeros(PLANE, bool)
    for row in range(PLANE[0]):
        for column in range(PLANE[1]):
            u, v = column + 0.5 - t.a02, row + 0.5 - t.a12
            x = (t.a11 * u - t.a01 * v) / t.determinant
            y = (t.a00 * v - t.a10 * u) / t.determinant
            found[row, column] = inside(x, y)
    return found


def drawn(shape: Shape) -> np.ndarray:
    kind, corners = place(shape)
    top, left, inside = cover(kind, corners, PLANE)
    picture = np.zeros(PLANE, bool)
    picture[top : top + inside.shape[0], left : left + inside.shape[1]] = inside
    return picture


@pytest.mark.parametrize("transform", [None, TURN, SKEW], ids=["as it is", "turned", "skewed"])
def test_a_rectangle_covers_the_pixels_it_should(transform: Transform | None) -> None:
    shape = Rectangle(x=20.25, y=15.75, width=21.5, height=9.25, transform=transform)
    truth = pixels_of(lambda x, y: 20.25 < x < 41.75 and 15.75 < y < 25.0, transform)
    assert truth.sum() > 100
    assert np.array_equal(drawn(shape), truth)


@pytest.mark.parametrize("transform", [None, TURN, SKEW], ids=["as it is", "turned", "skewed"])
def test_an_ellipse_stays_one_under_any_transform(transform: Transform | None) -> None:
    shape = Ellipse(x=38.1, y=24.3, radius_x=14.7, radius_y=6.2, transform=transform)
    truth = pixels_of(lambda x, y: hypot((x - 38.1) / 14.7, (y - 24.3) / 6.2) <= 1, transform)
    assert truth.sum() > 200
    assert np.array_equal(drawn(shape), truth)


def test_a_polygon_that_crosses_itself_has_holes_by_the_even_odd_rule() -> None:
    star = [(40 + 25 * sin(4 * np.pi * k / 5), 32 - 25 * cos(4 * np.pi * k / 5)) for k in range(5)]
    picture = drawn(Polygon(points=tuple(star)))
    assert picture.sum() > 300
    assert not picture[32, 40]


def test_one_pixel_of_omero_is_the_same_pixel_of_the_array() -> None:
    kind, corners = place(Rectangle(x=20, y=10, width=1, height=1))
    assert kind == "rectangle"
    assert corners.tolist() == [[9.5, 19.5], [9.5, 20.5], [10.5, 20.5], [10.5, 19.5]]
    assert place(Point(x=20.5, y=10.5))[1].tolist() == [[10.0, 20.0]]
    assert np.argwhere(drawn(Rectangle(x=20, y=10, width=1, height=1))).tolist() == [[10, 20]]


@pytest.mark.parametrize(
    ("shape", "kind", "count"),
    [
        (Line(x1=1, y1=2, x2=3, y2=4), "line", 2),
        (Polyline(points=((0, 0), (5, 5), (9, 0))), "path", 3),
        (Polygon(points=((0, 0), (5, 5), (9, 0), (0, 0))), "polygon", 3),
        (Label(x=1, y=2, text="here"), "point", 1),
        (Mask(x=1, y=2, width=3, height=4), "rectangle", 4),
        (Rectangle(x=1, y=2, width=3, height=4, transform=TURN), "rectangle", 4),
        (Rectangle(x=1, y=2, width=3, height=4, transform=SKEW), "polygon", 4),
        # what has shrunk is drawn as what is left of it
        (Polygon(points=((4, 4), (4, 4))), "point", 1),
        (Polygon(points=((4, 4), (7, 7))), "line", 2),
        (Polyline(points=((4, 4),)), "point", 1),
        (Line(x1=1, y1=2, x2=1, y2=2), "point", 1),
        (Rectangle(x=1, y=2, width=0, height=4), "line", 2),
        (Rectangle(x=1, y=2, width=0, height=0), "point", 1),
        (Ellipse(x=1, y=2, radius_x=0, radius_y=3), "line", 2),
        (Ellipse(x=1, y=2, radius_x=3, radius_y=3, transform=Transform(0, 0, 0, 0, 5, 5)), "point", 1),
    ],
    ids=lambda value: value.kind if isinstance(value, Shape) else str(value),
)
def test_every_shape_is_drawn_as_what_it_is(shape: Shape, kind: str, count: int) -> None:
    found, corners = place(shape)
    assert (found, corners.shape) == (kind, (count, 2))
    assert np.isfinite(corners).all()


def test_the_recorded_scene_lies_where_it_was_drawn(shared: Path) -> None:
    """The scene was drawn in napari and written by another program; every corner comes back to where it was."""
    folder = shared / "formats" / "samples" / "generated"
    answers = [{"@id": n, **roi} for n, roi in enumerate(json.loads((folder / "B1_C1.omero_rois.json").read_text()))]
    found = parse_rois(answers, "")
    assert not found.remarks
    truth = {row["roi_name"]: row for row in csv.DictReader((folder / "rois.csv").read_text().splitlines())}
    compared = []
    for roi in found.rois:
        row, (kind, corners) = truth[roi.name], place(roi.shapes[0])
        expected = np.array(json.loads(row["vertices_yx"]), float).reshape(-1, 2)
        assert row["coord_convention"] == "pixel_center"
        assert np.abs(np.array(sorted(corners.tolist())) - np.array(sorted(expected.tolist()))).max() < 1e-3, roi.name
        assert [str(plane) for plane in (roi.shapes[0].z, roi.shapes[0].t) if plane is not None] == [
            row[key] for key in "zt" if row[key]
        ]
        compared.append(kind)
    assert set(compared) == {"rectangle", "polygon", "ellipse", "path", "line", "point"}


def test_many_polygons_are_filled_as_each_alone() -> None:
    rng = np.random.default_rng(4)
    outlines: list[Any] = [rng.uniform(-12, 90, (count, 2)) for count in rng.integers(3, 9, 60)]
    picture = np.zeros(PLANE, np.uint16)
    fill_polygons(outlines, range(1, 61), picture)
    truth = np.zeros(PLANE, np.uint16)
    for value, outline in enumerate(outlines, 1):
        top, left, inside = cover("polygon", outline, PLANE)
        truth[top : top + inside.shape[0], left : left + inside.shape[1]][inside] = value
    assert np.array_equal(picture, truth)


def test_a_mask_marks_the_pixels_it_begins_at() -> None:
    pixels = np.array([[1, 0, 1], [0, 1, 1]], bool)
    top, left, inside = cover_mask(Mask(x=7, y=3, width=3, height=2), pixels, PLANE)
    assert (top, left) == (3, 7)
    assert np.array_equal(inside, pixels)


@pytest.mark.parametrize("transform", [TURN, SKEW])
def test_a_mask_with_a_transform_goes_where_its_pixels_go(transform: Transform) -> None:
    rng = np.random.default_rng(5)
    pixels = rng.random((12, 20)) < 0.5

    def inside(x: float, y: float) -> bool:
        column, row = int(np.floor(x - 30.13)), int(np.floor(y - 20.07))
        return 0 <= row < 12 and 0 <= column < 20 and bool(pixels[row, column])

    top, left, marked = cover_mask(Mask(x=30.13, y=20.07, width=20, height=12, transform=transform), pixels, PLANE)
    picture = np.zeros(PLANE, bool)
    picture[top : top + marked.shape[0], left : left + marked.shape[1]] = marked
    assert np.array_equal(picture, pixels_of(inside, transform))


def test_what_lies_outside_or_far_away_marks_nothing() -> None:
    for corners in (np.array([[-9.0, -9], [-9, -2], [-2, -2]]), np.array([[1e8, 1e8], [1e8, 2e8], [2e8, 2e8]])):
        assert cover("polygon", corners, PLANE)[2].size == 0
    whole = cover("rectangle", np.array([[-1e8, -1e8], [-1e8, 1e8], [1e8, 1e8], [1e8, -1e8]]), PLANE)
    assert whole[2].all()
    assert whole[2].shape == PLANE
