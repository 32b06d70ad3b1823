"""Who sees what: every request goes to the views of the groups that its session may see, or to a login."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from .login_views import not_logged_in, to_login
from .objects import RIGHTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from .accounts import Accounts
    from .sessions import Sessions

FOR_EVERYBODY = (
    "/__",
    "/api/v0/token/",
    "/api/v0/servers/",
    "/api/v0/login/",
    "/api/v0/m/experimenters/",
    "/webclient/login/",
    "/webclient/logout/",
    "/webclient/keepalive_ping/",
)
SILENT = ("/zarr/", "/webgateway/render_")
"""What the services beside OMERO.web answer: 403 without a word."""
LISTS = ("/api/v0/m/screens/", "/api/v0/m/projects/")
"""Where ``group`` chooses among the groups one may see."""


class Gate:
    """An ASGI app in front of one app for each set of groups that somebody sees.

    Parameters
    ----------
    accounts, sessions
        Who may see what, and who is signed in.
    everybody
        The app of what needs no session.
    build
        Makes the app that shows what some groups have.
    """

    def __init__(
        self, accounts: Accounts, sessions: Sessions, everybody: ASGIApp, build: Callable[[frozenset[int]], ASGIApp]
    ) -> None:
        self._accounts, self._sessions, self._everybody, self._build = accounts, sessions, everybody, build
        self._apps: dict[frozenset[int], ASGIApp] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._choose(scope)(scope, receive, send)

    def _choose(self, scope: Scope) -> ASGIApp:
        if scope["type"] != "http" or scope["path"].startswith(FOR_EVERYBODY) or scope["path"] in ("/api/", "/api/v0/"):
            return self._everybody
        request = Request(scope)
        user = self._sessions.user(request)
        if user is None and not self._accounts.is_open:
            return _refusal(request)
        RIGHTS.set(user is not None and user.may_annotate)
        groups = self._accounts.visible(user)
        asked = request.query_params.get("group", "")
        if asked.isdecimal() and request.url.path in LISTS:
            groups &= {int(asked)}
        if groups not in self._apps:
            self._apps[groups] = self._build(groups)
        return self._apps[groups]


def _refusal(request: Request) -> Response:
    path = request.url.path
    if path.startswith("/api/v0/"):
        return not_logged_in()
    if path.startswith(SILENT) or request.headers.get("x-requested-with") == "XMLHttpRequest":
        return Response(status_code=403)
    return to_login(request)
