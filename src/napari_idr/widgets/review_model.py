"""The objects of a queue of review as rows: only those that are seen are asked for, so many cost nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from qtpy.QtGui import QColor

from .object_model import FEW
from .object_words import NO_CLASS, STATUS_SIGN, shown_image

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_idr.review.desk import Desk

    from .theme import Theme

Index: TypeAlias = QModelIndex | QPersistentModelIndex
HEADERS = ("", "Image", "Class", "z", "t", "Size")
SIGN_COLORS = {
    "accepted": ("#56B4E9", "#0072B2"),
    "rejected": ("#F08A3C", "#B34A00"),
    "flagged": ("#E69F00", "#8A5F00"),
    "unreviewed": ("#A0A0A0", "#6A6A6A"),
}
"""Of signs on a dark and on a light ground, of the hues of the outlines; each is readable there."""


class ReviewModel(QAbstractTableModel):
    """One row per object that is gone through, in the order in which it is."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._desk: Desk | None = None

    def show_desk(self, desk: Desk | None) -> None:
        """Show the rows of a desk, or look at them all anew."""
        self.beginResetModel()
        self._desk = desk
        self.endResetModel()

    def update(self, uuids: Iterable[str]) -> None:
        """Show what counts now of some objects."""
        if self._desk is None:
            return
        rows = [row for uuid in uuids if (row := self._desk.position_of(uuid)) >= 0]
        spans = [(row, row) for row in rows] if len(rows) <= FEW else [(min(rows), max(rows))]
        for first, last in spans:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(HEADERS) - 1))

    def uuid(self, row: int) -> str:
        """Return the object of a row."""
        assert self._desk is not None
        return self._desk.queue.uuids[int(self._desk.rows[row])]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Return the number of objects that are gone through."""
        return 0 if parent.isValid() or self._desk is None else len(self._desk.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return the number of columns."""
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the title of a column."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the text of a cell, or the colour of a sign."""
        if self._desk is None:
            return None
        row, queue = int(self._desk.rows[index.row()]), self._desk.queue
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, index.column())
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == 0:
            return QColor(SIGN_COLORS[queue.status(row)][0 if self._theme.colors.base.lightness() < 128 else 1])
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            parts = [queue.status(row), *(self._text(row, column) for column in (1, 2))]
            return ", ".join([*parts, f"object {index.row() + 1} of {len(self._desk.rows)}"])
        return None

    def _text(self, row: int, column: int) -> str:
        assert self._desk is not None
        queue, image = self._desk.queue, self._desk.opened.images[self._desk.queue.image_of(row)]
        if column == 0:
            return STATUS_SIGN[queue.status(row)]
        if column == 1:
            return shown_image(image)
        if column == 2:
            return queue.value("object_class", row) or NO_CLASS
        if column == 5:
            return f"{queue.size(row):,.0f}" if queue.size(row) else ""
        plane = queue.plane(row)[column - 3]
        return "" if plane is None else str(plane)
