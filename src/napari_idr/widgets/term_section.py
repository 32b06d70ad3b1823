"""Phenotypes and terms of objects, or of an image, its well or the study: chosen by typing, taken back by a button."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from napari_idr.errors import NapariIdrError
from napari_idr.layers.annotated_images import image_of_layer
from napari_idr.layers.drawing import target
from napari_idr.model.annotation_set import AnnotatedObject, ImageStatement
from napari_idr.model.ontology import OntologyTerm, Phenotype

from .buttons import icon_button
from .term_picker import TermPicker
from .workers import while_alive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.layers.viewer_session import ViewerSession
    from napari_idr.model.annotation_set import AnnotatedImage

    from .theme import Theme

    On = Literal["image", "well", "study"]
    Said = Phenotype | OntologyTerm | ImageStatement

OBJECTS = "objects"
PLACES = (("Selected objects", OBJECTS), ("The image", "image"), ("Its well", "well"), ("The study", "study"))
NO_OBJECT = "Select objects in the table or on the canvas first, or say it of the image."
NO_IMAGE = "Select an object: it tells which image is meant."
MOST_ROWS = 4
_SAID = int(Qt.ItemDataRole.UserRole)


class TermSection(QWidget):
    """Says what things are, in the words of ontologies."""

    said = Signal()
    refused = Signal(str)
    """Why nothing was said, and what to do."""

    def __init__(self, session: ViewerSession, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._annotations, self._kept = session, session.annotations, session.kept
        self._uuids: tuple[str, ...] = ()
        self.place, self.kind, self.list = QComboBox(), QComboBox(), QListWidget()
        self.picker = TermPicker(session.session, brief=True)
        self.remove = icon_button(theme, "delete", "Take the selected term back", self.take_back, "Delete")
        self._lay_out()
        self.place.activated.connect(self._show)
        self.picker.chosen.connect(self.say)
        self.picker.no_term_chosen.connect(self.say_without_term)
        self.list.itemSelectionChanged.connect(self._show_button)
        self._kept.said_changed.connect(self._show)
        self._show()

    def _lay_out(self) -> None:
        for title, place in PLACES:
            self.place.addItem(title, place)
        self.place.setAccessibleName("Of what the term is said")
        self.kind.addItem("Phenotype", True)
        self.kind.addItem("Other term", False)
        self.kind.setToolTip("A phenotype is what was observed; another term says what it is: a cell type")
        self.kind.setAccessibleName("What the term is")
        for box in (self.place, self.kind):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(3)
        self.list.setAccessibleName("Terms that are said")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # the whole is in the tooltip
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        line = QHBoxLayout()
        line.addWidget(self.kind, 1)
        line.addWidget(self.place, 1)
        line.addWidget(self.remove)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(line)
        layout.addWidget(self.list)
        layout.addWidget(self.picker)

    def show_objects(self, uuids: Sequence[str]) -> None:
        """Show what is said of these objects, or of their image."""
        self._uuids = tuple(uuid for uuid in uuids if uuid in self._annotations.book.held)
        self._show()

    # -- what is said

    def say(self, term: OntologyTerm) -> None:
        """Say a term of what is chosen."""
        self._say(Phenotype(term.label, term) if self.kind.currentData() else term)

    def say_without_term(self, text: str) -> None:
        """Say a phenotype for which no ontology has a term."""
        self._say(Phenotype(text, no_term=True))

    def _say(self, what: Phenotype | OntologyTerm) -> None:
        place = self.place.currentData()
        if place == OBJECTS:
            objects = self._objects()
            if not objects:
                self.refused.emit(NO_OBJECT)
                return
            self._annotations.modify([_with(one, what) for one in objects], "say term of")
        else:
            image = self._image()
            if image is None:
                self.refused.emit(NO_IMAGE)
                return
            phenotype, term = (what, None) if isinstance(what, Phenotype) else (None, what)
            now, who = datetime.now(UTC).replace(microsecond=0), self._annotations.book.annotator
            statement = ImageStatement(on=place, phenotype=phenotype, term=term, annotator=who, created=now)
            self._kept.say(image, statement)
        self._show()
        self.said.emit()

    def take_back(self) -> None:
        """Take back what is selected in the list."""
        image = self._image()
        for item in self.list.selectedItems():
            said: Said = item.data(_SAID)
            if not isinstance(said, ImageStatement):
                self._annotations.modify([_without(one, said) for one in self._objects()], "take term back")
            elif image is not None:
                self._kept.say(image, said, taken_back=True)
        self._show()
        self.said.emit()

    # -- what is shown

    def _objects(self) -> list[AnnotatedObject]:
        held = self._annotations.book.held
        return [held[uuid].one for uuid in self._uuids if uuid in held]

    def _image(self) -> AnnotatedImage | None:
        """Return the image of the first object that is selected, else the one that would be drawn on."""
        held = self._annotations.book.held
        for uuid in self._uuids:
            if uuid in held:
                return held[uuid].image
        viewer = self._session.viewer
        layer = None if viewer is None else target(list(viewer.layers), viewer.layers.selection.active)
        try:
            return None if layer is None else image_of_layer(layer)
        except NapariIdrError:
            return None

    @while_alive
    def _show(self, *_: object) -> None:
        place = self.place.currentData()
        said: list[tuple[str, Said]] = []
        if place == OBJECTS:
            said = [(words(one), one) for one in _shared(self._objects())]
        else:
            image = self._image()
            for statement in self._kept.statements.get(image.key, ()) if image is not None else ():
                what = statement.phenotype or statement.term
                if statement.on == place and what is not None:
                    said.append((words(what), statement))
        self.list.clear()
        for text, one in said:
            item = QListWidgetItem(text)
            item.setToolTip(text)
            item.setData(_SAID, one)
            self.list.addItem(item)
        rows = min(len(said), MOST_ROWS)
        self.list.setVisible(bool(said))
        self.list.setFixedHeight(rows * (self.list.fontMetrics().height() + 6) + 6)
        self._show_button()

    def _show_button(self) -> None:
        self.remove.setEnabled(bool(self.list.selectedItems()))


def words(what: Phenotype | OntologyTerm) -> str:
    """Return a phenotype or term as people read it: "elongated cell (CMPO_0000077)"."""
    if isinstance(what, OntologyTerm):
        return f"{what.label} ({what.accession})"
    term = "no term" if what.term is None else what.term.accession
    return f"Phenotype: {what.name} ({term})"


def _shared(objects: Sequence[AnnotatedObject]) -> list[Phenotype | OntologyTerm]:
    """Return what is said of all objects alike."""
    if not objects:
        return []
    first: tuple[Phenotype | OntologyTerm, ...] = (*objects[0].phenotypes, *objects[0].terms)
    return [what for what in first if all(what in (*one.phenotypes, *one.terms) for one in objects)]


def _with(one: AnnotatedObject, what: Phenotype | OntologyTerm) -> AnnotatedObject:
    if isinstance(what, Phenotype):
        return one if what in one.phenotypes else replace(one, phenotypes=(*one.phenotypes, what))
    return one if what in one.terms else replace(one, terms=(*one.terms, what))


def _without(one: AnnotatedObject, what: Phenotype | OntologyTerm) -> AnnotatedObject:
    phenotypes = tuple(each for each in one.phenotypes if each != what)
    return replace(one, phenotypes=phenotypes, terms=tuple(each for each in one.terms if each != what))
