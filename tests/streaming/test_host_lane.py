from __future__ import annotations

import pytest

from napari_idr.streaming.host_lane import LONGEST_PAUSE, MOST_PER_HOST, PREFETCH, VISIBLE, HostLane


def lane_of(start: int, most: int, *items: tuple[int, str]) -> HostLane[str]:
    lane: HostLane[str] = HostLane(start, most)
    for tier, name in items:
        lane.push((tier, 0.0, 0.0), name)
    return lane


def begin_all(lane: HostLane[str], now: float = 0.0) -> list[str]:
    begun = []
    for priority, name in lane.startable(now):
        lane.began(priority[0])
        begun.append(name)
    return begun


class Line:
    """A line to a host, with a clock of its own: each request takes ``latency``, all share ``bandwidth``."""

    def __init__(self, latency: float, bandwidth: float, nbytes: int) -> None:
        self.latency, self.bandwidth, self.nbytes = latency, bandwidth, nbytes
        self.now = 0.0

    def run(self, lane: HostLane[int], rounds: int) -> None:
        """Keep the lane full, and let it hear what comes."""
        for number in range(rounds):
            lane.push((VISIBLE, 0.0, 0.0), number)
            lane.push((VISIBLE, 0.0, 0.0), number)
            for priority, _ in lane.startable(self.now):
                lane.began(priority[0])
            self.now += max(self.latency / lane.in_flight, self.nbytes / self.bandwidth)
            lane.ended(VISIBLE, self.nbytes, self.now)


def test_no_more_begins_than_the_window_holds_and_the_most_pressing_first():
    lane = lane_of(2, 2, (PREFETCH, "ahead"), (VISIBLE, "seen"), (0, "exact"))
    assert begin_all(lane) == ["exact", "seen"]
    lane.ended(0, 10, 0.1)
    assert begin_all(lane) == []  # what is in view has the line to itself
    lane.ended(VISIBLE, 10, 0.1)
    assert begin_all(lane) == ["ahead"]


def test_what_is_fetched_ahead_leaves_half_of_the_window_free():
    lane = lane_of(8, 8, *((PREFETCH, f"ahead {n}") for n in range(8)))
    assert len(begin_all(lane)) == 4
    lane.push((VISIBLE, 0.0, 0.0), "seen")
    assert begin_all(lane) == ["seen"]


def test_the_window_grows_where_small_chunks_leave_a_long_line_empty():
    lane: HostLane[int] = HostLane(16, MOST_PER_HOST)
    Line(latency=0.05, bandwidth=12.5e6, nbytes=5_000).run(lane, 4_000)
    assert lane.window == MOST_PER_HOST


def test_the_window_stays_where_the_line_is_full():
    lane: HostLane[int] = HostLane(16, MOST_PER_HOST)
    Line(latency=0.05, bandwidth=12.5e6, nbytes=1_000_000).run(lane, 1_000)
    assert lane.window in (16, 24)  # a try upwards now and then, taken back


def test_the_window_does_not_grow_while_nothing_waits():
    lane: HostLane[int] = HostLane(16, MOST_PER_HOST)
    for number in range(1_000):
        lane.push((VISIBLE, 0.0, 0.0), number)
        for priority, _ in lane.startable(number * 0.01):
            lane.began(priority[0])
        lane.ended(VISIBLE, 100, number * 0.01)
    assert lane.window == 16


def test_a_lane_that_may_not_grow_does_not():
    lane: HostLane[int] = HostLane(3, 3)
    Line(latency=0.05, bandwidth=12.5e6, nbytes=5_000).run(lane, 500)
    assert lane.window == 3


def test_a_busy_host_is_left_alone_as_long_as_it_asks_and_asked_for_half_then():
    lane = lane_of(16, 64, *((VISIBLE, f"{n}") for n in range(40)))
    assert len(begin_all(lane)) == 16
    lane.busy(7.0, now=1.0)
    for _ in range(16):
        lane.ended(VISIBLE, 0, 1.0)
    assert begin_all(lane, now=7.9) == []
    assert len(begin_all(lane, now=8.1)) == lane.window == 8


def test_answers_to_what_was_sent_before_the_pause_do_not_prolong_it():
    lane = lane_of(16, 64)
    lane.busy(2.0, now=1.0)
    for _ in range(15):
        lane.busy(2.0, now=1.5)
    assert lane.paused_until == 3.0
    assert lane.window == 8


@pytest.mark.parametrize(("asked", "given"), [(10_000.0, LONGEST_PAUSE), (0.0, 0.0)])
def test_a_pause_is_never_endless(asked: float, given: float):
    lane = lane_of(16, 64)
    lane.busy(asked, now=5.0)
    assert lane.paused_until == 5.0 + given


def test_a_host_that_does_not_say_how_long_is_left_alone_longer_each_time():
    lane = lane_of(16, 64)
    pauses = []
    now = 0.0
    for _ in range(4):
        lane.busy(None, now)
        pauses.append(lane.paused_until - now)
        now = lane.paused_until + 0.1
    assert pauses == sorted(set(pauses))
    lane.ended(VISIBLE, 10, now)
    lane.busy(None, now)
    assert lane.paused_until - now == pauses[0]  # it had answered in between
