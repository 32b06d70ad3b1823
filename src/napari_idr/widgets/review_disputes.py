"""Objects on which reviewers differ: what each says, side by side, and the decision that ends it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_idr.layers.review_outlines import STATUS_COLORS
from napari_idr.model.annotation_set import STATUSES
from napari_idr.review.team import disputes_of, reviewers_of, shown_name

from .low_rows import low_rows
from .object_words import NO_CLASS, STATUS_SIGN, shown_image

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.review.desk import Desk
    from napari_idr.review.team import Dispute
    from napari_idr.workspace.events import Event

NONE = "Nobody differs on any object."
NONE_BLIND = (
    "Nobody differs on an object that you have judged yourself. While you give a second opinion, those that others "
    "differ on are shown once you have said something of them."
)
DECIDED = "Decided"
VERDICTS = STATUSES[1:]


class DisputePage(QWidget):
    """A row per object and a column per reviewer; whoever looks at a row sees the object in the canvas."""

    go_requested = Signal(str)
    """Uuid of an object."""

    def __init__(self, knows_reviewer: Callable[[], bool], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk: Desk | None = None
        self._knows_reviewer = knows_reviewer
        self.disputes: list[Dispute] = []
        self.table, self.empty, self.opinions, self.why = QTableWidget(), QLabel(NONE), QLabel(), QLineEdit()
        self.buttons = {one: QPushButton(f"{STATUS_SIGN[one]} {one.capitalize()}") for one in VERDICTS}
        self._lay_out()
        self.table.itemSelectionChanged.connect(self._on_selected)

    def _lay_out(self) -> None:
        low_rows(self.table, "Objects on which reviewers differ")
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.horizontalHeader().setStretchLastSection(True)
        for label in (self.empty, self.opinions):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.why.setPlaceholderText("Why it counts so")
        self.why.setAccessibleName("Why the object counts as what you decide")
        self.why.setClearButtonEnabled(True)
        line = QHBoxLayout()
        line.setSpacing(4)
        for status, button in self.buttons.items():
            button.setStyleSheet(f"border-bottom: 3px solid {STATUS_COLORS[status]}; padding: 4px 1px;")
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.setAutoDefault(False)
            button.setToolTip(f"Decide that the object counts as {status}")
            button.clicked.connect(partial(self._decide, status))
            line.addWidget(button, 1)
        layout = QVBoxLayout(self)
        for part, stretch in ((self.empty, 0), (self.table, 1), (self.opinions, 0), (self.why, 0)):
            layout.addWidget(part, stretch)
        layout.addLayout(line)

    def show_desk(self, desk: Desk | None) -> None:
        """Show what reviewers differ on now; the object that is selected stays so."""
        chosen = self.uuid
        self._desk = desk
        self.disputes = disputes_of(desk) if desk is not None else []
        people = reviewers_of(self.disputes)
        self.table.blockSignals(True)
        self.table.clear()
        self.table.setColumnCount(2 + len(people))
        self.table.setHorizontalHeaderLabels(["Object", *people.values(), DECIDED])
        self.table.setRowCount(len(self.disputes))
        for row, dispute in enumerate(self.disputes):
            cells = [_title(dispute), *(_cell(dispute.verdict_of(who)) for who in people), _cell(dispute.decision)]
            tips = [_title(dispute), *(_spoken(dispute.verdict_of(who)) for who in people), _spoken(dispute.decision)]
            for column, (text, tip) in enumerate(zip(cells, tips, strict=True)):
                item = QTableWidgetItem(text)
                item.setToolTip(tip)
                self.table.setItem(row, column, item)
            if dispute.uuid == chosen:
                self.table.selectRow(row)
        self.table.setColumnWidth(0, 110)
        self.table.blockSignals(False)
        self.empty.setText(NONE_BLIND if desk is not None and desk.is_blind else NONE)
        self.empty.setVisible(not self.disputes)
        self._show_opinions()

    @property
    def dispute(self) -> Dispute | None:
        """The one that is selected."""
        rows = self.table.selectionModel().selectedRows() if self.table.columnCount() else []
        return self.disputes[rows[0].row()] if rows and rows[0].row() < len(self.disputes) else None

    @property
    def uuid(self) -> str:
        """The object that is selected, "" where none is."""
        return self.dispute.uuid if self.dispute is not None else ""

    def _on_selected(self) -> None:
        self._show_opinions()
        if self.uuid:
            self.go_requested.emit(self.uuid)

    def _show_opinions(self) -> None:
        dispute = self.dispute
        lines = [_spoken(one) for one in (*dispute.verdicts, dispute.decision)] if dispute is not None else []
        self.opinions.setText("\n".join(filter(None, lines)))
        for part in (self.why, *self.buttons.values()):
            part.setEnabled(dispute is not None)

    def _decide(self, status: str, _checked: bool = False) -> None:
        if self._desk is None or not self.uuid or not self._knows_reviewer():
            return
        self._desk.adjudicate(status, self.why.text().strip(), [self.uuid])  # type: ignore[arg-type]
        self.why.clear()


def _title(dispute: Dispute) -> str:
    image = dispute.image
    where = shown_image(image)
    return f"{where} · {dispute.object_class or NO_CLASS}"


def _cell(event: Event | None) -> str:
    if event is None:
        return ""
    status = event.detail("status")
    return f"{STATUS_SIGN.get(status, '')} {status}"


def _spoken(event: Event | None) -> str:
    """Return a verdict in a line: "Ada: ✗ rejected (only half of it), 2026-11-30 14:02"."""
    if event is None:
        return ""
    decided = " decided" if event.kind == "adjudicate" else ""
    why = f" ({event.why[:400]})" if event.why else ""
    return f"{shown_name(event.who)}{decided}: {_cell(event)}{why}, {event.at.astimezone():%Y-%m-%d %H:%M}"
