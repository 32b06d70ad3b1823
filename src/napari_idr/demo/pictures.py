"""From planes of an OME-Zarr image to the 8-bit colour pictures OMERO.web renders."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr
from PIL import Image

from napari_idr.errors import NapariIdrError

from .image_objects import sizes
from .zarr_folder import read_image

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_idr.model.image import ImageMetadata

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels of a level."""

OPEN, THUMBNAILS = 4096, 8192
"""Images and thumbnails (5 kB each) that are kept."""
LARGEST = 2048
"""Longest side of a whole plane that is rendered; larger images are rendered from a coarser level."""
PROJECTIONS: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "intmax": lambda planes: planes.max(axis=0),
    "intmean": lambda planes: planes.mean(axis=0),
    "intsum": lambda planes: planes.sum(axis=0),
}
DEFAULT_COLORS = ("FF0000", "00FF00", "0000FF", "FF00FF", "FFFF00", "00FFFF")


@dataclass(frozen=True, slots=True)
class ChannelView:
    """How one channel is shown."""

    name: str
    color: str
    start: float
    end: float
    minimum: float
    maximum: float
    active: bool = True


@dataclass(frozen=True, slots=True)
class View:
    """How an image is shown: its channels, in colour or grey, one plane or a projection."""

    channels: tuple[ChannelView, ...]
    grey: bool = False
    projection: str = "normal"
    z_range: tuple[int, int] | None = None

    def asked(self, query: Mapping[str, str]) -> View:
        """Return the view that the parameters ``c``, ``m`` and ``p`` of a render address ask for.

        Raises ``ValueError`` for what cannot be understood.
        """
        channels = _asked_channels(self.channels, query["c"]) if query.get("c") else self.channels
        projection, _, planes = query.get("p", "normal").partition("|")
        span = tuple(int(part) for part in planes.split(":")) if planes else None
        if span is not None and len(span) != 2:
            raise ValueError(f"{planes!r} is no range of planes")
        return View(channels, query.get("m", "c") == "g", projection or "normal", span)


class Picture:
    """One image, opened: its metadata, how it is shown by default, and planes of it as pictures."""

    def __init__(self, folder: Path) -> None:
        self.metadata: ImageMetadata = read_image(folder)
        self._folder = folder
        self._arrays: dict[int, Any] = {}
        self._view: View | None = None

    @property
    def view(self) -> View:
        """How the image is shown by default: as its metadata say, else stretched over its values."""
        if self._view is None:
            self._view = View(tuple(self._channel(index) for index in range(sizes(self.metadata)["c"])))
        return self._view

    def level_for(self, longest: int) -> int:
        """Return the coarsest level whose longer side is at least ``longest`` pixels, else the finest."""
        levels = self.metadata.levels
        fits = [number for number in range(len(levels)) if max(self.size(number)) >= longest]
        return fits[-1] if fits else 0

    def size(self, level: int) -> tuple[int, int]:
        """Width and height of a level."""
        x, y = self.metadata.axis_index("x"), self.metadata.axis_index("y")
        shape = self.metadata.levels[level].shape
        return (shape[x] if x is not None else 1, shape[y] if y is not None else 1)

    def render(self, view: View, z: int, t: int, *, level: int = 0, box: Box | None = None) -> Image.Image:
        """Return an RGB picture of one plane, or of part of it. Raises ``ValueError`` for a plane that is not there."""
        extent = sizes(self.metadata)
        if z >= extent["z"] or t >= extent["t"]:
            raise ValueError(f"there is no plane z={z}, t={t}")
        width, height = self.size(level)
        x, y, w, h = box or (0, 0, width, height)
        window = {"x": slice(x, min(x + w, width)), "y": slice(y, min(y + h, height))}
        total = np.zeros((len(range(*window["y"].indices(height))), len(range(*window["x"].indices(width))), 3))
        for index, channel in enumerate(view.channels):
            if channel.active:
                total += _colored(self._plane(view, level, {"c": index, "t": t, "z": z, **window}), channel, view)
        return Image.fromarray(np.clip(total, 0, 255).astype(np.uint8))

    def thumbnail(self, longest: int, z: int | None = None, t: int | None = None) -> Image.Image:
        """Return a small picture of the default plane, its longer side ``longest`` pixels."""
        level = self.level_for(longest)
        z = self.metadata.default_z if z is None else z
        picture = self.render(self.view, z, self.metadata.default_t if t is None else t, level=level)
        factor = longest / max(picture.size)
        size = tuple(max(1, round(side * factor)) for side in picture.size)
        return picture.resize((size[0], size[1]), Image.Resampling.LANCZOS)

    def _plane(self, view: View, level: int, place: dict[str, Any]) -> NDArray[np.float64]:
        if view.projection == "normal":
            return self._read(level, place)
        depth = sizes(self.metadata)["z"]
        first, last = view.z_range or (0, depth - 1)
        planes = np.stack([self._read(level, {**place, "z": z}) for z in range(first, min(last, depth - 1) + 1)])
        if view.projection not in PROJECTIONS:
            raise ValueError(f"{view.projection!r} is no projection")
        return PROJECTIONS[view.projection](planes)

    def _read(self, level: int, place: dict[str, Any]) -> NDArray[np.float64]:
        array = self._array(level)
        index = tuple(place.get(axis, 0) for axis in self.metadata.axis_names)
        plane = np.asarray(array[index], np.float64)
        kept = [axis for axis in self.metadata.axis_names if axis in "yx"]
        return plane.T if kept == ["x", "y"] else plane.reshape(-1, plane.shape[-1])

    def _array(self, level: int) -> Any:
        if level not in self._arrays:
            self._arrays[level] = zarr.open_array(self._folder / self.metadata.levels[level].path, mode="r")
        return self._arrays[level]

    def _channel(self, index: int) -> ChannelView:
        known = self.metadata.channels[index] if index < len(self.metadata.channels) else None
        low, high = type_range(self.metadata.levels[0].dtype)
        name = known.name if known and known.name else str(index)
        color = known.color if known and known.color else self._default_color(index)
        active = known.active if known else True
        if known and known.window:
            window = known.window
            low = window.min if window.min is not None else low
            high = window.max if window.max is not None else high
            return ChannelView(name, color, window.start, window.end, low, high, active)
        start, end = self._stretch(index)
        return ChannelView(name, color, start, end, low, high, active)

    def _default_color(self, index: int) -> str:
        return "FFFFFF" if sizes(self.metadata)["c"] == 1 else DEFAULT_COLORS[index % len(DEFAULT_COLORS)]

    def _stretch(self, index: int) -> tuple[float, float]:
        place: dict[str, Any] = {"c": index, "z": self.metadata.default_z, "t": self.metadata.default_t}
        place |= {"x": slice(None), "y": slice(None)}
        plane = self._read(len(self.metadata.levels) - 1, place)
        if self.metadata.levels[0].dtype == "uint8" and self.metadata.rgb:
            return 0.0, 255.0
        start, end = (float(value) for value in np.nanpercentile(plane, (0.1, 99.8)))
        return start, max(end, start + 1e-6)


