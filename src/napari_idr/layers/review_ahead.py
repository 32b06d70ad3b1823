"""What will be in view of an object, fetched before somebody looks at it. No window needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.streaming.level import Wishes
from napari_idr.streaming.loader import PREFETCH, Want

from .object_selection import LEAST, ROOM

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_idr.streaming.chunks import Box
    from napari_idr.streaming.loader import ChunkLoader

    Ends = tuple[np.ndarray, np.ndarray]
    View = tuple[Any, Box]

PART_OF_MEMORY = 0.25
"""Of the memory for pixels that may be filled with what is looked at next."""
EDGE = 4.0
"""Pixels more than the view: napari rounds it up."""
USUAL_CANVAS = (700.0, 1000.0)
"""Height and width, in pixels of the screen, where no window says its own."""


def views_of(levels: Sequence[Any], ends: Ends, canvas: tuple[float, float] = USUAL_CANVAS) -> list[View]:
    """Return what is read of a layer when an object is looked at, as levels and boxes of them.

    Its part of the level that is shown, and that plane of the coarsest level, which napari makes its small picture of.

    Parameters
    ----------
    levels
        Arrays, the finest first; samples of an RGB picture may follow y and x.
    ends
        First and last corner of the object along the axes of the layer (y and x last), in pixels of the finest level.
    canvas
        Height and width of the window's canvas in its pixels.
    """
    first, last = (np.asarray(end, float) for end in ends)
    screen = np.asarray(canvas, float)
    room = np.maximum((last - first)[-2:] * ROOM, LEAST)
    view = screen / np.min(screen / room) + EDGE
    factors = [np.asarray(levels[0].shape[: len(first)]) / np.asarray(level.shape[: len(first)]) for level in levels]
    number = _level_shown([factor[-2:] for factor in factors], view, screen)
    whole = np.asarray(levels[0].shape[: len(first)])[-2:] * 2.0
    shown = _box(levels[number], first, (first + last)[-2:] / 2, view, factors[number])
    small = _box(levels[-1], first, whole / 4, whole, factors[-1])
    return [(levels[number], shown), (levels[-1], small)]


def _box(level: Any, first: np.ndarray, centre: np.ndarray, view: np.ndarray, factor: np.ndarray) -> Box:
    """Return the box of a level that covers a view; centre and view along y and x, in pixels of the finest level."""
    planes = [
        int(np.clip(round(place / by), 0, size - 1))
        for place, by, size in zip(first, factor, level.shape, strict=False)
    ]
    box = [(plane, plane + 1) for plane in planes[:-2]]
    for axis in (-2, -1):
        size = level.shape[len(first) + axis]
        box.append(_within(centre[axis] / factor[axis], view[axis] / factor[axis], size))
    return (*box, *((0, size) for size in level.shape[len(first) :]))


def _level_shown(factors: Sequence[np.ndarray], view: np.ndarray, screen: np.ndarray) -> int:
    """Return which level napari chooses: the coarsest that has a pixel for each of the screen's, as far as it needs."""
    counts = (view > screen) & np.any(np.array(factors) > 1, axis=0)
    enough = [number for number, factor in enumerate(factors) if np.all((view / factor > screen)[counts])]
    return enough[-1] if counts.any() and enough else 0


def _within(centre: float, side: float, size: int) -> tuple[int, int]:
    start = int(np.clip(np.floor(centre - side / 2), 0, size - 1))
    return start, int(np.clip(np.ceil(centre + side / 2), start + 1, size))


class Ahead:
    """What one review has fetched ahead: what it named last, and nothing else."""

    def __init__(self, loader: ChunkLoader) -> None:
        self._loader = loader

    def want(self, views: Iterable[View]) -> None:
        """Have the chunks of some views fetched, the first view's first, when nothing in view waits for the line."""
        wants: dict[Any, Want] = {}
        room = self._loader.cache.limit * PART_OF_MEMORY
        for rank, (level, box) in enumerate(views):
            wishes = Wishes()
            level.want(box, wishes)
            for key, want in wishes.chunks.items():
                room -= 0 if key in wants else want.chunk.array.chunk_nbytes
                if room >= 0:
                    wants.setdefault(key, Want(want.chunk, (PREFETCH, float(rank), want.priority[2])))
        self._loader.show(self, list(wants.values()))

    def stop(self) -> None:
        """Fetch nothing any more."""
        self._loader.forget(self)
