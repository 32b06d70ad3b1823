"""What an archive wants to know of a study, as a form: typed once, remembered per study."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from napari_idr.model.submission import LICENSES, SubmissionForm
from napari_idr.submitting import TAXA

from .annotator_table import AnnotatorTable
from .term_picker import TermPicker

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.model.ontology import OntologyTerm

    from .term_picker import HasTerms
    from .theme import Theme

NO_LICENSE = "Choose a licence …"
_LINES = (
    ("title", "Title", "Nuclei of the knock-down plate"),
    ("accession", "Study", "idr0062; empty where it has none yet"),
    ("dataset", "Dataset", "of images in no plate, where theirs is not known"),
    ("organism", "Organism", "Homo sapiens"),
    ("organism_accession", "Taxon", "NCBITaxon_9606"),
    ("keywords", "Keywords", "nuclei, segmentation"),
    ("funding", "Funding", "Grant numbers"),
)
_TEXTS = (
    ("description", "Description", "What the annotations show, in one or two sentences"),
    ("method", "Method", "How they were made: by hand, with which tool, by whom"),
    ("criteria", "Criteria", "By which rules an object was drawn or left out"),
    ("coverage", "Coverage", "Which images, or which part of them, were annotated"),
)
_ORDER = ("title", "description", "accession", "dataset", "organism", "organism_accession")
_REST = ("method", "criteria", "coverage", "keywords", "funding")
TEXT_LINES = 3


class SubmissionFormPage(QWidget):
    """Edits a ``SubmissionForm``."""

    changed = Signal()

    def __init__(self, session: HasTerms, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._form = SubmissionForm()
        self._filling = False
        self.lines = {name: self._line(label, hint) for name, label, hint in _LINES}
        self.texts = {name: self._text(label, hint) for name, label, hint in _TEXTS}
        self.annotators, self.license, self.is_screen = (
            AnnotatorTable(theme),
            QComboBox(),
            QCheckBox("Wells of a screen"),
        )
        self.organisms = TermPicker(session)
        self._theme = theme
        self._lay_out()
        self._connect()
        self._color()

    def _color(self) -> None:
        """Have texts look like lines: napari leaves them without a background."""
        for text in self.texts.values():
            text.setStyleSheet(f"background: {self._theme.colors.raised.name()};")

    def _line(self, label: str, hint: str) -> QLineEdit:
        line = QLineEdit()
        line.setAccessibleName(label)
        line.setPlaceholderText(hint)
        return line

    def _text(self, label: str, hint: str) -> QPlainTextEdit:
        text = QPlainTextEdit()
        text.setAccessibleName(label)
        text.setPlaceholderText(hint)
        text.setTabChangesFocus(True)
        text.setFixedHeight(TEXT_LINES * text.fontMetrics().lineSpacing() + 12)
        return text

    def _lay_out(self) -> None:
        self.license.setAccessibleName("Licence")
        self.license.addItem(NO_LICENSE, "")
        for name in LICENSES:
            self.license.addItem(name, name)
        self.organisms.line.setPlaceholderText("Find an organism: “Homo sapiens”, “mouse” …")
        labels = {name: label for name, label, _ in (*_LINES, *_TEXTS)}
        widgets: dict[str, QWidget] = {**self.lines, **self.texts}
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        for name in _ORDER:
            form.addRow(labels[name], widgets[name])
        form.addRow("", self.organisms)
        form.addRow("Annotators", self.annotators)
        form.addRow("Licence", self.license)
        for name in _REST:
            form.addRow(labels[name], widgets[name])
        form.addRow("", self.is_screen)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addStretch(1)

    def _connect(self) -> None:
        self._theme.changed.connect(self._color)
        for line in self.lines.values():
            line.textEdited.connect(self._on_changed)
        for text in self.texts.values():
            text.textChanged.connect(self._on_changed)
        self.annotators.changed.connect(self._on_changed)
        self.license.activated.connect(self._on_changed)
        self.is_screen.toggled.connect(self._on_changed)
        self.organisms.chosen.connect(self._on_organism)

    def show_form(self, form: SubmissionForm) -> None:
        """Show a form in place of the one before."""
        self._form, self._filling = form, True
        for name, line in self.lines.items():
            value = getattr(form, name)
            line.setText(value if isinstance(value, str) else ", ".join(value))
        for name, text in self.texts.items():
            text.setPlainText(getattr(form, name))
        self.annotators.show_annotators(form.authors)
        self.license.setCurrentIndex(max(self.license.findData(form.license), 0))
        self.is_screen.setChecked(form.is_screen)
        self._filling = False

    def form(self) -> SubmissionForm:
        """Return what is stated."""
        stated = {name: line.text().strip() for name, line in self.lines.items()}
        stated |= {name: text.toPlainText().strip() for name, text in self.texts.items()}
        keywords = tuple(filter(None, map(str.strip, stated.pop("keywords").split(","))))
        return replace(
            self._form,
            **stated,
            keywords=keywords,
            authors=self.annotators.annotators(),
            license=str(self.license.currentData() or ""),
            is_screen=self.is_screen.isChecked(),
        )

    def _on_changed(self, *_: object) -> None:
        if not self._filling:
            self.changed.emit()

    def suggest_organism(self, term: OntologyTerm) -> None:
        """Fill in the organism that the repository names, where the user said nothing yet."""
        lines = self.lines["organism"], self.lines["organism_accession"]
        if any(line.text().strip() for line in lines):
            return
        for line, text in zip(lines, (term.label, term.accession), strict=True):
            line.setText(text)
        self.organisms.status.setText(f"{term.label} is what the repository says of the images.")
        self.organisms.status.show()
        self._on_changed()

    def _on_organism(self, term: OntologyTerm) -> None:
        if term.ontology != TAXA:
            self.organisms.status.setText(f"{term.label} is no organism: choose a term of {TAXA}.")
            return
        self.lines["organism"].setText(term.label)
        self.lines["organism_accession"].setText(term.accession)
        self._on_changed()


def field_of(page: SubmissionFormPage, what: str) -> QWidget | None:
    """Return the field that a finding about the form speaks of, None where it names none."""
    words: tuple[tuple[str, Callable[[], QWidget]], ...] = (
        ("accession of the organism", lambda: page.lines["organism_accession"]),
        ("dataset", lambda: page.lines["dataset"]),
        ("organism", lambda: page.lines["organism"]),
        ("title", lambda: page.lines["title"]),
        ("description", lambda: page.texts["description"]),
        ("criteria", lambda: page.texts["criteria"]),
        ("coverage", lambda: page.texts["coverage"]),
        ("licence", lambda: page.license),
        ("annotations were made", lambda: page.texts["method"]),
        ("method", lambda: page.texts["method"]),
        ("annotator", lambda: page.annotators),
        ("ORCID", lambda: page.annotators),
    )
    return next((find() for word, find in words if word in what), None)
