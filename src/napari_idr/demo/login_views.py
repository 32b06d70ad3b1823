"""Signing in and out as OMERO.web has it: over the JSON API, and by the form of the web pages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from .answers import page, path_number
from .objects import experimenter_group
from .sessions import forgery, give_token, token_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from .accounts import Accounts, User
    from .objects import Json
    from .sessions import Sessions

VERSION_HEADER = {"X-OMERO-ApiVersion": "0.2"}
REFUSED = "Connection not available, please check your user name and password."
LOGIN = "/webclient/login/"
FORM = """<!DOCTYPE html><html><head><title>Login</title></head><body><form method="post">
<input type="hidden" name="csrfmiddlewaretoken" value="{}"><input name="username">
<input name="password" type="password"><input type="submit" value="Login"></form></body></html>"""


class LoginViews:
    """The views with which people sign in and out; they answer everybody."""

    def __init__(self, accounts: Accounts, sessions: Sessions) -> None:
        self._accounts, self._sessions = accounts, sessions

    def routes(self) -> list[Route]:
        """All routes of the family."""
        return [
            Route("/api/v0/token/", self._token),
            Route("/api/v0/servers/", self._servers),
            Route("/api/v0/login/", self._login, methods=["GET", "POST"]),
            Route("/api/v0/m/experimenters/{id:int}/experimentergroups/", self._groups),
            Route(LOGIN, self._form, methods=["GET", "POST"]),
            Route("/webclient/logout/", self._logout, methods=["GET", "POST"]),
            Route("/webclient/keepalive_ping/", self._ping),
        ]

    async def _token(self, request: Request) -> Response:
        token = token_of(request)
        answer = _answer({"data": token})
        give_token(request, answer, token)
        return answer

    async def _servers(self, request: Request) -> Response:
        return _answer({"data": [{"id": 1, "host": "127.0.0.1", "port": 4064, "server": "omero"}]})

    async def _login(self, request: Request) -> Response:
        if request.method == "GET":
            return _answer({"message": "POST only with username, password, server and csrftoken"}, 405)
        form = await _fields(request)
        forged = forgery(request, form)
        if forged:
            return _answer({"message": f"CSRF Failed: {forged}"}, 403)
        known = self._sessions.user(request)
        if not form and known is not None:
            return _answer({"success": True, "eventContext": self._context(known, "known")})
        lacking = [name for name in ("server", "username", "password") if not form.get(name)]
        if lacking:
            return _answer({"message": " ".join(f"{one.title()}: This field is required." for one in lacking)}, 403)
        user = self._accounts.find(form["username"], form["password"])
        if user is None:
            return _answer({"message": REFUSED}, 403)
        answer = _answer({})
        context = self._context(user, self._sessions.begin(user, answer))
        answer.body = json.dumps({"success": True, "eventContext": context}).encode()
        answer.headers["content-length"] = str(len(answer.body))
        return answer

    def _context(self, user: User, session: str) -> Json:
        """Return what the server says of somebody who is signed in."""
        first = next(one for one in self._accounts.groups if one[0] == user.groups[0])
        return {
            "sessionId": user.id,
            "sessionUuid": session,
            "userId": user.id,
            "userName": user.name,
            "groupId": first[0],
            "groupName": first[1],
            "isAdmin": False,
            "eventId": -1,
            "eventType": "User",
            "memberOfGroups": list(user.groups),
            "leaderOfGroups": [],
        }

    async def _groups(self, request: Request) -> Response:
        user = self._sessions.user(request)
        if user is None:
            return not_logged_in()
        member = user.groups if path_number(request, "id") == user.id else ()
        data = [experimenter_group() | {"@id": n, "Name": name} for n, name in self._accounts.groups if n in member]
        meta = {"offset": 0, "limit": 200, "maxLimit": 1000, "totalCount": len(data)}
        return _answer({"data": data, "meta": meta})

    async def _form(self, request: Request) -> Response:
        token = token_of(request)
        if request.method == "POST":
            form = await _fields(request)
            user = self._accounts.find(form.get("username", ""), form.get("password", ""))
            if forgery(request, form):
                return page("Forbidden", "CSRF verification failed.", 403)
            if user is not None:
                onwards = RedirectResponse(request.query_params.get("url", "/webclient/"), 302)
                self._sessions.begin(user, onwards)
                return onwards
        answer = Response(FORM.format(token), media_type="text/html")
        give_token(request, answer, token)
        return answer

    async def _logout(self, request: Request) -> Response:
        if request.method == "GET":
            return page("Log out", "Do you want to log out?")
        if forgery(request, await _fields(request)):
            return page("Forbidden", "CSRF verification failed.", 403)
        answer = RedirectResponse("/webclient/", 302)
        self._sessions.end(request, answer)
        return answer

    async def _ping(self, request: Request) -> Response:
        is_known = self._sessions.user(request) is not None or self._accounts.is_open
        return PlainTextResponse("OK") if is_known else to_login(request)


def not_logged_in() -> Response:
    """Return what the JSON API says to people who are not signed in."""
    return _answer({"message": "Not logged in"}, 403)


def to_login(request: Request) -> Response:
    """Return what web pages say to people who are not signed in."""
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{LOGIN}?url={quote(target, safe='')}", 302)


async def _fields(request: Request) -> dict[str, str]:
    body = (await request.body())[: 1 << 16]
    if "json" in request.headers.get("content-type", ""):
        try:
            document = json.loads(body or b"{}")
        except ValueError:
            return {}
        return {key: str(value) for key, value in document.items()} if isinstance(document, dict) else {}
    return dict(parse_qsl(body.decode("utf-8", "replace")))


def _answer(document: Json, status: int = 200) -> JSONResponse:
    return JSONResponse(document, status, VERSION_HEADER)
