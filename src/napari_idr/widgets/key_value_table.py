"""Key-value pairs as a table: selectable, copied as a table, links open in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPoint, QSize, Qt, Signal
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableWidget, QTableWidgetItem, QWidget

from .desktop import copy_text, open_in_browser
from .wording import tab_separated, tooltip, web_address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QKeyEvent, QResizeEvent

    from napari_idr.model.image import KeyValue

    from .theme import Theme

_LINK_ROLE = int(Qt.ItemDataRole.UserRole)
_LOWEST = 60


class KeyValueTable(QTableWidget):
    """Annotations in two columns, in the order they were given.

    A cell with a web address is underlined; double-click or Enter opens it.
    """

    copied = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(0, 2, parent)
        self._theme = theme
        self.setAccessibleName("Annotations")
        self.setHorizontalHeaderLabels(["Key", "Value"])
        self.horizontalHeader().hide()
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setWordWrap(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header = self.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.sectionResized.connect(lambda *_: self.resizeRowsToContents())
        self.cellDoubleClicked.connect(self._open_link)
        self.customContextMenuRequested.connect(self._show_menu)
        theme.changed.connect(self._color_links)

    def show_key_values(self, key_values: Sequence[KeyValue]) -> None:
        """Show these pairs in place of those before."""
        self.setRowCount(len(key_values))
        for row, (key, value) in enumerate(key_values):
            self._put(row, 0, key, "")
            self._put(row, 1, value, web_address(value))
        self._color_links()
        self._fit_keys()
        self.resizeRowsToContents()

    def minimumSizeHint(self) -> QSize:
        """Ask for little room: the table scrolls."""
        return QSize(100, _LOWEST)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width between keys and values."""
        super().resizeEvent(event)
        self._fit_keys()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies the chosen rows, Enter opens the link of the current one."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selected()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open_link(self.currentRow(), 1)
        else:
            super().keyPressEvent(event)

    def copy_selected(self) -> None:
        """Copy the chosen rows, all where none is chosen, as a table."""
        rows = sorted({index.row() for index in self.selectedIndexes()}) or range(self.rowCount())
        cells = [[self.item(row, column) for column in (0, 1)] for row in rows]
        copy_text(tab_separated([[cell.text() if cell else "" for cell in line] for line in cells]))
        self.copied.emit(f"{len(cells):,} rows copied")

    def _put(self, row: int, column: int, text: str, link: str) -> None:
        cell = QTableWidgetItem(text)
        cell.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        cell.setData(_LINK_ROLE, link)
        cell.setToolTip(tooltip(text, [("Double-click opens", link)] if link else []))
        self.setItem(row, column, cell)

    def _color_links(self) -> None:
        colors = self._theme.colors
        for row in range(self.rowCount()):
            key, value = self.item(row, 0), self.item(row, 1)
            if key is None or value is None:
                continue
            key.setForeground(colors.muted)
            font = value.font()
            font.setUnderline(bool(value.data(_LINK_ROLE)))
            value.setFont(font)
            value.setForeground(colors.accent if value.data(_LINK_ROLE) else colors.text)

    def _fit_keys(self) -> None:
        """Give keys the width they need, at most two fifths."""
        self.setColumnWidth(0, min(self.sizeHintForColumn(0), max(2 * self.viewport().width() // 5, 80)))

    def _open_link(self, row: int, _column: int) -> None:
        cell = self.item(row, 1)
        if cell is not None:
            open_in_browser(cell.data(_LINK_ROLE))

    def _show_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        cell = self.item(self.rowAt(at.y()), 1)
        if cell is not None and cell.data(_LINK_ROLE):
            menu.addAction("Open in browser", lambda: open_in_browser(cell.data(_LINK_ROLE)))
        menu.addAction("Copy as table\tCtrl+C", self.copy_selected)
        menu.popup(self.viewport().mapToGlobal(at))
