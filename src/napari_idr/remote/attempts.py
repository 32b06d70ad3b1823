"""How often something is asked for, the one place where requests for pixels and their metadata are repeated."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from napari_idr.errors import Busy, ChunkError, Offline, TimedOut, Unreachable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")

PAUSES = (0.2, 0.8)
"""Seconds before the second and the third attempt."""


async def persistently(attempt: Callable[[], Awaitable[T]], *, metadata: bool = False) -> T:
    """Return what an attempt gives; where another may help there are three in all.

    Parameters
    ----------
    attempt
        Raises errors of the family. Repeated after ``Unreachable``, ``ServerFailure``, ``ChunkError`` and
        ``TimedOut``; every other error is raised at once, also ``Offline`` where nobody was asked.
    metadata
        Whether somebody waits for a document, rather than for pixels whose requests are scheduled. Then a server
        that is busy is given the pause it asks for, and one that did not answer in time is asked only once more.
        For pixels ``Busy`` is raised at once: whoever schedules the requests obeys it for all of them.
    """
    for number, pause in enumerate(PAUSES):
        try:
            return await attempt()
        except Busy as error:
            if not metadata:
                raise
            pause = max(pause, error.retry_after or 0.0)
        except TimedOut:
            if metadata and number:
                raise
        except (Unreachable, ChunkError) as error:
            if isinstance(error, Offline) and not error.asked:
                raise
        await asyncio.sleep(pause)
    return await attempt()
