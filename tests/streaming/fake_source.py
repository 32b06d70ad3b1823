"""Chunks from memory that come when the test says so, and remember what was asked of them."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import numpy as np

from napari_idr.streaming.chunks import Chunk, ChunkedArray
from napari_idr.streaming.loader import Want

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.streaming.loader import ChunkLoader, Priority

PATIENCE = 120
"""Seconds after which a test that waits for something has failed."""


class FakeSource:
    """The chunks of an array in memory; with ``gated`` each fetch waits until it is let through.

    ``asked``, ``cancelled`` and ``most`` (fetches at once) tell what happened.
    """

    def __init__(self, pixels: np.ndarray, chunks: tuple[int, ...], *, gated: bool = False) -> None:
        self.pixels, self.chunks = pixels, chunks
        self.shape, self.dtype = pixels.shape, pixels.dtype
        self.host = ""
        self.gated = gated
        self.slow_to_cancel = False
        self.faults: dict[tuple[int, ...], Exception] = {}
        self.asked: list[tuple[int, ...]] = []
        self.cancelled: list[tuple[int, ...]] = []
        self.flying = self.most = 0
        self._gates: dict[tuple[int, ...], asyncio.Event] = {}
        self._last_words = asyncio.Event()
        self._changed = threading.Condition()

    async def fetch(self, index: tuple[int, ...]) -> np.ndarray:
        self._note(index, self.asked, +1)
        try:
            if self.gated:
                await self._gate(index).wait()
            if index in self.faults:
                raise self.faults[index]
            return self.pixels[self._slices(index)].copy()
        except asyncio.CancelledError:
            self._note(index, self.cancelled, 0)
            if self.slow_to_cancel:
                await self._last_words.wait()
            raise
        finally:
            self._note(index, [], -1)

    def _slices(self, index: tuple[int, ...]) -> tuple[slice, ...]:
        return tuple(slice(i * chunk, (i + 1) * chunk) for i, chunk in zip(index, self.chunks, strict=True))

    def _gate(self, index: tuple[int, ...]) -> asyncio.Event:
        return self._gates.setdefault(index, asyncio.Event())

    def _note(self, index: tuple[int, ...], where: list[tuple[int, ...]], change: int) -> None:
        with self._changed:
            where.append(index)
            self.flying += change
            self.most = max(self.most, self.flying)
            self._changed.notify_all()

    # -- what a test does

    def let_through(self, loader: ChunkLoader, *indices: tuple[int, ...]) -> None:
        """Let some fetches finish, or (without indices) all from now on."""

        async def open_gates() -> None:
            if not indices:
                self.gated = False
            for index in indices or tuple(self._gates):
                self._gate(index).set()

        loader.wait(open_gates())

    def let_cancelled_end(self, loader: ChunkLoader) -> None:
        """Let fetches end that were cancelled and are slow about it."""

        async def end() -> None:
            self.slow_to_cancel = False
            self._last_words.set()

        loader.wait(end())

    def wait_until(self, condition: Callable[[], object]) -> None:
        """Wait until something is true of what was asked; fails the test when it never is."""
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE), f"asked {self.asked}, cancelled {self.cancelled}"


def settle(loader: ChunkLoader) -> None:
    """Wait until the loader did all that it was told, and began what it could begin."""

    async def turns() -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    loader.wait(turns())


def counting(shape: tuple[int, ...], dtype: str = "uint16") -> np.ndarray:
    """Return pixels that all differ (as far as the type allows), none of them 0."""
    return (np.arange(int(np.prod(shape))) % 60_000 + 1).astype(dtype).reshape(shape)


def array_of(pixels: np.ndarray, chunks: tuple[int, ...], *, gated: bool = False) -> tuple[ChunkedArray, FakeSource]:
    """Return an array as the engine sees it, and the source behind it."""
    source = FakeSource(pixels, chunks, gated=gated)
    return ChunkedArray(source), source


def wants(array: ChunkedArray, *indices: tuple[int, ...], priority: Priority = (1, 0.0, 0.0)) -> list[Want]:
    """Return wishes for some chunks of one array."""
    return [Want(Chunk(array, index), priority) for index in indices]


class Heard:
    """What a loader told its viewers."""

    def __init__(self, loader: ChunkLoader) -> None:
        self.arrived: list[frozenset[object]] = []
        self.failed: list[tuple[object, Exception]] = []
        loader.arrived.connect(self.on_arrived)
        loader.failed.connect(self.on_failed)

    def on_arrived(self, viewers: frozenset[object]) -> None:
        self.arrived.append(viewers)

    def on_failed(self, viewer: object, error: Exception) -> None:
        self.failed.append((viewer, error))
