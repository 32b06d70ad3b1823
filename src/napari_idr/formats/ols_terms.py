"""Answers of the Ontology Lookup Service (OLS4, API v1) as terms: a list of an ontology, a completion, a release."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from napari_idr.errors import ProtocolError
from napari_idr.model.ontology import OntologyTerm, accession_of

from .json_record import HINT, JsonRecord

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
LONGEST_TEXT = 4000
"""Characters of a definition or synonym that are kept."""


@dataclass(frozen=True, slots=True)
class TermPage:
    """Some terms of an ontology, and how many pages there are."""

    terms: tuple[OntologyTerm, ...]
    pages: int = 1


def parse_terms(answer: Any, address: str, release: str = "") -> TermPage:
    """Read ``/ontologies/{id}/terms`` and ``/terms``. Raises ``ProtocolError``.

    A term without an accession or without a label of its own is left out: there is nothing to show or to submit.
    """
    record = JsonRecord.of(answer, "", address)
    found, page = (record.fields.get(key, {}) for key in ("_embedded", "page"))
    listed = found.get("terms", []) if isinstance(found, dict) else None
    pages = page.get("totalPages", 1) if isinstance(page, dict) else None
    if not isinstance(listed, list) or not isinstance(pages, int):
        raise ProtocolError("The ontology service answered with no list of terms", address, HINT)
    terms = (_term(JsonRecord.of(one, "_embedded.terms", address), release, "synonyms") for one in listed)
    return TermPage(tuple(term for term in terms if term is not None), max(pages, 1))


def parse_select(answer: Any, address: str) -> tuple[OntologyTerm, ...]:
    """Read ``/select`` and ``/search``: each term once, though every ontology that imports it lists it.

    Raises ``ProtocolError``.
    """
    response = JsonRecord.of(JsonRecord.of(answer, "", address).fields.get("response"), "response", address)
    listed = response.fields.get("docs")
    if not isinstance(listed, list):
        raise ProtocolError("The ontology service answered with no list of terms", address, HINT)
    terms: dict[str, OntologyTerm] = {}
    for one in listed:
        record = JsonRecord.of(one, "response.docs", address)
        term = _term(record, "", "synonym")
        if term is not None and (term.accession not in terms or _is_own(record, term)):
            terms[term.accession] = term
    return tuple(terms.values())


def parse_release(answer: Any, address: str) -> str:
    """Read ``/ontologies/{id}``: the date of its release, else what it calls its version, else "".

    Raises ``ProtocolError``.
    """
    record = JsonRecord.of(answer, "", address)
    config = record.fields.get("config")
    named = config if isinstance(config, dict) else {}
    said = [str(one) for one in (named.get("versionIri"), record.fields.get("version"), named.get("version")) if one]
    dated = [match[0] for one in said if (match := _DATE.search(one))]
    return (dated + said + [""])[0][:100]


def _term(record: JsonRecord, release: str, synonyms: str) -> OntologyTerm | None:
    said = (record.text(key) or "" for key in ("short_form", "obo_id", "iri"))
    accession = next((found for one in said if (found := accession_of(one))), "")
    label = (record.text("label") or "").strip()
    if not accession or not label or label in (accession, record.text("obo_id")):
        return None
    return OntologyTerm(
        accession=accession,
        label=label,
        iri=record.text("iri") or "",
        definition=next(iter(_texts(record, "description")), ""),
        synonyms=_texts(record, synonyms),
        is_obsolete=record.fields.get("is_obsolete") in (True, "true"),
        replaced_by=accession_of(record.text("term_replaced_by") or ""),
        release=release,
    )


def _texts(record: JsonRecord, key: str) -> tuple[str, ...]:
    """Return a list of texts, which may be absent, null or a single one."""
    value = record.fields.get(key)
    listed = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(one.strip()[:LONGEST_TEXT] for one in listed if isinstance(one, str) and one.strip()))


def _is_own(record: JsonRecord, term: OntologyTerm) -> bool:
    """Whether the ontology that lists a term is the one that defines it."""
    return str(record.fields.get("ontology_name", "")).lower() == term.ontology.lower()
