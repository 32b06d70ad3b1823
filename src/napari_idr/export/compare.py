"""Whether what was read back is what was drawn (P21): objects to 1e-4 of a pixel, label images bit by bit. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_idr.model.annotation import Mask
from napari_idr.model.shape_geometry import place

from .finding_makers import about_all, about_image, about_object

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from napari_idr.model.annotation import Shape
    from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet, LabelImage
    from napari_idr.model.finding import Finding

    from .planned_files import PlannedFile

TOLERANCE = 1e-4
"""Pixels by which a coordinate may differ."""

SLAB = 1 << 24
"""Pixels of label images that are compared at a time."""


def compare_file(file: PlannedFile, read: Iterable[AnnotationSet], lossy: Collection[str]) -> Iterator[Finding]:
    """Yield P21 for whatever of a file did not come back as it was; ``lossy`` as ``compare_sets`` has it."""
    back = {one.image.key: one for one in read}
    for drawn in file.sets:
        found = back.get(drawn.image.key)
        if found is None:
            yield about_all("P21", file.path, f"{drawn.image.name or drawn.image.address} is missing in it")
            continue
        yield from compare_sets(drawn, found, file.path, lossy=lossy)
        if file.is_image and len(found.labels) != len(drawn.labels):
            what = f"it has {len(found.labels)} label images, not {len(drawn.labels)}"
            yield about_all("P21", file.path, what)
        elif file.is_image:
            for painted, there in zip(drawn.labels, found.labels, strict=True):
                yield from compare_labels(drawn, painted, there, file.path)


def compare_sets(
    drawn: AnnotationSet, read: AnnotationSet, file: str, *, lossy: Collection[str] = ()
) -> Iterator[Finding]:
    """Yield P21 for each object and label image that did not come back as it was.

    Parameters
    ----------
    drawn
        What was written.
    read
        What the file says.
    file
        Its path, for the findings.
    lossy
        Uuids of the objects of which the format told before that their shapes change; they must be there.
    """
    found = read.by_uuid()
    for one in drawn.objects:
        back = found.pop(one.uuid, None)
        if back is None:
            yield about_object("P21", drawn.image, one, f"it is missing in {file}")
        elif one.uuid not in lossy and not same_place(one, back):
            yield about_object("P21", drawn.image, one, f"it lies elsewhere in {file}")
    for one in found.values():
        yield about_object("P21", drawn.image, one, f"{file} has it, and nobody drew it")


def same_place(one: AnnotatedObject, other: AnnotatedObject) -> bool:
    """Return whether two objects have the same shapes in the same planes, or the same label."""
    if one.label is not None or other.label is not None:
        return one.label is not None and other.label is not None and one.label.value == other.label.value
    if len(one.shapes) != len(other.shapes):
        return False
    return all(_same_shape(a, b) for a, b in zip(_in_order(one), _in_order(other), strict=True))


def _in_order(one: AnnotatedObject) -> list[Shape]:
    """Return the shapes of an object in an order that does not depend on how a file lists them."""
    return sorted(one.shapes, key=lambda shape: (shape.t or -1, shape.z or -1)) if one.is_track else list(one.shapes)


def _same_shape(one: Shape, other: Shape) -> bool:
    if (one.z, one.t) != (other.z, other.t):
        return False
    (kind, corners), (other_kind, others) = place(one), place(other)
    if {kind, other_kind} == {"rectangle", "polygon"} and len(corners) == len(others):
        kind = other_kind  # a turned rectangle is a polygon with the same corners
    if kind != other_kind or corners.shape != others.shape or np.abs(corners - others).max() > TOLERANCE:
        return False
    return not isinstance(one, Mask) or (isinstance(other, Mask) and one.bits == other.bits)


def compare_labels(drawn: AnnotationSet, painted: LabelImage, read: LabelImage, file: str) -> Iterator[Finding]:
    """Yield P21 where a label image did not come back bit by bit."""
    expected, found = _without_single(painted), _without_single(read)
    if expected != found:
        what = f"{file} has the axes {found}, it was painted with {expected}"
        yield about_image("P21", drawn.image, what, part=painted.name)
        return
    if not _same_pixels(painted, read):
        yield about_image("P21", drawn.image, f"pixels differ in {file}", part=painted.name)


def _without_single(labels: LabelImage) -> list[tuple[str, int]]:
    sizes = zip(labels.axes, labels.pixels.shape, strict=True)
    return [(axis, int(size)) for axis, size in sizes if size > 1]


def _same_pixels(one: LabelImage, other: LabelImage) -> bool:
    first, second = one.pixels, other.pixels
    if first.size <= SLAB or first.shape != second.shape:
        return bool(np.array_equal(np.squeeze(first[...]), np.squeeze(second[...])))
    step = max(1, SLAB // max(1, first.size // first.shape[0]))
    return all(
        np.array_equal(first[start : start + step], second[start : start + step])
        for start in range(0, first.shape[0], step)
    )
