"""Whether a camera is on its way: moved again and again, not once to where somebody wants to look."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ONE_MOVE_SECONDS = 0.005
"""Centre and zoom that are set so close to one another are one move."""

SECONDS = 0.3
"""Moves that follow one another faster than that are a motion, which has ended when so long none came."""

PIXELS, ZOOM = 0.5, 1e-3
"""What is moved by less, or zoomed by a smaller part, was not: once it is drawn a camera is told where it is."""


class Motion:
    """The moves of one camera.

    Parameters
    ----------
    clock
        Gives the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._zoom, self._center = 1.0, (0.0, 0.0)
        self._moved, self._between = -SECONDS, SECONDS

    def on_camera(self, event: Any) -> None:
        """Note where the camera of an event is."""
        self.note(float(event.source.zoom), event.source.center)

    def note(self, zoom: float, center: Sequence[float]) -> None:
        """Note where the camera is now.

        Parameters
        ----------
        zoom
            Pixels of the window per unit of the world.
        center
            In units of the world; its last two are y and x.
        """
        before, self._zoom = self._zoom, zoom
        there, self._center = self._center, (float(center[-2]), float(center[-1]))
        if math.dist(there, self._center) * zoom < PIXELS and abs(zoom - before) < ZOOM * before:
            return
        now = self._clock()
        if now - self._moved > ONE_MOVE_SECONDS:
            self._between = now - self._moved
        self._moved = now

    @property
    def lasts(self) -> bool:
        """Whether it has moved more than once, and the next move is to be expected."""
        return self._between < SECONDS and self._clock() - self._moved < SECONDS
