"""The requests of signing in to OMERO.web, one method each. A password is in no error and in no log.

Django's protection against forged requests wants the token in a header, and over https the address we come from; it
changes both cookie and token when somebody signs in.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from napari_idr.errors import AccessDenied, AddressError, NotFound, ProtocolError

from .http_errors import check_answer, from_exception
from .safe_address import host_of, without_secrets

if TYPE_CHECKING:
    import requests
    from pydantic import SecretStr

LONGEST = 1 << 20
"""Bytes of an answer about sessions; the longest names the groups of a member of hundreds."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who a server says that we are."""

    user_id: int
    user_name: str
    group_id: int
    group_name: str
    is_admin: bool = False


class LoginRequests:
    """Speaks for one client with one server. Methods may block and raise the errors of ``Http``."""

    def __init__(self, base: str, session: requests.Session, timeout: tuple[float, float]) -> None:
        self._base, self._session, self._timeout = base, session, timeout
        self._server: int | None = None
        self._token = ""

    def begin(self, user: str, password: SecretStr) -> Account:
        """Sign in with cookies that are all new: three requests, two where the server's number is known.

        Raises ``AccessDenied`` where user or password are not accepted.
        """
        self._session.cookies.clear()
        self._ask_token()
        if self._server is None:
            self._server = _first_server(self._get("api/v0/servers/"), self._base)
        secret = password.get_secret_value()
        form = {"server": str(self._server), "username": user, "password": secret}
        status, document = self._post("api/v0/login/", form)
        if status == 403:
            said = _message(document).replace(secret, "***") if secret else _message(document)
            what = f"{host_of(self._base)} did not let {user} in" + (f" ({said})" if said else "")
            raise AccessDenied(what, self._base, "check user name and password")
        if status != 200 or document.get("success") is not True:
            raise self._odd(f"answered a login with status {status}")
        self._token = self._cookie("csrftoken")
        return _account(document, self._base)

    def whose(self) -> Account | None:
        """Return whose the session is, None where there is none: one request, two where the token had changed."""
        status, document = self._post("api/v0/login/", {})
        if status == 403 and "CSRF" in _message(document):
            self._ask_token()
            status, document = self._post("api/v0/login/", {})
        if status == 200 and document.get("success") is True:
            return _account(document, self._base)
        if status in (200, 302, 401, 403):
            return None
        raise self._odd(f"answered with status {status} where it was asked who we are")

    def ping(self) -> bool:
        """Tell the server that the session is used; False where it sends us to a login."""
        return self._send("GET", "webclient/keepalive_ping/")[0].status_code == 200

    def end(self) -> None:
        """Sign out."""
        self._send("POST", "webclient/logout/", {})
        self._session.cookies.clear()
        self._token = ""

    def groups(self, account: Account) -> list[tuple[int, str]]:
        """Return id and name of the groups of a person, by name."""
        document = self._get(f"api/v0/m/experimenters/{account.user_id}/experimentergroups/")
        rows = document.get("data")
        found = [(one.get("@id"), one.get("Name")) for one in rows if isinstance(one, dict)] if rows else []
        named = [(number, name) for number, name in found if type(number) is int and isinstance(name, str)]
        return sorted((one for one in named if one[1] not in ("user", "guest")), key=lambda one: one[1].lower())

    def proof(self) -> dict[str, str]:
        """Return the headers that prove that a POST request is ours; asks for a token where none is known."""
        if not self._token:
            self._ask_token()
        return {"X-CSRFToken": self._token, "Referer": self._base}

    def forget_token(self) -> None:
        """Have the next proof ask for a new token."""
        self._token = ""

    def _ask_token(self) -> None:
        token = self._get("api/v0/token/").get("data")
        if not isinstance(token, str) or not token:
            raise self._odd("gave no token")
        self._token = token

    def _cookie(self, name: str) -> str:
        return next((one.value or "" for one in self._session.cookies if one.name == name), "")

    def _get(self, path: str) -> dict[str, Any]:
        answer, body = self._send("GET", path)
        if 300 <= answer.status_code < 400:
            where = without_secrets(answer.headers.get("Location", ""))
            raise ProtocolError(f"{host_of(self._base)} sends us to {where or 'nowhere'}", self._base, _HINT)
        check_answer(answer, body)
        return self._document(body)

    def _post(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        answer, body = self._send("POST", path, form)
        if answer.status_code in (404, 405):
            raise NotFound(f"{host_of(self._base)} has no login for programs", self._base, _HINT)
        if answer.status_code == 429 or answer.status_code >= 500:
            check_answer(answer, body)
        try:
            return answer.status_code, self._document(body)
        except ProtocolError:
            if answer.status_code == 200:
                raise
            return answer.status_code, {}

    def _send(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[requests.Response, bytes]:
        """Return the answer and its body; redirects are not followed: they could lead a password astray."""
        from requests import RequestException
        from urllib3.exceptions import HTTPError

        url, failure = self._base + path, None
        headers = {"Accept": "application/json", **(self.proof() if form is not None else {})}
        try:
            with self._session.request(
                method, url, data=form, headers=headers, timeout=self._timeout, stream=True, allow_redirects=False
            ) as answer:
                body = answer.raw.read(LONGEST + 1, decode_content=True)
        except (RequestException, HTTPError, UnicodeError) as error:
            failure = from_exception(error, url)
        if failure is not None:  # not "from error": what requests raises holds the form that was sent
            raise failure
        if len(body) > LONGEST:
            raise self._odd("sent a long answer where a short one was due")
        return answer, body

    def _document(self, body: bytes) -> dict[str, Any]:
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise self._odd("answered with a web page where data were due")
        return document

    def _odd(self, what: str) -> ProtocolError:
        return ProtocolError(f"{host_of(self._base)} {what}", self._base, _HINT)


_HINT = "check that this is the address of an OMERO.web server, with https:// where it has that"


def check_may_send_password(base: str) -> None:
    """Raise ``AddressError`` for an address to which a password would travel readable by anybody on the way."""
    host = urlsplit(base).hostname or ""
    if base.lower().startswith("https://") or host in ("localhost", "::1") or re.fullmatch(r"127(\.\d{1,3}){3}", host):
        return
    hint = "use its https:// address, or ask who runs the server for one"
    raise AddressError("A password is not sent over plain http, where others can read it", base, hint)


def _first_server(document: dict[str, Any], base: str) -> int:
    rows = document.get("data")
    number = rows[0].get("id") if isinstance(rows, list) and rows and isinstance(rows[0], dict) else None
    if type(number) is not int:
        raise ProtocolError(f"{host_of(base)} names no OMERO server behind it", base, _HINT)
    return number


def _message(document: dict[str, Any]) -> str:
    said = document.get("message")
    return " ".join(said.split())[:160] if isinstance(said, str) else ""


def _account(document: dict[str, Any], base: str) -> Account:
    context = document.get("eventContext")
    said: dict[str, Any] = context if isinstance(context, dict) else {}
    number, name, group = said.get("userId"), said.get("userName"), said.get("groupId")
    if type(number) is not int or not isinstance(name, str):
        raise ProtocolError(f"{host_of(base)} does not say who signed in", base, _HINT)
    group_id = group if type(group) is int else -1
    return Account(number, name, group_id, str(said.get("groupName", "")), said.get("isAdmin") is True)
