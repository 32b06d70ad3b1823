from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fake_source import PATIENCE, FakeSource, Heard, array_of, counting, settle, wants

from napari_idr.errors import Busy, Cancelled, ChunkError, Unreachable
from napari_idr.streaming.chunks import Chunk, ChunkedArray
from napari_idr.streaming.level import Wishes
from napari_idr.streaming.loader import BUSY_ATTEMPTS, PREFETCH
from napari_idr.streaming.pyramid import array_levels

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.streaming.loader import ChunkLoader

STRIP = (8, 4)
"""An array of eight chunks of 1 x 4 pixels."""


@pytest.fixture
def strip() -> tuple[ChunkedArray, FakeSource]:
    return array_of(counting(STRIP), (1, 4), gated=True)


def fetch(loader: ChunkLoader, array: ChunkedArray, *rows: int) -> list[Future[np.ndarray]]:
    return loader.fetch([Chunk(array, (row, 0)) for row in rows])


def pixels_of(future: Future[np.ndarray]) -> list[int]:
    return future.result(PATIENCE).ravel().tolist()


# -- exact


def test_chunks_come_in_the_order_asked_for(loader, strip):
    array, source = strip
    source.gated = False
    futures = fetch(loader, array, 3, 0, 7)
    assert [pixels_of(future)[0] for future in futures] == [13, 1, 29]


def test_a_chunk_asked_for_twice_is_fetched_once(loader, strip):
    array, source = strip
    first = fetch(loader, array, 2, 2)
    loader.show("viewer", wants(array, (2, 0)))
    second = fetch(loader, array, 2)
    settle(loader)
    source.let_through(loader)
    assert {tuple(pixels_of(future)) for future in first + second} == {(9, 10, 11, 12)}
    assert source.asked == [(2, 0)]


def test_a_cached_chunk_is_not_fetched_again(loader, strip):
    array, source = strip
    source.gated = False
    pixels_of(fetch(loader, array, 1)[0])
    assert pixels_of(fetch(loader, array, 1)[0]) == [5, 6, 7, 8]
    assert source.asked == [(1, 0)]


def test_no_more_chunks_are_in_flight_than_allowed(make_loader, strip):
    loader, (array, source) = make_loader(concurrency=3), strip
    futures = fetch(loader, array, *range(8))
    settle(loader)
    assert source.flying == 3
    source.let_through(loader)
    for future in futures:
        pixels_of(future)
    assert source.most == 3
    assert len(source.asked) == 8


def test_a_reader_that_gave_up_frees_the_place(make_loader, strip, no_grace):
    loader, (array, source) = make_loader(concurrency=1), strip
    given_up = fetch(loader, array, 0, 1)
    settle(loader)
    loader.give_up(given_up)
    source.wait_until(lambda: source.cancelled == [(0, 0)])
    source.let_through(loader)
    assert pixels_of(fetch(loader, array, 2)[0])[0] == 9
    assert source.asked == [(0, 0), (2, 0)]


def test_a_future_cancelled_by_its_owner_hurts_nobody(loader, strip):
    array, source = strip
    lost, kept = fetch(loader, array, 0, 0)
    settle(loader)
    lost.cancel()
    source.let_through(loader)
    assert pixels_of(kept) == [1, 2, 3, 4]


def test_an_exact_read_from_the_loaders_own_thread_is_refused_not_hung(loader, strip):
    array, source = strip
    source.gated = False
    (level,) = array_levels([array], loader)

    async def read_here() -> None:
        np.asarray(level)

    with pytest.raises(RuntimeError, match="wait for itself"):
        loader.wait(read_here())
    never = asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="wait for itself"):
        loader.wait(_call(lambda: loader.wait(never)))


async def _call(function: Callable[[], object]) -> None:
    function()


# -- for display: what comes first


