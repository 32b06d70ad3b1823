"""The server is killed and started again while somebody looks around: the picture comes, and it is right."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from rig import SHAPE, Display, Scene

from napari_idr.demo.server import EmbeddedServer
from napari_idr.errors import Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STEP = 0.05
"""Seconds between two views while panning."""


@pytest.fixture
def restart() -> Iterator[Callable[[Scene], None]]:
    """Start the server of a scene again, at its old port."""
    started: list[EmbeddedServer] = []

    def start(scene: Scene) -> None:
        started.append(EmbeddedServer(scene.folder, urlsplit(scene.address).port or 0, faults=True).start())

    yield start
    for server in started:
        server.stop()


def pan(display: Display, at_step: dict[int, Callable[[], Any]]) -> None:
    """Look at one corner after another; something happens at some steps."""
    pause = threading.Event()
    for step in range(12):
        if step in at_step:
            at_step[step]()
        row, column = step * 16 % (SHAPE[0] - 32), step * 24 % (SHAPE[1] - 32)
        display.look((row, row + 32), (column, column + 32))
        pause.wait(STEP)


@pytest.mark.parametrize("layout", ["plain v2", "sharded"])
@pytest.mark.parametrize("kind", ["in memory", "on disk"])
def test_killed_and_restarted_while_panning(
    kind: str, layout: str, make_scene: Callable[..., Scene], restart: Callable[[Scene], None]
) -> None:
    scene = make_scene(layout, disk_mb=64 if kind == "on disk" else 0)
    scene.control.shape(latency=100)
    display = Display(scene.levels[0])
    pan(display, {3: scene.server.stop, 9: lambda: restart(scene)})
    display.look((0, SHAPE[0]), (0, SHAPE[1]))
    assert np.array_equal(display.rest(), scene.truth[0])
    assert scene.read_right_or_fail() is None
    assert scene.check_caches() >= scene.chunk_count()
    assert scene.control.log("/image.ome.zarr/0/"), "nothing was left to fetch when it was back"


@pytest.mark.usefixtures("quick")
def test_view_that_failed_comes_by_itself_when_the_server_is_back(
    scene: Scene, restart: Callable[[Scene], None]
) -> None:
    scene.server.stop()
    display = Display(scene.levels[0])
    display.draw()
    display.rest_until_failed()
    restart(scene)
    assert np.array_equal(display.rest(), scene.truth[0])


@pytest.mark.usefixtures("quick")
def test_exact_read_of_a_killed_server_raises_and_of_a_restarted_one_is_right(
    scene: Scene, restart: Callable[[Scene], None]
) -> None:
    scene.server.stop()
    with pytest.raises(Unreachable):
        np.asarray(scene.levels[0])
    assert scene.check_caches() == 0
    scene.wait_until_idle()
    restart(scene)
    assert scene.read_right_or_fail() is None


def test_exact_read_during_which_the_server_is_killed_and_restarted_is_right_or_raises(
    scene: Scene, restart: Callable[[Scene], None]
) -> None:
    scene.control.shape(latency=30)
    pending = scene.levels[0].begin(tuple((0, size) for size in SHAPE))
    while not scene.control.log("/0/"):
        pass
    scene.server.stop()
    restart(scene)
    try:
        assert np.array_equal(pending.result(), scene.truth[0])
    except Unreachable:
        pass
    scene.check_caches()
    scene.wait_until_idle()
    assert scene.read_right_or_fail() is None
