"""Objects of OMERO's JSON API (omero-marshal, schema OME 2016-06) -> nodes of the catalogue. Pure.

Absent fields are null by the protocol; every field but ``@id`` is optional (``Name`` is shown as "#id" then).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from napari_idr.model.catalog import (
    Dataset,
    ImageNode,
    Node,
    Plate,
    PlateAcquisition,
    Project,
    Screen,
    Well,
    WellSample,
)
from napari_idr.model.image import FieldPosition

from .json_record import JsonRecord

if TYPE_CHECKING:
    from collections.abc import Callable

NodeT = TypeVar("NodeT", bound=Node)

SIZES = ("X", "Y", "Z", "C", "T")
MICROMETERS = {
    "METER": 1e6,
    "DECIMETER": 1e5,
    "CENTIMETER": 1e4,
    "MILLIMETER": 1e3,
    "MICROMETER": 1.0,
    "NANOMETER": 1e-3,
    "PICOMETER": 1e-6,
    "ANGSTROM": 1e-4,
    "INCH": 25400.0,
}
"""Micrometres per unit of ``TBD#LengthI``; other units (PIXEL, REFERENCEFRAME) are no physical length."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where an answer came from: what every node made of it carries."""

    repository: str
    base: str
    """OMERO.web base address, with trailing slash."""
    accession: str = ""

    def link(self, kind: str, number: str) -> str:
        """Return the web page of an object, which is also the address that leads back to it."""
        return f"{self.base}webclient/?show={'run' if kind == 'acquisition' else kind}-{number}"


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list: its objects and how long the whole list is."""

    records: tuple[JsonRecord, ...]
    total: int


def parse_listing(answer: object, address: str) -> Listing:
    """Return the objects of a list view. Raises ``ProtocolError`` where it is not one."""
    record = JsonRecord.of(answer, "", address)
    record.need("data", record.fields.get("data"))
    records = tuple(record.records("data"))
    meta = record.record("meta")
    total = None if meta is None else meta.integer("totalCount")
    return Listing(records, len(records) if total is None else max(total, len(records)))


def parse_single(answer: object, address: str) -> JsonRecord:
    """Return the object of an item view. Raises ``ProtocolError`` where it is not one."""
    record = JsonRecord.of(answer, "", address)
    return record.need("data", record.record("data"))


def parse_node(kind: str, record: JsonRecord, source: Source) -> Node:
    """Return the node for an object of a kind that the JSON API lists. Raises ``ProtocolError``."""
    return _PARSERS[kind](record, source)


def _container(cls: type[NodeT], kind: str, record: JsonRecord, source: Source, **more: Any) -> NodeT:
    number = record.identifier()
    return cls(
        kind=kind,  # type: ignore[arg-type]
        repository=source.repository,
        id=number,
        name=record.text("Name") or f"#{number}",
        address=source.link(kind, number),
        accession=source.accession,
        description=record.text("Description") or "",
        child_count=record.integer("omero:childCount"),
        **more,
    )


def parse_plate(record: JsonRecord, source: Source) -> Plate:
    """Return a plate; rows and columns as declared, which may be fewer than its wells need."""
    return _container(Plate, "plate", record, source, rows=record.integer("Rows"), columns=record.integer("Columns"))


def parse_acquisition(record: JsonRecord, source: Source) -> PlateAcquisition:
    """Return a run of a plate with the range of its fields in each well."""
    first, last = parse_field_range(record)
    return _container(PlateAcquisition, "acquisition", record, source, first_field=first, last_field=last)


def parse_field_range(record: JsonRecord) -> tuple[int, int] | tuple[None, None]:
    """Return the first and last well-sample index, (None, None) where there are no images."""
    numbers = [n for n in record.items("omero:wellsampleIndex") if type(n) is int]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else (None, None)


def parse_image(record: JsonRecord, source: Source) -> ImageNode:
    """Return an image with its sizes, where the view loads them."""
    pixels = record.record("Pixels")
    sizes: list[tuple[str, int]] = []
    kind = None
    if pixels is not None:
        found = ((axis.lower(), pixels.integer(f"Size{axis}")) for axis in SIZES)
        sizes = [(axis, size) for axis, size in found if size is not None]
        kind = pixels.record("Type")
    return _container(
        ImageNode,
        "image",
        record,
        source,
        sizes=tuple(sizes),
        pixel_type="" if kind is None else kind.text("value") or "",
        thumbnail_id=record.identifier(),
    )


def parse_external_address(record: JsonRecord) -> str | None:
    """Return ``externalInfo.Lsid`` of an image: where its OME-Zarr lies, None where it says nothing."""
    details = record.record("omero:details")
    external = None if details is None else details.record("externalInfo")
    return None if external is None else external.text("Lsid")


def parse_well(record: JsonRecord, source: Source) -> Well:
    """Return a well with its fields in the server's order; a well without any field has no samples."""
    number = record.identifier()
    row = record.index("Row")
    column = record.index("Column")
    samples = tuple(_sample(r, n, source) for n, r in enumerate(record.records("WellSamples")))
    return Well(
        kind="well",
        repository=source.repository,
        id=number,
        name=well_name(row, column),
        address=source.link("well", number),
        accession=source.accession,
        description=record.text("ExternalDescription") or "",
        child_count=len(samples),
        thumbnail_id=next((s.image_id for s in samples if s.image_id), ""),
        row=row,
        column=column,
        samples=samples,
    )


