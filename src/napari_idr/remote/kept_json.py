"""The JSON answers of repositories, kept on disk: a restart, or a train, does without the server."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, TypeVar

from napari_idr.errors import NapariIdrError, Offline, TimedOut, Unreachable

from .cache_entry import NO_VERSION, Entry
from .disk_cache import entry_name
from .safe_address import SECRET_KEYS, host_of, to_keep, without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .disk_cache import DiskCache
    from .network_state import NetworkState

T = TypeVar("T")


class KeptJson:
    """Answers questions from disk where the answer there is fresh, or the server is away; thread-safe.

    The disk answers a question once. Who asks the same again, in the same session, wants to know what has changed,
    and the server is asked. OMERO.web gives neither ETags nor lifetimes that mean anything, so an answer counts as
    fresh for a day. A question with a secret in it is never kept.

    Parameters
    ----------
    cache
        Where answers are kept.
    network
        Told how the servers answer.
    """

    def __init__(self, cache: DiskCache, network: NetworkState) -> None:
        self._cache, self._network = cache, network
        self._answered: set[str] = set()
        self._lock = threading.Lock()

    def get(
        self,
        url: str,
        params: Sequence[tuple[str, str]],
        ask: Callable[[], tuple[bytes, str]],
        read: Callable[[bytes, str], T],
        *,
        is_private: bool = False,
    ) -> T:
        """Return what ``read`` makes of an answer's body and content type; one that it refuses is not kept.

        What ``is_private`` is asked in somebody's name: it is neither kept nor answered from what anybody gets.
        Raises what ``ask`` and ``read`` raise. May block.
        """
        if is_private or _is_secret(url, params):
            return read(*self._ask(url, ask, has_copy=False))
        name = entry_name("json", url, *_canonical(params))
        kept, is_first = self._cache.load(name), self._is_first(name)
        copy = b"" if kept is None or kept.body is None else kept.body
        if kept is not None and copy and is_first and kept.is_fresh(time.time(), self._cache.distrusted):
            self._cache.uses += 1
            return read(copy, "")
        began = time.time()
        try:
            answer = self._ask(url, ask, has_copy=bool(copy))
        except (Unreachable, TimedOut):
            if kept is None or not copy:
                raise
            self._network.note_old(host_of(url), kept.checked)
            return read(copy, "")
        value = read(*answer)
        if not _is_failure(value):
            self._cache.keep(name, Entry(answer[0], NO_VERSION, began))
        return value

    def decided(self, question: str, decide: Callable[[], str]) -> str:
        """Return what was decided about a question within the last day, else what ``decide`` says now.

        "" is an answer as well, and kept: that there is nothing is as dear to find out. What is raised is not.
        """
        name = entry_name("decided", question)
        kept = self._cache.load(name)
        if kept is not None and kept.body is not None and kept.is_fresh(time.time(), self._cache.distrusted):
            return kept.body.decode("utf-8", "replace")
        began = time.time()
        answer = decide()
        self._cache.keep(name, Entry(answer.encode(), NO_VERSION, began))
        return answer

    def _is_first(self, name: str) -> bool:
        with self._lock:
            is_first = name not in self._answered
            self._answered.add(name)
        return is_first

    def _ask(self, url: str, ask: Callable[[], tuple[bytes, str]], *, has_copy: bool) -> tuple[bytes, str]:
        host, began = host_of(url), time.monotonic()
        if has_copy and not self._network.may_ask(host, has_copy=True):
            hint = "it is asked again in a few seconds"
            raise Offline(f"{host} does not answer", without_secrets(url), hint, asked=False)
        try:
            answer = ask()
        except NapariIdrError as error:
            self._network.note_failure(host, error, began)
            if not has_copy and isinstance(error, Offline):
                self._network.note_missing(host)
            raise
        self._network.note_answer(host, time.monotonic() - began)
        return answer


def _is_failure(value: object) -> bool:
    """Whether an answer only looks like one: search engines and tables say with status 200 that they failed."""
    said = {key.lower(): text for key, text in value.items()} if isinstance(value, dict) else {}
    return said.get("error") not in (None, "", "none") or "concurrencyexception" in said


def _canonical(params: Sequence[tuple[str, str]]) -> list[str]:
    """Return the parameters in one order, whatever the order they are sent in."""
    return [word for pair in sorted(params) for word in pair]


def _is_secret(url: str, params: Sequence[tuple[str, str]]) -> bool:
    return to_keep(url) != url or any(name.lower() in SECRET_KEYS for name, _ in params)
