"""From drawn corners to OME's shapes and back: the same place, the same kind, half a pixel apart."""

from __future__ import annotations

from math import cos, radians, sin

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_idr.model.annotation import Ellipse, Label, Line, Mask, Point, Polygon, Polyline, Rectangle, Style
from napari_idr.model.drawn_geometry import drawn, redrawn, same_place
from napari_idr.model.raster import cover
from napari_idr.model.shape_geometry import place

places = st.floats(-500, 20_000, allow_nan=False, width=32)
lengths = st.floats(2, 3000, width=32)


def box(y: float, x: float, height: float, width: float, angle: float = 0.0) -> np.ndarray:
    """Corners of a box round (y, x), turned, as napari keeps them."""
    corners = np.array([[-height, -width], [-height, width], [height, width], [height, -width]]) / 2
    turn = np.array([[cos(angle), sin(angle)], [-sin(angle), cos(angle)]])
    return (corners @ turn.T + (y, x)).astype(np.float32)


def test_a_box_round_one_pixel_is_one_pixel_of_ome() -> None:
    shape = drawn("rectangle", np.array([[9.5, 19.5], [9.5, 20.5], [10.5, 20.5], [10.5, 19.5]]))
    assert shape == Rectangle(x=20, y=10, width=1, height=1)


def test_a_click_on_a_pixel_is_its_middle() -> None:
    assert drawn("point", np.array([[7.0, 3.0]])) == Point(x=3.5, y=7.5)


def test_lines_paths_and_polygons_keep_their_vertices_in_order() -> None:
    corners = np.array([[0.0, 1.0], [2.0, 3.0], [5.0, 3.0]])
    assert drawn("line", corners[:2], z=3) == Line(x1=1.5, y1=0.5, x2=3.5, y2=2.5, z=3)
    assert drawn("path", corners) == Polyline(points=((1.5, 0.5), (3.5, 2.5), (3.5, 5.5)))
    assert drawn("polygon", corners) == Polygon(points=((1.5, 0.5), (3.5, 2.5), (3.5, 5.5)))


@settings(max_examples=150, deadline=None)
@given(places, places, lengths, lengths, st.floats(0, 2 * np.pi), st.sampled_from(["rectangle", "ellipse"]))
def test_turned_boxes_come_back_as_they_were(
    y: float, x: float, height: float, width: float, angle: float, kind: str
) -> None:
    corners = box(y, x, height, width, angle)
    shape = drawn(kind, corners)  # type: ignore[arg-type]
    assert shape.kind == {"rectangle": "Rectangle", "ellipse": "Ellipse"}[kind]
    found, back = place(shape)
    assert found == kind
    assert same_place(found, back.astype(np.float32), corners)


@pytest.mark.parametrize("step", range(4))
@pytest.mark.parametrize("backwards", [False, True])
def test_it_does_not_matter_from_which_corner_a_box_was_drawn(step: int, backwards: bool) -> None:
    corners = box(10, 20, 6, 8)
    turned = np.roll(corners[::-1] if backwards else corners, step, axis=0)
    assert drawn("rectangle", turned) == Rectangle(x=16.5, y=7.5, width=8, height=6)
    assert drawn("ellipse", turned) == Ellipse(x=20.5, y=10.5, radius_x=4, radius_y=3)


def test_an_ellipse_in_a_skewed_box_is_the_one_that_touches_its_sides() -> None:
    corners = np.array([[10.0, 10.0], [16.0, 50.0], [40.0, 62.0], [34.0, 22.0]])
    kind, back = place(drawn("ellipse", corners))
    top, left, inside = cover(kind, back, (60, 80))
    along, across = (corners[1] - corners[0]) / 2, (corners[3] - corners[0]) / 2
    grid = np.stack(np.mgrid[0:60, 0:80], axis=-1) - corners.mean(axis=0)
    expected = (np.linalg.solve(np.array([along, across]).T, grid[..., None])[..., 0] ** 2).sum(axis=-1) <= 1
    whole = np.zeros((60, 80), bool)
    whole[top : top + inside.shape[0], left : left + inside.shape[1]] = inside
    assert (whole == expected).mean() > 0.999


def test_four_corners_that_are_no_rectangle_are_a_polygon() -> None:
    assert isinstance(drawn("rectangle", np.array([[0.0, 0], [0, 9], [7, 12], [5, 0]])), Polygon)
    assert isinstance(drawn("rectangle", np.array([[0.0, 0], [0, 9], [5, 12], [5, 3]])), Polygon)


def test_what_was_not_moved_stays_what_it_is() -> None:
    mask = Mask(x=4, y=2, width=3, height=2, bits=b"\xfc", text="kept", id="7")
    kind, corners = place(mask)
    assert redrawn(mask, kind, np.roll(corners, 1, axis=0)) is mask
    moved = redrawn(mask, kind, corners + np.array([10, 5]))
    assert moved == Mask(x=9, y=12, width=3, height=2, bits=b"\xfc", text="kept", id="7")
    wider = redrawn(mask, kind, corners * np.array([1, 2]))
    assert isinstance(wider, Rectangle)
    assert wider.text == "kept"


def test_a_text_that_was_moved_stays_a_text_and_an_arrow_keeps_its_head() -> None:
    style = Style(stroke=(1, 2, 3, 4))
    text = redrawn(Label(x=1, y=1, text="here", style=style), "point", np.array([[4.5, 5.5]]))
    assert text == Label(x=6, y=5, text="here", style=style)
    arrow = redrawn(Line(x1=0, y1=0, x2=5, y2=5, marker_end="Arrow"), "line", np.array([[0.0, 0.0], [9.0, 9.0]]))
    assert arrow == Line(x1=0.5, y1=0.5, x2=9.5, y2=9.5, marker_end="Arrow")


def test_an_angle_of_a_degree_is_no_upright_box() -> None:
    shape = drawn("rectangle", box(100, 100, 40, 60, radians(1)))
    assert shape.transform is not None
