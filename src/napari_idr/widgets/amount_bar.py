"""How much of how much is done, as a bar; where that is not known, a mark that moves now and then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer
from qtpy.QtGui import QPainter
from qtpy.QtWidgets import QProgressBar

if TYPE_CHECKING:
    from qtpy.QtGui import QPaintEvent

    from .theme import Theme

STEP_MS = 400
"""Between two places of the mark. Whatever moves in a window with a canvas has all of it put together anew: Qt's own
animation took half a processor, and ten thousand ROIs came 1.5 s later (measured, software OpenGL)."""

PLACES = 8


class AmountBar(QProgressBar):
    """A low bar without text."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self._place = 0
        self._total = -1
        self._timer = QTimer(self, interval=STEP_MS)
        self._timer.timeout.connect(self._step)
        self.setTextVisible(False)
        self.setFixedHeight(6)
        self.setAccessibleName(name)
        self.show_amount(0, 0)

    def show_amount(self, done: int, total: int) -> None:
        """Show how much of how much is done; ``total`` 0 where that is not known."""
        if total != self._total:
            self._total = total
            self.setRange(0, total or 1)
            if total:
                self._timer.stop()
            else:
                self._timer.start()
        self.setValue(min(done, total))

    @property
    def is_busy(self) -> bool:
        """Whether it is not known how much there is."""
        return self._total == 0

    def _step(self) -> None:
        self._place = (self._place + 1) % PLACES
        if self.isVisible():
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the mark, where it is not known how much there is."""
        super().paintEvent(event)
        if self.is_busy:
            inside = self.rect().adjusted(1, 1, -1, -1)
            width = max(4, inside.width() // PLACES)
            inside.setLeft(inside.left() + self._place * (inside.width() - width) // (PLACES - 1))
            inside.setWidth(width)
            QPainter(self).fillRect(inside, self._theme.colors.accent)
