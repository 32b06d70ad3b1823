"""What the ends of shards said, remembered: the index of a shard is asked for once, however many chunks are read."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from concurrent.futures import Future
from typing import TYPE_CHECKING

from napari_idr.errors import NapariIdrError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Key = tuple[str, int]
"""Key of the shard, and how many bytes of its end."""

MEMO_BYTES = 32 << 20
"""Bytes of indexes kept: 16 bytes per inner chunk, so two million chunks."""

ABSENT_BYTES = 64
"""What an absent shard counts for."""


class ShardMemo:
    """Remembers the ends of shards, absent ones too, and lets those who ask at once share one request.

    Holds nothing that belongs to an event loop, so several loops may use it.
    """

    def __init__(self, limit: int = MEMO_BYTES) -> None:
        self._limit = limit
        self._size = 0
        self._known: OrderedDict[Key, bytes | None] = OrderedDict()
        self._asked: dict[Key, Future[None]] = {}
        self._lock = threading.Lock()

    async def get(self, key: Key, fetch: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
        """Return the end of a shard; ``fetch`` is called where nobody has asked for it yet.

        Who waits for a request that fails gets its error: the server is not asked once for each of them. Who waits
        for one that is cancelled asks again itself.
        """
        while True:
            with self._lock:
                if key in self._known:
                    self._known.move_to_end(key)
                    return self._known[key]
                asked = self._asked.get(key)
                if asked is None:
                    mine = self._asked[key] = Future()
                    mine.set_running_or_notify_cancel()  # a waiter that is cancelled must not cancel it
            if asked is None:
                return await self._ask(key, mine, fetch)
            await asyncio.wrap_future(asked)

    async def _ask(self, key: Key, mine: Future[None], fetch: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
        failure: NapariIdrError | None = None
        try:
            data = await fetch()
            self._remember(key, data)
            return data
        except NapariIdrError as error:
            failure = error
            raise
        finally:
            with self._lock:
                del self._asked[key]
            if failure is None:
                mine.set_result(None)
            else:
                mine.set_exception(failure)

    def _remember(self, key: Key, data: bytes | None) -> None:
        with self._lock:
            self._known[key] = data
            self._size += _weight(data)
            while self._size > self._limit:
                self._size -= _weight(self._known.popitem(last=False)[1])


def _weight(data: bytes | None) -> int:
    return ABSENT_BYTES if data is None else len(data)
