"""A window under a heartbeat: how long the GUI thread was deaf while a viewer is moved about as by a hand."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from qtpy.QtCore import QEventLoop, QObject, Qt, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari import Viewer

BEAT_MS = 5
STEP_MS = 16
"""One move per frame of a 60 Hz display."""
STEPS = 60


class Heartbeat(QObject):
    """Beats in the GUI thread every 5 ms and keeps the longest gap of each phase, in ms."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps: dict[str, float] = {}
        self._phase = ""
        self._last = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(BEAT_MS)

    def _beat(self) -> None:
        now = time.perf_counter()
        if self._phase:
            gap = (now - self._last) * 1000
            self.gaps[self._phase] = max(gap, self.gaps.get(self._phase, 0.0))
        self._last = now

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Listen while the body runs; it must come back to the event loop, or nothing is heard."""
        self._last, self._phase = time.perf_counter(), name
        yield
        self._beat()
        self._phase = ""

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do not listen while the body runs: it is the benchmark's own work."""
        self._beat()
        phase, self._phase = self._phase, ""
        yield
        self._last, self._phase = time.perf_counter(), phase

    def stop(self) -> None:
        """Stop beating."""
        self._timer.stop()


def wait_until(done: Callable[[], bool], seconds: float = 300) -> None:
    """Run the event loop until ``done``. Raises ``TimeoutError`` when it never is, and what ``done`` raises."""
    loop, timer = QEventLoop(), QTimer()
    raised: list[Exception] = []
    deadline = time.monotonic() + seconds

    def look() -> None:
        try:
            if done():
                loop.quit()
            elif time.monotonic() > deadline:
                raise TimeoutError(f"not done after {seconds} s")
        except Exception as error:  # noqa: BLE001 - Qt would swallow it, or end the program
            raised.append(error)
            loop.quit()

    timer.timeout.connect(look)
    timer.start(10)
    loop.exec()
    timer.stop()
    if raised:
        raise raised[0]


def rest(seconds: float) -> None:
    """Let the event loop run for a while, so that what was asked for is drawn."""
    deadline = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() > deadline)


def perform(moves: Iterator[None]) -> None:
    """Make one move per frame until there are no more."""
    loop, timer = QEventLoop(), QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: next(moves, loop) is loop and loop.quit())
    timer.start(STEP_MS)
    loop.exec()
    timer.stop()


def extent(viewer: Viewer) -> tuple[tuple[float, float], tuple[float, float], float]:
    """Return centre (y, x), size (y, x) and finest pixel size of what the viewer shows, in world units."""
    world = viewer.layers.extent.world[:, -2:]
    size = world[1] - world[0]
    pixel = min(float(step) for step in viewer.layers.extent.step[-2:])
    return tuple((world[0] + world[1]) / 2), tuple(size), pixel


def zoom_in_and_out(viewer: Viewer) -> Iterator[None]:
    """From the whole picture to one stored pixel per pixel of the screen, and back."""
    centre, _, pixel = extent(viewer)
    viewer.scene.camera.center = (0.0, *centre)
    far, near = viewer.scene.camera.zoom, 1 / pixel
    for step in (*range(STEPS + 1), *range(STEPS, -1, -1)):
        viewer.scene.camera.zoom = far * (near / far) ** (step / STEPS)
        yield


def pan_in_a_circle(viewer: Viewer) -> Iterator[None]:
    """Once around the centre, an eighth of the picture's width in sight."""
    centre, size, pixel = extent(viewer)
    viewer.scene.camera.zoom = min(viewer.scene.camera.zoom * 8, 1 / pixel)
    for step in range(2 * STEPS):
        angle = 2 * math.pi * step / (2 * STEPS)
        y = centre[0] + math.sin(angle) * size[0] / 4
        x = centre[1] + math.cos(angle) * size[1] / 4
        viewer.scene.camera.center = (0.0, y, x)
        yield


def step_through(viewer: Viewer, axis: int) -> Iterator[None]:
    """Along a slider to its end and back, at least 60 steps."""
    last = int(viewer.dims.nsteps[axis]) - 1
    way = [*range(last + 1), *range(last - 1, -1, -1)]
    for index in range(max(STEPS, len(way))):
        viewer.dims.set_current_step(axis, way[index % len(way)])
        yield


def sliders(viewer: Viewer) -> dict[str, int]:
    """Return the axes that have a slider with more than one step, by label."""
    names = viewer.dims.axis_labels
    return {names[axis]: axis for axis in viewer.dims.not_displayed if viewer.dims.nsteps[axis] > 1}
