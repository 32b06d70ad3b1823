"""A small picture of one object with its outline, for a report."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.model.shape_geometry import ellipse_outline, place

if TYPE_CHECKING:
    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject
    from napari_idr.model.image import ImageMetadata

    from .sources import Archive

SIDE = 192
"""Pixels of a picture."""
ROOM = 2.5
"""How much wider than the object its picture is: it fills 40 % of it."""
COLORS = {"accepted": "#0072B2", "rejected": "#D55E00", "flagged": "#E69F00", "unreviewed": "#808080"}
"""Okabe and Ito's, which people tell apart who see colours differently."""


def extent(one: AnnotatedObject) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the first and last (y, x) of an object's shapes in pixels of the finest level; None where it has none."""
    if not one.shapes:
        return None
    corners = np.vstack([place(shape)[1] for shape in one.shapes])
    return corners.min(axis=0), corners.max(axis=0)


def picture_of(archive: Archive, image: AnnotatedImage, one: AnnotatedObject, status: str = "rejected") -> bytes | None:
    """Return a PNG of an object in its surroundings, None where it has no outline. May block.

    Raises the errors of the family where its pixels cannot be read.
    """
    ends = extent(one)
    if ends is None:
        return None
    side = max(float((ends[1] - ends[0]).max()) * ROOM, 32.0)
    centre = (ends[0] + ends[1]) / 2
    level = _level_for(image, side)
    factor = image.level_factors[level] if level < len(image.level_factors) else 1.0
    sizes = np.array([image.size_y, image.size_x]) / factor
    first = np.floor(np.clip((centre - side / 2) / factor, 0, np.maximum(sizes - 2, 0))).astype(int)
    last = np.ceil(np.clip((centre + side / 2) / factor, first + 1, np.maximum(np.floor(sizes), first + 1))).astype(int)
    region: dict[str, int | slice] = {"y": slice(int(first[0]), int(last[0])), "x": slice(int(first[1]), int(last[1]))}
    for name in ("z", "t"):
        if image.size(name) > 1:
            plane = getattr(one.shapes[0], name, None)
            region[name] = min(plane or 0, image.size(name) - 1)
    pixels, metadata = archive.read(image.address, level=level, region=region)
    return _drawn(_as_rgb(pixels, metadata), one, first, factor, COLORS[status])


def _level_for(image: AnnotatedImage, side: float) -> int:
    """Return the coarsest level in which a part of the image still has as many pixels as a picture."""
    fine = [number for number, factor in enumerate(image.level_factors) if side / factor >= SIDE]
    return fine[-1] if fine else 0


def _as_rgb(pixels: np.ndarray, metadata: ImageMetadata) -> np.ndarray:
    """Return one plane as (y, x, 3) bytes, each channel from its darkest to its brightest."""
    axis = metadata.channel_axis
    channels = np.moveaxis(pixels, axis, 0) if axis is not None else pixels[None]
    planes = [np.squeeze(one).reshape(pixels.shape[-2:]) if axis is None else _plane(one) for one in channels[:3]]
    if metadata.rgb and len(planes) == 3:
        return np.stack([_bytes(one) for one in planes], axis=-1)
    tints = np.array([[1, 1, 1]]) if len(planes) == 1 else np.array([[0, 1, 0], [1, 0, 1], [0, 0.5, 1]])
    mixed = sum(_bytes(one)[..., None] * tint for one, tint in zip(planes, tints[: len(planes)], strict=True))
    picture: np.ndarray = np.clip(mixed, 0, 255).astype(np.uint8)
    return picture


def _plane(channel: np.ndarray) -> np.ndarray:
    return channel.reshape([n for n in channel.shape if n > 1] or [1, 1]) if channel.ndim != 2 else channel


def _bytes(plane: np.ndarray) -> np.ndarray:
    values = np.nan_to_num(plane.astype(np.float32))
    low, high = np.percentile(values, (0.5, 99.8)) if values.size else (0.0, 1.0)
    scaled: np.ndarray = np.clip((values - low) / max(float(high - low), 1e-6), 0, 1) * 255
    return scaled.astype(np.uint8)


def _drawn(rgb: np.ndarray, one: AnnotatedObject, first: np.ndarray, factor: float, color: str) -> bytes:
    from PIL import Image, ImageDraw

    height, width = rgb.shape[:2]
    zoom = SIDE / max(height, width)
    picture = Image.fromarray(rgb).resize((max(round(width * zoom), 1), max(round(height * zoom), 1)))
    pen = ImageDraw.Draw(picture)
    for shape in one.shapes:
        kind, corners = place(shape)
        points = [(float(x), float(y)) for y, x in ((corners + 0.5) / factor - first) * zoom]
        for width_, ink in ((4, "#ffffff"), (2, color)):
            _outline(pen, kind, points, ink, width_)
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _outline(pen: Any, kind: str, points: list[tuple[float, float]], ink: str, width: int) -> None:
    if kind == "point":
        x, y = points[0]
        pen.ellipse((x - 5, y - 5, x + 5, y + 5), outline=ink, width=width)
    elif kind == "ellipse":
        around = ellipse_outline(np.array(points), 64)
        pen.line([tuple(p) for p in (*around, around[0])], fill=ink, width=width)
    else:
        closed = points if kind in ("line", "path") else [*points, points[0]]
        pen.line(closed, fill=ink, width=width)
