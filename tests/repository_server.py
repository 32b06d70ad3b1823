"""The embedded server over small content, for tests that talk to a repository."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from napari_idr.remote.http import Http
from patience import PATIENCE, answer_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Served:
    """A running embedded server: its address, what it was asked, and what goes wrong next."""

    def __init__(self, address: str) -> None:
        self.address = address

    def fail(self, match: str, kind: str, times: int = 1) -> None:
        """Let the next requests that contain a text go wrong."""
        self._post(f"__fault?match={match}&kind={kind}&times={times}")

    def requests(self) -> list[str]:
        """Paths with queries asked for since the last reset, in order."""
        with urllib.request.urlopen(f"{self.address}__requests") as answer:
            asked: list[dict[str, Any]] = json.load(answer)["requests"]
        return [f"{one['path']}?{one['query']}".rstrip("?") for one in asked]

    def reset(self) -> None:
        """Forget what was asked."""
        self._post("__requests/reset")

    def expire(self) -> None:
        """Let every session end, as after ten idle minutes."""
        self._post("__expire")

    def mend(self) -> None:
        """Let nothing go wrong any more."""
        self._post("__fault", "DELETE")

    def _post(self, path: str, method: str = "POST") -> None:
        urllib.request.urlopen(urllib.request.Request(f"{self.address}{path}", method=method)).close()


@pytest.fixture(scope="session")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    from napari_idr.demo.content import ContentSize, ensure_content
    from napari_idr.demo.server import EmbeddedServer

    root = ensure_content(tmp_path_factory.mktemp("content"), size=ContentSize.small())
    with EmbeddedServer(root, faults=True) as server:
        yield Served(server.address)


@pytest.fixture
def served(_server: Served) -> Iterator[Served]:
    """The embedded server, with nothing asked of it yet and no fault left over."""
    _server.reset()
    yield _server
    _server.mend()


@pytest.fixture
def http(request: pytest.FixtureRequest) -> Iterator[Http]:
    """A client that does not wait long where the server hangs."""
    client = Http(connect_timeout=PATIENCE, read_timeout=answer_seconds(request, 4))
    yield client
    client.close()


@pytest.fixture(scope="session")
def _private_server(demo_content: Path) -> Iterator[Served]:
    yield from _laboratory(demo_content, is_open=False)


@pytest.fixture(scope="session")
def _mixed_server(demo_content: Path) -> Iterator[Served]:
    yield from _laboratory(demo_content, is_open=True)


def _laboratory(root: Path, *, is_open: bool) -> Iterator[Served]:
    from napari_idr.demo.accounts import Accounts
    from napari_idr.demo.server import EmbeddedServer

    with EmbeddedServer(root, faults=True, accounts=Accounts.lab(is_open=is_open)) as server:
        yield Served(server.address)


@pytest.fixture
def private(_private_server: Served) -> Iterator[Served]:
    """A server that shows nothing without a login: to Ada and Ben, of whom Ben may only look."""
    yield from _as_new(_private_server)


@pytest.fixture
def mixed(_mixed_server: Served) -> Iterator[Served]:
    """A server that shows some data to everybody, and more after a login."""
    yield from _as_new(_mixed_server)


def _as_new(server: Served) -> Iterator[Served]:
    server.expire()
    server.reset()
    yield server
    server.mend()


@pytest.fixture
def writable(demo_content: Path) -> Iterator[Served]:
    """A server like ``private`` for one test: what is sent to it stays."""
    yield from _laboratory(demo_content, is_open=False)
