"""How a package is laid out: one folder, one name per image, the same names for the same submission. Pure.

The folder is described in docs/package.md. Names hold only what the BioImage Archive accepts (P16).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

from napari_idr.formats.documents.submitted_file import safe_name
from napari_idr.model.annotation import Ellipse, Line, Point, Polygon, Polyline, Rectangle
from napari_idr.model.submission import ANNOTATION_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, AnnotationSet
    from napari_idr.model.submission import SubmissionForm

ROIS, LABELS, TABLES = "annotations/rois", "annotations/labels", "annotations/tables"


def package_name(form: SubmissionForm) -> str:
    """Return what a package's folder is called: study, what it is, and the day."""
    study = safe_name(form.accession) if form.accession else "local"
    day = form.created.strftime("%Y%m%d") if form.created else "undated"
    return f"{study}-annotations-{safe_name(form.title)[:40].rstrip('_.')}-{day}"


def stems(images: Sequence[AnnotatedImage]) -> dict[str, str]:
    """Return by the key of each image what its files begin with: id and name, no two alike."""
    taken: Counter[str] = Counter()
    names = {}
    for image in images:
        stem = f"{_short_id(image)}__{safe_name(_image_name(image))}"
        taken[stem.lower()] += 1
        names[image.key] = stem if taken[stem.lower()] == 1 else f"{stem}-{taken[stem.lower()]}"
    return names


def _short_id(image: AnnotatedImage) -> str:
    if image.image_id:
        return safe_name(image.image_id)
    return f"local-{hashlib.sha256(image.key.encode()).hexdigest()[:8]}"


def _image_name(image: AnnotatedImage) -> str:
    if image.plate and image.well:
        return f"{image.plate}-{image.well}-{image.field}" if image.field else f"{image.plate}-{image.well}"
    return image.name or image.address.rstrip("/").rsplit("/", 1)[-1]


def types_of(objects: Iterable[AnnotatedObject]) -> tuple[str, ...]:
    """Return the archives' annotation types of some objects, in the archives' order."""
    found = {kind for one in objects for kind in _types_of_object(one)}
    return tuple(kind for kind in ANNOTATION_TYPES if kind in found)


def _types_of_object(one: AnnotatedObject) -> Iterable[str]:
    if one.object_class or one.phenotypes:
        yield "class_labels"
    if one.kind != "region":
        yield "segmentation_mask" if one.kind == "label" else "tracks"
        return
    for shape in one.shapes:
        if isinstance(shape, Point):
            yield "point_annotations"
        elif isinstance(shape, Rectangle) and shape.transform is None:
            yield "bounding_boxes"
        elif isinstance(shape, Rectangle | Ellipse | Polygon | Polyline | Line):
            yield "geometrical_annotations"
        else:
            yield "segmentation_mask" if shape.kind == "Mask" else "other"


def regions_of(one_set: AnnotationSet) -> AnnotationSet:
    """Return a set with its regions and tracks only: what a file of shapes holds."""
    return one_set.with_objects(one for one in one_set.objects if one.kind != "label")
