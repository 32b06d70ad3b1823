"""The servers that the user added: who is signed in, in which group, and what can be done with each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from .buttons import text_button

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.servers import Server

    from .theme import Theme

ALL, EMPTY = "All my groups", "No server was added yet. Paste any link of one below."
_SERVER = int(Qt.ItemDataRole.UserRole)


class ServerList(QWidget):
    """Servers one below the other, the selected one's group and buttons.

    Signals
    -------
    selected, sign_in_requested, sign_out_requested, remove_requested
        The ``Server``.
    group_chosen
        The ``Server``, and the id of the group or None for all.
    """

    selected = Signal(object)
    sign_in_requested = Signal(object)
    sign_out_requested = Signal(object)
    remove_requested = Signal(object)
    group_chosen = Signal(object, object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.servers, self.empty, self.group = QListWidget(), QLabel(EMPTY), QComboBox()
        self.sign_in = text_button(theme, "", "Sign in…", lambda: self._emit(self.sign_in_requested))
        self.sign_out = text_button(theme, "", "Sign out", lambda: self._emit(self.sign_out_requested))
        self.remove = text_button(theme, "", "Remove", lambda: self._emit(self.remove_requested))
        self._lay_out()
        self.servers.currentItemChanged.connect(lambda *_: self._on_selected())
        self.group.activated.connect(self._on_group)
        self.show_servers((), frozenset())

    def _lay_out(self) -> None:
        self.servers.setAccessibleName("Servers")
        self.servers.setMaximumHeight(110)
        self.servers.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.servers.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.empty.setWordWrap(True)
        self.group.setAccessibleName("Group whose data are listed")
        self.group.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.group.setMinimumContentsLength(10)
        self.group_line = QWidget()
        line = QHBoxLayout(self.group_line)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(QLabel("Group"))
        line.addWidget(self.group, 1)
        buttons = QHBoxLayout()
        for button in (self.sign_in, self.sign_out, self.remove):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for part in (self.empty, self.servers, self.group_line):
            layout.addWidget(part)
        layout.addLayout(buttons)

    def show_servers(self, servers: Sequence[Server], signed_in: frozenset[str]) -> None:
        """Show servers; ``signed_in`` are the addresses of those with a session. The selection stays."""
        before = self.current()
        self.servers.blockSignals(True)
        self.servers.clear()
        for server in servers:
            self._add(server, server.address in signed_in)
            if before is None or server.address == before.address:
                self.servers.setCurrentRow(self.servers.count() - 1)
        self.servers.blockSignals(False)
        self.empty.setVisible(not servers)
        self.servers.setVisible(bool(servers))
        self._on_selected()

    def _add(self, server: Server, is_signed_in: bool) -> None:
        address = server.address.split("://")[-1].rstrip("/")
        state = ("signed in as " if is_signed_in else "as ") + server.user if server.user else "public"
        item = QListWidgetItem(self._theme.icon("lock" if server.user else "server"), f"{address} · {state}")
        item.setToolTip(server.address)
        item.setData(_SERVER, server)
        item.setSizeHint(QSize(10, 24))
        self.servers.addItem(item)

    def current(self) -> Server | None:
        """Return the server that is selected."""
        item = self.servers.currentItem()
        found: Server | None = None if item is None else item.data(_SERVER)
        return found

    def show_groups(self, server: Server, groups: Sequence[tuple[int, str]]) -> None:
        """Offer the groups of whoever is signed in to the selected server."""
        current = self.current()
        if current is None or current.address != server.address:
            return
        self.group.clear()
        self.group.addItem(ALL, None)
        for number, name in groups:
            self.group.addItem(name, number)
        self.group.setCurrentIndex(max(0, self.group.findData(current.group)))
        self.group_line.setVisible(len(groups) > 1)

    def _on_selected(self) -> None:
        server = self.current()
        self.group_line.hide()
        self.sign_in.setEnabled(server is not None)
        self.sign_out.setEnabled(server is not None and bool(server.user))
        self.remove.setEnabled(server is not None)
        if server is not None:
            self.selected.emit(server)

    def _on_group(self, index: int) -> None:
        server = self.current()
        if server is not None:
            self.group_chosen.emit(server, self.group.itemData(index))

    def _emit(self, signal: Any) -> None:
        server = self.current()
        if server is not None:
            signal.emit(server)
