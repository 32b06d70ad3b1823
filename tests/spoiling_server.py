"""A server in front of another, which changes answers on their way: real ones with one thing wrong."""

from __future__ import annotations

import http.client
import http.server
import json
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

Spoil = Callable[[bytes], bytes]
STALL = b"stalls"
"""In place of a body: half of the real one is sent, and nothing after it."""


class SpoilingServer:
    """``with SpoilingServer(address) as server``: the same things below ``server.address``, as far as not spoiled."""

    def __init__(self, behind: str) -> None:
        self._behind = urlsplit(behind).netloc
        self._rules: list[tuple[str, Spoil]] = []
        self.released = threading.Event()
        """Set when answers that stall may end."""

    def __enter__(self) -> SpoilingServer:
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, self._behind))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/"

    def spoil(self, match: str, change: Spoil) -> None:
        """Change the bodies of all answers to addresses that contain a text."""
        self._rules.append((match, change))

    def spoil_json(self, match: str, change: Callable[[Any], Any]) -> None:
        """Change the documents of all answers to addresses that contain a text; ``change`` returns the new one."""
        self.spoil(match, lambda body: json.dumps(change(json.loads(body))).encode())

    def stall(self, match: str) -> None:
        """Let answers to addresses that contain a text stop after their first half, for good."""
        self.spoil(match, lambda _: STALL)

    def mend(self) -> None:
        """Spoil nothing any more."""
        self._rules.clear()

    def change_of(self, path: str) -> Spoil | None:
        return next((change for match, change in self._rules if match in path), None)


def _handler(spoiling: SpoilingServer, behind: str) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            status, kind, body = self._ask()
            change = spoiling.change_of(self.path) if status < 300 else None
            spoiled = change(body) if change is not None else body
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body if spoiled is STALL else spoiled)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if spoiled is STALL else spoiled)
            self.wfile.flush()
            if spoiled is STALL:
                spoiling.released.wait()
                self.close_connection = True

        def _ask(self) -> tuple[int, str, bytes]:
            connection = http.client.HTTPConnection(behind)
            try:
                # The answers name our address, not that of the server behind.
                connection.request("GET", self.path, headers={"Host": self.headers["Host"]})
                answer = connection.getresponse()
                return answer.status, answer.headers.get("Content-Type", ""), answer.read()
            finally:
                connection.close()

    return Handler
