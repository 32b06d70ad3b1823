"""Answers that are worth keeping while a repository is in use."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

V = TypeVar("V")


class Memo(Generic[V]):
    """The answers asked for most recently, by key; thread-safe. An error is not kept."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[str, V] = OrderedDict()
        self._lock = threading.Lock()
        self._asking: dict[str, threading.RLock] = {}

    def get(self, key: str, ask: Callable[[], V]) -> V:
        """Return the value of a key, asking where it is not known.

        Who wants the same meanwhile waits for the answer; after a failure the next one asks.
        """
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            asking = self._asking.setdefault(key, threading.RLock())
        with asking:
            with self._lock:
                if key in self._values:
                    return self._values[key]
            try:
                value = ask()
                self.put(key, value)
            finally:
                with self._lock:
                    self._asking.pop(key, None)
        return value

    def peek(self, key: str) -> V | None:
        """Return the value of a key if it is known."""
        with self._lock:
            return self._values.get(key)

    def put(self, key: str, value: V) -> None:
        """Keep a value; the one not asked for longest goes."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._size:
                self._values.popitem(last=False)