def _sample(record: JsonRecord, index: int, source: Source) -> WellSample:
    image, run = record.record("Image"), record.record("PlateAcquisition")
    image_id = "" if image is None else image.identifier()
    return WellSample(
        kind="field",
        repository=source.repository,
        id=record.identifier(),
        name=f"Field {index + 1}",
        address=source.link("image", image_id) if image_id else "",
        accession=source.accession,
        description="" if image is None else image.text("Name") or "",
        thumbnail_id=image_id,
        image_id=image_id,
        index=index,
        acquisition="" if run is None else run.identifier(),
    )


def parse_positions(record: JsonRecord) -> tuple[FieldPosition, ...]:
    """Return the stage positions of a well's fields, in micrometres or in the file's own unit of no length.

    Raises ``ProtocolError`` for numbers that are none.
    """
    row = record.index("Row")
    column = record.index("Column")
    found = []
    for index, sample in enumerate(record.records("WellSamples")):
        x, y = parse_length(sample.record("PositionX")), parse_length(sample.record("PositionY"))
        if x is not None and y is not None and x[1] == y[1]:
            found.append(FieldPosition(f"{row_label(row)}/{column + 1}", index, y[0], x[0], y[1]))
    return tuple(found)


def parse_length(record: JsonRecord | None) -> tuple[float, str] | None:
    """Return a length as ``(value, unit)``: ("micrometer") for every physical unit, else the unit's own name.

    Converted by ``Unit``, never assumed. None where there is no value or no unit.
    """
    if record is None or record.number("Value") is None or record.text("Unit") is None:
        return None
    value, unit = record.need("Value", record.number("Value")), record.need("Unit", record.text("Unit"))
    if unit.upper() in MICROMETERS:
        return value * MICROMETERS[unit.upper()], "micrometer"
    return value, unit.lower()


def row_label(index: int) -> str:
    """Return the letters of a 0-based row: A to Z, then AA."""
    letters = ""
    index += 1
    while index > 0:
        index, remainder = divmod(index - 1, 26)
        letters = chr(65 + remainder) + letters
    return letters


def well_name(row: int, column: int) -> str:
    """Return the name of a well by its 0-based place: "B7"."""
    return f"{row_label(row)}{column + 1}"


_PARSERS: dict[str, Callable[[JsonRecord, Source], Node]] = {
    "project": lambda record, source: _container(Project, "project", record, source),
    "dataset": lambda record, source: _container(Dataset, "dataset", record, source),
    "screen": lambda record, source: _container(Screen, "screen", record, source),
    "plate": parse_plate,
    "acquisition": parse_acquisition,
    "image": parse_image,
    "well": parse_well,
}
