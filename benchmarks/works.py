"""What is done with an image in each row of the table: open it, zoom, jump, step."""

from __future__ import annotations

import bisect
import time
from functools import partial
from typing import TYPE_CHECKING

from gui import extent, wait_until
from qtpy.QtCore import Qt, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from frames import Frame, Shown
    from napari import Viewer
    from stage import Measured, Stage
    from truth import Window
    from wire import Asked

OPENING_TRIPS = 3
"""The group, its arrays, the chunks: no client can open either an image or a plate in fewer."""
VIEW_TRIPS = 1
PLACES = ((0.31, 0.27), (0.62, 0.55), (0.18, 0.81))
"""Where the slide is zoomed into: (y, x), as parts of its height and width."""
JUMPS = ((0.11, 0.13), (0.84, 0.22), (0.43, 0.91), (0.91, 0.66), (0.56, 0.36))
SLACK = 8
"""Pixels by which napari may round what is in view."""
JUMP_SECONDS = 0.2
STEP_SECONDS = 0.5
PATIENCE_SECONDS = 0.05
"""One round trip: as long as it takes to tell a server that nothing more is wanted."""


def open_it(stage: Stage) -> None:
    """Open the image."""
    stage.measure("opening", stage.side.open, OPENING_TRIPS)


def slide(stage: Stage) -> None:
    """Open the slide, go to full resolution at new places, and jump about."""
    open_it(stage)
    zoom_in(stage, VIEW_TRIPS)
    jump_about(stage)


def sharded(stage: Stage) -> None:
    """Open the slide in shards, whose index is a round trip more, and go to full resolution."""
    open_it(stage)
    zoom_in(stage, VIEW_TRIPS + 1)


def zoom_in(stage: Stage, trips: int) -> None:
    """Go to full resolution at new places."""
    for place in PLACES:
        stage.measure("zooming", partial(look, stage.viewer, place), trips, goal=shows(stage, place))


def movie(stage: Stage) -> None:
    """Open the time-lapse and step through z, then through t."""
    open_it(stage)
    if stage.viewer.dims.current_step[:2] != (0, 0):
        stage.measure("to the first plane", lambda: stage.viewer.dims.set_current_step((0, 1), (0, 0)), VIEW_TRIPS)
    step_through(stage, "stepping z", 1, 10)
    step_through(stage, "stepping t", 0, 9)


def look(viewer: Viewer, place: tuple[float, float]) -> None:
    """Go to full resolution at a place."""
    centre, size, pixel = extent(viewer)
    there = [middle + (part - 0.5) * length for middle, part, length in zip(centre, place, size, strict=True)]
    viewer.scene.camera.center = (0.0, *there)
    viewer.scene.camera.zoom = 1 / pixel


def at_pace(moves: Sequence[Callable[[], object]], seconds: float) -> None:
    """Make moves at a steady pace, the first at once; those that are late are made as soon as they can be."""
    rest = list(moves)

    def move() -> None:
        if rest:
            rest.pop(0)()

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(move)
    timer.start(int(seconds * 1000))
    move()
    wait_until(lambda: not rest)
    timer.stop()


# -- five jumps in one second


def jump_about(stage: Stage) -> None:
    """Jump five times in a second, then rest, and see what of the first four is still sent."""
    moves = [partial(look, stage.viewer, place) for place in JUMPS]
    last = JUMP_SECONDS * (len(JUMPS) - 1)
    goal = shows(stage, JUMPS[-1])
    measured = stage.measure("jumping", lambda: at_pace(moves, JUMP_SECONDS), VIEW_TRIPS, last, goal)
    if not measured.frames or stage.side.truth() is None:
        return
    views = [chunks_at(stage, place) for place in JUMPS]
    kept = views[-1].union(*(chunks_at(stage, JUMPS[-1], level) for level in range(1, 5)))
    due = [measured.began + JUMP_SECONDS * number for number in range(len(JUMPS))]
    left = {path: moment for paths, moment in zip(views, due[1:], strict=False) for path in paths}
    of_last = sum(asked.bytes for asked in measured.log if asked.path in views[-1])
    stale = sum(asked.bytes_after(_left(asked, left, due) + PATIENCE_SECONDS) for asked in _gone(measured, kept))
    measured.phase.stale = stale / of_last if of_last else 0.0


