"""The foot of the dock: loads or saves part of an image that is shown, and tells how far that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from napari_idr.layers.box_parts import levels_of
from napari_idr.layers.region_saves import RegionJob

from .box_panel import BoxPanel
from .buttons import text_button
from .desktop import open_folder
from .notice_strip import NoticeStrip
from .progress_strip import ProgressStrip
from .share_menu import ShareMenu
from .workers import while_alive

if TYPE_CHECKING:
    from napari_idr.layers.box_loads import BoxJob
    from napari_idr.layers.viewer_session import ViewerSession

    from .progress_strip import Task
    from .theme import Theme


class BoxFoot(QWidget):
    """A button "Load a box…" while something of ours is shown, the panel that it opens, and boxes on their way."""

    def __init__(self, viewer_session: ViewerSession, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer_session = viewer_session
        self._tasks: dict[int, Task] = {}
        self.notices, self.progress = NoticeStrip(theme), ProgressStrip(theme)
        self.panel = BoxPanel(viewer_session, theme)
        self.button = text_button(theme, "zoom-in", "Load a box…", self.open)
        self.button.setToolTip("Load part of the image, at any level and all of it, into a layer or a file of its own")
        self.share = ShareMenu(theme)
        self.line = QHBoxLayout()
        """Buttons of the foot."""
        self.line.addWidget(self.share)
        self.line.addStretch(1)
        self.line.addWidget(self.button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 0, 4, 4)
        layout.setSpacing(3)
        for widget in (self.notices, self.progress, self.panel):
            layout.addWidget(widget)
        layout.addLayout(self.line)
        self._connect()
        self._on_layers_changed()

    def _connect(self) -> None:
        for jobs in (self._viewer_session.boxes, self._viewer_session.saves):
            jobs.started.connect(self._on_started)
            jobs.progressed.connect(self._on_progressed)
            jobs.ended.connect(self._on_ended)
        viewer: Any = self._viewer_session.viewer
        if viewer is not None:
            viewer.layers.events.inserted.connect(self._on_layers_changed)
            viewer.layers.events.removed.connect(self._on_layers_changed)

    def open(self) -> None:
        """Open the panel."""
        self.panel.open()

    @while_alive
    def _on_layers_changed(self, _event: object = None) -> None:
        viewer: Any = self._viewer_session.viewer
        self.button.setVisible(viewer is not None and any(levels_of(layer) for layer in viewer.layers))

    @while_alive
    def _on_started(self, job: BoxJob) -> None:
        verb = "Saving" if isinstance(job, RegionJob) else "Loading"
        what = f"{verb} a box of {job.title} at level {job.level}"
        self._tasks[id(job)] = self.progress.begin(what, on_cancel=job.cancel)

    @while_alive
    def _on_progressed(self, job: BoxJob) -> None:
        task = self._tasks.get(id(job))
        if task is not None and not task.ended:
            task.update_amount(job.done, job.total)

    @while_alive
    def _on_ended(self, job: BoxJob) -> None:
        task = self._tasks.pop(id(job), None)
        if task is not None and not task.ended:
            task.finish()
        if job.state == "failed" and job.error is not None:
            self.notices.fail(job.error)
        elif job.state == "done" and isinstance(job, RegionJob):
            folder = str(job.path.absolute().parent)
            said = f"{job.path.name} is written. {job.message or 'It is marked on its image.'}"
            self.notices.inform(said, ("Open the folder", lambda: open_folder(folder)))
