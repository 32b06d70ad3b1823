"""Which hosts answer, and whom to leave alone for a while."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from napari_idr.errors import Busy, NotFound, Offline, TimedOut, Unreachable
from napari_idr.remote import network_state
from napari_idr.remote.network_state import LASTING, OFFLINE_SECONDS, NetworkState

HOST = "idr.example.org"
GONE = Offline("Nobody answers", HOST, "wait")


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        # Of this module only: event loops of other threads would sleep until a clock that is not theirs.
        monkeypatch.setattr(network_state, "time", SimpleNamespace(monotonic=lambda: self.now))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def network() -> NetworkState:
    return NetworkState()


def test_host_that_refused_is_left_alone_by_those_who_have_a_copy(network: NetworkState, clock: Clock) -> None:
    network.note_failure(HOST, GONE, clock.now)
    assert network.worst.status == "offline"
    assert [network.may_ask(HOST, has_copy=True) for _ in range(3)] == [False] * 3
    assert network.may_ask(HOST, has_copy=False)  # it may be starting anew
    clock.now += OFFLINE_SECONDS
    assert [network.may_ask(HOST, has_copy=True) for _ in range(3)] == [True, False, False]


def test_host_that_refuses_for_a_while_is_left_alone_by_all(network: NetworkState, clock: Clock) -> None:
    network.note_failure(HOST, GONE, clock.now)
    clock.now += LASTING
    network.note_failure(HOST, GONE, clock.now)
    assert not network.may_ask(HOST, has_copy=False)
    network.retry()
    assert network.may_ask(HOST, has_copy=False)


def test_host_that_hangs_is_still_asked_for_what_nobody_has(network: NetworkState, clock: Clock) -> None:
    for _ in range(5):
        network.note_failure(HOST, TimedOut("late", HOST, "wait"), clock.now)
        clock.now += 20
    assert network.worst.status == "offline"
    assert network.may_ask(HOST, has_copy=False)


def test_one_hanging_request_among_answers_means_nothing(network: NetworkState, clock: Clock) -> None:
    began = clock.now
    clock.now += 20
    network.note_answer(HOST, 0.1)
    network.note_failure(HOST, TimedOut("late", HOST, "wait"), began)
    assert network.worst.status == "online"


@pytest.mark.parametrize("error", [Unreachable("cut off", HOST, "x"), NotFound("no", HOST, "x")])
def test_other_failures_do_not_mean_that_nobody_is_there(error: Exception, network: NetworkState, clock: Clock) -> None:
    network.note_answer(HOST, 0.1)
    network.note_failure(HOST, error, clock.now + 1)
    assert network.worst.status == "online"


def test_busy_host_is_slow_for_a_while(network: NetworkState, clock: Clock) -> None:
    network.note_failure(HOST, Busy("wait", HOST, "x"), clock.now)
    network.note_answer(HOST, 0.1)
    assert network.worst.status == "slow"
    clock.now += 60
    network.note_answer(HOST, 0.1)
    assert network.worst.status == "online"


def test_change_is_told_once(network: NetworkState, clock: Clock) -> None:
    told: list[str] = []
    network.changed.connect(lambda: told.append(network.worst.status))
    for _ in range(3):
        network.note_answer(HOST, 0.1)
    for _ in range(3):
        clock.now += 1
        network.note_failure(HOST, GONE, clock.now)
    network.note_answer(HOST, 0.1)
    assert told == ["online", "offline", "online"]


def test_an_answer_ends_it(network: NetworkState, clock: Clock) -> None:
    network.note_failure(HOST, GONE, clock.now)
    network.note_old(HOST, 5.0)
    network.note_missing(HOST)
    assert (network.worst.saved, network.worst.missing) == (5.0, 1)
    network.note_answer(HOST, 0.1)
    assert (network.worst.status, network.worst.saved, network.worst.missing) == ("online", 0.0, 0)
