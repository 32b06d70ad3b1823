"""What the viewer is busy with: things being opened, tiles still to come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QLabel, QWidget
from superqt.utils import ensure_main_thread

from .wording import counted
from .workers import while_alive

if TYPE_CHECKING:
    from napari_idr.layers.open_job import OpenJob
    from napari_idr.layers.viewer_session import ViewerSession

    from .notice_strip import NoticeStrip
    from .progress_strip import ProgressStrip, Task


class OpeningWatch(QLabel):
    """Shows every job of a viewer session, whoever asked for it; itself says how many tiles are to come."""

    def __init__(
        self,
        viewer_session: ViewerSession,
        progress: ProgressStrip,
        notices: NoticeStrip,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer_session = viewer_session
        self._progress, self._notices = progress, notices
        self._tasks: dict[int, Task] = {}
        self.hide()
        viewer_session.opening.connect(self._on_opening)
        viewer_session.opened.connect(self._on_opened)
        viewer_session.failed.connect(self._on_failed)
        viewer_session.said.connect(self._on_said)
        viewer_session.streaming_changed.connect(self._on_streaming_changed)

    @while_alive
    def _on_opening(self, job: OpenJob) -> None:
        self._tasks[id(job)] = self._progress.begin(f"Opening {job.title}", on_cancel=job.cancel)

    @while_alive
    def _on_opened(self, job: OpenJob) -> None:
        self._end(job)
        if job.message:
            self._notices.inform(job.message)

    def _end(self, job: OpenJob) -> None:
        task = self._tasks.pop(id(job), None)
        if task is not None:
            task.finish()

    @while_alive
    def _on_failed(self, job: OpenJob, error: Exception) -> None:
        self._end(job)
        if job.state != "cancelled":
            self._notices.fail(error, job.again or (lambda: self._viewer_session.open(job.address)))

    @ensure_main_thread
    @while_alive
    def _on_said(self, sentence: str) -> None:
        self._notices.inform(sentence)

    @while_alive
    def _on_streaming_changed(self, missing: int, _in_flight: int) -> None:
        self.setText(f"{counted(missing, 'tile', 'tiles')} to come" if missing else "")
        self.setVisible(missing > 0)
