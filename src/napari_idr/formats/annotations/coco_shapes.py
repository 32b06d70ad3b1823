"""Segmentations of COCO and back: polygons from pixel corners, masks as run lengths of their whole plane."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.errors import FormatError
from napari_idr.formats.mask_pixels import bits_to_pixels
from napari_idr.formats.model_json import DocumentError
from napari_idr.formats.omero_shapes import FARTHEST, MOST_VERTICES
from napari_idr.model.annotation import Mask, Polygon, Rectangle, Shape

from .coco_rle import counts_of, marked_of, pack_counts, unpack_counts
from .label_masks import LARGEST, pack
from .omero_shape_fields import checked
from .outlines import bounds, vertices

if TYPE_CHECKING:
    from napari_idr.model.annotation import XY
    from napari_idr.model.annotation_set import AnnotatedImage


def is_whole(mask: Mask) -> bool:
    """Return whether a mask lies on whole pixels, upright, with all its bits."""
    numbers = (mask.x, mask.y, mask.width, mask.height)
    return mask.transform is None and mask.bits is not None and all(number == int(number) for number in numbers)


def segmentation_of(shape: Shape, image: AnnotatedImage) -> tuple[Any, float, list[float]]:
    """Return segmentation, area and box (x, y, width, height) of an area.

    Raises ``FormatError`` for pixels outside of the image, and where the size of the image is not known.
    """
    if isinstance(shape, Mask):
        return _mask(shape, image)
    points = [(checked(x) + 0.0, checked(y) + 0.0) for x, y in vertices(shape)]
    left, top, right, bottom = bounds(tuple(points))
    return [[number for point in points for number in point]], area_of(points), [left, top, right - left, bottom - top]


def area_of(points: list[XY]) -> float:
    """Return the area of a polygon in square pixels (shoelace formula)."""
    xs, ys = np.array(points).T
    return float(abs(np.dot(xs, np.roll(ys, -1)) - np.dot(ys, np.roll(xs, -1))) / 2)


def _mask(mask: Mask, image: AnnotatedImage) -> tuple[Any, float, list[float]]:
    x, y, width, height = (int(number) for number in (mask.x, mask.y, mask.width, mask.height))
    if not 0 < image.size_x * image.size_y <= LARGEST:
        raise FormatError(
            "The size of the image is not known, or too large for COCO's masks", "", "choose OME-XML masks"
        )
    if x < 0 or y < 0 or x + width > image.size_x or y + height > image.size_y:
        raise FormatError("A mask lies partly outside of the image", "", "clip it to the image")
    marked = bits_to_pixels(mask.bits or b"", height, width, "mask")
    plane = np.zeros((image.size_y, image.size_x), bool)
    plane[y : y + height, x : x + width] = marked
    record = {"size": [image.size_y, image.size_x], "counts": pack_counts(counts_of(plane))}
    return record, float(np.count_nonzero(marked)), [float(x), float(y), float(width), float(height)]


def shapes_of(record: dict[str, Any]) -> tuple[Shape, ...]:
    """Return the shapes of an annotation: its segmentation, else its box. Raises ``DocumentError``."""
    segmentation = record.get("segmentation")
    if isinstance(segmentation, dict):
        return (_mask_of(segmentation),)
    if isinstance(segmentation, list) and segmentation:
        return tuple(_polygon(numbers) for numbers in segmentation)
    x, y, width, height = _numbers(record.get("bbox"))[:4]
    return (Rectangle(x=x, y=y, width=abs(width), height=abs(height)),)


def as_read(shape: Shape, image: AnnotatedImage) -> Shape:
    """Return what any reader gets from an area that was written, in its plane."""
    segmentation, _, box = segmentation_of(shape, image)
    (found,) = shapes_of({"segmentation": segmentation, "bbox": box})
    return replace(found, z=shape.z, t=shape.t)


def _numbers(value: object) -> list[float]:
    if not isinstance(value, list) or not 4 <= len(value) <= 2 * MOST_VERTICES:
        raise DocumentError("a segmentation or box is no list of numbers")
    for number in value:
        if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) <= FARTHEST:
            raise DocumentError("a coordinate is no number or far outside of any image")
    return [float(number) for number in value]


def _polygon(value: object) -> Polygon:
    numbers = _numbers(value)
    if len(numbers) % 2 or len(numbers) < 6:
        raise DocumentError("a polygon is no list of pairs x, y")
    return Polygon(points=tuple(zip(numbers[::2], numbers[1::2], strict=True)))


def _mask_of(record: dict[str, Any]) -> Mask:
    size, counts = record.get("size"), record.get("counts")
    if (
        not isinstance(size, list)
        or [*map(type, size)] != [int, int]
        or not 0 < size[0] * size[1] <= LARGEST
        or size[0] < 0
    ):
        raise DocumentError("the size of a mask is no height and width, or too large")
    if isinstance(counts, str):
        counts = unpack_counts(counts)
    if not isinstance(counts, list):
        raise DocumentError("a mask has no run lengths")
    marked = marked_of(counts, size[0], size[1])
    rows, columns = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
    if not len(rows):
        raise DocumentError("a mask marks no pixel")
    top, left = int(rows[0]), int(columns[0])
    part = marked[top : int(rows[-1]) + 1, left : int(columns[-1]) + 1]
    height, width = part.shape
    return Mask(x=float(left), y=float(top), width=float(width), height=float(height), bits=pack(part))
