"""Which queue is reviewed: chosen, or made from what carries ROIs or labels."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QInputDialog, QMenu, QSizePolicy, QWidget

from napari_idr.review.queue_file import QueueDefinition
from napari_idr.review.queue_store import list_queues, make_queue, open_queue
from napari_idr.review.reviewer import load_reviewer
from napari_idr.review.sources import WORKSPACE, sets_of

from .buttons import text_button
from .workers import Latest, run, while_alive

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.errors import NapariIdrError
    from napari_idr.layers.viewer_session import ViewerSession
    from napari_idr.review.queue_store import ListedQueue, OpenedQueue
    from napari_idr.session import Session

    from .progress_strip import ProgressStrip, Task
    from .theme import Theme
    from .workers import Job


class ReviewQueues(QWidget):
    """The list of queues, and New."""

    opened = Signal(object)
    """An ``OpenedQueue``."""
    failed = Signal(Exception)
    informed = Signal(str)

    def __init__(
        self, session: ViewerSession, theme: Theme, progress: ProgressStrip, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._progress = session, progress
        self.current: OpenedQueue | None = None
        self._work = Latest(self)
        self._task: Task | None = None
        self._told: tuple[str, ...] = ()
        """What was said of the workspace itself: that a damaged file was set aside."""
        self.before_files: Callable[[], object] = lambda: None
        """Called in a worker before a queue is written or opened: what was said is written down."""
        self.box = QComboBox()
        self.box.setAccessibleName("Queue of review")
        self.box.setToolTip("Queue of review")
        self.box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.box.activated.connect(lambda _index: self._on_chosen())
        self.new = text_button(theme, "plus", "New", self._show_new)
        self.new.setToolTip("Make a queue of what carries ROIs or labels")
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(self.box, 1)
        line.addWidget(self.new)

    # -- which there are

    def look(self) -> None:
        """Look which queues there are."""
        session = self._session.session

        def work() -> tuple[list[ListedQueue], tuple[str, ...]]:
            workspace = session.workspace
            return list_queues(workspace), workspace.remarks

        run(work, parent=self, on_done=self._show_queues, on_error=self.failed.emit)

    @while_alive
    def _show_queues(self, came: tuple[list[ListedQueue], tuple[str, ...]]) -> None:
        found, remarks = came
        if remarks != self._told:
            self._told = remarks
            self.informed.emit(" ".join(remarks))
        self.box.clear()
        if not found:
            self.box.addItem("No queue yet", "")
        elif self.current is None:
            self.box.addItem("Choose a queue", "")
        for one in found:
            self.box.addItem(one.definition.name or one.uuid[:8], one.uuid)
        if self.current is not None:
            self.box.setCurrentIndex(max(self.box.findData(self.current.uuid), 0))

    def _on_chosen(self) -> None:
        uuid = self.box.currentData()
        if uuid:
            self.open(uuid)

    def open(self, uuid: str) -> None:
        """Open a queue in the background."""
        session, before = self._session.session, self.before_files
        task = self._begin("Opening the queue", "")

        def done(found: OpenedQueue) -> None:
            task.finish()
            self.current = found
            self.opened.emit(found)
            self.look()

        def work() -> OpenedQueue:
            before()
            return open_queue(session.workspace, uuid)

        self._work.run(work, on_done=done, on_error=partial(self._fail, task))

    def _begin(self, what: str, name: str) -> Task:
        """Show that something begins; what goes on is given up for it."""
        if self._task is not None and not self._task.ended:
            self._task.finish()
        self._task = self._progress.begin(what, name, self._work.cancel)
        return self._task

    def _fail(self, task: Any, error: NapariIdrError) -> None:
        task.finish()
        self.failed.emit(error)

    # -- new ones

    def _show_new(self) -> None:
        menu = QMenu(self)
        menu.addAction("From what I annotated", partial(self.make, WORKSPACE, "My annotations"))
        image = self._active_image()
        if image is not None:
            address, name = image
            menu.addAction(f"From the ROIs and labels of {name[:40]}", partial(self.make, address, name))
        menu.addAction("From an address …", self._ask_address)
        menu.addAction("From an annotation file or package …", self._ask_file)
        menu.exec(self.new.mapToGlobal(self.new.rect().bottomLeft()))

    def _active_image(self) -> tuple[str, str] | None:
        viewer: Any = self._session.viewer
        for layer in (viewer.layers.selection.active, *reversed(viewer.layers)) if viewer is not None else ():
            ours = layer.metadata.get("napari_idr", {}) if layer is not None else {}
            if "address" in ours:
                return str(ours["address"]), str(ours.get("name") or layer.name)
        return None

    def _ask_address(self) -> None:
        text, ok = QInputDialog.getText(self, "Review", "Address of an image, plate, dataset or study:")
        if ok and text.strip():
            self.make(text.strip())

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Review the annotations of a file")
        if path:
            self.make(path, Path(path).name)

    def make(self, what: str, name: str = "") -> Job:
        """Make a queue of all that is annotated in something, and open it."""
        session = self._session.session
        definition = QueueDefinition(name=name or what.rstrip("/").rpartition("/")[2] or what, sources=(name or what,))
        task = self._begin("Reading what is to be reviewed", definition.name)

        def done(result: tuple[str, list[str]]) -> None:
            task.finish()
            uuid, remarks = result
            if remarks:
                self.informed.emit(f"{remarks[0]}" + (f" And {len(remarks) - 1} more." if remarks[1:] else ""))
            self.open(uuid)

        return self._work.run_reporting(
            _make,
            session,
            what,
            definition,
            on_progress=lambda count, now: task.update_amount(count, 0, f"Reading {now}"),
            on_done=done,
            on_error=partial(self._fail, task),
        )

    def stop(self) -> None:
        """Forget what is on its way."""
        self._work.cancel()


def _make(job: Job, session: Session, what: str, definition: QueueDefinition) -> tuple[str, list[str]]:
    """Read what is to be reviewed and make a queue of it. In a worker."""
    remarks: list[str] = []
    found = list(sets_of(session, what, told=job.report, is_cancelled=job.is_cancelled, warn=remarks.append))
    who = load_reviewer(session.settings.config_dir)
    uuid = make_queue(session.workspace, found, definition, who, is_cancelled=job.is_cancelled)
    return uuid, remarks
