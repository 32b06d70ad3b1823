"""A folder over HTTP as an object store serves it, with faults a test can put into single paths."""

from __future__ import annotations

import http.server
import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class FolderServer:
    """``with FolderServer(folder) as server``: files below ``server.address``, requests in ``server.requests``."""

    root: Path
    faults: dict[str, str] = field(default_factory=dict)
    """End of a path -> status as text, or ``truncate``, ``hang``, ``html``, ``norange``, ``nolength``, ``excess``
    (ten bytes more than the length says), ``lying`` (a part is shorter than the range it is said to be)."""
    missing: int = 404
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    """(path with query as it came, Range header) of each request."""
    headers: list[dict[str, str]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    """Set when requests that hang may end."""

    def __enter__(self) -> FolderServer:
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
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
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def paths(self) -> list[str]:
        return sorted(path for path, _ in self.requests)

    def fault_of(self, path: str) -> str:
        return next((fault for end, fault in self.faults.items() if path.endswith(end)), "")


def _handler(served: FolderServer) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            served.requests.append((self.path, self.headers.get("Range")))
            served.headers.append(dict(self.headers))
            path = unquote(self.path.partition("?")[0]).lstrip("/")
            fault = served.fault_of(path)
            file = served.root / path
            if fault == "hang":
                served.released.wait()
                self.close_connection = True
            elif fault.isdigit():
                self._answer(int(fault), b"<html>it failed</html>")
            elif fault == "html":
                self._answer(200, b"<!doctype html><html>welcome</html>")
            elif fault == "nolength":
                self._answer(200, b"5\r\nhello\r\n0\r\n\r\n", {"Transfer-Encoding": "chunked"})
            elif not file.is_file():
                self._answer(served.missing, b"no such key")
            else:
                self._send_file(file.read_bytes(), fault)

        def _send_file(self, data: bytes, fault: str) -> None:
            asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range") or "")
            if asked and fault != "norange":
                start, stop = _bounds(asked[1], asked[2], len(data))
                more = {"Content-Range": f"bytes {start}-{stop - 1}/{len(data)}"}
                self._answer(206, data[start : stop - 5 if fault == "lying" else stop], more)
            elif fault == "truncate":
                self._answer(200, data, cut=True)
            elif fault == "excess":
                self._answer(200, data[:-10])
                self.wfile.write(data[-10:])
            else:
                self._answer(200, data)

        def _answer(self, status: int, body: bytes, more: dict[str, str] | None = None, *, cut: bool = False) -> None:
            self.send_response(status)
            if "Transfer-Encoding" not in (more or {}):
                self.send_header("Content-Length", str(len(body)))
            for name, value in (more or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if cut else body)
            self.wfile.flush()
            self.close_connection = cut

    return Handler


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(int(last) + 1, size) if last else size
