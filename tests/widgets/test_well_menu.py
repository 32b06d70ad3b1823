"""The menu of a well: its page, its link, its Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtGui import QGuiApplication

from napari_idr.model.catalog import GridCell
from napari_idr.widgets.plate_view import PlateView
from napari_idr.widgets.well_menu import menu_of_well, well_address

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_idr.widgets.theme import Theme

pytestmark = pytest.mark.qt

PLATE = "https://idr.openmicroscopy.org/webclient/?show=plate-422"


def test_the_page_of_a_well_is_beside_that_of_its_plate() -> None:
    cell = GridCell(0, 0, "7", "8")
    assert well_address(PLATE, cell) == "https://idr.openmicroscopy.org/webclient/?show=well-7"
    assert well_address("/data/plate.ome.zarr", cell) == ""
    assert well_address(PLATE, GridCell(0, 0, "A/1", "A/1/0")) == ""


def test_link_and_python_of_a_well_are_copied(theme: Theme, host: QWidget) -> None:
    said: list[str] = []
    menu = menu_of_well(PlateView(theme, host), "B7", PLATE.replace("plate-422", "well-7"), said.append)
    by_text = {action.text(): action for action in menu.actions()}
    assert list(by_text) == ["Open well B7 in browser", "Copy link", "Copy as Python"]
    by_text["Copy link"].trigger()
    assert QGuiApplication.clipboard().text().endswith("?show=well-7")
    by_text["Copy as Python"].trigger()
    assert "open_arrays(address)" in QGuiApplication.clipboard().text()
    assert said == ["Link of well B7 copied", "Python copied: paste it into a notebook"]
    menu.deleteLater()
