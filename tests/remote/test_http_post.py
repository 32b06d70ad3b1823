"""Questions that are documents: sent as JSON, not repeated, failures in our words."""

from __future__ import annotations

import http.server
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from napari_idr.errors import AccessDenied, NapariIdrError, NotFound, ProtocolError, ServerFailure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.remote.http import Http


class Answering:
    """Answers each POST with the status and body that are set, and remembers what was asked."""

    def __init__(self) -> None:
        self.status, self.body, self.asked = 200, b"{}", []  # type: ignore[var-annotated]
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self.server.server_port}/"

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        answering = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answering.asked.append((self.path, dict(self.headers), body))
                self.send_response(answering.status)
                self.send_header("Content-Length", str(len(answering.body)))
                self.end_headers()
                self.wfile.write(answering.body)

        return Handler


@pytest.fixture
def answering() -> Iterator[Answering]:
    one = Answering()
    thread = threading.Thread(target=one.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield one
    one.server.shutdown()
    thread.join()
    one.server.server_close()


def test_a_question_is_json_from_somebody_who_can_be_asked_back(answering: Answering, http: Http) -> None:
    answering.body = b'{"found": 1}'
    question: dict[str, Any] = {"value": '\u05e9 "q" \U0001f9ec'}
    assert http.post_json(f"{answering.address}submit/", question, [("data_source", "idr")]) == {"found": 1}
    ((path, headers, body),) = answering.asked
    assert path == "/submit/?data_source=idr"
    assert json.loads(body) == question
    assert headers["Content-Type"] == "application/json"
    assert "+https://" in headers["User-Agent"]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, b"", ServerFailure),
        (503, b"", ServerFailure),
        (403, b"", AccessDenied),
        (404, b"<html>no</html>", NotFound),
        (200, b"<html>log in</html>", ProtocolError),
        (200, b"", ProtocolError),
        (200, b"null", ProtocolError),
    ],
)
def test_a_failure_is_one_sentence_and_nothing_is_sent_twice(
    status: int, body: bytes, error: type[NapariIdrError], answering: Answering, http: Http
) -> None:
    answering.status, answering.body = status, body
    with pytest.raises(error) as caught:
        http.post_json(answering.address, {})
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    assert len(answering.asked) == 1
