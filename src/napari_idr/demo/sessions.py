"""Sessions of people who signed in, and Django's protection against forged requests."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .answers import SESSION, host_address

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection, Request
    from starlette.responses import Response

    from .accounts import User

CSRF = "csrftoken"


@dataclass(slots=True)
class Sessions:
    """Who is signed in, by the value of the session's cookie."""

    users: dict[str, User] = field(default_factory=dict)

    def user(self, request: HTTPConnection) -> User | None:
        """Return who makes a request, None for anybody else."""
        return self.users.get(request.cookies.get(SESSION, ""))

    def begin(self, user: User, answer: Response) -> str:
        """Sign somebody in: both cookies change. Return the session."""
        session = secrets.token_hex(16)
        self.users[session] = user
        answer.set_cookie(SESSION, session, httponly=True)
        answer.set_cookie(CSRF, secrets.token_hex(32))
        return session

    def end(self, request: Request, answer: Response) -> None:
        """Sign somebody out."""
        self.users.pop(request.cookies.get(SESSION, ""), None)
        answer.delete_cookie(SESSION)

    def expire(self) -> None:
        """Let every session end, as after ten idle minutes."""
        self.users.clear()


def give_token(request: Request, answer: Response, token: str) -> None:
    """Send the cookie that belongs to a token."""
    if request.cookies.get(CSRF) != token:
        answer.set_cookie(CSRF, token)


def token_of(request: Request) -> str:
    """Return the token that a client has, or a new one."""
    return request.cookies.get(CSRF) or secrets.token_hex(32)


def forgery(request: Request, form: dict[str, str]) -> str:
    """Return why a POST request cannot be believed, "" where it can. The referer is wanted as over https."""
    cookie = request.cookies.get(CSRF)
    if not cookie:
        return "CSRF cookie not set."
    referer = request.headers.get("referer", "")
    if not referer:
        return "Referer checking failed - no Referer."
    if not referer.startswith(host_address(request)):
        return f"Referer checking failed - {referer} does not match any trusted origins."
    token = request.headers.get("x-csrftoken") or form.get("csrfmiddlewaretoken", "")
    if not token:
        return "CSRF token missing."
    return "" if secrets.compare_digest(token, cookie) else "CSRF token from the 'X-Csrftoken' HTTP header incorrect."
