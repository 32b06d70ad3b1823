"""Who has which image of a queue: given to somebody, claimed for a while, let go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_idr.model.annotator import NOBODY
from napari_idr.review.team import (
    assign,
    claim,
    people_of,
    person_of,
    release,
    shown_name,
    shown_person,
    work_of,
)

from .buttons import text_button
from .low_rows import low_rows
from .object_words import NO_CLASS, shown_image
from .wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.review.desk import Desk
    from napari_idr.review.team import ImageWork

    from .theme import Theme

HEADERS = ("Image", "Whose", "Done")
SELECTED, EVERY, BY_CLASS, BY_STUDY = "selected ", "every ", "class ", "study "
"""How the data of a choice begin; a name follows."""
FREE = "(free)"
_KEY = int(Qt.ItemDataRole.UserRole)


class WorkPage(QWidget):
    """A row per image, and below it what is done with the images that are chosen."""

    said = Signal(str)
    """A sentence for the reviewer."""

    def __init__(self, theme: Theme, knows_reviewer: Callable[[], bool], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk: Desk | None = None
        self._knows_reviewer = knows_reviewer
        self._work: list[ImageWork] = []
        self.table, self.which, self.who = QTableWidget(0, len(HEADERS)), QComboBox(), QComboBox()
        self.give = text_button(theme, "", "Give", self.give_images)
        self.claim = text_button(theme, "", "Claim for me", self.claim_images)
        self.release = text_button(theme, "", "Let go", self.release_images)
        self._lay_out()

    def _lay_out(self) -> None:
        low_rows(self.table, "Images of the queue, and who has each")
        self.table.setHorizontalHeaderLabels(HEADERS)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self.which.setAccessibleName("Which images")
        self.who.setAccessibleName("To whom: a name, with ORCID iD in brackets if there is one")
        self.who.setEditable(True)
        self.who.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.claim.setToolTip("They are yours until 30 minutes after your last verdict there")
        self.release.setToolTip("Others may work on them again")
        for box in (self.which, self.who):
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        layout = QVBoxLayout(self)
        layout.addWidget(self.table, 1)
        for parts in (
            ((self.which, 1), (self.claim, 0), (self.release, 0)),
            ((QLabel("Give them to"), 0), (self.who, 1), (self.give, 0)),
        ):
            line = QHBoxLayout()
            line.setSpacing(4)
            for part, stretch in parts:
                line.addWidget(part, stretch)
            layout.addLayout(line)

    def show_desk(self, desk: Desk | None) -> None:
        """Show who has what now; what is selected and typed stays."""
        chosen, typed, which = self._selected(), self.who.currentText(), self.which.currentData()
        self._desk = desk
        self._work = work_of(desk) if desk is not None else []
        self.table.setRowCount(len(self._work))
        for row, work in enumerate(self._work):
            self._show_row(row, work)
            if work.image.key in chosen:
                self.table.selectRow(row)
        self._offer(which)
        self.who.clear()
        self.who.addItems([shown_person(one) for one in people_of(desk)] if desk is not None else [])
        self.who.addItem(FREE)
        self.who.setEditText(typed if typed else self.who.itemText(0))
        line = self.who.lineEdit()
        if line is not None:
            line.setCursorPosition(0)
        self.setEnabled(desk is not None)

    def _show_row(self, row: int, work: ImageWork) -> None:
        name = shown_image(work.image)
        for column, text in enumerate((name, whose(work), f"{work.done:,} of {work.total:,}")):
            item = QTableWidgetItem(text)
            item.setToolTip(f"{name}\n{whose(work) or 'free'}")
            item.setData(_KEY, work.image.key)
            self.table.setItem(row, column, item)

    def _offer(self, chosen: str | None) -> None:
        """Offer the images that are selected, all, those with a class, and those of a study."""
        self.which.clear()
        self.which.addItem("Selected images", SELECTED)
        self.which.addItem("All images", EVERY)
        for name in dict.fromkeys(name for work in self._work for name in sorted(work.classes)):
            self.which.addItem(f"All with {name or NO_CLASS}", BY_CLASS + name)
        for study in dict.fromkeys(work.study for work in self._work if work.study):
            self.which.addItem(f"All of {study}", BY_STUDY + study)
        self.which.setCurrentIndex(max(self.which.findData(chosen), 0))

    def _selected(self) -> set[str]:
        rows = {index.row() for index in self.table.selectionModel().selectedRows()}
        return {self._work[row].image.key for row in rows if row < len(self._work)}

    def chosen(self) -> list[str]:
        """Return the keys of the images that are meant."""
        kind, blank, name = str(self.which.currentData()).partition(" ")
        meant: dict[str, Callable[[ImageWork], bool]] = {
            SELECTED: lambda work: work.image.key in self._selected(),
            EVERY: lambda work: True,
            BY_CLASS: lambda work: name in work.classes,
            BY_STUDY: lambda work: work.study == name,
        }
        return [work.image.key for work in self._work if meant[kind + blank](work)]

    # -- what is done

    def _wanted(self) -> tuple[Desk, list[str]] | None:
        if self._desk is None or not self._knows_reviewer():
            return None
        images = self.chosen()
        if not images:
            self.said.emit("Select images in the list first, or choose all of them.")
            return None
        return self._desk, images

    def give_images(self) -> None:
        """Give the images to whom is named."""
        wanted = self._wanted()
        if wanted is None:
            return
        text = self.who.currentText().strip()
        to = NOBODY if text == FREE else person_of(text)
        if to is None:
            self.said.emit("Name who gets them, like: Grace Hopper, or: Grace Hopper (0000-0002-1825-0097).")
            return
        desk, images = wanted
        assign(desk, images, to)
        what = counted(len(images), "image", "images")
        self.said.emit(f"{what} to {shown_name(to)}." if to != NOBODY else f"{what} free again.")

    def claim_images(self) -> None:
        """Take the images for a while."""
        wanted = self._wanted()
        if wanted is not None:
            taken = claim(*wanted)
            if taken:
                self.said.emit(f"{counted(len(taken), 'image is', 'images are')} somebody else's, and stayed so.")

    def release_images(self) -> None:
        """Let go of the images that one has."""
        wanted = self._wanted()
        if wanted is not None:
            release(*wanted)


def whose(work: ImageWork) -> str:
    """Return who has an image, and until when: "Grace Hopper, until 14:30"; "" where nobody does."""
    if work.claim is None:
        return ""
    until = f", until {work.claim.until.astimezone():%H:%M}" if work.claim.until is not None else ""
    return f"{shown_name(work.claim.who)}{until}"
