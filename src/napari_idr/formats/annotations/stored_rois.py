"""ROIs that a repository keeps, as objects: what can be written in any format, or edited."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet

if TYPE_CHECKING:
    from napari_idr.model.annotation import Roi, RoiSet
    from napari_idr.model.annotation_set import AnnotatedImage


def stored_set(rois: RoiSet, image: AnnotatedImage) -> AnnotationSet:
    """Return the ROIs of an image as a set; each has the same uuid however often it is read."""
    objects = tuple(_object(roi, image) for roi in rois.rois)
    return AnnotationSet(image=image, objects=objects, remarks=rois.remarks)


def _object(roi: Roi, image: AnnotatedImage) -> AnnotatedObject:
    uuid = uuid5(NAMESPACE_URL, f"{image.key}/roi/{roi.id}")
    return AnnotatedObject(
        uuid=str(uuid), shapes=roi.shapes, name=roi.name, comment=roi.description, key_values=roi.key_values
    )
