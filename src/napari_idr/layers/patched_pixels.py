"""A label image of which a box holds other pixels: what was painted, over what a server holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


class PatchedPixels:
    """Slices to numpy like an array; of the whole only what is asked for is read.

    Parameters
    ----------
    whole
        Anything that slices to numpy.
    patch
        Pixels of the box.
    origin
        Of the box in the whole, per axis.
    """

    def __init__(self, whole: Any, patch: np.ndarray, origin: Sequence[int]) -> None:
        self.whole, self.patch, self.origin = whole, patch, tuple(origin)
        self.shape, self.ndim = tuple(whole.shape), len(whole.shape)
        self.dtype = np.result_type(whole.dtype, patch.dtype)

    def __getitem__(self, key: Any) -> np.ndarray:
        """Return pixels, those of the box in place of the whole's. May block.

        Raises ``IndexError`` for anything but whole numbers, an ellipsis and slices of step 1.
        """
        keys = _expanded(key if isinstance(key, tuple) else (key,), self.ndim)
        ends = [_ends(one, size) for one, size in zip(keys, self.shape, strict=True)]
        pixels = np.array(self.whole[tuple(slice(*pair) for pair in ends)], dtype=self.dtype)
        self._lay_on(pixels, [start for start, _ in ends])
        picked: np.ndarray = pixels[tuple(slice(None) if isinstance(one, slice) else 0 for one in keys)]
        return picked

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[...], dtype=dtype)

    def _lay_on(self, pixels: np.ndarray, start: Sequence[int]) -> None:
        """Put what the box has of a part of the whole, that begins at ``start``, in its place."""
        into, out = [], []
        for first, size, origin, extent in zip(start, pixels.shape, self.origin, self.patch.shape, strict=True):
            low, high = max(first, origin), min(first + size, origin + extent)
            if low >= high:
                return
            into.append(slice(low - first, high - first))
            out.append(slice(low - origin, high - origin))
        pixels[tuple(into)] = self.patch[tuple(out)]


def _expanded(keys: tuple[Any, ...], ndim: int) -> tuple[Any, ...]:
    if Ellipsis in keys:
        at = keys.index(Ellipsis)
        return (*keys[:at], *(slice(None),) * (ndim - len(keys) + 1), *keys[at + 1 :])
    return (*keys, *(slice(None),) * (ndim - len(keys)))


def _ends(key: Any, size: int) -> tuple[int, int]:
    """Return the stretch of one axis that a key is of."""
    if isinstance(key, slice) and key.step in (None, 1):
        start, stop, _ = key.indices(size)
        return start, max(start, stop)
    if isinstance(key, (int, np.integer)) and -size <= key < size:
        return int(key) % size, int(key) % size + 1
    raise IndexError(f"{key!r} is no index of an axis of {size} pixels")