def test_coarse_comes_before_fine_and_centre_before_edge(make_loader, strip):
    loader, (array, source) = make_loader(concurrency=1), strip
    blocker, blocked = array_of(counting((1, 1)), (1, 1), gated=True)
    fetch(loader, blocker, 0)
    fine_edge = wants(array, (0, 0), priority=(1, -0.1, 5.0))
    fine_centre = wants(array, (1, 0), priority=(1, -0.1, 0.0))
    coarse = wants(array, (2, 0), priority=(1, -0.5, 9.0))
    loader.show("viewer", fine_edge + fine_centre + coarse)
    exact = fetch(loader, array, 3)
    source.gated = False
    blocked.let_through(loader)
    source.wait_until(lambda: len(source.asked) == 4)
    pixels_of(exact[0])
    assert source.asked == [(3, 0), (2, 0), (1, 0), (0, 0)]


def test_a_view_that_moved_changes_the_order(make_loader, strip):
    loader, (array, source) = make_loader(concurrency=1), strip
    blocker, blocked = array_of(counting((1, 1)), (1, 1), gated=True)
    fetch(loader, blocker, 0)
    loader.show("viewer", [*wants(array, (0, 0), priority=(1, 0, 0)), *wants(array, (1, 0), priority=(1, 0, 1))])
    loader.show("viewer", [*wants(array, (0, 0), priority=(1, 0, 1)), *wants(array, (1, 0), priority=(1, 0, 0))])
    source.gated = False
    blocked.let_through(loader)
    source.wait_until(lambda: len(source.asked) == 2)
    assert source.asked == [(1, 0), (0, 0)]


def test_what_is_read_exactly_is_not_put_back_by_a_display(make_loader, strip):
    loader, (array, source) = make_loader(concurrency=1), strip
    blocker, blocked = array_of(counting((1, 1)), (1, 1), gated=True)
    fetch(loader, blocker, 0)
    exact = fetch(loader, array, 5)
    loader.show("viewer", [*wants(array, (4, 0), priority=(1, -1, 0)), *wants(array, (5, 0), priority=(1, 0, 9))])
    source.gated = False
    blocked.let_through(loader)
    source.wait_until(lambda: len(source.asked) == 2)
    pixels_of(exact[0])
    assert source.asked == [(5, 0), (4, 0)]


# -- for display: what is dropped


def test_a_view_that_moved_drops_what_did_not_begin(make_loader, strip):
    loader, (array, source) = make_loader(concurrency=1), strip
    loader.show("viewer", wants(array, (0, 0), (1, 0), (2, 0)))
    settle(loader)
    loader.show("viewer", wants(array, (0, 0), (7, 0)))
    settle(loader)
    assert loader.in_flight("viewer") == 2
    source.let_through(loader)
    source.wait_until(lambda: source.flying == 0 and len(source.asked) == 2)
    assert source.asked == [(0, 0), (7, 0)]


def test_what_nobody_wants_is_cancelled_when_its_grace_is_over(loader, strip, no_grace):
    array, source = strip
    loader.show("viewer", wants(array, (0, 0), (1, 0)))
    settle(loader)
    loader.show("viewer", wants(array, (1, 0)))
    source.wait_until(lambda: source.cancelled == [(0, 0)])
    settle(loader)
    assert source.flying == 1
    assert loader.in_flight() == 1


def test_a_view_that_stays_drops_nothing_at_once(loader, strip, long_grace):
    array, source = strip
    loader.show("viewer", wants(array, (0, 0), (1, 0)))
    settle(loader)
    loader.show("viewer", wants(array, (1, 0)), moved=False)  # drawn before the first was known
    loader.show("viewer", wants(array, (0, 0), (1, 0)), moved=False)
    source.let_through(loader)
    settle(loader)
    assert source.asked == [(0, 0), (1, 0)]
    assert source.cancelled == []


def test_within_its_grace_a_download_is_taken_up_again(loader, strip, long_grace):
    array, source = strip
    loader.show("viewer", wants(array, (0, 0)))
    loader.show("viewer", [])
    settle(loader)
    loader.show("viewer", wants(array, (0, 0)))
    source.let_through(loader)
    settle(loader)
    assert source.asked == [(0, 0)]
    assert source.cancelled == []
    assert array.key((0, 0)) in loader.cache


