"""What a package will hold: its files with what each cannot hold, and the beginnings of the archives' tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from .wording import counted

if TYPE_CHECKING:
    from napari_idr.export.preview import FileToBe, Preview

MOST_LOSSES = 200
"""Rows per file."""
NO_FILES = "The files are listed here once the errors of what is drawn are mended."


class PackagePreview(QWidget):
    """Shows a ``Preview``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preview: Preview | None = None
        self.files, self.names, self.table = QTreeWidget(), QComboBox(), QTableWidget()
        self.files.setHeaderLabels(["File", "What it cannot hold"])
        self.files.setAccessibleName("Files of the package")
        self.files.setColumnWidth(0, 260)
        self.names.setAccessibleName("Table that is shown")
        self.names.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.table.setAccessibleName("Beginning of the table")
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        below = QWidget()
        inner = QVBoxLayout(below)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.names)
        inner.addWidget(self.table, 1)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.addWidget(self.files)
        parts.addWidget(below)
        layout = QVBoxLayout(self)
        layout.addWidget(parts)
        self.names.currentIndexChanged.connect(self._show_table)

    def show_preview(self, preview: Preview) -> None:
        """Show a preview in place of the one before."""
        if preview == self._preview:
            return
        self._preview = preview
        self.files.clear()
        for one in preview.files:
            self.files.addTopLevelItem(_file_item(one))
        if not preview.files:
            self.files.addTopLevelItem(QTreeWidgetItem([NO_FILES, ""]))
            self.files.setFirstColumnSpanned(0, self.files.rootIndex(), True)
        before = self.names.currentText()
        self.names.blockSignals(True)
        self.names.clear()
        self.names.addItems([one.path for one in preview.tables])
        self.names.setCurrentIndex(max(self.names.findText(before), 0))
        self.names.blockSignals(False)
        self._show_table()

    def _show_table(self, _index: int = 0) -> None:
        self.table.clear()
        index = self.names.currentIndex()
        if self._preview is None or not 0 <= index < len(self._preview.tables):
            self.table.setRowCount(0)
            self.table.setColumnCount(0)
            return
        shown = self._preview.tables[index]
        head, rows = shown.rows[:1], shown.rows[1:]
        self.table.setColumnCount(max((len(row) for row in shown.rows), default=0))
        self.table.setHorizontalHeaderLabels(list(head[0]) if head else [])
        self.table.setRowCount(len(rows))
        for row, cells in enumerate(rows):
            for column, text in enumerate(cells):
                self.table.setItem(row, column, QTableWidgetItem(text))
        self.names.setToolTip(f"{shown.path}: {counted(shown.count, 'row', 'rows')}, the first are shown")


def _file_item(one: FileToBe) -> QTreeWidgetItem:
    told = counted(len(one.losses), "thing", "things") if one.losses else "holds all"
    item = QTreeWidgetItem([one.path, told])
    item.setToolTip(0, one.path)
    for loss in one.losses[:MOST_LOSSES]:
        child = QTreeWidgetItem([loss.where, loss.what])
        child.setToolTip(1, loss.what)
        item.addChild(child)
    if len(one.losses) > MOST_LOSSES:
        item.addChild(QTreeWidgetItem([f"and {len(one.losses) - MOST_LOSSES:,} more", ""]))
    return item
