"""What can be done with one well of a plate grid: its page, its link, its Python."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QMenu

from napari_idr.model.catalog import Node

from .desktop import copy_text, open_in_browser
from .share_actions import copy_python_of
from .wording import is_web_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.model.catalog import GridCell

    from .plate_view import PlateView


def well_address(plate_address: str, cell: GridCell) -> str:
    """Return the page of a well beside that of its plate, "" where plates have no pages."""
    page = re.fullmatch(r"(https?://.+/webclient/\?show=)plate-[0-9]+", plate_address)
    return f"{page[1]}well-{cell.well_id}" if page is not None and cell.well_id.isdecimal() else ""


def offer_well_menu(view: PlateView, plate_address: Callable[[], str], said: Callable[[str], object]) -> None:
    """Have a grid show the menu of the well under the pointer, or of the one with the cursor.

    Parameters
    ----------
    view
        The grid.
    plate_address
        Asked for the page of the plate that is shown.
    said
        Told what was copied.
    """

    def show(at: QPoint) -> None:
        cell = view.geometry_now.cell_at(at.x(), at.y()) or view.selection.cursor
        known = view.wells.cells.get(cell) if cell is not None else None
        address = well_address(plate_address(), known) if known is not None else ""
        if cell is not None and address:
            menu_of_well(view, view.wells.name(cell), address, said).popup(view.viewport().mapToGlobal(at))

    view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    view.customContextMenuRequested.connect(show)


def menu_of_well(view: PlateView, name: str, address: str, said: Callable[[str], object]) -> QMenu:
    """Return the menu of a well; it deletes itself when closed."""
    menu = QMenu(view)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def copy_link() -> None:
        copy_text(address)
        said(f"Link of well {name} copied")

    if is_web_address(address):
        menu.addAction(f"Open well {name} in browser", lambda: open_in_browser(address))
    menu.addAction("Copy link", copy_link)
    menu.addAction("Copy as Python", lambda: said(copy_python_of(Node("well", "", "", name, address))))
    return menu
