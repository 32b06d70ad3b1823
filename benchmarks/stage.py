"""A window in which one side does one piece of work after the other, each of them timed, counted and checked."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from frames import Frames
from gui import Heartbeat, rest, wait_until
from truth import is_right, needed_for
from wire import limit_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from frames import Frame
    from napari import Viewer
    from sides import Side
    from wire import Asked, Wire

STILL = 0.3
"""Seconds without a change after which a picture is compared with the files."""
PATIENCE = 180.0
"""Seconds after which a piece of work has failed."""
QUIET = 0.25


@dataclass(slots=True)
class Phase:
    """One piece of work, measured; times are seconds after it began, None for what never came."""

    name: str
    first: float | None = None
    """Something of the data was on the canvas."""
    coarse: float | None = None
    """Every layer showed something of the place where the view came to rest."""
    complete: float | None = None
    """Every layer showed what the files hold, and went on doing so."""
    gap: float = 0.0
    """Longest gap of the heartbeat, ms."""
    requests: int = 0
    not_there: int = 0
    """Requests answered with 404."""
    metadata: int = 0
    metadata_before: int = 0
    """Those of them that were made before there was something to see."""
    chunks: int = 0
    bytes: int = 0
    aside: int = 0
    """Bytes that were sent before the picture was complete and that it did not need."""
    limit: float = 0.0
    """What the line alone takes, s."""
    limit_bytes: int = 0
    steps: list[float | None] = field(default_factory=list)
    """From each step of a slider to the complete plane."""
    stale: float = 0.0
    """Bytes of views that had been left, as a part of the last view's."""


class Stage:
    """A window, its heartbeat, its frames, and the wire it reads from."""

    def __init__(self, side: Side, wire: Wire) -> None:
        import napari

        self.viewer: Viewer = napari.Viewer()
        self.viewer.window.resize(1100, 720)
        self.side, self.wire = side, wire
        self.frames = Frames(self.viewer)
        side.get_ready(self.viewer)
        rest(2.5)
        self.heart = Heartbeat()
        self.phases: list[Phase] = []
        self._known: dict[Any, Any] = {}

    def measure(
        self,
        name: str,
        act: Callable[[], object],
        trips: int,
        began_last: float = 0.0,
        goal: Callable[[Frame], bool] = bool,
    ) -> Measured:
        """Do something, wait until the picture is right and the line quiet, and return what happened.

        Parameters
        ----------
        name
            What is done.
        act
            Does it; returns when the last move was made.
        trips
            Round trips that depend on one another, of the limit.
        began_last
            Seconds after the beginning when the last move was due: the view that comes to rest is timed from there.
        goal
            Whether a frame shows the place where the view comes to rest: while napari slices asynchronously the old
            view stays, and is right in its own way.
        """
        self.frames.forget()
        self.heart.gaps.pop(name, None)
        self.wire.reset()
        measured = Measured(Phase(name), time.monotonic(), goal)
        with self.heart.phase(name):
            act()
            self._settle(measured)
        measured.phase.gap = self.heart.gaps[name]
        self._wait_until_quiet()
        measured.log = self.wire.log()
        measured.frames = [frame for frame in self.frames.kept if frame.at > measured.began]
        self._time(measured, measured.began + began_last)
        self._count(measured, trips)
        self.phases.append(measured.phase)
        return measured

    def needed(self, frame: Frame) -> set[str]:
        """Return the chunks that a frame needs."""
        truth = self.side.truth()
        return needed_for(frame, truth) if truth is not None else set()

    def is_right(self, frame: Frame) -> bool:
        """Whether a frame shows what the files hold."""
        truth = self.side.truth()
        return truth is not None and is_right(frame, truth, self._known)

    def results(self) -> dict[str, Any]:
        """Return all that was measured, as JSON."""
        return {"canvas": self.frames.canvas_size, "phases": [asdict(phase) for phase in self.phases]}

    def close(self) -> None:
        """Close the window and what runs behind it."""
        self.heart.stop()
        self.side.close()
        self.viewer.close()
        rest(0.5)

    def _settle(self, measured: Measured) -> None:
        """Run the event loop until the picture is still and right; the heart does not hear the looking."""
        deadline = time.monotonic() + PATIENCE
        checked = 0.0

        def settled() -> bool:
            nonlocal checked
            now = time.monotonic()
            if now > deadline:
                return True
            drawn = bool(self.frames.kept) and self.frames.kept[-1].at > measured.began
            if not drawn or now - max(self.frames.still_since, measured.began, checked) < STILL:
                return False
            with self.heart.paused():
                right = measured.goal(self.frames.kept[-1]) and self.is_right(self.frames.kept[-1])
            checked = time.monotonic()
            return right

        wait_until(settled, PATIENCE + 10)

    def _wait_until_quiet(self) -> None:
        """Run the event loop until nothing has been asked of the wire for a while: prefetching ends, too."""
        since = time.monotonic()

        def quiet() -> bool:
            nonlocal since
            if self.wire.busy():
                since = time.monotonic()
            return time.monotonic() - since > QUIET

        wait_until(quiet, PATIENCE)

    def _time(self, measured: Measured, began: float) -> None:
        phase, frames = measured.phase, measured.frames
        phase.first = _since(began, [f for f in frames if f.at > began and any(s.has_pixels() for s in f.shown)])
        if not frames or not measured.goal(frames[-1]) or not self.is_right(frames[-1]):
            return
        last = frames[-1]
        late = [frame for frame in frames if frame.at > began]
        there = [f for f in late if f.place == last.place and all(s.has_pixels() for s in f.shown)]
        phase.coarse = _since(began, there)
        wrong = max((f.at for f in late if not f.looks_like(last)), default=0.0)
        phase.complete = _since(began, [frame for frame in late if frame.at > wrong])

    def _count(self, measured: Measured, trips: int) -> None:
        phase, log = measured.phase, measured.log
        metadata = [asked for asked in log if asked.is_metadata]
        phase.requests, phase.metadata = len(log), len(metadata)
        phase.not_there = sum(asked.status == 404 for asked in log)
        phase.chunks = sum(asked.is_chunk for asked in log)
        phase.bytes = sum(asked.bytes for asked in log)
        if phase.first is not None:
            phase.metadata_before = sum(asked.at < measured.began + phase.first for asked in metadata)
        if measured.frames:
            needed = self.needed(measured.frames[-1])
            limit = limit_of(log, trips, needed)
            phase.limit, phase.limit_bytes = limit.seconds, limit.bytes
            end = measured.began + (phase.complete or PATIENCE)
            phase.aside = sum(a.bytes - a.bytes_after(end) for a in log if a.is_chunk and a.path not in needed)


@dataclass(slots=True)
class Measured:
    """A phase with all that it was computed from."""

    phase: Phase
    began: float
    goal: Callable[[Frame], bool]
    frames: list[Frame] = field(default_factory=list)
    log: list[Asked] = field(default_factory=list)


def _since(began: float, frames: list[Frame]) -> float | None:
    """Return when the first of some frames was drawn, after a beginning."""
    return frames[0].at - began if frames else None
