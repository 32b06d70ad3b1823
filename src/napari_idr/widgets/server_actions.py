"""Signing in and out from everywhere in the dock, and asking for it where a session has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal
from superqt.utils import ensure_main_thread

from napari_idr.layers.shown_dock import show_dock_here
from napari_idr.remote.safe_address import host_of

from .workers import run, while_alive

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_idr.model.catalog import Node
    from napari_idr.servers import Servers

    from .notice_strip import NoticeStrip
    from .servers_dialog import ServersDialog
    from .theme import Theme


class ServerActions(QObject):
    """Opens the dialog "Servers", made at the first call, and says once when a session has ended.

    Signals
    -------
    repository_added
        Key of a repository to show.
    """

    repository_added = Signal(str)

    def __init__(self, servers: Servers, theme: Theme, notices: NoticeStrip, parent: QWidget) -> None:
        super().__init__(parent)
        self._servers, self._theme, self._notices, self._parent = servers, theme, notices, parent
        self._dialog: ServersDialog | None = None
        self._asked: set[str] = set()
        notices.sign_in = self._sign_in_at
        servers.ended.connect(self._on_ended)
        servers.changed.connect(self._on_changed)

    def show(self, address: str = "", user: str = "") -> ServersDialog:
        """Show the dialog, with a server in its form where one is given."""
        if self._dialog is None:
            from .servers_dialog import ServersDialog

            self._dialog = ServersDialog(self._servers, self._theme, self._parent)
            self._dialog.added.connect(self._on_added)
        self._dialog.ask_for(address, user)
        return self._dialog

    def sign_in(self, node: Node) -> None:
        """Ask for the password of a repository."""
        self._sign_in_at(node.address)

    def _sign_in_at(self, address: str) -> None:
        self.show(address, self._user_of(address))

    def sign_out(self, node: Node) -> None:
        """Sign out of a repository."""
        said = f"Signed out of {host_of(node.address)}; its password is forgotten."
        run(
            self._servers.sign_out,
            node.address,
            on_done=lambda _: self._notices.remark(said),
            on_error=self._notices.fail,
            parent=self,
        )

    def _user_of(self, address: str) -> str:
        login = self._servers.login(address)
        return "" if login is None else login.user

    def _on_added(self, repository: Any) -> None:
        self.repository_added.emit(repository.key)
        user = self._user_of(repository.address)
        if user:
            self._notices.remark(f"Signed in to {repository.name} as {user}.")

    @ensure_main_thread
    @while_alive
    def _on_ended(self, address: str) -> None:
        """Ask once, however many requests failed: what is open stays as it is and goes on after signing in."""
        if address in self._asked:
            return
        self._asked.add(address)
        user = self._user_of(address)
        text = f"{host_of(address)} asks {user} to sign in. What is open stays open and goes on after that."
        self._notices.inform(text, ("Sign in", lambda: self._sign_in_at(address)))

    @ensure_main_thread
    @while_alive
    def _on_changed(self) -> None:
        self._asked.clear()


def show_servers() -> None:
    """Open the dialog in the current viewer: the command of the palette."""
    dock = show_dock_here()
    if dock is not None:
        dock.browse.servers.show()
