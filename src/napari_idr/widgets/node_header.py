"""Name, kind and licence of the selected node, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget
from superqt import QElidingLabel

from napari_idr.model.catalog import Study
from napari_idr.model.study_list import citation

from .buttons import icon_button, text_button
from .catalog_tree import OPENS
from .desktop import copy_text, open_in_browser
from .wording import is_web_address, kind_and_accession, licence, tooltip

if TYPE_CHECKING:
    from napari_idr.model.catalog import Node

    from .theme import Theme


class NodeHeader(QWidget):
    """Two lines above details and grid.

    Signals
    -------
    open_requested
        Open the node in the viewer.
    copied
        What was copied, to be said.
    """

    open_requested = Signal()
    copied = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._node: Node | None = None
        self.name = QElidingLabel()
        self.name.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.kind = QElidingLabel()
        self.licence = QLabel()
        for label in (self.name, self.kind, self.licence):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.open = text_button(theme, "open", "Open", self.open_requested.emit)
        self.browse = icon_button(theme, "browser", "Open in browser", self._open_in_browser)
        self.copy = icon_button(theme, "link", "Copy link", self._copy_link)
        self.cite = icon_button(theme, "quote", "Copy citation", self._copy_citation)
        self._lay_out()
        theme.changed.connect(self._draw)
        self._draw()

    def _lay_out(self) -> None:
        font = self.name.font()
        font.setBold(True)
        self.name.setFont(font)
        first, second = QHBoxLayout(), QHBoxLayout()
        first.addWidget(self.name, 1)
        for button in (self.cite, self.browse, self.copy):
            first.addWidget(button)
        second.addWidget(self.kind, 1)
        second.addWidget(self.licence)
        second.addWidget(self.open)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        layout.addLayout(first)
        layout.addLayout(second)

    def show_node(self, node: Node) -> None:
        """Show a node."""
        self._node = node
        self.name.setText(node.name)
        self.name.setToolTip(tooltip(node.name))
        self.kind.setText(kind_and_accession(node))
        self.cite.setVisible(isinstance(node, Study))
        self.copy.setVisible(bool(node.address))
        self.browse.setVisible(is_web_address(node.address))
        self.open.setVisible(node.kind in OPENS)
        self._show_licence(*licence(node.key_values))

    def _show_licence(self, name: str, address: str) -> None:
        self.licence.setText(name)
        self.licence.setVisible(bool(name))
        self.licence.setToolTip(tooltip(f"Licence of these data: {name}", [("", address)] if address else []))
        self.licence.setAccessibleName(f"Licence {name}")

    def _draw(self) -> None:
        line = self._theme.colors.line.name()
        self.licence.setStyleSheet(f"border: 1px solid {line}; border-radius: 3px; padding: 0px 4px;")

    def _open_in_browser(self) -> None:
        if self._node is not None:
            open_in_browser(self._node.address)

    def _copy_citation(self) -> None:
        if isinstance(self._node, Study):
            copy_text(citation(self._node))
            self.copied.emit("Citation copied")

    def _copy_link(self) -> None:
        if self._node is not None:
            copy_text(self._node.address)
            self.copied.emit("Link copied")
