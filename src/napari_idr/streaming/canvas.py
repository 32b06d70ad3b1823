"""One plane of a plate's overview that keeps what was painted on it: a redraw costs what arrived since."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from .field_piece import FieldLevels, Piece
    from .level import Wishes
    from .mosaic_layout import FieldKey, Slot

PAINTED_AT_ONCE = 48
"""Fields painted in one redraw: about 3 ms. The others follow in the next ones, so that the window stays lively."""


@dataclass(frozen=True, eq=False, slots=True)
class _Pending:
    """A field that was looked at and is not all there: what it lacks."""

    known: FieldLevels | None
    lacks: Wishes


@dataclass(eq=False, slots=True)
class Canvas:
    """One plane of an overview, and what was painted of each field.

    Parameters
    ----------
    pixels
        The plane, with axes of length one before y and x.
    based
        Whether the plane began as an enlarged coarser one: there may be remains of it beside each field.
    """

    pixels: np.ndarray
    based: bool = False
    painted: dict[FieldKey, FieldLevels] = field(default_factory=dict)
    pending: dict[FieldKey, _Pending] = field(default_factory=dict)

    def is_painted(self, key: FieldKey, known: FieldLevels | None) -> bool:
        """Whether all that can be known of a field is on the canvas."""
        return known is not None and self.painted.get(key) is known

    def still_lacks(self, key: FieldKey, known: FieldLevels | None, came: Callable[[Wishes], bool]) -> Wishes | None:
        """Return what a field lacks if nothing of it came since it was looked at, else None."""
        pending = self.pending.get(key)
        if pending is None or pending.known is not known or came(pending.lacks):
            return None
        return pending.lacks

    def paint(
        self, key: FieldKey, known: FieldLevels | None, piece: Piece | None, ground: tuple[Any, ...], lacks: Wishes
    ) -> bool:
        """Put what is known of a field where it belongs; return whether something was put there.

        ``ground`` is the field's place on the canvas with the gap beside it. ``lacks`` is filled with what is
        missing. A field of which no pixel is here keeps what stands for it.
        """
        done = False
        if piece is not None and not (self.based and self._nothing_is_here(piece, lacks)):
            if self.based:
                self.pixels[ground] = 0
            self.pixels[piece.target] = piece.arrange(piece.level.best(piece.box, lacks), self.pixels.dtype)
            done = True
        if known is not None and not lacks.missing:
            self.painted[key] = known
            self.pending.pop(key, None)
        else:
            self.pending[key] = _Pending(known, lacks)
        return done

    def forget(self, slot: Slot) -> None:
        """Have a field painted again: one below it was painted over it."""
        self.painted.pop(slot.key, None)
        self.pending.pop(slot.key, None)

    @staticmethod
    def _nothing_is_here(piece: Piece, lacks: Wishes) -> bool:
        piece.level.want(piece.box, lacks)
        return bool(lacks.chunks) and not lacks.held


@dataclass(frozen=True, eq=False, slots=True)
class Beneath:
    """A coarser picture of a box, to be enlarged where nothing finer is here."""

    picture: np.ndarray
    ratio: int
    """Pixels of the box per pixel of the picture, for y and x alike."""
    start: tuple[int, int]
    """Where the box begins in the enlarged picture, (y, x)."""

    def fill(self, out: np.ndarray, part: tuple[Any, ...]) -> None:
        """Fill a part ``(..., rows, columns)`` of ``out``, which is the box."""
        coarse: list[Any] = [Ellipsis]
        inside: list[Any] = [Ellipsis]
        for rows, start, size in zip(part[-2:], self.start, out.shape[-2:], strict=True):
            first, last = rows.start + start, min(rows.stop, size) + start
            coarse.append(slice(first // self.ratio, ceil(last / self.ratio)))
            inside.append(slice(first % self.ratio, first % self.ratio + last - first))
        pixels = self.picture[tuple(coarse)]
        if not pixels.size:
            return
        shape = (*pixels.shape[:-2], *(size * self.ratio for size in pixels.shape[-2:]))
        enlarged_part = enlarged(pixels, shape)[tuple(inside)]
        if enlarged_part.size:
            out[part][..., : enlarged_part.shape[-2], : enlarged_part.shape[-1]] = enlarged_part


def enlarged(pixels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return a plane with y and x enlarged to ``shape`` by repeating pixels; whole factors only."""
    rows, columns = (ceil(shape[axis] / pixels.shape[axis]) for axis in (-2, -1))
    wide = np.repeat(pixels, columns, axis=-1)[..., : shape[-1]]  # pixel by pixel, so while there are few rows
    return np.repeat(wide, rows, axis=-2)[..., : shape[-2], :]
