"""The files that an image was made from: listed when asked for, each with its page and a download."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget
from superqt import QElidingLabel

from napari_idr.errors import NapariIdrError, Unsupported

from .buttons import icon_button, text_button
from .desktop import copy_text, open_in_browser
from .notice_strip import NoticeStrip
from .progress_strip import ProgressStrip
from .wording import counted, is_web_address, tooltip
from .workers import Job, Latest, run_reporting

if TYPE_CHECKING:
    from napari_idr.model.catalog import Node
    from napari_idr.model.original_file import OriginalFile
    from napari_idr.session import Session

    from .progress_strip import Task
    from .theme import Theme

SHOWN = 20
"""Files that get a line; of more, the first."""
OFFERED = frozenset({"image", "field"})
TELL_MS = 100
"""How often a download says how far it is."""


class OriginalFiles(QWidget):
    """A button "Original files…" that becomes the list of them. Nothing is asked before it is pressed."""

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._theme = session, theme
        self._node: Node | None = None
        self._listing = Latest(self)
        self._jobs: list[Job] = []
        self.button = text_button(theme, "folder", "Original files…", self.list_files)
        self.button.setToolTip("The files that this image was made from, to download")
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.rows = QWidget()
        self.notices, self.progress = NoticeStrip(theme), ProgressStrip(theme)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        for part in (self.said, self.rows, self.notices, self.progress):
            layout.addWidget(part)
        self.offer(None)

    def offer(self, node: Node | None) -> None:
        """Offer the files of a node, if it is of a kind that has some; downloads on their way go on."""
        if node is not None and self._node is not None and node.key == self._node.key:
            return
        self._listing.cancel()
        self._node = node
        self.setVisible(node is not None and node.kind in OFFERED and is_web_address(node.address))
        self.button.show()
        self.said.hide()
        self._show_rows(())

    def stop(self) -> None:
        """Stop all downloads; the next one of the same file goes on with what has come."""
        self._listing.cancel()
        for job in self._jobs:
            job.cancel()

    def list_files(self) -> None:
        """Ask which files there are."""
        node = self._node
        if node is None:
            return
        self.button.hide()
        self._say("Asking for the files…")
        self._listing.run(
            self._session.original_files,
            node,
            on_done=self._show_files,
            on_error=self._on_error,
        )

    def _on_error(self, error: NapariIdrError) -> None:
        self.button.show()
        self.said.hide()
        self.notices.fail(error, self.list_files)

    def _say(self, text: str) -> None:
        self.said.setText(text)
        self.said.show()

    def _show_files(self, files: tuple[OriginalFile, ...]) -> None:
        if not files:
            self._say("No original files are offered for this image. Its study page may name them.")
            return
        more = f", the first {SHOWN}" if len(files) > SHOWN else ""
        self._say(f"{counted(len(files), 'original file', 'original files')}{more}:")
        self._show_rows(files[:SHOWN])

    def _show_rows(self, files: tuple[OriginalFile, ...]) -> None:
        rows = QWidget()
        layout = QVBoxLayout(rows)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        for file in files:
            layout.addLayout(self._row(file))
        self.layout().replaceWidget(self.rows, rows)
        self.rows.deleteLater()
        self.rows = rows

    def _row(self, file: OriginalFile) -> QHBoxLayout:
        line = QHBoxLayout()
        name = QElidingLabel(file.name)
        name.setElideMode(Qt.TextElideMode.ElideMiddle)
        name.setToolTip(tooltip(file.name, [("", file.note)] if file.note else []))
        line.addWidget(name, 1)
        said = f"of {file.name}"
        link = icon_button(self._theme, "link", f"Copy the link {said}", lambda: copy_text(file.address))
        page = icon_button(self._theme, "browser", f"Download in the browser {said}", lambda: self._browse(file))
        line.addWidget(link)
        line.addWidget(page)
        load = text_button(self._theme, "", "Download…", lambda: self.ask_where(file))
        load.setAccessibleName(f"Download {file.name}")
        line.addWidget(load)
        return line

    def _browse(self, file: OriginalFile) -> None:
        open_in_browser(file.address)

    # Downloading

    def ask_where(self, file: OriginalFile) -> None:
        """Ask for the place of a file, and download it there."""
        folder = Path.home() / "Downloads"
        start = (folder if folder.is_dir() else Path.home()) / file.name
        chosen, _ = QFileDialog.getSaveFileName(self, "Download the original file", str(start))
        if chosen:
            self.download(file, Path(chosen))

    def download(self, file: OriginalFile, target: Path) -> None:
        """Download a file; what an earlier try left is gone on with."""
        job_of: list[Job] = []
        task = self.progress.begin(f"Downloading {target.name} (kB)", on_cancel=lambda: self._stop(job_of[0], target))
        latest: dict[str, tuple[int, int]] = {}
        teller = QTimer(task)
        teller.timeout.connect(lambda: task.update_amount(*latest["amount"]) if "amount" in latest else None)
        teller.start(TELL_MS)
        job_of.append(
            run_reporting(
                lambda job: self._fetch(job, file, target, latest),
                on_done=lambda path: self._end(task, f"{path.name} is in {path.parent}"),
                on_error=lambda error: self._fail(task, error, file, target),
                parent=self,
            )
        )
        self._jobs.append(job_of[0])

    def _fetch(self, job: Job, file: OriginalFile, target: Path, latest: dict[str, tuple[int, int]]) -> Path:
        """Download (worker); how far it is is looked at now and then, not told with every piece."""

        def tell(done: int, total: int) -> None:
            latest["amount"] = (done >> 10, total >> 10)

        try:
            return self._session.download(file, target, on_progress=tell, is_cancelled=job.is_cancelled)
        except OSError as error:
            if isinstance(error, NapariIdrError):
                raise
            what = f"{target.name} could not be written ({error.strerror or type(error).__name__})"
            raise Unsupported(what, str(target.parent), "choose another folder") from error

    def _stop(self, job: Job, target: Path) -> None:
        job.cancel()
        self.notices.inform(f"The download of {target.name} was stopped. Started again, it goes on where it was.")

    def _end(self, task: Task, said: str) -> None:
        task.finish()
        self.notices.inform(said)

    def _fail(self, task: Task, error: NapariIdrError, file: OriginalFile, target: Path) -> None:
        task.finish()
        self.notices.fail(error, lambda: self.download(file, target))
