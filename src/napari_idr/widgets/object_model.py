"""Annotated objects as rows of a table: filtered, sorted, and kept up with what is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from qtpy.QtGui import QColor

from .object_words import HEADERS, STATUS_SIGN, object_cells, spoken_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_idr.layers.history import Annotations

Index: TypeAlias = QModelIndex | QPersistentModelIndex
FEW = 50
"""So many rows come or go one by one; of more the table is made anew."""


class ObjectModel(QAbstractTableModel):
    """One row per object that is shown and passes the filter.

    Filtering and sorting are done here, over plain lists: a proxy model asks for every cell through Python, which takes
    ten times as long for 10,000 rows.
    """

    def __init__(self, annotations: Annotations, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._annotations = annotations
        self._cells: dict[str, tuple[str, ...]] = {}
        self._rows: list[str] = []
        self._row_of: dict[str, int] = {}
        self._filter = ""
        self._sort: tuple[int, bool] | None = None
        self.show_all()

    # -- what is shown

    @property
    def total(self) -> int:
        """Number of objects, whether they pass the filter or not."""
        return len(self._cells)

    def uuids(self) -> Sequence[str]:
        """Return the objects of all rows, in order."""
        return self._rows

    def uuid(self, row: int) -> str:
        """Return the object of a row."""
        return self._rows[row]

    def row(self, uuid: str) -> int | None:
        """Return the row of an object, None where it is filtered away."""
        return self._row_of.get(uuid)

    def show_all(self) -> None:
        """Look at every object anew."""
        held = self._annotations.book.held
        self._cells = {uuid: object_cells(one) for uuid, one in held.items()}
        self._make_anew()

    def show_only(self, text: str) -> None:
        """Show the objects of which some cell contains a text; all words of it, in any order and case."""
        self._filter = text.casefold()
        self._make_anew()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; a negative one is the order of drawing."""
        self._sort = (column, order == Qt.SortOrder.DescendingOrder) if column >= 0 else None
        self._make_anew()

    def update(self, uuids: Iterable[str]) -> None:
        """Take over what became of some objects."""
        held, changed = self._annotations.book.held, []
        for uuid in dict.fromkeys(uuids):
            if uuid in held:
                self._cells[uuid] = object_cells(held[uuid])
            else:
                self._cells.pop(uuid, None)
            changed.append(uuid)
        if len(changed) > FEW or self._sort is not None or self._filter:
            self._make_anew()
            return
        for uuid in changed:
            self._update_one(uuid)

    def _update_one(self, uuid: str) -> None:
        row, shown = self._row_of.get(uuid), uuid in self._cells
        if row is None and shown:
            self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows))
            self._row_of[uuid] = len(self._rows)
            self._rows.append(uuid)
            self.endInsertRows()
        elif row is not None and not shown:
            self.beginRemoveRows(QModelIndex(), row, row)
            del self._rows[row]
            self._row_of = {one: at for at, one in enumerate(self._rows)}
            self.endRemoveRows()
        elif row is not None:
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(HEADERS) - 1))

    def _make_anew(self) -> None:
        self.beginResetModel()
        words = self._filter.split()
        passing = [uuid for uuid, cells in self._cells.items() if _passes(cells, words)] if words else [*self._cells]
        if self._sort is not None:
            column, backwards = self._sort
            passing.sort(key=lambda uuid: _natural(self._cells[uuid][column]), reverse=backwards)
        self._rows = passing
        self._row_of = {uuid: row for row, uuid in enumerate(passing)}
        self.endResetModel()

    # -- as Qt asks for it

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Return the number of objects that pass the filter."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return the number of columns."""
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the title of a column."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the text of a cell, the colour of its class, or what is said of the object."""
        uuid = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            cell = self._cells[uuid][index.column()]
            return STATUS_SIGN.get(cell, cell) if index.column() == 0 else cell
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return spoken_object(self._cells[uuid])
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 2:
            color = self._annotations.book.class_colors.get(self._cells[uuid][2])
            return None if color is None else QColor(*color[:3])
        return None


def _passes(cells: tuple[str, ...], words: Sequence[str]) -> bool:
    text = " ".join(cells).casefold()
    return all(word in text for word in words)


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts B2 before B10, and what is empty last."""
    import re

    parts = re.split(r"(\d+)", text.casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts) if text else ((2, 0, ""),)
