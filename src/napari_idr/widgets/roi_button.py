"""Offers to show the ROIs of an image, where there are some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QPushButton, QSizePolicy, QWidget

from napari_idr.model.catalog import Node, WellSample

from .wording import counted
from .workers import Latest

if TYPE_CHECKING:
    from napari_idr.errors import NapariIdrError
    from napari_idr.session import Session


class RoiButton(QPushButton):
    """Says how many ROIs the repository has of an image; not there where it has none.

    Signals
    -------
    requested
        The node whose ROIs are to be shown.
    """

    requested = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("Show ROIs", parent)
        self._session = session
        self._node: Node | None = None
        self._counting = Latest(self)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setToolTip("Show the regions that are stored for this image, as layers; it is opened where it is not")
        self.clicked.connect(self._on_clicked)
        self.hide()

    def offer(self, node: Node) -> None:
        """Ask how many ROIs an image has, and offer them."""
        self.stop()
        image_id = node.image_id if isinstance(node, WellSample) else node.id
        if node.kind in ("image", "field") and image_id:
            self._node = node
            ask = self._session.roi_count
            self._counting.run(ask, node.repository, image_id, on_done=self._show_count, on_error=self._on_error)

    def stop(self) -> None:
        """Offer nothing, and forget what is on its way."""
        self._counting.cancel()
        self.hide()

    def _show_count(self, count: int) -> None:
        self.setText(f"Show {counted(count, 'ROI', 'ROIs')}")
        self.setVisible(count > 0)

    def _on_error(self, _: NapariIdrError) -> None:
        """Offer nothing where they cannot be counted; what is wrong with the server is said where it is opened."""

    def _on_clicked(self) -> None:
        if self._node is not None:
            self.requested.emit(self._node)
