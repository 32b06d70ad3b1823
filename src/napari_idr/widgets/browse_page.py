"""Studies, tree or what was found above, and below it what is selected: its plate grid or its details."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QLabel, QSizePolicy, QSplitter, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from napari_idr.model.catalog import Page

from .catalog_tree import CatalogTree
from .details import DetailsPanel
from .found_page import FoundPage
from .node_header import NodeHeader
from .plate_grid import PlateGridPanel
from .scrolling import scrolling
from .studies_page import StudiesPage
from .workers import while_alive

if TYPE_CHECKING:
    from napari_idr.model.catalog import Node
    from napari_idr.model.search import HitGroup
    from napari_idr.session import Session

    from .notice_strip import NoticeStrip
    from .progress_strip import ProgressStrip
    from .selection import Selected, Selection
    from .theme import Theme

STUDIES, TREE, FOUND = range(3)
"""The views of the catalogue, in the order of their tabs."""
ABOUT = 1
"""Tab of a plate's annotations, or of the one well that is chosen on it."""
_NOTHING_LOADED = "No name that is loaded contains “{}”. Press Enter to search the repositories."


class BrowsePage(QWidget):
    """Shows one selection as list of studies, tree, what was found, header, grid and details.

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
        self.studies, self.found = StudiesPage(session, theme, progress), FoundPage(session, theme, progress)
        self.views, self.view_stack = QTabBar(), QStackedWidget()
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
        _fill(self.tabs, "Wells or annotations of the plate", "Wells", "About")
        _fill(self.views, "Views of the catalogue", "Studies", "Tree", "Found")
        self.no_match.setWordWrap(True)
        self.no_match.hide()
        for page in (self.grid, scrolling(self.details)):
            self.stack.addWidget(page)
        self.selected, upper, tree = QWidget(), QWidget(), QWidget()
        below, above, around = QVBoxLayout(self.selected), QVBoxLayout(upper), QVBoxLayout(tree)
        for layout in (below, above, around):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(3)
        below.addWidget(self.header)
        below.addWidget(self.tabs)
        below.addWidget(self.stack, 1)
        around.addWidget(self.no_match)
        around.addWidget(self.tree, 1)
        for view in (self.studies, tree, self.found):
            self.view_stack.addWidget(view)
        above.addWidget(self.views)
        above.addWidget(self.view_stack, 1)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(False)
        for part, stretch in ((upper, 2), (self.selected, 3)):
            self.splitter.addWidget(part)
            self.splitter.setStretchFactor(self.splitter.count() - 1, stretch)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.splitter)

    def _connect(self, notices: NoticeStrip) -> None:
        self.tabs.currentChanged.connect(lambda _: self.show_selected(self._selection.current))
        self.views.currentChanged.connect(self._on_view)
        self.views.setCurrentIndex(TREE)
        self.studies.node_selected.connect(self._selection.select)
        self.studies.study_requested.connect(self.enter)
        self.studies.failed.connect(notices.fail)
        self.found.node_selected.connect(self._selection.select)
        self.found.plate_requested.connect(self._show_on_plate)
        self.found.failed.connect(notices.fail)
        self.tree.node_selected.connect(self._selection.select)
        self.tree.open_requested.connect(lambda node, beside: self.open_requested.emit(node, (), beside))
        self.header.open_requested.connect(lambda: self._open_selected((), False))
        self.grid.open_requested.connect(self._open_selected)
        self.details.described.connect(self._on_described)
        self.details.failed.connect(notices.fail)
        for source in (self.tree.copied, self.found.copied, self.header.copied, self.details.table.copied):
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
        _let_only_the_current_count(self.stack)
        self.tree.show_node(node)
        self.studies.show_node(node)
        self.header.show_node(node)
        self.grid.show_selected(selected)
        if is_plate:
            self.grid.show_found(self.found.group_of(node))
        self.details.show_node(self._described(selected) or node)

    def _described(self, selected: Selected) -> Node | None:
        """Return the one well that is chosen on a plate, where its annotations are looked at."""
        if selected.node is None or len(selected.wells) != 1 or self.tabs.currentIndex() != ABOUT:
            return None
        return self.grid.view.wells.node(selected.wells[0], selected.node)

    def show_view(self, view: int) -> None:
        """Show the list of studies, the tree, or what was found."""
        self.views.setCurrentIndex(view)

    def enter(self, node: Node) -> None:
        """Show what a study holds, in the tree: below its repository where that is unfolded, else at the top."""
        self.show_view(TREE)
        if not self.tree.show_node(node):
            self.tree.show_found("Opened", Page((node,), 0, 1))
        self.tree.expand_node(node)
        self.tree.setFocus()

    def _on_view(self, view: int) -> None:
        self.view_stack.setCurrentIndex(view)
        _let_only_the_current_count(self.view_stack)
        if view == STUDIES:
            self.studies.show_any()

    def _show_on_plate(self, group: HitGroup) -> None:
        """Show the grid of a plate, with what was found on it outlined."""
        self.tabs.setCurrentIndex(0)
        self._selection.select(group.node)
        self.grid.show_found(self.found.group_of(group.node), outlined=True)
        self.grid.view.setFocus()

    def set_filter(self, text: str) -> None:
        """Narrow the tree; where nothing is left, say what to do next."""
        self.tree.set_filter(text)
        self.no_match.setText(_NOTHING_LOADED.format(text.strip()))
        self.no_match.setVisible(bool(text.strip()) and self.tree.is_empty)

    def stop(self) -> None:
        """Forget everything that is on its way."""
        for part in (self.studies, self.found, self.grid, self.details):
            part.stop()

    def _on_described(self, node: object) -> None:
        current = self._selection.current.node
        if current is not None and current.key == node.key:  # type: ignore[attr-defined]
            self.tree.catalog.update_node(node)  # type: ignore[arg-type]
            self._selection.update(node=node)

    def _open_selected(self, wells: tuple[str, ...], beside: bool) -> None:
        node = self._selection.current.node
        if node is not None:
            self.open_requested.emit(node, wells, beside)


def _let_only_the_current_count(stack: QStackedWidget) -> None:
    """Have a stack ask for no more height than the page that is shown needs."""
    policy = QSizePolicy.Policy
    for place in range(stack.count()):
        page = stack.widget(place)
        page.setSizePolicy(policy.Preferred, policy.Preferred if place == stack.currentIndex() else policy.Ignored)
    stack.updateGeometry()


def _fill(bar: QTabBar, name: str, *titles: str) -> None:
    for title in titles:
        bar.addTab(title)
    bar.setExpanding(False)
    bar.setDrawBase(False)
    bar.setAccessibleName(name)
