"""Answers that go wrong on request, for tests of what a client makes of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from starlette.responses import HTMLResponse, PlainTextResponse

from .shaping import wait_until_gone

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

FaultKind = Literal["status500", "status403", "status404", "html", "truncate", "hang", "short"]
Fault = Callable[["ASGIApp", "Scope", "Receive", "Send"], Awaitable[None]]
KINDS: tuple[str, ...] = get_args(FaultKind)
PAGE = "<!DOCTYPE html><html><head><title>Log in</title></head><body>Please log in.</body></html>"


@dataclass(slots=True)
class _Ordered:
    match: str
    kind: FaultKind
    times: int


class Faults:
    """Faults that are ordered; each befalls the requests whose path and query contain a text."""

    def __init__(self) -> None:
        self._ordered: list[_Ordered] = []

    def order(self, match: str, kind: FaultKind, times: int) -> None:
        """Let the next ``times`` matching requests go wrong."""
        self._ordered.append(_Ordered(match, kind, times))

    def clear(self) -> None:
        """Forget all faults."""
        self._ordered.clear()

    def take(self, scope: Scope) -> Fault | None:
        """Return the fault that befalls this request, None where it is answered rightly."""
        target = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
        for one in self._ordered:
            if one.times > 0 and one.match in target:
                one.times -= 1
                return ANSWERS[one.kind]
        return None


def _fail(status: int) -> Fault:
    async def answer(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("ordered fault", status_code=status)(scope, receive, send)

    return answer


async def _html(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await HTMLResponse(PAGE)(scope, receive, send)


async def _hang(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await wait_until_gone(receive)


async def _truncate(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Promise the whole body and return after half of it: the server then cuts the connection."""
    start, body = await _rehearse(app, scope, receive)
    await send(start)
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})


async def _short(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Send half of the body as if it were all."""
    start, body = await _rehearse(app, scope, receive)
    body = body[: len(body) // 2]
    kept = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
    await send({**start, "headers": [*kept, (b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})


async def _rehearse(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    """Return what the app would have answered."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    return messages[0], b"".join(message.get("body", b"") for message in messages[1:])


ANSWERS: dict[FaultKind, Fault] = {
    "status500": _fail(500),
    "status403": _fail(403),
    "status404": _fail(404),
    "html": _html,
    "hang": _hang,
    "truncate": _truncate,
    "short": _short,
}
