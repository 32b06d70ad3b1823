"""From annotated objects to what a queue lists of them. Pure."""

from __future__ import annotations

from dataclasses import replace
from math import pi
from typing import TYPE_CHECKING

import numpy as np

from napari_idr.model.annotation import Mask
from napari_idr.model.shape_geometry import place

from .queue import NO_PLANE, Candidate, outlier_scores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from napari_idr.model.annotation import Shape
    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, AnnotationSet
    from napari_idr.model.annotator import Annotator
    from napari_idr.model.finding import Finding

    Check = Callable[[AnnotatedImage, AnnotatedObject], Iterable[Finding]]


def candidates_of(sets: Iterable[AnnotationSet], check: Check | None = None) -> list[Candidate]:
    """Return all objects of some sets as candidates; an object that comes twice is listed once.

    Parameters
    ----------
    sets
        Of one or more images.
    check
        Returns what is wrong with an object (``export.preflight.Preflight.check_object``); nothing is checked without.
    """
    found: dict[str, tuple[Candidate, AnnotatedObject]] = {}
    for one_set in sets:
        pixels = _pixels_of_labels(one_set)
        for one in one_set.objects:
            rules = tuple(dict.fromkeys(f.id for f in check(one_set.image, one))) if check else ()
            found.setdefault(one.uuid, (_candidate(one_set.image.key, one, pixels, rules), one))
    scores = _scores([one for _, one in found.values()])
    return [replace(made, outlier=float(score)) for (made, _), score in zip(found.values(), scores, strict=True)]


def area(shape: Shape) -> float:
    """Return the pixels that a shape covers; 0 for a point, line or path."""
    if isinstance(shape, Mask) and shape.bits is not None:
        return float(np.unpackbits(np.frombuffer(shape.bits, np.uint8)).sum())
    kind, corners = place(shape)
    if kind in ("point", "line", "path"):
        return 0.0
    y, x = corners.T
    doubled = abs(float(np.dot(y, np.roll(x, 1)) - np.dot(x, np.roll(y, 1))))
    return doubled / 2 * (pi / 4 if kind == "ellipse" else 1)


def person(who: Annotator) -> str:
    """Return what tells one person from another: the ORCID iD, else the name."""
    return who.orcid or who.name


def _candidate(
    image: str, one: AnnotatedObject, pixels: dict[tuple[str, int], int], rules: tuple[str, ...]
) -> Candidate:
    first = one.shapes[0] if one.shapes else None
    size = sum(map(area, one.shapes))
    if one.label is not None:
        size = float(pixels.get((one.label.image, one.label.value), 0))
    return Candidate(
        uuid=one.uuid,
        image=image,
        z=_plane(first, "z"),
        t=_plane(first, "t"),
        object_class=one.object_class,
        status=one.status,
        annotator=one.annotator.name or one.annotator.orcid,
        size=size,
        findings=rules,
    )


def _plane(shape: Shape | None, name: str) -> int:
    plane = getattr(shape, name, None)
    return NO_PLANE if plane is None else int(plane)


def _pixels_of_labels(one_set: AnnotationSet) -> dict[tuple[str, int], int]:
    counted = {}
    for label in one_set.labels:
        values, counts = np.unique(np.asarray(label.pixels[...]), return_counts=True)
        counted.update({(label.name, int(v)): int(n) for v, n in zip(values, counts, strict=True) if v})
    return counted


def _scores(objects: Sequence[AnnotatedObject]) -> np.ndarray:
    """Return how strange the measurements of each object are among those of its class."""
    columns: dict[str, np.ndarray] = {}
    for row, one in enumerate(objects):
        for name, value in one.features:
            if isinstance(value, int | float) and not isinstance(value, bool):
                columns.setdefault(name, np.full(len(objects), np.nan))[row] = value
    return outlier_scores(columns, [one.object_class for one in objects])
