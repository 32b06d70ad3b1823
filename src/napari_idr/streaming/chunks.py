"""One stored array as a grid of chunks, and what the loader needs to know of it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from math import ceil, prod
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

    from .chunk_cache import ChunkKey

Box = tuple[tuple[int, int], ...]
"""Half-open (start, stop) per axis, inside the array."""

_uids = itertools.count(1)


class ChunkSource(Protocol):
    """Where the chunks of one array come from; implemented in ``remote.chunk_fetcher``."""

    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype[np.generic]
    host: str
    """Who serves it, "" for this machine's own disk: what is in flight is bounded per host."""

    async def fetch(self, index: tuple[int, ...]) -> np.ndarray:
        """Return one chunk, cut to the array's edge. Raises errors of the family; can be cancelled."""
        ...


class ChunkedArray:
    """A stored array, named by a number (``uid``) that is unique in this process.

    ``shape`` and ``chunks`` are in pixels, a chunk never larger than the array; ``grid`` is the number of chunks
    along each axis, ``chunk_nbytes`` the size of one whole decoded chunk.
    """

    __slots__ = ("chunk_nbytes", "chunks", "grid", "shape", "source", "uid")

    def __init__(self, source: ChunkSource) -> None:
        self.source, self.uid = source, next(_uids)
        self.shape = source.shape
        self.chunks = tuple(max(1, min(pair)) for pair in zip(source.chunks, source.shape, strict=True))
        self.grid = tuple(ceil(size / chunk) for size, chunk in zip(self.shape, self.chunks, strict=True))
        self.chunk_nbytes = prod(self.chunks) * source.dtype.itemsize

    def key(self, index: tuple[int, ...]) -> ChunkKey:
        """Key of one chunk."""
        return (self.uid, index)

    def box(self, index: tuple[int, ...]) -> Box:
        """Pixels that one chunk covers, cut to the array's edge."""
        return tuple(
            (i * chunk, min((i + 1) * chunk, size))
            for i, chunk, size in zip(index, self.chunks, self.shape, strict=True)
        )

    def count(self, box: Box) -> int:
        """Return how many chunks touch a box."""
        return chunk_count(box, self.chunks)

    def indices(self, box: Box) -> Iterator[tuple[int, ...]]:
        """Yield the indices of the chunks that touch a box."""
        ranges = (
            range(start // chunk, ceil(stop / chunk)) if stop > start else range(0)
            for (start, stop), chunk in zip(box, self.chunks, strict=True)
        )
        return itertools.product(*ranges)


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk of one array: what a reader asks the loader for."""

    array: ChunkedArray
    index: tuple[int, ...]

    @property
    def key(self) -> ChunkKey:
        """What the cache knows it by."""
        return self.array.key(self.index)


def chunk_count(box: Box, chunks: Sequence[int]) -> int:
    """Return how many chunks of a shape touch a box."""
    return prod(
        ceil(stop / chunk) - start // chunk if stop > start else 0
        for (start, stop), chunk in zip(box, chunks, strict=True)
    )


def intersect(a: Box, b: Box) -> Box | None:
    """Return the common part of two boxes, None where there is none."""
    common = tuple((max(s, t), min(e, f)) for (s, e), (t, f) in zip(a, b, strict=True))
    return common if all(start < stop for start, stop in common) else None


def slices(box: Box, origin: Box) -> tuple[slice, ...]:
    """Return the slices of a box inside an array that begins at ``origin``'s starts."""
    return tuple(slice(start - o, stop - o) for (start, stop), (o, _) in zip(box, origin, strict=True))


def box_shape(box: Box) -> tuple[int, ...]:
    """Return the shape of a box."""
    return tuple(stop - start for start, stop in box)