def chunks_at(stage: Stage, place: tuple[float, float], level: int = 0) -> set[str]:
    """Return the chunks of a level under the canvas, with full resolution at a place."""
    truth = stage.side.truth()
    assert truth is not None
    (top, bottom), (left, right) = under_canvas(stage, place)
    window = ((top >> level, -(-bottom >> level)), (left >> level, -(-right >> level)))
    return set().union(*(truth.chunks(layer, level, window, (0, 0)) for layer in range(len(stage.viewer.layers))))


def under_canvas(stage: Stage, place: tuple[float, float]) -> Window:
    """Return what of the finest level is under the canvas, with full resolution at a place."""
    sizes = stage.viewer.layers[0].data[0].shape[-2:]
    top, left = (
        (max(0, int(part * size - seen / 2)), min(size, int(part * size + seen / 2) + 1))
        for part, size, seen in zip(place, sizes, stage.frames.canvas_size, strict=True)
    )
    return top, left


def shows(stage: Stage, place: tuple[float, float]) -> Callable[[Frame], bool]:
    """Return what tells whether a frame shows the finest level around a place, in every layer."""
    wanted = under_canvas(stage, place)

    def is_there(shown: Shown) -> bool:
        pairs = zip(shown.window, wanted, strict=True)
        return shown.level == 0 and all(a <= start + SLACK and b >= stop - SLACK for (a, b), (start, stop) in pairs)

    return lambda frame: all(is_there(shown) for shown in frame.shown)


def _gone(measured: Measured, kept: set[str]) -> list[Asked]:
    """Return the requests for pixels that the last view does not need, at any level."""
    return [asked for asked in measured.log if asked.is_chunk and asked.path not in kept]


def _left(asked: Asked, left: dict[str, float], due: list[float]) -> float:
    """Return when a chunk was no longer in view: that of no view (a coarse one, a ring) when its view was left."""
    if asked.path in left:
        return left[asked.path]
    after = bisect.bisect_right(due, asked.at)
    return due[after] if after < len(due) else float("inf")


# -- a slider at two steps per second


def step_through(stage: Stage, name: str, axis: int, count: int) -> None:
    """Step along a slider from 0, twice a second, and time each step to its complete plane."""
    dims = stage.viewer.dims
    moves = [partial(dims.set_current_step, axis, index) for index in range(1, count + 1)]
    last = STEP_SECONDS * (count - 1)
    measured = stage.measure(name, lambda: at_pace(moves, STEP_SECONDS), VIEW_TRIPS, began_last=last)
    right = [frame for frame in measured.frames if stage.is_right(frame)]
    for index in range(1, count + 1):
        due = measured.began + STEP_SECONDS * (index - 1)
        complete = (frame.at - due for frame in right if frame.step[axis] == index and frame.at > due)
        measured.phase.steps.append(next(complete, None))


# -- memory


def roam(stage: Stage, limit: float = 360.0, changes: int = 2000, pace: float = 0.03) -> dict[str, float]:
    """Change the view at random; return by how many MB the process has grown since the image was opened.

    The line is all but unbounded, so that much comes and the cache is filled over and over.
    """
    import numpy as np
    import psutil

    stage.wire.shape(2, 0)
    open_it(stage)
    stage.frames.stop()
    process, random = psutil.Process(), np.random.default_rng(0)
    before = peak = process.memory_info().rss
    made, began = 0, time.monotonic()
    while made < changes and time.monotonic() - began < limit:
        at_pace([partial(wander, stage.viewer, random) for _ in range(20)], pace)
        made += 20
        peak = max(peak, process.memory_info().rss)
    growth = process.memory_info().rss - before
    return {
        "changes": made,
        "growth": growth / 2**20,
        "peak": (peak - before) / 2**20,
        "seconds": time.monotonic() - began,
    }


def wander(viewer: Viewer, random: object) -> None:
    """Go to a random place at a random magnification."""
    y, x, power = random.uniform(0, 1), random.uniform(0, 1), random.uniform(0, 4)
    look(viewer, (y, x))
    viewer.scene.camera.zoom /= 2**power


WORKS: dict[str, Callable[[Stage], object]] = {
    "plate": open_it,
    "slide": slide,
    "sharded": sharded,
    "movie": movie,
    "roam": roam,
    "roam for a minute": partial(roam, limit=60.0),
}
