"""The tab "Browse": find, look, open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget
from superqt.utils import ensure_main_thread

from napari_idr.formats.file_endings import is_view_file
from napari_idr.formats.iviewer_link import parse_view_link
from napari_idr.layers.samples import is_sample, locate_sample
from napari_idr.model.catalog import Page
from napari_idr.repositories.search_links import others_of, searched

from .browse_page import FOUND, STUDIES, TREE, BrowsePage
from .buttons import icon_button
from .catalog_tree import OPENS
from .desktop import clipboard_text
from .hit_opener import HitOpener
from .network_chip import NetworkChip
from .notice_strip import NoticeStrip
from .opening_watch import OpeningWatch
from .progress_strip import ProgressStrip, Task
from .scrolling import scrolling
from .search_line import SearchLine
from .selection import Selection
from .server_actions import ServerActions
from .start_page import StartPage
from .wording import is_loopback
from .workers import Job, Latest, run, while_alive

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtGui import QResizeEvent

    from napari_idr.errors import NapariIdrError
    from napari_idr.layers.open_job import OpenJob
    from napari_idr.layers.viewer_session import ViewerSession
    from napari_idr.model.catalog import Node
    from napari_idr.model.image_view import ImageView

    from .theme import Theme

SMALLEST = QSize(300, 320)


class BrowserTab(QWidget):
    """Search box, start page, tree, details and plate grid of one viewer's session."""

    def __init__(self, viewer_session: ViewerSession, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer_session, self._session = viewer_session, viewer_session.session
        self._selection = Selection.for_owner(viewer_session)
        self._going, self._starting = Latest(self), Latest(self)
        self.notices, self.progress = NoticeStrip(theme), ProgressStrip(theme)
        self.start = StartPage(theme)
        self.page = BrowsePage(self._session, self._selection, theme, self.progress, self.notices)
        self.hits = HitOpener(viewer_session, self.notices, self)
        self.watch = OpeningWatch(viewer_session, self.progress, self.notices)
        self.servers = ServerActions(self._session.servers, theme, self.notices, self)
        self.chip = NetworkChip(self._session.network, self._session.cache, self.notices)
        self._lay_out(theme)
        self._connect_widgets()
        self._connect_session()
        self._show_repositories()
        self._on_recent_changed()
        self.setMinimumSize(SMALLEST - QSize(12, 0))

    def _lay_out(self, theme: Theme) -> None:
        self.home = icon_button(theme, "home", "Start page", self.show_start, "Alt+Home")
        self.back = icon_button(theme, "back", "Back", self._selection.back, "Alt+Left")
        self.forward = icon_button(theme, "forward", "Forward", self._selection.forward, "Alt+Right")
        self.line = SearchLine(self._session, theme, (self.home, self.back, self.forward), self)
        self.box = self.line.box
        self.pages = QStackedWidget()
        self.pages.addWidget(scrolling(self.start))
        self.pages.addWidget(self.page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(4)
        layout.addWidget(self.line)
        layout.addWidget(self.notices)
        layout.addWidget(self.progress)
        layout.addWidget(self.pages, 1)
        below = QHBoxLayout()
        below.addWidget(self.chip)
        below.addWidget(self.watch, 1)
        below.addStretch()
        layout.addLayout(below)

    def _connect_widgets(self) -> None:
        self.box.filter_changed.connect(self._on_filter_changed)
        self.box.address_entered.connect(self.go_to)
        self.box.search_entered.connect(self.search)
        for source in (self.page.found, self.page.details.table):
            source.search_requested.connect(self.box.submit)
        self.page.found.open_requested.connect(self.hits.open)
        self.page.open_requested.connect(self.open)
        self.page.details.rois.requested.connect(self._viewer_session.show_rois)
        self.start.example_requested.connect(lambda example: self.go_to(example.address))
        self.start.address_requested.connect(self.go_to)
        self.start.search_requested.connect(self.box.submit)
        self.start.repository_requested.connect(self._show_repository)
        self.start.repository_added.connect(self.add_repository)
        self.start.paste_requested.connect(self.paste)
        self.start.servers_requested.connect(lambda: self.servers.show())
        self.page.tree.sign_in_requested.connect(self.servers.sign_in)
        self.page.tree.sign_out_requested.connect(self.servers.sign_out)
        self.servers.repository_added.connect(self._show_repository)
        for keys, act in (
            ("Alt+Home", self.show_start),
            ("Alt+Left", self._selection.back),
            ("Alt+Right", self._selection.forward),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    def _connect_session(self) -> None:
        self._session.repositories_changed.connect(self._on_repositories_changed)
        self._selection.changed.connect(self._on_selection_changed)
        self._viewer_session.recent.changed.connect(self._on_recent_changed)
        self._viewer_session.opened.connect(self._on_opened)
        self._viewer_session.places.search_requested.connect(self._on_search_requested)
        self._viewer_session.places.node_requested.connect(self._on_node_requested)
        self._on_selection_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the suggestions below their box."""
        super().resizeEvent(event)
        self.line.keep_place()

    def heightForWidth(self, width: int) -> int:
        """Ask a scroll area for no more than the least height: what is inside scrolls by itself."""
        return self.minimumSizeHint().height()

    # Going somewhere

    def show_start(self) -> None:
        """Show the start page."""
        self.pages.setCurrentIndex(0)

    def show_browse(self) -> None:
        """Show tree, details and grid."""
        self.pages.setCurrentIndex(1)

    def go_to(self, address: str) -> None:
        """Find what an address points at, show it in the tree, and open it if it is something to open."""
        if is_view_file(address):
            self._viewer_session.open(address)
            return
        if searched(address):
            self.search(searched(address))
            return
        task = self.progress.begin(f"Opening {address}", on_cancel=self._going.cancel)
        self._going.run_reporting(
            self._resolve,
            address,
            on_progress=task.update_amount,
            on_done=lambda node: self._arrive(node, task, address),
            on_error=lambda error: self._give_up(error, lambda: self.go_to(address), task),
        )

    def _resolve(self, job: Job, address: str) -> Node:
        """Return the node of an address, having started the embedded repository where it needs that. In a worker."""
        found: str | Node = address
        if is_sample(address):
            found = locate_sample(address, self._session, lambda: self._viewer_session.start_embedded(job.report))
        return self._session.resolve(found) if isinstance(found, str) else found

    def _arrive(self, node: Node, task: Task, address: str) -> None:
        task.finish()
        self.show_node(node)
        if node.kind in OPENS or node.kind == "collection":
            self.open(node, (), False, parse_view_link(address))
            for other in others_of(address):
                self._viewer_session.open(other)

    def show_node(self, node: Node) -> None:
        """Show a node in the tree (at its top, where it is not loaded), with its details and grid."""
        self.show_browse()
        self.page.show_view(TREE)
        self.page.set_filter("")
        if not self.page.tree.show_node(node):
            self.page.tree.show_found("Opened", Page((node,), 0, 1))
        self._selection.select(node)

    def search(self, text: str) -> None:
        """Search all repositories, and show what matches: studies, then plates with their wells."""
        self.show_browse()
        self.page.set_filter("")
        self.page.show_view(FOUND)
        self.page.found.search(text)
        self.page.found.tree.setFocus()

    def paste(self) -> None:
        """Open the link on the clipboard."""
        text = clipboard_text()
        if text:
            self.box.submit(text)
        else:
            self.notices.inform("The clipboard is empty. Copy the link of a study, plate or image first.")

    def open(self, node: Node, wells: tuple[str, ...], beside: bool, view: ImageView | None = None) -> None:
        """Open a node, or some wells of it, in the viewer."""
        selected = self._selection.current
        same = selected.node is not None and selected.node.key == node.key
        acquisition = selected.acquisition if same else ""
        self._viewer_session.open(node, acquisition=acquisition, wells=wells, beside=beside, view=view)

    def add_repository(self, address: str) -> None:
        """Add a folder or server to the tree, and show it."""
        run(
            self._session.add_repository,
            address,
            on_done=lambda repository: self._show_repository(repository.key),
            on_error=self.notices.fail,
            parent=self,
        )

    def stop(self) -> None:
        """Forget everything that is on its way."""
        for running in (self._going, self._starting):
            running.cancel()
        for part in (self.line, self.hits, self.page):
            part.stop()

    # Repositories

    def start_demonstration(self) -> None:
        """Start the embedded repository, and show what it holds."""
        task = self.progress.begin("Starting the demonstration", on_cancel=self._starting.cancel)

        def arrive(address: str) -> None:
            task.finish()
            self.add_repository(address)

        self._starting.run_reporting(
            lambda job: self._viewer_session.start_embedded(job.report),
            on_progress=task.update_amount,
            on_done=arrive,
            on_error=lambda error: self._give_up(error, self.start_demonstration, task),
        )

    def _show_repository(self, key: str) -> None:
        """Show what a repository holds; the empty key stands for the demonstration."""
        if not key:
            self.start_demonstration()
        elif self._session.repository(key).lists_studies:
            self.show_browse()
            self.page.studies.show_repository(key)
            self.page.show_view(STUDIES)
        else:
            self._expand(self._session.repository(key).root())

    def _expand(self, root: Node) -> None:
        self.show_browse()
        self.page.show_view(TREE)
        self._show_repositories()
        self.page.tree.expand_node(root)
        self._selection.select(root)

    @ensure_main_thread
    @while_alive
    def _on_repositories_changed(self) -> None:
        self._show_repositories()

    def _show_repositories(self) -> None:
        known = self._session.repositories
        roots = [repository.root() for repository in known]
        self.page.tree.catalog.set_repositories(roots)
        rows = [(root.repository, root.name, root.address) for root in roots]
        demonstration = not any(is_loopback(repository.address) for repository in known)
        self.start.show_repositories(rows, demonstration)
        self.page.studies.set_repositories([(one.key, one.name) for one in known if one.lists_studies])

    @ensure_main_thread
    @while_alive
    def _on_recent_changed(self, *_: object) -> None:
        self.start.show_recent(self._viewer_session.recent.entries)

    # What changed elsewhere

    @while_alive
    def _on_opened(self, job: OpenJob) -> None:
        """Show where something lies that was opened elsewhere: by drop, Ctrl+N, a sample of the menu."""
        if job.node is not None and self.pages.currentIndex() == 0:
            self.show_node(job.node)

    @while_alive
    def _on_search_requested(self, text: str) -> None:
        self.box.submit(text)

    @while_alive
    def _on_node_requested(self, node: Node) -> None:
        self.show_node(node)

    @while_alive
    def _on_selection_changed(self, *_: object) -> None:
        self.back.setEnabled(self._selection.can_go_back)
        self.forward.setEnabled(self._selection.can_go_forward)

    def _on_filter_changed(self, text: str) -> None:
        """Narrow the tree, where it is what the user looks at."""
        at_tree = self.pages.currentIndex() == 1 and self.page.views.currentIndex() == TREE
        if at_tree or not text.strip():
            self.page.set_filter(text)

    def _give_up(self, error: NapariIdrError, retry: Callable[[], object], task: Task) -> None:
        task.finish()
        self.notices.fail(error, retry)
