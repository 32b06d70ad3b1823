"""Answers that go wrong on request, for tests of what a client makes of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from starlette.responses import HTMLResponse, PlainTextResponse

from .shaping import wait_until_gone

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

FaultKind = Literal[
    "status500",
    "status502",
    "status504",
    "status403",
    "status404",
    "status429",
    "status503",
    "forbid",
    "html",
    "truncate",
    "short",
    "byte",
    "empty",
    "overlong",
    "range",
    "whole",
    "hang",
]
"""``forbid``: 403 for what is absent. ``truncate``: the connection is cut after half of the body. ``short``, ``byte``:
half of the body is missing, or its last byte. ``empty``: no body. ``overlong``: more is promised than there is.
``range``: another part of the file than was asked for. ``whole``: all of it where a part was asked for."""

Fault = Callable[["ASGIApp", "Scope", "Receive", "Send"], Awaitable[None]]
KINDS: tuple[str, ...] = get_args(FaultKind)
PAGE = "<!DOCTYPE html><html><head><title>Log in</title></head><body>Please log in.</body></html>"


@dataclass(slots=True)
class Ordered:
    """A fault, and whom it befalls."""

    match: str
    """In the path and query of a request."""
    kind: FaultKind
    times: int = 1
    """How often."""
    every: int = 1
    """It befalls the n-th, the 2n-th … matching request, in the order of arrival. From 2 on a request that it befell
    is answered and not counted when it is repeated: whether it were hit again would be chance."""
    retry_after: str = ""
    """Header of ``status429`` and ``status503``, as it is sent; none where empty."""
    seen: int = 0
    """Matching requests so far."""
    befallen: set[str] = field(default_factory=set)
    """Requests that went wrong."""

    def befalls(self, target: str) -> bool:
        """Whether the request at hand goes wrong; counts it."""
        if self.times <= 0 or self.match not in target or (self.every > 1 and target in self.befallen):
            return False
        self.seen += 1
        if self.seen % self.every:
            return False
        self.times -= 1
        self.befallen.add(target)
        return True


class Faults:
    """Faults that are ordered; the first that befalls a request answers it."""

    def __init__(self) -> None:
        self._ordered: list[Ordered] = []

    def order(self, fault: Ordered) -> None:
        """Let matching requests go wrong from now on."""
        self._ordered.append(fault)

    def clear(self) -> None:
        """Forget all faults."""
        self._ordered.clear()

    def take(self, scope: Scope) -> Fault | None:
        """Return the fault that befalls this request, None where it is answered rightly."""
        target = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
        for one in self._ordered:
            if one.befalls(target):
                return _busy(one) if one.kind in ("status429", "status503") else ANSWERS[one.kind]
        return None


def _fail(status: int) -> Fault:
    async def answer(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("ordered fault", status_code=status)(scope, receive, send)

    return answer


def _busy(ordered: Ordered) -> Fault:
    headers = {"retry-after": ordered.retry_after} if ordered.retry_after else None

    async def answer(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        response = PlainTextResponse("ordered fault", int(ordered.kind.removeprefix("status")), headers)
        await response(scope, receive, send)

    return answer


async def _forbid(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    start, body = await _rehearse(app, scope, receive)
    if start["status"] == 404:
        start = {**start, "status": 403}
    await send(start)
    await send({"type": "http.response.body", "body": body})


async def _html(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await HTMLResponse(PAGE)(scope, receive, send)


async def _hang(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await wait_until_gone(receive)


async def _truncate(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Promise the whole body and return after half of it: the server then cuts the connection."""
    start, body = await _rehearse(app, scope, receive)
    await send(start)
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})


def _shorter(keep: Callable[[int], int]) -> Fault:
    """Send the beginning of the body as if it were all."""

    async def answer(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        start, body = await _rehearse(app, scope, receive)
        body = body[: keep(len(body))]
        await send(_with_length(start, len(body)))
        await send({"type": "http.response.body", "body": body})

    return answer


async def _overlong(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Send the whole body and promise more: the server then cuts the connection."""
    start, body = await _rehearse(app, scope, receive)
    await send(_with_length(start, len(body) + 100))
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _range(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer for the first bytes of the file, whatever was asked for; rightly where no part was."""
    asked = [value for name, value in scope["headers"] if name == b"range"]
    if asked:
        others = [(name, value) for name, value in scope["headers"] if name != b"range"]
        scope = {**scope, "headers": [*others, (b"range", b"bytes=0-0")]}
    await app(scope, receive, send)


async def _whole(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    headers = [(name, value) for name, value in scope["headers"] if name != b"range"]
    await app({**scope, "headers": headers}, receive, send)


def _with_length(start: Message, length: int) -> Message:
    kept = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
    return {**start, "headers": [*kept, (b"content-length", str(length).encode())]}


async def _rehearse(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    """Return what the app would have answered."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    return messages[0], b"".join(message.get("body", b"") for message in messages[1:])


ANSWERS: dict[FaultKind, Fault] = {
    "status500": _fail(500),
    "status502": _fail(502),
    "status504": _fail(504),
    "status403": _fail(403),
    "status404": _fail(404),
    "forbid": _forbid,
    "html": _html,
    "truncate": _truncate,
    "short": _shorter(lambda length: length // 2),
    "byte": _shorter(lambda length: max(0, length - 1)),
    "empty": _shorter(lambda length: 0),
    "overlong": _overlong,
    "range": _range,
    "whole": _whole,
    "hang": _hang,
}
