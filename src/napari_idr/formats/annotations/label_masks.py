"""Label images as masks and back: for formats that hold one object's pixels at a time."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.errors import FormatError
from napari_idr.formats.mask_pixels import bits_to_pixels
from napari_idr.formats.model_json import DocumentError
from napari_idr.model.annotation import Mask, Style

from .held import image_words
from .label_frame import LabelFrame, frame_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from napari_idr.model.annotation_set import AnnotationSet, LabelImage

LabelMasks = dict[tuple[str, int], tuple[Mask, ...]]
"""By name of the label image and value."""

LARGEST = 1 << 28
"""Pixels of a label image that is made anew from its masks."""


def masks_of(image: LabelImage) -> Iterator[tuple[int, Mask]]:
    """Yield value and mask of each object in each plane, in the image's coordinates, plane after plane."""
    *leading, _, _ = image.axes
    offset = dict(zip(image.axes, image.start, strict=True))
    for index in np.ndindex(*image.pixels.shape[: len(leading)]):
        planes = {axis: offset[axis] + number for axis, number in zip(leading, index, strict=True)}
        plane = np.asarray(image.pixels[index])
        for value, top, left, marked in _parts(plane):
            height, width = marked.shape
            yield value, Mask(
                x=float(left + offset["x"]), y=float(top + offset["y"]), width=float(width), height=float(height),
                bits=pack(marked), z=planes.get("z"), t=planes.get("t"),
            )  # fmt: skip


def all_masks(one: AnnotationSet) -> LabelMasks:
    """Return the masks of every value of every label image, in its colour.

    Raises ``FormatError`` for one that was painted over a coarser level.
    """
    masks: dict[tuple[str, int], list[Mask]] = {}
    for image in one.labels:
        if image.level:
            what = f"The label image {image.name} was painted over a coarser level"
            raise FormatError(what, image_words(one.image), "bring it to the finest level, or write it as OME-Zarr")
        colors = dict(image.colors)
        for value, mask in masks_of(image):
            colored = replace(mask, style=Style(fill=colors[value])) if value in colors else mask
            masks.setdefault((image.name, value), []).append(colored)
    return {key: tuple(listed) for key, listed in masks.items()}


def values_of(image: LabelImage) -> set[int]:
    """Return the values of a label image but for the background, read plane by plane."""
    planes = (image.pixels[index] for index in np.ndindex(*image.pixels.shape[:-2]))
    return {int(value) for plane in planes for value in np.unique(np.asarray(plane))} - {0}


def pack(marked: np.ndarray) -> bytes:
    """Return pixels as bits, row after row without padding, the most significant first."""
    return np.packbits(marked.ravel()).tobytes()


def _parts(plane: np.ndarray) -> Iterator[tuple[int, int, int, np.ndarray]]:
    """Yield value, first row, first column and marked pixels of each value of a plane, in order of values."""
    rows, columns = np.nonzero(plane)
    values = plane[rows, columns]
    order = np.argsort(values, kind="stable")
    rows, columns, values = rows[order], columns[order], values[order]
    starts = np.flatnonzero(np.append(True, values[1:] != values[:-1])) if len(values) else np.array([], int)
    for start, stop in zip(starts, np.append(starts, len(values))[1:], strict=True):
        y, x = rows[start:stop], columns[start:stop]
        top, left = int(y.min()), int(x.min())
        marked = np.zeros((int(y.max()) - top + 1, int(x.max()) - left + 1), bool)
        marked[y - top, x - left] = True
        yield int(values[start]), top, left, marked


def label_image(document: object, masks: Iterable[tuple[int, Mask]]) -> LabelImage:
    """Return a label image made of its masks. Raises ``DocumentError`` where they are not its own."""
    frame = frame_of(document)
    blank = frame.with_pixels(lambda *_: np.zeros(frame.shape, _dtype(frame)))
    for value, mask in masks:
        _mark(blank, value, mask)
    return blank


def _dtype(frame: LabelFrame) -> np.dtype[Any]:
    if not 0 < prod(frame.shape) <= LARGEST:
        raise DocumentError(f"the label image {frame.name[:80]} has a size that does not fit, or is too large")
    if frame.dtype not in [f"{sign}int{bits}" for sign in ("u", "") for bits in (8, 16, 32, 64)]:
        raise DocumentError(f"the label image {frame.name[:80]} does not hold whole numbers")
    return np.dtype(frame.dtype)


def _mark(image: LabelImage, value: int, mask: Mask) -> None:
    start = dict(zip(image.axes, image.start, strict=True))
    index: list[Any] = [_plane(mask, axis, start[axis]) for axis in image.axes[:-2]]
    height, width = int(mask.height), int(mask.width)
    top, left = int(mask.y) - start["y"], int(mask.x) - start["x"]
    limits = np.iinfo(image.pixels.dtype)
    inside = (
        top >= 0 and left >= 0 and top + height <= image.pixels.shape[-2] and left + width <= image.pixels.shape[-1]
    )
    planes = all(0 <= number < size for number, size in zip(index, image.pixels.shape, strict=False))
    if not inside or not planes or not limits.min <= value <= limits.max or mask.bits is None:
        raise DocumentError(f"a mask of value {value} lies outside of the label image {image.name[:80]}")
    marked = bits_to_pixels(mask.bits, height, width, image.name)
    image.pixels[(*index, slice(top, top + height), slice(left, left + width))][marked] = value


def _plane(mask: Mask, axis: str, start: int) -> int:
    number = mask.z if axis == "z" else mask.t
    return -1 if number is None else number - start
