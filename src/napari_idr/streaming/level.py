"""What one pyramid level is to whoever reads it: an array that is exact, and a display that never waits.

Reading a level (``numpy.asarray(level[...])``) is complete and exact and blocks until it is. Only a *display
view*, made by :meth:`Level.for_display`, shows what is known at once and notes what is missing: the two are never
mixed, so nobody who computes can see a placeholder.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from napari_idr.errors import Unsupported

from .chunks import box_shape
from .loader import VISIBLE, Want

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from .chunks import Box, Chunk


class Pending(Protocol):
    """An exact read under way."""

    def result(self) -> np.ndarray:
        """Wait for the pixels."""
        ...


@dataclass(eq=False, slots=True)
class Wishes:
    """What a display read would have liked and did not find; filled while slicing, then handed to the loader."""

    chunks: dict[Any, Want] = field(default_factory=dict)
    metadata: dict[Any, Callable[[], None]] = field(default_factory=dict)
    """Things to ask for that are not chunks (the metadata of a field), by key."""
    here: set[Any] = field(default_factory=set)
    """Keys of the chunks that were found."""
    held: int = 0
    """Bytes of the chunks that were found: what must stay in memory for the picture to stay as good."""
    distance: float = 0.0
    """Added to the distance of what is wanted: how far the field at hand is from the centre of the view."""
    unpainted: set[Any] = field(default_factory=set)
    """Things that are here and will be painted in the next redraw."""
    seen: list[tuple[Level, Box]] = field(default_factory=list)
    """What was looked at: levels and boxes, in order."""
    began: float = field(default_factory=time.perf_counter)
    """When the look began."""
    without_picture: bool = False
    """Whether only the wishes are of use now: what is drawn is empty, and costs nothing."""
    pictures: dict[tuple[Level, Box], np.ndarray] = field(default_factory=dict)
    """What was drawn already: napari asks for the plane of the thumbnail beside that on the canvas."""

    def want(self, chunk: Chunk, coarseness: float, distance: float) -> None:
        """Note a missing chunk: coarse before fine, centre before edge."""
        key = chunk.key
        if key not in self.chunks:
            self.chunks[key] = Want(chunk, (VISIBLE, -coarseness, self.distance + distance))

    def add(self, others: Wishes) -> None:
        """Wish for what others wish for, too."""
        self.chunks.update(others.chunks)
        self.metadata.update(others.metadata)
        self.unpainted |= others.unpainted
        self.here |= others.here

    def found(self, key: Any, nbytes: int) -> None:
        """Note a chunk that is here."""
        self.here.add(key)
        self.held += nbytes

    @property
    def missing(self) -> int:
        """Number of things that are missing."""
        return len(self.chunks) + len(self.metadata) + len(self.unpainted)


class Level(ABC):
    """An n-dimensional array of pixels that may be far away. Finest level first in a pyramid.

    Basic indexing gives a lazy view; ``numpy.asarray`` of a level or view reads it, exactly, and blocks.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunks: tuple[int, ...]
    """The unit of reading along each axis; napari rounds its tiles to it."""

    @abstractmethod
    def begin(self, box: Box) -> Pending:
        """Start an exact read of a box; ``result()`` waits. Raises errors of the family there."""

    @abstractmethod
    def best(self, box: Box, wishes: Wishes) -> np.ndarray:
        """Return the best picture of a box that can be had now; never waits. What is missing goes to ``wishes``."""

    def want(self, box: Box, wishes: Wishes) -> None:
        """Wish for what a box lacks, without a picture of it; never waits."""
        self.best(box, wishes)

    def locate(self, point: tuple[int, ...]) -> Hashable | None:
        """Return the key under which the pixel at a point would be wished for, None where it is always known."""
        return None

    def read(self, box: Box) -> np.ndarray:
        """Return the exact pixels of a box. May block."""
        return self.begin(box).result()

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of pixels."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def nbytes(self) -> int:
        """Bytes of all pixels."""
        return self.size * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        return LevelView.whole(self)[key]

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        return LevelView.whole(self).__array__(dtype, copy)

    def __deepcopy__(self, memo: object) -> Level:
        return self  # a duplicated layer reads the same pixels

    def for_display(self, wishes: Wishes) -> LevelView:
        """Return a view whose pixels are the best known, at once."""
        return LevelView.whole(self, wishes)