def type_range(dtype: str) -> tuple[float, float]:
    """Smallest and largest value of a pixel type; -1 to 1 for floating point numbers, which have no useful ones."""
    kind = np.dtype(dtype)
    if kind.kind not in "iu":
        return (0.0, 1.0) if kind.kind == "b" else (-1.0, 1.0)
    return float(np.iinfo(kind).min), float(np.iinfo(kind).max)


def as_jpeg(picture: Image.Image, quality: float = 0.9) -> bytes:
    """Return the picture as JPEG; ``quality`` is 0-1."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=max(1, min(95, round(quality * 100))))
    return buffer.getvalue()


class Pictures:
    """The images of a folder, opened once each; pictures and thumbnails that were asked for last are kept."""

    def __init__(self, root: Path) -> None:
        self._open = lru_cache(OPEN)(lambda path: Picture(root / path))
        self._thumbnail = lru_cache(THUMBNAILS)(self._make_thumbnail)

    def open(self, path: str) -> Picture:
        """Return the image of a path. Raises ``NapariIdrError`` where it cannot be read."""
        return self._open(path)

    def metadata(self, path: str) -> ImageMetadata | None:
        """Return the metadata of an image, None where it cannot be read."""
        try:
            return self.open(path).metadata
        except NapariIdrError:
            return None

    def thumbnail(self, path: str, size: int, z: int | None = None, t: int | None = None) -> bytes:
        """Return a thumbnail as JPEG."""
        return self._thumbnail(path, size, z, t)

    def _make_thumbnail(self, path: str, size: int, z: int | None, t: int | None) -> bytes:
        return as_jpeg(self.open(path).thumbnail(size, z, t))


def _asked_channels(channels: tuple[ChannelView, ...], text: str) -> tuple[ChannelView, ...]:
    """Channels switched and coloured as ``1|100:505$0000FF,-2`` says; those not listed are off."""
    shown = [replace(channel, active=False) for channel in channels]
    for part in text.split(","):
        match = re.fullmatch(r"(-?)(\d+)(?:\|(-?[\d.]+):(-?[\d.]+))?(?:\$(\w+(?:\.lut)?))?", part.strip())
        if match is None:
            raise ValueError(f"{part!r} is no channel")
        off, number, start, end, color = match.groups()
        index = int(number) - 1
        if 0 <= index < len(shown):
            shown[index] = _asked_channel(shown[index], not off, start, end, color)
    return tuple(shown)


def _asked_channel(
    channel: ChannelView, active: bool, start: str | None, end: str | None, color: str | None
) -> ChannelView:
    if start is not None and end is not None:
        channel = replace(channel, start=float(start), end=float(end))
    if color is not None and re.fullmatch(r"[0-9a-fA-F]{6}", color):
        channel = replace(channel, color=color)
    return replace(channel, active=active)


def _colored(plane: NDArray[np.float64], channel: ChannelView, view: View) -> NDArray[np.float64]:
    width = channel.end - channel.start
    shade = np.clip((plane - channel.start) / (width if width else 1.0), 0, 1)
    color = "FFFFFF" if view.grey else channel.color
    return np.nan_to_num(shade)[..., None] * [float(int(color[index : index + 2], 16)) for index in (0, 2, 4)]
