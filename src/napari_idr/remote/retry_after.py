"""How long a busy server wants to be left alone: its ``Retry-After``, which the object store's client does not tell.

obstore raises an error with the status in its text and drops the headers of the answer. So the address that met 429
or 503 is asked once more, by another client, for its headers alone: once per host and pause, however many requests
met it. Servers count requests per client, not per session, so what they said is remembered for the whole process.
"""

from __future__ import annotations

import asyncio
import email.utils
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING

import requests

from .safe_address import host_of

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 60.0
"""Seconds that are waited at most, whatever a server asks for."""

SILENT = 5.0
"""Seconds for which a server that does not say how long is not asked again."""

PATIENCE = 5.0
"""Seconds the question may take."""


class _Pause:
    """What one host said, or is being asked."""

    def __init__(self) -> None:
        self.answer: Future[float | None] = Future()
        self.answer.set_running_or_notify_cancel()  # a waiter that is cancelled must not cancel it for the others
        self.ends = float("inf")
        """When it has to be asked again, by the monotonic clock."""

    def settle(self, seconds: float | None) -> None:
        self.ends = time.monotonic() + (SILENT if seconds is None else seconds)
        self.answer.set_result(seconds)


_pauses: dict[str, _Pause] = {}
_lock = threading.Lock()


async def seconds_to_wait(url: str, headers: Mapping[str, str]) -> float | None:
    """Return how long the server of an address wants to be left alone from now on, None where it does not say.

    Parameters
    ----------
    url, headers
        The request that met 429 or 503; repeated where nobody knows yet what its host says.
    """
    host = host_of(url)
    with _lock:
        pause = _pauses.get(host)
        is_new = pause is None or pause.ends <= time.monotonic()
        if pause is None or is_new:
            pause = _pauses[host] = _Pause()
    if is_new:
        threading.Thread(target=_ask, args=(pause, url, headers), name="retry-after", daemon=True).start()
    said = await asyncio.wrap_future(pause.answer)
    return None if said is None else max(0.0, pause.ends - time.monotonic())


def _ask(pause: _Pause, url: str, headers: Mapping[str, str]) -> None:
    said = None
    with suppress(requests.RequestException, ValueError, OSError):  # then it is as if it had said nothing
        with requests.get(url, headers=headers, timeout=PATIENCE, stream=True, allow_redirects=False) as answer:
            if answer.status_code in (429, 503):
                said = parse_retry_after(answer.headers.get("Retry-After", ""))
    pause.settle(said)


def parse_retry_after(header: str) -> float | None:
    """Return the seconds of a ``Retry-After`` (a number or a date, RFC 9110 section 10.2.3), None for nonsense."""
    text = header.strip()
    if text.isascii() and text.isdecimal():
        return min(LONGEST, float(text[:9]))
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(LONGEST, max(0.0, moment.timestamp() - time.time()))
