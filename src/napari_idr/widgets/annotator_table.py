"""Who annotated: names and ORCID iDs, a person per row; an iD with a wrong check digit is marked at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from napari_idr.model.annotator import Annotator, bare_orcid, is_orcid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .theme import Theme

NO_ORCID = "This is no ORCID iD: its check digit is wrong. It looks like 0000-0002-1825-0097."
ROWS = 3


class AnnotatorTable(QTableWidget):
    """Edits annotators; the last row is always empty."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(0, 2, parent)
        self._theme = theme
        self.setAccessibleName("Annotators")
        self.setToolTip("Who annotated. The first one is named as who says yes to warnings.")
        self.setHorizontalHeaderLabels(["Name", "ORCID iD"])
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().hide()
        self.setTabKeyNavigation(False)
        height = self.verticalHeader().defaultSectionSize()
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + ROWS * height + 2)
        self.show_annotators(())
        self.itemChanged.connect(self._on_item)

    def show_annotators(self, annotators: Sequence[Annotator]) -> None:
        """Show these people in place of those before."""
        self.blockSignals(True)
        self.setRowCount(0)
        for one in (*annotators, Annotator()):
            self._add(one)
        self.blockSignals(False)

    def annotators(self) -> tuple[Annotator, ...]:
        """Return who is named."""
        people = (Annotator(self._text(row, 0), bare_orcid(self._text(row, 1))) for row in range(self.rowCount()))
        return tuple(one for one in people if one != Annotator())

    def _add(self, one: Annotator) -> None:
        row = self.rowCount()
        self.insertRow(row)
        self.setItem(row, 0, QTableWidgetItem(one.name))
        self.setItem(row, 1, QTableWidgetItem(one.orcid))
        self._mark(row)

    def _text(self, row: int, column: int) -> str:
        item = self.item(row, column)
        return "" if item is None else str(item.text()).strip()

    def _mark(self, row: int) -> None:
        item, orcid = self.item(row, 1), bare_orcid(self._text(row, 1))
        wrong = bool(orcid) and not is_orcid(orcid)
        item.setToolTip(NO_ORCID if wrong else "")
        item.setData(Qt.ItemDataRole.ForegroundRole, self._theme.colors.warning if wrong else None)

    def _on_item(self, item: QTableWidgetItem) -> None:
        self.blockSignals(True)
        self._mark(item.row())
        if item.row() == self.rowCount() - 1 and item.text().strip():
            self._add(Annotator())
        self.blockSignals(False)
        self.changed.emit()
