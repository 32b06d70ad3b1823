"""How far a review is: one bar of what was accepted, rejected, flagged, and what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QRectF, QSize
from qtpy.QtGui import QColor, QPainter
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_idr.layers.review_outlines import STATUS_COLORS
from napari_idr.model.annotation_set import STATUSES

from .object_words import STATUS_SIGN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtpy.QtGui import QPaintEvent

ORDER = STATUSES[1:]


class VerdictBar(QWidget):
    """A bar, and its numbers on hover and for who listens."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: dict[str, int] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_counts({})

    def sizeHint(self) -> QSize:
        """Return a thin line."""
        return QSize(120, 8)

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Show how many objects have each status."""
        self._counts = dict(counts)
        self.setToolTip(self.text)
        self.setAccessibleName(f"Progress of the review: {self.text}")
        self.update()

    @property
    def text(self) -> str:
        """The numbers, with the signs of verdicts."""
        parts = [f"{STATUS_SIGN[name]} {self._counts.get(name, 0):,}" for name in ORDER]
        total = sum(self._counts.values())
        done = total - self._counts.get("unreviewed", 0)
        return f"{done:,} of {total:,}   " + "  ".join(parts)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint a piece per verdict."""
        painter, total = QPainter(self), max(sum(self._counts.values()), 1)
        painter.fillRect(QRectF(0, 0, self.width(), self.height()), QColor(128, 128, 128, 80))
        start = 0.0
        for name in ORDER:
            length = self.width() * self._counts.get(name, 0) / total
            painter.fillRect(QRectF(start, 0, length, self.height()), QColor(STATUS_COLORS[name]))
            start += length
        painter.end()
