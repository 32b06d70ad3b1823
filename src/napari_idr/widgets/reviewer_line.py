"""Who reviews: asked once, at the first verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from napari_idr.review.reviewer import reviewer_of, save_reviewer

if TYPE_CHECKING:
    from pathlib import Path


class ReviewerLine(QWidget):
    """A name and an ORCID iD; hidden until it is needed."""

    told = Signal(object)
    """An ``Annotator``."""

    def __init__(self, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self.name, self.orcid, self.note = QLineEdit(), QLineEdit(), QLabel()
        self.keep = QPushButton("Begin")
        self.note.setWordWrap(True)
        self.name.setPlaceholderText("Your name")
        self.orcid.setPlaceholderText("ORCID iD (optional)")
        self.name.setAccessibleName("Your name, kept with your verdicts")
        self.orcid.setAccessibleName("Your ORCID iD, optional")
        line = QHBoxLayout()
        line.setSpacing(4)
        for part, stretch in ((self.name, 2), (self.orcid, 2), (self.keep, 0)):
            line.addWidget(part, stretch)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.note)
        layout.addLayout(line)
        self.keep.clicked.connect(lambda _checked=False: self._on_keep())
        for part in (self.name, self.orcid):
            part.returnPressed.connect(self._on_keep)
        self.hide()

    def ask(self) -> None:
        """Ask who reviews."""
        self.note.setText("Who gives the verdicts? It is asked once, and stays with them.")
        self.show()
        self.name.setFocus()

    def _on_keep(self) -> None:
        who = reviewer_of(self.name.text(), self.orcid.text())
        if who is None:
            typed = self.orcid.text().strip()
            self.note.setText("This is no ORCID iD: look at its last digit." if typed else "Enter a name, please.")
            return
        try:
            save_reviewer(self._folder, who)
        except OSError:
            self.note.setText("The name could not be remembered for the next time.")
        self.hide()
        self.told.emit(who)
