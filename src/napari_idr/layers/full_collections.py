"""Python looks through all of its objects at a moment when nobody moves anything, not while pictures stream.

A full garbage collection stops every thread: measured 130 to 210 ms in a napari with our dock (270,000 objects), and
two or three of them while a plate of 384 wells opens. The rule by which Python decides that one is due stays; only
the moment is another. Younger objects are collected as always (a few milliseconds).
"""

from __future__ import annotations

import gc
import threading
import time

from . import napari_seam as seam
from .main_thread import in_main_thread

REST_SECONDS = 4.0
"""A viewer in which nothing has come or moved for so long is at rest."""

LONGEST_SECONDS = 60.0
"""So long, at most, a collection that is due waits for a rest."""

LOOK_MS = 500

NEVER = 1 << 30


class FullCollections:
    """Holds full collections back between :meth:`stir` and the rest that follows; thread-safe.

    What the user has set for the collector is put back at each rest, and by :meth:`release`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: tuple[int, int, int] | None = None
        """Thresholds as they were; None while they are in force."""
        self._since = self._stirred = 0.0

    @property
    def are_held(self) -> bool:
        """Whether full collections wait."""
        return self._found is not None

    def stir(self) -> None:
        """Say that something comes, or that a view moves; from any thread."""
        self._stirred = time.monotonic()
        if self._found is None and gc.isenabled() and self._hold():
            in_main_thread(self._look_later)

    def release(self) -> None:
        """Put back what the user has set."""
        with self._lock:
            if self._found is not None:
                if gc.get_threshold()[2] == NEVER:  # else somebody has set another since
                    gc.set_threshold(*self._found)
                self._found = None

    def _hold(self) -> bool:
        with self._lock:
            if self._found is not None:
                return False
            self._found, self._since = gc.get_threshold(), self._stirred
            gc.set_threshold(*self._found[:2], NEVER)
            return True

    # -- in the GUI thread

    def _look_later(self) -> None:
        seam.call_later(LOOK_MS, self._look)

    def _look(self) -> None:
        now = time.monotonic()
        if self._found is None:
            return
        if now - self._stirred >= REST_SECONDS or now - self._since >= LONGEST_SECONDS:
            self.release()
            _collect_if_due()
        else:
            self._look_later()


def _collect_if_due() -> None:
    """Give Python the occasion to decide: it does when as many objects were made as its first threshold says."""
    _ = [[] for _ in range(2 * gc.get_threshold()[0])]


full_collections = FullCollections()
"""Of this process: there is one collector."""
