"""Which level of each image a graphics card can hold as a volume: pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Volume:
    """One level of one layer as a volume."""

    shape: tuple[int, ...]
    """Pixels along the axes shown."""
    card_bytes: int
    """On the graphics card."""
    memory_bytes: int
    """In the memory for pixels: all of the chunks that the volume touches."""


@dataclass(frozen=True, slots=True)
class Room:
    """How much there is room for."""

    card_bytes: int
    """On the graphics card, for all volumes together."""
    memory_bytes: int
    """In the memory for pixels, for each volume."""
    side: int
    """Longest side of a texture in 3-D."""

    def holds(self, volume: Volume) -> bool:
        """Whether there is room for a volume alone."""
        return (
            volume.card_bytes <= self.card_bytes
            and volume.memory_bytes <= self.memory_bytes
            and max(volume.shape, default=0) <= self.side
        )

    def without(self, nbytes: int) -> Room:
        """Return what is left on the card when something else lies there."""
        return replace(self, card_bytes=max(0, self.card_bytes - nbytes))


Levels = tuple[Volume, ...]
"""The levels of one layer, finest first."""


def volume_of(shape: Sequence[int], chunks: Sequence[int], axes: Sequence[int], dtype: Any, card: int) -> Volume:
    """Return one level as a volume.

    Parameters
    ----------
    shape, chunks
        Of the level, all axes.
    axes
        The ones that are shown; of the others one index is.
    dtype
        Type of the pixels.
    card
        Bytes that a pixel has on the graphics card.
    """
    shown = tuple(shape[axis] for axis in axes)
    read = [
        ceil(size / chunk) * chunk if axis in axes else min(chunk, size)
        for axis, (size, chunk) in enumerate(zip(shape, chunks, strict=True))
    ]
    return Volume(shown, prod(shown) * card, prod(read) * np.dtype(dtype).itemsize)


def card_itemsize(dtype: Any) -> int:
    """Return the bytes of a sample on the graphics card, where napari knows 8 and 16 bits and 32-bit floats."""
    kind = np.dtype(dtype)
    return kind.itemsize if kind.kind in "iub" and kind.itemsize <= 2 else 4


def choose_levels(layers: Sequence[Levels], room: Room) -> tuple[int | None, ...]:
    """Return the finest level of each layer such that all fit together; None where not even its coarsest does.

    Layers with the same levels, like the channels of one image, get the same one. What is small now is refined first,
    so that no image takes the room of all others; no layer could be refined any further.
    """
    chosen = _coarsest(layers, room)
    refinable = {levels for levels, level in zip(layers, chosen, strict=True) if level}
    while refinable:
        sizes = {levels: _size_after(layers, chosen, levels) for levels in refinable}
        levels = min(refinable, key=lambda candidate: (sizes[candidate], candidate[0].shape))
        level = next(at for own, at in zip(layers, chosen, strict=True) if own == levels and at is not None) - 1
        if sizes[levels] > room.card_bytes or not room.holds(levels[level]):
            refinable.remove(levels)
            continue
        chosen = [level if own == levels and at is not None else at for own, at in zip(layers, chosen, strict=True)]
        if not level:
            refinable.remove(levels)
    return tuple(chosen)


def _coarsest(layers: Sequence[Levels], room: Room) -> list[int | None]:
    """Return the coarsest level of each layer, the smallest first, as long as there is room."""
    chosen: list[int | None] = [None] * len(layers)
    taken = 0
    for place in sorted(range(len(layers)), key=lambda at: layers[at][-1].card_bytes):
        coarsest = layers[place][-1]
        if room.without(taken).holds(coarsest):
            chosen[place] = len(layers[place]) - 1
            taken += coarsest.card_bytes
    return chosen


def _size_after(layers: Sequence[Levels], chosen: Sequence[int | None], refined: Levels) -> int:
    """Return the bytes of all on the card if the layers with these levels were one level finer."""
    return sum(
        levels[at - (levels == refined)].card_bytes for levels, at in zip(layers, chosen, strict=True) if at is not None
    )
