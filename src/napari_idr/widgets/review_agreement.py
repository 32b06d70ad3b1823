"""How far reviewers agree, class by class: a small table, and a copy of it for a spreadsheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_idr.review.agreement_table import HEADERS, agreement_rows, table_tsv
from napari_idr.review.queue_store import open_queue
from napari_idr.review.reviewed import summary

from .buttons import text_button
from .desktop import copy_text
from .low_rows import low_rows
from .workers import Latest

if TYPE_CHECKING:
    from napari_idr.review.agreement_table import Row
    from napari_idr.workspace.workspace import Workspace

    from .theme import Theme

SHORT = ("Class", "Reviewers", "n", "Same", "κ Cohen", "κ Fleiss", "Corrected", "IoU")
"""Headers that fit; the whole ones are shown on hover, and copied."""
TOO_FEW = "Two people have to give a verdict on the same object before there is anything to compare."
EXPLAINED = (
    "κ is agreement beyond chance: 1 is full, 0 is what chance alone gives. IoU: how much corrected shapes have in "
    "common with the first ones."
)


class AgreementPage(QWidget):
    """The table; it is counted in the background."""

    said = Signal(str)
    failed = Signal(Exception)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []
        self._counting = Latest(self)
        self.table, self.note = QTableWidget(0, len(SHORT)), QLabel(TOO_FEW)
        self.copy = text_button(theme, "paste", "Copy table", self.copy_table)
        self._lay_out()
        shortcut = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.copy_table)

    def _lay_out(self) -> None:
        low_rows(self.table, "Agreement of reviewers by class")
        self.table.setHorizontalHeaderLabels(SHORT)
        for column, name in enumerate(HEADERS):
            item = self.table.horizontalHeaderItem(column)
            if item is not None:
                item.setToolTip(name)
        self.note.setWordWrap(True)
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.copy.setToolTip("As tab-separated text, for a spreadsheet (Ctrl+C)")
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(self.copy)
        layout = QVBoxLayout(self)
        layout.addWidget(self.note)
        layout.addWidget(self.table, 1)
        layout.addLayout(line)

    def count(self, workspace: Workspace, queue: str) -> None:
        """Count anew how far the reviewers of a queue agree."""

        def work() -> list[Row]:
            return agreement_rows(summary(workspace, open_queue(workspace, queue)))

        self._counting.run(work, on_done=self.show_rows, on_error=self.failed.emit)

    def show_rows(self, rows: list[Row]) -> None:
        """Show a table."""
        self.rows = rows
        self.table.setRowCount(len(rows))
        for number, row in enumerate(rows):
            for column, text in enumerate(row):
                item = QTableWidgetItem(text)
                item.setToolTip(f"{HEADERS[column]}: {text}" if text else "")
                if column > 1:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(number, column, item)
        self.table.resizeColumnsToContents()
        is_empty = all(row[2] == "0" for row in rows)
        self.note.setText(TOO_FEW if is_empty else EXPLAINED)
        self.copy.setEnabled(bool(rows))

    def copy_table(self) -> None:
        """Put the table on the clipboard."""
        copy_text(table_tsv(self.rows))
        self.said.emit("The table is on the clipboard.")

    def stop(self) -> None:
        """Forget what is being counted."""
        self._counting.cancel()
