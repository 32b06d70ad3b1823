"""Fields of view: cells stamped onto a canvas, with background, uneven light and camera noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .cells import SIDE, Bank, CellKind, Sprite, sprite_bank

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

GAINS = (230.0, 150.0, 290.0)
"""Grey values of a stain at intensity 1, by channel."""
OFFSETS = (14.0, 16.0, 12.0)
"""Grey values where there is no cell, by channel."""


@dataclass(frozen=True, slots=True)
class CellMix:
    """What a treatment does to a field of 512 x 512 pixels: how many cells, of which kinds, how bright."""

    count: float = 62
    mitotic: float = 0.03
    binuclear: float = 0.02
    large: float = 0.03
    apoptotic: float = 0.01
    dna: float = 1.0
    tubulin: float = 1.0

    def kinds(self, count: int, rng: Generator) -> list[CellKind]:
        """Draw the kind of each of ``count`` cells."""
        names: list[CellKind] = ["mitotic", "binuclear", "large", "apoptotic", "interphase"]
        shares = np.array([self.mitotic, self.binuclear, self.large, self.apoptotic])
        shares = np.append(shares, max(0.0, 1 - shares.sum()))
        return [names[index] for index in rng.choice(5, size=count, p=shares / shares.sum())]


@dataclass(frozen=True, slots=True)
class PaintedField:
    """Pixels of one field and what is in it."""

    pixels: NDArray[np.uint16]
    """(3, side, side)"""
    nuclei: NDArray[np.uint16]
    """(side, side), one value per nucleus, 0 between them"""
    cells: tuple[tuple[int, CellKind, float, float], ...]
    """(label, kind, y, x) of each nucleus"""


class FieldPainter:
    """Paints fields of one size; holds the sprites, the light and the noise they share."""

    def __init__(self, side: int, bank: Bank | None = None) -> None:
        self._side = side
        self._bank = bank or sprite_bank()
        rows, columns = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j].astype(np.float32)
        self._light = 1 - 0.09 * ((rows - 0.15) ** 2 + (columns + 0.1) ** 2)
        self._noise = np.random.default_rng(5).normal(0, 1, (side + 97, side + 101)).astype(np.float32)

    def paint(self, mix: CellMix, seed: int) -> PaintedField:
        """Paint the field of a treatment; the same seed paints the same field."""
        rng = np.random.default_rng(seed)
        canvas = np.zeros((3, self._side, self._side), np.float32)
        nuclei = np.zeros((self._side, self._side), np.uint16)
        count = max(1, round(mix.count * (self._side / 512) ** 2 * rng.uniform(0.92, 1.08)))
        cells: list[tuple[int, CellKind, float, float]] = []
        for kind, (y, x) in zip(mix.kinds(count, rng), self._places(count, rng), strict=False):
            variants = self._bank[kind]
            sprite = variants[rng.integers(len(variants))].turned(int(rng.integers(4)), bool(rng.integers(2)))
            gain = np.array([mix.dna, mix.tubulin, 1.0], np.float32) * rng.lognormal(0, 0.12, 3)
            cells += self._stamp(canvas, nuclei, sprite, (y, x), gain.astype(np.float32), kind, len(cells))
        return PaintedField(self._expose(canvas, rng), nuclei, tuple(cells))

    def _places(self, count: int, rng: Generator) -> list[tuple[int, int]]:
        """Centres that keep a distance which loosens when the field is full."""
        kept = np.empty((0, 2))
        apart = 44.0 if count < 80 * (self._side / 512) ** 2 else 36.0
        while len(kept) < count:
            tries = rng.uniform(4, self._side - 4, (24, 2))
            for place in tries:
                if not len(kept) or np.hypot(*(kept - place).T).min() > apart:
                    kept = np.vstack([kept, place])
            apart *= 0.96
        return [(int(y), int(x)) for y, x in kept[:count]]

    def _stamp(
        self,
        canvas: NDArray[np.float32],
        nuclei: NDArray[np.uint16],
        sprite: Sprite,
        place: tuple[int, int],
        gain: NDArray[np.float32],
        kind: CellKind,
        known: int,
    ) -> list[tuple[int, CellKind, float, float]]:
        here, there = zip(*(self._window(centre) for centre in place), strict=True)
        spot = canvas[(slice(None), *here)]
        np.maximum(spot, sprite.stains[(slice(None), *there)] * gain[:, None, None], out=spot)
        inside, labels = sprite.nuclei[there], nuclei[here]
        free = (inside > 0) & (labels == 0)
        labels[free] = inside[free] + np.uint16(known)
        y, x = map(float, place)
        return [(known + number, kind, y, x) for number in range(1, int(sprite.nuclei.max()) + 1)]

    def _window(self, centre: int) -> tuple[slice, slice]:
        start = centre - SIDE // 2
        low, high = max(0, start), min(self._side, start + SIDE)
        return slice(low, high), slice(low - start, high - start)

    def _expose(self, canvas: NDArray[np.float32], rng: Generator) -> NDArray[np.uint16]:
        pixels = np.empty(canvas.shape, np.uint16)
        for channel, (gain, offset) in enumerate(zip(GAINS, OFFSETS, strict=True)):
            signal = canvas[channel] * self._light * gain + offset
            y, x = int(rng.integers(97)), int(rng.integers(101))
            noise = self._noise[y : y + self._side, x : x + self._side]
            pixels[channel] = np.maximum(signal + noise * np.sqrt(signal) * 0.11, 0)
        return pixels
