"""The tab "Review": say of each object whether it is right, wrong or unclear, one key each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import QAbstractItemView, QLabel, QSizePolicy, QTableView, QVBoxLayout, QWidget

from napari_idr.layers.review import Review
from napari_idr.layers.shown_dock import show_dock_here
from napari_idr.review.reviewer import load_reviewer

from .low_rows import low_rows
from .notice_strip import NoticeStrip
from .progress_strip import ProgressStrip
from .review_files import ReviewFiles
from .review_filter import ReviewFilter
from .review_keys import chosen_keys, qt_key, sheet
from .review_model import HEADERS, ReviewModel
from .review_offline import OfflineLine
from .review_queues import ReviewQueues
from .review_verdicts import VerdictPanel
from .review_waiting import WaitingLine
from .reviewer_line import ReviewerLine
from .verdict_bar import VerdictBar
from .workers import Latest, while_alive

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.layers.viewer_session import ViewerSession
    from napari_idr.model.annotator import Annotator
    from napari_idr.review.desk import Desk
    from napari_idr.review.queue import Order, QueueFilter
    from napari_idr.review.queue_store import OpenedQueue
    from napari_idr.workspace.events import Event

    from .progress_strip import Task
    from .review_send import ReviewSend
    from .review_team import ReviewTeam
    from .theme import Theme

EMPTY = (
    "Nothing is reviewed yet. Press New to make a queue of what carries ROIs or labels: your annotations, an image, "
    "plate or study, or a file. Or take in the review file of a colleague: press Take in, or drop it on napari."
)
NEWS_MS = 5000
"""How often others' verdicts are looked for."""


