"""Random textures: smooth at a chosen grain, the same for the same generator state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray


def smooth_noise(rng: Generator, side: int, grain: float, *, periodic: bool = False) -> NDArray[np.float32]:
    """Return a (side, side) texture with values 0-1 and blobs about ``grain`` pixels wide.

    ``periodic`` textures can be laid edge to edge without a seam.
    """
    coarse = max(2, round(side / grain))
    knots = rng.random((coarse, coarse), dtype=np.float32)
    margin = 3 if periodic else 0
    knots = np.pad(knots, margin, mode="wrap")
    zoom = side / coarse
    size = round((coarse + 2 * margin) * zoom)
    start = round(margin * zoom)
    full = np.asarray(Image.fromarray(knots).resize((size, size), Image.Resampling.BICUBIC))
    return np.asarray(np.clip(full[start : start + side, start : start + side], 0, 1))


def enlarge(pixels: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return the same picture, bilinearly resized to ``shape``."""
    return np.asarray(Image.fromarray(pixels).resize(shape[::-1], Image.Resampling.BILINEAR))
