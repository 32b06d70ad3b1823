"""Answers of OMERO.web about annotations and plate grids -> key-values and ``PlateGrid``. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.model.catalog import GridCell, PlateGrid

from .json_record import HINT, JsonRecord, wrong_type
from .omero_json import row_label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_idr.model.image import KeyValue

STUDY_NAMESPACE = "idr.openmicroscopy.org/study/info"
LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class MapAnnotation:
    """Key-values on one object: ``parent_class`` is "ImageI", "WellI", and the like."""

    parent_class: str
    parent_id: str
    namespace: str
    values: tuple[KeyValue, ...]
    parent_name: str = ""


def parse_annotations(answer: object, address: str) -> tuple[MapAnnotation, ...]:
    """Return the map annotations of an answer, inherited ones last. Raises ``ProtocolError``."""
    record = JsonRecord.of(answer, "", address)
    record.need("annotations", record.fields.get("annotations"))
    found = record.records("annotations")
    parents = record.record("parents")
    if parents is not None:
        found += parents.records("annotations")
    return tuple(_map_annotation(a) for a in found if a.text("class") == "MapAnnotationI")


def _map_annotation(record: JsonRecord) -> MapAnnotation:
    link = record.need("link", record.record("link"))
    parent = link.need("parent", link.record("parent"))
    pairs = record.items("values")
    return MapAnnotation(
        parent.need("class", parent.text("class")),
        parent.identifier("id"),
        record.text("ns") or "",
        tuple(pair_of(pair, f"{record.path}.values[{n}]", record.address) for n, pair in enumerate(pairs)),
        parent.text("name") or "",
    )


def pair_of(pair: object, path: str, address: str) -> KeyValue:
    """Return a key and its value; OMERO lets a value be null, which says nothing."""
    if isinstance(pair, list):
        pair = ["" if text is None else text for text in pair]
    if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(x, str) for x in pair):
        raise wrong_type(path, "a pair of texts", pair, address)
    return pair[0], pair[1]


def merge_values(annotations: Iterable[MapAnnotation]) -> tuple[KeyValue, ...]:
    """Return all key-values in order, each pair once: keys repeat, the same statement does not."""
    return tuple(dict.fromkeys(pair for annotation in annotations for pair in annotation.values))


def split_link(value: str) -> tuple[str, str]:
    """Return the text and the address of a value, "" for what it does not have.

    The IDR writes "text address". An address in the middle of a sentence leaves the sentence whole.
    """
    match = LINK.search(value)
    if match is None:
        return value, ""
    link = match.group().rstrip(".,;:!?'\"")
    link = link if "(" in link else link.rstrip(")")
    ends_with_it = value.rstrip().endswith(match.group()) and link == match.group()
    return (value[: match.start()].strip() if ends_with_it else value), link


def split_links(
    values: Iterable[KeyValue],
) -> tuple[tuple[KeyValue, ...], tuple[tuple[str, str], ...]]:
    """Return the key-values without addresses, and the (text, address) links that were in them.

    A value that is nothing but an address stays a value too.
    """
    kept: list[KeyValue] = []
    links: list[tuple[str, str]] = []
    for key, value in values:
        text, link = split_link(value)
        kept.append((key, text or value))
        if link:
            links.append((f"{key}: {text}" if text else _label(key, kept[:-1]), link))
    return tuple(kept), tuple(dict.fromkeys(links))


def _label(key: str, before: list[KeyValue]) -> str:
    """Return a text for a bare address: "Gene Identifier: ENSG…" for the key "Gene Identifier URL"."""
    owner = key.removesuffix(" URL")
    if owner != key and before and before[-1][0] == owner:
        return f"{owner}: {before[-1][1]}"
    return key


def parse_plate_grid(answer: object, address: str) -> PlateGrid:
    """Return the grid of one field of a plate, wells at the place their labels say. Raises ``ProtocolError``.

    A server may pad the grid or cut leading empty rows and columns off: labels, not positions, are the truth.
    """
    record = JsonRecord.of(answer, "", address)
    rows = [label_index(x, f"rowlabels[{n}]", address) for n, x in enumerate(record.items("rowlabels"))]
    columns = [label_index(x, f"collabels[{n}]", address) for n, x in enumerate(record.items("collabels"))]
    cells = []
    for n, line in enumerate(record.items("grid")):
        if not isinstance(line, list) or n >= len(rows) or len(line) > len(columns):
            raise wrong_type(f"grid[{n}]", "a row as long as its labels", line, address)
        found = (JsonRecord.of(c, f"grid[{n}][{m}]", address) if c is not None else None for m, c in enumerate(line))
        cells += [_cell(rows[n], columns[m], cell) for m, cell in enumerate(found) if cell is not None]
    lettered = not any(str(x).isdigit() for x in record.items("rowlabels"))
    across = any(isinstance(x, str) and x.isalpha() for x in record.items("collabels"))
    return PlateGrid(_labels(rows, lettered), _labels(columns, across), tuple(cells))


def _cell(row: int, column: int, record: JsonRecord) -> GridCell:
    name = record.text("name") or ""
    return GridCell(row, column, record.identifier("wellId"), record.identifier("id"), name)


def _labels(indexes: list[int], lettered: bool) -> tuple[str, ...]:
    count = max(indexes, default=-1) + 1
    return tuple(row_label(n) if lettered else str(n + 1) for n in range(count))


def label_index(label: object, path: str, address: str) -> int:
    """Return the 0-based index that a row or column label means: 1 -> 0, "A" -> 0, "AA" -> 26."""
    text = str(label) if type(label) in (int, str) else ""
    if re.fullmatch(r"[0-9]{1,4}", text) and int(text) > 0:
        return int(text) - 1
    if re.fullmatch(r"[A-Za-z]{1,2}", text):
        index = 0
        for letter in text.upper():
            index = index * 26 + ord(letter) - 64
        return index - 1
    raise wrong_type(path, "a row or column label", label, f"{address} ({HINT})")


def fit_labels(labels: tuple[str, ...], declared: int | None, used: Iterable[int]) -> tuple[str, ...]:
    """Return the labels of as many rows (or columns) as a plate declares, or as its wells need if that is more.

    Servers pad the grid to multiples of 8 by 12; where the plate declares nothing, that is left.
    """
    if declared is None or not 0 < declared <= 10_000:
        return labels
    count = max(declared, 1 + max(used, default=-1))
    lettered = bool(labels) and labels[0].isalpha()
    return labels[:count] + tuple(row_label(n) if lettered else str(n + 1) for n in range(len(labels), count))
