"""Whether what was drawn is saved, in a few words in the tab Annotate."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QLabel, QSizePolicy, QWidget

from .wording import counted
from .workers import while_alive

if TYPE_CHECKING:
    from napari_idr.layers.kept_annotations import KeptAnnotations

EVERY = 30_000
"""Milliseconds after which "3 min ago" is told anew."""
MINUTE, HOUR, DAY = 60, 3600, 86400


class SavedLine(QLabel):
    """Says "Saved", "Saving …" or what is not saved."""

    def __init__(self, kept: KeptAnnotations, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kept = kept
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        kept.state_changed.connect(self._show_state)
        self._timer = QTimer(self, interval=EVERY)
        self._timer.timeout.connect(self._show_state)
        self._timer.start()
        self._show_state()

    @while_alive
    def _show_state(self) -> None:
        kept = self._kept
        if kept.problem is not None and kept.unsaved:
            text, hint = f"Not saved yet: {counted(kept.unsaved, 'change', 'changes')}", str(kept.problem)
        elif kept.unsaved:
            text, hint = "Saving …", ""
        elif kept.saved_at is not None:
            text, hint = f"Saved {ago(kept.saved_at)}", "Every change is saved as you make it."
        else:
            text, hint = "", ""
        self.setText(text)
        self.setToolTip(hint)


def ago(then: datetime, now: datetime | None = None) -> str:
    """Return how long ago something was: "just now", "3 min ago", "on 2026-11-30" where that is more than a day."""
    seconds = ((now or datetime.now(UTC)) - then).total_seconds()
    if seconds < MINUTE:
        return "just now"
    if seconds < HOUR:
        return f"{int(seconds // MINUTE)} min ago"
    if seconds < DAY:
        return f"{int(seconds // HOUR)} h ago"
    return f"on {then.astimezone():%Y-%m-%d}"
