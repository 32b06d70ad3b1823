"""Tree above, and below it what is selected: its plate grid or its details."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QLabel, QSplitter, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from .catalog_tree import CatalogTree
from .details import DetailsPanel
from .node_header import NodeHeader
from .plate_grid import PlateGridPanel
from .workers import while_alive

if TYPE_CHECKING:
    from napari_idr.session import Session

    from .notice_strip import NoticeStrip
    from .progress_strip import ProgressStrip
    from .selection import Selected, Selection
    from .theme import Theme

_NOTHING_LOADED = "No name that is loaded contains “{}”. Press Enter to search the repositories."


class BrowsePage(QWidget):
    """Shows one selection as tree, header, grid and details.

    Signals
    -------
    open_requested
        Node, paths of wells (none for all), and whether beside what is open.
    """

    open_requested = Signal(object, tuple, bool)

    def __init__(
        self,
        session: Session,
        selection: Selection,
        theme: Theme,
        progress: ProgressStrip,
        notices: NoticeStrip,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._selection = selection
        self.tree = CatalogTree(session.children, theme)
        self.header = NodeHeader(theme)
        self.details = DetailsPanel(session, theme)
        self.grid = PlateGridPanel(session, selection, theme, progress, notices)
        self.tabs, self.stack = QTabBar(), QStackedWidget()
        self.no_match = QLabel()
        self.no_match.setTextFormat(Qt.TextFormat.PlainText)
        self._lay_out()
        self._connect(notices)
        self.show_selected(selection.current)

    def _lay_out(self) -> None:
        for title in ("Wells", "About"):
            self.tabs.addTab(title)
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.tabs.setAccessibleName("Wells or annotations of the plate")
        self.no_match.setWordWrap(True)
        self.no_match.hide()
        for page in (self.grid, self.details):
            self.stack.addWidget(page)
        self.selected, upper = QWidget(), QWidget()
        below, above = QVBoxLayout(self.selected), QVBoxLayout(upper)
        for layout in (below, above):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(3)
        below.addWidget(self.header)
        below.addWidget(self.tabs)
        below.addWidget(self.stack, 1)
        above.addWidget(self.no_match)
        above.addWidget(self.tree, 1)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(False)
        for part, stretch in ((upper, 2), (self.selected, 3)):
            self.splitter.addWidget(part)
            self.splitter.setStretchFactor(self.splitter.count() - 1, stretch)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.splitter)

    def _connect(self, notices: NoticeStrip) -> None:
        self.tabs.currentChanged.connect(self.stack.setCurrentIndex)
        self.tree.node_selected.connect(self._selection.select)
        self.tree.open_requested.connect(lambda node, beside: self.open_requested.emit(node, (), beside))
        self.header.open_requested.connect(lambda: self._open_selected((), False))
        self.grid.open_requested.connect(self._open_selected)
        self.details.described.connect(self._on_described)
        self.details.failed.connect(notices.fail)
        for source in (self.tree.copied, self.header.copied, self.details.table.copied):
            source.connect(notices.remark)
        self._selection.changed.connect(self.show_selected)

    @while_alive
    def show_selected(self, selected: Selected) -> None:
        """Show what the selection says."""
        node = selected.node
        self.selected.setVisible(node is not None)
        if node is None:
            return
        is_plate = node.kind == "plate"
        self.tabs.setVisible(is_plate)
        self.stack.setCurrentIndex(self.tabs.currentIndex() if is_plate else 1)
        self.tree.show_node(node)
        self.header.show_node(node)
        self.details.show_node(node)
        self.grid.show_selected(selected)

    def set_filter(self, text: str) -> None:
        """Narrow the tree; where nothing is left, say what to do next."""
        self.tree.set_filter(text)
        self.no_match.setText(_NOTHING_LOADED.format(text.strip()))
        self.no_match.setVisible(bool(text.strip()) and self.tree.is_empty)

    def stop(self) -> None:
        """Forget everything that is on its way."""
        self.grid.stop()
        self.details.stop()

    def _on_described(self, node: object) -> None:
        current = self._selection.current.node
        if current is not None and current.key == node.key:  # type: ignore[attr-defined]
            self.tree.catalog.update_node(node)  # type: ignore[arg-type]
            self._selection.update(node=node)

    def _open_selected(self, wells: tuple[str, ...], beside: bool) -> None:
        node = self._selection.current.node
        if node is not None:
            self.open_requested.emit(node, wells, beside)
