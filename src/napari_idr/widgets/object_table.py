"""The table of annotated objects, linked with the canvas both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QSize, Qt, QTimer, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QLineEdit, QTableView, QVBoxLayout, QWidget

from napari_idr.layers.object_selection import select, selected

from .low_rows import low_rows
from .object_model import ObjectModel
from .object_words import HEADERS
from .wording import counted
from .workers import while_alive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QKeyEvent

    from napari_idr.layers.history import Annotations
    from napari_idr.layers.viewer_session import ViewerSession

EMPTY = "Nothing is drawn yet. Choose Regions, Points or Labels above, and draw on the image."
NO_MATCH = "No object matches. Delete the filter to see all."
LEAST_HEIGHT = 110
"""Pixels: four rows below the titles."""
SETTLE_MS = 60
"""How long after the last change of the canvas its selection is taken over."""


class ObjectTable(QWidget):
    """Filter, table, and what is said where there is nothing."""

    chosen = Signal(tuple)
    """Uuids of the selected objects."""
    go_requested = Signal(str)
    delete_requested = Signal()

    def __init__(self, session: ViewerSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._annotations: Annotations = session.annotations
        self.model = ObjectModel(self._annotations, self)
        self.filter, self.view, self.note = QLineEdit(), _View(), QLabel()
        self._telling = False
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._follow_canvas)
        self._lay_out()
        self._connect()
        self._say()

    def _lay_out(self) -> None:
        self.filter.setPlaceholderText("Filter by name, class, well, term …")
        self.filter.setClearButtonEnabled(True)
        self.filter.setAccessibleName("Filter the objects")
        self.note.setWordWrap(True)
        self.note.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.view.setModel(self.model)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.filter)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.note)

    def _connect(self) -> None:
        self.filter.textChanged.connect(self._on_filter)
        self.view.doubleClicked.connect(lambda index: self.go_requested.emit(self.model.uuid(index.row())))
        self.view.entered_row.connect(lambda row: self.go_requested.emit(self.model.uuid(row)))
        self.view.delete_pressed.connect(self.delete_requested)
        self.view.selectionModel().selectionChanged.connect(lambda *_: self._on_selected())
        self._annotations.objects_changed.connect(self._on_objects)
        self._annotations.layers_changed.connect(self._on_layers)
        self._annotations.selection_changed.connect(self._on_canvas)

    def chosen_uuids(self) -> Sequence[str]:
        """Return the objects that are selected, in the order of the table."""
        return [
            self.model.uuid(row) for row in sorted(index.row() for index in self.view.selectionModel().selectedRows())
        ]

    def choose(self, uuids: Sequence[str]) -> None:
        """Select rows, without telling the canvas."""
        rows = sorted(row for uuid in uuids if (row := self.model.row(uuid)) is not None)
        selection = QItemSelection()
        start = 0
        for at in range(1, len(rows) + 1):
            if at == len(rows) or rows[at] != rows[at - 1] + 1:
                first, last = self.model.index(rows[start], 0), self.model.index(rows[at - 1], len(HEADERS) - 1)
                selection.select(first, last)
                start = at
        self._telling = True
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.view.selectionModel().select(selection, flags)
        self._telling = False
        if rows:
            self.view.scrollTo(self.model.index(rows[0], 0))
        self.chosen.emit(tuple(self.chosen_uuids()))

    # -- what changes

    @while_alive
    def _on_objects(self, uuids: tuple[str, ...]) -> None:
        before = self.chosen_uuids()
        self._telling = True
        self.model.update(uuids)
        self._telling = False
        if set(before) & {*uuids} or len(self.chosen_uuids()) != len(before):
            self.choose([uuid for uuid in before if uuid in self._annotations.book.held])
        self._say()
        self._settle.start()

    @while_alive
    def _on_layers(self) -> None:
        if self.model.total != len(self._annotations.book.held):
            self.model.show_all()
        self._say()

    @while_alive
    def _on_canvas(self) -> None:
        if not self._telling:
            self._settle.start()

    def _follow_canvas(self) -> None:
        """Select what is selected on the canvas."""
        found = selected(self._annotations)
        if found and set(found) != set(self.chosen_uuids()):
            self.choose(found)

    def _on_selected(self) -> None:
        if self._telling:
            return
        uuids = self.chosen_uuids()
        self._telling = True
        select(self._annotations, self._session.viewer, uuids)
        self._telling = False
        self._settle.stop()
        self.chosen.emit(tuple(uuids))

    def _on_filter(self, text: str) -> None:
        before = self.chosen_uuids()
        self._telling = True
        self.model.show_only(text)
        self._telling = False
        self.choose(before)
        self._say()

    def _say(self) -> None:
        shown, total = self.model.rowCount(), self.model.total
        if not total:
            self.note.setText(EMPTY)
        elif not shown:
            self.note.setText(NO_MATCH)
        else:
            whole = counted(total, "object", "objects")
            self.note.setText(whole if shown == total else f"{shown:,} of {whole}")
        self.view.setVisible(bool(shown))
        self.filter.setVisible(bool(total))


class _View(QTableView):
    """Rows of objects; Enter goes to one, Delete asks for deletion."""

    entered_row = Signal(int)
    delete_pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        low_rows(self, "Annotated objects")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSortingEnabled(True)
        self.setWordWrap(False)
        self.setMinimumHeight(LEAST_HEIGHT)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setMinimumSectionSize(24)

    def sizeHint(self) -> QSize:
        """Ask for little: a tab that scrolls gives what is hinted, and what is left over comes on top."""
        return QSize(super().sizeHint().width(), LEAST_HEIGHT)

    def setModel(self, model: ObjectModel) -> None:
        """Show a model; columns get the room that fits 300 pixels."""
        super().setModel(model)
        for column, width in enumerate((24, 54, 82, 82, 62, 90)):
            self.setColumnWidth(column, width)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take Enter and Delete, leave the rest to Qt."""
        current: QModelIndex = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and current.isValid():
            self.entered_row.emit(current.row())
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete_pressed.emit()
        else:
            super().keyPressEvent(event)
