"""Cells in three stains, painted once as sprites and stamped into fields.

Channel 0 is DNA, channel 1 alpha-tubulin, channel 2 phospho-histone H3 (bright in mitosis only). One pixel is
0.325 micrometer: a nucleus is about 40 pixels wide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .noise import smooth_noise

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

SIDE = 144
"""Side of a sprite in pixels."""

CellKind = Literal["interphase", "large", "binuclear", "mitotic", "apoptotic"]


@dataclass(frozen=True, slots=True)
class Sprite:
    """One painted cell: intensities 0-1 of the three stains, and its nuclei numbered from 1."""

    stains: NDArray[np.float32]
    """(3, SIDE, SIDE)"""
    nuclei: NDArray[np.uint8]
    """(SIDE, SIDE), 0 outside"""

    def turned(self, quarter: int, mirrored: bool) -> Sprite:
        """Return the same cell seen another way round."""
        step = -1 if mirrored else 1
        stains = np.rot90(self.stains[:, :, ::step], quarter, axes=(1, 2))
        return Sprite(stains, np.rot90(self.nuclei[:, ::step], quarter))


Bank = dict[CellKind, list[Sprite]]


def sprite_bank(seed: int = 11, variants: int = 14) -> Bank:
    """``variants`` different cells of each kind; the same seed paints the same cells."""
    kinds: tuple[CellKind, ...] = ("interphase", "large", "binuclear", "mitotic", "apoptotic")
    rng = np.random.default_rng(seed)
    return {kind: [paint_cell(kind, rng) for _ in range(variants)] for kind in kinds}


def paint_cell(kind: CellKind, rng: Generator) -> Sprite:
    """Paint one cell of a kind."""
    if kind == "mitotic":
        return _mitotic(rng)
    if kind == "apoptotic":
        return _apoptotic(rng)
    return _spread(kind, rng)


def _spread(kind: CellKind, rng: Generator) -> Sprite:
    radius = rng.uniform(17, 21) * (1.42 if kind == "large" else 1.0)
    places = _nucleus_places(kind, radius, rng)
    nuclei = [_nucleus(place, radius * (0.86 if len(places) > 1 else 1.0), rng) for place in places]
    dna = np.maximum.reduce([stain for stain, _ in nuclei])
    tubulin = _microtubules(radius * rng.uniform(2.3, 2.9), radius, dna, rng)
    marker = 0.035 * dna + 0.02 * tubulin
    return _sprite(dna, tubulin, marker, [inside for _, inside in nuclei])


def _mitotic(rng: Generator) -> Sprite:
    distance, angle = _polar(SIDE / 2, SIDE / 2)
    ring = rng.random() < 0.5  # a monopolar rosette, else a metaphase plate
    radius = rng.uniform(21, 24)
    body = _soft(radius * (1 + 0.05 * np.cos(2 * angle + rng.uniform(0, 6))) - distance, 1.6)
    rough = distance * (0.86 + 0.28 * smooth_noise(rng, SIDE, 5))
    dna = (_rosette if ring else _plate)(rough, angle, rng) * (0.7 + 0.5 * smooth_noise(rng, SIDE, 4))
    spindle = np.exp(-((distance / (7 if ring else 11)) ** 2))
    asters = 0.75 + 0.25 * np.cos(angle * 14 + rng.uniform(0, 6))
    tubulin = body * (0.3 + 0.75 * spindle * asters) * (1 - 0.8 * np.clip(dna, 0, 1))
    marker = np.clip(1.2 * dna, 0, 1.1) + 0.03 * body
    return _sprite(1.15 * dna, tubulin, marker, [dna > 0.3])


def _apoptotic(rng: Generator) -> Sprite:
    dna = np.zeros((SIDE, SIDE), np.float32)
    for _ in range(int(rng.integers(4, 8))):
        y, x = SIDE / 2 + rng.normal(0, 7, 2)
        dna = np.maximum(dna, rng.uniform(0.9, 1.5) * _soft(rng.uniform(2.5, 5.5) - _polar(y, x)[0], 1.0))
    body = _soft(rng.uniform(13, 17) - _polar(SIDE / 2, SIDE / 2)[0], 2.0)
    return _sprite(dna, 0.5 * body, 0.08 * dna, [dna > 0.35])


def _nucleus_places(kind: CellKind, radius: float, rng: Generator) -> list[tuple[float, float]]:
    if kind != "binuclear":
        return [(SIDE / 2, SIDE / 2)]
    turn = rng.uniform(0, np.pi)
    y, x = 0.92 * radius * np.sin(turn), 0.92 * radius * np.cos(turn)
    return [(SIDE / 2 + y, SIDE / 2 + x), (SIDE / 2 - y, SIDE / 2 - x)]


def _nucleus(
    place: tuple[float, float], radius: float, rng: Generator
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    distance, angle = _polar(*place)
    outline = radius * (1 + rng.uniform(0.06, 0.2) * np.cos(2 * (angle - rng.uniform(0, 3))))
    outline = outline * (1 + 0.03 * np.cos(3 * angle + rng.uniform(0, 6)))
    inside = _soft(outline - distance, 1.3)
    chromatin = (
        0.62 + 0.5 * smooth_noise(rng, SIDE, 5) * smooth_noise(rng, SIDE, 14) + 0.14 * smooth_noise(rng, SIDE, 3)
    )
    for _ in range(int(rng.integers(1, 4))):  # nucleoli are dark in a DNA stain
        y, x = place + rng.normal(0, radius * 0.35, 2)
        chromatin = chromatin * (1 - 0.45 * _soft(rng.uniform(2.2, 4.2) - _polar(y, x)[0], 1.0))
    return inside * chromatin, inside > 0.5


def _microtubules(radius: float, inner: float, dna: NDArray[np.float32], rng: Generator) -> NDArray[np.float32]:
    distance, angle = _polar(SIDE / 2, SIDE / 2)
    outline = np.full_like(distance, radius)
    for lobe in range(2, 6):
        outline += radius * 0.1 * np.cos(lobe * angle + rng.uniform(0, 6.3))
    y, x = SIDE / 2 + inner * rng.normal(0, 0.5, 2)  # where the fibres start: beside the nucleus
    fibres = _fibres(*_polar(y, x), rng)
    strength = np.clip((distance - 0.55 * inner) / inner, 0, 1)
    mesh = 0.55 + 0.9 * smooth_noise(rng, SIDE, 4) * smooth_noise(rng, SIDE, 9)
    fade = np.exp(-np.maximum(distance - 0.9 * inner, 0) / (0.62 * radius))
    inside = _soft(np.minimum(outline, SIDE / 2 - 12) - distance, 3.0)
    return np.asarray(
        inside * fade * (0.62 + 0.5 * strength * fibres) * mesh * (1 - 0.5 * np.clip(1.6 * dna, 0, 1)), np.float32
    )


def _fibres(distance: NDArray[np.float32], angle: NDArray[np.float32], rng: Generator) -> NDArray[np.float32]:
    fibres = np.zeros_like(distance)
    for _ in range(10):
        waves, bend = int(rng.integers(7, 30)), rng.uniform(-0.17, 0.17)
        fibres += np.cos(waves * (angle + bend * np.sqrt(distance)) + rng.uniform(0, 6.3))
    return np.asarray(np.clip(fibres / 4, -1, 1), np.float32)


def _rosette(distance: NDArray[np.float32], angle: NDArray[np.float32], rng: Generator) -> NDArray[np.float32]:
    arms = 1 + 0.1 * np.cos(int(rng.integers(5, 8)) * angle + rng.uniform(0, 6))
    arms = arms + 0.07 * np.cos(int(rng.integers(9, 13)) * angle + rng.uniform(0, 6))
    return np.asarray(np.exp(-(((distance - rng.uniform(8, 10) * arms) / 3.9) ** 2)), np.float32)


def _plate(distance: NDArray[np.float32], angle: NDArray[np.float32], rng: Generator) -> NDArray[np.float32]:
    turn = rng.uniform(0, np.pi)
    along, across = distance * np.cos(angle - turn), distance * np.sin(angle - turn)
    return np.asarray(np.exp(-((across / 4.4) ** 2)) * _soft(13.5 - np.abs(along), 1.6), np.float32)


def _sprite(
    dna: NDArray[np.floating[Any]],
    tubulin: NDArray[np.floating[Any]],
    marker: NDArray[np.floating[Any]],
    nuclei: list[NDArray[np.bool_]],
) -> Sprite:
    numbered = np.zeros((SIDE, SIDE), np.uint8)
    for number, inside in enumerate(nuclei, start=1):
        numbered[inside & (numbered == 0)] = number
    return Sprite(np.stack([dna, tubulin, marker]).astype(np.float32), numbered)


def _polar(y: float, x: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    return np.hypot(rows - y, columns - x), np.arctan2(rows - y, columns - x)


def _soft(depth: NDArray[np.float32], width: float) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(np.clip(-depth / width, -30, 30))), np.float32)
