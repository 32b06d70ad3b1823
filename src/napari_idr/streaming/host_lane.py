"""How much is asked of one host at once, and when it wants to be left alone."""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")

MOST_PER_HOST = 40
"""Chunks in flight to one host, at most: 64 requests with the metadata of wells, which are asked for beside them."""

WORTH_IT = 1.02
"""More requests at once must bring this much more bytes a second, or the last step up is taken back."""

CALM_EPOCHS = 8
"""After a step that brought nothing the window stays for so many epochs before the next try."""

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds to leave a host alone that is busy and does not say for how long; the next one each time."""

LONGEST_PAUSE = 60.0

VISIBLE, PREFETCH = 1, 2
"""Tiers of what a display wants: what is in view before what may be in view next. An exact read is tier 0."""

Priority = tuple[int, float, float]
"""Smaller is sooner: (tier, coarseness, distance from the centre of the view)."""


class HostLane(Generic[T]):
    """A queue of things to fetch from one host, and the window of how many may be in flight.

    The window begins at ``start`` and, where ``most`` is larger, grows by half as long as that brings more bytes a
    second (over a long line with small chunks it does; where the line is full it does not). A host that is busy
    halves it and is left alone for as long as it asks.

    Times are seconds of one clock, given by the caller.
    """

    def __init__(self, start: int, most: int = MOST_PER_HOST) -> None:
        self.window, self._most = start, max(start, most)
        self.in_flight = 0
        self.paused_until = 0.0
        self._ahead = 0
        self._queue: list[tuple[Priority, int, T]] = []
        self._order = itertools.count()
        self._busy_in_a_row = 0
        self._epoch_began, self._epoch_bytes, self._epoch_count = 0.0, 0, 0
        self._best_rate, self._before, self._calm = 0.0, start, 0

    def push(self, priority: Priority, item: T) -> None:
        """Queue something; it may be queued several times, with different priorities."""
        heapq.heappush(self._queue, (priority, next(self._order), item))

    def startable(self, now: float) -> Iterator[tuple[Priority, T]]:
        """Yield what may begin now, most pressing first; the caller says :meth:`began` of what it begins."""
        while self._queue and now >= self.paused_until and self.in_flight < self.window:
            priority = self._queue[0][0]
            if priority[0] == PREFETCH and (self.in_flight > self._ahead or self._ahead >= max(1, self.window // 2)):
                return  # what is in view has the line to itself, and what is looked at next must find a place free
            yield priority, heapq.heappop(self._queue)[2]
        if not self._queue:
            self._epoch_count = 0  # not full: nothing can be told of the window

    def began(self, tier: int) -> None:
        """Note that something is in flight."""
        self.in_flight += 1
        self._ahead += tier == PREFETCH

    def ended(self, tier: int, nbytes: int, now: float) -> None:
        """Note that something is no longer in flight; ``nbytes`` came, 0 where it failed or was cancelled."""
        self.in_flight -= 1
        self._ahead -= tier == PREFETCH
        if nbytes:
            self._busy_in_a_row = 0
            self._learn(nbytes, now)

    def busy(self, retry_after: float | None, now: float) -> None:
        """Leave the host alone for as long as it asks, and ask for less at once from then on."""
        if now < self.paused_until:
            return  # an answer to what was sent before the pause
        pause = PAUSES[min(self._busy_in_a_row, len(PAUSES) - 1)] if retry_after is None else retry_after
        self._busy_in_a_row += 1
        self.paused_until = now + min(pause, LONGEST_PAUSE)
        self.window = self._before = max(1, self.window // 2)
        self._calm = CALM_EPOCHS

    def _learn(self, nbytes: int, now: float) -> None:
        """Count what came in an epoch of one window, and step the window up or back at its end."""
        if self._epoch_count == 0:
            self._epoch_began, self._epoch_bytes = now, 0
        else:
            self._epoch_bytes += nbytes
        self._epoch_count += 1
        if self._epoch_count > self.window and now > self._epoch_began:
            self._step(self._epoch_bytes / (now - self._epoch_began))
            self._epoch_count = 0

    def _step(self, rate: float) -> None:
        if self._calm:
            self._calm -= 1
            if not self._calm:
                self._best_rate = 0.0
            return
        if rate > self._best_rate * WORTH_IT:
            self._best_rate, self._before = rate, self.window
            self.window = min(self._most, self.window + max(1, self.window // 2))
        else:
            self.window, self._calm = self._before, CALM_EPOCHS
