"""Columns of the table of ROIs that tell an object, and how a cell that somebody changed gets back into it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_idr.formats.model_json import DocumentError, time_of, time_text
from napari_idr.formats.ome_xml import xml_text
from napari_idr.model.annotation_set import STATUSES, AnnotatedObject, LabelPlace
from napari_idr.model.annotator import Annotator, bare_orcid
from napari_idr.model.ontology import OntologyTerm, Phenotype, accession_of

from .plain_numbers import number_of, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from napari_idr.formats.delimited import Row
    from napari_idr.model.annotation_set import Feature, Value

FEATURE = "feature:"
SEPARATOR = "; "
"""Between the phenotypes of an object that has several."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Cells that belong together: how they follow from an object, and how they change it."""

    names: tuple[str, ...]
    get: Callable[[AnnotatedObject], Sequence[str]]
    put: Callable[[Sequence[str]], dict[str, Any]]
    """Fields of the object by what cells say; raises ``DocumentError``."""


def _text(column: str, field: str) -> Columns:
    return Columns(
        (column,),
        lambda one: (xml_text(getattr(one, field)),),
        lambda cells: {field: cells[0]},
    )


def _time(field: str) -> Columns:
    def get(one: AnnotatedObject) -> Sequence[str]:
        time: datetime | None = getattr(one, field)
        return ("" if time is None else time_text(time),)

    def put(cells: Sequence[str]) -> dict[str, Any]:
        return {field: time_of(cells[0]) if cells[0] else None}

    return Columns((field,), get, put)


def _phenotype_cells(one: AnnotatedObject) -> Sequence[str]:
    terms = [phenotype.term or OntologyTerm("", "") for phenotype in one.phenotypes]
    parts = [phenotype.name for phenotype in one.phenotypes], [t.label for t in terms], [t.accession for t in terms]
    return [xml_text(SEPARATOR.join(listed)) if any(listed) else "" for listed in parts]


def _phenotypes(cells: Sequence[str]) -> dict[str, Any]:
    names, labels, accessions = (cell.split(SEPARATOR) if cell else [] for cell in cells)
    if not len(names) == len(labels) == len(accessions):
        names, labels, accessions = [cells[0]] if cells[0] else [], [cells[1]], [cells[2]]
    found = zip(names, labels, accessions, strict=False)
    return {"phenotypes": tuple(_phenotype(*triple) for triple in found)}


def _phenotype(name: str, label: str, accession: str) -> Phenotype:
    known = accession_of(accession)
    if accession and not known:
        raise DocumentError(f"{accession[:40]!r} is no accession of a term")
    return Phenotype(name, OntologyTerm(known, label) if known else None)


def _annotator(cells: Sequence[str]) -> dict[str, Any]:
    return {"annotator": Annotator(cells[0], bare_orcid(cells[1]) if cells[1] else "")}


def _status(cells: Sequence[str]) -> dict[str, Any]:
    status = cells[0] or "unreviewed"
    if status not in STATUSES:
        raise DocumentError(f"{status[:40]!r} is no status, which is one of {', '.join(STATUSES)}")
    return {"status": status}


def _label_cells(one: AnnotatedObject) -> Sequence[str]:
    return ("", "") if one.label is None else (xml_text(one.label.image), str(one.label.value))


def _label(cells: Sequence[str]) -> dict[str, Any]:
    if not any(cells):
        return {"label": None}
    if not re.fullmatch(r"-?\d{1,19}(\.0+)?", cells[1]):
        raise DocumentError(f"{cells[1][:40]!r} is no label value")
    return {"label": LabelPlace(cells[0], int(cells[1].partition(".")[0]))}


def _parents(cells: Sequence[str]) -> dict[str, Any]:
    return {"parents": tuple(cells[0].split())}


OBJECT_COLUMNS = (
    _text("roi_uuid", "uuid"),
    _text("roi_name", "name"),
    _text("layer", "layer"),
    _text("class", "object_class"),
    Columns(("label_image", "label_value"), _label_cells, _label),
    Columns(("parent_uuid",), lambda one: (" ".join(one.parents),), _parents),
    Columns(("phenotype", "phenotype_term_name", "phenotype_term_accession"), _phenotype_cells, _phenotypes),
    _text("comment", "comment"),
    Columns(("status",), lambda one: (one.status,), _status),
    Columns(
        ("annotator_name", "annotator_orcid"),
        lambda one: (xml_text(one.annotator.name), xml_text(one.annotator.orcid)),
        _annotator,
    ),
    _time("created"),
    _time("modified"),
)
NAMES = tuple(name for columns in OBJECT_COLUMNS for name in columns.names)


def object_cells(one: AnnotatedObject) -> Row:
    """Return the cells that tell an object, its features among them."""
    cells = {name: cell for part in OBJECT_COLUMNS for name, cell in zip(part.names, part.get(one), strict=True)}
    return cells | {FEATURE + xml_text(name): value_text(value) for name, value in one.features}


def edits(one: AnnotatedObject, row: Row) -> dict[str, Any]:
    """Return the fields of an object that the cells of a row change: where they are not what it would write.

    Columns that are not there change nothing. Raises ``DocumentError``.
    """
    changes: dict[str, Any] = {}
    for columns in OBJECT_COLUMNS:
        before = columns.get(one)
        cells = [row.get(name, said) for name, said in zip(columns.names, before, strict=True)]
        if list(cells) != list(before):
            changes |= columns.put(cells)
    features = _features(one, row)
    return changes if features == one.features else changes | {"features": features}


def _features(one: AnnotatedObject, row: Row) -> tuple[Feature, ...]:
    said = {FEATURE + xml_text(name): (name, value) for name, value in one.features}
    found = [(name, value) for name, value in one.features if FEATURE + xml_text(name) not in row]
    for column, cell in row.items():
        if not column.startswith(FEATURE):
            continue
        name, value = said.get(column, (column.removeprefix(FEATURE), None))
        if value_text(value) != cell:
            found.append((name, value_of(cell)))
        elif column in said:
            found.append((name, value))
    order = {name: number for number, (name, _) in enumerate(one.features)}
    return tuple(sorted(found, key=lambda pair: order.get(pair[0], len(order))))


def value_text(value: Value) -> str:
    """Return a value of a features table as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return plain(value) if abs(value) < float("inf") else str(value)
    return "" if value is None else xml_text(str(value))


def value_of(text: str) -> Value:
    """Return the value that a text stands for: a truth value, a number, else the text ("NA" is a text)."""
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"-?(0|[1-9]\d{0,17})", text):
        return int(text)
    try:
        return number_of(text) if re.match(r"[-+.\d]", text) else text
    except ValueError:
        return text
