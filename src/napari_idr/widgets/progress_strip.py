"""What is going on and takes a while: what, how much of how much, from where, and Cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget
from superqt import QElidingLabel

from .amount_bar import AmountBar
from .buttons import icon_button
from .workers import while_alive

if TYPE_CHECKING:
    from collections.abc import Callable

    from .theme import Theme

BLINK = 300
"""Milliseconds below which nothing is shown."""


class Task(QWidget):
    """One thing that is going on; invisible until it took longer than a blink."""

    def __init__(
        self, what: str, source: str, theme: Theme, on_cancel: Callable[[], object] | None, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._what, self._source, self._on_cancel = what, source, on_cancel
        self.ended = False
        self._label = QElidingLabel(self._said(what))
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._amount = QLabel()
        self._bar = AmountBar(theme, what)
        self._lay_out(theme)
        self.hide()
        self._patience = QTimer(self, singleShot=True, interval=BLINK)
        self._patience.timeout.connect(self.show)
        self._patience.start()

    def _lay_out(self, theme: Theme) -> None:
        line = QHBoxLayout()
        line.addWidget(self._label, 1)
        line.addWidget(self._amount)
        if self._on_cancel is not None:
            line.addWidget(icon_button(theme, "cancel", f"Cancel: {self._what}", self.cancel))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        layout.addLayout(line)
        layout.addWidget(self._bar)

    @while_alive
    def update_amount(self, done: int, total: int, what: str = "") -> None:
        """Show how much of how much is done; ``total`` 0 where that is not known."""
        if what:
            self._label.setText(self._said(what))
        self._bar.show_amount(done, total)
        self._amount.setText(f"{done:,} of {total:,}" if total else "")

    @property
    def text(self) -> str:
        """What is shown: what, from where, how much of how much."""
        return " ".join(filter(None, (self._label.text(), self._amount.text())))

    def _said(self, what: str) -> str:
        return f"{what} · from {self._source}" if self._source else what

    def cancel(self) -> None:
        """Stop it, and stop showing it."""
        if self._on_cancel is not None:
            self._on_cancel()
        self.finish()

    @while_alive
    def finish(self) -> None:
        """Stop showing it; again is no error."""
        self.ended = True
        self._patience.stop()
        self.hide()
        self.deleteLater()


class ProgressStrip(QWidget):
    """The tasks that are going on, one below the other; takes no room when there is none."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)

    @property
    def is_busy(self) -> bool:
        """Whether anything is going on, shown already or not."""
        tasks = (self._layout.itemAt(index).widget() for index in range(self._layout.count()))
        return any(isinstance(task, Task) and not task.ended for task in tasks)

    def begin(self, what: str, source: str = "", on_cancel: Callable[[], object] | None = None) -> Task:
        """Show that something begins; ``source`` says from where. Call ``finish`` when it ended."""
        task = Task(what, source, self._theme, on_cancel, self)
        self._layout.addWidget(task)
        return task
