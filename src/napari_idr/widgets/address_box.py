"""The one box: a filter of the tree while one types, a search or an address on Enter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLineEdit, QWidget

from napari_idr.errors import AddressError
from napari_idr.repositories.addresses import recognise

if TYPE_CHECKING:
    from .theme import Theme

PLACEHOLDER = "Gene, phenotype, organism, compound, accession or link"


class AddressBox(QLineEdit):
    """Takes whatever a user types or pastes.

    Signals
    -------
    filter_changed
        What to narrow the tree to; empty while an address is typed.
    address_entered, search_entered
        What Enter was pressed on.
    """

    filter_changed = Signal(str)
    address_entered = Signal(str)
    search_entered = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(PLACEHOLDER)
        self.setToolTip(
            f"{PLACEHOLDER}.<br>What it may mean is listed while you type; Enter searches, or opens a link."
        )
        self.setAccessibleName("Search or address")
        self.setClearButtonEnabled(True)
        self._lens = self.addAction(theme.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        theme.changed.connect(lambda: self._lens.setIcon(theme.icon("search")))
        self.textEdited.connect(self._on_edited)
        self.textChanged.connect(lambda text: None if text else self.filter_changed.emit(""))
        self.returnPressed.connect(lambda: self.submit(self.text()))

    def submit(self, text: str) -> None:
        """Take a text as if it were typed and Enter pressed."""
        text = text.strip()
        if not text:
            return
        self.setText(text)
        (self.address_entered if is_address(text) else self.search_entered).emit(text)

    def _on_edited(self, text: str) -> None:
        self.filter_changed.emit("" if is_address(text.strip()) else text)


def is_address(text: str) -> bool:
    """Whether a text is meant as an address: one we understand, or one that only looks like it."""
    if "://" in text:
        return True
    try:
        recognise(text)
    except AddressError:
        return False
    return True
