"""The rows of the catalogue tree as plain data: what was asked, what came, what is still to come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from napari_idr.model.catalog import Node, Page

RowKind = Literal["node", "found", "loading", "more", "failed", "empty"]
State = Literal["unasked", "loading", "partial", "complete", "failed"]
ROOT = 0
PAGE = 200


@dataclass(slots=True)
class Row:
    """One row: a node, or a sentence where nodes are missing."""

    id: int
    parent: int
    kind: RowKind
    node: Node | None = None
    text: str = ""
    children: list[int] = field(default_factory=list)
    state: State = "unasked"
    next_offset: int = 0
    tail: int | None = None
    """The row at the end of ``children`` that stands for the missing ones."""


class CatalogRows:
    """All rows by integer id; ``ROOT`` is the invisible one above the repositories.

    Children that stand in for missing ones ("Loading…", "More…", an error) are always the last row.
    """

    def __init__(self) -> None:
        self._rows: dict[int, Row] = {ROOT: Row(ROOT, ROOT, "node", state="complete")}
        self._next_id = ROOT + 1

    def __getitem__(self, row_id: int) -> Row:
        return self._rows[row_id]

    def __contains__(self, row_id: int) -> bool:
        return row_id in self._rows

    def position(self, row_id: int) -> int:
        """Return where a row stands among its parent's children."""
        return self._rows[self._rows[row_id].parent].children.index(row_id)

    def add(self, parent: int, kind: RowKind, node: Node | None = None, text: str = "") -> int:
        """Append a row and return its id."""
        return self.insert(len(self._rows[parent].children), parent, kind, node, text)

    def insert(self, at: int, parent: int, kind: RowKind, node: Node | None = None, text: str = "") -> int:
        """Insert a row before position ``at`` and return its id."""
        row_id, self._next_id = self._next_id, self._next_id + 1
        self._rows[row_id] = Row(row_id, parent, kind, node, text)
        self._rows[parent].children.insert(at, row_id)
        return row_id

    def remove(self, row_id: int) -> None:
        """Forget a row and everything below it."""
        row = self._rows[row_id]
        for child in list(row.children):
            self.remove(child)
        parent = self._rows[row.parent]
        parent.children.remove(row_id)
        if parent.tail == row_id:
            parent.tail = None
        del self._rows[row_id]

    def is_unasked(self, row_id: int) -> bool:
        """Whether a view that expands a row should ask for its first children."""
        row = self._rows[row_id]
        return row.state == "unasked" and row.node is not None and row.node.has_children

    def may_have_children(self, row_id: int) -> bool:
        """Whether a tree should offer to expand a row."""
        row = self._rows[row_id]
        return bool(row.children) or row.state == "loading" or self.is_unasked(row_id)

    def after(self, row_id: int, page: Page) -> State:
        """Tell in which state a row is once a page of its children is added."""
        self._rows[row_id].next_offset = page.next_offset or 0
        return "partial" if page.next_offset is not None else "complete"

    def find(self, key: tuple[str, str, str]) -> int | None:
        """Return the id of the row of a node, None where the tree does not show it (yet)."""
        for row in self._rows.values():
            if row.node is not None and row.node.key == key:
                return row.id
        return None
