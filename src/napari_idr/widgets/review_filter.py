"""Which objects of a queue are gone through, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from napari_idr.model.annotation_set import STATUSES
from napari_idr.review.queue import QueueFilter

from .buttons import icon_button
from .object_words import NO_CLASS, STATUS_SIGN
from .review_narrowing import ReviewNarrowing

if TYPE_CHECKING:
    from napari_idr.review.desk import Desk
    from napari_idr.review.queue import Order

    from .theme import Theme

ORDERS: dict[str, str] = {
    "image": "by image",
    "random": "random",
    "disagreement": "disputed first",
    "outlier": "strangest first",
}
DISPUTED, WITH_FINDINGS = "disputed", "findings"


class ReviewFilter(QWidget):
    """Three lists to choose from, and more behind a button; what the workspace kept of last time is shown in them."""

    changed = Signal(object, str)
    """A ``QueueFilter`` and an order."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.status, self.object_class, self.order = QComboBox(), QComboBox(), QComboBox()
        self.more, self.narrowing = icon_button(theme, "filter", "More conditions", self._show_more), ReviewNarrowing()
        self.more.setCheckable(True)
        self.narrowing.changed.connect(self._on_chosen)
        layout, which, how = QVBoxLayout(self), QHBoxLayout(), QHBoxLayout()
        for each in (layout, which, how):
            each.setContentsMargins(0, 0, 0, 0)
            each.setSpacing(4)
        for part in (which, how):
            layout.addLayout(part)
        layout.addWidget(self.narrowing)
        for box, name, line in (
            (self.status, "Show which verdicts", which),
            (self.object_class, "Show which class", which),
            (self.order, "Order", how),
        ):
            box.setAccessibleName(name)
            box.setToolTip(name)
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            line.addWidget(box, 1)
            box.activated.connect(lambda _index: self._on_chosen())
        how.addWidget(self.more)
        for key, title in ORDERS.items():
            self.order.addItem(title, key)
        self._findings: frozenset[str] = frozenset()
        self.show_desk(None)

    def show_desk(self, desk: Desk | None) -> None:
        """Offer what there is in a queue, and show what is chosen."""
        self.setEnabled(desk is not None)
        self.narrowing.show_desk(desk)
        self.more.setChecked(self.narrowing.is_used)
        self._show_more()
        self.status.clear()
        self.status.addItem("all", "")
        for status in STATUSES:
            self.status.addItem(f"{STATUS_SIGN[status]} {status}", status)
        self.status.addItem("≠ disputed", DISPUTED)
        self.object_class.clear()
        self.object_class.addItem("any class", None)
        if desk is None:
            return
        if desk.queue.findings:
            self.status.addItem("! with findings", WITH_FINDINGS)
        for name in desk.queue.values("object_class"):
            self.object_class.addItem(name or NO_CLASS, name)
        wanted = desk.filter
        chosen = next(iter(wanted.statuses), "") or (DISPUTED if wanted.disputed_only else "")
        self.status.setCurrentIndex(max(self.status.findData(WITH_FINDINGS if wanted.findings else chosen), 0))
        self.object_class.setCurrentIndex(max(self.object_class.findData(next(iter(wanted.classes), None)), 0))
        self.order.setCurrentIndex(max(self.order.findData(desk.order), 0))
        self._findings = frozenset(desk.queue.findings)

    def _show_more(self) -> None:
        """Show further conditions; those that hold are never hidden."""
        if self.narrowing.is_used:
            self.more.setChecked(True)
        self.narrowing.setVisible(self.more.isChecked())

    def _on_chosen(self) -> None:
        status, name = self.status.currentData(), self.object_class.currentData()
        wanted = QueueFilter(
            statuses=frozenset({status} if status in STATUSES else ()),
            classes=frozenset() if name is None else frozenset({name}),
            disputed_only=status == DISPUTED,
            findings=self._findings if status == WITH_FINDINGS else frozenset(),
        )
        self.changed.emit(self.narrowing.narrowed(wanted), cast("Order", self.order.currentData()))
