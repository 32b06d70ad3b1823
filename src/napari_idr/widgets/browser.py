"""The one dock of napari-idr."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from .annotate_tab import AnnotateTab
from .box_foot import BoxFoot
from .browser_tab import SMALLEST, BrowserTab
from .review_tab import ReviewTab
from .scrolling import scrolling
from .send_button import SendButton
from .theme import Theme
from .workers import while_alive

if TYPE_CHECKING:
    import napari.viewer
    from qtpy.QtGui import QCloseEvent

    from .send_rois_dialog import SendRoisDialog


class IdrDock(QWidget):
    """The dock "IDR": everything napari-idr does for one viewer, a tab per job."""

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        from napari_idr.layers.viewer_session import ViewerSession

        # A docked widget is handed a short-lived proxy of the viewer; its session belongs to the viewer itself.
        viewer = getattr(viewer, "__wrapped__", viewer)
        self.setObjectName("napari-idr")
        self.setWindowTitle("IDR")
        self.setMinimumWidth(SMALLEST.width())
        self.theme = Theme(self)
        session = ViewerSession.for_viewer(viewer)
        self._session = session
        self.send_dialog: SendRoisDialog | None = None
        self.browse, self.boxes = BrowserTab(session, self.theme), BoxFoot(session, self.theme)
        self.sending = SendButton(session, self.theme, self.send_rois)
        self.boxes.line.insertWidget(1, self.sending)
        self.annotate = AnnotateTab(session, self.theme)
        self.review = ReviewTab(session, self.theme)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(scrolling(self.browse), "Browse")
        self.tabs.addTab(scrolling(self.annotate), "Annotate")
        self.tabs.addTab(scrolling(self.review), "Review")
        for requested in (session.places.search_requested, session.places.node_requested):
            requested.connect(self._show_browse)
        session.places.review_requested.connect(self._show_review)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.boxes)

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
        self.annotate.stop()
        self.review.stop()
        super().closeEvent(event)