def test_a_view_that_came_back_and_left_again_gets_a_whole_grace(loader, strip, monkeypatch):
    array, source = strip
    monkeypatch.setattr("napari_idr.streaming.loader.GRACE_SECONDS", 0.0)
    loader.show("viewer", wants(array, (0, 0)))
    settle(loader)
    loader._loop.call_soon_threadsafe(_leave_and_come_back, loader, array, monkeypatch)
    settle(loader)
    source.let_through(loader)
    settle(loader)
    assert source.cancelled == []


def _leave_and_come_back(loader: ChunkLoader, array: ChunkedArray, monkeypatch: pytest.MonkeyPatch) -> None:
    loader._on_show("viewer", [])
    loader._on_show("viewer", wants(array, (0, 0)))
    monkeypatch.setattr("napari_idr.streaming.loader.GRACE_SECONDS", 600.0)
    loader._on_show("viewer", [])


def test_what_another_viewer_wants_goes_on(loader, strip, no_grace):
    array, source = strip
    loader.show("one", wants(array, (0, 0)))
    loader.show("two", wants(array, (0, 0)))
    settle(loader)
    loader.forget("one")
    settle(loader)
    source.let_through(loader)
    settle(loader)
    assert source.cancelled == []
    assert array.key((0, 0)) in loader.cache


def test_an_exact_reader_survives_that_the_display_moves_on(loader, strip, no_grace):
    array, source = strip
    loader.show("viewer", wants(array, (0, 0)))
    (future,) = fetch(loader, array, 0)
    loader.show("viewer", [])
    loader.forget("viewer")
    settle(loader)
    source.let_through(loader)
    assert pixels_of(future) == [1, 2, 3, 4]
    assert source.asked == [(0, 0)]
    assert source.cancelled == []


def test_a_display_survives_that_an_exact_reader_gives_up(loader, strip, no_grace):
    array, source = strip
    loader.show("viewer", wants(array, (0, 0)))
    loader.give_up(fetch(loader, array, 0))
    settle(loader)
    source.let_through(loader)
    settle(loader)
    assert source.cancelled == []
    assert array.key((0, 0)) in loader.cache


def test_a_chunk_asked_for_while_its_cancellation_is_under_way_comes(loader, strip, no_grace):
    array, source = strip
    source.slow_to_cancel = True
    loader.show("viewer", wants(array, (0, 0)))
    settle(loader)
    loader.show("viewer", [])
    source.wait_until(lambda: source.cancelled == [(0, 0)])
    (future,) = fetch(loader, array, 0)
    loader.show("viewer", wants(array, (0, 0)))
    settle(loader)
    assert source.asked == [(0, 0)], "one chunk must not be in flight twice"
    source.gated = False
    source.let_cancelled_end(loader)
    assert pixels_of(future) == [1, 2, 3, 4]
    settle(loader)
    assert source.asked == [(0, 0), (0, 0)]
    assert loader.in_flight() == loader.in_flight("viewer") == 0


def test_a_late_answer_still_goes_to_the_cache(loader, strip, long_grace):
    array, source = strip
    loader.show("viewer", wants(array, (0, 0)))
    settle(loader)
    loader.show("viewer", [])
    source.let_through(loader)
    settle(loader)
    assert array.key((0, 0)) in loader.cache


def test_viewers_hear_of_what_arrived_for_them_alone(loader, strip):
    array, source = strip
    heard = Heard(loader)
    loader.show("one", wants(array, (0, 0)))
    loader.show("two", wants(array, (0, 0), (1, 0)))
    settle(loader)
    source.let_through(loader, (0, 0))
    settle(loader)
    assert heard.arrived == [frozenset({"one", "two"})]
    source.let_through(loader, (1, 0))
    settle(loader)
    assert heard.arrived[1:] == [frozenset({"two"})]
    assert loader.in_flight("two") == 0


def test_a_viewer_hears_of_what_came_between_its_look_and_its_wish(loader, strip):
    array, source = strip
    source.gated = False
    pixels_of(fetch(loader, array, 0)[0])
    heard = Heard(loader)
    loader.show("viewer", wants(array, (0, 0)))
    settle(loader)
    assert heard.arrived == [frozenset({"viewer"})]
    assert loader.in_flight("viewer") == 0
    assert source.asked == [(0, 0)]


