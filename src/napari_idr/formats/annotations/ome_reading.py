"""Objects and label images of an OME-XML document of one image, ours or anybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_idr.errors import FormatError
from napari_idr.formats.model_json import DocumentError, from_document, json_value
from napari_idr.formats.ome_xml import safe_xml
from napari_idr.model.annotation import Mask
from napari_idr.model.annotation_set import AnnotationSet, LabelPlace

from .details import NAMESPACE
from .files import HINT, read_text, told_of
from .image_documents import NAMESPACE as IMAGE_NAMESPACE
from .image_documents import named_image, statements_of
from .label_masks import label_image
from .ome_elements import named, pairs_of, shape_of, tag
from .ome_writing import as_read
from .placing import SIZES, check_sizes, image_of, uuid_for
from .roi_entries import RoiEntry, object_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from napari_idr.model.annotation import Shape
    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, LabelImage
    from napari_idr.model.image import KeyValue

    Annotations = dict[str, Element]


def read_document(path: Path, image: AnnotatedImage | None) -> AnnotationSet:
    """Return the set of a file. Raises ``FormatError`` for anything that would have to be guessed."""
    root = safe_xml(read_text(path), address=path.name)
    if tag(root) != "OME" or "/OME/" not in root.tag:
        raise FormatError("It is no OME-XML", path.name, HINT, rule="the root is OME in a namespace of the OME schema")
    annotations = {one.get("ID", ""): one for block in named(root, "StructuredAnnotations") for one in block}
    said = _said_of_image(annotations, path)
    placed = image_of(named_image(said), path, image)
    _check_image(root, path, placed)
    reader = _Reader(path, annotations)
    objects = tuple(one for number, roi in enumerate(named(root, "ROI")) for one in reader.objects(roi, number))
    with told_of(path, "the annotation of the image"):
        labels, statements = reader.label_images(said.get("labels", [])), statements_of(said)
    return AnnotationSet(image=placed, objects=objects, labels=labels, statements=statements)


def _said_of_image(annotations: Annotations, path: Path) -> dict[str, Any]:
    ours = [pairs_of(one) for one in annotations.values() if one.get("Namespace") == IMAGE_NAMESPACE]
    with told_of(path, "the annotation of the image"):
        return {key: json_value(text, key) for key, text in (ours[0] if ours else ())}


def _check_image(root: Element, path: Path, image: AnnotatedImage) -> None:
    """Refuse ROIs of several images, and those of an image of another size."""
    images = named(root, "Image")
    with_rois = [one for one in images if named(one, "ROIRef")]
    if len(with_rois) > 1:
        raise FormatError(f"The file has ROIs of {len(with_rois)} images", path.name, "write a file per image")
    for one in with_rois or images[:1]:
        for pixels in named(one, "Pixels"):
            with told_of(path, "Image.Pixels"):
                check_sizes(path, {name: int(pixels.get(f"Size{name[-1].upper()}", "0")) for name in SIZES}, image)


class _Reader:
    """Reads ROIs of a file, and gathers those that are pixels of a label image."""

    def __init__(self, path: Path, annotations: Annotations) -> None:
        self._path, self._annotations = path, annotations
        self._masks: dict[str, list[tuple[int, Mask]]] = {}

    def objects(self, roi: Element, number: int) -> Sequence[AnnotatedObject]:
        """Return the object of a ROI; none for pixels of a label image that nothing is said of."""
        with told_of(self._path, roi.get("ID") or f"the ROI number {number}"):
            shapes = tuple(shape_of(one) for union in named(roi, "Union") for one in union)
            if not shapes:
                raise DocumentError("it has no shapes")
            maps = list(self._maps(roi))
            details = {key: text for namespace, pairs in maps if namespace == NAMESPACE for key, text in pairs}
            if "label" in details:
                self._take_masks(details["label"], shapes)
                shapes = ()
            if "label" in details and "uuid" not in details:
                return ()
            description = "".join(one.text or "" for one in named(roi, "Description"))
            entry = RoiEntry(roi.get("Name", ""), shapes, maps, description)
            return (object_of(entry, uuid_for(roi.get("ID", ""), self._path, number), as_read),)

    def _maps(self, roi: Element) -> Iterator[tuple[str, list[KeyValue]]]:
        for reference in named(roi, "AnnotationRef"):
            annotation = self._annotations.get(reference.get("ID", ""))
            if annotation is None:
                raise DocumentError(f"the annotation {reference.get('ID', '')[:80]} is missing")
            if tag(annotation) == "MapAnnotation":
                yield annotation.get("Namespace", ""), pairs_of(annotation)
            elif tag(annotation) == "TagAnnotation":
                yield "", [("Tag", "".join(one.text or "" for one in named(annotation, "Value")))]

    def _take_masks(self, text: str, shapes: tuple[Shape, ...]) -> None:
        place = from_document(LabelPlace, json_value(text, "label"), "label")
        for shape in shapes:
            if not isinstance(shape, Mask):
                raise DocumentError("pixels of a label image are no mask")
            self._masks.setdefault(place.image, []).append((place.value, shape))

    def label_images(self, frames: Any) -> tuple[LabelImage, ...]:
        """Return the label images that the ROIs read so far make up."""
        if not isinstance(frames, list):
            raise DocumentError("labels is no list")
        known = {str(frame.get("name")): frame for frame in frames if isinstance(frame, dict)}
        if set(self._masks) - set(known):
            raise DocumentError("it does not say what the label image is like that its masks belong to")
        return tuple(label_image(frame, self._masks.get(name, ())) for name, frame in known.items())
