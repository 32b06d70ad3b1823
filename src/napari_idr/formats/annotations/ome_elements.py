"""Elements of OME-XML for an image and a shape, and shapes back. The schema is that of 2016-06; pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement

from napari_idr.formats.json_record import JsonRecord
from napari_idr.formats.model_json import DocumentError
from napari_idr.formats.ome_xml import UNITS, xml_text
from napari_idr.formats.omero_shapes import TRANSFORM_KEYS, parse_shape

from .omero_shape_fields import SCHEMA, shape_fields
from .plain_numbers import number_of, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.annotation import Shape
    from napari_idr.model.annotation_set import AnnotatedImage, Spacing
    from napari_idr.model.image import KeyValue

PIXEL_TYPES = {
    **{f"{sign}int{bits}": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32)},
    "float32": "float",
    "float64": "double",
    "complex64": "complex",
    "complex128": "double-complex",
    "bool": "bit",
}
"""Names of the schema by numpy's."""
SYMBOLS = {name: symbol for symbol, name in reversed(UNITS.items())}
REQUIRED = {
    "Rectangle": ("X", "Y", "Width", "Height"),
    "Mask": ("X", "Y", "Width", "Height"),
    "Ellipse": ("X", "Y", "RadiusX", "RadiusY"),
    "Line": ("X1", "Y1", "X2", "Y2"),
    "Point": ("X", "Y"),
    "Label": ("X", "Y"),
    "Polyline": ("Points",),
    "Polygon": ("Points",),
}
WHOLE = ("TheZ", "TheT", "TheC", "StrokeColor", "FillColor")


def tag(element: Element) -> str:
    """Return the name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def named(element: Element, name: str) -> list[Element]:
    """Return the children of a name."""
    return [child for child in element if tag(child) == name]


def image_element(parent: Element, image: AnnotatedImage) -> Element | None:
    """Add an image; nothing where its size or type are not known, which the schema requires."""
    pixel_type = PIXEL_TYPES.get(image.dtype)
    if pixel_type is None or not (image.size_x and image.size_y):
        return None
    element = SubElement(parent, "Image", ID="Image:0", Name=xml_text(image.name))
    attributes = {"ID": "Pixels:0", "DimensionOrder": "XYZCT", "Type": pixel_type}
    attributes |= {f"Size{axis.upper()}": str(image.size(axis)) for axis in "xyzct"}
    for axis in "xyz":
        attributes |= _physical_size(axis.upper(), image.spacing_of(axis))
    pixels = SubElement(element, "Pixels", attributes)
    for number in range(image.size_c):
        SubElement(pixels, "Channel", ID=f"Channel:0:{number}", SamplesPerPixel="1")
    SubElement(pixels, "MetadataOnly")
    return element


def _physical_size(axis: str, spacing: Spacing | None) -> dict[str, str]:
    """Return a pixel size; one without a unit is a "reference frame", so that nobody takes it for micrometres."""
    if spacing is None or not spacing.value > 0:
        return {}
    symbol = "reference frame" if spacing.unit is None else SYMBOLS.get(spacing.unit)
    if symbol is None:
        return {}
    return {f"PhysicalSize{axis}": plain(spacing.value), f"PhysicalSize{axis}Unit": symbol}


def map_annotation(parent: Element, identifier: str, namespace: str, pairs: Sequence[KeyValue]) -> None:
    """Add key-value pairs in their order."""
    element = SubElement(parent, "MapAnnotation", ID=identifier, Namespace=namespace)
    value = SubElement(element, "Value")
    for key, text in pairs:
        SubElement(value, "M", K=xml_text(key)).text = xml_text(text)


def pairs_of(annotation: Element) -> list[KeyValue]:
    """Return the key-value pairs of a map annotation."""
    return [(one.get("K", ""), one.text or "") for one in annotation.iter() if tag(one) == "M"]


def shape_element(parent: Element, shape: Shape, identifier: str) -> None:
    """Add a shape. Raises ``FormatError`` for one that the schema or its readers cannot hold."""
    element = SubElement(parent, shape.kind, ID=identifier)
    for key, value in shape_fields(shape).items():
        if key == "Transform":
            SubElement(element, "Transform", {name: plain(value[name]) for name in TRANSFORM_KEYS})
        elif key == "Bytes":
            data = SubElement(element, "BinData", BigEndian="true", Compression="none", Length=str(len(value)))
            data.text = value
        elif isinstance(value, dict):
            element.set(key, plain(value["Value"]))
            element.set(f"{key}Unit", value["Symbol"])
        elif not key.startswith("@"):
            element.set(key, _attribute(value))


def _attribute(value: Any) -> str:
    if value is True:
        return "true"
    return value if isinstance(value, str) else plain(value) if isinstance(value, float) else str(value)


def shape_of(element: Element) -> Shape:
    """Return the shape of an element. Raises ``DocumentError`` and ``ProtocolError`` where its place cannot be told."""
    kind = tag(element)
    record: dict[str, Any] = {"@type": f"{SCHEMA}#{kind}", "Text": element.get("Text")}
    for key in REQUIRED.get(kind, ()):
        record[key] = _required(element, key)
    record |= {key: _whole(element, key) for key in WHOLE}
    record["Locked"] = element.get("Locked") in ("true", "1")
    record |= {key: element.get(key) for key in ("MarkerStart", "MarkerEnd")}
    record["StrokeWidth"] = _length(element, "StrokeWidth", "pixel", "PIXEL")
    record["FontSize"] = _length(element, "FontSize", "pt", "POINT")
    for transform in named(element, "Transform"):
        record["Transform"] = {key: _number(transform, key) for key in TRANSFORM_KEYS}
    record["Bytes"] = _bytes(element)
    return parse_shape(JsonRecord.of(record, "shape", ""))


def _required(element: Element, key: str) -> Any:
    if element.get(key) is None:
        raise DocumentError(f"{tag(element)} lacks {key}")
    return element.get(key) if key == "Points" else _number(element, key)


def _number(element: Element, key: str) -> float:
    try:
        return number_of(element.get(key, ""))
    except ValueError as error:
        raise DocumentError(f"{key} of {tag(element)} is no number") from error


def _whole(element: Element, key: str) -> int | None:
    text = element.get(key)
    if text is None:
        return None
    if not re.fullmatch(r"\s*[+-]?\d{1,12}\s*", text):
        raise DocumentError(f"{key} of {tag(element)} is no whole number")
    return int(text)


def _length(element: Element, key: str, symbol: str, unit: str) -> dict[str, Any] | None:
    """Return a width or font size, None where it is none or in a unit that means nothing on a screen."""
    if element.get(key) is None or element.get(f"{key}Unit", symbol) != symbol:
        return None
    return {"Unit": unit, "Value": _number(element, key)}


def _bytes(element: Element) -> str | None:
    """Return the pixels of a mask as base64, None where they are packed in a way that readers disagree about."""
    data = next(iter(named(element, "BinData")), None)
    if data is None:
        return None
    if data.get("Compression", "none") != "none":
        raise DocumentError("the pixels of a mask are compressed, which readers take in different ways")
    return "".join((data.text or "").split())
