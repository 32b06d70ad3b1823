"""A small content folder, a server over it, and a client, for the tests of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from demo_client import Client

from napari_idr.demo.content import ContentSize, ensure_content
from napari_idr.demo.server import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ensure_content(tmp_path_factory.mktemp("demo"), size=ContentSize.small())


@pytest.fixture(scope="session")
def _address(content: Path) -> Iterator[str]:
    with EmbeddedServer(content, faults=True) as server:
        yield server.address


@pytest.fixture
def client(_address: str) -> Iterator[Client]:
    client = Client(_address)
    client.post("__requests/reset")
    yield client
    client._session.delete(_address + "__fault", timeout=20)
    client.post("__shape?latency=0&bandwidth=0")
    client.close()


@pytest.fixture(scope="session")
def _shared_address(shared: Path) -> Iterator[str]:
    with EmbeddedServer(shared / "data" / "plates") as server:
        yield server.address


@pytest.fixture
def shared_client(_shared_address: str) -> Iterator[Client]:
    client = Client(_shared_address)
    yield client
    client.close()
