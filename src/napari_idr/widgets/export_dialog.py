"""From what was drawn to a package for an archive: the form, the findings, what will be written, one button."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, QTimer, QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_idr.export.package import Progress
from napari_idr.export.remembered_forms import RememberedForms
from napari_idr.export.report import Acknowledgement, Report, key_of, sorted_findings
from napari_idr.layers.object_selection import go_to, select
from napari_idr.layers.shown_dock import show_dock_here
from napari_idr.layers.submission_draft import Checked, Wanted, nobody_yet
from napari_idr.submitting import organism_of

from .buttons import text_button
from .desktop import copy_text
from .finding_list import FindingList, chip_text
from .live_check import LiveCheck
from .notice_strip import NoticeStrip
from .package_preview import PackagePreview
from .pixel_size_row import PixelSizeRow
from .progress_strip import ProgressStrip
from .scrolling import scrolling
from .submission_form_page import SubmissionFormPage, field_of
from .wording import counted
from .workers import Latest, while_alive

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_idr.errors import NapariIdrError
    from napari_idr.export.package import WrittenPackage
    from napari_idr.layers.submission_draft import SubmissionDraft
    from napari_idr.layers.viewer_session import ViewerSession
    from napari_idr.model.annotation_set import AnnotatedImage, Spacing
    from napari_idr.model.finding import Finding
    from napari_idr.model.ontology import OntologyTerm

    from .theme import Theme
    from .workers import Job

TARGETS = (("Both archives", "both"), ("Image Data Resource", "idr"), ("BioImage Archive", "bia"))
NOTHING = "Nothing is annotated yet: draw on an image in the tab Annotate, then come back."
ABOUT, FINDINGS, FILES = range(3)
REMEMBER_MS = 500
"""After the last change of the form."""
ASKED = ("P01", "P24")
"""Rules that only the repository can tell: it is asked when the package is written."""


class ExportDialog(QDialog):
    """Writes a package; it does not block the window."""

    def __init__(
        self, session: ViewerSession, draft: SubmissionDraft, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._draft = session, draft
        self._forms = RememberedForms(session.session.settings.data_dir)
        self._study = ""
        self._acknowledged: tuple[Acknowledgement, ...] = ()
        self._checked: Checked | None = None
        self._asked: tuple[Finding, ...] = ()
        self._enough = threading.Event()
        self._writing, self._asking = Latest(self), Latest(self)
        self._remembering = QTimer(self, singleShot=True, interval=REMEMBER_MS)
        self.choose_folder: Callable[[], Path | None] = self._ask_folder
        self.setWindowTitle("Export annotations")
        self.setMinimumWidth(300)
        self.resize(520, 640)
        self.target, self.only_accepted = QComboBox(), QCheckBox("Only accepted objects")
        self.regions, self.why_no_regions = QCheckBox("Put saved regions into the package"), QLabel()
        self.whole_study, self.what = QCheckBox("All of the study in my workspace"), QLabel()
        self.form = SubmissionFormPage(session.session, theme)
        self.findings, self.preview = FindingList(theme), PackagePreview()
        self.pixel_size = PixelSizeRow(theme)
        self.notices, self.progress = NoticeStrip(theme), ProgressStrip(theme)
        self.export = text_button(theme, "send", "Export …", self.export_now)
        self.tabs = QTabWidget()
        self._lay_out()
        self.live = LiveCheck(session, draft, self.wanted, self)
        self._connect()

    def _lay_out(self) -> None:
        for title, target in TARGETS:
            self.target.addItem(title, target)
        self.target.setAccessibleName("For which archive")
        self.whole_study.setToolTip("Also images of the study that you annotated before and are not open now")
        self.regions.setToolTip("The pixels of the boxes that you saved as files and that are marked in this window")
        for label in (self.what, self.why_no_regions):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.tabs.addTab(scrolling(self.form), "About")
        self.tabs.addTab(self.findings, "Findings")
        self.tabs.addTab(self.preview, "Files")
        self.export.setAutoDefault(False)
        head, foot = QHBoxLayout(), QHBoxLayout()
        head.addWidget(QLabel("For"))
        head.addWidget(self.target, 1)
        foot.addWidget(self.what, 1)
        foot.addWidget(self.export)
        layout = QVBoxLayout(self)
        layout.addLayout(head)
        for part in (self.only_accepted, self.whole_study, self.regions, self.why_no_regions, self.pixel_size):
            layout.addWidget(part)
        layout.addWidget(self.tabs, 1)
        for part in (self.progress, self.notices):
            layout.addWidget(part)
        layout.addLayout(foot)

    def _connect(self) -> None:
        self.target.activated.connect(self.live.ask)
        for box in (self.only_accepted, self.whole_study, self.regions):
            box.toggled.connect(self.live.ask)
        self.form.changed.connect(self._on_form)
        self._remembering.timeout.connect(self._remember)
        self.live.checked.connect(self._show_checked)
        self.live.failed.connect(self.notices.fail)
        self.findings.go_requested.connect(self.go)
        self.findings.fix_requested.connect(self._on_fix)
        self.findings.yes_requested.connect(self._on_yes)
        self.pixel_size.stated.connect(self._on_stated)

    def open_here(self, tab: int = ABOUT) -> None:
        """Show the dialog for what is annotated in the window now."""
        self._take_study()
        self._show_regions()
        self.tabs.setCurrentIndex(tab)
        self.show()
        self.raise_()
        self.live.ask()

    def _take_study(self) -> None:
        """Show the form that is remembered of the study of the window's images, where that is another."""
        sets = self._draft.sets()
        study = self._draft.study(sets)
        if study and study != self._study:
            self._study, self._acknowledged, self._asked = study, (), ()
            form = self._forms.form(study)
            if form.accession == study and not any(one.image.accession == study for one in sets):
                form = replace(form, accession="")
            self.form.show_form(replace(form, is_screen=form.is_screen or any(one.image.plate for one in sets)))
            if not form.organism:
                self._ask_organism([one.image for one in sets])
        self.whole_study.setEnabled(bool(self.form.form().accession))

    def _ask_organism(self, images: Sequence[AnnotatedImage]) -> None:
        """Have what the repository says of the images stand in the form, where it says anything."""
        session = self._session.session

        def show(term: OntologyTerm | None) -> None:
            if term is not None:
                self.form.suggest_organism(term)

        self._asking.run(lambda: organism_of(session, images), on_done=show)

    @property
    def is_checked(self) -> bool:
        """Whether the findings shown are those of what there is now."""
        return self._checked is not None and not self.live.is_running

    # -- what is wanted, and what is wrong with it

    def wanted(self) -> Wanted:
        """Return what is to be submitted, as it is now."""
        return Wanted(
            sets=self._draft.sets(),
            form=self.form.form(),
            target=self.target.currentData(),
            only_accepted=self.only_accepted.isChecked(),
            whole_study=self.whole_study.isChecked(),
            acknowledged=self._acknowledged,
            regions=self._draft.regions()[0] if self._takes_regions() else (),
        )

    def _takes_regions(self) -> bool:
        return self.regions.isChecked() and self.regions.isEnabled()

    def _show_regions(self) -> None:
        """Offer to take saved regions along, or say why they stay: where there are none, say nothing."""
        files, reason = self._draft.regions()
        self.regions.setVisible(bool(files or reason))
        self.regions.setEnabled(bool(files) and not reason)
        self.why_no_regions.setText(reason)
        self.why_no_regions.setVisible(bool(reason))

    def _on_form(self) -> None:
        form = self.form.form()
        self.whole_study.setEnabled(bool(form.accession))
        if form.authors:
            self._session.annotations.book.annotator = form.authors[0]
        self._remembering.start()
        self.live.ask()

    def _remember(self) -> None:
        """Keep the form for the next time: a small file."""
        self._remembering.stop()
        if self._study:
            self._forms.remember(self._study, self.form.form())

    def _show_checked(self, checked: Checked) -> None:
        self._checked = checked
        self._show_regions()
        report = self.report()
        self.findings.show_report(report)
        self.preview.show_preview(checked.preview)
        self.pixel_size.show_images([one.image for one in checked.submission.sets])
        chip = chip_text(report)
        self.tabs.setTabText(FINDINGS, f"Findings ({chip})" if chip else "Findings")
        self.what.setText(self._what(checked))
        self._show_button()

    def report(self) -> Report:
        """Return what was found last, with what the repository said when it was asked."""
        if self._checked is None:
            return Report()
        report = self._checked.report
        findings = sorted_findings([*report.findings, *self._asked])
        return Report(findings, self._acknowledged, report.unchecked)

    def _what(self, checked: Checked) -> str:
        sets = checked.submission.sets
        if not sets:
            return NOTHING
        count = sum(len(one.objects) for one in sets)
        text = f"{counted(count, 'object', 'objects')} on {counted(len(sets), 'image', 'images')}"
        outside = self._draft.problems()
        lost = f"; {outside:,} more lie on no single image: split or move them" if outside else ""
        self.what.setToolTip(" ".join(checked.remarks))
        unasked = " The ontologies did not answer; kept terms are compared." if checked.remarks else ""
        return f"{text}{lost}.{unasked}"

    def _show_button(self) -> None:
        ready = self._checked is not None and bool(self._checked.submission.sets) and self.report().passes
        self.export.setEnabled(ready and not self._writing.is_running)
        self.export.setToolTip("" if ready else "The findings come first: errors are mended, warnings looked at")

    # -- what is done about it

    def go(self, finding: Finding) -> None:
        """Show where a finding is: the object on the canvas, or the field of the form."""
        viewer: Any = self._session.viewer
        if finding.uuid in self._session.annotations.book.held:
            select(self._session.annotations, viewer, [finding.uuid])
            go_to(self._session.annotations, viewer, finding.uuid)
        elif finding.uuid:
            self.notices.remark(f"{finding.where} is not open: open its image to see it.")
        else:
            field = field_of(self.form, finding.what)
            if field is not None:
                self.tabs.setCurrentIndex(ABOUT)
                field.setFocus()

    def _on_fix(self, findings: tuple[Finding, ...]) -> None:
        count = self._draft.fix(findings)
        if count:
            self.notices.remark(f"{counted(count, 'object was', 'objects were')} mended; Undo takes it back.")
        else:
            self.notices.inform("Nothing was changed: open the image of the object, and mend it there.")
        self.live.ask()

    def _on_yes(self, findings: tuple[Finding, ...]) -> None:
        form = self.form.form()
        if nobody_yet(form):
            self.notices.inform("Name the annotator first: it is kept who looked.")
            self.tabs.setCurrentIndex(ABOUT)
            self.form.annotators.setFocus()
            return
        now = datetime.now(UTC).replace(microsecond=0)
        said = tuple(Acknowledgement(key_of(one), form.authors[0], now) for one in findings)
        self._acknowledged = (*self._acknowledged, *said)
        self.findings.show_report(self.report())
        self.live.ask()

    def _on_stated(self, images: Sequence[AnnotatedImage], spacing: Sequence[tuple[str, Spacing]]) -> None:
        form = self.form.form()
        if nobody_yet(form):
            self.notices.inform("Name the annotator first: the pixel size is kept with who stated it.")
            self.tabs.setCurrentIndex(ABOUT)
            return
        self._session.kept.state_spacing(images, spacing, form.authors[0])

    # -- writing

    def _ask_folder(self) -> Path | None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder to write the package into")
        return Path(chosen) if chosen else None

    def export_now(self) -> None:
        """Ask for a folder, and write the package into it."""
        folder = self.choose_folder()
        if folder is None:
            return
        self.notices.clear()
        self._enough.clear()
        self._asked = ()
        wanted = replace(self.wanted(), sets=self._draft.frozen())
        task = self.progress.begin("Asking the repositories", on_cancel=self._enough.set)
        self._writing.run_reporting(
            _write,
            self._draft,
            wanted,
            folder,
            self._enough.is_set,
            on_progress=task.update_amount,
            on_done=lambda came: self._on_written(came, task),
            on_error=lambda error: self._on_failed(error, task),
        )
        self._show_button()

    @while_alive
    def _on_written(self, came: tuple[WrittenPackage, Report] | Checked | None, task: Any) -> None:
        task.finish()
        if came is None:
            self.notices.remark("Stopped; nothing was left behind.")
        elif isinstance(came, Checked):
            self._asked = tuple(one for one in came.report.findings if one.id in ASKED)
            self.notices.inform("Something has to be looked at first.")
            self._show_checked(came if not self._asked else replace(came, report=_without_asked(came.report)))
            self.tabs.setCurrentIndex(FINDINGS)
        else:
            folder, report = came[0].folder, came[1]
            unchecked = f" Not checked: {'; '.join(report.unchecked)}." if report.unchecked else ""
            self.notices.inform(
                f"{folder.name} is written and was read back: {len(came[0].files)} files.{unchecked}",
                ("Open the folder", lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))),
                ("Copy its path", lambda: copy_text(str(folder))),
            )
        self._show_button()

    @while_alive
    def _on_failed(self, error: NapariIdrError, task: Any) -> None:
        task.finish()
        self.notices.fail(error)
        self._show_button()

    def done(self, result: int) -> None:
        """Check no more; what is being written is written to its end."""
        self.live.stop()
        if self._remembering.isActive():
            self._remember()
        super().done(result)


def _without_asked(report: Report) -> Report:
    kept = tuple(one for one in report.findings if one.id not in ASKED)
    return Report(kept, report.acknowledged, report.unchecked)


def _write(
    job: Job, draft: SubmissionDraft, wanted: Wanted, folder: Path, is_enough: Callable[[], bool]
) -> tuple[WrittenPackage, Report] | Checked | None:
    """Write in a worker; None where it was stopped."""
    from napari_idr.errors import Cancelled

    try:
        return draft.write(wanted, folder, Progress(on_progress=job.report, is_cancelled=is_enough))
    except Cancelled:
        return None


def show_export() -> None:
    """Open the dialog for the current viewer: the command of the palette."""
    dock = show_dock_here()
    if dock is not None:
        dock.annotate.open_export()
