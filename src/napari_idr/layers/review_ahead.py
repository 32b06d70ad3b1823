"""Pixels around an object, read before somebody looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.errors import NapariIdrError

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_PIXELS = 1 << 21
"""Of one channel that are read ahead: what a window shows."""
ROOM = 2.5


def read_around(levels: Sequence[Any], ends: tuple[np.ndarray, np.ndarray], more: float = 1.0) -> None:
    """Read what is in view when an object is looked at, of one layer: the finest level that fits a window. May block.

    Parameters
    ----------
    levels
        Arrays, the finest first.
    ends
        First and last corner of the object, in pixels of the finest level, along the last axes of the data.
    more
        How much more than that.
    """
    first, last = ends
    centre, side = (first + last)[-2:] / 2, float(max((last - first)[-2:].max(), 25.0)) * ROOM * more
    for level in levels:
        factor = np.array(levels[0].shape[-2:]) / np.array(level.shape[-2:])
        if side * side / float(np.prod(factor)) <= MOST_PIXELS:
            _read(level, first, centre / factor, side / factor)
            return


def _read(level: Any, first: np.ndarray, centre: np.ndarray, side: np.ndarray) -> None:
    shape = level.shape
    low = np.clip(np.floor(centre - side / 2), 0, np.array(shape[-2:])).astype(int)
    high = np.clip(np.ceil(centre + side / 2), low, np.array(shape[-2:])).astype(int)
    planes = [min(max(int(index), 0), size - 1) for index, size in zip(first[:-2], shape[:-2], strict=False)]
    planes = [0] * (len(shape) - 2 - len(planes)) + planes
    box = (*planes, slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1])))
    try:
        np.asarray(level[box])
    except NapariIdrError:
        return  # what is looked at says why, when somebody gets there
