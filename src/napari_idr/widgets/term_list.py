"""Terms to choose from as rows of a list: what each says, and what more it says when it is pointed at."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.workspace.term_index import TermHit

NO_PARENT = QModelIndex()


@dataclass(frozen=True, slots=True)
class TermRow:
    """One row: a term, or that none fits what was typed."""

    hit: TermHit | None
    typed: str = ""

    @property
    def text(self) -> str:
        """Two lines: the label, and below it what tells it from others."""
        if self.hit is None:
            return f"No term fits\nKeep “{self.typed}” without one"
        return f"{self.hit.term.label}\n{' · '.join(self._second_line(self.hit))}"

    @property
    def definition(self) -> str:
        """What the term means."""
        if self.hit is None:
            return "The text is kept as it is, and it is said that no ontology has a term for it."
        return self.hit.term.definition or "Its ontology gives no definition."

    @staticmethod
    def _second_line(hit: TermHit) -> list[str]:
        parts = [hit.term.accession]
        if hit.instead_of:
            parts.append(f"replaces “{hit.instead_of}”")
        if hit.matched:
            parts.append(f"also “{hit.matched}”")
        if hit.is_recent:
            parts.append("used before")
        return parts


class TermList(QAbstractListModel):
    """Rows of terms; those that come later are added at the end, so that nothing moves under the pointer."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[TermRow] = []

    def show(self, hits: Sequence[TermHit], typed: str) -> None:
        """Show terms in place of those before; below them, that none fits, where something was typed."""
        self.beginResetModel()
        self.rows = [TermRow(hit) for hit in hits] + ([TermRow(None, typed)] if typed else [])
        self.endResetModel()

    def add(self, hits: Sequence[TermHit]) -> None:
        """Add terms after those that are there, before the row that says that none fits."""
        known = {row.hit.term.accession for row in self.rows if row.hit is not None}
        fresh = [TermRow(hit) for hit in hits if hit.term.accession not in known]
        place = len(known)
        if fresh:
            self.beginInsertRows(NO_PARENT, place, place + len(fresh) - 1)
            self.rows[place:place] = fresh
            self.endInsertRows()

    def row(self, index: QModelIndex) -> TermRow | None:
        """Return the row at an index, None where there is none."""
        return self.rows[index.row()] if index.isValid() else None

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = NO_PARENT) -> int:
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a row shows, and its definition on hover."""
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.text
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"<qt>{escape(row.definition)}</qt>"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.text.replace("\n", ", ")
        return None
