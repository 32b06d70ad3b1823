"""From which plane to which, along one axis."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSpinBox, QWidget


class PlaneRange(QWidget):
    """Two numbers, counted from 0; both planes belong to the range, in whichever order they are given."""

    changed = Signal()

    def __init__(self, axis: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.first, self.last = QSpinBox(), QSpinBox()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for box, after in ((self.first, " to "), (self.last, "")):
            box.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
            box.setMinimumWidth(40)
            box.valueChanged.connect(lambda _value: self.changed.emit())
            layout.addWidget(box, 1)
            layout.addWidget(QLabel(after))
        self.first.setAccessibleName(f"First {axis}-plane")
        self.last.setAccessibleName(f"Last {axis}-plane")

    @property
    def count(self) -> int:
        """How many planes there are."""
        return self.last.maximum() + 1

    def show_planes(self, count: int, first: int, last: int) -> None:
        """Have so many planes to choose from; the range begins anew where there were others before."""
        changed = count != self.count
        for box, value in ((self.first, first), (self.last, last)):
            box.setRange(0, count - 1)
            if changed:
                box.setValue(value)

    def show_range(self, first: int, last: int) -> None:
        """Choose a range."""
        self.first.setValue(first)
        self.last.setValue(last)

    def planes(self) -> slice:
        """Return the planes that are chosen, half-open."""
        low, high = sorted((self.first.value(), self.last.value()))
        return slice(low, high + 1)
