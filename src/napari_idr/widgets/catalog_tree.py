"""The tree of repositories, and what can be done with a node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QModelIndex, QPoint, Qt, QTimer, Signal
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTreeView, QWidget

from napari_idr.servers import is_server

from .catalog_filter import CatalogFilter
from .catalog_model import ROW_KIND_ROLE, CatalogModel
from .desktop import copy_text, open_in_browser
from .share_actions import copy_python_of
from .wording import is_web_address, tab_separated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qtpy.QtGui import QContextMenuEvent, QKeyEvent

    from napari_idr.model.catalog import Node, Page

    from .theme import Theme

OPENS = frozenset({"plate", "image", "field", "well", "acquisition"})
"""Kinds that open in the viewer; the others only hold something."""


class CatalogTree(QTreeView):
    """Repositories and what they hold, loaded page by page.

    Signals
    -------
    node_selected
        The node the user went to.
    open_requested
        A node to open, and whether beside what is open.
    copied
        What was copied, to be said.
    sign_in_requested, sign_out_requested
        The node of a server.
    """

    node_selected = Signal(object)
    open_requested = Signal(object, bool)
    copied = Signal(str)
    sign_in_requested = Signal(object)
    sign_out_requested = Signal(object)

    def __init__(self, list_children: Callable[..., Page], theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.catalog = CatalogModel(list_children, theme.icon, self)
        self._filter = CatalogFilter(self)
        self._filter.setSourceModel(self.catalog)
        self.setModel(self._filter)
        self._set_up_looks()
        self._look_for_more = QTimer(self, singleShot=True, interval=0)
        self._look_for_more.timeout.connect(self._fetch_visible)
        self._connect(theme)

    def _set_up_looks(self) -> None:
        self.setAccessibleName("Catalogue of repositories")
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setIndentation(14)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setExpandsOnDoubleClick(False)
        header = self.header()
        header.setMinimumSectionSize(0)
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)

    def _connect(self, theme: Theme) -> None:
        theme.changed.connect(self.catalog.forget_icons)
        self.selectionModel().currentChanged.connect(self._on_current_changed)
        self.doubleClicked.connect(lambda index: self._activate(index))
        self.clicked.connect(self._on_clicked)
        self.verticalScrollBar().valueChanged.connect(lambda _: self._look_for_more.start())
        self.expanded.connect(lambda _: self._look_for_more.start())
        self.catalog.page_arrived.connect(lambda _: self._look_for_more.start())

    # What the rest of the dock asks for

    def set_filter(self, text: str) -> None:
        """Show only what contains ``text`` among what is loaded, expanded as far as needed."""
        self._filter.set_text(text)
        if text.strip():
            for index in self._loaded(QModelIndex()):
                if not self._filter.contains_text(self._filter.mapToSource(index)):
                    self.expand(index)
        self._look_for_more.start()

    @property
    def is_empty(self) -> bool:
        """Whether nothing passes the filter."""
        return self._filter.rowCount() == 0

    def show_found(self, title: str, page: Page, empty: str = "") -> None:
        """Show nodes that were found at the top, and go to the first."""
        self._filter.set_text("")
        found = self._filter.mapFromSource(self.catalog.show_found(title, page, empty))
        self.expand(found)
        self.scrollTo(found, QAbstractItemView.ScrollHint.PositionAtTop)
        first = self._filter.index(0, 0, found)
        if self._node(first) is not None:
            self.setCurrentIndex(first)

    def show_node(self, node: Node) -> bool:
        """Go to a node if it is loaded; False if it is not."""
        current = self._node(self.currentIndex())
        if current is not None and current.key == node.key:
            return True
        index = self._filter.mapFromSource(self.catalog.find(node))
        if index.isValid():
            self.setCurrentIndex(index)
            self.scrollTo(index)
        return index.isValid()

    def expand_node(self, node: Node) -> None:
        """Show what a node holds."""
        self.expand(self._filter.mapFromSource(self.catalog.find(node)))

    def copy_selected(self) -> None:
        """Copy the selected rows as a table: name, kind, accession, children, link."""
        rows = self.selectionModel().selectedRows()
        nodes = [node for index in rows if (node := self._node(index)) is not None]
        copy_text(tab_separated(_as_table_row(node) for node in nodes))
        self.copied.emit(f"{len(nodes):,} rows copied")

    # What the user does

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens or expands, Ctrl+Enter opens beside, Ctrl+C copies."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            beside = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            self._activate(self.currentIndex(), beside)
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selected()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Show what can be done with the node under the pointer."""
        node = self._node(self.indexAt(event.pos()))
        if node is not None:
            menu = self.menu_for(node)
            menu.popup(event.globalPos())

    def menu_for(self, node: Node) -> QMenu:
        """Return the menu of a node; it deletes itself when closed."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if node.kind in OPENS:
            menu.addAction("Open\tEnter", lambda: self.open_requested.emit(node, False))
            menu.addAction("Open beside\tCtrl+Enter", lambda: self.open_requested.emit(node, True))
            menu.addSeparator()
        if node.kind == "repository" and is_server(node.address):
            name = "Group, or another user…" if node.id else "Sign in…"
            menu.addAction(name, lambda: self.sign_in_requested.emit(node))
            if node.id:
                menu.addAction("Sign out", lambda: self.sign_out_requested.emit(node))
            menu.addSeparator()
        if node.address:
            menu.addAction("Copy link", lambda: self._copy_link(node))
            menu.addAction("Copy as Python", lambda: self.copied.emit(copy_python_of(node)))
        if is_web_address(node.address):
            menu.addAction("Open in browser", lambda: open_in_browser(node.address))
        menu.addAction("Copy as table\tCtrl+C", self.copy_selected)
        menu.addSeparator()
        by_name = menu.addAction("Sort by name", self._toggle_sorted)
        by_name.setCheckable(True)
        by_name.setChecked(self._filter.sortColumn() == 0)
        return menu

    def _copy_link(self, node: Node) -> None:
        copy_text(node.address)
        self.copied.emit("Link copied")

    def _toggle_sorted(self) -> None:
        self._filter.set_sorted(self._filter.sortColumn() != 0)

    def _activate(self, index: QModelIndex, beside: bool = False) -> None:
        index = index.siblingAtColumn(0)
        node = self._node(index)
        if node is None:
            self.catalog.fetch_for(self._filter.mapToSource(index))
        elif node.kind in OPENS:
            self.open_requested.emit(node, beside)
        else:
            self.setExpanded(index, not self.isExpanded(index))

    def _on_clicked(self, index: QModelIndex) -> None:
        if self._node(index) is None:
            self._activate(index)

    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        node = self._node(current)
        if node is not None:
            self.node_selected.emit(node)

    def _fetch_visible(self) -> None:
        """Ask for more where the "more" row can be seen; a filter would make that everywhere."""
        if self._filter.text:
            return
        more = next((index for index in self._visible() if index.data(ROW_KIND_ROLE) == "more"), None)
        if more is not None:
            self.catalog.fetch_for(self._filter.mapToSource(more))
            self._look_for_more.start()

    def _visible(self) -> Iterator[QModelIndex]:
        index = self.indexAt(QPoint(1, 1))
        while index.isValid() and self.visualRect(index).top() < self.viewport().height():
            yield index
            index = self.indexBelow(index)

    def _loaded(self, parent: QModelIndex) -> Iterator[QModelIndex]:
        for row in range(self._filter.rowCount(parent)):
            index = self._filter.index(row, 0, parent)
            if self._filter.rowCount(index):
                yield index
                yield from self._loaded(index)

    def _node(self, index: QModelIndex) -> Node | None:
        return self.catalog.node(self._filter.mapToSource(index))


def _as_table_row(node: Node) -> tuple[str, ...]:
    count = "" if node.child_count is None else str(node.child_count)
    return (node.name, node.kind, node.accession, count, node.address)
