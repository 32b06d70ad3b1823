"""The servers that are asked in somebody's name, each with a session of its own; all others are asked as anybody.

A session's cookies go to its own server only. Passwords are in memory, or in the keyring of the operating system.
"""

from __future__ import annotations

import logging
import threading
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from psygnal import Signal

from napari_idr.errors import NapariIdrError

from . import passwords
from .login import Login
from .login_requests import check_may_send_password

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests
    from pydantic import SecretStr

    from .login_requests import Account

_log = logging.getLogger(__name__)
T = TypeVar("T")

PING_SECONDS = 240.0
"""How often an idle session is kept alive: OMERO ends one after ten minutes without a word."""


class Logins:
    """Who is signed in where; thread-safe.

    Parameters
    ----------
    connect
        Makes a client with cookies of its own.
    timeout
        Seconds for a connection and for an answer.
    """

    ended = Signal(str)
    """Address of a server whose session has ended and could not be begun anew; in whatever thread noticed."""

    def __init__(self, connect: Callable[[], requests.Session], timeout: tuple[float, float]) -> None:
        self._connect, self._timeout = connect, timeout
        self._logins: dict[str, Login] = {}
        self._passwords: dict[str, SecretStr] = {}
        self.ask_person: Callable[[str, str], SecretStr | None] | None = None
        """Asks for the password of a server (address) and user where nobody knows it; in whatever thread needs it."""
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._keeper: threading.Thread | None = None

    def at(self, url: str) -> Login | None:
        """Return the login with which an address is asked, None where it is asked as anybody. No request."""
        if not self._logins:
            return None
        return next((login for base, login in tuple(self._logins.items()) if is_below(url, base)), None)

    def ask(self, url: str, attempt: Callable[[], T]) -> T:
        """Return what an attempt to ask an address gives, with the session that belongs to it. See ``Login.ask``."""
        login = self.at(url)
        return attempt() if login is None else login.ask(attempt)

    def headers_at(self, url: str) -> dict[str, str]:
        """Return what a POST request to an address has to bring."""
        login = self.at(url)
        return {} if login is None else login.headers()

    def sign_in(self, base: str, user: str, password: SecretStr) -> Account:
        """Sign in to a server: three requests. May block. Where it fails everything stays as it was.

        Raises ``AddressError`` where the password would travel readable, ``AccessDenied`` where it is not accepted.
        """
        check_may_send_password(base)
        login = self._new(base, user)
        try:
            account = login.begin(password)
        except NapariIdrError:
            login.close()
            raise
        with self._lock:
            before = self._logins.get(base)
            login.group = before.group if before is not None and before.user == user else None
            self._passwords[base] = password
            self._logins[base] = login
            self._keep_alive()
        if before is not None:
            before.close()
        return account

    def try_out(self, base: str, user: str, password: SecretStr) -> Account:
        """Sign in and out again: four requests. Raises like ``sign_in``. May block."""
        check_may_send_password(base)
        login = self._new(base, user)
        try:
            return login.begin(password)
        finally:
            login.end()
            login.close()

    def expect(self, base: str, user: str) -> Login:
        """Ask a server in somebody's name from now on; the session is begun by the first question. No request."""
        with self._lock:
            self._keep_alive()
            return self._logins.setdefault(base, self._new(base, user))

    def sign_out(self, base: str) -> None:
        """End the session on a server, and forget its password in memory. At most one request; may block."""
        with self._lock:
            login = self._logins.pop(base, None)
            self._passwords.pop(base, None)
        if login is not None:
            login.end()
            login.close()

    def close(self) -> None:
        """Forget all passwords and close all connections; the servers end the sessions by themselves."""
        self._closing.set()
        with self._lock:
            self._passwords.clear()
            logins = list(self._logins.values())
        for login in logins:
            login.close()
        if self._keeper is not None and self._keeper is not threading.current_thread():
            self._keeper.join(self._timeout[0])

    def keep_alive(self) -> None:
        """Tell every server that its session is still used. May block."""
        for login in tuple(self._logins.values()):
            try:
                login.keep_alive()
            except NapariIdrError as error:
                _log.info("a session could not be kept alive: %s", error)

    def _new(self, base: str, user: str) -> Login:
        recall, on_ended = partial(self._recall, base, user), partial(self._on_ended, base)
        return Login(base, user, self._connect(), self._timeout, recall, on_ended)

    def _recall(self, base: str, user: str) -> SecretStr | None:
        known = self._passwords.get(base) or passwords.recall(base, user)
        if known is None and self.ask_person is not None:
            known = self.ask_person(base, user)
        if known is not None:
            self._passwords[base] = known
        return known

    def _on_ended(self, base: str) -> None:
        """Forget a password that was refused: to offer it again and again would lock the account."""
        self._passwords.pop(base, None)
        if not self._closing.is_set():
            self.ended.emit(base)

    def _keep_alive(self) -> None:
        if self._keeper is None and not self._closing.is_set():
            self._keeper = threading.Thread(target=self._run, name="napari-idr-keep-alive", daemon=True)
            self._keeper.start()

    def _run(self) -> None:
        while not self._closing.wait(PING_SECONDS):
            self.keep_alive()


def is_below(url: str, base: str) -> bool:
    """Whether an address lies below that of a server; scheme and host count without regard to case."""
    size = base.find("/", base.find("://") + 3)
    return url[:size].lower() == base[:size].lower() and url[size:].startswith(base[size:])
