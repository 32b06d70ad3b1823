"""Short calls that block, made in a thread, several in one go."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable

A = TypeVar("A")
B = TypeVar("B")

MOST = 16
"""Calls made in one go: whoever asked first waits for the others."""


class Together(Generic[A, B]):
    """A function that blocks shortly, to be awaited.

    Each hop into a thread and back costs more than a look at a file does. What is asked for while a hop is under way
    shares the next one; what is asked for alone does not wait. Holds nothing that belongs to an event loop, so several
    loops may use it.
    """

    def __init__(self, function: Callable[[A], B]) -> None:
        self._function = function
        self._queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue[A, B]] = WeakKeyDictionary()

    async def __call__(self, argument: A) -> B:
        """Return what the function gives; raises what it raises."""
        loop = asyncio.get_running_loop()
        queue = self._queues.get(loop)
        if queue is None:
            queue = self._queues[loop] = _Queue(self._function)
        return await queue.add(argument, loop.create_future())


class _Queue(Generic[A, B]):
    """What waits for the next hop; one loop's thread only."""

    def __init__(self, function: Callable[[A], B]) -> None:
        self._function = function
        self._waiting: list[tuple[A, asyncio.Future[B]]] = []
        self._task: asyncio.Task[None] | None = None

    def add(self, argument: A, future: asyncio.Future[B]) -> asyncio.Future[B]:
        self._waiting.append((argument, future))
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._run())
        return future

    async def _run(self) -> None:
        batch: list[tuple[A, asyncio.Future[B]]] = []
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                batch = [pair for pair in batch if not pair[1].done()]  # who has given up gets nothing
                outcomes = await asyncio.to_thread(self._call, [argument for argument, _ in batch])
                for (_, future), outcome in zip(batch, outcomes, strict=True):
                    _settle(future, outcome)
        finally:  # cancelled: the loop is about to stop
            for _, future in [*batch, *self._waiting]:
                future.cancel()
            self._waiting = []

    def _call(self, arguments: list[A]) -> list[B | Exception]:
        return [self._outcome(argument) for argument in arguments]

    def _outcome(self, argument: A) -> B | Exception:
        try:
            return self._function(argument)
        except Exception as error:  # noqa: BLE001 - whoever asked gets it
            return error


def _settle(future: asyncio.Future[B], outcome: B | Exception) -> None:
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
