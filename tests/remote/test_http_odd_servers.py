"""Servers that redirect, ask for patience or drip, as a small handler of our own."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from napari_idr.errors import AccessDenied, ProtocolError, ServerFailure, TimedOut
from napari_idr.remote.http import USER_AGENT, Http

if TYPE_CHECKING:
    from collections.abc import Iterator


class OddHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: OddServer

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["User-Agent"]))
        getattr(self, f"_{self.path.strip('/').split('/')[0]}")()

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _private(self) -> None:
        self._answer(302, Location="/webclient/login/?url=%2Fprivate")

    def _webclient(self) -> None:
        self._answer(200, b"<html>log in</html>", Content_Type="text/html")

    def _moved(self) -> None:
        self._answer(302, Location="/apidocs/")

    def _apidocs(self) -> None:
        self._answer(200, b"<!DOCTYPE html><title>Swagger</title>", Content_Type="text/html; charset=utf-8")

    def _closed(self) -> None:
        self._answer(403)

    def _circle(self) -> None:
        self._answer(302, Location="/circle")

    def _busy(self) -> None:
        if len(self.server.asked) < 3:
            self._answer(503, Retry_After="0")
        else:
            self._answer(200, b'{"ready": true}')

    def _overloaded(self) -> None:
        self._answer(429, Retry_After="0")

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        while not self.server.over.wait(0.02):
            self.wfile.write(b" ")
            self.wfile.flush()

    def _text(self) -> None:
        self._answer(200, b"5", Content_Type="application/json")

    def _deep(self) -> None:
        self._answer(200, b"[" * 100_000)


class OddServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), OddHandler)
        self.asked: list[tuple[str, str]] = []
        self.over = threading.Event()

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what these tests are about."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


@pytest.fixture
def odd() -> Iterator[OddServer]:
    server = OddServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


def test_redirect_to_a_login_page_is_access_denied(odd: OddServer, http: Http) -> None:
    with pytest.raises(AccessDenied, match="login"):
        http.get_json(f"{odd.address}private")


def test_redirect_to_the_documentation_is_no_data(odd: OddServer, http: Http) -> None:
    with pytest.raises(ProtocolError, match="web page where data were due"):
        http.get_json(f"{odd.address}moved")


def test_refusal_without_a_word_is_access_denied(odd: OddServer, http: Http) -> None:
    with pytest.raises(AccessDenied) as caught:
        http.get_json(f"{odd.address}closed")
    assert caught.value.on == f"{odd.address}closed"
    assert caught.value.hint


def test_redirects_in_a_circle_end(odd: OddServer, http: Http) -> None:
    with pytest.raises(ProtocolError, match="circle"):
        http.get_json(f"{odd.address}circle")
    assert len(odd.asked) <= 7


def test_busy_server_is_asked_again(odd: OddServer, http: Http) -> None:
    assert http.get_json(f"{odd.address}busy") == {"ready": True}
    assert len(odd.asked) == 3


def test_patience_ends(odd: OddServer, http: Http) -> None:
    with pytest.raises(ServerFailure, match="wait"):
        http.get_json(f"{odd.address}overloaded")
    assert len(odd.asked) == 4


def test_answer_that_never_ends_is_given_up(odd: OddServer) -> None:
    client = Http(connect_timeout=1, read_timeout=0.1)
    with pytest.raises(TimedOut, match="did not finish"):
        client.get_json(f"{odd.address}drip")
    client.close()


@pytest.mark.parametrize("path", ["text", "deep"])
def test_json_that_is_no_data_is_refused(path: str, odd: OddServer, http: Http) -> None:
    with pytest.raises(ProtocolError):
        http.get_json(f"{odd.address}{path}")


def test_we_say_who_we_are(odd: OddServer, http: Http) -> None:
    http.get_json(f"{odd.address}busy")
    assert {agent for _, agent in odd.asked} == {USER_AGENT}
    assert "napari-idr/" in USER_AGENT
