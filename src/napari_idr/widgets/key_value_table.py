"""Key-value pairs as a table: selectable, copied as a table, links open in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPoint, QRect, QSize, Qt, Signal
from qtpy.QtGui import QFontMetrics, QKeySequence
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QSizePolicy, QTableWidget, QTableWidgetItem, QWidget

from napari_idr.formats.search_text import query_text
from napari_idr.model.search import Condition, SearchQuery

from .desktop import copy_text, open_in_browser
from .key_value_lines import Line, labelled_lines, plain_lines
from .wording import tab_separated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QKeyEvent, QResizeEvent

    from napari_idr.model.image import KeyValue
    from napari_idr.model.labelled_values import LabelledValue

    from .theme import Theme


class KeyValueTable(QTableWidget):
    """Annotations in two columns, below headings that say where they hang; as high as they need.

    A cell with a web address is underlined; double-click or Enter opens it.

    Signals
    -------
    copied
        What was copied, to be said.
    search_requested
        Text of a search for what has the same key and value.
    """

    copied = Signal(str)
    search_requested = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(0, 2, parent)
        self._theme = theme
        self._lines: tuple[Line, ...] = ()
        self._definitions: dict[str, str] = {}
        self._set_up_looks()
        header = self.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.sectionResized.connect(lambda *_: self._fit_rows())
        self.cellDoubleClicked.connect(self._open_link)
        self.customContextMenuRequested.connect(self._show_menu)
        theme.changed.connect(self._color)

    def _set_up_looks(self) -> None:
        self.setAccessibleName("Annotations")
        self.setHorizontalHeaderLabels(["Key", "Value"])
        self.horizontalHeader().hide()
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setWordWrap(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        for set_policy in (self.setHorizontalScrollBarPolicy, self.setVerticalScrollBarPolicy):
            set_policy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def show_key_values(self, key_values: Sequence[KeyValue]) -> None:
        """Show these pairs in place of those before."""
        self._show(plain_lines(key_values))

    def show_labelled(self, labelled: Sequence[LabelledValue]) -> None:
        """Show these statements below headings that say where they hang, in place of those before."""
        self._show(labelled_lines(labelled))

    def show_definition(self, accession: str, definition: str) -> None:
        """Let hovering an ontology term say its definition."""
        self._definitions[accession] = definition
        for row, line in enumerate(self._lines):
            cell = self.item(row, 1)
            if line.accession == accession and cell is not None:
                cell.setToolTip(line.hint(definition))

    @property
    def accessions(self) -> tuple[str, ...]:
        """Ontology terms that are shown."""
        return tuple(dict.fromkeys(line.accession for line in self._lines if line.accession))

    def minimumSizeHint(self) -> QSize:
        """Ask for the height of all rows: what holds the table scrolls."""
        return QSize(100, self._whole_height())

    def sizeHint(self) -> QSize:
        """Ask for the height of all rows."""
        return QSize(260, self._whole_height())

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
        """Copy the chosen rows, all where none is chosen, as a table: key, value, and where it hangs."""
        rows = sorted({index.row() for index in self.selectedIndexes()}) or range(self.rowCount())
        lines = [self._lines[row] for row in rows if not self._lines[row].is_heading]
        copy_text(tab_separated([line.key, line.shown, *filter(None, (line.where,))] for line in lines))
        self.copied.emit(f"{len(lines):,} rows copied")

    def _show(self, lines: tuple[Line, ...]) -> None:
        self._lines = lines
        self.clearSpans()
        self.setRowCount(len(lines))
        for row, line in enumerate(lines):
            if line.is_heading:
                self.setSpan(row, 0, 1, 2)
            self._put(row, 0, line.key, "")
            self._put(row, 1, line.shown, line.hint(self._definitions.get(line.accession, "")))
        self._color()
        self._fit_keys()
        self._fit_rows()

    def _put(self, row: int, column: int, text: str, hint: str) -> None:
        cell = QTableWidgetItem(text)
        cell.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        cell.setToolTip(hint)
        self.setItem(row, column, cell)

    def _color(self) -> None:
        colors = self._theme.colors
        for row, line in enumerate(self._lines):
            key, value = self.item(row, 0), self.item(row, 1)
            if key is None or value is None:
                continue
            key.setForeground(colors.text if line.is_heading else colors.muted)
            for cell, bold, underlined in ((key, line.is_heading, False), (value, False, bool(line.link))):
                font = cell.font()
                font.setBold(bold)
                font.setUnderline(underlined)
                cell.setFont(font)
            value.setForeground(colors.accent if line.link else colors.text)

    def _whole_height(self) -> int:
        return self.verticalHeader().length() + 2 * self.frameWidth()

    def _fit_rows(self) -> None:
        self.resizeRowsToContents()
        for row, line in enumerate(self._lines):
            if line.is_heading:  # Qt 5 measures it as if it had the width of the keys
                self.setRowHeight(row, self._heading_height(row, line))
        self.updateGeometry()

    def _heading_height(self, row: int, line: Line) -> int:
        cell = self.item(row, 0)
        metrics = self.fontMetrics() if cell is None else QFontMetrics(cell.font())
        room = QRect(0, 0, max(self.viewport().width() - 8, 1), 10_000)
        return metrics.boundingRect(room, Qt.TextFlag.TextWordWrap, line.key).height() + 6

    def _fit_keys(self) -> None:
        """Give keys the width they need, at most two fifths."""
        widths = (self.fontMetrics().horizontalAdvance(line.key) + 14 for line in self._lines if not line.is_heading)
        self.setColumnWidth(0, min(max(widths, default=80), max(2 * self.viewport().width() // 5, 80)))

    def _line(self, row: int) -> Line | None:
        return self._lines[row] if 0 <= row < len(self._lines) else None

    def _open_link(self, row: int, _column: int) -> None:
        line = self._line(row)
        if line is not None:
            open_in_browser(line.link)

    def _show_menu(self, at: QPoint) -> None:
        self.menu_for(self.rowAt(at.y())).popup(self.viewport().mapToGlobal(at))

    def menu_for(self, row: int) -> QMenu:
        """Return the menu of a row; it deletes itself when closed."""
        menu, line = QMenu(self), self._line(row)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if line is not None and line.link:
            menu.addAction("Open in browser", lambda: open_in_browser(line.link))
        if line is not None and line.value:
            query = query_text(SearchQuery(all_of=(Condition(line.key, line.value),)))
            menu.addAction("Search for this", lambda: self.search_requested.emit(query))
        menu.addAction("Copy as table\tCtrl+C", self.copy_selected)
        return menu
