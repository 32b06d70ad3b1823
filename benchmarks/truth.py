"""What the files hold, read without the software that is measured: which pixels a view must show, from which chunks."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import zarr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from frames import Frame, Shown

Window = tuple[tuple[int, int], tuple[int, int]]


class Truth(Protocol):
    """The pixels of an image, and where on the server they lie."""

    def pixels(self, channel: int, level: int, window: Window, step: tuple[int, ...]) -> np.ndarray:
        """Return what a window of a level must show, with the sliders at ``step``."""
        ...

    def chunks(self, channel: int, level: int, window: Window, step: tuple[int, ...]) -> set[str]:
        """Return the paths on the server of the chunks that are needed for it."""
        ...


def is_right(frame: Frame, truth: Truth, known: dict[Any, np.ndarray]) -> bool:
    """Whether a frame shows what the files hold, as far as its samples tell; ``known`` remembers what was read."""
    return bool(frame.shown) and all(_sample_is_right(one, frame.step, truth, known) for one in frame.shown)


def _sample_is_right(shown: Shown, step: tuple[int, ...], truth: Truth, known: dict[Any, np.ndarray]) -> bool:
    from frames import sample_of

    key = (step, *shown.place)
    if key not in known:
        known[key] = sample_of(truth.pixels(shown.channel, shown.level, shown.window, step))
    return np.array_equal(np.squeeze(shown.sample), np.squeeze(known[key]))


def needed_for(frame: Frame, truth: Truth) -> set[str]:
    """Return the paths of all chunks that a frame needs."""
    return set().union(*(truth.chunks(s.channel, s.level, s.window, frame.step) for s in frame.shown))


@dataclass(frozen=True, slots=True)
class InMemory:
    """Layers whose levels are numpy arrays: nothing is asked of anybody."""

    layers: Sequence[Any]

    def pixels(self, channel: int, level: int, window: Window, step: tuple[int, ...]) -> np.ndarray:
        """Return a window of a layer's own array."""
        data = self.layers[channel].data[level]
        return data[(*step[: data.ndim - 2], *(slice(*ends) for ends in window))]

    def chunks(self, channel: int, level: int, window: Window, step: tuple[int, ...]) -> set[str]:
        """Return nothing."""
        return set()


@dataclass(frozen=True)
class StoredImage:
    """An image of one multiscale group: c y x, or t c z y x."""

    folder: Path

    @cached_property
    def _levels(self) -> list[zarr.Array]:
        return [zarr.open_array(str(path), mode="r") for path in levels_in(self.folder)]

    def pixels(self, channel: int, level: int, window: Window, step: tuple[int, ...]) -> np.ndarray:
        """Return a window of a plane."""
        array = self._levels[level]
        return np.asarray(array[(*self._leading(channel, array.ndim, step), *(slice(*ends) for ends in window))])

    def chunks(self, channel: int, level: int, window: Window, step: tuple[int, ...]) -> set[str]:
        """Return the chunks, or the shards that hold them, under a window of a plane."""
        array = self._levels[level]
        sizes = array.shards or array.chunks
        ranges = [
            range(start // size, -(-stop // size)) for (start, stop), size in zip(window, sizes[-2:], strict=True)
        ]
        leading = self._leading(channel, array.ndim, step)
        prefix = f"/{self.folder.name}/{level}" + ("/c" if array.metadata.zarr_format == 3 else "")
        return {"/".join(map(str, (prefix, *leading, y, x))) for y, x in product(*ranges)}

    @staticmethod
    def _leading(channel: int, ndim: int, step: tuple[int, ...]) -> tuple[int, ...]:
        return (channel,) if ndim == 3 else (step[0], channel, step[1])


@dataclass(frozen=True)
class StoredPlate:
    """A plate whose fields lie where whoever shows them has put them.

    Parameters
    ----------
    folder
        The plate.
    places
        Top and left of each field on the canvas, in pixels of its finest level, by path in the plate.
    factors
        Pixels of the finest level per pixel of each level that is shown.
    """

    folder: Path
    places: Mapping[str, tuple[float, float]]
    factors: Sequence[float]
    _read: dict[tuple[str, int], np.ndarray] = field(default_factory=dict)

    def pixels(self, channel: int, level: int, window: Window, step: tuple[int, ...]) -> np.ndarray:
        """Return, for each pixel of the window, the stored pixel under its centre; 0 where no field lies."""
        out = np.zeros([stop - start for start, stop in window], np.uint16)
        for path, place in self.places.items():
            stored = self._field(path, self._stored(level))
            rows, columns = (
                under_centres(ends, self.factors[level], start, 2 ** self._stored(level), size)
                for ends, start, size in zip(window, place, stored.shape[-2:], strict=True)
            )
            if rows[0].size and columns[0].size:
                out[np.ix_(rows[0], columns[0])] = stored[channel][np.ix_(rows[1], columns[1])]
        return out

    def chunks(self, channel: int, level: int, window: Window, step: tuple[int, ...]) -> set[str]:
        """Return the chunks of the fields under a window: each field has one per channel and level."""
        stored = self._stored(level)
        extent = self._field(next(iter(self.places)), 0).shape[-1]
        return {
            f"/{self.folder.name}/{path}/{stored}/{channel}/0/0"
            for path, place in self.places.items()
            if all(
                start < stop * self.factors[level] and start + extent > first * self.factors[level]
                for start, (first, stop) in zip(place, window, strict=True)
            )
        }

    def _stored(self, level: int) -> int:
        """Return which of the two stored levels a level that is shown is made of."""
        return 1 if self.factors[level] >= 2 else 0

    def _field(self, path: str, level: int) -> np.ndarray:
        if (path, level) not in self._read:
            self._read[path, level] = np.asarray(zarr.open_array(str(self.folder / path / str(level)), mode="r")[:])
        return self._read[path, level]


def under_centres(
    ends: tuple[int, int], factor: float, start: float, step: float, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return places in a window, and the indices of the stored pixels that lie under their centres, along one axis."""
    centres = (np.arange(*ends) + 0.5) * factor - start
    inside = np.flatnonzero((centres >= 0) & (centres < size * step))
    return inside, np.floor(centres[inside] / step).astype(int)


def levels_in(folder: Path) -> list[Path]:
    """Return the folders of a group's levels, the finest first: their names are numbers."""
    return sorted((path for path in folder.iterdir() if path.name.isdecimal()), key=lambda path: int(path.name))


def plate_without_gaps(folder: Path, rows: int, columns: int) -> StoredPlate:
    """Return a plate as napari-ome-zarr shows it: the first field of each well, edge to edge, on stored levels."""
    size = zarr.open_array(str(folder / "A/1/0/0"), mode="r").shape[-1]
    places = {
        f"{'ABCDEFGHIJKLMNOP'[row]}/{column + 1}/0": (row * size, column * size)
        for row in range(rows)
        for column in range(columns)
    }
    return StoredPlate(folder, places, (1, 2))
