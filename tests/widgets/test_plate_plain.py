"""The plate grid without its pictures: where cells lie, what keys and clicks choose, what wells say."""

from __future__ import annotations

import pytest
from fakes import FakeSession
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.model.catalog import Node
from napari_idr.widgets.plate_geometry import LARGEST_CELL, SMALLEST_CELL, PlateGeometry, rectangle
from napari_idr.widgets.plate_selection import PlateSelection
from napari_idr.widgets.plate_wells import PlateWells, row_letters

pytestmark = pytest.mark.qt


@given(st.integers(1, 32), st.integers(1, 48), st.integers(4, 64), st.integers(0, 500), st.integers(0, 500), st.data())
def test_the_middle_of_a_cell_leads_back_to_it_wherever_it_is_scrolled(
    rows: int, columns: int, side: int, left: int, top: int, data: st.DataObject
) -> None:
    geometry = PlateGeometry(rows, columns, side).scrolled(left, top)
    cell = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    x, y, width, height = geometry.place(cell)
    middle = x + width // 2, y + height // 2
    assert geometry.nearest(*middle) == cell
    under_header = middle[0] < geometry.header_width or middle[1] < geometry.header_height
    assert geometry.cell_at(*middle) == (None if under_header else cell)


def test_a_whole_row_fits_the_width() -> None:
    geometry = PlateGeometry(8, 12).fitted(280)
    assert geometry.size[0] + geometry.header_width <= 280 < geometry.header_width + 12 * (geometry.cell + 1)


def test_cells_stay_within_what_is_useful() -> None:
    assert PlateGeometry(32, 48).fitted(100).cell == SMALLEST_CELL
    assert PlateGeometry(1, 1).fitted(3000).cell == LARGEST_CELL


def test_cells_in_view_are_those_the_viewport_touches() -> None:
    geometry = PlateGeometry(16, 24, 20, header_width=20, header_height=20).scrolled(50, 30)
    rows, columns = geometry.visible(120, 80)
    assert (rows, columns) == (range(1, 5), range(2, 8))


def test_beside_the_plate_there_is_no_cell() -> None:
    geometry = PlateGeometry(2, 3, 10, header_width=20, header_height=20)
    assert geometry.cell_at(55, 25) is None
    assert geometry.cell_at(25, 45) is None
    assert geometry.nearest(500, 500) == (1, 2)
    assert geometry.row_header_at(5, 35) == 1
    assert geometry.column_header_at(45, 5) == 2
    assert geometry.row_header_at(5, 5) is None


def test_labels_that_would_touch_are_left_out() -> None:
    assert PlateGeometry(8, 12, 20).label_step(15) == 1
    assert PlateGeometry(32, 48, 5).label_step(15) == 4


def test_a_rectangle_does_not_care_which_corner_came_first() -> None:
    assert list(rectangle((1, 2), (0, 1))) == [(0, 1), (0, 2), (1, 1), (1, 2)]


@pytest.fixture
def plate() -> PlateSelection:
    every = {(row, column) for row in range(4) for column in range(6)}
    return PlateSelection(4, 6, frozenset(every - {(1, 1)}))


def test_arrows_move_and_stop_at_the_edge(plate: PlateSelection) -> None:
    moved = plate.moved("right").moved("down").moved("down")
    assert moved.cursor == (2, 1)
    assert moved.chosen == {(2, 1)}
    assert plate.moved("left").moved("up").cursor == (0, 0)
    assert plate.moved("last").moved("right").moved("down").cursor == (3, 5)
    assert plate.moved("last").moved("row start").cursor == (3, 0)
    assert plate.moved("row end").moved("first").cursor == (0, 0)


def test_an_empty_well_can_be_walked_over_but_not_chosen(plate: PlateSelection) -> None:
    on_it = plate.moved("down").moved("right")
    assert on_it.cursor == (1, 1)
    assert on_it.chosen == frozenset()
    assert on_it.toggled((1, 1)).chosen == frozenset()


def test_shift_extends_from_the_anchor_and_shrinks_again(plate: PlateSelection) -> None:
    start = plate.at((0, 0))
    wide = start.moved("right", extend=True).moved("down", extend=True)
    assert wide.in_order() == ((0, 0), (0, 1), (1, 0))
    assert wide.moved("up", extend=True).in_order() == ((0, 0), (0, 1))


def test_ctrl_adds_and_takes_away(plate: PlateSelection) -> None:
    both = plate.at((0, 0)).toggled((3, 5))
    assert both.chosen == {(0, 0), (3, 5)}
    assert both.toggled((0, 0)).chosen == {(3, 5)}


def test_a_rubber_band_with_ctrl_keeps_what_was_chosen(plate: PlateSelection) -> None:
    chosen = plate.with_rectangle({(3, 5)}, (0, 1), (1, 2)).chosen
    assert chosen == {(3, 5), (0, 1), (0, 2), (1, 2)}


def test_everything_nothing_and_exactly_these(plate: PlateSelection) -> None:
    assert len(plate.all().chosen) == 23
    assert plate.all().none().chosen == frozenset()
    only = plate.only([(2, 2), (1, 1), (2, 1), (9, 9)])
    assert only.chosen == {(2, 2), (2, 1)}
    assert only.cursor == (2, 1)


def test_rows_beyond_z_have_two_letters() -> None:
    assert [row_letters(row) for row in (0, 25, 26, 31)] == ["A", "Z", "AA", "AF"]


@pytest.fixture
def wells() -> PlateWells:
    session = FakeSession()
    plate = session._plates()[0]
    grid = PlateWells.from_grid(session.plate_grid(plate))
    known = session.well_key_values(plate)
    return PlateWells(grid.row_labels, grid.column_labels, grid.cells, known)


def test_wells_have_names_paths_and_images(wells: PlateWells) -> None:
    assert wells.name((1, 6)) == "B7"
    assert wells.path((1, 6)) == "B/7"
    assert wells.cells_at(["B/7", "Z/99"]) == ((1, 6),)
    assert wells.image_ids([(1, 6), (2, 3)]) == ("1/1/6/0",)


def test_a_well_says_the_gene_first_and_an_empty_one_that_it_has_no_image(wells: PlateWells) -> None:
    assert wells.describe((0, 0)) == "Well A1 · KIF11, <i>mitotic arrest</i>"
    assert wells.describe((2, 3)) == "Well C4 has no image"


def test_a_skeleton_is_as_large_as_the_tree_says_and_claims_no_empty_wells() -> None:
    skeleton = PlateWells.skeleton(FakeSession(16, 24)._plates()[0])
    assert (len(skeleton.row_labels), len(skeleton.column_labels)) == (16, 24)
    assert skeleton.describe((0, 0)) == "Well A1"
    assert len(PlateWells.skeleton(Node("plate", "idr", "1", "p")).column_labels) == 12
