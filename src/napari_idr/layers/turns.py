"""Work in the GUI thread that is done piece by piece, with a redraw between the pieces."""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING

from . import napari_seam as seam

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)


class Turns:
    """A queue of steps, one per turn of the event loop and redraw. GUI thread only.

    Adding a layer costs napari a tenth of a second: three in one turn are a window that hangs. And napari 0.9 on
    PyQt5 crashes in OpenGL when several n-D layers go in one turn and a 2-D one stays (also with plain numpy arrays);
    0.10.0rc1 crashes when all go and another comes.
    """

    def __init__(self) -> None:
        self._steps: deque[Callable[[], object]] = deque()
        self._runs = False

    def add(self, *steps: Callable[[], object]) -> None:
        """Have steps done, in order, after all that were added before."""
        self._steps.extend(steps)
        if self._steps and not self._runs:
            self._runs = True
            seam.call_later(0, self._next)

    def clear(self) -> None:
        """Forget what was not done yet."""
        self._steps.clear()

    def _next(self) -> None:
        if not self._steps:
            self._runs = False
            return
        step = self._steps.popleft()
        seam.call_later(seam.REDRAW_MS, self._next)
        try:
            step()
        except Exception:  # noqa: BLE001 - one layer that napari refuses must not keep the others from coming
            _log.exception("a step in the window")