@dataclass(frozen=True, eq=False)
class LevelView:
    """Part of a level, not read yet. Indexing composes; ``numpy.asarray`` reads."""

    level: Level
    selectors: tuple[int | range, ...]
    wishes: Wishes | None = None
    """Set on display views only."""

    @classmethod
    def whole(cls, level: Level, wishes: Wishes | None = None) -> LevelView:
        """Return the view of all of a level."""
        return cls(level, tuple(range(size) for size in level.shape), wishes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the part."""
        return tuple(len(selector) for selector in self.selectors if isinstance(selector, range))

    @property
    def ndim(self) -> int:
        """Number of axes left."""
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels."""
        return self.level.dtype

    @property
    def size(self) -> int:
        """Number of pixels."""
        return int(np.prod(self.shape, dtype=np.int64))

    def __len__(self) -> int:
        return self.shape[0]

    def __deepcopy__(self, memo: object) -> LevelView:
        return self

    def for_display(self, wishes: Wishes) -> LevelView:
        """Return the same part as a display view."""
        return LevelView(self.level, self.selectors, wishes)

    def __getitem__(self, key: Any) -> Any:
        keys = key if isinstance(key, tuple) else (key,)
        if not all(_is_basic(k) for k in keys):
            return np.asarray(self)[key]  # fancy indexing: read, then numpy's own rules
        rest = iter(_expand(keys, self.ndim))
        selectors = tuple(
            selector[_plain(next(rest))] if isinstance(selector, range) else selector for selector in self.selectors
        )
        return LevelView(self.level, selectors, self.wishes)

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        ranges = tuple(s if isinstance(s, range) else range(s, s + 1) for s in self.selectors)
        if any(len(r) == 0 for r in ranges):
            return np.zeros(self.shape, dtype or self.dtype)
        box = tuple((min(r[0], r[-1]), max(r[0], r[-1]) + 1) for r in ranges)
        pixels = self.level.read(box) if self.wishes is None else self._drawn(box, self.wishes)
        picked = pixels[tuple(_within(s) for s in self.selectors)]
        return np.array(picked, dtype=dtype, copy=copy)

    def _drawn(self, box: Box, wishes: Wishes) -> np.ndarray:
        known = wishes.pictures.get((self.level, box))
        if known is None:
            known = wishes.pictures[(self.level, box)] = self._looked_at(box, wishes)
            wishes.seen.append((self.level, box))
        return known

    def _looked_at(self, box: Box, wishes: Wishes) -> np.ndarray:
        if not wishes.without_picture:
            return self.level.best(box, wishes)
        self.level.want(box, wishes)
        return np.broadcast_to(np.zeros((), self.dtype), box_shape(box))


def _is_basic(key: Any) -> bool:
    return key is Ellipsis or (isinstance(key, int | np.integer | slice) and not isinstance(key, bool))


def _plain(key: Any) -> int | slice:
    return key if isinstance(key, slice) else int(key)


def _expand(keys: tuple[Any, ...], ndim: int) -> tuple[Any, ...]:
    dots = [position for position, key in enumerate(keys) if key is Ellipsis]
    if len(dots) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    if len(keys) - len(dots) > ndim:
        raise IndexError(f"too many indices: the array has {ndim} axes")
    for at in dots:
        keys = (*keys[:at], *[slice(None)] * (ndim - len(keys) + 1), *keys[at + 1 :])
    return (*keys, *[slice(None)] * (ndim - len(keys)))


def _within(selector: int | range) -> int | slice:
    """Return the index of a selector inside the box that just covers it."""
    if isinstance(selector, int):
        return 0
    return slice(None, None, selector.step)


class DerivedLevel(Level):
    """A level whose pixels are another level's, rearranged."""

    def __init__(self, inner: Level, shape: tuple[int, ...], chunks: tuple[int, ...], dtype: Any = None) -> None:
        self.inner = inner
        self.shape, self.chunks = shape, chunks
        self.dtype = np.dtype(dtype or inner.dtype)

    @abstractmethod
    def _inner_box(self, box: Box) -> Box:
        """Return the inner level's box that holds the pixels."""

    @abstractmethod
    def _arrange(self, pixels: np.ndarray) -> np.ndarray:
        """Return the inner level's pixels as this level's."""

    def begin(self, box: Box) -> Pending:
        """Start an exact read of a box."""
        return _Then(self.inner.begin(self._inner_box(box)), self._arrange)

    def best(self, box: Box, wishes: Wishes) -> np.ndarray:
        """Return the best picture of a box that can be had now."""
        return self._arrange(self.inner.best(self._inner_box(box), wishes))

    def want(self, box: Box, wishes: Wishes) -> None:
        """Wish for what a box lacks."""
        self.inner.want(self._inner_box(box), wishes)

    def locate(self, point: tuple[int, ...]) -> Hashable | None:
        """Return the key of the chunk that holds a point."""
        inner = self._inner_box(tuple((place, place + 1) for place in point))
        return self.inner.locate(tuple(start for start, _ in inner))


@dataclass(frozen=True, slots=True)
class _Then:
    pending: Pending
    arrange: Callable[[np.ndarray], np.ndarray]

    def result(self) -> np.ndarray:
        return self.arrange(self.pending.result())


class PickLevel(DerivedLevel):
    """One index along one axis of a level: a channel."""

    def __init__(self, inner: Level, axis: int, index: int) -> None:
        def without(values: tuple[int, ...]) -> tuple[int, ...]:
            return values[:axis] + values[axis + 1 :]

        super().__init__(inner, without(inner.shape), without(inner.chunks))
        self._axis, self._index = axis, index
        self._only: tuple[slice | int, ...] = (*(slice(None) for _ in range(axis)), 0)

    def _inner_box(self, box: Box) -> Box:
        return (*box[: self._axis], (self._index, self._index + 1), *box[self._axis :])

    def _arrange(self, pixels: np.ndarray) -> np.ndarray:
        return pixels[self._only]


class LastAxisLevel(DerivedLevel):
    """A level with one axis moved to the end: samples of an RGB picture, as napari wants them."""

    def __init__(self, inner: Level, axis: int) -> None:
        def moved(values: tuple[int, ...]) -> tuple[int, ...]:
            return (*values[:axis], *values[axis + 1 :], values[axis])

        super().__init__(inner, moved(inner.shape), moved(inner.chunks))
        self._axis = axis

    def _inner_box(self, box: Box) -> Box:
        return (*box[: self._axis], box[-1], *box[self._axis : -1])

    def _arrange(self, pixels: np.ndarray) -> np.ndarray:
        moved: np.ndarray = np.moveaxis(pixels, self._axis, -1)
        return moved


class CastLevel(DerivedLevel):
    """A level with its pixels as another type that holds them all."""

    def __init__(self, inner: Level, dtype: np.dtype[Any]) -> None:
        super().__init__(inner, inner.shape, inner.chunks, dtype)

    def _inner_box(self, box: Box) -> Box:
        return box

    def _arrange(self, pixels: np.ndarray) -> np.ndarray:
        return pixels.astype(self.dtype)


class RepeatLevel(DerivedLevel):
    """A level with one more axis, the same picture at each of its indices: labels without the image's z."""

    def __init__(self, inner: Level, axis: int, length: int) -> None:
        super().__init__(
            inner,
            (*inner.shape[:axis], length, *inner.shape[axis:]),
            (*inner.chunks[:axis], 1, *inner.chunks[axis:]),
        )
        self._axis = axis

    def begin(self, box: Box) -> Pending:
        """Start an exact read of a box."""
        return _Then(self.inner.begin(self._inner_box(box)), lambda pixels: self._repeat(pixels, box))

    def best(self, box: Box, wishes: Wishes) -> np.ndarray:
        """Return the best picture of a box that can be had now."""
        return self._repeat(self.inner.best(self._inner_box(box), wishes), box)

    def _inner_box(self, box: Box) -> Box:
        return (*box[: self._axis], *box[self._axis + 1 :])

    def _arrange(self, pixels: np.ndarray) -> np.ndarray:
        return np.expand_dims(pixels, self._axis)

    def _repeat(self, pixels: np.ndarray, box: Box) -> np.ndarray:
        start, stop = box[self._axis]
        return np.repeat(self._arrange(pixels), stop - start, axis=self._axis)


def in_memory(array: np.ndarray) -> Level:
    """Return a level over pixels that are here already."""
    return _MemoryLevel(array)


class _MemoryLevel(Level):
    def __init__(self, array: np.ndarray) -> None:
        self._array = array
        self.shape, self.dtype, self.chunks = array.shape, array.dtype, array.shape

    def begin(self, box: Box) -> Pending:
        return _Done(self._array[tuple(slice(*ends) for ends in box)])

    def best(self, box: Box, wishes: Wishes) -> np.ndarray:
        return self.read(box)


@dataclass(frozen=True, slots=True)
class _Done:
    pixels: np.ndarray

    def result(self) -> np.ndarray:
        return self.pixels


def allocate(box: Box, dtype: np.dtype[Any]) -> np.ndarray:
    """Return zeros for an exact read of a box. Raises ``Unsupported`` where they do not fit into memory."""
    shape = box_shape(box)
    try:
        return np.zeros(shape, dtype)
    except (MemoryError, ValueError) as error:
        what = f"{' x '.join(map(str, shape))} pixels of {dtype} do not fit into memory"
        raise Unsupported(what, "this computer", "read a smaller region or a coarser level") from error
