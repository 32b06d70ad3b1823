"""The one dock of napari-idr. What is heavy is imported while it is built, or when a tab is first shown."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from napari_idr.layers.full_collections import full_collections

from .late_tab import LateTab
from .scrolling import scrolling
from .theme import Theme
from .workers import run, while_alive

if TYPE_CHECKING:
    import napari.viewer
    from qtpy.QtGui import QCloseEvent

    from .annotate_tab import AnnotateTab
    from .review_tab import ReviewTab
    from .send_rois_dialog import SendRoisDialog

REST_SECONDS = 2.0
"""After the dock was built, in which nothing is imported that nobody asked for: the window belongs to its user."""


class IdrDock(QWidget):
    """The dock "IDR": everything napari-idr does for one viewer, a tab per job."""

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        full_collections.stir()
        from napari_idr.layers.viewer_session import ViewerSession

        from .box_foot import BoxFoot
        from .browser_tab import SMALLEST, BrowserTab
        from .send_button import SendButton

        # A docked widget is handed a short-lived proxy of the viewer; its session belongs to the viewer itself.
        viewer = getattr(viewer, "__wrapped__", viewer)
        self.setObjectName("napari-idr")
        self.setWindowTitle("IDR")
        self.setMinimumWidth(SMALLEST.width())
        self.theme = Theme(self)
        session = ViewerSession.for_viewer(viewer, warm=False)
        self._session = session
        self.send_dialog: SendRoisDialog | None = None
        self.browse, self.boxes = BrowserTab(session, self.theme), BoxFoot(session, self.theme)
        self.sending = SendButton(session, self.theme, self.send_rois)
        self.boxes.line.insertWidget(1, self.sending)
        self._annotate, self._review = LateTab(self._make_annotate), LateTab(self._make_review)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(scrolling(self.browse), "Browse")
        self.tabs.addTab(self._annotate, "Annotate")
        self.tabs.addTab(self._review, "Review")
        for requested in (session.places.search_requested, session.places.node_requested):
            requested.connect(self._show_browse)
        session.places.review_requested.connect(self._show_review)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.boxes)
        self._rest = QTimer(self, singleShot=True, interval=int(1000 * REST_SECONDS))
        self._rest.timeout.connect(self._on_rest)
        self._rest.start()

    @property
    def annotate(self) -> AnnotateTab:
        """The tab "Annotate"."""
        return self._annotate.page

    @property
    def review(self) -> ReviewTab:
        """The tab "Review"."""
        return self._review.page

    def _make_annotate(self) -> AnnotateTab:
        from .annotate_tab import AnnotateTab

        return AnnotateTab(self._session, self.theme)

    def _make_review(self) -> ReviewTab:
        from .review_tab import ReviewTab

        return ReviewTab(self._session, self.theme)

    def _on_rest(self) -> None:
        """Import what comes next, and watch what is drawn also while nobody has been at the tab "Annotate"."""
        if self.browse.progress.is_busy:
            self._rest.start()
            return
        self._session.warm_up()
        run(partial(import_module, "napari_idr.layers.kept_offers"), on_done=self._on_ready_to_watch, parent=self)

    def _on_ready_to_watch(self, _: object) -> None:
        if self._session.viewer is not None and not self._session.is_closed:
            _ = self._session.offers

    def send_rois(self) -> None:
        """Open the dialog that sends ROIs back to the server of their image."""
        if self.send_dialog is None:
            from .send_rois_dialog import SendRoisDialog

            self.send_dialog = SendRoisDialog(self._session, self.theme, self)
        self.send_dialog.open_here()

    @while_alive
    def _show_browse(self, *_: object) -> None:
        self.show_tab(self.browse)

    @while_alive
    def _show_review(self, path: str) -> None:
        self.show_tab(self.review)
        self.review.files.look_into(Path(path))

    def show_tab(self, tab: QWidget) -> None:
        """Bring a tab to the front."""
        areas = (self.tabs.widget(index) for index in range(self.tabs.count()))
        self.tabs.setCurrentWidget(next(area for area in areas if area.isAncestorOf(tab)))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Forget everything that is on its way."""
        self.browse.stop()
        for late in (self._annotate, self._review):
            if late.made is not None:
                late.made.stop()
        super().closeEvent(event)
