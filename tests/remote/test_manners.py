"""How a server is treated: it knows whom to ask, is never asked for much at once, and gets time to recover."""

from __future__ import annotations

import itertools
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from napari_idr.remote.http import CONNECTIONS_PER_HOST, USER_AGENT, Http

if TYPE_CHECKING:
    from collections.abc import Iterator


class CountingHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: CountingServer

    def do_GET(self) -> None:
        self.server.asked.append((self.path, time.monotonic()))
        with self.server.lock:
            self.server.now += 1
            self.server.most = max(self.server.most, self.server.now)
        self.server.all_there.wait(0.2)
        with self.server.lock:
            self.server.now -= 1
        self._answer(503 if self.path.startswith("/busy") and len(self.server.asked) < 4 else 200)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


class CountingServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), CountingHandler)
        self.asked: list[tuple[str, float]] = []
        self.lock, self.all_there = threading.Lock(), threading.Event()
        self.now = self.most = 0


@pytest.fixture
def counting() -> Iterator[CountingServer]:
    server = CountingServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_we_can_be_asked_back() -> None:
    assert "(+https://" in USER_AGENT


def test_a_host_is_asked_for_four_things_at_once_whoever_asks(counting: CountingServer, http: Http) -> None:
    address = f"http://127.0.0.1:{counting.server_port}/"
    alone = [threading.Thread(target=http.get_json, args=(f"{address}alone/{n}",)) for n in range(4)]
    for thread in alone:
        thread.start()
    answers = list(http.get_json_many([(f"{address}{n}", ()) for n in range(12)]))
    for thread in alone:
        thread.join()
    assert (len(answers), len(counting.asked)) == (12, 16)
    assert counting.most == CONNECTIONS_PER_HOST == 4


def test_pauses_grow_where_a_busy_server_names_none(counting: CountingServer, http: Http) -> None:
    counting.all_there.set()
    assert http.get_json(f"http://127.0.0.1:{counting.server_port}/busy") == {}
    times = [when for _, when in counting.asked]
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert len(pauses) == 3
    assert pauses[0] < pauses[1] < pauses[2]
