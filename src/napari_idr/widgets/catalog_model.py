"""The catalogue as a Qt item model: children are asked for page by page, in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from qtpy.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from .catalog_rows import PAGE, ROOT, CatalogRows, Row, RowKind
from .wording import child_count, kind_and_accession, spoken_row, tooltip
from .workers import Job, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from qtpy.QtGui import QIcon

    from napari_idr.errors import NapariIdrError
    from napari_idr.model.catalog import Node, Page

Index: TypeAlias = QModelIndex | QPersistentModelIndex

NODE_ROLE = int(Qt.ItemDataRole.UserRole) + 1
ROW_KIND_ROLE = NODE_ROLE + 1
_ICON_OF_ROW: dict[RowKind, str] = {
    "found": "search",
    "loading": "loading",
    "more": "more",
    "failed": "warning",
    "empty": "info",
}


class CatalogModel(QAbstractItemModel):
    """Repositories, and below them whatever they hold.

    Parameters
    ----------
    list_children
        Called in a background thread as ``list_children(node, offset=…, limit=…)``; returns a ``Page``.
    icon
        Returns the icon of a kind of node or row.
    """

    page_arrived = Signal(QModelIndex)

    def __init__(
        self, list_children: Callable[..., Page], icon: Callable[[str], QIcon], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._list_children = list_children
        self._icon = icon
        self._icons: dict[str, QIcon] = {}
        self._rows = CatalogRows()
        self._jobs: dict[int, Job] = {}
        self._loading_soon = QTimer(self, singleShot=True, interval=0)
        self._loading_soon.timeout.connect(self._say_loading)

    # What is shown

    def set_repositories(self, nodes: Sequence[Node]) -> None:
        """Show these repositories; those shown already stay as they are."""
        wanted = {node.key for node in nodes}
        for row in [self._rows[row_id] for row_id in self._rows[ROOT].children]:
            if row.kind == "node" and row.node is not None and row.node.key not in wanted:
                self._remove(row.id)
        for node in nodes:
            if self._rows.find(node.key) is None:
                self._add(ROOT, [node])

    def show_found(self, title: str, page: Page, empty: str = "") -> QModelIndex:
        """Show nodes under a row of their own at the top, in place of the ones found before."""
        for row_id in [row for row in self._rows[ROOT].children if self._rows[row].kind == "found"]:
            self._remove(row_id)
        self.beginInsertRows(QModelIndex(), 0, 0)
        found = self._rows.insert(0, ROOT, "found", text=title)
        self._rows[found].state = "complete"
        self.endInsertRows()
        self._add(found, page.nodes)
        if not page.nodes:
            self._set_tail(found, "empty", empty)
        return self.index_of(found)

    def update_node(self, node: Node) -> None:
        """Take over what was learned about a node that is shown."""
        row_id = self._rows.find(node.key)
        if row_id is not None:
            self._rows[row_id].node = node
            self.dataChanged.emit(self.index_of(row_id), self.index_of(row_id, 1))

    def find(self, node: Node) -> QModelIndex:
        """Return the index of a node, invalid where it is not shown (yet)."""
        row_id = self._rows.find(node.key)
        return QModelIndex() if row_id is None else self.index_of(row_id)

    def node(self, index: Index) -> Node | None:
        """Return the node of an index, None for a row that only says something."""
        return self._row(index).node if index.isValid() else None

    def forget_icons(self) -> None:
        """Draw all icons anew, after the theme changed.

        Qt wants the one signal before the other: without it the filter above keeps indexes of what it has thrown away,
        and the process dies when the next rows go.
        """
        self.layoutAboutToBeChanged.emit()
        self._icons.clear()
        self.layoutChanged.emit()

    # Asking for children

    def canFetchMore(self, parent: Index) -> bool:
        """Whether the first children of a row are still to be asked for."""
        return parent.isValid() and self._rows.is_unasked(parent.internalId())

    def fetchMore(self, parent: Index) -> None:
        """Ask for the first page of a row's children, in the background."""
        if self.canFetchMore(parent):
            self._fetch(self._row(parent))

    def fetch_for(self, index: Index) -> None:
        """Ask for what a "more" or "failed" row stands for."""
        row = self._row(index)
        if row.kind in ("more", "failed"):
            self._fetch(self._rows[row.parent])

    def _fetch(self, row: Row) -> None:
        row.state = "loading"
        self._loading_soon.start()
        self._jobs[row.id] = run(
            lambda: self._list_children(row.node, offset=row.next_offset, limit=PAGE),
            on_done=lambda page: self._on_page(row.id, page),
            on_error=lambda error: self._on_error(row.id, error),
            parent=self,
        )

    def _say_loading(self) -> None:
        """Add the "Loading…" rows: not while a view asks, which may be in the middle of another change."""
        for row_id in self._jobs:
            tail = self._rows[row_id].tail
            if tail is None or self._rows[tail].kind != "loading":
                self._set_tail(row_id, "loading", "Loading…")

    def _on_page(self, row_id: int, page: Page) -> None:
        self._jobs.pop(row_id, None)
        self._clear_tail(row_id)
        self._add(row_id, page.nodes)
        row = self._rows[row_id]
        row.state = self._rows.after(row_id, page)
        if row.state == "partial":
            self._set_tail(row_id, "more", f"{len(row.children):,} of {page.total or 0:,} shown, more…")
        elif not row.children:
            self._set_tail(row_id, "empty", "Nothing in here")
        self.page_arrived.emit(self.index_of(row_id))

    def _on_error(self, row_id: int, error: NapariIdrError) -> None:
        self._jobs.pop(row_id, None)
        self._rows[row_id].state = "failed"
        self._set_tail(row_id, "failed", f"{error} · Retry")

    def _set_tail(self, row_id: int, kind: RowKind, text: str) -> None:
        self._clear_tail(row_id)
        end = len(self._rows[row_id].children)
        self.beginInsertRows(self.index_of(row_id), end, end)
        self._rows[row_id].tail = self._rows.add(row_id, kind, text=text)
        self.endInsertRows()

    def _clear_tail(self, row_id: int) -> None:
        tail = self._rows[row_id].tail
        if tail is not None:
            self._remove(tail)

    def _add(self, parent: int, nodes: Iterable[Node]) -> None:
        nodes = tuple(nodes)
        if not nodes:
            return
        first = len(self._rows[parent].children)
        self.beginInsertRows(self.index_of(parent), first, first + len(nodes) - 1)
        for node in nodes:
            self._rows.add(parent, "node", node)
        self.endInsertRows()

    def _remove(self, row_id: int) -> None:
        position = self._rows.position(row_id)
        self.beginRemoveRows(self.index_of(self._rows[row_id].parent), position, position)
        for running in [asked for asked in self._jobs if self._is_within(asked, row_id)]:
            self._jobs.pop(running).cancel()
        self._rows.remove(row_id)
        self.endRemoveRows()

    def _is_within(self, row_id: int, ancestor: int) -> bool:
        while row_id not in (ROOT, ancestor):
            row_id = self._rows[row_id].parent
        return row_id == ancestor

    # What Qt asks

    def index_of(self, row_id: int, column: int = 0) -> QModelIndex:
        """Return the index of a row by its id; that of ``ROOT`` is invalid."""
        if row_id == ROOT:
            return QModelIndex()
        return self.createIndex(self._rows.position(row_id), column, row_id)

    def _row(self, index: Index) -> Row:
        return self._rows[index.internalId() if index.isValid() else ROOT]

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        """Return the index of one cell."""
        children = self._row(parent).children
        if not (0 <= row < len(children) and 0 <= column < 2 and parent.column() <= 0):
            return QModelIndex()
        return self.createIndex(row, column, children[row])

    def parent(self, index: Index = QModelIndex()) -> Any:  # noqa: B008
        """Return the index of the row above."""
        return self.index_of(self._row(index).parent)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return the number of rows below an index."""
        return 0 if parent.column() > 0 else len(self._row(parent).children)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return 2: names, and numbers of children."""
        return 2

    def hasChildren(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008
        """Whether a tree should offer to expand a row."""
        if not parent.isValid():
            return True
        return parent.column() <= 0 and self._rows.may_have_children(parent.internalId())

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Every row can be selected."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows or says."""
        if not index.isValid():
            return None
        row = self._row(index)
        if role == NODE_ROLE:
            return row.node
        if role == ROW_KIND_ROLE:
            return row.kind
        return _said(row, role) if index.column() == 1 else self._shown(row, role)

    def _shown(self, row: Row, role: int) -> Any:
        node = row.node
        if role == Qt.ItemDataRole.DisplayRole:
            return row.text if node is None else node.name
        if role == Qt.ItemDataRole.DecorationRole:
            return self._cached_icon(_ICON_OF_ROW[row.kind] if node is None else _icon_of(node))
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(row.text) if node is None else _tooltip(node)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.text if node is None else spoken_row(node)
        return None

    def _cached_icon(self, name: str) -> QIcon:
        if name not in self._icons:
            self._icons[name] = self._icon(name)
        return self._icons[name]


def _icon_of(node: Node) -> str:
    """Return the icon of a node; a server that is asked in somebody's name has a lock."""
    return "lock" if node.kind == "repository" and node.id else node.kind


def _said(row: Row, role: int) -> Any:
    count = None if row.node is None else row.node.child_count
    if role == Qt.ItemDataRole.DisplayRole and count is not None:
        return "no images" if row.node is not None and row.node.is_umbrella else f"{count:,}"
    if role == Qt.ItemDataRole.TextAlignmentRole:
        return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    if role == Qt.ItemDataRole.ToolTipRole and row.node is not None:
        return child_count(row.node)
    return None


def _tooltip(node: Node) -> str:
    lines = [("", kind_and_accession(node)), ("", child_count(node)), ("", node.description)]
    return tooltip(node.name, [(key, text) for key, text in lines if text])
