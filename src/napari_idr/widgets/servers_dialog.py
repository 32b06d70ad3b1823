"""Servers of one's own: the list, and the form that adds one. Nothing here waits for a server in the GUI thread."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QDialog, QFrame, QLabel, QVBoxLayout, QWidget
from superqt.utils import ensure_main_thread

from napari_idr.remote import passwords

from .notice_strip import NoticeStrip
from .progress_strip import ProgressStrip
from .server_form import ServerForm
from .server_list import ServerList
from .workers import Latest, run, while_alive

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.errors import NapariIdrError
    from napari_idr.repositories.base import Repository
    from napari_idr.servers import Server, Servers

    from .server_form import Entry
    from .theme import Theme

WIDTH = 380


class ServersDialog(QDialog):
    """Adds servers, signs in and out, chooses groups; it does not block the window.

    Signals
    -------
    added
        The ``Repository`` that was added or signed in to.
    """

    added = Signal(object)

    def __init__(self, servers: Servers, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._servers = servers
        self.setWindowTitle("Servers")
        self.setMinimumWidth(300)
        self.resize(WIDTH, 420)
        self.list, self.form = ServerList(theme), ServerForm(theme)
        self.notices, self.progress = NoticeStrip(theme), ProgressStrip(theme)
        self._asking, self._listing_groups = Latest(self), Latest(self)
        self._lay_out()
        self._connect()
        run(passwords.why_not, on_done=self.form.say_why_not, parent=self)
        self.show_servers()

    def _lay_out(self) -> None:
        line = QFrame()
        line.setFrameShape(QFrame.Shape.HLine)
        title = QLabel("Add a server, or sign in")
        layout = QVBoxLayout(self)
        for part in (self.list, line, title, self.form, self.progress, self.notices):
            layout.addWidget(part)
        layout.addStretch(1)

    def _connect(self) -> None:
        self.form.test_requested.connect(self._test)
        self.form.add_requested.connect(self._add)
        self.list.selected.connect(self._ask_for_groups)
        self.list.sign_in_requested.connect(lambda server: self.form.fill(server.address, server.user))
        self.list.sign_out_requested.connect(self._sign_out)
        self.list.remove_requested.connect(self._remove)
        self.list.group_chosen.connect(self._choose_group)
        self._servers.changed.connect(self._on_changed)

    def ask_for(self, address: str, user: str = "") -> None:
        """Show the dialog with a server in the form, so that only the password is missing."""
        self.show()
        self.raise_()
        self.activateWindow()
        if address:
            self.form.fill(address, user)
        else:
            self.form.address.setFocus()

    @ensure_main_thread
    @while_alive
    def _on_changed(self) -> None:
        self.show_servers()

    def show_servers(self) -> None:
        """Show the servers as they are now."""
        known = self._servers.known
        self.list.show_servers(known, frozenset(one.address for one in known if self._is_signed_in(one)))

    def _is_signed_in(self, server: Server) -> bool:
        login = self._servers.login(server.address)
        return login is not None and login.account is not None

    def _test(self, entry: Entry) -> None:
        self._do("Trying the server", lambda: self._try(entry), self.notices.inform)

    def _try(self, entry: Entry) -> str:
        return self._servers.test(entry.address, entry.user, entry.password if entry.user else None)

    def _add(self, entry: Entry) -> None:
        self._do("Signing in" if entry.user else "Adding the server", lambda: self._join(entry), self._on_added)

    def _join(self, entry: Entry) -> Repository:
        if not entry.user:
            return self._servers.add(entry.address)
        return self._servers.sign_in(entry.address, entry.user, entry.password, remember=entry.keep)

    def _on_added(self, repository: Repository) -> None:
        self.form.forget_password()
        self.notices.clear()
        self.added.emit(repository)
        self.close()

    def _sign_out(self, server: Server) -> None:
        said = f"Signed out of {server.address}; its password is forgotten."
        self._do("Signing out", lambda: self._servers.sign_out(server.address), lambda _: self.notices.remark(said))

    def _remove(self, server: Server) -> None:
        self._do("Removing the server", lambda: self._servers.remove(server.address), lambda _: None)

    def _choose_group(self, server: Server, group: int | None) -> None:
        choose: Callable[[], Any] = lambda: self._servers.choose_group(server.address, group)  # noqa: E731 - typed
        self._do("Choosing the group", choose, lambda _: None)

    def _ask_for_groups(self, server: Server) -> None:
        """Ask in which groups somebody is; who is not signed in yet is not asked for a password by that."""
        if self._is_signed_in(server):
            ask, show = self._servers.groups, partial(self.list.show_groups, server)
            # A session that ended meanwhile is told by whoever needs it: without one there is no choice of groups.
            self._listing_groups.run(ask, server.address, on_done=show, on_error=lambda _: show(()))

    def _do(self, what: str, function: Callable[[], Any], on_done: Callable[[Any], object]) -> None:
        task = self.progress.begin(what, on_cancel=self._asking.cancel)

        def arrive(result: Any) -> None:
            task.finish()
            on_done(result)

        def fail(error: NapariIdrError) -> None:
            task.finish()
            self.notices.fail(error)

        self._asking.run(function, on_done=arrive, on_error=fail)

    def done(self, result: int) -> None:
        """Forget the password, and what is on its way."""
        self.form.forget_password()
        super().done(result)
