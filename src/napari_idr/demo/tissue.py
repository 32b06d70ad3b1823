"""A stained tissue section, as maps to compose: where glands, fat and infiltrate lie, and how each looks close up.

Everything is an index into a palette of 256 colours: the upper four bits say how much hematoxylin (blue
nuclei), the lower four how much eosin (pink fibres and cytoplasm) a pixel took up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .noise import enlarge, smooth_noise

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

COARSE = 16
"""Pixels of the slide per pixel of the maps."""
STEPS, DEEPEST = 4, 400
"""Steps of a map per pixel, and the largest depth in pixels: refined, it still fits 16 bits."""
SHADE = 64 * COARSE
"""Steps of the refined stain map per palette index."""
BACKGROUND = 243
"""Grey value of glass without tissue, in all three channels."""


@dataclass(frozen=True, slots=True)
class Maps:
    """Coarse maps of the whole slide: depth below an outline, ``STEPS`` per pixel; positive is inside."""

    tissue: NDArray[np.int16]
    gland: NDArray[np.int16]
    infiltrate: NDArray[np.int16]
    fat: NDArray[np.int16]
    stain: NDArray[np.int16]
    """Slow variation of the eosin stain, 64 per palette index."""


@dataclass(frozen=True, slots=True)
class Textures:
    """Periodic close-ups, as palette indices."""

    stroma: NDArray[np.uint8]
    epithelium: NDArray[np.uint8]
    apical: NDArray[np.uint8]
    lumen: NDArray[np.uint8]
    infiltrate: NDArray[np.uint8]
    fat: NDArray[np.uint8]
    wobble: NDArray[np.float32]
    """Roughness of outlines, in pixels."""
    dither: NDArray[np.int16]
    """0 to ``SHADE``, smooth: hides the steps of the stain."""

    def limit(self, depth: float, roughness: float = 1.0) -> NDArray[np.int16]:
        """Return what a refined map exceeds where it is deeper than ``depth`` pixels, along a rough line."""
        return np.asarray((depth - roughness * self.wobble) * STEPS * COARSE, np.int16)


def refined(part: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return part of a map at full resolution, linearly interpolated, in steps ``COARSE`` times as fine.

    ``part`` has one row and one column more than are filled in. Integers, for this is done for every tile.
    """
    ramp = np.arange(COARSE, dtype=np.int16)
    rows = part[:-1, None] * np.int16(COARSE) + np.diff(part, axis=0)[:, None] * ramp[:, None]
    rows = rows.reshape(-1, part.shape[1]) // np.int16(COARSE)
    full = rows[:, :-1, None] * np.int16(COARSE) + np.diff(rows, axis=1)[..., None] * ramp
    return np.asarray(full.reshape(len(rows), -1), np.int16)


def _in_steps(depth: NDArray[np.float32]) -> NDArray[np.int16]:
    return np.asarray(np.clip(depth, -DEEPEST, DEEPEST) * STEPS, np.int16)


def palette() -> NDArray[np.uint8]:
    """(256, 3) colours by palette index: light absorbed by two stains (Beer and Lambert)."""
    hematoxylin = np.array([0.62, 0.70, 0.29]) * 1.9
    eosin = np.array([0.07, 0.99, 0.42]) * 0.9
    index = np.arange(256)
    absorbed = (index[:, None] >> 4) / 15 * hematoxylin + (index[:, None] & 15) / 15 * eosin
    return np.round(BACKGROUND * np.exp(-absorbed)).astype(np.uint8)


