"""A small picture of an image, made here: for images that no server renders."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_idr.model.image import Channel, ImageMetadata, Window
    from napari_idr.streaming.chunks import Box
    from napari_idr.streaming.level import Level
    from napari_idr.streaming.pyramid import Pyramid

PALETTE = ("00FF00", "FF00FF", "00FFFF", "FFFF00", "FF0000", "0000FF")
"""Colours of channels that name none, where there are several."""


def render_thumbnail(pyramid: Pyramid[ImageMetadata], size: int) -> bytes:
    """Return a PNG whose longer side is ``size`` pixels: default time, middle z, active channels added up.

    Channels have the colours and windows of the metadata, else a colour of their own and the range of what is shown.
    Reads one plane per channel of the coarsest level that is not smaller than the picture. May block.

    Raises
    ------
    NapariIdrError
        The pixels could not be read.
    """
    metadata = pyramid.metadata
    chosen = _level_for(metadata, size)
    level = pyramid.levels[chosen]
    indices = _channels_shown(metadata)
    reads = [level.begin(_plane(metadata, level, index)) for index in indices]
    planes = [_upright(metadata, read.result()) for read in reads]
    picture = _as_rgb(planes) if metadata.rgb else _blend(metadata, indices, planes)
    return _png(picture, size)


def _level_for(metadata: ImageMetadata, size: int) -> int:
    y, x = metadata.axis_names.index("y"), metadata.axis_names.index("x")
    large = [n for n, level in enumerate(metadata.levels) if max(level.shape[y], level.shape[x]) >= size]
    return large[-1] if large else 0


def _channels_shown(metadata: ImageMetadata) -> list[int | None]:
    """Return the indices of the channels to show; a single None where there is no channel axis."""
    axis = metadata.channel_axis
    if axis is None:
        return [None]
    every = range(metadata.levels[0].shape[axis])
    if metadata.rgb:
        return [*every][:3]
    active = [index for index in every if index >= len(metadata.channels) or metadata.channels[index].active]
    return [*(active or every)][: len(PALETTE)]


def _plane(metadata: ImageMetadata, level: Level, channel: int | None) -> Box:
    """Return the box of one plane of one channel."""
    box = []
    for axis, (name, size) in enumerate(zip(metadata.axis_names, level.shape, strict=True)):
        if name in ("y", "x"):
            box.append((0, size))
            continue
        at = {"t": metadata.default_t, "z": size // 2}.get(name, 0)
        at = channel if axis == metadata.channel_axis and channel is not None else at
        box.append((min(at, size - 1), min(at, size - 1) + 1))
    return tuple(box)


def _upright(metadata: ImageMetadata, pixels: np.ndarray) -> np.ndarray:
    """Return a plane with y before x, as floats; what is no number is 0."""
    y, x = metadata.axis_names.index("y"), metadata.axis_names.index("x")
    others = tuple(axis for axis in range(pixels.ndim) if axis not in (y, x))
    plane = pixels.transpose((*others, y, x))[(0,) * len(others)]
    upright: np.ndarray = np.nan_to_num(plane.astype(np.float32), posinf=0, neginf=0)
    return upright


def _as_rgb(planes: list[np.ndarray]) -> np.ndarray:
    picture = np.stack((planes * 3)[:3] if len(planes) < 3 else planes, axis=-1)
    top = 255.0 if picture.max(initial=0) <= 255 else 65535.0
    return picture / top


def _blend(metadata: ImageMetadata, indices: list[int | None], planes: list[np.ndarray]) -> np.ndarray:
    picture = np.zeros((*planes[0].shape, 3), np.float32)
    for place, (index, plane) in enumerate(zip(indices, planes, strict=True)):
        known = metadata.channels[index or 0] if (index or 0) < len(metadata.channels) else None
        fallback = "FFFFFF" if len(planes) == 1 else PALETTE[place]
        picture += _windowed(plane, known.window if known else None)[..., None] * _color(known, fallback)
    return picture


def _windowed(plane: np.ndarray, window: Window | None) -> np.ndarray:
    start, end = (window.start, window.end) if window else (float(plane.min()), float(plane.max()))
    if end <= start:
        return np.zeros_like(plane)
    shown: np.ndarray = np.clip((plane - start) / (end - start), 0, 1)
    return shown


def _color(channel: Channel | None, fallback: str) -> np.ndarray:
    text = channel.color if channel is not None and channel.color else fallback
    return np.array([int(text[i : i + 2], 16) / 255 for i in (0, 2, 4)], np.float32)


def _png(picture: np.ndarray, size: int) -> bytes:
    from PIL import Image

    image = Image.fromarray((np.clip(picture, 0, 1) * 255).round().astype(np.uint8), "RGB")
    ratio = size / max(image.size)
    shape = max(1, round(image.width * ratio)), max(1, round(image.height * ratio))
    out = io.BytesIO()
    image.resize(shape, Image.Resampling.BOX if ratio < 1 else Image.Resampling.NEAREST).save(out, "PNG")
    return out.getvalue()
