"""An OME-XML document of one image and its ROIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from napari_idr.formats.model_json import json_text
from napari_idr.version import VERSION

from .held import naming
from .image_documents import NAMESPACE as IMAGE_NAMESPACE
from .image_documents import image_document
from .ome_elements import image_element, map_annotation, shape_element, shape_of
from .omero_shape_fields import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.annotation import Shape
    from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet

    from .roi_entries import RoiEntry


def as_read(shape: Shape) -> Shape:
    """Return what any reader of OME-XML gets from a shape."""
    parent = Element("Union")
    shape_element(parent, shape, "Shape:0")
    return shape_of(parent[0])


def write_document(one: AnnotationSet, entries: Sequence[tuple[AnnotatedObject, RoiEntry]], **more: Any) -> str:
    """Return the document of a set: its image, and a ROI for each entry. ``more`` is said of the image too.

    Raises ``FormatError`` naming the object that cannot be written.
    """
    root = Element("OME", {"xmlns": SCHEMA, "Creator": f"napari-idr {VERSION}"})
    image = image_element(root, one.image)
    annotations = SubElement(root, "StructuredAnnotations")
    said = [(key, json_text(value)) for key, value in (image_document(one) | more).items()]
    map_annotation(annotations, "Annotation:image", IMAGE_NAMESPACE, said)
    for number, (thing, entry) in enumerate(entries):
        if image is not None:
            SubElement(image, "ROIRef", ID=f"ROI:{number}")
        with naming(one.image, thing):
            _roi(root, annotations, number, entry)
    if image is not None:
        SubElement(image, "AnnotationRef", ID="Annotation:image")
    indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _roi(root: Element, annotations: Element, number: int, entry: RoiEntry) -> None:
    roi = SubElement(root, "ROI", ID=f"ROI:{number}", Name=entry.name)
    union = SubElement(roi, "Union")
    for index, shape in enumerate(entry.shapes):
        shape_element(union, shape, f"Shape:{number}:{index}")
    for index, (namespace, pairs) in enumerate(entry.maps):
        identifier = f"Annotation:{number}-{index}"
        map_annotation(annotations, identifier, namespace, pairs)
        SubElement(roi, "AnnotationRef", ID=identifier)
    if entry.description:
        SubElement(roi, "Description").text = entry.description
