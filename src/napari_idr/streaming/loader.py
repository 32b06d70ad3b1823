"""Fetches chunks in the background: what is looked at first, nothing twice, and nothing that nobody wants."""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from psygnal import Signal

from napari_idr.errors import Busy, Cancelled, ChunkError, NapariIdrError

from .chunk_cache import ChunkCache, Tier
from .free_memory import TRIM_BYTES, give_back
from .host_lane import MOST_PER_HOST, PREFETCH, VISIBLE, HostLane, Priority

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable, Sequence

    import numpy as np

    from .chunk_cache import ChunkKey
    from .chunks import Chunk

__all__ = ["EXACT", "PREFETCH", "VISIBLE", "ChunkLoader", "Priority", "Want"]

_log = logging.getLogger(__name__)
T = TypeVar("T")

GRACE_SECONDS = 0.3
"""A download nobody wants any more lives this long: a view often comes back, and cancelling HTTP/1.1 costs the
connection (a TCP and TLS set-up). None where another view waits for the line."""

BUSY_ATTEMPTS = 6
"""Times a chunk is asked for at a host that keeps saying it is busy."""

TRY_AGAIN_SECONDS = (2.0, 5.0, 10.0, 30.0)
"""After these a chunk in view that failed is asked for again, the last one for ever: a server comes back."""

DECODERS = 2
"""Threads that decode: a window that is drawn needs the other cores, and the interpreter."""

