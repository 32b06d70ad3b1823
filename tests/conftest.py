"""What every test stands on: the shared data where they are, and no network but loopback."""

from __future__ import annotations

import gc
import ipaddress
import os
import socket
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

from command import run  # noqa: F401 - fixture
from patience import PATIENCE, be_patient
from repository_server import _mixed_server, _private_server, _server, http, mixed, private, served, writable  # noqa: F401
from swift_napari import leave_settings_unsaved, read_manifests_once

# The HTTP client of the object store is not Python's: anything that is not loopback meets a closed port.
os.environ.update(
    HTTP_PROXY="http://127.0.0.1:9",
    HTTPS_PROXY="http://127.0.0.1:9",
    http_proxy="http://127.0.0.1:9",
    https_proxy="http://127.0.0.1:9",
    NO_PROXY="127.0.0.1,localhost,::1",
    no_proxy="127.0.0.1,localhost,::1",
)

# Nothing of the user's is read or written.
os.environ["NAPARI_IDR_CACHE_DIR"] = tempfile.mkdtemp(prefix="napari-idr-tests-")
os.environ["NAPARI_IDR_DATA_DIR"] = os.path.join(os.environ["NAPARI_IDR_CACHE_DIR"], "data")
os.environ["NAPARI_IDR_CONFIG_DIR"] = os.path.join(os.environ["NAPARI_IDR_CACHE_DIR"], "config")
os.environ["NAPARI_IDR_ONTOLOGIES"] = "http://127.0.0.1:9/ols4/"
os.environ["NAPARI_CONFIG"] = os.path.join(os.environ["NAPARI_IDR_CACHE_DIR"], "napari.yaml")

SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_configure(config: pytest.Config) -> None:
    if config.pluginmanager.hasplugin("pytest-qt"):
        be_patient()
        read_manifests_once()
        leave_settings_unsaved()


@pytest.fixture(autouse=True)
def _collections_pass_over_what_stays(request: pytest.FixtureRequest) -> None:
    """napari looks through all objects after each window and each layer that goes; those that are there never go.

    What a test makes is made later, is collected as always, and seen where it leaks.
    """
    if request.node.get_closest_marker("qt"):
        gc.collect()
        gc.freeze()


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test finds what another test's session has kept on disk."""
    monkeypatch.setenv("NAPARI_IDR_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("NAPARI_IDR_DATA_DIR", str(tmp_path_factory.mktemp("data")))
    monkeypatch.setenv("NAPARI_IDR_CONFIG_DIR", str(tmp_path_factory.mktemp("config")))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real data made by others; absent in a plain clone."""
    if not SHARED.is_dir():
        pytest.skip("the folder of shared data is not beside this checkout")
    return SHARED


@pytest.fixture(scope="session")
def demo_content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded repository's content in small, painted once per run."""
    from napari_idr.demo.content import ContentSize, ensure_content

    return ensure_content(tmp_path_factory.mktemp("demo"), size=ContentSize.small())


def _is_loopback(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = str(address[0])
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _our_threads() -> set[threading.Thread]:
    """Threads of the product, but for servers: those several tests share."""
    ours = (thread for thread in threading.enumerate() if thread.name.startswith("napari-idr"))
    return {thread for thread in ours if thread.name != "napari-idr-serve"}


def _check_ended(threads: set[threading.Thread]) -> None:
    """Give threads that were told to end the time to do so; one that does not fails the test."""
    for thread in threads:
        thread.join(PATIENCE)
    left = {thread for thread in threads if thread.is_alive()}
    assert not left, f"threads left running: {left}"


@pytest.fixture(autouse=True, scope="module")
def _no_thread_outlives_a_module() -> Iterator[None]:
    before = _our_threads()
    yield
    _check_ended(_our_threads() - before)


@pytest.fixture(autouse=True)
def _no_thread_outlives_a_window(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test with a window that leaves one of our threads running fails."""
    before = _our_threads()
    yield
    if request.node.get_closest_marker("qt"):
        _check_ended(_our_threads() - before)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any connection that is not loopback is an error of the test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if not _is_loopback(address):
            raise OSError(f"a test tried to reach {address!r}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)
