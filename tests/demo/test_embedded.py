"""The embedded repository as a child process, and servers that start and end."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest

from napari_idr.demo.server import EmbeddedServer
from napari_idr.embedded import EmbeddedRepository, progress_message
from napari_idr.errors import Unreachable

if TYPE_CHECKING:
    from pathlib import Path

ORPHAN = """
import sys
from pathlib import Path
from napari_idr.embedded import EmbeddedRepository
repository = EmbeddedRepository(Path(sys.argv[1]))
print(repository.start(), repository.process_id, flush=True)
sys.stdin.read()
import os
os._exit(1)  # as a crash would: nothing is cleaned up
"""


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}api/", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def is_closed_by_the_other_side(connection: socket.socket) -> bool:
    """Wait for the end of a connection; a time-out raises."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_it_starts_answers_and_stops(content: Path) -> None:
    repository = EmbeddedRepository(content)
    address = repository.start()
    try:
        assert answers(address)
        assert repository.address == address == repository.start()
    finally:
        repository.stop()
    assert repository.address == ""
    assert not answers(address)


def test_it_can_be_started_again(content: Path) -> None:
    repository = EmbeddedRepository(content)
    repository.start()
    repository.stop()
    try:
        assert answers(repository.start())
    finally:
        repository.stop()


def test_it_ends_with_the_process_that_started_it(content: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHAN, str(content)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdin is not None
    assert parent.stdout is not None
    address, _ = parent.stdout.readline().split()
    host, _, port = address.removeprefix("http://").rstrip("/").partition(":")
    with parent, socket.create_connection((host, int(port)), timeout=60) as watched:
        parent.stdin.close()
        assert parent.wait(60) == 1
        assert is_closed_by_the_other_side(watched)


def test_a_failure_to_start_says_what_the_child_said(tmp_path: Path) -> None:
    repository = EmbeddedRepository(tmp_path / "nothing")
    with pytest.raises(Unreachable, match="no folder to serve"):
        repository.start()
    assert repository.address == ""


def test_stopping_what_never_started_does_nothing() -> None:
    EmbeddedRepository().stop()


def test_progress_of_the_child_is_forwarded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    message = progress_message(3, 9, "Painting the plate")
    say = f"sys.stderr.write({message!r} + chr(10)); print('http://127.0.0.1:1/', flush=True)"
    script = f"import sys; {say}; sys.stdin.read()"
    (tmp_path / "napari_idr").mkdir()
    (tmp_path / "napari_idr" / "__init__.py").write_text("")
    (tmp_path / "napari_idr" / "__main__.py").write_text(script)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    told: list[tuple[int, int, str]] = []
    repository = EmbeddedRepository()
    try:
        assert repository.start(lambda *step: told.append(step)) == "http://127.0.0.1:1/"
    finally:
        repository.stop()  # waits for the thread that listens
    assert told == [(3, 9, "Painting the plate")]


def test_importing_it_imports_no_zarr_and_no_server() -> None:
    heavy = ("zarr", "numpy", "uvicorn", "napari")
    code = f"import napari_idr.embedded, sys; print([name for name in {heavy} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_a_server_in_a_thread_stops_with_connections_open(content: Path) -> None:
    with EmbeddedServer(content) as server:
        address = server.address
        host, _, port = address.removeprefix("http://").rstrip("/").partition(":")
        idle = socket.create_connection((host, int(port)), timeout=5)
        assert answers(address)
    idle.close()
    assert not answers(address)


def test_two_servers_live_side_by_side(content: Path) -> None:
    with EmbeddedServer(content) as one, EmbeddedServer(content) as other:
        assert one.address != other.address
        assert answers(one.address)
        assert answers(other.address)
