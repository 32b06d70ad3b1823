"""The demonstration time-lapse: an embryo whose nuclei wander and divide, OME-Zarr 0.5 with shards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .metadata import PaintedChannel, multiscale, omero
from .noise import enlarge, smooth_noise
from .writer import halve

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.random import Generator
    from numpy.typing import NDArray

PIXEL, STEP, INTERVAL = 0.4, 2.0, 1.5
"""Micrometer in y and x, micrometer in z, minutes between time points."""
CHANNELS = (PaintedChannel("H2B-mCherry", "FF4FA3", 22, 400), PaintedChannel("membrane-GFP", "35E06B", 18, 330))
LEVELS = 3
_CHROMATIN = smooth_noise(np.random.default_rng(3), 64, 4, periodic=True)


@dataclass(frozen=True, slots=True)
class MovieShape:
    """Size of the time-lapse; ``side`` is divisible by 8."""

    times: int = 16
    planes: int = 10
    side: int = 320
    nuclei: int = 26


@dataclass(frozen=True, slots=True)
class Nucleus:
    """One nucleus at one time; lengths in pixels of the finest level."""

    z: float
    y: float
    x: float
    clock: float
    """Time points until it divides."""
    turn: float
    """Direction in which it will divide."""

    @property
    def condensed(self) -> bool:
        """Whether its chromosomes are condensed for division."""
        return self.clock < 2


def write_movie(folder: Path, shape: MovieShape, on_time: Callable[[], None] = lambda: None) -> None:
    """Paint the time-lapse into ``folder``; ``on_time`` is called after each time point."""
    import zarr

    name = "Dividing embryo (painted)"
    image = multiscale(name, "tczyx", (INTERVAL, 1.0, STEP, PIXEL, PIXEL), LEVELS)
    ome = {"version": "0.5", "multiscales": [image], "omero": omero(name, CHANNELS, z=shape.planes // 2)}
    group = zarr.create_group(folder, zarr_format=3, attributes={"ome": ome})
    levels = [_create_level(group, level, shape) for level in range(LEVELS)]
    rng = np.random.default_rng(23)
    nuclei = _push_apart(_seed(shape, rng), shape)
    for time in range(shape.times):
        pixels = paint_volume(nuclei, shape, rng)
        for array in levels:
            array[time] = pixels
            pixels = halve(pixels)
        nuclei = _push_apart([after for nucleus in nuclei for after in _advance(nucleus, shape, rng)], shape)
        on_time()


def _create_level(group: Any, level: int, shape: MovieShape) -> Any:
    side = shape.side >> level
    return group.create_array(
        str(level),
        shape=(shape.times, len(CHANNELS), shape.planes, side, side),
        chunks=(1, 1, 1, side // (2 if level == 0 else 1), side // (2 if level == 0 else 1)),
        shards=(1, 1, shape.planes, side, side),
        dtype="uint16",
        dimension_names=["t", "c", "z", "y", "x"],
    )


def paint_volume(nuclei: list[Nucleus], shape: MovieShape, rng: Generator) -> NDArray[np.uint16]:
    """(2, z, y, x) pixels of one time point."""
    stained = np.zeros((2, shape.planes, shape.side, shape.side), np.float32)
    for nucleus in nuclei:
        _paint_nucleus(stained[0], nucleus, shape)
    stained[1] = _membranes(nuclei, shape)
    depth = np.linspace(0.75, 1.0, shape.planes, dtype=np.float32)[:, None, None]  # light is lost on its way up
    signal = 20 + 330 * stained * depth
    grain = rng.normal(0, 1, (shape.side, shape.side)).astype(np.float32)
    noise = np.stack([np.roll(grain, 37 * plane, axis=1) for plane in range(shape.planes)])
    return np.maximum(signal + 0.8 * noise, 0).astype(np.uint16)


def _seed(shape: MovieShape, rng: Generator) -> list[Nucleus]:
    """Nuclei spread evenly over the embryo by a sunflower spiral."""
    middle, reach = shape.side / 2, 0.4 * shape.side
    spread = np.sqrt((np.arange(shape.nuclei) + 0.5) / shape.nuclei)
    angle = np.arange(shape.nuclei) * 2.399963
    return [
        Nucleus(
            z=_dome(radius, shape) + rng.normal(0, 0.6),
            y=middle + reach * radius * np.sin(turn) + rng.normal(0, 5),
            x=middle + reach * radius * np.cos(turn) + rng.normal(0, 5),
            clock=rng.uniform(0.5, 26),
            turn=rng.uniform(0, np.pi),
        )
        for radius, turn in zip(spread, angle, strict=True)
    ]


def _dome(radius: float, shape: MovieShape) -> float:
    """Plane in which cells lie at a distance from the middle (0-1) of the embryo."""
    return 0.75 * (shape.planes - 1) * float(np.sqrt(max(0.0, 1 - 0.8 * radius**2))) + 0.5


def _advance(nucleus: Nucleus, shape: MovieShape, rng: Generator) -> list[Nucleus]:
    """Return the nucleus, or its two daughters, one time point later."""
    middle = shape.side / 2
    y, x = nucleus.y - middle, nucleus.x - middle
    clock = nucleus.clock - 1
    swirl = 0.012 if not nucleus.condensed else 0.004
    y, x = y + swirl * x + rng.normal(0, 0.7), x - swirl * y + rng.normal(0, 0.7)
    moved = replace(nucleus, y=middle + y, x=middle + x, clock=clock)
    if clock > 0:
        return [moved]
    apart = 0.034 * shape.side
    rise, run = apart * np.sin(nucleus.turn), apart * np.cos(nucleus.turn)
    return [
        replace(moved, y=moved.y + sign * rise, x=moved.x + sign * run, clock=rng.uniform(20, 34)) for sign in (-1, 1)
    ]


def _push_apart(nuclei: list[Nucleus], shape: MovieShape) -> list[Nucleus]:
    """Neighbours closer than two radii give way to each other."""
    places = np.array([(nucleus.z * STEP / PIXEL, nucleus.y, nucleus.x) for nucleus in nuclei])
    for _ in range(3):
        gaps = places[:, None] - places
        distance = np.linalg.norm(gaps, axis=2) + np.eye(len(places))
        overlap = np.clip(0.1 * shape.side - distance, 0, None) * (1 - np.eye(len(places)))
        places += 0.25 * (gaps / distance[..., None] * overlap[..., None]).sum(axis=1)
    return [
        replace(nucleus, z=float(z) * PIXEL / STEP, y=float(y), x=float(x))
        for nucleus, (z, y, x) in zip(nuclei, places, strict=True)
    ]


def _paint_nucleus(volume: NDArray[np.float32], nucleus: Nucleus, shape: MovieShape) -> None:
    radius = shape.side * (0.038 if nucleus.condensed else 0.046)
    reach = int(radius * 1.6)
    window = tuple(slice(max(0, int(at) - reach), min(shape.side, int(at) + reach)) for at in (nucleus.y, nucleus.x))
    planes, rows, columns = np.mgrid[(slice(0, shape.planes), *window)].astype(np.float32)
    along = (rows - nucleus.y) * np.sin(nucleus.turn) + (columns - nucleus.x) * np.cos(nucleus.turn)
    across = (rows - nucleus.y) * np.cos(nucleus.turn) - (columns - nucleus.x) * np.sin(nucleus.turn)
    along *= 2.4 if nucleus.clock < 1 else 1.0  # the metaphase plate stands across the axis of division
    height = (planes - nucleus.z) * STEP / PIXEL
    distance = np.sqrt(along**2 + across**2 + height**2)
    inside = 1 / (1 + np.exp(np.clip((distance - radius) / 1.3, -30, 30)))
    chromatin = _CHROMATIN[np.rint(along).astype(int) % 64, np.rint(across + 3 * planes).astype(int) % 64]
    spot = volume[(slice(None), *window)]
    np.maximum(spot, inside * (1.25 if nucleus.condensed else 0.45 + 0.5 * chromatin), out=spot)


def _membranes(nuclei: list[Nucleus], shape: MovieShape) -> NDArray[np.float32]:
    """Walls half-way between neighbouring nuclei and around the embryo, painted at half resolution."""
    small = shape.side // 2
    planes, rows, columns = np.mgrid[: shape.planes, :small, :small].astype(np.float32)
    nearest = np.full((2, *planes.shape), 1e6, np.float32)
    for nucleus in nuclei:
        height = (planes[:, :1, :1] - nucleus.z) * STEP / PIXEL / 2
        across = (rows[:1] - nucleus.y / 2) ** 2 + (columns[:1] - nucleus.x / 2) ** 2
        distance = np.sqrt(across + height**2)
        np.minimum(nearest[1], np.maximum(nearest[0], distance), out=nearest[1])
        np.minimum(nearest[0], distance, out=nearest[0])
    walls = np.exp(-((nearest[1] - nearest[0]) ** 2) / 2.6)
    reach = shape.side * 0.05
    inside = 1 / (1 + np.exp(np.clip(nearest[0] - reach, -30, 30)))
    shell = np.exp(-((nearest[0] - reach) ** 2) / 3.0)
    stain = inside * (0.12 + 0.75 * walls) + 0.6 * shell
    return np.stack([enlarge(plane, (shape.side, shape.side)) for plane in stain])
