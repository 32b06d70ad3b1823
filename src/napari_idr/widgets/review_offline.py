"""How much of a queue of review is on this computer, and a button that fetches the rest for work without a network."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from napari_idr.layers.review_offline import Needs, fetch, needs_of

from .buttons import text_button
from .workers import Latest, while_alive

if TYPE_CHECKING:
    from napari_idr.errors import NapariIdrError
    from napari_idr.layers.review_offline import Fetched
    from napari_idr.layers.viewer_session import ViewerSession
    from napari_idr.review.queue_store import OpenedQueue
    from napari_idr.session import Session

    from .progress_strip import ProgressStrip, Task
    from .theme import Theme
    from .workers import Job

BEGIN_MS = 2000
"""After a queue was opened: its first image comes first."""
AT_ONCE = 50
"""Images of which it is looked up unasked: each takes a few requests for its metadata."""
HINT = "Counted are the views around the objects, as a window shows them, and each plane at its coarsest level."


class OfflineLine(QWidget):
    """One line: which images are here, how much is to fetch, Fetch now."""

    failed = Signal(Exception)

    def __init__(
        self, session: ViewerSession, theme: Theme, progress: ProgressStrip, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._progress = session, progress
        self._opened: OpenedQueue | None = None
        self._task: Task | None = None
        self._work = Latest(self)
        self.needs: Needs | None = None
        """What was found out; None before that."""
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.text.setToolTip(HINT)
        self.button = text_button(theme, "", "Look", self._act)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.text, 1)
        line.addWidget(self.button)
        self._patience = QTimer(self, singleShot=True, interval=BEGIN_MS)
        self._patience.timeout.connect(self.look)
        self.hide()

    def show_queue(self, opened: OpenedQueue | None) -> None:
        """Tell of another queue, of none where there is none."""
        self._stop()
        self._opened, self.needs = opened, None
        self.setVisible(opened is not None)
        if opened is None:
            return
        self._say("Going offline?", "Look what is missing")
        if len(opened.images) <= AT_ONCE:
            self._patience.start()

    def _say(self, text: str, action: str) -> None:
        self.text.setText(text)
        self.setAccessibleName(text)
        self.button.setText(action)
        self.button.setVisible(bool(action))

    def _act(self) -> None:
        if self.needs is None:
            self.look()
        elif self.needs.missing:
            self.fetch()
        else:
            self.look()

    def look(self) -> None:
        """Find out what is missing, in the background."""
        opened = self._opened
        if opened is None:
            return
        self._patience.stop()
        self._begin("Looking which images are here")
        self._work.run_reporting(
            _look,
            self._session.session,
            opened,
            on_progress=self._on_progress,
            on_done=self._on_needs,
            on_error=self._on_error,
        )

    def fetch(self) -> None:
        """Fetch what is missing, in the background."""
        if self.needs is None:
            return
        self._begin("Fetching images for work without a network")
        self._say("Fetching …", "")
        self._work.run_reporting(
            _fetch,
            self._session.session,
            self.needs,
            on_progress=self._on_progress,
            on_done=self._on_fetched,
            on_error=self._on_error,
        )

    def _begin(self, what: str) -> None:
        self._stop()
        self._task = self._progress.begin(what, "", self._cancel)

    def _cancel(self) -> None:
        """Stop at somebody's wish; what came until then is there."""
        self._work.cancel()
        self._task, self.needs = None, None
        self._say("Stopped; what came until then is kept.", "Look what is missing")

    def _stop(self) -> None:
        self._patience.stop()
        self._work.cancel()
        if self._task is not None:
            self._task.finish()
        self._task = None

    @while_alive
    def _on_progress(self, done: int, total: int) -> None:
        if self._task is not None:
            self._task.update_amount(done, total)

    @while_alive
    def _on_needs(self, needs: Needs) -> None:
        self._stop()
        self.needs = needs
        self._say(needs.sentence, "Fetch now" if needs.missing else "")
        waits = [f"{one.name}: to fetch" for one in needs.images if one.missing]
        wrong = [f"{one.name}: {one.problem}" for one in needs.images if one.problem]
        self.text.setToolTip("\n".join([HINT, *(waits + wrong)[:20]]))

    @while_alive
    def _on_fetched(self, found: Fetched) -> None:
        self._stop()
        if found.errors:
            self.failed.emit(found.errors[0])
        QTimer.singleShot(0, partial(self.look))

    @while_alive
    def _on_error(self, error: NapariIdrError) -> None:
        self._stop()
        self._say("What is missing could not be found out.", "Look again")
        self.failed.emit(error)


def _look(job: Job, session: Session, opened: OpenedQueue) -> Needs:
    """Find out what is missing. In a worker."""
    return needs_of(session, opened.images, opened.queue.uuids, job.report, job.is_cancelled)


def _fetch(job: Job, session: Session, needs: Needs) -> Fetched:
    """Fetch what is missing. In a worker."""
    return fetch(session, needs.missing, job.report, job.is_cancelled)
