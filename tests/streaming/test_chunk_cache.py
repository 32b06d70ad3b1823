from __future__ import annotations

import threading

import numpy as np

from napari_idr.streaming.chunk_cache import ChunkCache, Tier


def chunk(nbytes: int = 10, value: int = 1) -> np.ndarray:
    return np.full(nbytes, value, np.uint8)


def filled(cache: ChunkCache, count: int) -> ChunkCache:
    for index in range(count):
        cache.put((1, (index,)), chunk())
    return cache


def held(cache: ChunkCache, count: int) -> list[int]:
    return [index for index in range(count) if (1, (index,)) in cache]


def test_a_chunk_comes_back_as_it_was_put():
    cache = ChunkCache(100)
    cache.put((1, (0, 1)), chunk(value=7))
    np.testing.assert_array_equal(cache.get((1, (0, 1))), chunk(value=7))
    assert cache.get((2, (0, 1))) is None


def test_bytes_never_exceed_the_limit():
    cache = ChunkCache(35)
    for index in range(20):
        cache.put((1, (index,)), chunk())
        assert cache.nbytes <= 35
    assert held(cache, 20) == [17, 18, 19]


def test_the_least_recently_used_goes_first():
    cache = filled(ChunkCache(30), 3)
    cache.get((1, (0,)))
    cache.put((1, (3,)), chunk())
    assert held(cache, 4) == [0, 2, 3]


def test_asking_whether_a_chunk_is_held_does_not_count_as_use():
    cache = filled(ChunkCache(30), 3)
    assert (1, (0,)) in cache
    cache.put((1, (3,)), chunk())
    assert held(cache, 4) == [1, 2, 3]


def test_a_chunk_put_again_counts_once():
    cache = ChunkCache(100)
    cache.put((1, (0,)), chunk(40))
    cache.put((1, (0,)), chunk(10, value=2))
    assert cache.nbytes == 10
    np.testing.assert_array_equal(cache.get((1, (0,))), chunk(10, value=2))


def test_a_chunk_larger_than_the_limit_is_refused_and_evicts_nothing():
    cache = filled(ChunkCache(30), 3)
    assert not cache.put((1, (9,)), chunk(31))
    assert held(cache, 10) == [0, 1, 2]


def test_one_array_can_be_let_go():
    cache = filled(ChunkCache(100), 3)
    cache.put((2, (0,)), chunk())
    cache.discard_array(1)
    assert held(cache, 3) == []
    assert cache.nbytes == 10
    cache.clear()
    assert (2, (0,)) not in cache
    assert cache.nbytes == 0


def test_many_threads_keep_the_count_right():
    cache = ChunkCache(500)

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for index in rng.integers(0, 40, 2000):
            cache.put((1, (int(index),)), chunk(int(index) + 1))
            cache.get((1, (int(rng.integers(0, 40)),)))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.nbytes == sum(index + 1 for index in held(cache, 40)) <= 500


def put_all(cache: ChunkCache, indices: range, tier: Tier) -> None:
    for index in indices:
        cache.put((1, (index,)), chunk(), tier)


def keys(*indices: int) -> list[tuple[int, tuple[int, ...]]]:
    return [(1, (index,)) for index in indices]


def test_what_is_read_once_does_not_drive_out_what_is_in_view():
    cache = filled(ChunkCache(40), 2)
    cache.look("view", keys(0, 1))
    put_all(cache, range(10, 30), Tier.RECENT)
    assert held(cache, 2) == [0, 1]
    assert cache.nbytes == 40


def test_what_is_fetched_ahead_drives_out_what_was_read_and_nothing_in_view():
    cache = filled(ChunkCache(40), 2)
    cache.look("view", keys(0, 1))
    put_all(cache, range(10, 12), Tier.RECENT)
    put_all(cache, range(20, 26), Tier.PREFETCH)
    assert held(cache, 30) == [0, 1, 24, 25]
    assert not cache.put((1, (50,)), chunk(), Tier.RECENT)  # nothing may go for it


def test_what_comes_into_view_drives_out_what_was_fetched_ahead():
    cache = ChunkCache(40)
    put_all(cache, range(4), Tier.PREFETCH)
    cache.look("view", keys(10, 11))
    put_all(cache, range(10, 12), Tier.VISIBLE)
    assert held(cache, 20) == [2, 3, 10, 11]


def test_what_was_fetched_ahead_and_used_counts_as_used():
    cache = ChunkCache(30)
    put_all(cache, range(2), Tier.PREFETCH)
    cache.get((1, (0,)))
    cache.put((1, (2,)), chunk(), Tier.RECENT)
    cache.put((1, (3,)), chunk(), Tier.RECENT)
    assert held(cache, 4) == [1, 2, 3]  # chunk 0 was the least recently used of those that nobody waits for


def test_a_view_larger_than_the_memory_still_gets_what_came_last():
    cache = ChunkCache(30)
    cache.look("view", keys(*range(10)))
    put_all(cache, range(10), Tier.VISIBLE)
    assert held(cache, 10) == [7, 8, 9]


def test_what_was_looked_away_from_goes_like_everything():
    cache = filled(ChunkCache(30), 3)
    cache.look("view", keys(0, 1, 2))
    cache.look("view", ())
    put_all(cache, range(10, 13), Tier.RECENT)
    assert held(cache, 3) == []
