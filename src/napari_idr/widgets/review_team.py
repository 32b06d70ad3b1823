"""Several people at one queue, in a window of its own: who has what, what they differ on, how far they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QCheckBox, QDialog, QTabWidget, QVBoxLayout, QWidget

from napari_idr.review.queue import QueueFilter

from .notice_strip import NoticeStrip
from .review_agreement import AgreementPage
from .review_disputes import DisputePage
from .review_work import WorkPage
from .workers import while_alive

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.layers.review import Review

    from .theme import Theme

WORK, DISPUTES, AGREEMENT = range(3)
SOON = 200
"""Milliseconds after the last change before all of it is shown anew."""


class ReviewTeam(QDialog):
    """Follows the review of the tab; it does not block the window.

    Parameters
    ----------
    knows_reviewer
        Returns whether it is known who one is, and asks where it is not.
    """

    def __init__(self, theme: Theme, knows_reviewer: Callable[[], bool], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._review: Review | None = None
        self.setWindowTitle("Review with others")
        self.setMinimumWidth(300)
        self.resize(560, 480)
        self.blind = QCheckBox("Second opinion: hide what others said")
        self.notices = NoticeStrip(theme)
        self.work, self.disputes = WorkPage(theme, knows_reviewer), DisputePage(knows_reviewer)
        self.agreement = AgreementPage(theme)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for page, title in ((self.work, "Who has what"), (self.disputes, "They differ"), (self.agreement, "Agreement")):
            self.tabs.addTab(page, title)
        layout = QVBoxLayout(self)
        for part in (self.blind, self.notices):
            layout.addWidget(part)
        layout.addWidget(self.tabs, 1)
        self._soon = QTimer(self, singleShot=True, interval=SOON)
        self._soon.timeout.connect(self.show_now)
        self._connect()

    def _connect(self) -> None:
        self.blind.setToolTip("You see the verdicts of others on an object only after your own")
        self.blind.clicked.connect(self._on_blind)
        self.tabs.currentChanged.connect(lambda _index: self.show_now())
        self.disputes.go_requested.connect(self._go)
        for page in (self.work, self.agreement):
            page.said.connect(self.notices.remark)
        self.agreement.failed.connect(self.notices.fail)

    def follow(self, review: Review | None) -> None:
        """Show another review, or none."""
        if self._review is not None:
            for signal in (self._review.desk.changed, self._review.desk.shared):
                signal.disconnect(self._on_changed)
        self._review = review
        if review is not None:
            for signal in (review.desk.changed, review.desk.shared):
                signal.connect(self._on_changed)
        self.show_now()

    def open_here(self, page: int = WORK) -> None:
        """Come to the front with one of the pages."""
        self.tabs.setCurrentIndex(page)
        self.show()
        self.raise_()
        self.show_now()

    @while_alive
    def _on_changed(self, *_: object) -> None:
        self._soon.start()

    def show_now(self) -> None:
        """Show what holds now, on the page that is in front."""
        if not self.isVisible():
            return
        review = self._review
        desk = review.desk if review is not None else None
        self.blind.setEnabled(desk is not None)
        self.blind.setChecked(desk is not None and desk.is_blind)
        page = self.tabs.currentIndex()
        if page == WORK:
            self.work.show_desk(desk)
        elif page == DISPUTES:
            self.disputes.show_desk(desk)
        elif review is not None:
            self.agreement.count(review.workspace, review.desk.opened.uuid)

    def _on_blind(self, is_blind: bool) -> None:
        if self._review is not None:
            self._review.desk.look_blindly(is_blind)
            self.show_now()

    def _go(self, uuid: str) -> None:
        """Have the object be in the middle of the canvas, whatever the list leaves out."""
        if self._review is None:
            return
        desk = self._review.desk
        if desk.position_of(uuid) < 0:
            desk.show(QueueFilter())
        if desk.uuid != uuid:
            desk.go_to(uuid)

    def done(self, result: int) -> None:
        """Count no more."""
        self._soon.stop()
        self.agreement.stop()
        super().done(result)
