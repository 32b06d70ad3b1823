"""What is said of the object that is looked at: verdicts, class, comment, and the way to the next one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_idr.layers.review_outlines import STATUS_COLORS
from napari_idr.review.team import shown_name

from .object_words import NO_CLASS, STATUS_SIGN, shown_image
from .review_keys import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_idr.review.desk import Desk

VERDICTS = {"accept": ("accepted", "Accept"), "reject": ("rejected", "Reject"), "flag": ("flagged", "Flag")}
MOVES = {
    "previous image": ("◀◀", "Previous image"),
    "previous": ("◀", "Previous object"),
    "next": ("▶", "Next object"),
    "next image": ("▶▶", "Next image"),
    "undo": ("↶", "Take back the last thing you said"),
    "correct": ("✎", "Correct its shapes"),
    "merge": ("⊕", "Make one object of those that are selected in the list"),
    "hide": ("◐", "Hide or show the outlines"),
    "help": ("?", "Show all keys"),
}
"""Signs and names of buttons, by action."""


class VerdictPanel(QWidget):
    """Buttons for all that keys do, the class, and the line for comments."""

    acted = Signal(str)
    """Name of an action of ``review_keys``."""
    class_chosen = Signal(str)
    commented = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title, self.history = QLabel(), QLabel()
        self.verdicts = {action: QPushButton(f"{STATUS_SIGN[s]} {name}") for action, (s, name) in VERDICTS.items()}
        self.moves = {action: QPushButton(sign) for action, (sign, _) in MOVES.items()}
        self.object_class, self.comment = QComboBox(), QLineEdit()
        for label in (self.title, self.history):
            label.setWordWrap(True)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.object_class.setAccessibleName("Class of the object")
        self.object_class.setEditable(True)
        self.object_class.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.object_class.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.comment.setAccessibleName("Comment on the object")
        self.comment.setPlaceholderText("Comment, kept with Enter")
        self.comment.setClearButtonEnabled(True)
        buttons, moves = QHBoxLayout(), QGridLayout()
        buttons.setSpacing(4)
        moves.setSpacing(4)
        for action, button in self.verdicts.items():
            button.setStyleSheet(f"border-bottom: 3px solid {STATUS_COLORS[VERDICTS[action][0]]}; padding: 4px 1px;")
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            buttons.addWidget(button, 1)
        for number, button in enumerate(self.moves.values()):
            button.setMinimumWidth(20)
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.setStyleSheet("padding: 3px 0px;")
            moves.addWidget(button, 0, number)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.title)
        layout.addLayout(buttons)
        layout.addLayout(moves)
        layout.addWidget(self.object_class)
        layout.addWidget(self.comment)
        layout.addWidget(self.history)

    def _connect(self) -> None:
        for action, button in (*self.verdicts.items(), *self.moves.items()):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(partial(self._act, action))
        self.comment.returnPressed.connect(self.keep_comment)
        self.object_class.activated.connect(lambda _index: self._on_class())
        line = self.object_class.lineEdit()
        if line is not None:
            line.returnPressed.connect(self._on_class)

    def _act(self, action: str, _checked: bool = False) -> None:
        self.acted.emit(action)

    def name_keys(self, keys: Mapping[str, str]) -> None:
        """Say the keys where the pointer rests."""
        names = {action: name for action, (_, name) in (*VERDICTS.items(), *MOVES.items())}
        for action, button in (*self.verdicts.items(), *self.moves.items()):
            key = shown(keys.get(action, ""))
            button.setAccessibleName(names[action])
            button.setToolTip(f"{names[action]} ({key})" if key else names[action])

    def keep_comment(self) -> None:
        """Keep what is in the line."""
        text = self.comment.text().strip()
        self.comment.clear()
        if text:
            self.commented.emit(text)

    def offer_classes(self, names: Sequence[str]) -> None:
        """Offer classes, the first nine with their numbers."""
        self.object_class.clear()
        for number, name in enumerate(names, 1):
            self.object_class.addItem(f"{number}  {name}" if number <= 9 else name, name)

    def show_object(self, desk: Desk | None) -> None:
        """Show what is known of the object that is looked at."""
        self.setEnabled(desk is not None and desk.row >= 0)
        if desk is None or desk.row < 0 or desk.image is None:
            self.title.setText("")
            self.history.setText("")
            return
        uuid, queue, image = desk.uuid, desk.queue, desk.image
        status, name = desk.status(uuid), queue.value("object_class", desk.row)
        place = f"{desk.position + 1:,} of {len(desk.rows):,}"
        where = shown_image(image)
        self.title.setText(f"{STATUS_SIGN[status]} {status} · {name or NO_CLASS} · {place} · {where}")
        index = self.object_class.findData(name)
        self.object_class.setCurrentIndex(index)
        if index < 0:
            self.object_class.setEditText(name)
        self.history.setText("\n".join(self._said(desk)))

    def _said(self, desk: Desk) -> list[str]:
        """Return what was said of the object, as far as this reviewer may see it."""
        found = desk.opinions(desk.uuid)
        lines = []
        if not desk.is_blind and len(found.verdicts) > 1:
            pairs = [(shown_name(one.who), one.detail("status")) for one in found.verdicts]
            lines.append("; ".join(f"{who}: {STATUS_SIGN[said]}" for who, said in pairs))
        for event in desk.comments(desk.uuid)[-5:]:
            lines.append(f"{shown_name(event.who)}: {event.why}"[:400])
        return lines

    def _on_class(self) -> None:
        data = self.object_class.currentData()
        text = self.object_class.currentText().strip()
        typed = self.object_class.itemText(self.object_class.currentIndex()) != self.object_class.currentText()
        name = text if typed or not isinstance(data, str) else data
        if name:
            self.class_chosen.emit(name)
