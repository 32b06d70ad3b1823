"""Further conditions on the objects of a queue: who drew them, how large they are, how strange their measurements."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QGridLayout, QLabel, QSizePolicy, QSpinBox, QWidget

if TYPE_CHECKING:
    from napari_idr.review.desk import Desk
    from napari_idr.review.queue import QueueFilter

LARGEST = 2_000_000_000
STRANGEST = 1000.0
EVERYBODY, ANY = "everybody", "any"


class ReviewNarrowing(QWidget):
    """Three lines: the annotator, the strangeness, the size from and to."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.annotator, self.strangeness = QComboBox(), QDoubleSpinBox()
        self.smallest, self.largest = QSpinBox(), QSpinBox()
        self.strangeness.setRange(0, STRANGEST)
        self.strangeness.setDecimals(1)
        for box in (self.smallest, self.largest):
            box.setRange(0, LARGEST)
            box.setGroupSeparatorShown(True)
            box.setSuffix(" px")
        for spin in (self.smallest, self.largest, self.strangeness):
            spin.setSpecialValueText(ANY)
            spin.setKeyboardTracking(False)
            spin.valueChanged.connect(lambda _value: self.changed.emit())
        self.annotator.activated.connect(lambda _index: self.changed.emit())
        self._lay_out()

    def _lay_out(self) -> None:
        strange = "How many standard deviations the strangest measurement lies from the middle of its class, at least"
        named = (
            (self.annotator, "By", "Who drew or made the object", (0, 0, 3)),
            (self.strangeness, "Strange \N{GREATER-THAN OR EQUAL TO}", strange, (1, 0, 3)),
            (self.smallest, "Pixels \N{GREATER-THAN OR EQUAL TO}", "Pixels that it covers, at least", (2, 0, 1)),
            (self.largest, "\N{LESS-THAN OR EQUAL TO}", "Pixels that it covers, at most", (2, 2, 1)),
        )
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        for box, label, hint, (row, column, span) in named:
            box.setAccessibleName(hint)
            box.setToolTip(hint)
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            grid.addWidget(QLabel(label), row, column)
            grid.addWidget(box, row, column + 1, 1, span)
        for column in (1, 3):
            grid.setColumnStretch(column, 1)

    def show_desk(self, desk: Desk | None) -> None:
        """Offer who there is in a queue, and show what is chosen; tells nobody."""
        for widget in (self.annotator, self.strangeness, self.smallest, self.largest):
            widget.blockSignals(True)
        self.annotator.clear()
        self.annotator.addItem(EVERYBODY, None)
        for name in desk.queue.values("annotator") if desk is not None else ():
            self.annotator.addItem(name or "nobody named", name)
        if desk is not None:
            wanted = desk.filter
            self.annotator.setCurrentIndex(max(self.annotator.findData(next(iter(wanted.annotators), None)), 0))
            self.strangeness.setValue(wanted.least_outlier)
            self.smallest.setValue(int(wanted.smallest))
            self.largest.setValue(int(wanted.largest) if wanted.largest <= LARGEST else 0)
        for widget in (self.annotator, self.strangeness, self.smallest, self.largest):
            widget.blockSignals(False)

    def narrowed(self, wanted: QueueFilter) -> QueueFilter:
        """Return conditions with those that are chosen here."""
        name = self.annotator.currentData()
        return replace(
            wanted,
            annotators=frozenset() if name is None else frozenset({name}),
            least_outlier=self.strangeness.value(),
            smallest=float(self.smallest.value()),
            largest=float(self.largest.value() or "inf"),
        )

    @property
    def is_used(self) -> bool:
        """Whether any condition is chosen here."""
        numbers = (self.strangeness.value(), self.smallest.value(), self.largest.value())
        return any(numbers) or self.annotator.currentIndex() > 0
