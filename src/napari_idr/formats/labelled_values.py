"""Map annotations -> statements that say where they hang, with links and ontology terms resolved. Pure.

An annotation spells one thing out over several keys ("Phenotype Term Name", "… Accession", "… Accession URL"): the
address and the accession become part of the statement they belong to.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_idr.model.labelled_values import NEAREST, LabelledValue, Place, PlaceKind

from .identifier_links import identifier_link, is_accession
from .omero_annotations import STUDY_NAMESPACE, split_link

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_idr.model.image import KeyValue

    from .omero_annotations import MapAnnotation

    _Owners = list[tuple[str, "_Row"]]

KINDS: dict[str, PlaceKind] = {
    "ImageI": "image",
    "WellI": "well",
    "PlateAcquisitionI": "acquisition",
    "PlateI": "plate",
    "DatasetI": "dataset",
    "ScreenI": "screen",
    "ProjectI": "project",
}
MAPR = "openmicroscopy.org/mapr/"
GROUPS = {
    "gene": "Gene",
    "phenotype": "Phenotype",
    "organism": "Organism",
    "cell_line": "Cell line",
    "sirna": "siRNA",
    "compound": "Compound",
    "antibody": "Antibody",
    "orf": "ORF",
    "protein": "Protein",
    "OMAP": "OMAP",
}
NOTEBOOK = "openmicroscopy.org/idr/analysis/notebook"


@dataclass(slots=True)
class _Row:
    """A statement in the making."""

    key: str
    value: str
    link: str = ""
    accession: str = ""
    places: dict[Place, None] = field(default_factory=dict)
    namespace: str = ""


def label_values(annotations: Iterable[MapAnnotation]) -> tuple[LabelledValue, ...]:
    """Return the statements of annotations, those of the nearest object first, each once with all its places."""
    merged: dict[KeyValue, _Row] = {}
    known = [(_place(one), one) for one in annotations if one.parent_class in KINDS]
    for place, annotation in sorted(known, key=lambda pair: NEAREST.index(pair[0].kind)):
        for row in fold(annotation.values):
            row.namespace = annotation.namespace
            kept = merged.setdefault((row.key.casefold(), row.value), row)
            kept.places[place] = None
            kept.link, kept.accession = kept.link or row.link, kept.accession or row.accession
    return tuple(_finished(row) for row in merged.values())


def _place(annotation: MapAnnotation) -> Place:
    return Place(KINDS[annotation.parent_class], annotation.parent_name)


def _finished(row: _Row) -> LabelledValue:
    accession = row.accession or (row.value if is_accession(row.value) else "")
    link = row.link or identifier_link(row.key, accession or row.value)
    return LabelledValue(row.key, row.value, tuple(row.places), group_of(row.namespace), row.namespace, link, accession)


def group_of(namespace: str) -> str:
    """Return what the annotations of a namespace are about, "" where it does not say."""
    if namespace == STUDY_NAMESPACE:
        return "Study"
    if namespace == NOTEBOOK:
        return "Notebook"
    name = namespace.removeprefix(MAPR).partition("/")[0]
    return GROUPS.get(name, "") if namespace.startswith(MAPR) else ""


def fold(values: Iterable[KeyValue]) -> list[_Row]:
    """Return the rows of one annotation, addresses and accessions put to what they belong to."""
    pairs = [(key.strip(), value) for key, value in values]
    counts = Counter(key.casefold() for key, _ in pairs)
    rows: list[_Row] = []
    owners: _Owners = []
    for key, value in pairs:
        text, link = split_link(value)
        name = key.casefold()
        owner = _linked(name, text, link, owners, counts) or _named(name, text, owners, counts)
        if owner is None:
            owner = _Row(key, text or value, link)
            rows.append(owner)
        owners.append((name, owner))
    return rows


def _linked(name: str, text: str, link: str, owners: _Owners, counts: Counter[str]) -> _Row | None:
    """Return the row that a bare address under "… URL" belongs to, now with its link."""
    owner = name.removesuffix(" url")
    if text or not link or owner == name:
        return None
    row = _waiting([row for key, row in owners if key == owner and not row.link], counts[owner] == counts[name])
    if row is not None:
        row.link = link
    return row


def _named(name: str, text: str, owners: _Owners, counts: Counter[str]) -> _Row | None:
    """Return the row whose ontology term has the accession under "… Accession", now with it."""
    owner = f"{name.removesuffix(' accession')} name"
    if not name.endswith(" accession") or not is_accession(text):
        return None
    row = _waiting([row for key, row in owners if key == owner and not row.accession], counts[owner] == counts[name])
    if row is not None:
        row.accession = text
    return row


def _waiting(rows: list[_Row], each_has_one: bool) -> _Row | None:
    """Return the row that is meant: in order where each has one, else the nearest before."""
    if not rows:
        return None
    return rows[0] if each_has_one else rows[-1]
