"""One person's session on one OMERO.web server: begun over plain HTTP, kept alive, begun anew when it has ended.

Requests: signing in three (token, servers, login); beginning anew two (token, login); asking whose the session is
one. The sequence is that of OMERO.web's JSON API (``/api/v0/token/``, ``servers/``, ``login/``).
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

from napari_idr.errors import AccessDenied, NapariIdrError, ProtocolError, SignInNeeded

from .login_requests import Account, LoginRequests
from .safe_address import host_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests
    from pydantic import SecretStr

_log = logging.getLogger(__name__)
T = TypeVar("T")

BELIEVED_SECONDS = 3.0
"""For so long a session that answered for itself is believed in: many requests fail at once."""
SILENT_SECONDS = 300.0
"""After so long without an answer a session is asked for before it is used; OMERO ends one after ten minutes."""


class Login:
    """Asks one server in one person's name; thread-safe.

    Parameters
    ----------
    base
        Address of the server with trailing slash.
    user
        Name on the server.
    session
        A client with cookies of its own.
    timeout
        Seconds for a connection and for an answer.
    recall
        Returns the password when a session has to be begun, None where nobody knows it. May block.
    on_ended
        Called in whatever thread notices that the session has ended and cannot be begun anew.
    """

    def __init__(
        self,
        base: str,
        user: str,
        session: requests.Session,
        timeout: tuple[float, float],
        recall: Callable[[], SecretStr | None],
        on_ended: Callable[[], object],
    ) -> None:
        self.base, self.user, self.session = base, user, session
        self.account: Account | None = None
        """Who the server says that this is; None while no session was begun."""
        self.group: int | None = None
        """Id of the group whose data are listed; None for all groups of the person."""
        self._requests = LoginRequests(base, session, timeout)
        self._recall, self._on_ended = recall, on_ended
        self._lock = threading.RLock()
        self._turn = 0
        self._heard = self._confirmed = float("-inf")

    def __repr__(self) -> str:
        return f"Login({self.base!r}, {self.user!r})"

    @property
    def turn(self) -> int:
        """How often a session was begun: what was asked before it grew was asked in an older one."""
        return self._turn

    def begin(self, password: SecretStr) -> Account:
        """Sign in: three requests, two where the server is known. May block.

        Raises ``AccessDenied`` where the server does not accept user and password.
        """
        with self._lock:
            self.account = self._requests.begin(self.user, password)
            self._turn += 1
            self._heard = self._confirmed = time.time()
            return self.account

    def ask(self, attempt: Callable[[], T]) -> T:
        """Return what an attempt gives; one that failed since the session had ended is repeated once in a new one.

        Raises what the attempt raises, and ``SignInNeeded`` where no new session can be begun. May block.
        """
        self.prepare()
        turn = self._turn
        try:
            answer = attempt()
        except (AccessDenied, ProtocolError) as error:
            if "CSRF Failed" in error.what:
                self._requests.forget_token()
                return attempt()
            if not self.has_ended(turn, error):
                raise
        else:
            self._heard = time.time()
            return answer
        self.renew(turn)
        return attempt()

    def prepare(self) -> None:
        """See that there is a session: begin one where there is none, and ask after one that was silent for long."""
        turn = self._turn
        if self.account is not None and time.time() - self._heard <= SILENT_SECONDS:
            return
        with self._lock:  # one asks, the others wait for the answer
            was_silent = time.time() - self._heard > SILENT_SECONDS
            if self.account is None or (was_silent and not self._is_mine()):
                self.renew(turn)

    def has_ended(self, turn: int, error: NapariIdrError) -> bool:
        """Whether what was asked in a turn failed because its session has ended: at most one request."""
        with self._lock:  # while somebody begins a new session, nobody can tell whose the old one was
            if turn != self._turn or isinstance(error, SignInNeeded):
                return True
            return time.time() - self._confirmed > BELIEVED_SECONDS and not self._is_mine()

    def renew(self, turn: int) -> None:
        """Begin a new session unless somebody did since that turn: two requests. May block.

        Raises ``SignInNeeded`` where nobody knows the password, or it is not accepted any more.
        """
        with self._lock:
            if turn != self._turn:
                return
            password = self._recall()
            if password is None:
                raise self._ended()
            try:
                self.begin(password)
            except AccessDenied as error:
                _log.info("%s did not begin a new session for %s", host_of(self.base), self.user)
                raise self._ended() from error

    def keep_alive(self) -> None:
        """Tell the server that the session is still used, and begin a new one where it has ended. May block."""
        with self._lock:
            if self.account is not None and not (self._requests.ping() and self._is_mine()):
                self.renew(self._turn)

    def end(self) -> None:
        """Sign out: one request, none where no session was begun. May block. No error where it fails."""
        with self._lock:
            was_there, self.account = self.account is not None, None
            if was_there:
                try:
                    self._requests.end()
                except NapariIdrError as error:
                    _log.info("%s was left without signing out: %s", host_of(self.base), error)
            self.session.cookies.clear()

    def headers(self) -> dict[str, str]:
        """Return what a POST request has to bring so that the server believes that it is ours."""
        return self._requests.proof()

    def cookies(self) -> str:
        """Return the session as the ``Cookie`` header of a request."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.session.cookies)

    def groups(self) -> tuple[tuple[int, str], ...]:
        """Return id and name of the person's groups, by name: one request. May block."""
        account = self.account
        if account is None:
            self.prepare()
            account = self.account
        found: Any = () if account is None else self.ask(lambda: self._requests.groups(account))
        return tuple(found)

    def close(self) -> None:
        """Close the connections."""
        self.session.close()

    def _is_mine(self) -> bool:
        """Whether the session is there and still this person's: one request, which keeps it alive as well."""
        account = self._requests.whose()
        if account is None or account.user_name != self.user:
            return False
        self._heard = self._confirmed = time.time()
        return True

    def _ended(self) -> SignInNeeded:
        self.account = None
        self._on_ended()
        host = host_of(self.base)
        what = f"Your session on {host} has ended" if self._turn else f"{host} wants a login"
        return SignInNeeded(what, self.base, "sign in again: nothing that is open is lost")
