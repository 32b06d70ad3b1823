"""An image over the embedded server, opened before anything goes wrong."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from rig import Control, Scene, open_levels, write_image

from napari_idr.demo.server import EmbeddedServer
from napari_idr.session import Session
from napari_idr.settings import Settings
from patience import answer_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def make_scene(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., Scene]]:
    """Serve and open an image in a layout of ``rig.LAYOUTS``; nothing is kept on disk unless asked for."""
    patience = answer_seconds(request, 0.5)
    with ExitStack() as running:

        def make(layout: str = "plain v2", *, read_timeout: float = patience, disk_mb: int = 0) -> Scene:
            folder = tmp_path / layout.replace(" ", "-")
            truth = write_image(folder / "image.ome.zarr", layout)
            server = running.enter_context(EmbeddedServer(folder, faults=True))
            settings = Settings(read_timeout=read_timeout, cache_dir=tmp_path / "cache", disk_cache_mb=disk_mb)
            session = running.enter_context(Session(settings))
            address = f"{server.address}zarr/image.ome.zarr"
            levels = open_levels(session, address)
            control = Control(server.address)
            control.forget()
            return Scene(control, session, server, folder, address, truth, levels)

        yield make


@pytest.fixture
def scene(make_scene: Callable[..., Scene]) -> Scene:
    """An image without compression."""
    return make_scene()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow one another without long pauses; their number stays."""
    monkeypatch.setattr("napari_idr.remote.attempts.PAUSES", (0.01, 0.02))
