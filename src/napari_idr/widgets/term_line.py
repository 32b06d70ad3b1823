"""A term as a line of text; a picker with completion may take its place (same signal)."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLineEdit, QWidget

from napari_idr.model.ontology import OntologyTerm, accession_of


class TermLine(QLineEdit):
    """Takes "CMPO_0000077 elongated cell phenotype": an accession, then the label."""

    chosen = Signal(object)
    """An ``OntologyTerm``."""
    refused = Signal(str)
    """Why a text is no term, in one sentence."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText("CMPO_0000077 label")
        self.setAccessibleName("Add a term: accession and label")
        self.returnPressed.connect(self._on_return)

    def _on_return(self) -> None:
        word, _, label = self.text().strip().partition(" ")
        accession = accession_of(word)
        if not accession or not label.strip():
            self.refused.emit("A term is an accession and a label: CMPO_0000077 elongated cell phenotype")
            return
        self.clear()
        self.chosen.emit(OntologyTerm(accession, label.strip()))
