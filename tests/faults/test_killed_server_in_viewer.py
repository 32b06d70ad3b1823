"""A real viewer pans while its server is killed and started again: it lives on, and the picture becomes right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from rig import SHAPE, Control, write_image

from napari_idr.demo.server import EmbeddedServer
from napari_idr.session import Session
from napari_idr.settings import Settings
from slicing_ways import WAYS, slice_in_way, wait_for_slices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from napari_idr.layers.viewer_session import ViewerSession

pytestmark = pytest.mark.qt

STEP_MS = 60
"""Between two views while panning."""


@pytest.fixture(params=WAYS)
def _slicing(request: pytest.FixtureRequest) -> str:
    """Both ways in which napari slices."""
    way: str = request.param
    return way


@pytest.fixture(params=[0, 64], ids=["in memory", "on disk"])
def shown(
    request: pytest.FixtureRequest, make_napari_viewer: Callable[..., Any], tmp_path: Path, _slicing: str
) -> Iterator[ViewerSession]:
    """A viewer's session that gives up waiting soon."""
    from napari_idr.layers.viewer_session import ViewerSession

    settings = Settings(read_timeout=0.5, cache_dir=tmp_path / "cache", disk_cache_mb=request.param)
    viewer = make_napari_viewer(show=True)
    slice_in_way(viewer, _slicing)
    made = ViewerSession(viewer, Session(settings))
    yield made
    wait_for_slices(viewer)
    made.close()


def test_killed_and_restarted_while_panning(
    shown: ViewerSession, qtbot: QtBot, tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_idr.streaming.loader.TRY_AGAIN_SECONDS", (0.5, 1.0))
    folder = tmp_path / "data"
    truth, _ = write_image(folder / "image.ome.zarr", "blosc")
    server = EmbeddedServer(folder, faults=True).start()
    try:
        Control(server.address).fail("/image.ome.zarr/0/c/", "hang")  # what is fine is not there when it is killed
        port = urlsplit(server.address).port or 0
        job = shown.open(f"{server.address}zarr/image.ome.zarr")
        qtbot.waitUntil(lambda: job.state != "running", timeout=30_000)
        assert job.state == "done", job.message
        (layer,) = job.layers
        viewer = shown.viewer
        assert viewer is not None
        camera = viewer.scene.camera
        camera.zoom *= 4
        for step in range(16):
            if step == 1:
                server.stop()
            if step == 12:
                server = EmbeddedServer(folder, port, faults=True).start()
            row, column = step * 16 % SHAPE[0], step * 24 % SHAPE[1]
            scale = layer.scale
            camera.center = (row * scale[0], column * scale[1])
            qtbot.wait(STEP_MS)
        viewer.reset_view()
        qtbot.waitUntil(
            lambda: shown.streams.missing == 0 and np.array_equal(layer._slice.image.raw, truth), timeout=60_000
        )
        assert np.array_equal(np.asarray(layer.data[0]), truth)
        assert Control(server.address).log("/image.ome.zarr/0/c/"), "nothing was left to fetch when it was back"
    finally:
        server.stop()
