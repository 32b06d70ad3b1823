"""Label values of many fields made unique on one canvas, and back: arithmetic, no table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .level import DerivedLevel

if TYPE_CHECKING:
    from .chunks import Box
    from .level import Level


def offset_bits(dtype: np.dtype[Any], fields: int) -> int:
    """Return how many bits of a unique value hold the field's own value: 16 where that is enough, else 32."""
    return 16 if dtype.itemsize <= 2 and fields < 1 << 15 else 32


def offset_type(bits: int) -> np.dtype[Any]:
    """Return the type of unique values."""
    return np.dtype(np.int32 if bits == 16 else np.int64)


def original_value(unique: int, bits: int) -> tuple[int, int]:
    """Return (ordinal of the field, value in the field) of a unique value."""
    return unique >> bits, unique & ((1 << bits) - 1)


class OffsetLevel(DerivedLevel):
    """The labels of one field with the field's ordinal in the upper bits; 0 stays 0.

    Read ``inner`` for the values as stored.
    """

    def __init__(self, inner: Level, ordinal: int, bits: int) -> None:
        super().__init__(inner, inner.shape, inner.chunks, offset_type(bits))
        self._offset = ordinal << bits
        self._mask = (1 << bits) - 1

    def _inner_box(self, box: Box) -> Box:
        return box

    def _arrange(self, pixels: np.ndarray) -> np.ndarray:
        values = pixels.astype(self.dtype) & self._mask
        return np.where(values == 0, 0, values + self._offset).astype(self.dtype, copy=False)
