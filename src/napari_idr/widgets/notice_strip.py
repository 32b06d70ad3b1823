"""What has to be said once, in a sentence, with what can be done about it: never a dialog."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt, QTimer
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_idr.errors import SignInNeeded

from .buttons import icon_button, text_button
from .desktop import copy_text
from .theme import tinted_icon

if TYPE_CHECKING:
    from collections.abc import Callable

    from .theme import Theme

SHORT = 4000
"""Milliseconds a passing remark stays, as napari's own."""
Action = tuple[str, "Callable[[], object]"]


class NoticeStrip(QFrame):
    """One sentence at a time; takes no room when there is nothing to say."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._actions: QWidget | None = None
        self.sign_in: Callable[[str], object] | None = None
        """Signs in to the server of an address, where an error says that this would help."""
        self._icon = QLabel()
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._lay_out()
        self.hide()
        self._leaving = QTimer(self, singleShot=True, interval=SHORT)
        self._leaving.timeout.connect(self.clear)

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.text, 1)
        close = icon_button(self._theme, "cancel", "Dismiss", self.clear)
        line.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(4, 2, 2, 2)
        self._layout.setSpacing(2)
        self._layout.addLayout(line)

    def remark(self, text: str) -> None:
        """Say something that may pass unseen; it leaves by itself."""
        self._say(text, "done", ())
        self._leaving.start()

    def inform(self, text: str, *actions: Action) -> None:
        """Say something that is not an error, with what to do next."""
        self._say(text, "info", actions)

    def fail(self, error: Exception, retry: Callable[[], object] | None = None, *actions: Action) -> None:
        """Say what failed, once, with Retry where that can help, and Copy details."""
        again: tuple[Action, ...] = () if retry is None else (("Retry", retry),)
        if isinstance(error, SignInNeeded) and self.sign_in is not None:
            again = (("Sign in", partial(self.sign_in, error.on)), *again)
        details = f"{type(error).__name__}: {error}"
        self._say(str(error), "warning", (*again, *actions, ("Copy details", lambda: copy_text(details))))

    def clear(self) -> None:
        """Stop saying it."""
        self._leaving.stop()
        self.hide()

    def _say(self, text: str, icon: str, actions: tuple[Action, ...]) -> None:
        self._leaving.stop()
        colors = self._theme.colors
        color = colors.warning if icon == "warning" else colors.text
        self._icon.setPixmap(tinted_icon(icon, color).pixmap(QSize(18, 18)))
        self.text.setText(text)
        self.setAccessibleName(text)
        self._show_actions(actions)
        self.show()

    def _show_actions(self, actions: tuple[Action, ...]) -> None:
        if self._actions is not None:
            self._actions.hide()
            self._actions.deleteLater()
        self._actions = QWidget()
        line = QHBoxLayout(self._actions)
        line.setContentsMargins(22, 0, 0, 0)
        for name, on_click in actions:
            line.addWidget(text_button(self._theme, "", name, partial(self._do, on_click)))
        line.addStretch(1)
        self._actions.setVisible(bool(actions))
        self._layout.addWidget(self._actions)

    def _do(self, on_click: Callable[[], object]) -> None:
        self.clear()
        on_click()
