"""A slower, narrower or broken line: latency, bandwidth, faults and a log of requests around any ASGI app.

Every request waits ``latency_ms`` before its first byte; the bodies of all answers share one token bucket.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .faults import Faults

TURN = 32 << 10
"""Bytes an answer may send before the others get their turn."""
BURST = 0.002
"""Seconds of unused line that may be caught up."""
LATE = 0.05
"""Seconds by which a busy machine may be late to hand over what it has: the line has carried that meanwhile."""
REMEMBERED = 100_000
"""Requests kept in the log."""


@dataclass(slots=True)
class LoggedRequest:
    """One request and what became of it."""

    method: str
    path: str
    query: str
    range: str
    start: float
    """Seconds since the epoch."""
    status: int = 0
    """0 until answered."""
    bytes: int = 0
    """Bytes of the body that were sent."""
    seconds: float = 0.0


@dataclass(slots=True)
class Line:
    """The shared line: what it costs to use it, and who did."""

    latency_ms: float = 0
    bandwidth_mbit: float = 0
    """0: unlimited."""
    log: deque[LoggedRequest] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _free_at: float = 0.0
    _sending: int = 0

    @contextmanager
    def body(self) -> Iterator[None]:
        """Send the body of an answer, in turns with others."""
        if not self._sending:
            self._free_at = max(time.perf_counter() - BURST, self._free_at)
        self._sending += 1
        try:
            yield
        finally:
            self._sending -= 1

    async def turn(self, count: int) -> None:
        """Wait until the line has carried ``count`` more bytes."""
        now = time.perf_counter()
        self._free_at = max(now - LATE, self._free_at) + count * 8 / (self.bandwidth_mbit * 1e6)
        if self._free_at > now:
            await asyncio.sleep(self._free_at - now)

    def as_json(self) -> dict[str, Any]:
        """Return the log in order of arrival, as ``/__requests`` gives it."""
        return {"requests": [asdict(one) for one in self.log]}


class ShapedApp:
    """An ASGI app behind a line, with the faults that tests ask for."""

    def __init__(self, app: ASGIApp, line: Line, faults: Faults | None = None) -> None:
        self._app, self._line, self._faults = app, line, faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; only HTTP is shaped."""
        if scope["type"] != "http" or scope["path"].startswith("/__"):
            await self._app(scope, receive, send)
            return
        request = _logged(scope)
        self._line.log.append(request)
        began = time.perf_counter()
        try:
            await asyncio.sleep(self._line.latency_ms / 1000)
            await self._answer(scope, receive, _Sender(send, receive, self._line, request))
        finally:
            request.seconds = time.perf_counter() - began

    async def _answer(self, scope: Scope, receive: Receive, send: _Sender) -> None:
        fault = self._faults.take(scope) if self._faults else None
        try:
            if fault is None:
                await self._app(scope, receive, send)
            else:
                await fault(self._app, scope, receive, send)
        except _Gone:
            pass  # the client went away: nobody is left to answer
        finally:
            await send.close()


class _Gone(Exception):
    """The client has closed the connection."""


class _Sender:
    """Sends an answer over the line; counts what was sent and stops when the client has gone."""

    def __init__(self, send: Send, receive: Receive, line: Line, request: LoggedRequest) -> None:
        self._send, self._receive, self._line, self._request = send, receive, line, request
        self._gone: asyncio.Task[None] | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._request.status = message["status"]
            await self._send(message)
        elif message["type"] == "http.response.body" and self._line.bandwidth_mbit:
            await self._send_in_turns(message)
        else:
            self._request.bytes += len(message.get("body", b""))
            await self._send(message)

    async def close(self) -> None:
        """Stop watching the connection."""
        if self._gone is not None:
            self._gone.cancel()
            with suppress(asyncio.CancelledError):
                await self._gone

    async def _send_in_turns(self, message: Message) -> None:
        if self._gone is None:
            self._gone = asyncio.ensure_future(wait_until_gone(self._receive))
        body, more = memoryview(message.get("body", b"")), message.get("more_body", False)
        with self._line.body():
            for start in range(0, len(body), TURN):
                part = body[start : start + TURN]
                await self._line.turn(len(part))
                if self._gone.done():
                    raise _Gone
                self._request.bytes += len(part)
                is_last = start + TURN >= len(body)
                await self._send({"type": "http.response.body", "body": bytes(part), "more_body": more or not is_last})
        if not len(body):
            await self._send(message)


async def wait_until_gone(receive: Receive) -> None:
    """Return when the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _logged(scope: Scope) -> LoggedRequest:
    ranges = [value.decode("latin-1") for name, value in scope["headers"] if name == b"range"]
    return LoggedRequest(
        scope["method"],
        scope["path"],
        scope["query_string"].decode("latin-1"),
        "".join(ranges[:1]),
        time.time(),
    )
