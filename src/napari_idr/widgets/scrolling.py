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
    keep_choices(widget)
    return area


def keep_choices(widget: QWidget) -> None:
    """Have the wheel scroll over the choices and numbers in a widget; for rows that are put in later.

    They are not looked for: going through all children of a tab takes 60 ms while pictures come.
    """
    only_scrolls = _OnlyScrolls(widget)
    for box in (*widget.findChildren(QComboBox), *widget.findChildren(QAbstractSpinBox)):
        box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # else the wheel alone would give it the focus
        box.installEventFilter(only_scrolls)


class _OnlyScrolls(QObject):
    """Has the wheel scroll, where it would change what somebody chose and only passes over: a licence, a verdict."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is None or event.type() != QEvent.Type.Wheel or not isinstance(watched, QWidget) or watched.hasFocus():
            return False
        event.ignore()
        return True
