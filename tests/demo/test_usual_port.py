"""The embedded repository is where it was last time, as long as nobody else is there."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from napari_idr.demo.server import EmbeddedServer
from napari_idr.demo.usual_port import keep_port, usual_port

if TYPE_CHECKING:
    from pathlib import Path


def port_of(server: EmbeddedServer) -> int:
    return urlsplit(server.address).port or 0


def test_it_comes_back_to_its_port(content: Path) -> None:
    with EmbeddedServer(content) as server:
        port = port_of(server)
    with EmbeddedServer(content, usual_port=port) as again:
        assert port_of(again) == port


def test_a_second_one_takes_another(content: Path) -> None:
    with EmbeddedServer(content) as server, EmbeddedServer(content, usual_port=port_of(server)) as second:
        assert port_of(second) not in (0, port_of(server))


def test_a_port_that_was_asked_for_and_is_taken_is_an_error(content: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            EmbeddedServer(content, taken.getsockname()[1])


def test_the_port_is_remembered_beside_the_content(tmp_path: Path) -> None:
    root = tmp_path / "content"
    root.mkdir()
    assert usual_port(root) == 0
    keep_port(root, 45_678)
    assert usual_port(root) == 45_678
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("kept", ["", "many", "80", "70000", "-1", "45678" * 1000])
def test_nonsense_is_no_port(tmp_path: Path, kept: str) -> None:
    (tmp_path / "content.port").write_text(kept, encoding="ascii")
    assert usual_port(tmp_path / "content") == 0
