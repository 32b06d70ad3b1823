"""Which servers answer, slowly or not at all; what a window says about the network, and whom to leave alone a while."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import Literal

from psygnal import Signal

from napari_idr.errors import Busy, Offline, TimedOut

Status = Literal["unasked", "online", "slow", "offline"]

OFFLINE_SECONDS = 5.0
"""For so long a host that does not answer is not asked; then one request tries it again."""
LASTING = 1.0
"""Seconds of refused connections after which nobody asks any more: a server may be just starting anew."""
SLOW_SECONDS = 3.0
"""A host whose answers take longer than this on average is called slow: what has been looked at for three seconds
without a change is taken for stuck."""
MEMORY = 0.8
"""Weight of the past in that average: one answer that is late does not make a host slow, four do."""
BUSY_SECONDS = 30.0
"""For so long a host that asked for a pause is called slow."""


@dataclass(frozen=True, slots=True)
class HostState:
    """What is known of one host."""

    host: str
    status: Status = "unasked"
    seconds: float = 0.0
    """What an answer takes on average."""
    saved: float = 0.0
    """When the oldest data were saved that are shown since it does not answer; 0 for none."""
    missing: int = 0
    """Requests since it does not answer for which nothing was saved."""


@dataclass(slots=True)
class _Clock:
    """When things happened at a host, by the monotonic clock."""

    answered: float = float("-inf")
    failing_since: float = float("inf")
    ask_again: float = float("-inf")
    refuses: bool = False
    """Whether connections fail at once and have done so for a while, rather than in vain waiting."""
    busy_until: float = float("-inf")


class NetworkState:
    """The hosts talked to and how they answer; thread-safe."""

    changed = Signal()
    """The state of a host changed; emitted in whatever thread noticed."""
    content_changed = Signal(str)
    """An address whose data are another version on the server than those shown before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hosts: dict[str, HostState] = {}
        self._clocks: dict[str, _Clock] = {}

    @property
    def hosts(self) -> tuple[HostState, ...]:
        """Every host asked so far."""
        with self._lock:
            return tuple(self._hosts.values())

    @property
    def worst(self) -> HostState:
        """The host that is worst off; one without a name where none was asked yet."""
        order: tuple[Status, ...] = ("offline", "slow", "online", "unasked")
        return min(self.hosts, key=lambda state: order.index(state.status), default=HostState(""))

    def may_ask(self, host: str, *, has_copy: bool) -> bool:
        """Whether to send a request; where a host did not answer, one request at a time tries it again.

        Who has no copy asks all the same, unless the host has refused for a while: it may be slow, or starting anew.
        """
        with self._lock:
            state, clock, now = self._state(host), self._clocks[host], time.monotonic()
            if state.status != "offline" or not (has_copy or clock.refuses):
                return True
            if now < clock.ask_again:
                return False
            clock.ask_again = now + OFFLINE_SECONDS
            return True

    def note_answer(self, host: str, seconds: float) -> None:
        """Note that a host answered, whatever it said."""
        now = time.monotonic()
        with self._lock:
            state, clock = self._state(host), self._clocks[host]
            clock.answered, clock.failing_since = now, float("inf")
            average = state.seconds * MEMORY + min(seconds, 2 * SLOW_SECONDS) * (1 - MEMORY)
            slow = average > SLOW_SECONDS or now < clock.busy_until
            self._hosts[host] = HostState(host, "slow" if slow else "online", average)
            news = self._hosts[host].status != state.status
        if news:
            self.changed.emit()

    def note_failure(self, host: str, error: Exception, began: float) -> None:
        """Note that a request that began at a (monotonic) time failed.

        Only what says that nobody is there counts, and not where the host answered another request meanwhile.
        """
        now = time.monotonic()
        with self._lock:
            state, clock = self._state(host), self._clocks[host]
            status = state.status
            if isinstance(error, Busy):
                clock.busy_until, status = now + BUSY_SECONDS, "slow"
            elif isinstance(error, Offline | TimedOut) and clock.answered < began:
                clock.failing_since = min(clock.failing_since, began)
                clock.refuses = isinstance(error, Offline) and now - clock.failing_since >= LASTING
                clock.ask_again, status = now + OFFLINE_SECONDS, "offline"
            self._hosts[host] = replace(state, status=status)
            news = status != state.status
        if news:
            self.changed.emit()

    def note_old(self, host: str, saved: float) -> None:
        """Note that data are shown that were saved at a time (since the epoch), for want of an answer."""
        with self._lock:
            state = self._state(host)
            oldest = min(saved, state.saved or saved)
            status: Status = "offline" if state.status == "offline" else "slow"
            self._hosts[host] = replace(state, status=status, saved=oldest)
            news = self._hosts[host] != state
        if news:
            self.changed.emit()

    def note_missing(self, host: str) -> None:
        """Note that something was not to be had: the host does not answer and nothing was saved."""
        with self._lock:
            state = self._state(host)
            self._hosts[host] = replace(state, missing=state.missing + 1)
            news = not state.missing
        if news:
            self.changed.emit()

    def retry(self) -> None:
        """Let every host be asked again at once."""
        with self._lock:
            for clock in self._clocks.values():
                clock.ask_again = float("-inf")

    def _state(self, host: str) -> HostState:
        if host not in self._hosts:
            self._hosts[host], self._clocks[host] = HostState(host), _Clock()
        return self._hosts[host]