class ReviewTab(QWidget):
    """The curator's desk in one viewer."""

    def __init__(self, session: ViewerSession, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._theme = session, theme
        self.review: Review | None = None
        self.notices, self.progress = NoticeStrip(theme), ProgressStrip(theme)
        self.queues = ReviewQueues(session, theme, self.progress)
        self.files = ReviewFiles(session, theme, self.queues, self.progress, self.notices)
        self.waiting = WaitingLine()
        self.team: ReviewTeam | None = None
        """The window for several people, once it was opened."""
        self.sending: ReviewSend | None = None
        """The window of what is sent to a server, once it was opened."""
        self.bar, self.numbers, self.empty = VerdictBar(), QLabel(), QLabel(EMPTY)
        self.offline = OfflineLine(session, theme, self.progress)
        self.filter, self.verdicts = ReviewFilter(theme), VerdictPanel()
        self.reviewer = ReviewerLine(session.session.settings.config_dir)
        self.model, self.view = ReviewModel(theme, self), QTableView()
        self._news, self._place = Latest(self), 0
        self._opening: Task | None = None
        self._timer = QTimer(self, interval=NEWS_MS)
        self.keys, remark = chosen_keys(session.session.settings.config_dir)
        self._lay_out()
        self._connect()
        self._bind()
        self._show_review()
        if remark:
            self.notices.inform(remark)

    # -- made

    def _lay_out(self) -> None:
        for label in (self.empty, self.numbers):
            label.setWordWrap(True)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.view.setModel(self.model)
        low_rows(self.view, "Objects to be reviewed")
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setMinimumHeight(140)
        header = self.view.horizontalHeader()
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(22)
        for column, width in zip(range(len(HEADERS)), (24, 68, 68, 22, 22, 40), strict=True):
            self.view.setColumnWidth(column, width)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.setSpacing(6)
        for part in (self.queues, self.files, self.progress, self.waiting, self.notices, self.reviewer):
            layout.addWidget(part)
        for part in (self.bar, self.numbers):
            layout.addWidget(part)
        layout.addWidget(self.offline)
        layout.addWidget(self.filter)
        layout.addWidget(self.empty, 1)  # where there is no queue it has all the room that is left
        layout.addWidget(self.view, 1)
        layout.addWidget(self.verdicts)

    def _connect(self) -> None:
        self.queues.opened.connect(self.show_queue)
        self.queues.failed.connect(self.notices.fail)
        self.queues.informed.connect(self.notices.inform)
        self.queues.before_files = self.write_all
        self.files.team_requested.connect(self.show_team)
        self.files.send_requested.connect(self.show_send)
        self.offline.failed.connect(self.notices.fail)
        self.filter.changed.connect(self._on_filter)
        self.verdicts.acted.connect(self.act)
        self.verdicts.class_chosen.connect(self._on_class)
        self.verdicts.commented.connect(self._on_comment)
        self.reviewer.told.connect(self._on_reviewer)
        self.view.clicked.connect(lambda index: self._on_row(index.row()))
        self.view.activated.connect(lambda index: self._on_row(index.row()))
        self._timer.timeout.connect(self._ask_news)
        self._theme.changed.connect(self._on_theme)

    def _bind(self) -> None:
        self.verdicts.name_keys(self.keys)
        for action, key in self.keys.items():
            if not key:
                continue
            shortcut = QShortcut(QKeySequence(qt_key(key)), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(partial(self.act, action))

    def showEvent(self, event: object) -> None:
        """Look which queues there are, when one comes here."""
        super().showEvent(event)
        if not self.queues.box.count():
            self.queues.look()

    # -- a queue

    @property
    def desk(self) -> Desk | None:
        """Where the reviewer works, None while no queue is open."""
        return None if self.review is None else self.review.desk

    def show_queue(self, opened: OpenedQueue) -> None:
        """Go on with a queue where one stopped."""
        self.stop_review()
        who = load_reviewer(self._session.session.settings.config_dir)
        self._begin(opened, who)
        for remark in opened.remarks:
            self.notices.inform(remark)

    def _begin(self, opened: OpenedQueue, who: Annotator) -> None:
        review = Review(self._session, self._session.session.workspace, opened, who)
        self.review, self._place = review, opened.place
        review.said.connect(self._on_said)
        review.failed.connect(self._on_failed)
        review.opening.connect(self._on_opening)
        review.desk.moved.connect(self._on_moved)
        review.desk.listed.connect(self._on_listed)
        review.desk.changed.connect(self._on_changed)
        self.verdicts.offer_classes(self._classes())
        self.waiting.follow(review.workspace)
        self._show_review()
        review.start({key: partial(self.act, action) for action, key in self.keys.items() if key})
        self._timer.start()

    def stop_review(self) -> None:
        """Write down all there is, and where one stopped."""
        self._timer.stop()
        self._news.cancel()
        review, self.review = self.review, None
        self._on_opening("")
        if review is not None:
            review.close()
        self._show_review()

    def write_all(self) -> None:
        """Have all that was said be in the workspace: before it is handed over, or opened anew."""
        if self.review is not None:
            self.review.autosave.flush(5)

    def stop(self) -> None:
        """End the review, and forget what is on its way."""
        self.queues.stop()
        self.files.stop()
        self.waiting.follow(None)
        self.stop_review()
        for dialog in (self.team, self.sending):
            if dialog is not None:
                dialog.close()

    def _show_review(self) -> None:
        desk = self.desk
        self.model.show_desk(desk)
        self.filter.show_desk(desk)
        self.offline.show_queue(None if desk is None else desk.opened)
        self.verdicts.show_object(desk)
        for part in (self.view, self.filter, self.verdicts, self.bar, self.numbers):
            part.setVisible(desk is not None)
        self.empty.setVisible(desk is None)
        self.files.show_open(desk is not None)
        if self.team is not None:
            self.team.follow(self.review)
        self._count()
        self._follow()

    # -- what people do

    def act(self, action: str) -> None:
        """Do what a key or button stands for."""
        review = self.review
        if review is None:
            return
        if action.startswith("class "):
            names = self._classes()
            number = int(action.removeprefix("class "))
            if number <= len(names):
                self._on_class(names[number - 1])
            return
        acts: dict[str, Callable[[], object]] = {
            "accept": partial(self._judge, "accepted"),
            "reject": partial(self._judge, "rejected"),
            "soft reject": partial(self._judge, "rejected"),
            "soft reject too": partial(self._judge, "rejected"),
            "flag": self._flag,
            "next": review.desk.step,
            "previous": partial(review.desk.step, -1),
            "next image": review.desk.step_image,
            "previous image": partial(review.desk.step_image, -1),
            "undo": review.undo,
            "undo too": review.undo,
            "hide": review.hide,
            "correct": review.correct,
            "merge": self._merge,
            "comment": self._comment,
            "help": self._show_help,
        }
        acts[action]()

    def _judge(self, status: str) -> None:
        review = self.review
        if review is None or not self._knows_reviewer():
            return
        review.end_correction()
        chosen = self._chosen()
        review.desk.judge(status, uuids=chosen)  # type: ignore[arg-type]
        if not chosen:
            review.desk.step()

    def _flag(self) -> None:
        if self.review is not None and self._knows_reviewer():
            self.review.desk.judge("flagged", uuids=self._chosen())
            self.verdicts.comment.setFocus()

    def _comment(self) -> None:
        if self.verdicts.comment.hasFocus():
            self.verdicts.keep_comment()
        else:
            self.verdicts.comment.setFocus()

    def _on_comment(self, text: str) -> None:
        if self.review is not None and self._knows_reviewer():
            self.review.desk.comment(text)
        self.view.setFocus()

    def _on_class(self, name: str) -> None:
        if self.review is not None and self._knows_reviewer():
            self.review.desk.relabel(name, uuids=self._chosen())

    def _merge(self) -> None:
        if self.review is not None and self._knows_reviewer():
            self.review.merge(self._chosen())

    def _knows_reviewer(self) -> bool:
        """Ask who one is at the first verdict, and not before."""
        if self.review is None or self.review.desk.who.name or self.review.desk.who.orcid:
            return True
        self.reviewer.ask()
        return False

    def _on_reviewer(self, who: Annotator) -> None:
        if self.review is not None:
            opened = self.review.desk.opened
            self.stop_review()
            self._begin(opened, who)
        self.view.setFocus()

    def _chosen(self) -> list[str]:
        """Return the objects that are selected in the list, if there are several; else the one that is looked at."""
        rows = sorted(index.row() for index in self.view.selectionModel().selectedRows())
        return [self.model.uuid(row) for row in rows] if len(rows) > 1 else []

    def _on_row(self, row: int) -> None:
        if self.desk is not None and len(self.view.selectionModel().selectedRows()) < 2:
            self.desk.go(row)

    def _on_filter(self, wanted: QueueFilter, order: Order) -> None:
        if self.desk is not None:
            self.desk.show(wanted, order)

    def _classes(self) -> list[str]:
        desk = self.desk
        if desk is None:
            return []
        return list(dict.fromkeys([*desk.opened.definition.classes, *filter(None, desk.queue.values("object_class"))]))

    def show_team(self, page: int = 0) -> None:
        """Show who works on what, what people differ on, and how far they agree."""
        if self.team is None:
            from .review_team import ReviewTeam

            self.team = ReviewTeam(self._theme, self._knows_reviewer, self)
            self.team.follow(self.review)
        self.team.open_here(page)

    def show_send(self) -> None:
        """Show what would be sent to the server of the images."""
        if self.desk is None:
            self.notices.inform("Choose a queue first.")
            return
        if self.sending is None:
            from .review_send import ReviewSend

            self.sending = ReviewSend(self._session, self._theme, self)
        self.sending.open_here(self.desk.opened.uuid, self.write_all)

    def _show_help(self) -> None:
        rows = "\n".join(f"{key}\t{text}" for key, text in sheet(self.keys))
        self.notices.inform(f"Keys of the review, also in the canvas:\n{rows}")

    # -- what changes

    @while_alive
    def _on_moved(self, _row: int) -> None:
        self.verdicts.show_object(self.desk)
        self._follow()

    @while_alive
    def _on_listed(self) -> None:
        self.model.show_desk(self.desk)
        self._count()

    @while_alive
    def _on_changed(self, uuids: tuple[str, ...]) -> None:
        self.model.update(uuids)
        self._count()
        if self.desk is not None and self.desk.uuid in uuids:
            self.verdicts.show_object(self.desk)

    @while_alive
    def _on_said(self, text: str) -> None:
        self.notices.remark(text)

    @while_alive
    def _on_failed(self, error: Exception) -> None:
        self.notices.fail(error, None, ("Next image", partial(self.act, "next image")))

    @while_alive
    def _on_opening(self, name: str) -> None:
        task, self._opening = self._opening, None
        if task is not None:
            task.finish()
        if name and self.review is not None:
            self._opening = self.progress.begin(f"Opening {name}", "", self.review.images.stop)

    def _follow(self) -> None:
        desk = self.desk
        if desk is not None and desk.position >= 0 and len(self.view.selectionModel().selectedRows()) < 2:
            index = self.model.index(desk.position, 0)
            self.view.selectRow(desk.position)
            self.view.scrollTo(index)

    def _count(self) -> None:
        if self.desk is not None:
            self.bar.show_counts(self.desk.counts())
            blind = "   second opinion: what others said is hidden" if self.desk.is_blind else ""
            self.numbers.setText(self.bar.text + blind)

    def _on_theme(self) -> None:
        self.model.show_desk(self.desk)
        self._follow()

    def _ask_news(self) -> None:
        if self.review is None or self._news.is_running:
            return
        workspace, place = self.review.workspace, self._place
        self._news.run(partial(workspace.news, place), on_done=self._on_news, on_error=lambda _error: None)

    @while_alive
    def _on_news(self, news: tuple[int, list[Event]]) -> None:
        self._place = news[0]
        if self.desk is not None and news[1]:
            self.desk.take_news(news[1])


def review_here() -> None:
    """Show the tab Review: the command of the palette."""
    tab = _shown_tab()
    if tab is not None:
        tab.queues.look()


def team_here() -> None:
    """Show who works on what."""
    tab = _shown_tab()
    if tab is not None:
        tab.show_team()


def hand_over_here() -> None:
    """Write the queue as a file for a colleague."""
    tab = _shown_tab()
    if tab is not None:
        tab.files.ask_hand_over()


def take_in_here() -> None:
    """Look at a colleague's review file."""
    tab = _shown_tab()
    if tab is not None:
        tab.files.ask_take_in()


def report_here() -> None:
    """Write the report for the submitter."""
    tab = _shown_tab()
    if tab is not None:
        tab.files.ask_report()


def send_here() -> None:
    """Send verdicts and corrected ROIs to the server of the images."""
    tab = _shown_tab()
    if tab is not None:
        tab.show_send()


def _shown_tab() -> ReviewTab | None:
    """Return the tab in the dock of the current viewer, brought to the front; None without a viewer."""
    dock = show_dock_here()
    if dock is None:
        return None
    dock.show_tab(dock.review)
    tab: ReviewTab = dock.review
    return tab
