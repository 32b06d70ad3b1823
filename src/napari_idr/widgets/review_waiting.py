"""Whether what was said is in the database, or waits on this computer, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QLabel, QSizePolicy, QWidget

if TYPE_CHECKING:
    from napari_idr.workspace.workspace import Workspace

EVERY = 1000
"""Milliseconds; looking costs nothing."""


class WaitingLine(QLabel):
    """A banner; takes no room while the database takes what is said."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace: Workspace | None = None
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setStyleSheet("border-left: 3px solid #D55E00; padding: 3px 6px;")
        self._timer = QTimer(self, interval=EVERY)
        self._timer.timeout.connect(self.show_now)
        self.hide()

    def follow(self, workspace: Workspace | None) -> None:
        """Watch a workspace, or none."""
        self._workspace = workspace
        if workspace is None:
            self._timer.stop()
        else:
            self._timer.start()
        self.show_now()

    def show_now(self) -> None:
        """Say what waits; nothing where nothing does."""
        workspace = self._workspace
        count = workspace.waiting if workspace is not None else 0
        text = waiting_text(count, workspace.problem) if workspace is not None else ""
        if text != self.text():
            self.setText(text)
            self.setAccessibleName(text)
        self.setVisible(bool(text))


def waiting_text(count: int, problem: Exception | None) -> str:
    """Return the banner: what waits, that nothing is lost, and why it waits."""
    if not count:
        return ""
    what = "1 thing you said waits" if count == 1 else f"{count:,} things you said wait"
    why = f" {problem}." if problem is not None else ""
    return f"{what} safely on this computer, and will be sent by itself. Go on.{why}"
