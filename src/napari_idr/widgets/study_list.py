"""The list of studies itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QModelIndex, Qt, Signal
from qtpy.QtWidgets import QListView, QWidget

from .catalog_model import NODE_ROLE
from .studies_model import StudiesModel
from .study_row import StudyRow

if TYPE_CHECKING:
    from qtpy.QtGui import QKeyEvent

    from .theme import Theme


class StudyList(QListView):
    """Rows of studies: arrows and clicks go to one, Enter and double-click into it.

    Signals
    -------
    node_selected
        The study the user went to.
    activated_node
        The study the user went into.
    """

    node_selected = Signal(object)
    activated_node = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = StudiesModel(self)
        self.setModel(self.rows)
        self.setItemDelegate(StudyRow(theme, self))
        self.setAccessibleName("Studies")
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setMinimumHeight(92)
        self.doubleClicked.connect(self._activate)
        theme.changed.connect(self.viewport().update)

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        """Tell where the user went."""
        super().currentChanged(current, previous)
        node = current.data(NODE_ROLE)
        if node is not None:
            self.node_selected.emit(node)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes into the study."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._activate(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _activate(self, index: QModelIndex) -> None:
        node = index.data(NODE_ROLE)
        if node is not None:
            self.activated_node.emit(node)
