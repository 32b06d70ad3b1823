"""The button "Share" at the foot of the dock, and the keys of what it offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QMenu, QPushButton, QSizePolicy

from . import share_actions as actions

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtWidgets import QWidget

    from .theme import Theme

ENTRIES: tuple[tuple[str, str, Callable[[], None]], ...] = (
    ("Copy link to this view", "Ctrl+Shift+L", actions.copy_link),
    ("Copy as Python", "Ctrl+Shift+Y", actions.copy_python),
    ("Open in browser", "Ctrl+Shift+B", actions.open_page),
    ("", "", actions.save_view),
    ("Save this view…", "Ctrl+Shift+V", actions.save_view),
    ("Open a view…", "", actions.open_view),
)
"""Text, keys that are free in napari, and what is done; a line where there is no text."""
ARROW = 14
"""Pixels of the arrow that says that there is a menu."""


class ShareMenu(QPushButton):
    """Offers what can be done with what the window shows."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("Share", parent)
        theme.dress(self, "link")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setToolTip("Copy a link to what is shown, or the Python that opens it; save the whole window as a file")
        self.setAccessibleName("Share this view")
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for text, keys, act in ENTRIES:
            if not text:
                menu.addSeparator()
                continue
            entry = menu.addAction(text)
            entry.triggered.connect(lambda _checked=False, act=act: act())
            if keys:
                entry.setShortcut(QKeySequence(keys))
                self.addAction(entry)  # else the keys count only while the menu is open
        self.setMenu(menu)

    def sizeHint(self) -> QSize:
        """Ask for the room of the arrow, too, which Qt 5 draws over the text otherwise."""
        hint: QSize = super().sizeHint()
        return QSize(hint.width() + ARROW, hint.height())