# -- failures


def test_a_failed_chunk_is_told_once_and_not_asked_for_again_while_in_view(loader, strip):
    array, source = strip
    source.gated = False
    source.faults = {(row, 0): ChunkError("truncated") for row in (0, 1)}
    heard = Heard(loader)
    for _ in range(3):
        loader.show("viewer", wants(array, (0, 0), (1, 0), (2, 0)))
        settle(loader)
    assert [viewer for viewer, _ in heard.failed] == ["viewer"]
    assert sorted(source.asked) == [(0, 0), (1, 0), (2, 0)]
    assert loader.in_flight("viewer") == 0


def test_a_later_visit_tries_a_failed_chunk_again(loader, strip):
    array, source = strip
    source.gated = False
    source.faults = {(0, 0): Unreachable("no answer")}
    loader.show("viewer", wants(array, (0, 0)))
    settle(loader)
    loader.show("viewer", wants(array, (1, 0)))
    source.faults = {}
    loader.show("viewer", wants(array, (0, 0)))
    settle(loader)
    assert array.key((0, 0)) in loader.cache
    assert source.asked.count((0, 0)) == 2


def test_an_exact_read_of_a_chunk_that_fails_raises(loader, strip):
    array, source = strip
    source.gated = False
    source.faults = {(1, 0): ChunkError("truncated"), (2, 0): ValueError("a codec's own words")}
    (level,) = array_levels([array], loader)
    with pytest.raises(ChunkError, match="truncated"):
        np.asarray(level[0:2])
    with pytest.raises(ChunkError, match="a codec's own words"):
        np.asarray(level[2])
    np.testing.assert_array_equal(level[3:], source.pixels[3:])


def test_what_is_left_of_an_exact_read_that_failed_is_given_up(make_loader, strip, no_grace):
    loader, (array, source) = make_loader(concurrency=2), strip
    source.faults = {(0, 0): ChunkError("truncated")}
    (level,) = array_levels([array], loader)
    pending = level.begin(((0, 8), (0, 4)))
    settle(loader)
    source.let_through(loader, (0, 0))
    with pytest.raises(ChunkError):
        pending.result()
    source.wait_until(lambda: source.flying == 0)
    settle(loader)
    assert len(source.asked) <= 3
    assert loader.in_flight() == 0


def test_a_chunk_larger_than_the_cache_is_read_exactly_but_shown_coarse_and_not_asked_for_for_ever(make_loader):
    loader = make_loader(cache_bytes=100)
    array, source = array_of(counting((20, 20)), (20, 20))
    (level,) = array_levels([array], loader)
    heard = Heard(loader)
    np.testing.assert_array_equal(level, source.pixels)
    for _ in range(3):
        wishes = Wishes()
        np.asarray(level.for_display(wishes))
        loader.show("viewer", list(wishes.chunks.values()))
        settle(loader)
    assert len(source.asked) == 2
    assert [type(error) for _, error in heard.failed] == [ChunkError]


def test_a_listener_that_fails_does_not_stop_the_loader(make_loader, strip):
    loader, (array, source) = make_loader(concurrency=1), strip
    errors: list[object] = []
    loader._loop.call_soon_threadsafe(loader._loop.set_exception_handler, lambda _, context: errors.append(context))
    source.gated = False
    loader.arrived.connect(_fail)
    loader.show("viewer", wants(array, (0, 0), (1, 0), (2, 0)))
    source.wait_until(lambda: len(source.asked) == 3 and source.flying == 0)
    assert pixels_of(fetch(loader, array, 3)[0])[0] == 13


def _fail(viewers: frozenset[object]) -> None:
    raise ZeroDivisionError("a listener's own fault")


# -- exact while evicting


