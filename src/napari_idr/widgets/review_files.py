"""What goes out of a review and comes in: a file for a colleague, theirs with a preview, the report, any format."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QPushButton, QSizePolicy, QWidget

from napari_idr.formats.annotations.registry import formats
from napari_idr.formats.file_endings import REVIEW
from napari_idr.review.hand_over import write_review
from napari_idr.review.incoming import incoming
from napari_idr.review.queue_store import open_queue

from .buttons import icon_button
from .workers import run_reporting, while_alive

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.errors import NapariIdrError
    from napari_idr.layers.viewer_session import ViewerSession
    from napari_idr.review.incoming import Incoming

    from .notice_strip import NoticeStrip
    from .progress_strip import ProgressStrip
    from .review_queues import ReviewQueues
    from .theme import Theme
    from .workers import Job

QUEUE = f"Review file (*{REVIEW})"
REPORTS = "Report with pictures (*.html);;Table of verdicts (*.review.csv)"
ENDINGS = {"Report with pictures (*.html)": ".html", "Table of verdicts (*.review.csv)": ".review.csv"}
ACCEPTED = ("accepted",)
MOST_SAID = 3


class ReviewFiles(QWidget):
    """Four buttons and a menu.

    Signals
    -------
    team_requested, send_requested
        Somebody wants to see who works on what; to send verdicts to their server.
    """

    team_requested = Signal()
    send_requested = Signal()

    def __init__(
        self,
        session: ViewerSession,
        theme: Theme,
        queues: ReviewQueues,
        progress: ProgressStrip,
        notices: NoticeStrip,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._queues, self._progress, self._notices = session, queues, progress, notices
        self._jobs: list[Job] = []
        self.ask_place: Callable[[str, str, str], tuple[str, str]] = self._ask_place
        """Asks where to write to: (title, name, kinds) to (path, kind)."""
        self.ask_file: Callable[[], str] = self._ask_file
        self.team = self._button("Team", "Who has which image, what people differ on, how far they agree")
        self.hand_over = self._button("Hand over", "Write the queue with all that was said as one file")
        self.take = self._button("Take in", "Look at a colleague's review file, and take it in")
        self.report = self._button("Report", "Write a page with pictures, or a table, for the submitter")
        self.more = icon_button(theme, "more", "Write in a format, send to the server", self._show_more)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        for button, stretch in ((self.team, 4), (self.hand_over, 6), (self.take, 5), (self.report, 5)):
            line.addWidget(button, stretch)
        line.addWidget(self.more)
        self.team.clicked.connect(lambda _checked=False: self.team_requested.emit())
        self.hand_over.clicked.connect(lambda _checked=False: self.ask_hand_over())
        self.take.clicked.connect(lambda _checked=False: self.ask_take_in())
        self.report.clicked.connect(lambda _checked=False: self.ask_report())
        self.show_open(False)

    @staticmethod
    def _button(text: str, hint: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(hint)
        button.setStyleSheet("padding: 3px 1px;")
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        return button

    def show_open(self, is_open: bool) -> None:
        """Offer what needs a queue only while one is open."""
        for button in (self.team, self.hand_over, self.report):
            button.setEnabled(is_open)

    def _show_more(self) -> None:
        menu = QMenu(self)
        actions = [
            menu.addAction("Write all objects in a format …", self.ask_format),
            menu.addAction("Write only accepted objects in a format …", partial(self.ask_format, ACCEPTED)),
            menu.addAction("Send verdicts and corrected ROIs to the server …", self.send_requested.emit),
        ]
        for action in actions:
            if action is not None:
                action.setEnabled(self._queues.current is not None)
        menu.exec(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    # -- out

    def _ask_place(self, title: str, name: str, kinds: str) -> tuple[str, str]:
        path, kind = QFileDialog.getSaveFileName(self, title, name, kinds)
        return path, kind

    def _has_queue(self) -> bool:
        if self._queues.current is None:
            self._notices.inform("Choose a queue first.")
        return self._queues.current is not None

    def _name(self) -> str:
        """Return the name of the queue as that of a file."""
        current = self._queues.current
        name = current.definition.name if current is not None else ""
        return "".join(c if c.isalnum() or c in " -_." else "_" for c in name).strip(". ")[:80] or "review"

    def ask_hand_over(self) -> None:
        """Ask for a file, and write the queue with its history into it."""
        if self._has_queue():
            path, _ = self.ask_place("Hand over the review", self._name() + REVIEW, QUEUE)
            self._write_to(path, REVIEW)

    def ask_report(self) -> None:
        """Ask for a file, and write the report into it."""
        if self._has_queue():
            path, kind = self.ask_place("Write a report of the review", self._name() + ".html", REPORTS)
            self._write_to(path, ENDINGS.get(kind, ".html"), tuple(ENDINGS.values()))

    def ask_format(self, statuses: tuple[str, ...] = ()) -> None:
        """Ask for a file, and write the objects as they were judged into it."""
        if self._has_queue():
            kinds = {f"{one.title} (*{one.endings[0]})": one.endings[0] for one in formats()}
            path, kind = self.ask_place("Write the reviewed objects", self._name() + ".ome.xml", ";;".join(kinds))
            every = tuple(ending for one in formats() for ending in one.endings)
            self._write_to(path, kinds.get(kind, ".ome.xml"), every, statuses)

    def _write_to(self, path: str, ending: str, fitting: tuple[str, ...] = (), statuses: tuple[str, ...] = ()) -> None:
        if path:
            fits = path.lower().endswith((ending, *fitting))
            self.write(Path(path if fits else path + ending), statuses)

    def write(self, output: Path, statuses: tuple[str, ...] = ()) -> None:
        """Write the queue in the format of a file's ending."""
        if self._queues.current is None:
            return
        before, session, uuid = self._queues.before_files, self._session.session, self._queues.current.uuid
        warned: list[str] = []

        def work(job: Job) -> tuple[Path, ...]:
            before()
            workspace = session.workspace
            return write_review(
                workspace,
                open_queue(workspace, uuid),
                output,
                archive=session,
                statuses=statuses,
                warn=warned.append,
                is_cancelled=job.is_cancelled,
            )

        def done(paths: tuple[Path, ...]) -> None:
            if output.name.lower().endswith(REVIEW):
                self._session.recent.add(output.name, str(output.absolute()))
            more = f" And {len(warned) - MOST_SAID} more." if len(warned) > MOST_SAID else ""
            said = " ".join(f"{one.rstrip('.')}." for one in warned[:MOST_SAID])
            self._notices.inform(" ".join(filter(None, (f"Written: {_names(paths)}.", said))) + more)

        self._do("Writing the review", output.name, work, done)

    def _do(self, what: str, name: str, work: Callable[[Job], Any], done: Callable[[Any], object]) -> None:
        """Do something in the background beside whatever else goes on, shown while it lasts."""
        task = self._progress.begin(what, name, lambda: job.cancel())

        def finished(result: object) -> None:
            task.finish()
            done(result)

        job = run_reporting(work, parent=self, on_done=finished, on_error=partial(self._fail, task))
        self._jobs = [*(one for one in self._jobs if one.is_running), job]

    # -- in

    def _ask_file(self) -> str:
        return QFileDialog.getOpenFileName(self, "Take in a colleague's review", "", QUEUE)[0]

    def ask_take_in(self) -> None:
        """Ask for a file, and tell what it would bring."""
        path = self.ask_file()
        if path:
            self.look_into(Path(path))

    def look_into(self, path: Path) -> None:
        """Tell what a review file would bring, and offer to take it in; one that brings nothing is just opened."""
        before, session = self._queues.before_files, self._session.session

        def work(_job: Job) -> Incoming:
            before()
            return incoming(session.workspace, path)

        def done(found: Incoming) -> None:
            if not found.events:
                self._open(found, path)
                return
            take = ("Take it in", partial(self.take_in, path, found))
            self._notices.inform(f"{path.name}: {found.sentence}", take, ("Not now", lambda: None))

        self._do("Looking into the review file", path.name, work, done)

    def take_in(self, path: Path, found: Incoming) -> None:
        """Add what a review file has, and open its queue."""
        before, session = self._queues.before_files, self._session.session

        def work(_job: Job) -> int:
            before()
            return session.workspace.merge(path).events

        def done(events: int) -> None:
            self._notices.remark(f"{events:,} events of {path.name} are in your workspace now.")
            self._open(found, path)

        self._do("Taking in", path.name, work, done)

    def _open(self, found: Incoming, path: Path) -> None:
        """Open the queue of a file, the one that is open where the file has it too, and list the file as recent."""
        current = self._queues.current
        uuids = [uuid for uuid, _ in found.queues]
        self._session.recent.add(path.name, str(path.absolute()))
        if not uuids:
            self._queues.look()
            self._notices.inform(f"{path.name} holds no queue of review; what it holds is in your workspace.")
        else:
            self._queues.open(current.uuid if current is not None and current.uuid in uuids else uuids[0])

    @while_alive
    def _fail(self, task: Any, error: NapariIdrError) -> None:
        task.finish()
        self._notices.fail(error)

    def stop(self) -> None:
        """Forget what is on its way."""
        for job in self._jobs:
            job.cancel()


def _names(paths: tuple[Path, ...]) -> str:
    shown = ", ".join(path.name for path in paths[:MOST_SAID])
    return f"{shown} and {len(paths) - MOST_SAID:,} more" if len(paths) > MOST_SAID else shown