EXACT: Priority = (0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Want:
    """A chunk the display would like, and how much."""

    chunk: Chunk
    priority: Priority


@dataclass(eq=False, slots=True)
class _Job:
    """One chunk on its way; lives on the loop's thread only."""

    chunk: Chunk
    priority: Priority
    viewers: dict[Hashable, Priority] = field(default_factory=dict)
    readers: list[Future[np.ndarray]] = field(default_factory=list)
    task: asyncio.Task[None] | None = None
    ending: asyncio.TimerHandle | None = None
    """Cancels the download when its grace is over."""
    attempts: int = 0
    """At a host that was busy."""

    @property
    def wanted(self) -> bool:
        return bool(self.viewers or self.readers)

    @property
    def pressing(self) -> Priority:
        """How much it is wanted now."""
        return EXACT if self.readers else min(self.viewers.values(), default=self.priority)

    @property
    def tier(self) -> Tier:
        """As what it is kept in memory."""
        if any(priority[0] == VISIBLE for priority in self.viewers.values()):
            return Tier.VISIBLE
        return Tier.PREFETCH if self.viewers else Tier.RECENT


@dataclass(eq=False, slots=True)
class _View:
    """What one viewer waits for; lives on the loop's thread only."""

    coming: set[ChunkKey] = field(default_factory=set)
    failed: dict[ChunkKey, Want] = field(default_factory=dict)
    tries: dict[ChunkKey, int] = field(default_factory=dict)
    told: bool = False
    """Whether the viewer was told why something fails; once per view is enough."""


class ChunkLoader:
    """One event loop in its own thread, and the chunks it fetches.

    Parameters
    ----------
    cache_bytes
        Most bytes of decoded chunks kept in memory.
    concurrency
        Chunks in flight at once, per host, to begin with; see :class:`HostLane`.
    most
        Chunks in flight at once, per host, at most.

    Notes
    -----
    All state of jobs lives on the loop's thread, so it needs no lock. Only the cache is shared.
    """

    arrived = Signal(frozenset)
    """Viewers (as given to :meth:`show`) for whom something arrived or failed; emitted in the loader's thread."""
    failed = Signal(object, Exception)
    """A viewer, and why one of its chunks stays coarse for now; emitted in the loader's thread, once per view."""

    def __init__(self, cache_bytes: int = 1 << 30, concurrency: int = 16, most: int = MOST_PER_HOST) -> None:
        self.cache = ChunkCache(cache_bytes)
        self._concurrency, self._most = concurrency, most
        self._lanes: dict[str, HostLane[_Job]] = {}
        self._jobs: dict[ChunkKey, _Job] = {}
        self._views: dict[Hashable, _View] = {}
        self._given_back = 0
        self._closed = False
        self._door = threading.Lock()
        """Nothing is posted to a loop that is being closed."""
        self._loop = asyncio.new_event_loop()
        self._executor = ThreadPoolExecutor(DECODERS, thread_name_prefix="napari-idr-decode")
        self._loop.set_default_executor(self._executor)
        self._thread = threading.Thread(target=self._loop.run_forever, name="napari-idr-loader", daemon=True)
        self._thread.start()

    # -- asking, from any thread

    def run(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine on the loader's loop (metadata reads); cancelling the future cancels it."""
        with self._door:
            if not self._closed:
                return asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        coroutine.close()
        raise _closed()

    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loader's loop and wait for its result. May block; not from the loop itself."""
        try:
            self.refuse_own_thread()
        except RuntimeError:
            coroutine.close()
            raise
        try:
            return self.run(coroutine).result()
        except CancelledError:
            raise Cancelled("Reading was stopped", hint="the session was closed meanwhile") from None

    def fetch(self, chunks: Sequence[Chunk]) -> list[Future[np.ndarray]]:
        """Ask for chunks exactly: one future each, in order. The array handed over is the caller's to hold."""
        futures: list[Future[np.ndarray]] = [Future() for _ in chunks]
        self._post(self._on_fetch, list(zip(chunks, futures, strict=True)))
        return futures

    def give_up(self, futures: Sequence[Future[np.ndarray]]) -> None:
        """Say that exact reads are no longer needed."""
        waiting = {id(future) for future in futures if not future.done()}
        if waiting:
            self._post(self._on_give_up, waiting, late_is_fine=True)

    def show(self, viewer: Hashable, wants: Sequence[Want], *, moved: bool = True) -> None:
        """Declare all that a viewer would like to see now; what only its last call wanted is dropped.

        A viewer that wants something ahead, of tier PREFETCH, is another than the one that shows what is in view.
        One that has not ``moved`` may know less than when it was asked last, from another thread: what it leaves out
        is given a grace.
        """
        self._post(self._on_show, viewer, wants, moved)

    def soon(self, function: Callable[[], object]) -> None:
        """Call something quick on the loader's thread; nothing after closing."""
        self._post(function, late_is_fine=True)

    def in_seconds(self, seconds: float, function: Callable[[], object]) -> None:
        """Call something quick on the loader's thread in a while; only from that thread."""
        self._loop.call_later(seconds, function)

    def forget(self, viewer: Hashable) -> None:
        """Drop everything a viewer wanted."""
        self._post(self._on_forget, viewer, late_is_fine=True)

    def in_flight(self, viewer: Hashable | None = None) -> int:
        """Return how many chunks are on their way (for one viewer); a momentary figure."""
        if viewer is None:
            return len(self._jobs)
        view = self._views.get(viewer)
        return len(view.coming) if view is not None else 0

    def failures(self, viewer: Hashable) -> int:
        """Return how many chunks in a viewer's view could not be read; a momentary figure."""
        view = self._views.get(viewer)
        return len(view.failed) if view is not None else 0

    def window(self, host: str) -> int:
        """Return how many chunks may be in flight to a host now; a momentary figure."""
        return self._lanes[host].window if host in self._lanes else self._concurrency

    def close(self) -> None:
        """Cancel everything, wait for it to end, stop the loop. Exact readers get ``Cancelled``."""
        with self._door:
            if self._closed:
                return
            self._closed = True
        asyncio.run_coroutine_threadsafe(self._shut_down(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._executor.shutdown(wait=True)
        self.cache.clear()

    def refuse_own_thread(self) -> None:
        """Raise ``RuntimeError`` on the loader's own thread, where an exact read would wait for itself."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("an exact read from the loader's own thread would wait for itself")

    def _post(self, function: Any, *arguments: object, late_is_fine: bool = False) -> None:
        with self._door:
            if not self._closed:
                self._loop.call_soon_threadsafe(function, *arguments)
                return
        if not late_is_fine:
            raise _closed()

    # -- on the loop's thread

    def _on_fetch(self, asked: list[tuple[Chunk, Future[np.ndarray]]]) -> None:
        for chunk, future in asked:
            cached = self.cache.get(chunk.key)
            if cached is not None:
                _settle([future], cached)
            else:
                job = self._job(chunk, EXACT)
                job.readers.append(future)
                self._queue(job)
        self._dispatch()

    def _on_give_up(self, waiting: set[int]) -> None:
        for job in list(self._jobs.values()):
            job.readers = [future for future in job.readers if id(future) not in waiting]
            self._drop_if_unwanted(job, hurry=False)
        self._dispatch()

    def _on_show(self, viewer: Hashable, wants: Sequence[Want], moved: bool) -> None:
        view = self._views.setdefault(viewer, _View())
        before, view.coming = view.coming, set()
        keys = {want.chunk.key for want in wants}
        for key in [key for key in view.failed if key not in keys]:
            del view.failed[key]  # the view left it: a later visit tries again at once
        if not view.failed:
            view.told = False
        arrived = False
        for want in wants:
            if want.chunk.key in view.failed:
                continue
            if want.chunk.key in self.cache:
                arrived = True  # between the look into the cache and now
            else:
                self._expect(viewer, view, want)
        for key in before - view.coming:
            self._leave(key, viewer, hurry=moved and bool(view.coming))
        self._dispatch()
        if arrived:
            self.arrived.emit(frozenset((viewer,)))

    def _expect(self, viewer: Hashable, view: _View, want: Want) -> None:
        job = self._job(want.chunk, want.priority)
        job.viewers[viewer] = want.priority
        view.coming.add(want.chunk.key)
        self._queue(job)

    def _on_forget(self, viewer: Hashable) -> None:
        view = self._views.pop(viewer, None)
        for key in view.coming if view is not None else ():
            self._leave(key, viewer, hurry=True)
        self._dispatch()

    def _leave(self, key: ChunkKey, viewer: Hashable, *, hurry: bool) -> None:
        job = self._jobs.get(key)
        if job is not None and job.viewers.pop(viewer, None) is not None:
            self._drop_if_unwanted(job, hurry=hurry)

    def _drop_if_unwanted(self, job: _Job, *, hurry: bool) -> None:
        if job.wanted:
            return
        if job.task is None:
            self._jobs.pop(job.chunk.key, None)
        elif job.ending is None:
            job.ending = self._loop.call_later(0.0 if hurry else GRACE_SECONDS, job.task.cancel)

    def _job(self, chunk: Chunk, priority: Priority) -> _Job:
        """Return the job of a chunk, kept alive if its download was about to be cancelled."""
        job = self._jobs.get(chunk.key)
        if job is None:
            job = self._jobs[chunk.key] = _Job(chunk, priority)
            self._lane(job).push(priority, job)
        self._keep(job)
        return job

    def _queue(self, job: _Job) -> None:
        """Give a job that waits the place that it deserves now."""
        if job.task is None and job.pressing != job.priority:
            job.priority = job.pressing
            self._lane(job).push(job.priority, job)

    @staticmethod
    def _keep(job: _Job) -> None:
        """Let a download live that somebody wants again within its grace."""
        if job.ending is not None:
            job.ending.cancel()
            job.ending = None

    def _lane(self, job: _Job) -> HostLane[_Job]:
        host = job.chunk.array.source.host
        if host not in self._lanes:
            self._lanes[host] = HostLane(self._concurrency, self._most if host else self._concurrency)
        return self._lanes[host]

    def _dispatch(self) -> None:
        for lane in self._lanes.values():
            for priority, job in lane.startable(self._loop.time()):
                stale = priority != job.priority or self._jobs.get(job.chunk.key) is not job
                if not stale and job.task is None and job.wanted and not self._closed:
                    lane.began(priority[0])
                    job.task = self._loop.create_task(self._fetch(job, lane, priority[0]))

    async def _fetch(self, job: _Job, lane: HostLane[_Job], tier: int) -> None:
        chunk: np.ndarray | None = None
        error: Exception | None = None
        try:
            chunk = await job.chunk.array.source.fetch(job.chunk.index)
        except asyncio.CancelledError:
            error = _closed() if self._closed else None
        except NapariIdrError as caught:
            error = caught
        except Exception as caught:  # noqa: BLE001 - a codec may raise anything; the reader must get it, not the loop
            _log.exception("chunk %s", job.chunk.key)
            error = ChunkError("A chunk could not be read", f"chunk {job.chunk.index} ({caught})", "try again")
        lane.ended(tier, chunk.nbytes if chunk is not None else 0, self._loop.time())
        self._jobs.pop(job.chunk.key, None)
        self._keep(job)
        if isinstance(error, Busy):
            self._postpone(job, lane, error)
        else:
            self._finish(job, chunk, error)

    def _postpone(self, job: _Job, lane: HostLane[_Job], error: Busy) -> None:
        """Leave a busy host alone, and then ask again for what is still wanted."""
        now = self._loop.time()
        lane.busy(error.retry_after, now)
        self._loop.call_later(max(0.0, lane.paused_until - now) + 0.001, self._dispatch)
        if job.attempts + 1 >= BUSY_ATTEMPTS:
            self._finish(job, None, error)
        else:
            self._again(job, job.attempts + 1)
            self._dispatch()

    def _finish(self, job: _Job, chunk: np.ndarray | None, error: Exception | None) -> None:
        if error is not None:
            _settle(job.readers, error)
        elif chunk is not None:
            _settle(job.readers, chunk)
            held = self.cache.put(job.chunk.key, chunk, job.tier)
            self._tidy()
            error = None if held or job.tier < Tier.VISIBLE else _too_large(chunk)
        else:
            self._again(job, job.attempts)
        self._dispatch()
        if (chunk is not None or error is not None) and not self._closed:
            self._tell(job, error)

    def _tidy(self) -> None:
        if self.cache.let_go - self._given_back >= TRIM_BYTES and not self._closed:
            self._given_back = self.cache.let_go
            self._executor.submit(give_back)

    def _again(self, job: _Job, attempts: int) -> None:
        """Put back a chunk that is wanted still: its host was busy, or its cancellation was under way."""
        if job.wanted:
            fresh = self._job(job.chunk, job.pressing)
            fresh.viewers |= job.viewers
            fresh.readers += job.readers
            fresh.attempts = attempts
            self._queue(fresh)

    def _tell(self, job: _Job, error: Exception | None) -> None:
        """Tell viewers that a chunk came, or why it does not; of several that fail they hear of the first."""
        for viewer, priority in job.viewers.items():
            view = self._views.get(viewer)
            if view is None:
                continue
            view.coming.discard(job.chunk.key)
            if error is None:
                view.tries.pop(job.chunk.key, None)
            else:
                self._note_failure(viewer, view, Want(job.chunk, priority), error)
        if job.viewers:
            self.arrived.emit(frozenset(job.viewers))

    def _note_failure(self, viewer: Hashable, view: _View, want: Want, error: Exception) -> None:
        key = want.chunk.key
        view.failed[key] = want
        tries = view.tries[key] = view.tries.get(key, -1) + 1
        pause = TRY_AGAIN_SECONDS[min(tries, len(TRY_AGAIN_SECONDS) - 1)]
        self._loop.call_later(pause, self._try_again, viewer, want)
        if not view.told:
            view.told = True
            self.failed.emit(viewer, error)

    def _try_again(self, viewer: Hashable, want: Want) -> None:
        """Ask again for a chunk that failed and is in view still."""
        view = self._views.get(viewer)
        if view is not None and not self._closed and view.failed.get(want.chunk.key) is want:
            del view.failed[want.chunk.key]
            self._expect(viewer, view, want)
            self._dispatch()

    async def _shut_down(self) -> None:
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        for job in self._jobs.values():
            _settle(job.readers, _closed())
        self._jobs.clear()


def _settle(readers: Sequence[Future[np.ndarray]], outcome: np.ndarray | Exception) -> None:
    for future in readers:
        if not future.set_running_or_notify_cancel():
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


def _closed() -> Cancelled:
    return Cancelled("The session was closed", hint="open a new one")


def _too_large(chunk: np.ndarray) -> ChunkError:
    return ChunkError(
        f"A chunk of {chunk.nbytes / 2**20:.0f} MB does not fit into the memory set aside for pixels",
        f"{'×'.join(map(str, chunk.shape))} pixels of {chunk.dtype}",
        "raise the memory for pixels in the settings",
    )
