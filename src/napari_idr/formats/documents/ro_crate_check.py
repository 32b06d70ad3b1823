"""What is wrong with an RO-Crate of annotations, by the rules of the BioImage Archive's own validator, restated.

That validator is on no package registry, and it asks the network for the context. Each ``@id`` is one thing; a study,
one file list, datasets and methods refer to one another; each annotation names an image of the same list.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from napari_idr.errors import FormatError, NapariIdrError
from napari_idr.formats.delimited import read_table
from napari_idr.model.finding import Finding
from napari_idr.model.submission import ANNOTATION_TYPES

from .ro_crate import DATA, IMAGE, METADATA
from .ro_crate_context import BIA, RDF_TYPE, RO_CRATE, SCHEMA
from .submitted_file import is_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    Entities = Mapping[str, Mapping[str, Any]]

LARGEST = 64 << 20
STUDY = ("name", "contributor", "description", "license", "datePublished", "hasPart", "accessionId")
REQUIRED = {
    "bia:AnnotationMethod": ("title", "protocolDescription"),
    "bia:ImageAcquisitionProtocol": ("title", "protocolDescription", "imagingInstrumentDescription"),
    "bia:Dataset": ("name",),
    "bia:Contributor": ("displayName",),
}
CLASSES = frozenset({"bia:Study", "bia:FileList", "bia:ExternalReference", "bia:AnnotationData", *REQUIRED})
INDICATORS = frozenset({"metadata_file", "file_name_exact_match", "file_name_pattern", "file_path", "other"})
PATH, PART, SOURCE = f"{BIA}filePath", f"{SCHEMA}isPartOf", f"{BIA}associatedSourceImage"
METHOD, NAME, SIZE = f"{BIA}associatedAnnotationMethod", f"{SCHEMA}name", f"{BIA}sizeInBytes"


def check_ro_crate(folder: Path) -> tuple[Finding, ...]:
    """Return what is wrong with the crate in a folder; nothing of it is changed, no network is asked."""
    try:
        entities = _entities(folder / METADATA)
    except NapariIdrError as error:
        return (Finding("P22", "error", METADATA, str(error)),)
    found = [*_entity_findings(entities), *_study_findings(entities)]
    lists = [name for name, one in entities.items() if "bia:FileList" in _types(one)]
    if len(lists) != 1:
        return (*found, _error("P22", METADATA, f"There are {len(lists)} file lists, not one"))
    return (*found, *_list_findings(folder, lists[0], entities))


def _error(identifier: str, where: str, what: str, why: str = "the archive's validator refuses it") -> Finding:
    return Finding(identifier, "error", where, what, why)


def _entities(path: Path) -> dict[str, Mapping[str, Any]]:
    """Return the things of a crate by their ids. Raises ``FormatError``."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        document = json.loads(data) if len(data) <= LARGEST else None
    except OSError as error:
        raise FormatError("There is no such file in the folder", path.name, "choose the root of the crate") from error
    except (ValueError, RecursionError) as error:
        raise FormatError("It is no JSON", path.name, "write it again", rule=str(error)[:80]) from error
    graph = document.get("@graph") if isinstance(document, dict) else None
    if not isinstance(graph, list) or not all(
        isinstance(one, dict) and isinstance(one.get("@id"), str) for one in graph
    ):
        raise FormatError("It has no list of things with ids", path.name, "write it again", key="@graph")
    found: dict[str, Mapping[str, Any]] = {one["@id"]: one for one in graph}
    if len(found) != len(graph):
        raise FormatError("Two things have one id", path.name, "write it again", key="@graph")
    return found


def _types(entity: Mapping[str, Any]) -> list[str]:
    types = entity.get("@type", [])
    return [types] if isinstance(types, str) else [one for one in types if isinstance(one, str)]


def _entity_findings(entities: Entities) -> Iterator[Finding]:
    for name, one in entities.items():
        classes = [kind for kind in _types(one) if kind in CLASSES]
        if len(classes) > 1:
            yield _error("P22", f"{METADATA}, {name}", f"It is {' and '.join(classes)} at once")
        for kind in classes:
            for key in REQUIRED.get(kind, ()):
                if not one.get(key):
                    yield _error("P19", f"{METADATA}, {name}", f"{key} is missing")
        if "bia:AnnotationMethod" in classes:
            yield from _method_findings(name, one)


def _method_findings(name: str, method: Mapping[str, Any]) -> Iterator[Finding]:
    kinds = method.get("methodType", [])
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if kind not in ANNOTATION_TYPES:
            why = "the archive's validator does not see it, its ingest refuses it"
            yield _error("P18", f"{METADATA}, {name}", f"{kind!r} is no type of annotation", why)
    if method.get("annotationSourceIndicator", "other") not in INDICATORS:
        yield _error("P22", f"{METADATA}, {name}", "annotationSourceIndicator has a value that is not one of its five")


