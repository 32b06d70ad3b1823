"""The demonstration slide: an RGB section, painted tile by tile; empty glass is never written."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .metadata import PaintedChannel, multiscale, omero
from .tissue import BACKGROUND, COARSE, SHADE, STEPS, Maps, Textures, paint_maps, paint_textures, palette, refined
from .writer import ArrayWriter, halve, write_group

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

PIXEL = 0.25
"""Micrometer, at level 0 (a 40x scan)."""
CHANNELS = (
    PaintedChannel("Red", "FF0000", 0, 255, 255),
    PaintedChannel("Green", "00FF00", 0, 255, 255),
    PaintedChannel("Blue", "0000FF", 0, 255, 255),
)
NUCLEATED, LUMEN = 105.0, 230.0
"""Depth in pixels at which the nuclei of a gland end, and its cells."""
NEAR_FAT = -80 * STEPS * COARSE
"""Value of the refined map of fat from which on there are no glands."""


@dataclass(frozen=True, slots=True)
class SlideShape:
    """How large the slide is; all powers of two."""

    side: int = 16384
    chunk: int = 512
    tile: int = 2048
    """Side of what is painted at once: at least two chunks."""

    @property
    def levels(self) -> int:
        """Number of levels: the coarsest is at most 1024 pixels and a tile still fills one pixel of it."""
        return max(2, (self.side // 1024).bit_length())


class SlidePainter:
    """Paints any tile of one slide."""

    def __init__(self, shape: SlideShape, seed: int = 7) -> None:
        rng = np.random.default_rng(seed)
        self._tile = shape.tile
        self._maps: Maps = paint_maps(shape.side, rng)
        self._textures: Textures = paint_textures(shape.tile, rng)
        self._limits = _Limits.of(self._textures)
        self._palette = palette()

    def paint(self, row: int, column: int) -> NDArray[np.uint8] | None:
        """Return the (3, tile, tile) pixels of a tile, None where there is only glass."""
        glass = self._map(self._maps.tissue, row, column) <= self._limits.tissue
        if glass.all():
            return None
        index = self._compose(row, column)
        pixels = np.stack([np.ascontiguousarray(self._palette[:, channel])[index] for channel in range(3)])
        np.copyto(pixels, np.uint8(BACKGROUND), where=glass)
        return pixels

    def _compose(self, row: int, column: int) -> NDArray[np.uint8]:
        """Return the palette indices of a tile: stroma, then what lies in it, then the shade of the stain."""
        textures, maps, limits = self._textures, self._maps, self._limits
        index = textures.stroma.copy()
        fat, infiltrate, gland, stain = (
            self._map(each, row, column) for each in (maps.fat, maps.infiltrate, maps.gland, maps.stain)
        )
        is_fat = fat > limits.fat
        np.copyto(index, textures.fat, where=is_fat)
        np.copyto(index, textures.infiltrate, where=(infiltrate > limits.infiltrate) & (fat < NEAR_FAT))
        np.copyto(gland, np.int16(-1000), where=fat > NEAR_FAT)
        is_lumen = gland > limits.lumen
        np.copyto(index, textures.epithelium, where=gland > limits.gland)
        np.copyto(index, textures.apical, where=gland > limits.apical)
        np.copyto(index, textures.lumen, where=is_lumen)
        shade = (stain + textures.dither) // np.int16(SHADE)
        np.copyto(shade, np.int16(0), where=is_fat | is_lumen)
        return np.asarray(index + shade, np.uint8)

    def _map(self, coarse: NDArray[np.int16], row: int, column: int) -> NDArray[np.int16]:
        """Return the part of a coarse map under a tile, at full resolution."""
        step = self._tile // COARSE
        padded = np.pad(coarse, (0, 1), mode="edge")
        return refined(padded[row * step : (row + 1) * step + 1, column * step : (column + 1) * step + 1])


@dataclass(frozen=True, slots=True)
class _Limits:
    """What the maps exceed within each part of the tissue."""

    tissue: NDArray[np.int16]
    fat: NDArray[np.int16]
    infiltrate: NDArray[np.int16]
    gland: NDArray[np.int16]
    apical: NDArray[np.int16]
    lumen: NDArray[np.int16]

    @classmethod
    def of(cls, textures: Textures) -> _Limits:
        limit = textures.limit
        return cls(limit(0), limit(0), limit(0, 3), limit(0), limit(NUCLEATED), limit(LUMEN))


def write_slide(folder: Path, shape: SlideShape, on_tile: Callable[[], None] = lambda: None) -> None:
    """Paint the slide into ``folder``; ``on_tile`` is called, in any thread, after each tile."""
    name = "Colon, H&E (painted)"
    image = multiscale(name, "cyx", (1.0, PIXEL, PIXEL), shape.levels) | {"version": "0.4"}
    write_group(folder, {"multiscales": [image], "omero": omero(name, CHANNELS) | {"version": "0.4"}})
    writers = [_writer(folder, shape, level) for level in range(shape.levels)]
    painter = SlidePainter(shape)
    tiled = (shape.tile // shape.chunk).bit_length()  # levels at which a tile is at least one chunk
    rest = np.full((3, *(shape.side >> tiled,) * 2), BACKGROUND, np.uint8)

    def write(place: tuple[int, int]) -> None:
        pixels = painter.paint(*place)
        if pixels is not None:
            for writer in writers[:tiled]:
                _write_tile(writer, pixels, place)
                pixels = halve(pixels)
            rest[_window(place, pixels.shape[-1])] = pixels
        on_tile()

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(write, np.ndindex(*(shape.side // shape.tile,) * 2)))
    for writer in writers[tiled:]:
        _write_tile(writer, rest, (0, 0))
        rest = halve(rest)


def _writer(folder: Path, shape: SlideShape, level: int) -> ArrayWriter:
    side = shape.side >> level
    writer = ArrayWriter(
        folder / str(level), (3, side, side), (3, shape.chunk, shape.chunk), "|u1", fill_value=BACKGROUND, level=1
    )
    writer.write_metadata()
    return writer


def _write_tile(writer: ArrayWriter, pixels: NDArray[np.uint8], place: tuple[int, int]) -> None:
    """Write the chunks of a tile that show more than glass."""
    side = writer.chunks[-1]
    count = -(-pixels.shape[-1] // side)
    for row, column in np.ndindex(count, count):
        part = pixels[_window((row, column), side)]
        if (part != BACKGROUND).any():
            writer.write_chunk((0, place[0] * count + row, place[1] * count + column), part)


def _window(place: tuple[int, int], side: int) -> tuple[slice, slice, slice]:
    row, column = place
    return slice(None), slice(row * side, (row + 1) * side), slice(column * side, (column + 1) * side)
