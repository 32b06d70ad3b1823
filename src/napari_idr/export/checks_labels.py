"""Checks of label images: P08 to P10, and that label values are told apart. Pure; reads every pixel once."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np

from .finding_makers import about_image, about_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, AnnotationSet, LabelImage
    from napari_idr.model.finding import Finding

NAMED_VALUES = 5
"""Values that one sentence names before it only counts."""


def check_label_images(annotations: AnnotationSet) -> Iterator[Finding]:
    """Yield what is wrong with the label images of a set, and with the objects that name their values."""
    rows: dict[str, dict[int, AnnotatedObject]] = {image.name: {} for image in annotations.labels}
    for owner in annotations.objects:
        if owner.label is None:
            continue
        if owner.label.image not in rows:
            yield about_object("P09", annotations.image, owner, f"there is no label image {owner.label.image}")
        else:
            rows[owner.label.image][owner.label.value] = owner
    for image in annotations.labels:
        yield from check_label_image(annotations.image, image, rows[image.name])
    for one, other in combinations(annotations.labels, 2):
        yield from _check_overlap(annotations.image, one, other)


def check_label_image(
    image: AnnotatedImage, labels: LabelImage, rows: Mapping[int, AnnotatedObject]
) -> Iterator[Finding]:
    """Yield what is wrong with one label image."""
    unfit = _unfit(image, labels)
    if unfit:
        yield about_image("P08", image, unfit, part=labels.name)
        return
    pixels = np.asarray(labels.pixels[...])
    if pixels.size and pixels.min() < 0:
        yield about_image("P08", image, "a label is negative; the background is 0", part=labels.name)
        return
    counts = _counts(pixels)
    background = counts.pop(0, 0)
    if not counts:
        yield about_image("P09", image, "the label image is empty", part=labels.name)
        return
    if not background:
        yield about_image("P08", image, "no pixel is background (0)", part=labels.name)
    yield from _check_rows(image, labels, rows, set(counts))
    yield from _check_pieces(image, labels, pixels, counts)


def _unfit(image: AnnotatedImage, labels: LabelImage) -> str:
    if labels.pixels.dtype.kind not in "iu":
        return f"its pixels are {labels.pixels.dtype}, not whole numbers"
    if len(labels.pixels.shape) != len(labels.axes):
        return f"it has {len(labels.pixels.shape)} dimensions and {len(labels.axes)} axes"
    if labels.level:
        return f"it was painted at level {labels.level} and not brought to the finest one"
    for axis, size, start in zip(labels.axes, labels.pixels.shape, labels.start, strict=True):
        whole = image.size(axis)
        if start < 0 or start + size > whole:
            return f"along {axis} it reaches from {start} to {start + size}, the image has {whole}"
        if not labels.origin and size != whole:
            return f"it has {size} pixels along {axis}, the image has {whole}"
    missing = [axis for axis in ("t", "z") if axis not in labels.axes and image.size(axis) > 1]
    return f"it has no axis {missing[0]}, the image has {image.size(missing[0])} planes along it" if missing else ""


def _counts(pixels: np.ndarray) -> dict[int, int]:
    """Return how many pixels have each value that occurs, 0 included."""
    values, counts = np.unique(pixels, return_counts=True) if pixels.max(initial=0) > 1 << 24 else _by_bins(pixels)
    return {int(value): int(count) for value, count in zip(values, counts, strict=True)}


def _by_bins(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    counts = np.bincount(pixels.reshape(-1).astype(np.intp, copy=False))
    values = np.flatnonzero(counts)
    return values, counts[values]


def _check_rows(
    image: AnnotatedImage, labels: LabelImage, rows: Mapping[int, AnnotatedObject], values: set[int]
) -> Iterator[Finding]:
    missing = sorted(values - set(rows))
    if missing:
        yield about_image("P09", image, f"labels without a row: {_named(missing)}", part=labels.name)
    for value in sorted(set(rows) - values):
        yield about_object("P09", image, rows[value], f"no pixel of {labels.name} has the value {value}")


def _check_pieces(
    image: AnnotatedImage, labels: LabelImage, pixels: np.ndarray, counts: Mapping[int, int]
) -> Iterator[Finding]:
    """Yield one warning per label image about labels in several pieces, and one about those at the border."""
    torn = _torn(pixels)
    if torn:
        yield about_image("P10", image, f"{_labels(torn)} in several pieces", part=labels.name, warning=True)
    border = sorted(_at_border(pixels) & set(counts))
    if border:
        yield about_image("P10", image, f"{_labels(border)} at the border", part=labels.name, warning=True)


def _labels(values: list[int]) -> str:
    return f"label {_named(values)} is" if len(values) == 1 else f"labels {_named(values)} are"


def _named(values: list[int]) -> str:
    named = ", ".join(str(value) for value in values[:NAMED_VALUES])
    return f"{named} and {len(values) - NAMED_VALUES} more" if len(values) > NAMED_VALUES else named


def _torn(pixels: np.ndarray) -> list[int]:
    """Return the labels that are in several pieces in some time point; pixels touch at edges and corners."""
    from scipy import ndimage

    torn: Counter[int] = Counter()
    lead = pixels.shape[: max(0, pixels.ndim - 3)]
    for at in product(*(range(size) for size in lead)):
        volume = pixels[at]
        structure = np.ones((3,) * volume.ndim)
        dense, values = _dense(volume)
        for index, where in enumerate(ndimage.find_objects(dense)):
            if where is not None and ndimage.label(dense[where] == index + 1, structure)[1] > 1:
                torn[int(values[index])] += 1
    return sorted(torn)


def _dense(volume: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return labels numbered from 1 without gaps, and the value of each number."""
    top = int(volume.max(initial=0))
    if top <= 1 << 20:
        return volume.astype(np.int32, copy=False), np.arange(1, top + 1)
    values, numbered = np.unique(volume, return_inverse=True)
    shift = 0 if values[0] == 0 else 1
    return (numbered.reshape(volume.shape) + shift).astype(np.int32), values[1 - shift :]


def _at_border(pixels: np.ndarray) -> set[int]:
    edges = (pixels[..., 0, :], pixels[..., -1, :], pixels[..., :, 0], pixels[..., :, -1])
    return {int(value) for edge in edges for value in np.unique(edge)}


def _check_overlap(image: AnnotatedImage, one: LabelImage, other: LabelImage) -> Iterator[Finding]:
    if one.axes != other.axes or one.start != other.start or one.pixels.shape != other.pixels.shape:
        return
    if np.logical_and(one.pixels[...], other.pixels[...]).any():
        yield about_image("P10", image, f"its labels overlap those of {other.name}", part=one.name, warning=True)
