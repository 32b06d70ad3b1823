"""JSON answers on disk: once without a question, then with one; and without the server."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from napari_idr.errors import AccessDenied, ProtocolError, ServerFailure, Unreachable
from napari_idr.remote.disk_cache import DiskCache
from napari_idr.remote.http import Http
from napari_idr.remote.kept_json import KeptJson
from napari_idr.remote.network_state import NetworkState
from patience import PATIENCE
from versioned_server import VersionedServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Asking:
    """A client that keeps its answers, and a next one over the same folder."""

    def __init__(self, server: VersionedServer, folder: Path) -> None:
        self.server, self._folder = server, folder
        self._open()

    def _open(self) -> None:
        self.cache, self.network = DiskCache(self._folder, 1 << 30), NetworkState()
        kept = KeptJson(self.cache, self.network)
        self._http = Http(connect_timeout=PATIENCE, read_timeout=PATIENCE, kept=kept)

    def next(self) -> None:
        self.close()
        self._open()

    def close(self) -> None:
        self._http.close()
        self.cache.close()

    def get(self, path: str = "a", *params: tuple[str, str]) -> Any:
        return self._http.get_json(f"{self.server.address}/{path}", params)


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Asking]:
    with VersionedServer({"a": b'{"n": 1}', "b": b"[1, 2]"}) as server:
        opened = Asking(server, tmp_path / "answers")
        yield opened
        opened.close()


def test_a_question_is_answered_from_disk_once_in_the_next_session(asking: Asking) -> None:
    assert asking.get() == {"n": 1}
    asking.next()
    asking.server.objects["a"] = b'{"n": 2}'
    asking.server.take_asked()
    assert asking.get() == {"n": 1}
    assert asking.server.take_asked() == []
    assert asking.get() == {"n": 2}  # who asks again wants to know


def test_order_of_parameters_does_not_matter(asking: Asking) -> None:
    asking.get("a", ("x", "1"), ("y", "2"))
    asking.next()
    asking.server.take_asked()
    asking.get("a", ("y", "2"), ("x", "1"))
    assert asking.server.take_asked() == []
    asking.get("a", ("y", "1"), ("x", "2"))
    assert len(asking.server.take_asked()) == 1


def test_old_answer_stands_in_for_a_server_that_is_off(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    asking.get()
    asking.next()
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 3 * 86_400)
    asking.server.switch_off()
    for _ in range(3):
        assert asking.get() == {"n": 1}
    assert asking.network.worst.status == "offline"
    with pytest.raises(Unreachable):
        asking.get("b")
    asking.server.switch_on()
    assert asking.get("b") == [1, 2]


def test_old_answer_stands_in_for_a_server_that_fails_and_not_for_one_that_refuses(asking: Asking) -> None:
    asking.get()
    asking.cache.distrust()
    asking.server.status = 500
    assert asking.get() == {"n": 1}
    asking.server.status = 403
    with pytest.raises(AccessDenied):
        asking.get()


@pytest.mark.parametrize("body", [b"<html>log in</html>", b'{"half": ', b"7", b""])
def test_what_is_no_json_is_not_kept(body: bytes, asking: Asking) -> None:
    asking.server.objects["a"] = body
    with pytest.raises(ProtocolError):
        asking.get()
    asking.next()
    asking.server.objects["a"] = b'{"n": 1}'
    assert asking.get() == {"n": 1}


def test_failures_are_not_kept(asking: Asking) -> None:
    asking.server.status = 500
    with pytest.raises(ServerFailure):
        asking.get()
    asking.server.status = 0
    asking.next()
    assert asking.get() == {"n": 1}


def test_questions_with_secrets_are_not_kept(asking: Asking) -> None:
    asking.get("a", ("bsession", "s3cret"))
    asking.close()
    assert asking.cache.usage().entries == 0
    assert not asking.cache.folder.exists()
