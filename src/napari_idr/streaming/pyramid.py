"""A stored image as levels: complete reads for everybody, best-available pictures for a display."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from napari_idr.errors import Unsupported

from .chunks import Chunk, box_shape, intersect, slices
from .level import LastAxisLevel, Level, Pending, PickLevel, Wishes, allocate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from .chunk_cache import ChunkKey
    from .chunks import Box, ChunkedArray
    from .loader import ChunkLoader

M = TypeVar("M")

MOST_CHUNKS = 500_000
"""Of one exact read: keeping track of each costs about a kilobyte."""


@dataclass(frozen=True, eq=False, slots=True)
class Pyramid(Generic[M]):
    """Levels of one image, finest first, all with the same axes, and its metadata."""

    levels: tuple[Level, ...]
    metadata: M

    def channel(self, axis: int, index: int) -> tuple[Level, ...]:
        """Return the levels of one channel: the channel axis is gone."""
        return tuple(PickLevel(level, axis, index) for level in self.levels)

    def samples_last(self, axis: int) -> tuple[Level, ...]:
        """Return the levels with one axis (red, green, blue) moved to the end."""
        return tuple(LastAxisLevel(level, axis) for level in self.levels)


def array_levels(arrays: Sequence[ChunkedArray], loader: ChunkLoader) -> tuple[ArrayLevel, ...]:
    """Return stored arrays (finest first, same axes) as levels that fall back on one another."""
    levels: list[ArrayLevel] = []
    coarser: ArrayLevel | None = None
    for array in reversed(arrays):
        coarser = ArrayLevel(array, loader, coarser)
        levels.append(coarser)
    return tuple(reversed(levels))


class ArrayLevel(Level):
    """One stored array, read chunk by chunk through the loader."""

    def __init__(self, array: ChunkedArray, loader: ChunkLoader, coarser: ArrayLevel | None) -> None:
        self.array, self.loader, self.coarser = array, loader, coarser
        self.shape, self.chunks = array.shape, array.chunks
        self.dtype = array.source.dtype
        self.coarseness = 1.0 / max(1, self.size)
        """Orders levels: larger is coarser and fetched sooner."""

    def begin(self, box: Box) -> Pending:
        """Start an exact read of a box. Raises ``Unsupported`` where it does not fit into memory."""
        out = allocate(box, self.dtype)
        count = self.array.count(box)
        if count > MOST_CHUNKS:
            what = f"{count:,} chunks are too many to read at once"
            raise Unsupported(what, f"{' x '.join(map(str, box_shape(box)))} pixels", "read a smaller region")
        chunks = [Chunk(self.array, index) for index in self.array.indices(box)]
        return _Assembly(self, box, out, chunks, self.loader.fetch(chunks))

    def best(self, box: Box, wishes: Wishes) -> np.ndarray:
        """Return cached chunks, beneath them the finest cached coarser level, and wish for the rest."""
        whole = self._one_chunk(box, wishes)
        if whole is not None:
            return whole
        out = np.zeros(box_shape(box), self.dtype)
        chunks = {index: self.loader.cache.get((self.array.uid, index)) for index in self.array.indices(box)}
        holes = [index for index, chunk in chunks.items() if chunk is None]
        if holes:
            self._fill_holes(holes, box, out, wishes)
        for index, chunk in chunks.items():
            if chunk is not None:
                wishes.found((self.array.uid, index), chunk.nbytes)
                self._paste(chunk, index, box, out)
        return out

    def _fill_holes(self, holes: list[tuple[int, ...]], box: Box, out: np.ndarray, wishes: Wishes) -> None:
        """Wish for missing chunks, and fill the stretch that they span from coarser levels, in one go."""
        centre = [(start + stop) / 2 for start, stop in box]
        for index in holes:
            wishes.want(Chunk(self.array, index), self.coarseness, self._distance(index, centre))
        spanned = tuple((min(places), max(places)) for places in zip(*holes, strict=True))
        low, high = self.array.box(tuple(s for s, _ in spanned)), self.array.box(tuple(e for _, e in spanned))
        part = intersect(tuple((a, b) for (a, _), (_, b) in zip(low, high, strict=True)), box)
        if part is not None and self.coarser is not None:
            self.coarser.fill(self, part, out[slices(part, box)], wishes)

    def want(self, box: Box, wishes: Wishes) -> None:
        """Wish for the chunks of a box that are not cached."""
        centre = [(start + stop) / 2 for start, stop in box]
        for index in self.array.indices(box):
            if self.array.key(index) in self.loader.cache:
                wishes.found((self.array.uid, index), self.array.chunk_nbytes)
            else:
                wishes.want(Chunk(self.array, index), self.coarseness, self._distance(index, centre))

    def locate(self, point: tuple[int, ...]) -> ChunkKey:
        """Return the key of the chunk that holds a point."""
        return self.array.key(tuple(place // chunk for place, chunk in zip(point, self.chunks, strict=True)))

    def fill(self, finer: ArrayLevel, box: Box, out: np.ndarray, wishes: Wishes) -> None:
        """Fill ``out``, a box of a finer level, from what is cached here, beneath it what is cached coarser."""
        maps = [
            coarse_indices(start, stop, fine, coarse)
            for (start, stop), fine, coarse in zip(box, finer.shape, self.shape, strict=True)
        ]
        mine = tuple((int(m[0]), int(m[-1]) + 1) for m in maps)
        held = {index: self.loader.cache.get(self.array.key(index)) for index in self.array.indices(mine)}
        missing = [index for index, chunk in held.items() if chunk is None]
        if missing and self.coarser is not None:
            self.coarser.fill(finer, box, out, wishes)
        for index in missing if self.coarser is None else ():
            wishes.want(Chunk(self.array, index), self.coarseness, 0.0)
        for index, chunk in held.items():
            if chunk is not None:
                _sample(chunk, self.array.box(index), maps, out)

    def _one_chunk(self, box: Box, wishes: Wishes) -> np.ndarray | None:
        """Return a copy of a box that lies in one cached chunk, as most fields of a plate do from afar."""
        index = tuple(start // chunk for (start, _), chunk in zip(box, self.chunks, strict=True))
        chunk = self.loader.cache.get((self.array.uid, index))
        if chunk is None:
            return None
        at = [i * size for i, size in zip(index, self.chunks, strict=True)]
        if any(stop - low > size for (_, stop), low, size in zip(box, at, self.chunks, strict=True)):
            return None
        wishes.found((self.array.uid, index), chunk.nbytes)
        return chunk[tuple(slice(start - low, stop - low) for (start, stop), low in zip(box, at, strict=True))].copy()

    def _paste(self, chunk: np.ndarray, index: tuple[int, ...], box: Box, out: np.ndarray) -> None:
        whole = self.array.box(index)
        part = intersect(whole, box)
        if part is not None:
            out[slices(part, box)] = chunk[slices(part, whole)]

    def _distance(self, index: tuple[int, ...], centre: list[float]) -> float:
        """Return the squared distance of a chunk from the centre of the view, in chunks."""
        ends = self.array.box(index)
        steps = zip(ends, centre, self.chunks, strict=True)
        return sum((((start + stop) / 2 - middle) / chunk) ** 2 for (start, stop), middle, chunk in steps)


@dataclass(frozen=True, slots=True)
class _Assembly:
    """An exact read of a box under way: holds what it was handed, so nothing can be evicted from under it."""

    level: ArrayLevel
    box: Box
    out: np.ndarray
    chunks: list[Chunk]
    futures: list[Future[np.ndarray]]

    def result(self) -> np.ndarray:
        self.level.loader.refuse_own_thread()
        try:
            for chunk, future in zip(self.chunks, self.futures, strict=True):
                whole = self.level.array.box(chunk.index)
                part = intersect(whole, self.box)
                pixels = future.result()
                if part is not None:
                    self.out[slices(part, self.box)] = pixels[slices(part, whole)]
        finally:
            self.level.loader.give_up(self.futures)
        return self.out


def coarse_indices(start: int, stop: int, fine: int, coarse: int) -> np.ndarray:
    """Return the coarse pixel that each fine pixel of ``start`` to ``stop`` lies in; by sizes, as napari does."""
    if fine == coarse:
        return np.arange(start, stop)
    centres = np.arange(start, stop) + 0.5
    return np.minimum((centres * (coarse / fine)).astype(np.intp), coarse - 1)


def _sample(chunk: np.ndarray, box: Box, maps: list[np.ndarray], out: np.ndarray) -> None:
    """Put a chunk where it belongs, by nearest neighbours one axis at a time; an axis that needs none costs nothing."""
    target = []
    for axis, ((start, stop), positions) in enumerate(zip(box, maps, strict=True)):
        first, last = np.searchsorted(positions, (start, stop))
        target.append(slice(first, last))
        taken = positions[first:last] - start
        if len(taken) and len(taken) == taken[-1] - taken[0] + 1:
            chunk = chunk[(slice(None),) * axis + (slice(taken[0], taken[-1] + 1),)]
        else:
            chunk = chunk.take(taken, axis=axis)
    out[tuple(target)] = chunk