def paint_maps(side: int, rng: Generator) -> Maps:
    """Return maps of a slide of ``side`` pixels."""
    count = side // COARSE
    rows, columns = np.mgrid[-1 : 1 : count * 1j, -1 : 1 : count * 1j].astype(np.float32)
    rough = _fractal(rng, count, 3)
    piece = np.maximum(
        0.66 - np.hypot((rows + 0.16) / 0.84, (columns + 0.08) / 1.16),
        0.21 - np.hypot((rows - 0.76) / 0.62, (columns - 0.42) / 1.75),
    )
    tissue = (piece + 0.34 * (rough - 0.5)) * side / 2
    gland = _glands(count, rng) * COARSE
    fat = (_fractal(rng, count, 4) - 0.58 - 0.5 * np.clip(piece, 0, 0.4)) * 4000
    infiltrate = (_fractal(rng, count, 9) - 0.66) * 1500
    stain = np.asarray(4 * SHADE // COARSE * _fractal(rng, count, 4), np.int16)
    return Maps(_in_steps(tissue), _in_steps(gland), _in_steps(infiltrate), _in_steps(fat), stain)


def paint_textures(side: int, rng: Generator) -> Textures:
    """Close-ups of ``side`` pixels each, which can be laid edge to edge."""
    flat = smooth_noise(rng, side, 14, periodic=True)
    fibres = _fibres(side, rng)
    return Textures(
        stroma=_index(_nuclei(side, rng, apart=88, long=2.6, size=10), 2.5 + 6.5 * fibres),
        epithelium=_index(_nuclei(side, rng, apart=33, long=1.35, size=13.5), 4.0 + 3.0 * flat),
        apical=_index(0.04 * flat, 2.2 + 3.5 * flat * smooth_noise(rng, side, 40, periodic=True)),
        lumen=_index(0 * flat, 1.4 * smooth_noise(rng, side, 90, periodic=True) ** 2),
        infiltrate=_index(_nuclei(side, rng, apart=27, long=1.1, size=10.5, dark=1.25), 2.5 + 2.5 * flat),
        fat=_index(0 * flat, 7.0 * _walls(side, rng)),
        wobble=16 * (smooth_noise(rng, side, 30, periodic=True) - 0.5),
        dither=np.asarray((SHADE - 1) * smooth_noise(rng, side, 22, periodic=True), np.int16),
    )


def _index(hematoxylin: NDArray[np.float32], eosin: NDArray[np.float32]) -> NDArray[np.uint8]:
    blue = np.clip(hematoxylin * 15, 0, 15).astype(np.uint8)
    return np.asarray(blue << 4 | np.clip(eosin, 0, 10).astype(np.uint8), np.uint8)


def _fractal(rng: Generator, side: int, blobs: int) -> NDArray[np.float32]:
    """Noise of ``blobs`` blobs across and finer ones on top, 0-1."""
    total = np.zeros((side, side), np.float32)
    for octave in range(4):
        grain = max(2.0, side / (blobs * 2**octave))
        total += smooth_noise(rng, side, grain) / 2**octave
    return total / 1.875


def _glands(count: int, rng: Generator) -> NDArray[np.float32]:
    """Depth below the surface of the nearest gland, in coarse pixels."""
    depth = np.full((count, count), -1e3, np.float32)
    for y, x in _scatter(count, count * 0.05, rng):
        radius = count * rng.uniform(0.019, 0.034)
        reach = int(radius * 1.9)
        window = tuple(slice(max(0, at - reach), min(count, at + reach)) for at in (y, x))
        rows, columns = np.mgrid[window].astype(np.float32)
        distance, angle = np.hypot(rows - y, columns - x), np.arctan2(rows - y, columns - x)
        outline = radius * (
            1 + 0.3 * np.cos(2 * angle + rng.uniform(0, 6)) + 0.16 * np.cos(3 * angle + rng.uniform(0, 6))
        )
        outline += radius * 0.07 * np.cos(7 * angle + rng.uniform(0, 6))
        np.maximum(depth[window], outline - distance, out=depth[window])
    return depth


def _scatter(side: int, apart: float, rng: Generator, tries: int = 900) -> list[tuple[int, int]]:
    """Places at least ``apart`` from each other, also across the edges."""
    kept = np.empty((0, 2))
    for place in rng.uniform(0, side, (tries, 2)):
        gap = np.abs(kept - place)
        if not len(kept) or np.hypot(*np.minimum(gap, side - gap).T).min() > apart:
            kept = np.vstack([kept, place])
    return [(int(y), int(x)) for y, x in kept]


def _nuclei(
    side: int, rng: Generator, *, apart: float, long: float, size: float, dark: float = 1.0
) -> NDArray[np.float32]:
    """Nuclei on a jittered grid, 0-1; ``long`` is length over width, ``size`` half the width."""
    sprites = [_nucleus(rng, size, long, dark) for _ in range(24)]
    canvas = np.zeros((side, side), np.float32)
    steps = max(1, round(side / apart))
    for row in range(steps):
        for column in range(steps):
            if rng.random() < 0.08:
                continue
            y = int((row + rng.uniform(-0.3, 0.3)) * side / steps)
            x = int((column + 0.5 * (row % 2) + rng.uniform(-0.3, 0.3)) * side / steps)
            _stamp(canvas, sprites[rng.integers(24)], y, x)
    return canvas


def _stamp(canvas: NDArray[np.float32], sprite: NDArray[np.float32], y: int, x: int) -> None:
    side, extent = len(canvas), len(sprite)
    rows, columns = (np.arange(start - extent // 2, start - extent // 2 + extent) % side for start in (y, x))
    if rows[0] < rows[-1] and columns[0] < columns[-1]:
        window = canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        np.maximum(window, sprite, out=window)
    else:
        canvas[np.ix_(rows, columns)] = np.maximum(canvas[np.ix_(rows, columns)], sprite)


def _nucleus(rng: Generator, size: float, long: float, dark: float) -> NDArray[np.float32]:
    extent = int(2 * size * long + 8)
    rows, columns = np.mgrid[:extent, :extent].astype(np.float32) - extent / 2
    turn, stretch = rng.uniform(0, np.pi), long * rng.uniform(0.85, 1.15)
    along, across = rows * np.cos(turn) + columns * np.sin(turn), columns * np.cos(turn) - rows * np.sin(turn)
    depth = size * rng.uniform(0.85, 1.1) - np.hypot(along / stretch, across)
    inside = np.clip(depth / 3, 0, 1)
    rim = 0.8 + 0.35 * np.exp(-((depth - 2.5) ** 2) / 4)
    chromatin = 0.5 + 0.5 * smooth_noise(rng, extent, 5)
    return np.asarray(np.clip(inside * rim * chromatin * dark * rng.uniform(0.65, 0.95), 0, 1), np.float32)


def _fibres(side: int, rng: Generator) -> NDArray[np.float32]:
    """Wavy bundles, 0-1: noise stretched along lines that bend."""
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    turn = 2 * np.pi / side
    wave = 120 * np.sin(columns * turn * 2) + 60 * np.sin(columns * turn * 5 + 1) + 25 * np.sin(rows * turn * 3)
    strands = np.zeros((side, side), np.float32)
    for frequency, weight in ((13, 1.0), (29, 0.8), (47, 0.5)):
        strands += weight * np.sin(
            (rows + wave * 1.2) * turn * frequency + 5 * smooth_noise(rng, side, 150, periodic=True)
        )
    return np.asarray(
        np.clip(0.5 + 0.22 * strands, 0, 1) * (0.6 + 0.4 * smooth_noise(rng, side, 26, periodic=True)), np.float32
    )


def _walls(side: int, rng: Generator) -> NDArray[np.float32]:
    """Thin walls between the cells of fat, 0-1."""
    small = max(32, side // 4)
    places = np.array(_scatter(small, small * 0.1, rng, 300), np.float32)
    rows, columns = np.mgrid[:small, :small].astype(np.float32)
    nearest = np.full((2, small, small), 1e6, np.float32)
    for y, x in places:
        gaps = [np.minimum(gap, small - gap) for gap in (np.abs(rows - y), np.abs(columns - x))]
        distance = np.hypot(*gaps)
        nearest[1] = np.minimum(nearest[1], np.maximum(nearest[0], distance))
        nearest[0] = np.minimum(nearest[0], distance)
    return np.asarray(np.clip(1.6 - 0.55 * enlarge(nearest[1] - nearest[0], (side, side)), 0, 1), np.float32)
