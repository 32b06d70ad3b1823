"""Small buttons that look and read the same everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QPushButton, QSizePolicy, QToolButton

from .wording import tooltip

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtGui import QResizeEvent

    from .theme import Theme


def icon_button(theme: Theme, icon: str, name: str, on_click: Callable[[], object], keys: str = "") -> QToolButton:
    """Return a button that is only an icon; its name, and its keys, are said and shown on hover."""
    button = QToolButton()
    theme.dress(button, icon)
    button.setIconSize(QSize(18, 18))
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setAccessibleName(name)
    said = f"{name} ({keys})" if keys else name
    button.setToolTip(tooltip(said) if "<" in said else said)
    button.clicked.connect(lambda _checked=False: on_click())
    return button


def text_button(theme: Theme, icon: str, text: str, on_click: Callable[[], object]) -> QPushButton:
    """Return a button with an icon and a text."""
    button = QPushButton(text)
    button.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    if icon:
        theme.dress(button, icon)
    button.clicked.connect(lambda _checked=False: on_click())
    return button


class RowButton(QPushButton):
    """One line of a list to click: an icon, and a text that is cut where the line is too short."""

    def __init__(self, theme: Theme, icon: str, text: str, hint: str = "") -> None:
        super().__init__()
        self._full = text
        theme.dress(self, icon)
        self.setFlat(True)
        self.setStyleSheet("text-align: left; padding: 3px;")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)
        self.setToolTip(tooltip(text, [("", hint)] if hint else []))
        self.setText(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut the text to what fits."""
        super().resizeEvent(event)
        room = self.width() - self.iconSize().width() - 16
        self.setText(self.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideMiddle, room))
