"""Work in the background that is asked for often: done once at a time, and once more if asked for meanwhile."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Coalesced:
    """A piece of work that always ends after the last time it was asked for; thread-safe.

    Parameters
    ----------
    run
        Runs something in a worker.
    work
        What to do there.
    """

    def __init__(self, run: Callable[[Callable[[], None]], None], work: Callable[[], None]) -> None:
        self._run, self._work = run, work
        self._lock = threading.Lock()
        self._busy = self._again = False

    def ask(self) -> None:
        """Have the work done soon."""
        with self._lock:
            self._again = self._busy
            if self._busy:
                return
            self._busy = True
        self._run(self._do)

    def _do(self) -> None:
        try:
            self._work()
        finally:
            with self._lock:
                self._busy, again = False, self._again
        if again:
            self.ask()
