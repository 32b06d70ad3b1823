"""The tree of what a search found: rows to expand, choose and open, thumbnails as they come into view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QModelIndex, QPoint, QSize, Qt, QTimer, Signal
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTreeView, QWidget

from .catalog_model import NODE_ROLE, ROW_KIND_ROLE
from .desktop import copy_text, open_in_browser
from .found_model import CONTAINER_ROLE, FoundModel
from .thumbnails import BATCH, ThumbnailLoader, ThumbnailSource
from .wording import is_web_address, tab_separated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtpy.QtGui import QContextMenuEvent, QKeyEvent

    from napari_idr.model.catalog import Node

    from .theme import Theme

SIDE = 32
"""Pixels of a thumbnail."""
OPEN_ONE_BY_ONE = frozenset({"study", "screen", "project"})
"""Kinds whose row Enter expands, where it is the only one that is chosen."""


class FoundTree(QTreeView):
    """Studies, plates and wells that were found.

    Signals
    -------
    node_selected
        The node the user went to.
    open_requested
        The chosen rows are to be opened; the argument says whether beside what is open.
    plate_requested
        The plate of the chosen rows is to be shown.
    said_row_activated
        Kind of a row that only says something, and the key that it speaks of.
    chosen_changed
        Other rows are chosen.
    copied
        What was copied, to be said.
    """

    node_selected = Signal(object)
    open_requested = Signal(bool)
    plate_requested = Signal()
    said_row_activated = Signal(str, object)
    chosen_changed = Signal()
    copied = Signal(str)

    def __init__(self, thumbnails: ThumbnailSource, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = FoundModel(theme.icon, self)
        self.setModel(self.rows)
        self._thumbnails = ThumbnailLoader(thumbnails, self)
        self._thumbnails.arrived.connect(lambda image_id, image: self.rows.show_picture(image_id, image, self._side))
        self._thumbnails.batch_done.connect(self._on_batch_done)
        self._without: set[str] = set()
        self._look = QTimer(self, singleShot=True, interval=0)
        self._look.timeout.connect(self._load_pictures)
        self._set_up_looks()
        self._connect()
        theme.changed.connect(self.rows.draw_icons)

    def _set_up_looks(self) -> None:
        self.setAccessibleName("What was found")
        self.setHeaderHidden(True)
        self.setIndentation(14)
        self.setIconSize(QSize(SIDE, SIDE))
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setExpandsOnDoubleClick(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMinimumHeight(70)
        header = self.header()
        header.setMinimumSectionSize(0)
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)

    def _connect(self) -> None:
        self.selectionModel().currentChanged.connect(self._on_current_changed)
        self.selectionModel().selectionChanged.connect(lambda *_: self.chosen_changed.emit())
        self.doubleClicked.connect(lambda index: self._activate(index, False))
        self.clicked.connect(self._on_clicked)
        self.expanded.connect(self._on_expanded)
        self.rows.rowsInserted.connect(lambda *_: self._look.start())
        self.verticalScrollBar().valueChanged.connect(lambda _: self._look.start())

    @property
    def _side(self) -> int:
        return round(SIDE * self.devicePixelRatioF())

    def forget(self) -> None:
        """Show nothing, for another search."""
        self.stop()
        self._without.clear()
        self.rows.forget()

    def stop(self) -> None:
        """Ask for no more thumbnails, until something comes into view."""
        self._thumbnails.cancel()

    def chosen(self) -> list[Node]:
        """Return the nodes of the chosen rows."""
        nodes = (index.data(NODE_ROLE) for index in self.selectionModel().selectedRows())
        return [node for node in nodes if node is not None]

    def go_to_first(self) -> None:
        """Go to the first row, unless the user went somewhere already."""
        if not self.currentIndex().isValid():
            self.setCurrentIndex(self.rows.index(0, 0))

    def copy_chosen(self) -> None:
        """Copy the chosen rows as a table: name, kind, accession, images that match, link."""
        nodes = self.chosen()
        copy_text(tab_separated(_as_table_row(node) for node in nodes))
        self.copied.emit(f"{len(nodes):,} rows copied")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens what is chosen, Ctrl+Enter beside what is open, Ctrl+C copies."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._activate(self.currentIndex(), bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy_chosen()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Show what can be done with the chosen rows."""
        node = self.indexAt(event.pos()).siblingAtColumn(0).data(NODE_ROLE)
        if node is not None:
            self.menu_for(node).popup(event.globalPos())

    def menu_for(self, node: Node) -> QMenu:
        """Return the menu of a row; it deletes itself when closed."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Open\tEnter", lambda: self.open_requested.emit(False))
        menu.addAction("Open beside\tCtrl+Enter", lambda: self.open_requested.emit(True))
        menu.addAction("Show on plate", self.plate_requested.emit)
        menu.addSeparator()
        if node.address:
            menu.addAction("Copy link", lambda: self._copy_link(node))
        if is_web_address(node.address):
            menu.addAction("Open in browser", lambda: open_in_browser(node.address))
        menu.addAction("Copy as table\tCtrl+C", self.copy_chosen)
        return menu

    def _copy_link(self, node: Node) -> None:
        copy_text(node.address)
        self.copied.emit("Link copied")

    def _activate(self, index: QModelIndex, beside: bool) -> None:
        index = index.siblingAtColumn(0)
        kind, chosen = index.data(ROW_KIND_ROLE), self.chosen()
        if kind in ("more", "failed"):
            self.said_row_activated.emit(kind, index.data(CONTAINER_ROLE))
        elif len(chosen) == 1 and chosen[0].kind in OPEN_ONE_BY_ONE:
            self.setExpanded(index, not self.isExpanded(index))
        elif chosen:
            self.open_requested.emit(beside)

    def _on_clicked(self, index: QModelIndex) -> None:
        if index.siblingAtColumn(0).data(ROW_KIND_ROLE) in ("more", "failed"):
            self._activate(index, False)

    def _on_expanded(self, index: QModelIndex) -> None:
        """Ask for what is in a container when it is opened for the first time."""
        for container in self.rows.containers_below(index):
            if self.rows.tail_of(container) == "more" and self.rows.rowCount(self.rows.place_of(container)) == 1:
                self.said_row_activated.emit("more", container)
        self._look.start()

    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        node = current.siblingAtColumn(0).data(NODE_ROLE)
        if node is not None:
            self.node_selected.emit(node)

    # Thumbnails

    def lacking_in_view(self) -> list[Node]:
        """Return the wells and images in view whose thumbnails are still to come."""
        nodes = [index.data(NODE_ROLE) for index in self._visible()]
        lacking = [node for node in nodes if node is not None and self.rows.lacks_picture(node)]
        return [node for node in lacking if node.thumbnail_id not in self._without]

    def _load_pictures(self) -> None:
        lacking = [] if self._thumbnails.is_running else self.lacking_in_view()
        if lacking:
            first = lacking[0].repository  # one repository after the other: a batch is a request to one of them
            images = dict.fromkeys(node.thumbnail_id for node in lacking if node.repository == first)
            self._thumbnails.load(first, tuple(images)[:BATCH])

    def _on_batch_done(self, without: set[str]) -> None:
        self._without |= without
        self._look.start()

    def _visible(self) -> Iterator[QModelIndex]:
        index = self.indexAt(QPoint(1, 1))
        while index.isValid() and self.visualRect(index).top() < self.viewport().height():
            yield index
            index = self.indexBelow(index)


def _as_table_row(node: Node) -> tuple[str, ...]:
    count = "" if node.match_count is None else str(node.match_count)
    return (node.name, node.kind, node.accession, count, node.address)