def test_exact_reads_are_right_while_chunks_are_evicted_under_them(make_loader):
    pixels = counting((40, 40))
    loader = make_loader(cache_bytes=3 * 5 * 5 * 2, concurrency=4)
    array, _ = array_of(pixels, (5, 5))
    (level,) = array_levels([array], loader)
    wrong: list[int] = []

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(60):
            y, x = (int(v) for v in rng.integers(0, 30, 2))
            wishes = Wishes()
            np.asarray(level.for_display(wishes)[y : y + 10, x : x + 10])
            loader.show(seed, list(wishes.chunks.values()))
            if not np.array_equal(level[y : y + 10, x : x + 10], pixels[y : y + 10, x : x + 10]):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert loader.cache.nbytes <= loader.cache.limit


# -- closing


def test_closing_ends_exact_readers_with_cancelled(make_loader, strip):
    loader, (array, source) = make_loader(concurrency=2), strip
    heard = Heard(loader)
    loader.show("viewer", wants(array, (7, 0)))
    futures = fetch(loader, array, *range(5))
    settle(loader)
    assert source.flying == 2
    loader.close()
    for future in futures:
        assert isinstance(future.exception(PATIENCE), Cancelled)
    assert source.flying == 0
    assert len(source.asked) == 2, "nothing new begins while closing"
    assert heard.arrived == heard.failed == []


def test_a_reader_in_another_thread_is_let_go_when_the_loader_closes(make_loader, strip):
    loader, (array, source) = make_loader(), strip
    (level,) = array_levels([array], loader)
    errors: list[BaseException] = []

    def read() -> None:
        try:
            np.asarray(level)
        except Cancelled as error:
            errors.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    source.wait_until(lambda: source.flying == 4)
    loader.close()
    thread.join(PATIENCE)
    assert len(errors) == 1


def test_metadata_being_read_is_cancelled_by_closing(make_loader):
    loader = make_loader()
    started = threading.Event()

    async def never() -> None:
        started.set()
        await asyncio.Event().wait()

    errors: list[BaseException] = []

    def wait() -> None:
        try:
            loader.wait(never())
        except Cancelled as error:
            errors.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    assert started.wait(PATIENCE)
    loader.close()
    thread.join(PATIENCE)
    assert len(errors) == 1


def test_a_closed_loader_refuses_and_forgets_quietly(make_loader, strip):
    loader, (array, _) = make_loader(), strip
    futures = fetch(loader, array, 0)
    loader.close()
    loader.close()
    loader.forget("viewer")
    loader.give_up([Future(), *futures])
    with pytest.raises(Cancelled):
        fetch(loader, array, 0)
    with pytest.raises(Cancelled):
        loader.show("viewer", [])
    with pytest.raises(Cancelled):
        loader.wait(asyncio.sleep(0))


def test_closing_while_others_ask_leaves_nobody_waiting(make_loader):
    for _ in range(20):
        loader = make_loader(concurrency=2)
        array, _ = array_of(counting(STRIP), (1, 4))
        began = threading.Barrier(3)
        unsettled: list[Future[np.ndarray]] = []
        threads = [threading.Thread(target=_ask_until_closed, args=(loader, array, began, unsettled)) for _ in "ab"]
        for thread in threads:
            thread.start()
        began.wait(PATIENCE)
        loader.close()
        for thread in threads:
            thread.join(PATIENCE)
        assert all(future.done() for future in unsettled)


def _ask_until_closed(
    loader: ChunkLoader, array: ChunkedArray, began: threading.Barrier, asked: list[Future[np.ndarray]]
) -> None:
    began.wait(PATIENCE)
    try:
        while True:
            asked += fetch(loader, array, 0, 1, 2)
            loader.show("viewer", wants(array, (3, 0), (4, 0)))
            loader.cache.clear()
    except Cancelled:
        pass


