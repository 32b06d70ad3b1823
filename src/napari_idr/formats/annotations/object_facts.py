"""What is said of an object as one row of a table: plain columns that other programs show, and the record beside them.

The record is the object as ``model_json`` writes it, without shapes and label. A row whose columns were edited since is
read by its columns, which is said; a row that somebody else wrote has no record at all.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, UUID, uuid5

from napari_idr.errors import FormatError
from napari_idr.formats.model_json import Document, DocumentError, from_document, time_or_none, time_text, to_document
from napari_idr.formats.ome_xml import xml_text
from napari_idr.model.annotation_set import STATUSES, AnnotatedObject
from napari_idr.model.annotator import Annotator, bare_orcid
from napari_idr.model.ontology import OntologyTerm, Phenotype, accession_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_idr.model.annotation_set import Feature, LabelPlace, Value

RECORD = "napari_idr"
"""Column, or key, of the record."""
OWN_COLUMNS = (
    "roi_uuid",
    "name",
    "class",
    "comment",
    "annotator",
    "annotator_orcid",
    "created",
    "modified",
    "status",
)
_PHENOTYPE = re.compile(r"phenotype(?:_([2-9]|[1-9]\d+))?(_term_name|_term_accession|_no_term)?")
FEATURE = "feature:"
"""Put before the name of a feature that would be taken for another column."""


def object_facts(one: AnnotatedObject, taken: Sequence[str] = ()) -> dict[str, Value]:
    """Return the columns of an object that have a value; ``taken`` are columns that the format has itself.

    Raises ``FormatError`` where two of its features have one name.
    """
    facts: dict[str, Value] = {
        "roi_uuid": one.uuid,
        "name": one.name,
        "class": one.object_class,
        **_phenotype_facts(one.phenotypes),
        "comment": one.comment,
        "annotator": one.annotator.name,
        "annotator_orcid": one.annotator.orcid,
        "created": time_text(one.created),
        "modified": time_text(one.modified),
        "status": one.status,
    }
    facts = {name: _clean_value(value) for name, value in facts.items() if value != ""}
    for name, value in one.features:
        column = xml_text(_feature_column(name, taken))
        if column in facts:
            raise FormatError(f"Two features are named {name!r}", one.name or one.uuid, "rename one of them")
        if value not in (None, "") and not (isinstance(value, float) and not math.isfinite(value)):
            facts[column] = _clean_value(value)
    return facts


def _clean_value(value: Value) -> Value:
    return xml_text(value) if isinstance(value, str) else value


def object_record(one: AnnotatedObject) -> Document:
    """Return all that is said of an object, but for its shapes and its label."""
    return to_document(one, ("shapes", "label"))


def object_from_record(record: object, label: LabelPlace | None) -> AnnotatedObject:
    """Return the object of a record, without shapes, in the place that the caller knows. Raises ``DocumentError``."""
    if not isinstance(record, dict):
        raise DocumentError("the record is no object")
    place = None if label is None else to_document(label)
    one = from_document(AnnotatedObject, {**record, "shapes": [], "label": place}, "record")
    if one.level < 0 or not one.uuid:
        raise DocumentError("the record has no uuid, or a level below 0")
    return one


def object_row(one: AnnotatedObject, taken: Sequence[str] = ()) -> dict[str, Any]:
    """Return the columns of an object and its record."""
    record = object_record(one)
    record.pop("uuid")
    return {**object_facts(one, taken), **({RECORD: record} if record else {})}


def object_from_row(
    row: Mapping[str, Any], file: str, *, label: LabelPlace | None = None, uuid: str, taken: Sequence[str] = ()
) -> tuple[AnnotatedObject, str]:
    """Return the object of a row, and a sentence where its columns and its record disagree.

    ``uuid`` is that of a row that has none.
    """
    facts = {name: value for name, value in row.items() if name not in (RECORD, *taken) and value not in ("", None)}
    plain = _object_from_facts(facts, label, uuid)
    given = row.get(RECORD)
    if given in (None, ""):
        return plain, ""
    try:
        record = json.loads(given) if isinstance(given, str) else dict(given)
        one = object_from_record({**record, "uuid": plain.uuid}, label)
    except (ValueError, TypeError, RecursionError):
        return plain, f"{file}: what was noted of {plain.name or plain.uuid} cannot be read, its columns were."
    if not _agree(object_facts(one, taken), facts):
        return replace(
            one, **_differing(plain, one)
        ), f"{file}: {plain.name or plain.uuid} was edited, its columns count."
    return one, ""


def _agree(noted: Mapping[str, Value], found: Mapping[str, Any]) -> bool:
    """Return whether two rows say the same, one of them perhaps a table of texts."""
    return noted.keys() == found.keys() and all(_same(value, found[name]) for name, value in noted.items())


def _same(one: Value, other: Any) -> bool:
    texts = [str(value).lower() if isinstance(value, bool) else str(value).strip() for value in (one, other)]
    if texts[0] == texts[1] or isinstance(one, (str, bool)) or one is None:
        return texts[0] == texts[1]
    try:
        return float(other) == one
    except (TypeError, ValueError):
        return False


def _differing(plain: AnnotatedObject, recorded: AnnotatedObject) -> dict[str, Any]:
    """Return the fields that columns hold, as the columns have them; terms keep what the record knows of them."""
    known = {one.term.accession: one.term for one in recorded.phenotypes if one.term is not None}
    phenotypes = tuple(
        replace(one, term=known[one.term.accession])
        if one.term and one.term.accession in known and known[one.term.accession].label == one.term.label
        else one
        for one in plain.phenotypes
    )
    names = ("name", "object_class", "comment", "annotator", "created", "modified", "status", "features")
    return {name: getattr(plain, name) for name in names} | {"phenotypes": phenotypes}


def _phenotype_facts(phenotypes: Sequence[Phenotype]) -> dict[str, Value]:
    facts: dict[str, Value] = {}
    for number, phenotype in enumerate(phenotypes, 1):
        column = "phenotype" if number == 1 else f"phenotype_{number}"
        facts[column] = phenotype.name
        if phenotype.term is not None:
            facts[f"{column}_term_name"] = phenotype.term.label
            facts[f"{column}_term_accession"] = phenotype.term.accession
        if phenotype.no_term:
            facts[f"{column}_no_term"] = True
    return facts


def _feature_column(name: str, taken: Sequence[str]) -> str:
    clashes = name in OWN_COLUMNS or name in taken or name in ("uuid", RECORD, "") or _PHENOTYPE.fullmatch(name)
    return f"{FEATURE}{name}" if clashes or name.startswith(FEATURE) else name


def _object_from_facts(facts: Mapping[str, Any], label: LabelPlace | None, uuid: str) -> AnnotatedObject:
    status = str(facts.get("status", ""))
    features = tuple(
        _feature(name, value)
        for name, value in facts.items()
        if name not in OWN_COLUMNS and name != "uuid" and not _PHENOTYPE.fullmatch(name)
    )
    return AnnotatedObject(
        uuid=_uuid(str(facts.get("roi_uuid", facts.get("uuid", "")))) or uuid,
        label=label,
        name=str(facts.get("name", "")),
        object_class=str(facts.get("class", "")),
        phenotypes=_phenotypes(facts),
        comment=str(facts.get("comment", "")),
        annotator=Annotator(str(facts.get("annotator", "")), bare_orcid(str(facts.get("annotator_orcid", "")))),
        created=time_or_none(facts.get("created")),
        modified=time_or_none(facts.get("modified")),
        status=next((known for known in STATUSES if known == status), "unreviewed"),
        features=features,
    )


def _feature(name: str, value: Any) -> Feature:
    plain = value if isinstance(value, (str, int, float, bool)) else json.dumps(value, sort_keys=True)
    return name.removeprefix(FEATURE), plain


def _phenotypes(facts: Mapping[str, Any]) -> tuple[Phenotype, ...]:
    numbers = {int(match[1] or 1) for match in map(_PHENOTYPE.fullmatch, facts) if match}
    return tuple(
        _one_phenotype(facts, "phenotype" if number == 1 else f"phenotype_{number}") for number in sorted(numbers)
    )


def _one_phenotype(facts: Mapping[str, Any], column: str) -> Phenotype:
    accession = str(facts.get(f"{column}_term_accession", ""))
    label = str(facts.get(f"{column}_term_name", ""))
    term = OntologyTerm(accession_of(accession) or accession, label) if accession or label else None
    no_term = str(facts.get(f"{column}_no_term", "")).lower() == "true"
    return Phenotype(str(facts.get(column, "")) or label or accession, term, no_term)


def _uuid(text: str) -> str:
    """Return a uuid as it is written, "" for what is none: not every column of that name holds one."""
    try:
        return text if str(UUID(text)) == text.lower() else ""
    except ValueError:
        return ""


def derived_uuid(*parts: object) -> str:
    """Return the uuid of an object whose file gives none: the same each time that the file is read."""
    return str(uuid5(NAMESPACE_URL, "/".join(["napari-idr", *map(str, parts)])))
