"""Room to scroll where a small screen has too little of it."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QAbstractSpinBox, QComboBox, QFrame, QScrollArea, QWidget


def scrolling(widget: QWidget) -> QScrollArea:
    """Return a scroll area that fits a widget into any height; its choices and numbers are left alone by the wheel."""
    area = QScrollArea()
    area.setWidget(widget)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    _OnlyScrolls(area, widget)
    return area


class _OnlyScrolls(QObject):
    """Has the wheel scroll, where it would change what somebody chose and only passes over: a licence, a verdict."""

    def __init__(self, area: QScrollArea, content: QWidget) -> None:
        super().__init__(area)
        self._content = content
        content.installEventFilter(self)
        self._watch_boxes()

    def _watch_boxes(self) -> None:
        for box in (*self._content.findChildren(QComboBox), *self._content.findChildren(QAbstractSpinBox)):
            box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # else the wheel alone would give it the focus
            box.installEventFilter(self)  # once, however often it is said

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is None or not isinstance(watched, QWidget):
            return False
        if watched is self._content:
            if event.type() == QEvent.Type.LayoutRequest:  # a row was put in
                self._watch_boxes()
            return False
        if event.type() != QEvent.Type.Wheel or watched.hasFocus():
            return False
        event.ignore()
        return True
