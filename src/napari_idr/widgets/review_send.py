"""Sends a review back to the server of its images: what would change there, what arrived."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QHBoxLayout, QLabel, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from napari_idr.review.queue_store import open_queue
from napari_idr.review.reviewer import load_reviewer
from napari_idr.review.sending import plan_sending, send_review

from .buttons import text_button
from .notice_strip import NoticeStrip
from .progress_strip import ProgressStrip
from .workers import Latest, while_alive

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_idr.errors import NapariIdrError
    from napari_idr.layers.viewer_session import ViewerSession
    from napari_idr.review.sending import ImagePlan, SentReview
    from napari_idr.session import Session

    from .theme import Theme
    from .workers import Job

NOTHING = "The server has all of it already."


class ReviewSend(QDialog):
    """Shows what would be sent, image by image, before anything is; it does not block the window."""

    def __init__(self, session: ViewerSession, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._queue = ""
        self._before: Callable[[], object] = lambda: None
        self.plans: list[ImagePlan] = []
        self._enough = threading.Event()
        self._comparing, self._sending = Latest(self), Latest(self)
        self.setWindowTitle("Send the review to its server")
        self.setMinimumWidth(300)
        self.resize(420, 420)
        self.images, self.said = QTreeWidget(), QLabel()
        self.notices, self.progress = NoticeStrip(theme), ProgressStrip(theme)
        self.again = text_button(theme, "", "Look again", self.look)
        self.send = text_button(theme, "send", "Send", self.send_now)
        self._lay_out()

    def _lay_out(self) -> None:
        self.images.setAccessibleName("What will change on the server, image by image")
        self.images.setHeaderHidden(True)
        self.images.setUniformRowHeights(True)
        self.images.setIndentation(14)
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        about = QLabel(
            "Corrected and new shapes go to the ROIs of each image, verdicts to its key-value pairs. What was rejected "
            "is marked so, and stays."
        )
        about.setWordWrap(True)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (self.again, self.send):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.addWidget(about)
        layout.addWidget(self.images, 1)
        for part in (self.said, self.progress, self.notices):
            layout.addWidget(part)
        layout.addLayout(buttons)

    def open_here(self, queue: str, before: Callable[[], object]) -> None:
        """Show what would be sent of a queue; ``before`` is called in a worker, before it is read."""
        self._queue, self._before = queue, before
        self.show()
        self.raise_()
        self.look()

    def look(self) -> None:
        """Ask the server what it has, and show what is different."""
        self.notices.clear()
        self._show_plans([])
        self.said.setText("")
        task = self.progress.begin("Asking the server what it has", on_cancel=self._comparing.cancel)

        def done(plans: list[ImagePlan]) -> None:
            task.finish()
            self._show_plans(plans)
            self.said.setText("" if any(not plan.is_empty for plan in plans) else NOTHING)

        self._comparing.run_reporting(
            _look,
            self._session.session,
            self._queue,
            self._before,
            on_progress=task.update_amount,
            on_done=done,
            on_error=lambda error: self._fail(error, task),
        )

    def _show_plans(self, plans: Sequence[ImagePlan]) -> None:
        self.plans = list(plans)
        self.images.clear()
        for plan in self.plans:
            branch = QTreeWidgetItem([f"{plan.image.name or plan.image.address}: {plan.words}"])
            branch.setToolTip(0, branch.text(0))
            for remark in plan.remarks:
                child = QTreeWidgetItem([remark])
                child.setToolTip(0, remark)
                branch.addChild(child)
            self.images.addTopLevelItem(branch)
        self.images.expandAll()
        self.send.setEnabled(any(not plan.is_empty for plan in self.plans) and not self._sending.is_running)

    def send_now(self) -> None:
        """Send what is shown."""
        plans = [plan for plan in self.plans if not plan.is_empty]
        if not plans:
            return
        self.send.setEnabled(False)
        self.notices.clear()
        self._enough.clear()
        task = self.progress.begin("Sending the review", on_cancel=self._enough.set)
        self._sending.run_reporting(
            _send,
            self._session.session,
            plans,
            self._enough.is_set,
            on_progress=task.update_amount,
            on_done=lambda report: self._on_sent(report, task),
            on_error=lambda error: self._fail(error, task),
        )

    @while_alive
    def _on_sent(self, report: SentReview, task: Any) -> None:
        task.finish()
        self.look()
        self.notices.inform(" ".join((report.sentence, *report.problems)))

    @while_alive
    def _fail(self, error: NapariIdrError, task: Any) -> None:
        task.finish()
        self.notices.fail(error, self.look)

    def done(self, result: int) -> None:
        """Ask nothing any more; what is being sent is sent to its end."""
        self._comparing.cancel()
        super().done(result)


def _look(job: Job, session: Session, queue: str, before: Callable[[], object]) -> list[ImagePlan]:
    before()
    opened = open_queue(session.workspace, queue)
    return plan_sending(session, session.workspace, opened, told=job.report, is_cancelled=job.is_cancelled)


def _send(job: Job, session: Session, plans: Sequence[ImagePlan], is_enough: Callable[[], bool]) -> SentReview:
    """Send in a worker. Not cancelled with its job: the ids that the server gives are written down."""
    who = load_reviewer(session.settings.config_dir)
    return send_review(session, session.workspace, plans, who, on_progress=job.report, is_cancelled=is_enough)
