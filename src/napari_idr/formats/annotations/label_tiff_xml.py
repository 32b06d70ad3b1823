"""The OME-XML of a label image in a TIFF file: sizes, the size of a pixel, and annotations that hold the records."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from napari_idr.errors import FormatError
from napari_idr.formats.model_json import json_text, to_document
from napari_idr.formats.ome_xml import SYMBOLS, safe_xml, xml_text
from napari_idr.model.annotation_set import LabelPlace

from .files import told_of
from .label_frame import frame_document
from .object_facts import object_facts, object_from_record, object_record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, LabelImage

OME = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
LABEL_NAMESPACE = "napari-idr/label-image/1"
OBJECT_NAMESPACE = "napari-idr/label/1"
TYPES = ("uint8", "uint16", "uint32", "int8", "int16", "int32")
"""Whole numbers that OME-XML has a name for."""


def label_xml(
    image: AnnotatedImage, label: LabelImage, objects: Sequence[AnnotatedObject], sizes: dict[str, int], dtype: str
) -> bytes:
    """Return the document as ASCII, as a TIFF holds it (schema 2016-06)."""
    root = ElementTree.Element("OME", {"xmlns": OME, "Creator": "napari-idr"})
    element = ElementTree.SubElement(root, "Image", {"ID": "Image:0", "Name": xml_text(image.name or image.address)})
    _pixels(element, image, label, sizes, dtype)
    annotations = ElementTree.SubElement(root, "StructuredAnnotations")
    records: list[tuple[str, dict[str, str]]] = [(LABEL_NAMESPACE, _label_pairs(image, label))]
    records += [(OBJECT_NAMESPACE, _object_pairs(one)) for one in objects]
    for number, (namespace, pairs) in enumerate(records):
        identifier = f"Annotation:{number}"
        ElementTree.SubElement(element, "AnnotationRef", {"ID": identifier})
        _map_annotation(annotations, identifier, namespace, pairs)
    text: bytes = ElementTree.tostring(root, encoding="us-ascii", xml_declaration=False)
    return b'<?xml version="1.0" encoding="UTF-8"?>' + text


def _pixels(parent: Element, image: AnnotatedImage, label: LabelImage, sizes: dict[str, int], dtype: str) -> None:
    said = {"ID": "Pixels:0", "DimensionOrder": "XYZCT", "Type": dtype, "SizeC": "1"}
    said |= {f"Size{axis.upper()}": str(sizes.get(axis, 1)) for axis in "xyzt"}
    for axis in "xyzt":
        spacing = image.spacing_of(axis)
        symbol = None if spacing is None or spacing.unit is None else SYMBOLS.get(spacing.unit)
        if spacing is not None and symbol is not None and spacing.value > 0:
            name = "TimeIncrement" if axis == "t" else f"PhysicalSize{axis.upper()}"
            said |= {name: repr(float(spacing.value)), f"{name}Unit": symbol}
    element = ElementTree.SubElement(parent, "Pixels", said)
    ElementTree.SubElement(
        element, "Channel", {"ID": "Channel:0:0", "Name": xml_text(label.name), "SamplesPerPixel": "1"}
    )
    planes = sizes.get("z", 1) * sizes.get("t", 1)
    ElementTree.SubElement(element, "TiffData", {"IFD": "0", "PlaneCount": str(planes)})


def _label_pairs(image: AnnotatedImage, label: LabelImage) -> dict[str, str]:
    return {"label_image": json_text(frame_document(label)), "image": json_text(to_document(image))}


def _object_pairs(one: AnnotatedObject) -> dict[str, str]:
    value = 0 if one.label is None else one.label.value
    facts = {name: xml_text(str(text)) for name, text in object_facts(one).items()}
    return {
        "label": str(value),
        **{xml_text(name): text for name, text in facts.items()},
        "record": json_text(object_record(one)),
    }


def _map_annotation(parent: Element, identifier: str, namespace: str, pairs: dict[str, str]) -> None:
    annotation = ElementTree.SubElement(parent, "MapAnnotation", {"ID": identifier, "Namespace": namespace})
    value = ElementTree.SubElement(annotation, "Value")
    for key, text in pairs.items():
        ElementTree.SubElement(value, "M", {"K": key}).text = text


def read_label_xml(text: str, file: str) -> tuple[Any, Any, list[tuple[int, Any]]] | None:
    """Return the records of the label image, of its image, and those of its objects with their values.

    None where none are in the document. Raises ``FormatError`` where it is no XML or they are no JSON.
    """
    found = [
        (one.get("Namespace"), _pairs(one)) for one in safe_xml(text, address=file).iter(f"{{{OME}}}MapAnnotation")
    ]
    labels = [pairs for namespace, pairs in found if namespace == LABEL_NAMESPACE]
    if len(labels) != 1:
        return None
    objects = [pairs for namespace, pairs in found if namespace == OBJECT_NAMESPACE]
    try:
        records = [(int(pairs["label"]), json.loads(pairs["record"])) for pairs in objects]
        return json.loads(labels[0]["label_image"]), json.loads(labels[0]["image"]), records
    except (KeyError, ValueError, RecursionError) as error:
        raise FormatError("The annotations of the label image are damaged", file, "export it again") from error


def _pairs(annotation: Element) -> dict[str, str]:
    return {one.get("K", ""): one.text or "" for one in annotation.iter(f"{{{OME}}}M")}


def objects_from_records(records: list[tuple[int, Any]], name: str, file: str) -> tuple[AnnotatedObject, ...]:
    """Return the objects of a label image by their values and records."""
    with told_of(file, OBJECT_NAMESPACE):
        return tuple(object_from_record(record, LabelPlace(name, value)) for value, record in records)
