"""The tab "Annotate": draw on what is open, say what it is, find it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from napari_idr.export.remembered_forms import RememberedForms
from napari_idr.export.report import Report
from napari_idr.layers.object_selection import go_to
from napari_idr.layers.shown_dock import show_dock_here
from napari_idr.layers.submission_draft import SubmissionDraft, Wanted
from napari_idr.model.annotator import NOBODY

from .buttons import text_button
from .class_list import ClassList
from .draw_bar import DrawBar
from .finding_list import chip_text
from .live_check import LiveCheck
from .notice_strip import NoticeStrip
from .object_details import ObjectDetails
from .object_table import ObjectTable
from .saved_line import SavedLine, ago
from .term_section import TermSection
from .wording import counted
from .workers import while_alive

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

    from napari_idr.errors import NapariIdrError
    from napari_idr.layers.drawing import Kind
    from napari_idr.layers.kept_offers import Offer
    from napari_idr.layers.submission_draft import Checked
    from napari_idr.layers.viewer_session import ViewerSession

    from .export_dialog import ExportDialog
    from .theme import Theme

ABOUT, FINDINGS = 0, 1
"""Tabs of the export dialog."""


class AnnotateTab(QWidget):
    """Everything that is drawn in one viewer."""

    def __init__(self, session: ViewerSession, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._annotations = session, session.annotations
        self.notices = NoticeStrip(theme)
        self.bar = DrawBar(session, theme)
        self.classes = ClassList(self._annotations, theme)
        self.table = ObjectTable(session)
        self.details = ObjectDetails(self._annotations, theme)
        self.terms = TermSection(session, theme)
        self.saved = SavedLine(session.kept)
        self._kept, self._offers = session.kept, session.offers
        self._draft = SubmissionDraft(session)
        self._dialog: ExportDialog | None = None
        self._offer: tuple[Offer, str] | None = None
        """What is offered, and the words."""
        self._theme = theme
        self._live = LiveCheck(session, self._draft, self._wanted, self)
        self.findings = text_button(theme, "", "", lambda: self.open_export(FINDINGS))
        self.export = text_button(theme, "send", "Export …", self.open_export)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 6, 4, 6)
        layout.setSpacing(6)
        work = QHBoxLayout()
        work.addWidget(self.saved, 1)
        work.addWidget(self.findings)
        work.addWidget(self.export)
        layout.addWidget(self.bar)
        layout.addLayout(work)
        for part in (self.notices, self.classes):
            layout.addWidget(part)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.details)
        layout.addWidget(self.terms)
        self._connect()
        self._begin()

    def _connect(self) -> None:
        self.table.chosen.connect(self.details.show_objects)
        self.table.chosen.connect(self.terms.show_objects)
        self.table.go_requested.connect(self._on_go)
        self.table.delete_requested.connect(self.details.delete_chosen)
        self.classes.apply_requested.connect(self.details.set_class)
        self.terms.refused.connect(self.notices.inform)
        self.terms.said.connect(self._draft.forget_terms)
        self.bar.failed.connect(self.notices.fail)
        self._annotations.said.connect(self._on_said)
        self._live.checked.connect(self._on_checked)
        self._kept.failed.connect(self._on_not_saved)
        self._offers.offered.connect(self._on_offered)
        self._offers.withdrawn.connect(self._on_withdrawn)
        self._offers.shown.connect(self._on_shown)
        self._offers.failed.connect(self._on_failed)
        self._annotations.objects_changed.connect(self._on_objects)
        for keys, act in (("Ctrl+Z", self._annotations.undo), ("Ctrl+Shift+Z", self._annotations.redo)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    def _begin(self) -> None:
        """Draw in the name of whoever exported last, and say nothing of findings yet."""
        self.export.setToolTip("Check what is drawn, and write a package for an archive")
        self.findings.hide()
        last = RememberedForms(self._session.session.settings.data_dir).form("").authors
        if last and self._annotations.book.annotator == NOBODY:
            self._annotations.book.annotator = last[0]
        if self._kept.problem is not None:
            self._on_not_saved(self._kept.problem)
        for offer in self._offers.standing:
            self._on_offered(offer)

    def open_export(self, tab: int = ABOUT) -> ExportDialog:
        """Open the dialog that checks and writes a package."""
        if self._dialog is None:
            from .export_dialog import ExportDialog

            self._dialog = ExportDialog(self._session, self._draft, self._theme, self.window())
        self._dialog.open_here(tab)
        return self._dialog

    def _wanted(self) -> Wanted:
        return Wanted(self._draft.sets(), asks=False)

    def _on_checked(self, checked: Checked) -> None:
        """Count what is wrong with what is drawn; what the form lacks is the dialog's to say."""
        found = tuple(one for one in checked.report.findings if one.uuid)
        text = chip_text(Report(found))
        self.findings.setText(text)
        self.findings.setAccessibleName(f"{text}: show the findings")
        self.findings.setToolTip("What an archive would not accept; click to see where and why")
        self.findings.setVisible(bool(text))

    def showEvent(self, event: QShowEvent) -> None:
        """Check what was drawn while nobody could see it."""
        super().showEvent(event)
        self._live.ask()

    def start(self, kind: Kind) -> None:
        """Begin to draw on the image of the active layer."""
        self.bar.start(kind)

    def stop(self) -> None:
        """Forget what is on its way."""
        self.bar.stop()
        self._live.stop()
        if self._dialog is not None:
            self._dialog.close()

    def _on_go(self, uuid: str) -> None:
        viewer: Any = self._session.viewer
        go_to(self._annotations, viewer, uuid)

    @while_alive
    def _on_said(self, text: str) -> None:
        if any(problem.can_split for problem in self._annotations.book.problems.values()):
            self.notices.inform(f"{text}.", ("Split", self._annotations.split))
        else:
            self.notices.inform(f"{text}.")

    @while_alive
    def _on_not_saved(self, error: NapariIdrError) -> None:
        self.notices.fail(error, self._kept.retry)

    @while_alive
    def _on_offered(self, offer: Offer) -> None:
        """Offer what was made of an image that was opened."""
        parts = [counted(offer.objects, "object", "objects")] if offer.objects else []
        parts += [counted(offer.labels, "label image", "label images")] if offer.labels else []
        held = ", ".join((*parts, f"saved {ago(offer.saved)}"))
        show = ("Show my annotations", lambda: self._offers.show(offer))
        self._offer = offer, f"{offer.title} was annotated before: {held}."
        self.notices.inform(self._offer[1], show)

    @while_alive
    def _on_withdrawn(self, offer: Offer) -> None:
        """Say no more of an image that was closed."""
        if self._offer is not None and self._offer[0] is offer and self.notices.text.text() == self._offer[1]:
            self.notices.clear()

    @while_alive
    def _on_shown(self, text: str) -> None:
        self.notices.remark(text)

    @while_alive
    def _on_failed(self, error: NapariIdrError) -> None:
        self.notices.fail(error)

    @while_alive
    def _on_objects(self, _uuids: object = None) -> None:
        if not self._annotations.book.problems and "not saved" in self.notices.text.text():
            self.notices.clear()
        self.details.show_objects(self.table.chosen_uuids())
        self.terms.show_objects(self.table.chosen_uuids())


def draw_regions() -> None:
    """Draw regions on what is open: the command of the palette."""
    _start("shapes")


def set_points() -> None:
    """Set points on what is open."""
    _start("points")


def paint_labels() -> None:
    """Paint labels on the image that is open."""
    _start("labels")


def undo_annotation() -> None:
    """Take back the last step in whichever annotation layer it was."""
    tab = _shown_tab()
    if tab is not None:
        tab.bar.undo.click()


def redo_annotation() -> None:
    """Do again what was taken back last."""
    tab = _shown_tab()
    if tab is not None:
        tab.bar.redo.click()


def _start(kind: Kind) -> None:
    tab = _shown_tab()
    if tab is not None:
        tab.start(kind)


def _shown_tab() -> AnnotateTab | None:
    """Return the tab in the dock of the current viewer, brought to the front; None without a viewer."""
    dock = show_dock_here()
    if dock is not None:
        dock.show_tab(dock.annotate)
        return dock.annotate
    return None
