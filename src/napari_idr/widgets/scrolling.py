"""Room to scroll where a small screen has too little of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QAbstractSpinBox, QComboBox, QFrame, QScrollArea, QWidget

if TYPE_CHECKING:
    from collections.abc import Iterator


def scrolling(widget: QWidget) -> QScrollArea:
    """Return a scroll area that fits a widget into any height; its choices and numbers are left alone by the wheel."""
    area = QScrollArea()
    area.setWidget(widget)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    only_scrolls = _OnlyScrolls(area)
    for box in _boxes(widget):
        box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # else the wheel alone would give it the focus
        box.installEventFilter(only_scrolls)
    return area


def _boxes(widget: QWidget) -> Iterator[QWidget]:
    yield from widget.findChildren(QComboBox)
    yield from widget.findChildren(QAbstractSpinBox)


class _OnlyScrolls(QObject):
    """Has the wheel scroll, where it would change what somebody chose and only passes over: a licence, a verdict."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is None or event.type() != QEvent.Type.Wheel or not isinstance(watched, QWidget) or watched.hasFocus():
            return False
        event.ignore()
        return True
