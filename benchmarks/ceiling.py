"""What the shaped server itself carries, and how exactly it keeps to latency and bandwidth."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import TYPE_CHECKING

import obstore
from obstore.store import HTTPStore

if TYPE_CHECKING:
    from wire import Wire

DOCUMENT, CHUNK = "wsi.zarr/.zattrs", "wsi.zarr/0/0/5/5"


def ceiling(wire: Wire) -> str:
    """Return in a sentence each what small and large requests reach, unshaped and shaped."""
    return "; ".join(
        (
            _small(wire, "no delay, no bound", (0, 0), 2000, 64),
            _large(wire, "no delay, no bound", (0, 0), 300),
            _small(wire, "50 ms", (50, 100), 20, 1),
            _small(wire, "50 ms", (50, 100), 1000, 64),
            _large(wire, "100 Mbit/s", (50, 100), 40),
        )
    )


def _small(wire: Wire, label: str, shape: tuple[int, int], count: int, parallel: int) -> str:
    wire.shape(*shape)
    seconds, waited, _ = asyncio.run(_fetch(wire, DOCUMENT, count, parallel))
    middle = statistics.median(waited) * 1000
    return f"{label}, {parallel} at a time: {count / seconds:.0f} small requests/s of {middle:.1f} ms each"


def _large(wire: Wire, label: str, shape: tuple[int, int], count: int) -> str:
    wire.shape(*shape)
    seconds, _, size = asyncio.run(_fetch(wire, CHUNK, count, 32))
    return f"{label}, 32 chunks at a time: {size * 8 / seconds / 1e6:.0f} Mbit/s"


async def _fetch(wire: Wire, key: str, count: int, parallel: int) -> tuple[float, list[float], int]:
    """Return how long it took, how long each waited, and how many bytes came."""
    store = HTTPStore.from_url(wire.address, client_options={"allow_http": True})
    slots = asyncio.Semaphore(parallel)

    async def one() -> tuple[float, int]:
        async with slots:
            began = time.perf_counter()
            content = await (await obstore.get_async(store, key)).bytes_async()
            return time.perf_counter() - began, len(content)

    began = time.perf_counter()
    got = await asyncio.gather(*(one() for _ in range(count)))
    return time.perf_counter() - began, [waited for waited, _ in got], sum(size for _, size in got)
