"""Offers to send ROIs back, while there are some that could be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QPushButton, QSizePolicy, QWidget
from superqt.utils import ensure_main_thread

from .workers import while_alive

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.layers.viewer_session import ViewerSession

    from .theme import Theme


class SendButton(QPushButton):
    """There while an image of a server where somebody is signed in is shown, and a layer that was drawn or read."""

    def __init__(
        self,
        viewer_session: ViewerSession,
        theme: Theme,
        on_click: Callable[[], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Send ROIs…", parent)
        self._owner = viewer_session
        theme.dress(self, "send")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setToolTip("Send what was drawn or changed over the image back to its server, after showing what changes")
        self.clicked.connect(lambda _checked=False: on_click())
        viewer: Any = viewer_session.viewer
        if viewer is not None:
            viewer.layers.events.inserted.connect(self._look)
            viewer.layers.events.removed.connect(self._look)
        viewer_session.session.servers.changed.connect(self._on_servers_changed)
        self._look()

    @ensure_main_thread
    @while_alive
    def _on_servers_changed(self) -> None:
        self._look()

    @while_alive
    def _look(self, _event: object = None) -> None:
        viewer = self._owner.viewer
        self.setVisible(viewer is not None and bool(viewer.layers) and _can_send(self._owner, list(viewer.layers)))


def _can_send(owner: ViewerSession, layers: list[Any]) -> bool:
    from napari_idr.layers.roi_edits import sendable_layers
    from napari_idr.layers.roi_sending import targets

    return any(sendable_layers(layers, target.image.key) for target in targets(owner))