# -- busy hosts, chunks that fail, what is fetched ahead


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are short."""
    monkeypatch.setattr("napari_idr.streaming.host_lane.PAUSES", (0.01,))
    monkeypatch.setattr("napari_idr.streaming.loader.TRY_AGAIN_SECONDS", (0.01,))


def test_a_chunk_of_a_busy_host_comes_after_the_pause(loader, strip, quick):
    array, source = strip
    source.gated = False
    source.faults[(0, 0)] = Busy("busy", retry_after=0.05)
    futures = fetch(loader, array, 0, 1)
    source.wait_until(lambda: source.asked.count((0, 0)) >= 2)
    source.faults.clear()
    assert [pixels_of(future)[0] for future in futures] == [1, 5]


def test_an_exact_read_of_a_host_that_stays_busy_raises(loader, strip, quick):
    array, source = strip
    source.gated = False
    source.faults[(0, 0)] = Busy("busy", retry_after=0.0)
    with pytest.raises(Busy):
        fetch(loader, array, 0)[0].result(PATIENCE)
    assert source.asked == [(0, 0)] * BUSY_ATTEMPTS


def test_a_busy_host_gets_fewer_requests_at_once(make_loader, strip, quick):
    loader, (array, source) = make_loader(concurrency=4), strip
    source.gated, source.host = False, "somewhere"
    source.faults[(0, 0)] = Busy("busy", retry_after=0.0)
    with pytest.raises(Busy):
        fetch(loader, array, 0)[0].result(PATIENCE)
    assert loader.window("somewhere") == 1


def test_hosts_do_not_wait_for_one_another(make_loader):
    loader = make_loader(concurrency=2)
    (slow, slow_source), (other, other_source) = (array_of(counting(STRIP), (1, 4), gated=True) for _ in range(2))
    slow_source.host, other_source.host, other_source.gated = "slow", "other", False
    fetch(loader, slow, *range(8))
    assert pixels_of(fetch(loader, other, 0)[0]) == [1, 2, 3, 4]
    slow_source.let_through(loader)


def test_a_chunk_in_view_that_failed_is_asked_for_again_and_told_once(loader, strip, quick):
    array, source = strip
    heard = Heard(loader)
    source.gated = False
    source.faults[(0, 0)] = Unreachable("down")
    loader.show("viewer", wants(array, (0, 0)))
    source.wait_until(lambda: source.asked.count((0, 0)) >= 4)
    source.faults.clear()
    deadline = threading.Event()
    while array.key((0, 0)) not in loader.cache:
        assert not deadline.wait(0.01)
    settle(loader)
    assert loader.failures("viewer") == 0
    assert [viewer for viewer, _ in heard.failed] == ["viewer"]


def test_a_chunk_that_failed_and_left_the_view_is_let_be(loader, strip, quick):
    array, source = strip
    source.gated = False
    source.faults[(0, 0)] = Unreachable("down")
    loader.show("viewer", wants(array, (0, 0)))
    source.wait_until(lambda: source.asked.count((0, 0)) >= 2)
    loader.forget("viewer")
    settle(loader)
    asked = source.asked.count((0, 0))
    threading.Event().wait(0.1)
    assert source.asked.count((0, 0)) == asked


def test_what_is_fetched_ahead_comes_after_what_is_in_view(make_loader, strip):
    loader, (array, source) = make_loader(concurrency=1), strip
    loader.show("busy", wants(array, (7, 0)))
    settle(loader)
    loader.show("ahead", wants(array, (0, 0), (1, 0), priority=(PREFETCH, 0.0, 0.0)))
    loader.show("viewer", wants(array, (2, 0), (1, 0)))
    source.let_through(loader)
    source.wait_until(lambda: len(source.asked) == 4)
    assert set(source.asked[1:3]) == {(1, 0), (2, 0)}
    assert source.asked[3] == (0, 0)


def test_what_was_fetched_ahead_does_not_drive_out_what_is_in_view(make_loader, strip):
    array, source = strip
    loader = make_loader(cache_bytes=3 * array.chunk_nbytes)
    source.gated = False
    loader.cache.look("viewer", [array.key((0, 0)), array.key((1, 0))])
    for future in fetch(loader, array, 0, 1):
        pixels_of(future)
    loader.show("ahead", wants(array, *((row, 0) for row in range(2, 8)), priority=(PREFETCH, 0.0, 0.0)))
    source.wait_until(lambda: len(source.asked) == 8)
    settle(loader)
    assert array.key((0, 0)) in loader.cache
    assert array.key((1, 0)) in loader.cache