def _study_findings(entities: Entities) -> Iterator[Finding]:
    descriptor = entities.get(METADATA, {})
    if _ids(descriptor.get("about")) != ["./"] or RO_CRATE not in _ids(descriptor.get("conformsTo")):
        yield _error("P22", METADATA, "It does not say that it describes ./ by RO-Crate 1.1")
    study = entities.get("./", {})
    if not {"Dataset", "bia:Study"} <= set(_types(study)):
        yield _error("P22", f"{METADATA}, ./", "The root is not both Dataset and bia:Study")
    for key in STUDY:
        if not study.get(key):
            yield _error("P19", f"{METADATA}, ./", f"{key} is missing")
    for key in ("contributor", "hasPart"):
        for missing in (one for one in _ids(study.get(key)) if one not in entities):
            yield _error("P22", f"{METADATA}, ./", f"{key} names {missing}, which is not there")
    if study.get("license") and not str(study["license"]).startswith("https://"):
        yield _error("P19", f"{METADATA}, ./", "license is no address")


def _ids(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(one["@id"]) for one in values if isinstance(one, dict) and "@id" in one]


def _list_findings(folder: Path, name: str, entities: Entities) -> Iterator[Finding]:
    if not is_path(name):
        yield _error("P16", METADATA, f"The file list cannot be named {name!r}")
        return
    try:
        table = read_table(folder / name, delimiter="\t")
    except NapariIdrError as error:
        yield _error("P22", name, str(error))
        return
    yield from (Finding("P15", "warning", name, remark) for remark in table.remarks)
    columns = _columns(name, entities)
    absent = [url for url in (PATH, PART) if url not in columns]
    unknown = [column for column in columns.values() if column not in table.columns]
    if absent or unknown:
        what = f"No column is {absent[0]}" if absent else f"The list has no column {unknown[0]}"
        yield _error("P17", name, what)
        return
    rows = [{url: row[column] for url, column in columns.items()} for row in table.rows]
    yield from _row_findings(folder, name, rows, entities)


def _columns(name: str, entities: Entities) -> dict[str, str]:
    """Return the names of the columns by the property that each is."""
    schemas = [entities.get(one, {}) for one in _ids(entities[name].get("tableSchema"))]
    listed = [entities.get(one, {}) for schema in schemas for one in _ids(schema.get("column"))]
    return {str(one["propertyUrl"]): str(one.get("columnName", "")) for one in listed if one.get("propertyUrl")}


def _row_findings(folder: Path, name: str, rows: Sequence[Mapping[str, str]], entities: Entities) -> Iterator[Finding]:
    images = {text for row in rows if row.get(RDF_TYPE) == IMAGE for text in (row[PATH], row.get(NAME, "")) if text}
    seen: set[str] = set()
    for number, row in enumerate(rows, 2):
        where = f"{name}, row {number}"
        path, source = row[PATH], row.get(SOURCE, "")
        if path in seen or not path:
            yield _error("P11", where, f"{path or 'An empty path'} is listed twice or is none")
        seen.add(path)
        if row[PART] not in entities or "bia:Dataset" not in _types(entities[row[PART]]):
            yield _error("P22", where, f"{row[PART]!r} is no dataset of the crate")
        if row.get(RDF_TYPE, "") not in ("", IMAGE, DATA):
            yield _error("P22", where, f"{row[RDF_TYPE]!r} is no type of file")
        method = row.get(METHOD, "")
        if method and "bia:AnnotationMethod" not in _types(entities.get(method, {})):
            yield _error("P22", where, f"{method!r} is no annotation method of the crate")
        is_annotation = row.get(RDF_TYPE) == DATA or bool(method)
        if (is_annotation or source) and (source not in images or source == path):
            yield _error("P17", where, f"The source image {source!r} has no row of its own that is an image")
        if is_annotation:
            yield from _file_findings(folder, path, row.get(SIZE, ""), where)


def _file_findings(folder: Path, path: str, size: str, where: str) -> Iterator[Finding]:
    if not is_path(path):
        yield _error("P16", where, f"The archive takes no file named {path!r}")
    elif not (folder / path).exists():
        yield _error("P22", where, f"{path} is not there", "a file that is listed must be in the submission")
    elif size and (folder / path).is_file() and size != str((folder / path).stat().st_size):
        yield _error("P22", where, f"{path} has another size than is listed", "it was changed since")
