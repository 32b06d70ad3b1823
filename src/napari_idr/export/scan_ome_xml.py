"""What is wrong with the text of an OME-XML file of ROIs, before anybody makes shapes of it. Pure.

Schema-valid is not correct, and a reader that mends what it can would hide it: numbers that OMERO reads without their
sign, masks of another length, ids that are there twice. The rules are those of the schema 2016-06 for ROIs.
"""

from __future__ import annotations

import base64
import binascii
import re
from math import ceil
from typing import TYPE_CHECKING

from napari_idr.formats.annotations.ome_elements import REQUIRED, WHOLE, named, tag

from .finding_makers import about_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from napari_idr.model.finding import Finding

_PLAIN = re.compile(r"\d+(\.\d+)?")
_SIGNED = re.compile(r"-?\d+(\.\d+)?")
_WHOLE = re.compile(r"-?\d+")
_ID = {
    "ROI": re.compile(r"(urn:lsid:\S+:ROI:\S+)|(ROI:\S+)"),
    "Shape": re.compile(r"(urn:lsid:\S+:Shape:\S+)|(Shape:\S+)"),
}
_COLORS = ("StrokeColor", "FillColor")
TRANSFORM = ("A00", "A10", "A01", "A11", "A02", "A12")
SIZED = ("Width", "Height", "RadiusX", "RadiusY")


def scan_rois(root: Element, file: str) -> Iterator[Finding]:
    """Yield what is wrong with the ROIs of a document: P04, P11, P20 and P22."""
    yield from _check_ids(root, file)
    known = {one.get("ID") for block in named(root, "StructuredAnnotations") for one in block}
    rois = named(root, "ROI")
    defined = {roi.get("ID") for roi in rois}
    for image in named(root, "Image"):
        for reference in named(image, "ROIRef"):
            if reference.get("ID") not in defined:
                yield about_all("P22", file, f"ROIRef {reference.get('ID')} names no ROI of the file")
    for roi in rois:
        where = f"{file}, {roi.get('ID')}"
        for reference in named(roi, "AnnotationRef"):
            if reference.get("ID") not in known:
                yield about_all("P22", where, f"AnnotationRef {reference.get('ID')} names no annotation of the file")
        unions = named(roi, "Union")
        shapes = [shape for union in unions for shape in union]
        if len(unions) != 1 or not shapes:
            yield about_all("P22", where, "the ROI has no shape: Union is empty or not there once")
        for shape in shapes:
            yield from _check_shape(shape, f"{where}, {shape.get('ID')}")


def _check_ids(root: Element, file: str) -> Iterator[Finding]:
    """Yield P11 for ids that are there twice, P22 for those of another form."""
    seen: set[str] = set()
    for roi in named(root, "ROI"):
        things = [("ROI", roi), *(("Shape", shape) for union in named(roi, "Union") for shape in union)]
        for kind, element in things:
            identifier = element.get("ID", "")
            if not _ID[kind].fullmatch(identifier):
                yield about_all("P22", file, f"{identifier or 'an empty text'} is no id of a {kind}")
            elif identifier in seen:
                yield about_all("P11", file, f"the id {identifier} is there twice", fix="renumber")
            seen.add(identifier)


def _check_shape(shape: Element, where: str) -> Iterator[Finding]:
    kind = tag(shape)
    if kind not in REQUIRED:
        yield about_all("P22", where, f"{kind} is no shape of the schema")
        return
    missing = [name for name in REQUIRED[kind] if shape.get(name) is None]
    if missing:
        yield about_all("P22", where, f"the {kind} has no {missing[0]}")
        return
    yield from _check_numbers(shape, kind, where)
    for transform in named(shape, "Transform"):
        wrong = [name for name in TRANSFORM if not _is_number(transform.get(name, ""))]
        if wrong:
            yield about_all("P04", where, f"Transform {wrong[0]} is {transform.get(wrong[0])!r}, no plain number")
    if kind == "Mask":
        yield from _check_mask(shape, where)


def _check_numbers(shape: Element, kind: str, where: str) -> Iterator[Finding]:
    for name in REQUIRED[kind]:
        text = shape.get(name, "")
        if name == "Points":
            yield from _check_points(text, where)
        elif not _SIGNED.fullmatch(text):
            yield about_all("P04", where, f"{name} is {text!r}, no plain number")
        elif name in SIZED and float(text) <= 0:
            yield about_all("P07", where, f"{name} is {text}")
    for name in WHOLE:
        stated = shape.get(name)
        if stated is None:
            continue
        if not _WHOLE.fullmatch(stated):
            yield about_all("P22", where, f"{name} is {stated!r}, no whole number")
        elif name in _COLORS and not -(1 << 31) <= int(stated) < 1 << 31:
            yield about_all("P22", where, f"{name} is {stated}, beyond 32 bits")
        elif name not in _COLORS and int(stated) < 0:
            yield about_all("P05", where, f"{name} is {stated}")


def _check_points(text: str, where: str) -> Iterator[Finding]:
    for pair in text.split(" "):
        numbers = pair.split(",")
        if len(numbers) != 2 or not all(_PLAIN.fullmatch(number) for number in numbers):
            yield about_all("P04", where, f"Points hold {pair[:40]!r}: OMERO reads plain numbers without sign only")
            return


def _is_number(text: str) -> bool:
    try:
        return abs(float(text)) < float("inf")
    except ValueError:
        return False


def _check_mask(shape: Element, where: str) -> Iterator[Finding]:
    """Yield P20: bytes of a mask that are not one bit per pixel, or whose length is misstated."""
    data = named(shape, "BinData")
    if len(data) != 1:
        yield about_all("P20", where, "the mask has no pixels (BinData)")
        return
    text = (data[0].text or "").strip()
    if data[0].get("BigEndian") is None:
        yield about_all("P22", where, "BinData does not say BigEndian")
    if data[0].get("Length") != str(len(text)):
        yield about_all("P20", where, f"BinData says Length {data[0].get('Length')}, it has {len(text)} characters")
    if data[0].get("Compression", "none") != "none":
        yield about_all("P20", where, "the mask is compressed, which OMERO's importer does not read")
        return
    try:
        count = len(base64.b64decode(text, validate=True))
    except binascii.Error:
        yield about_all("P20", where, "the pixels of the mask are no base64")
        return
    if not all(_SIGNED.fullmatch(shape.get(name, "")) for name in ("Width", "Height")):
        return
    expected = ceil(float(shape.get("Width", "0")) * float(shape.get("Height", "0")) / 8)
    if count != expected:
        yield about_all("P20", where, f"the mask has {count} bytes, one bit per pixel makes {expected}")
