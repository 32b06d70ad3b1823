"""A folder over HTTP/1.1 on a line of chosen latency and bandwidth, with an exact account of what was asked and sent.

``python benchmarks/shaped_server.py FOLDER [--port 0]`` prints its address and serves until its standard input ends.
Every request waits one latency before its first byte; the bodies of all answers share one line, in turns of 32 KiB.
Neither delayed nor counted are the control paths:

============================================ ===========================================================
``/__shape?latency=50&bandwidth=100``        milliseconds, and Mbit/s (0: as fast as it goes)
``/__log``                                   every request since the last reset, as of :class:`Asked`
``/__reset``                                 forget the log
``/__busy``                                  the number of requests under way
============================================ ===========================================================

It is not the product's own server, so that a change to that one cannot change what is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

TURN = 32 << 10
"""Bytes an answer sends before the others get their turn."""
BURST = 0.002
"""Seconds of unused line that may be caught up."""
WORDS = {
    200: "OK",
    206: "Partial Content",
    304: "Not Modified",
    404: "Not Found",
    405: "Method Not Allowed",
    416: "Range Not Satisfiable",
}


@dataclass(slots=True)
class Asked:
    """One request, and what was sent for it."""

    path: str
    range: str
    connection: int
    at: float
    """Seconds of the machine's monotonic clock, the same in every process."""
    status: int = 0
    sent: list[tuple[float, int]] = field(default_factory=list)
    """When how many bytes of the body went out, turn by turn."""
    done: float = 0.0


@dataclass(slots=True)
class Line:
    """The line that all answers share."""

    latency: float = 0.0
    bandwidth: float = 0.0
    free_at: float = 0.0
    busy: int = 0
    log: list[Asked] = field(default_factory=list)

    async def carry(self, count: int) -> None:
        """Wait until the line has carried that many more bytes."""
        if not self.bandwidth:
            return
        now = time.monotonic()
        self.free_at = max(now - BURST, self.free_at) + count * 8 / (self.bandwidth * 1e6)
        if self.free_at > now:
            await asyncio.sleep(self.free_at - now)

    def control(self, target: str) -> Any:
        """Do what a control path says; return its answer."""
        parts = urlsplit(target)
        if parts.path == "/__log":
            return [asdict(one) for one in self.log]
        if parts.path == "/__reset":
            self.log = []
        elif parts.path == "/__shape":
            asked = dict(parse_qsl(parts.query))
            self.latency, self.bandwidth = float(asked["latency"]), float(asked["bandwidth"])
            self.free_at = 0.0
        return self.busy


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent for a request."""

    status: int
    body: bytes = b""
    extra: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request."""

    method: str
    target: str
    fields: dict[str, str]

    @classmethod
    def parse(cls, head: str) -> Request:
        """Return the request of a head."""
        first, *rest = head.split("\r\n")
        method, target, _ = first.split(" ", 2)
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        return cls(method, target, fields)


class Connection(asyncio.Protocol):
    """One connection: answers its requests one after the other, and stops at once when the client goes."""

    opened = 0

    def __init__(self, root: Path, line: Line) -> None:
        self._root, self._line = root, line
        self._received = b""
        self._waiting: deque[Request] = deque()
        self._task: asyncio.Task[None] | None = None
        self._room = asyncio.Event()
        self._room.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take note of a new connection."""
        Connection.opened += 1
        self._number, self._transport = Connection.opened, transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop answering: nobody listens."""
        self._room.set()
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        """Send nothing more for now."""
        self._room.clear()

    def resume_writing(self) -> None:
        """Go on sending."""
        self._room.set()

    def data_received(self, data: bytes) -> None:
        """Answer the requests that are complete, one after the other."""
        *heads, self._received = (self._received + data).split(b"\r\n\r\n")
        self._waiting.extend(Request.parse(head.decode("latin-1")) for head in heads)
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._serve())

    async def _serve(self) -> None:
        while self._waiting:
            request = self._waiting.popleft()
            if request.target.startswith("/__"):
                answer = Answer(200, json.dumps(self._line.control(request.target)).encode())
                self._transport.write(head_of(answer) + answer.body)
            else:
                await self._answer(request)

    async def _answer(self, request: Request) -> None:
        path = unquote(urlsplit(request.target).path)
        asked = Asked(path, request.fields.get("range", ""), self._number, time.monotonic())
        self._line.log.append(asked)
        self._line.busy += 1
        try:
            await asyncio.sleep(self._line.latency / 1000)
            answer = look_up(self._root, path, request)
            asked.status = answer.status
            self._transport.write(head_of(answer))
            await self._send(answer.body if request.method == "GET" else b"", asked)
        finally:
            self._line.busy -= 1
            asked.done = time.monotonic()

    async def _send(self, body: bytes, asked: Asked) -> None:
        turn = TURN if self._line.bandwidth else len(body) or 1
        for start in range(0, len(body), turn):
            part = memoryview(body)[start : start + turn]
            await self._line.carry(len(part))
            await self._room.wait()
            self._transport.write(part)
            asked.sent.append((time.monotonic(), len(part)))


def head_of(answer: Answer) -> bytes:
    """Return status line and header."""
    lines = f"HTTP/1.1 {answer.status} {WORDS[answer.status]}\r\nContent-Length: {len(answer.body)}\r\n"
    return f"{lines}Accept-Ranges: bytes\r\n{answer.extra}\r\n".encode()


def look_up(root: Path, path: str, request: Request) -> Answer:
    """Return a file, or part of it; folders, and what is outside of the root, are not there."""
    if request.method not in ("GET", "HEAD"):
        return Answer(405)
    file = (root / path.lstrip("/")).resolve()
    if not file.is_relative_to(root) or not file.is_file():
        return Answer(404, b"not found\n")
    about = file.stat()
    tag = f'"{about.st_size:x}-{about.st_mtime_ns:x}"'
    if request.fields.get("if-none-match") == tag:
        return Answer(304, extra=f"ETag: {tag}\r\n")
    return part_of(file.read_bytes(), request.fields.get("range", ""), f"ETag: {tag}\r\n")


def part_of(content: bytes, wanted: str, extra: str) -> Answer:
    """Return a whole file, or the single range of it that is wanted."""
    unit, _, ends = wanted.partition("=")
    if unit != "bytes" or "," in ends:
        return Answer(200, content, extra)
    size = len(content)
    first, _, last = ends.partition("-")
    start = int(first) if first else max(0, size - int(last))
    stop = min(int(last) + 1, size) if first and last else size
    if start >= stop:
        return Answer(416, extra=f"Content-Range: bytes */{size}\r\n")
    return Answer(206, content[start:stop], f"{extra}Content-Range: bytes {start}-{stop - 1}/{size}\r\n")


async def serve(root: Path, port: int) -> None:
    """Serve until standard input ends."""
    line, loop, ended = Line(), asyncio.get_running_loop(), asyncio.Event()
    server = await loop.create_server(lambda: Connection(root, line), "127.0.0.1", port, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)

    def wait_for_end() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=wait_for_end, daemon=True).start()
    await ended.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0)
    chosen = parser.parse_args()
    asyncio.run(serve(chosen.folder.resolve(), chosen.port))
