"""The servers of a user, and who is signed in where: added by any link of theirs, kept between sessions. Headless.

The list is in the user's configuration: address, user name and group. A password is never in it.
"""

from __future__ import annotations

import re
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from psygnal import Signal, SignalInstance

from .errors import AddressError, NapariIdrError, SignInNeeded
from .kept_list import load_list, save_list
from .remote import passwords
from .remote.http_errors import sign_in_needed
from .remote.login_requests import check_may_send_password
from .remote.safe_address import host_of, to_keep
from .repositories.addresses import IDR, recognise
from .repositories.omero import OmeroRepository

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import SecretStr

    from .remote.login import Login
    from .remote.logins import Logins
    from .repositories.base import Repository
    from .session import Session

MOST = 100
HOST = re.compile(r"(?:[\w-]+\.)+[\w-]+(?::\d{1,5})?(?:/.*)?|(?:localhost|\[::1\])(?::\d{1,5})?(?:/.*)?")
"""An address whose scheme was left out."""
LOOPBACK = re.compile(r"(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?=[:/]|$)")


@dataclass(frozen=True, slots=True)
class Server:
    """One server that the user added."""

    address: str
    """Of an OMERO.web server with trailing slash, or of a folder of OME-Zarr."""
    user: str = ""
    """Name with which it is asked; empty for what everybody sees."""
    group: int | None = None
    """Id of the group whose data are listed; None for all of the user's."""


class Servers:
    """Adds servers to a session, signs in and out. Methods may block and may be called from any thread.

    Parameters
    ----------
    session
        Whose repositories these are.
    file
        Where the list is kept.
    """

    changed = Signal()
    """Somebody signed in or out, chose a group, added or removed a server."""

    def __init__(self, session: Session, logins: Logins, file: Path) -> None:
        self._session, self._logins, self._file = session, logins, file
        self._lock = threading.RLock()
        self._known: dict[str, Server] = {}

    @property
    def ended(self) -> SignalInstance:
        """Emitted with the address of a server whose session has ended and could not be begun anew, in any thread."""
        return self._logins.ended

    @property
    def known(self) -> tuple[Server, ...]:
        """The servers that the user added, in the order of adding."""
        return tuple(self._known.values())

    def restore(self) -> None:
        """Make the servers of earlier sessions known; no request: a session is begun by the first question."""
        for entry in load_list(self._file)[:MOST]:
            with suppress(NapariIdrError):  # what somebody wrote into the file by hand
                server = _parsed(entry)
                self._session.add_repository(server.address)
                self._known[server.address] = server
                if server.user:
                    self._logins.expect(server.address, server.user).group = server.group

    def add(self, address: str) -> Repository:
        """Add a server or folder as everybody sees it, by any link of it; no request."""
        text = with_scheme(address)
        repository = self._session.add_repository(text)
        self._keep(Server(to_keep(repository.address)))
        return repository

    def sign_in(self, address: str, user: str, password: SecretStr, *, remember: bool = False) -> Repository:
        """Sign in to a server, by any link of it, and add it: three requests.

        Parameters
        ----------
        address, user, password
            Where, and as whom.
        remember
            Whether to keep the password in the keyring of the operating system; ``passwords.why_not`` says
            where there is none.

        Raises
        ------
        AddressError
            It is no OMERO.web server's, or the password would travel readable.
        AccessDenied
            The server did not accept user and password; whoever was signed in before still is.
        """
        base = server_base(address)
        self._logins.sign_in(base, user, password)
        known = self._known.get(base)
        self._keep(known if known is not None and known.user == user else Server(base, user))
        if remember:
            passwords.remember(base, user, password)
        return self._renew(base)

    def test(self, address: str, user: str = "", password: SecretStr | None = None) -> str:
        """Try a server, and return what it says in a sentence; nothing is added, nobody stays signed in.

        Four requests with a user, two without.
        """
        base = server_base(address)
        if user and password is not None:
            account = self._logins.try_out(base, user, password)
            return f"{host_of(base)} lets {account.user_name} in, into the group {account.group_name}."
        repository = OmeroRepository(self._session.http, base)
        try:
            count = repository.count()
        except SignInNeeded:
            return f"{host_of(base)} is there and wants a login: enter user and password."
        return f"{host_of(base)} shows {count:,} screens and projects to everybody."

    def sign_out(self, address: str) -> Repository:
        """Sign out of a server, and forget its password, in the keyring as well; at most one request."""
        base = server_base(address)
        server = self._known.get(base, Server(base))
        if server.user:
            passwords.forget(base, server.user)
        self._logins.sign_out(base)
        self._keep(Server(base))
        return self._renew(base)

    def remove(self, address: str) -> None:
        """Remove a server from the list, signed out; what is open stays open."""
        known = self._known.get(address)
        if known is not None and known.user:
            self.sign_out(address)
        with self._lock:
            self._known.pop(address, None)
            self._save()
        self._session.remove_repository(address)
        self.changed.emit()

    def login(self, address: str) -> Login | None:
        """Return the login with which an address is asked, None where it is asked as anybody."""
        return self._logins.at(address)

    def groups(self, address: str) -> tuple[tuple[int, str], ...]:
        """Return id and name of the groups of whoever is signed in: one request."""
        return self._login(address).groups()

    def choose_group(self, address: str, group: int | None) -> Repository:
        """List the data of one group only, or of all of them; no request."""
        login = self._login(address)
        login.group = group
        self._keep(replace(self._known.get(login.base, Server(login.base, login.user)), group=group))
        return self._renew(login.base)

    def _login(self, address: str) -> Login:
        login = self._logins.at(address)
        if login is None:
            raise sign_in_needed(host_of(address), address)
        return login

    def _keep(self, server: Server) -> None:
        with self._lock:
            self._known[server.address] = server
            self._save()

    def _save(self) -> None:
        entries = [{"address": one.address, "user": one.user, "group": one.group} for one in self.known]
        save_list(self._file, entries)

    def _renew(self, base: str) -> Repository:
        """Return the repository of a server as it is seen now: what was learned of it before is forgotten."""
        repository = self._session.renew_repository(base)
        self.changed.emit()
        return repository


def server_base(address: str) -> str:
    """Return the address of the OMERO.web server that a link leads to. Raises ``AddressError`` for anything else."""
    found = recognise(with_scheme(address))
    if found.scheme not in ("omero", "idr"):
        hint = "paste the link of one of its pages"
        raise AddressError("This is not the address of an OMERO.web server", to_keep(found.address), hint)
    return to_keep(found.base)


def is_server(address: str) -> bool:
    """Whether an address is one that somebody could sign in to; the IDR itself has no login."""
    try:
        return server_base(address) != IDR
    except ValueError:  # AddressError: a folder or an OME-Zarr
        return False


def with_scheme(address: str) -> str:
    """Return an address with the scheme that people leave out: https, but for servers on this computer."""
    text = address.strip()
    if "://" in text or not HOST.fullmatch(text) or re.search(r"\.(zarr|ozx|zip|tiff?)(/|$)", text, re.IGNORECASE):
        return text
    return f"{'http' if LOOPBACK.match(text) else 'https'}://{text if '/' in text else text + '/'}"


def _parsed(entry: Any) -> Server:
    if not isinstance(entry, dict) or not isinstance(entry.get("address"), str):
        raise AddressError("An entry of the list of servers has no address", repr(entry)[:80], "add the server anew")
    user, group = entry.get("user"), entry.get("group")
    address = to_keep(entry["address"])
    if isinstance(user, str) and user:
        check_may_send_password(address)
        return Server(server_base(address), user, group if type(group) is int else None)
    return Server(address)
