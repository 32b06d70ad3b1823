"""Checks that ask the repository: P01 (is it still the same image) and P24 (is it there already).

The asking is handed in; what it answers is compared here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_idr.model.raster import AREAS
from napari_idr.model.shape_geometry import place

from .finding_makers import about_image, about_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_idr.errors import NapariIdrError
    from napari_idr.model.annotation import Roi, Shape
    from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet
    from napari_idr.model.finding import Finding

SAME_IOU = 0.99
"""Overlap from which on two areas are the same object."""

SAME_PIXELS = 0.5
"""Distance up to which two places or lines are the same."""


def check_same_image(was: AnnotatedImage, now: AnnotatedImage | NapariIdrError) -> Iterator[Finding]:
    """Yield P01 where an image is gone, or is not the one that was annotated."""
    if isinstance(now, Exception):
        yield about_image("P01", was, str(now))
        return
    for axis in "xyzct":
        if was.size(axis) != now.size(axis):
            yield about_image("P01", was, f"its size along {axis} was {was.size(axis)}, now it is {now.size(axis)}")
    if was.name and now.name and was.name != now.name:
        yield about_image("P01", was, f"it was called {was.name}, now it is called {now.name}")
    if was.spacing_stated_by is None:
        for axis, spacing in was.spacing:
            other = now.spacing_of(axis)
            if other is not None and not np.isclose(spacing.value, other.value, rtol=1e-6):
                what = f"a pixel measured {spacing.value:g} along {axis}, now it measures {other.value:g}"
                yield about_image("P01", was, what)


def check_already_there(annotations: AnnotationSet, existing: Sequence[Roi]) -> Iterator[Finding]:
    """Yield P24 for objects that the repository has already: same kind, plane and place."""
    known = [shape for roi in existing for shape in roi.shapes]
    for one in annotations.objects:
        if one.shapes and all(any(_is_same(shape, other) for other in known) for shape in one.shapes):
            yield about_object("P24", annotations.image, one, "the repository has this object already", warning=True)


def _is_same(one: Shape, other: Shape) -> bool:
    if (one.kind, one.z, one.t) != (other.kind, other.z, other.t):
        return False
    (outline, corners), (_, others) = place(one), place(other)
    if outline not in AREAS:
        return corners.shape == others.shape and bool(np.abs(corners - others).max() <= SAME_PIXELS)
    if np.abs(corners.mean(axis=0) - others.mean(axis=0)).max() > np.ptp(corners, axis=0).max():
        return False
    return _overlap(corners, others) > SAME_IOU


def _overlap(corners: np.ndarray, others: np.ndarray) -> float:
    """Return intersection over union; ellipses by the boxes in their own directions, which shrink alike."""
    import shapely

    first, second = (shapely.Polygon(points) for points in (corners, others))
    if not (first.is_valid and second.is_valid):
        return 0.0
    union = first.union(second).area
    return float(first.intersection(second).area / union) if union else 0.0
