"""Fetches chunks in the background: what is looked at first, nothing twice, and nothing that nobody wants."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import threading
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from psygnal import Signal

from napari_idr.errors import Cancelled, ChunkError, NapariIdrError

from .chunk_cache import ChunkCache

if TYPE_CHECKING:
    from collections.abc import Coroutine, Hashable, Sequence

    import numpy as np

    from .chunk_cache import ChunkKey
    from .chunks import Chunk

_log = logging.getLogger(__name__)
T = TypeVar("T")

GRACE_SECONDS = 0.3
"""A download nobody wants any more lives this long: a view often comes back, and cancelling HTTP/1.1 costs the
connection (a TCP and TLS set-up)."""

Priority = tuple[int, float, float]
"""Smaller is sooner: (tier, coarseness, distance from the centre of the view)."""

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
    viewers: set[Hashable] = field(default_factory=set)
    readers: list[Future[np.ndarray]] = field(default_factory=list)
    task: asyncio.Task[None] | None = None
    ending: asyncio.TimerHandle | None = None
    """Cancels the download when its grace is over."""

    @property
    def wanted(self) -> bool:
        return bool(self.viewers or self.readers)


class ChunkLoader:
    """One event loop in its own thread, and the chunks it fetches.

    Parameters
    ----------
    cache_bytes
        Most bytes of decoded chunks kept in memory.
    concurrency
        Most chunks in flight at once.

    Notes
    -----
    All state of jobs lives on the loop's thread, so it needs no lock. Only the cache is shared.
    """

    arrived = Signal(frozenset)
    """Viewers (as given to :meth:`show`) for whom something arrived or failed; emitted in the loader's thread."""
    failed = Signal(object, Exception)
    """A viewer, and why one of its chunks will stay coarse; emitted in the loader's thread."""

    def __init__(self, cache_bytes: int = 1 << 30, concurrency: int = 16) -> None:
        self.cache = ChunkCache(cache_bytes)
        self._free = concurrency
        self._jobs: dict[ChunkKey, _Job] = {}
        self._shown: dict[Hashable, set[ChunkKey]] = {}
        self._failures: dict[Hashable, dict[ChunkKey, Exception]] = {}
        self._queue: list[tuple[Priority, int, _Job]] = []
        self._order = itertools.count()
        self._closed = False
        self._door = threading.Lock()
        """Nothing is posted to a loop that is being closed."""
        self._loop = asyncio.new_event_loop()
        self._executor = ThreadPoolExecutor(4, thread_name_prefix="napari-idr-decode")
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

    def show(self, viewer: Hashable, wants: Sequence[Want]) -> None:
        """Declare all that a viewer would like to see now; what only its last call wanted is dropped."""
        self._post(self._on_show, viewer, wants)

    def forget(self, viewer: Hashable) -> None:
        """Drop everything a viewer wanted."""
        self._post(self._on_forget, viewer, late_is_fine=True)

    def in_flight(self, viewer: Hashable | None = None) -> int:
        """Return how many chunks are on their way (for one viewer); a momentary figure."""
        if viewer is None:
            return len(self._jobs)
        return len(self._shown.get(viewer, ()))

    def failures(self, viewer: Hashable) -> int:
        """Return how many chunks in a viewer's view could not be read; a momentary figure."""
        return len(self._failures.get(viewer, ()))

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
                self._job(chunk, EXACT).readers.append(future)
        self._dispatch()

    def _on_give_up(self, waiting: set[int]) -> None:
        for job in list(self._jobs.values()):
            job.readers = [future for future in job.readers if id(future) not in waiting]
            self._drop_if_unwanted(job)

    def _on_show(self, viewer: Hashable, wants: Sequence[Want]) -> None:
        keys = {want.chunk.key for want in wants}
        failures = self._failures.get(viewer, {})
        for key in [key for key in failures if key not in keys]:
            del failures[key]  # the view left it: a later visit tries again
        before = self._shown.get(viewer, set())
        now = {key for key in keys if key not in failures}
        self._shown[viewer] = now
        arrived = False
        for want in wants:
            if want.chunk.key in failures:
                continue
            if want.chunk.key in self.cache:
                now.discard(want.chunk.key)
                arrived = True  # between the look into the cache and now
            else:
                self._job(want.chunk, want.priority).viewers.add(viewer)
        for key in before - now:
            self._leave(key, viewer)
        self._dispatch()
        if arrived:
            self.arrived.emit(frozenset((viewer,)))

    def _on_forget(self, viewer: Hashable) -> None:
        for key in self._shown.pop(viewer, set()):
            self._leave(key, viewer)
        self._failures.pop(viewer, None)

    def _leave(self, key: ChunkKey, viewer: Hashable) -> None:
        job = self._jobs.get(key)
        if job is not None:
            job.viewers.discard(viewer)
            self._drop_if_unwanted(job)

    def _drop_if_unwanted(self, job: _Job) -> None:
        if job.wanted:
            return
        if job.task is None:
            self._jobs.pop(job.chunk.key, None)
        elif job.ending is None:
            job.ending = self._loop.call_later(GRACE_SECONDS, job.task.cancel)

    def _job(self, chunk: Chunk, priority: Priority) -> _Job:
        job = self._jobs.get(chunk.key)
        if job is None:
            job = self._jobs[chunk.key] = _Job(chunk, priority)
            heapq.heappush(self._queue, (priority, next(self._order), job))
        elif job.task is not None:
            self._keep(job)
        elif priority != job.priority and not job.readers:
            job.priority = priority
            heapq.heappush(self._queue, (priority, next(self._order), job))
        return job

    @staticmethod
    def _keep(job: _Job) -> None:
        """Let a download live that somebody wants again within its grace."""
        if job.ending is not None:
            job.ending.cancel()
            job.ending = None

    def _dispatch(self) -> None:
        while self._free and self._queue and not self._closed:
            priority, _, job = heapq.heappop(self._queue)
            stale = priority != job.priority or self._jobs.get(job.chunk.key) is not job
            if stale or job.task is not None or not job.wanted:
                continue
            self._free -= 1
            job.task = self._loop.create_task(self._fetch(job))

    async def _fetch(self, job: _Job) -> None:
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
        finally:
            self._free += 1
            self._jobs.pop(job.chunk.key, None)
            self._keep(job)
        self._finish(job, chunk, error)

    def _finish(self, job: _Job, chunk: np.ndarray | None, error: Exception | None) -> None:
        if error is not None:
            _settle(job.readers, error)
        elif chunk is not None:
            _settle(job.readers, chunk)
            error = None if self.cache.put(job.chunk.key, chunk) else _too_large(chunk)
        else:
            self._again(job)
        self._dispatch()
        if (chunk is not None or error is not None) and not self._closed:
            self._tell(job, error)

    def _again(self, job: _Job) -> None:
        """Put back a chunk that somebody asked for after its cancellation was under way."""
        if job.wanted:
            fresh = self._job(job.chunk, EXACT if job.readers else job.priority)
            fresh.viewers |= job.viewers
            fresh.readers += job.readers

    def _tell(self, job: _Job, error: Exception | None) -> None:
        """Tell viewers that a chunk came, or why it will not; of several that fail they hear of the first."""
        for viewer in job.viewers:
            self._shown.get(viewer, set()).discard(job.chunk.key)
            if error is not None:
                failures = self._failures.setdefault(viewer, {})
                failures[job.chunk.key] = error
                if len(failures) == 1:
                    self.failed.emit(viewer, error)
        if job.viewers:
            self.arrived.emit(frozenset(job.viewers))

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
