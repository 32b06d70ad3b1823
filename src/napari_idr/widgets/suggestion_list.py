"""What a text may mean, listed below the box while one types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QModelIndex, QObject, QPoint, Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from .wording import counted, tooltip

if TYPE_CHECKING:
    from qtpy.QtWidgets import QLineEdit

    from napari_idr.model.search import Suggestion, Suggestions

    from .theme import Theme

_SUGGESTION_ROLE = int(Qt.ItemDataRole.UserRole)


class SuggestionList(QTreeWidget):
    """Groups of suggestions with counts, over whatever lies below the box; the box keeps the keyboard.

    Down and Up choose, Enter takes the chosen one, Esc puts the list away.

    ``taken`` is emitted with the ``Suggestion``.
    """

    taken = Signal(object)

    def __init__(self, box: QLineEdit, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._box, self._theme = box, theme
        self.setAccessibleName("Suggestions")
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(6)
        self.setUniformRowHeights(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = self.header()
        header.setMinimumSectionSize(0)
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        theme.changed.connect(self._draw)
        self._draw()
        self.itemClicked.connect(lambda item, _: self._take(item))
        box.installEventFilter(self)
        self.hide()

    def show_suggestions(self, suggestions: Suggestions | None) -> None:
        """List suggestions; without any, take no room."""
        self.clear()
        at_box = self._box.window().focusWidget() is self._box
        groups = suggestions.groups if suggestions is not None and at_box else ()
        for group in groups:
            more = group.total - len(group.suggestions)
            self._add_heading(group.label, f"{more:,} more" if more > 0 else "")
            for one in group.suggestions:
                self._add(one)
        self.setVisible(bool(groups))
        if groups:
            self.place()

    def place(self) -> None:
        """Lie below the box, as high as what is listed and the window allow."""
        parent = self.parentWidget()
        if parent is None:
            return
        top = self._box.mapTo(parent, QPoint(0, self._box.height())).y() + 1
        rows = sum(self.sizeHintForRow(row) for row in range(self.topLevelItemCount())) + 2 * self.frameWidth() + 2
        self.setGeometry(2, top, parent.width() - 4, min(rows, parent.height() - top - 2))
        self.raise_()

    def _draw(self) -> None:
        """Stand out from what lies below."""
        colors = self._theme.colors
        frame = f"border: 1px solid {colors.line.name()}; background: {colors.raised.name()};"
        self.setStyleSheet(f"SuggestionList {{ {frame} color: {colors.text.name()}; }}")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the keys of the box that are meant for the list, while it is shown."""
        if self.isVisible() and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._pressed(event.key())
        if event.type() == QEvent.Type.FocusOut:
            self.hide()
        return False

    def _pressed(self, key: int) -> bool:
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self._move(1 if key == Qt.Key.Key_Down else -1)
        elif key == Qt.Key.Key_Escape:
            self.hide()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentItem() is not None:
            self._take(self.currentItem())
        else:
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.hide()
            return False
        return True

    def _move(self, step: int) -> None:
        """Choose the next suggestion, passing headings over; beyond the ends none: Enter then searches the text."""
        rows = [row for row in range(self.topLevelItemCount()) if self._suggestion(self.topLevelItem(row)) is not None]
        current = self.indexOfTopLevelItem(self.currentItem()) if self.currentItem() is not None else None
        at = rows.index(current) + step if current in rows else (0 if step > 0 else len(rows) - 1)
        if 0 <= at < len(rows):
            self.setCurrentItem(self.topLevelItem(rows[at]))
        else:
            self.setCurrentIndex(QModelIndex())

    def _take(self, item: QTreeWidgetItem | None) -> None:
        one = self._suggestion(item)
        if one is not None:
            self.hide()
            self.taken.emit(one)

    @staticmethod
    def _suggestion(item: QTreeWidgetItem | None) -> Suggestion | None:
        return None if item is None else item.data(0, _SUGGESTION_ROLE)

    def _add_heading(self, label: str, more: str) -> None:
        item = QTreeWidgetItem([label, more])
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        font = item.font(0)
        font.setBold(True)
        item.setFont(0, font)
        for column in (0, 1):
            item.setForeground(column, self._theme.colors.muted)
        self._align(item)

    def _add(self, one: Suggestion) -> None:
        count = "" if one.count is None else f"{one.count:,}"
        item = QTreeWidgetItem([f"   {one.accession}  {one.value}" if one.accession else f"   {one.value}", count])
        item.setData(0, _SUGGESTION_ROLE, one)
        said = "" if one.count is None else counted(one.count, "image", "images")
        item.setToolTip(0, tooltip(one.value, [(one.key, said)]))
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"{one.group}: {one.value}, {said}")
        item.setForeground(1, self._theme.colors.muted)
        self._align(item)

    def _align(self, item: QTreeWidgetItem) -> None:
        item.setTextAlignment(1, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter))
        self.addTopLevelItem(item)
