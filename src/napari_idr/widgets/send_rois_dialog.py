"""Sends ROIs back to the server of their image: which layers, what will change there, and what arrived."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QComboBox, QDialog, QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from napari_idr.layers import roi_sending
from napari_idr.layers.roi_edits import sendable_layers
from napari_idr.layers.shown_dock import show_dock_here

from .buttons import text_button
from .change_tree import ChangeTree, arrived, sentence
from .notice_strip import NoticeStrip
from .progress_strip import ProgressStrip
from .workers import Latest, while_alive

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.errors import NapariIdrError
    from napari_idr.layers.roi_sending import Outgoing, Target
    from napari_idr.layers.viewer_session import ViewerSession
    from napari_idr.repositories.roi_sending import Comparison, SendReport
    from napari_idr.session import Session

    from .theme import Theme
    from .workers import Job

NO_IMAGE = "Sign in to a server, and open one of its images: its ROIs can be sent back."
NO_LAYER = "Draw shapes or points over the image in a new layer, or show its ROIs and change them."
NOTHING = "Nothing is different from what the server has."
_LAYER = int(Qt.ItemDataRole.UserRole)
SOON = 150
"""Milliseconds after the last choice before the server is asked."""


class SendRoisDialog(QDialog):
    """Shows what would change on the server before anything is sent; it does not block the window."""

    def __init__(self, viewer_session: ViewerSession, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._owner = viewer_session
        self._plan: tuple[Outgoing, Comparison] | None = None
        self.setWindowTitle("Send ROIs")
        self.setMinimumWidth(300)
        self.resize(380, 460)
        self.image, self.layers, self.changes = QComboBox(), QListWidget(), ChangeTree()
        self.said = QLabel()
        self.notices, self.progress = NoticeStrip(theme), ProgressStrip(theme)
        self.again = text_button(theme, "", "Look again", self.look)
        self.send = text_button(theme, "send", "Send", self.send_now)
        self._comparing, self._sending = Latest(self), Latest(self)
        self._enough = threading.Event()
        self._soon = QTimer(self, singleShot=True, interval=SOON)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.image.setAccessibleName("Image whose ROIs are sent")
        self.image.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.layers.setAccessibleName("Layers that are sent")
        self.layers.setMaximumHeight(90)
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (self.again, self.send):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        for part in (QLabel("Image"), self.image, QLabel("Layers"), self.layers, QLabel("What will change there")):
            layout.addWidget(part)
        layout.addWidget(self.changes, 1)
        for part in (self.said, self.progress, self.notices):
            layout.addWidget(part)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        self.image.activated.connect(lambda _index: self._show_layers())
        self.layers.itemChanged.connect(lambda _item: self._soon.start())
        self._soon.timeout.connect(self._compare)

    def open_here(self) -> None:
        """Show the dialog for what the viewer shows now."""
        self.show()
        self.raise_()
        self.look()

    # -- what is chosen

    def look(self) -> None:
        """Look at the viewer's layers anew, and ask the server what it has."""
        before = self.image.currentData()
        self.image.clear()
        for target in roi_sending.targets(self._owner):
            self.image.addItem(f"{target.image.title} · {target.server} as {target.user}", target)
            if before is not None and target.image.key == before.image.key:
                self.image.setCurrentIndex(self.image.count() - 1)
        self._show_layers()

    def _show_layers(self) -> None:
        target, viewer = self._target(), self._owner.viewer
        left_out = {item.data(_LAYER) for item in self._items() if item.checkState() == Qt.CheckState.Unchecked}
        self.layers.blockSignals(True)
        self.layers.clear()
        for layer in sendable_layers(viewer.layers, target.image.key) if target and viewer is not None else ():
            item = QListWidgetItem(layer.name)
            item.setData(_LAYER, layer)
            is_left_out = any(layer is one for one in left_out) or not layer.visible
            item.setCheckState(Qt.CheckState.Unchecked if is_left_out else Qt.CheckState.Checked)
            self.layers.addItem(item)
        self.layers.blockSignals(False)
        self._compare()

    def _target(self) -> Target | None:
        found: Target | None = self.image.currentData()
        return found

    def _items(self) -> list[QListWidgetItem]:
        return [self.layers.item(row) for row in range(self.layers.count())]

    def _chosen(self) -> list[Any]:
        viewer = self._owner.viewer
        present = list(viewer.layers) if viewer is not None else []
        chosen = [item.data(_LAYER) for item in self._items() if item.checkState() == Qt.CheckState.Checked]
        return [layer for layer in chosen if any(layer is one for one in present)]

    # -- what will change

    def _compare(self) -> None:
        """Ask what would change on the server, in the background."""
        self._soon.stop()
        self._show_plan(None)
        target, layers = self._target(), self._chosen()
        if target is None or not layers:
            self._comparing.cancel()
            self.said.setText(NO_IMAGE if target is None else NO_LAYER)
            return
        what = roi_sending.outgoing(self._owner, target, layers)
        self.said.setText(f"Asking {target.server} what it has…")
        self._comparing.run(
            roi_sending.compare,
            self._owner.session,
            what,
            on_done=lambda comparison: self._show_plan((what, comparison)),
            on_error=self._fail,
        )

    def _show_plan(self, plan: tuple[Outgoing, Comparison] | None) -> None:
        self._plan = plan
        count = plan[1].changes.count + len(plan[1].changes.adopted) if plan is not None else 0
        self.send.setEnabled(bool(count) and not self._sending.is_running)
        if plan is None:
            self.changes.clear()
            self.send.setText("Send")
            return
        changes = plan[1].changes
        self.changes.show_changes(changes)
        self.send.setText(f"Send {sentence(changes)}" if changes.count or not count else "Note what arrived")
        self.said.setText(" ".join(changes.remarks) if count or changes.remarks else NOTHING)

    # -- sending

    def send_now(self) -> None:
        """Send what is shown, unless the layers have changed since: then show that first."""
        if self._plan is None:
            return
        what, comparison = self._plan
        now = roi_sending.outgoing(self._owner, what.target, what.layers)
        if now.edits.drawn != what.edits.drawn:
            self.notices.inform("The layers have changed since this was compared. Look at it and send it then.")
            self._compare()
            return
        self.notices.clear()
        self.send.setEnabled(False)
        self._enough.clear()
        task = self.progress.begin(f"Sending ROIs to {what.target.server}", on_cancel=self._enough.set)
        self._sending.run_reporting(
            _send,
            self._owner.session,
            what,
            comparison,
            self._enough.is_set,
            on_progress=task.update_amount,
            on_done=lambda report: self._on_sent(what, report, task),
            on_error=lambda error: self._fail(error, task),
        )

    @while_alive
    def _on_sent(self, what: Outgoing, report: SendReport, task: Any) -> None:
        task.finish()
        roi_sending.mark_sent(what, report)
        text = arrived(report.added, report.modified, len(report.deleted))
        if report.problems:
            self.notices.inform(" ".join((text, *report.problems)), ("Look again", self.look))
        else:
            self.notices.remark(text)
        self._compare()

    @while_alive
    def _fail(self, error: NapariIdrError, task: Any = None) -> None:
        if task is not None:
            task.finish()
        self.said.setText("")
        self.notices.fail(error, self.look)

    def done(self, result: int) -> None:
        """Ask nothing any more; what is being sent is sent to its end, and its ids are noted."""
        self._soon.stop()
        self._comparing.cancel()
        super().done(result)


def _send(
    job: Job, session: Session, what: Outgoing, comparison: Comparison, is_enough: Callable[[], bool]
) -> SendReport:
    """Send in a worker. Not cancelled with its job: the answer says which ids the layers have to note."""
    return roi_sending.send(session, what, comparison, on_progress=job.report, is_cancelled=is_enough)


def show_send_rois() -> None:
    """Open the dialog for the current viewer: the command of the palette."""
    dock = show_dock_here()
    if dock is not None:
        dock.send_rois()
