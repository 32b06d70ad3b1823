"""Answers of the IDR's search engine -> suggestions and containers; ``search_hits`` reads the images. Pure.

Ways of the engine that answers have: a failure is ``{"Error": "…"}`` with status 200; ``results`` is an empty list
where nothing matches and an object otherwise; "Your query returns no results" is an ``Error`` and no failure; names of
keys differ between views and releases (``Key`` or ``Attribute``; ``key`` in containers, ``name`` in images).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_idr.errors import ServerFailure
from napari_idr.model.catalog import Node, Project, Screen
from napari_idr.model.search import Suggestion

from .json_record import JsonRecord, wrong_type
from .omero_annotations import STUDY_NAMESPACE, MapAnnotation

if TYPE_CHECKING:
    from napari_idr.model.image import KeyValue

    from .omero_json import Source

NO_HITS = re.compile(r"no results|no result is found", re.IGNORECASE)
CONTAINERS: dict[str, type[Node]] = {"screen": Screen, "project": Project}
OTHER = "Other"
GROUPS: dict[str, tuple[str, ...]] = {
    "Gene": ("gene symbol", "gene identifier", "gene name", "gene annotation name", "gene symbol synonyms"),
    "Phenotype": ("phenotype", "phenotype term name", "phenotype term accession", "has phenotype"),
    "Organism": ("organism",),
    "Compound": ("compound name", "compound inchikey", "compound smiles", "compound pubchem cid", "compound chebi"),
    "siRNA": ("sirna identifier", "sirna pool identifier"),
    "Antibody": ("antibody name", "antibody identifier"),
    "Cell line": ("cell line",),
    "Study": ("name", "name (idr number)", "study title", "publication title", "publication authors"),
}
"""Keys of each group of suggestions, in lower case; every other key is in the group "Other"."""
_GROUP_OF = {key: group for group, keys in GROUPS.items() for key in keys}


def suggestion_group(key: str) -> str:
    """Return the group that the values of a key are suggested in."""
    return _GROUP_OF.get(key.strip().casefold(), OTHER)


def parse_suggestions(answer: object, address: str) -> tuple[Suggestion, ...]:
    """Return the values that contain a text, in the engine's order. Raises ``ProtocolError``, ``ServerFailure``."""
    record = checked_answer(answer, address)
    if record is None:
        return ()
    record.need("data", record.fields.get("data"))
    rows = [_lowered(row) for row in record.records("data")]
    return tuple(_suggestion(row) for row in rows)


def _suggestion(row: JsonRecord) -> Suggestion:
    key = row.text("key") or row.text("attribute") or ""
    counted = next((name for name in row.fields if name.startswith("number of")), "")
    return Suggestion(suggestion_group(key), key, row.need("value", row.text("value")), row.integer(counted))


@dataclass(frozen=True, slots=True)
class ContainerRows:
    """Screens and projects of an answer, and their key-values as annotations."""

    nodes: tuple[Node, ...]
    annotations: tuple[MapAnnotation, ...]


def parse_containers(answer: object, source: Source) -> ContainerRows:
    """Return screens and projects with the number of their images that match (or of all).

    A row without id or name, which the engine gives for a container it does not know, is left out.
    """
    record = checked_answer(answer, source.base)
    rows = [_lowered(row) for row in (_results(record) if record is not None else ())]
    rows = [row for row in rows if _kind(row) in CONTAINERS and row.text("name") and "id" in row]
    return ContainerRows(tuple(_container(row, source) for row in rows), tuple(_annotation(row) for row in rows))


def parse_image_counts(answer: object, address: str) -> dict[tuple[str, str], int]:
    """Return the number of images of each container, by (kind, name); releases differ in whether they tell its id."""
    record = checked_answer(answer, address)
    rows = [_lowered(row) for row in (_results(record) if record is not None else ())]
    counted = ((_kind(row), row.text("name") or "", row.integer("image count")) for row in rows)
    return {(kind, name): count for kind, name, count in counted if count is not None}


def _kind(row: JsonRecord) -> str:
    return (row.text("type") or "").lower()


def _container(row: JsonRecord, source: Source) -> Node:
    kind, number = _kind(row), row.identifier("id")
    return CONTAINERS[kind](
        kind=kind,  # type: ignore[arg-type]
        repository=source.repository,
        id=number,
        name=row.text("name") or "",
        address=source.link(kind, number),
        description=row.text("description") or "",
        match_count=row.integer("image count"),
    )


def _annotation(row: JsonRecord) -> MapAnnotation:
    parent = f"{_kind(row).capitalize()}I"
    return MapAnnotation(parent, row.identifier("id"), STUDY_NAMESPACE, key_values_of(row), row.text("name") or "")


def key_values_of(row: JsonRecord) -> tuple[KeyValue, ...]:
    """Return the key-values of a container (under ``key``) or an image (under ``name``), each once."""
    pairs = ((one.text("key") or one.text("name") or "", one.text("value") or "") for one in row.records("key_values"))
    return tuple(dict.fromkeys(pairs))


def checked_answer(answer: object, address: str) -> JsonRecord | None:
    """Return an answer that is none of the engine's failures, None for its way to say that nothing matches."""
    if isinstance(answer, list):
        return JsonRecord({"results": answer}, "", address)
    record = JsonRecord.of(answer, "", address)
    error = next((value for key, value in record.fields.items() if key.lower() == "error"), None)
    if error in (None, "", "none"):
        return record
    text = error if isinstance(error, str) else "without a reason"
    if NO_HITS.search(text):
        return None
    what = f"The search engine could not answer: {text[:200].strip().rstrip('.')}"
    raise ServerFailure(what, address, "change the conditions, or try again later")


def _results(record: JsonRecord) -> list[JsonRecord]:
    """Return the rows of an answer about containers, at whichever depth they are."""
    results: Any = record.fields.get("results")
    if isinstance(results, dict):
        record, results = JsonRecord.of(results, "results", record.address), results.get("results")
    if results is not None and not isinstance(results, list):
        raise wrong_type("results", "a list", results, record.address)
    return record.records("results")


def _lowered(row: JsonRecord) -> JsonRecord:
    """Return a row whose keys are in lower case, as they differ between views."""
    return JsonRecord({key.lower(): value for key, value in row.fields.items()}, row.path, row.address)
