"""Viewers with a session of their own, that are closed at the end of a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from napari_idr.demo.server import EmbeddedServer
from slicing_ways import WAYS, slice_in_way, wait_for_slices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from napari_idr.layers.viewer_session import OpenJob, ViewerSession


@pytest.fixture
def session(make_napari_viewer: Callable[..., Any], qtbot: QtBot) -> Iterator[ViewerSession]:
    """A shown viewer's session."""
    from napari_idr.layers.viewer_session import ViewerSession

    viewer = make_napari_viewer(show=True)
    made = ViewerSession.for_viewer(viewer)
    yield made
    wait_for_slices(viewer)
    made.close()
    wait_for_slices(viewer)  # what a last redraw began


@pytest.fixture(params=WAYS)
def slicing(request: pytest.FixtureRequest, session: ViewerSession) -> str:
    """Both ways in which napari slices."""
    way: str = request.param
    slice_in_way(session.viewer, way)
    return way


@pytest.fixture
def server(demo_content: Path) -> Iterator[EmbeddedServer]:
    """The embedded repository over its content in small; faults can be asked of it."""
    with EmbeddedServer(demo_content, faults=True) as running:
        yield running


@pytest.fixture
def demo(session: ViewerSession, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> ViewerSession:
    """A viewer's session that knows the embedded repository of this test."""
    monkeypatch.setattr(session, "start_embedded", lambda on_progress=None: server.address)
    return session


@pytest.fixture
def finished(qtbot: QtBot) -> Callable[[OpenJob], OpenJob]:
    """Wait until something that is being opened is open or failed."""

    def wait(job: OpenJob) -> OpenJob:
        qtbot.waitUntil(lambda: job.state != "running", timeout=30_000)
        return job

    return wait
