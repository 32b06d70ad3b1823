"""Objects over HTTP whose versions change, and a server that can be switched off and on again at one address."""

from __future__ import annotations

import email.utils
import hashlib
import http.server
import re
import threading
from dataclasses import dataclass, field
from typing import Literal

Says = Literal["e_tag", "modified", "nothing", "same e_tag"]


@dataclass
class VersionedServer:
    """``with VersionedServer() as server``: what lies in ``objects`` is below ``server.address``."""

    objects: dict[str, bytes] = field(default_factory=dict)
    says: Says = "e_tag"
    """What tells versions apart; ``same e_tag`` is a server that gives all of them one."""
    modified: float = 1_000_000_000.0
    cache_control: str = ""
    status: int = 0
    """Status of every answer, where not 0."""
    asked: list[tuple[str, int]] = field(default_factory=list)
    """(path, status) of each request."""
    port: int = 0

    def __enter__(self) -> VersionedServer:
        self.switch_on()
        return self

    def __exit__(self, *_: object) -> None:
        self.switch_off()

    def switch_on(self) -> None:
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def switch_off(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def take_asked(self) -> list[tuple[str, int]]:
        """Return what was asked since the last call."""
        asked, self.asked = self.asked, []
        return asked


def _handler(served: VersionedServer) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        # A connection each: one that is kept open would outlive the server that was switched off.
        protocol_version = "HTTP/1.0"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            path = self.path.partition("?")[0].lstrip("/")
            data = served.objects.get(path)
            if served.status:
                self._answer(path, served.status, b"")
            elif data is None:
                self._answer(path, 404, b"no such key")
            elif self._is_known(data):
                self._answer(path, 304, b"", self._version(data))
            else:
                self._send(path, data)

        def _send(self, path: str, data: bytes) -> None:
            asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range") or "")
            if asked is None:
                self._answer(path, 200, data, self._version(data))
                return
            first, last = asked.groups()
            start = int(first) if first else max(0, len(data) - int(last))
            stop = min(int(last) + 1, len(data)) if first and last else len(data)
            place = {"Content-Range": f"bytes {start}-{stop - 1}/{len(data)}"}
            self._answer(path, 206, data[start:stop], {**self._version(data), **place})

        def _is_known(self, data: bytes) -> bool:
            version = self._version(data)
            if "ETag" in version:
                return self.headers.get("If-None-Match") == version["ETag"]
            since = self.headers.get("If-Modified-Since")
            if since is None or "Last-Modified" not in version:
                return False
            return email.utils.parsedate_to_datetime(since).timestamp() >= served.modified

        def _version(self, data: bytes) -> dict[str, str]:
            if served.says == "modified":
                return {"Last-Modified": email.utils.formatdate(served.modified, usegmt=True)}
            tag = "always" if served.says == "same e_tag" else hashlib.sha256(data).hexdigest()
            return {} if served.says == "nothing" else {"ETag": f'"{tag}"'}

        def _answer(self, path: str, status: int, body: bytes, more: dict[str, str] | None = None) -> None:
            served.asked.append((path, status))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if served.cache_control:
                self.send_header("Cache-Control", served.cache_control)
            for name, value in (more or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    return Handler
