"""What an OME-XML document says of its images: names, pixel sizes, channels. Pure, and no entity is ever expanded."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from napari_idr.errors import FormatError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

HINT = "tell who made the file"

XML_LIMIT = 64 << 20
"""Bytes of a document: those of 384-well plates have about a tenth."""

_NO_TEXT = re.compile("[^\\t\\n\\x20-\\x7e\\x80-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
"""Characters that XML cannot hold."""

UNITS = {
    "Å": "angstrom",
    "pm": "picometer",
    "nm": "nanometer",
    "µm": "micrometer",
    "μm": "micrometer",
    "um": "micrometer",
    "micron": "micrometer",
    "mm": "millimeter",
    "cm": "centimeter",
    "dm": "decimeter",
    "m": "meter",
    "km": "kilometer",
    "in": "inch",
    "inch": "inch",
    "ft": "foot",
    "ns": "nanosecond",
    "µs": "microsecond",
    "μs": "microsecond",
    "ms": "millisecond",
    "s": "second",
    "sec": "second",
    "min": "minute",
    "h": "hour",
    "d": "day",
}
"""UDUNITS-2 names of the symbols that OME-XML and ImageJ write."""

SYMBOLS = {name: symbol for symbol, name in reversed(UNITS.items())}
"""The symbol that OME-XML has for a unit."""


REGION_NAMESPACE = "napari-idr/region/1"
"""Of what a file says of the image that it is a part of."""

FRAME = "reference frame"
"""OME's unit of what has none."""


@dataclass(frozen=True, slots=True)
class OmeChannel:
    """One channel; ``samples`` is 3 or 4 where it holds red, green, blue (alpha)."""

    name: str
    color: str | None
    """``RRGGBB``."""
    samples: int


@dataclass(frozen=True, slots=True)
class OmeImage:
    """One image of a document."""

    name: str
    sizes: dict[str, tuple[float, str | None]]
    """Pixel size and unit by axis letter, for those of t, z, y, x that are given."""
    channels: tuple[OmeChannel, ...]
    places: dict[str, tuple[float, str | None]] = field(default_factory=dict)
    """Where the centre of the first pixel lies, and its unit, by axis letter: of a part that was saved of an image.
    What microscopes write there is the place of the stage, which lays no image beside another."""


@dataclass(frozen=True, slots=True)
class OmeDocument:
    """All images of a document, in order, and the schema it follows ("2016-06")."""

    schema: str
    images: tuple[OmeImage, ...]


def parse_ome_xml(text: str, *, address: str) -> OmeDocument:
    """Images of an OME-XML document (schema 2016-06 and older ones, which name things alike).

    Raises
    ------
    FormatError
        Where it is no XML, too large, or declares a document type or entities.
    """
    root = safe_xml(text, address=address)
    schema = re.search(r"/OME/([0-9]{4}-[0-9]{2})", root.tag)
    noted = (one.get("Namespace") for one in root.iter() if _is(one, "MapAnnotation"))
    is_part = REGION_NAMESPACE in noted
    images = tuple(_image(image, is_part) for image in root.iter() if _is(image, "Image"))
    return OmeDocument(schema[1] if schema else "", images)


def safe_xml(text: str, *, address: str) -> Element:
    """Root of an XML document that declares neither a document type nor entities; raises ``FormatError``."""
    check_xml(text, address=address)
    try:
        return ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise FormatError(
            "It is no valid XML", address, "tell who made the file", key="OME", rule=str(error)
        ) from error


def check_xml(text: str, *, address: str) -> None:
    """Refuse a document that is too large to parse, or that could expand beyond its size."""
    if len(text) > XML_LIMIT:
        raise FormatError("The XML is too large", address, HINT, key="OME", rule="at most 64 MB")
    if re.search(r"<!\s*(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise FormatError(
            "The XML declares a document type",
            address,
            "tell who made the file",
            key="DOCTYPE",
            rule="OME-XML has none",
        )


def xml_text(text: str) -> str:
    """Return a text as XML and tables hold it: other characters are replaced by U+FFFD, line ends are LF."""
    if text.isprintable():
        return text
    return _NO_TEXT.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def _is(element: Element, name: str) -> bool:
    return element.tag == name or element.tag.endswith("}" + name)


def _children(element: Element, name: str) -> list[Element]:
    return [child for child in element if _is(child, name)]


def _image(image: Element, is_part: bool) -> OmeImage:
    pixels = next(iter(_children(image, "Pixels")), None)
    if pixels is None:
        return OmeImage(image.get("Name", ""), {}, ())
    sizes = {axis: _size(pixels, f"PhysicalSize{axis.upper()}", "micrometer") for axis in "zyx"}
    sizes["t"] = _size(pixels, "TimeIncrement", "second")
    return OmeImage(
        name=image.get("Name", ""),
        sizes={axis: size for axis, size in sizes.items() if size is not None},
        channels=tuple(_channel(channel) for channel in _children(pixels, "Channel")),
        places=_places(pixels) if is_part else {},
    )


def _places(pixels: Element) -> dict[str, tuple[float, str | None]]:
    plane = next(iter(_children(pixels, "Plane")), None)
    found: dict[str, tuple[float, str | None]] = {}
    for axis in "zyx" if plane is not None else "":
        name = f"Position{axis.upper()}"
        try:
            place = float(plane.get(name, ""))  # type: ignore[union-attr]
        except ValueError:
            continue
        if math.isfinite(place):
            found[axis] = place, UNITS.get(plane.get(f"{name}Unit", FRAME))  # type: ignore[union-attr]
    return found


def _size(pixels: Element, name: str, default_unit: str) -> tuple[float, str | None] | None:
    """Pixel size and unit; a symbol that is no unit of length or time (``pixel``, ``reference frame``) is None."""
    try:
        size = float(pixels.get(name, ""))
    except ValueError:
        return None
    if not (math.isfinite(size) and size > 0):
        return None
    symbol = pixels.get(f"{name}Unit")
    return size, default_unit if symbol is None else UNITS.get(symbol)


def _channel(channel: Element) -> OmeChannel:
    samples = channel.get("SamplesPerPixel", "1")
    return OmeChannel(
        name=channel.get("Name", ""),
        color=_color(channel.get("Color")),
        samples=int(samples) if re.fullmatch("[0-9]{1,3}", samples) else 1,
    )


def _color(value: str | None) -> str | None:
    """Colour of a channel, which OME-XML writes as a signed number of 32 bits, RRGGBBAA."""
    if value is None or re.fullmatch(r"-?[0-9]{1,10}", value) is None:
        return None
    return f"{int(value) & 0xFFFFFFFF:08X}"[:6]
