"""``/ols4/api/``: a stand-in of the Ontology Lookup Service, over terms of a table or of the data that are served."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from napari_idr.model.ontology import OntologyTerm

from .answers import Served, host_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from starlette.requests import Request

    from .objects import Json
    from .served import MapAnnotation

BASE = "/ols4/api"
TERMS = "NAPARI_IDR_DEMO_TERMS"
"""Environment variable: a table of terms to serve instead, one a row, with names of columns in the first."""
IRI = "http://www.ebi.ac.uk/cmpo/"
SAID, NAME, ACCESSION = "Phenotype", "Phenotype Term Name", "Phenotype Term Accession"
LARGEST_PAGE = 500
DEFINITIONS = {
    "CMPO_0000118": "The cell has a round outline.",
    "CMPO_0000140": "The nucleus is larger than in untreated cells.",
    "CMPO_0000196": "The cell has entered mitosis and does not leave it.",
    "CMPO_0000213": "The cell holds two nuclei.",
    "CMPO_0000220": "The cell is dying by apoptosis.",
}
"""Of the terms that the demonstration's annotations name, in our words: CMPO itself is not shipped."""
ORGANISM = "Organism"
TAXA = {"Homo sapiens": ("NCBITaxon_9606", "human"), "Danio rerio": ("NCBITaxon_7955", "zebrafish")}
"""Accession and common name of the demonstration's organisms."""
TAXON_IRI = "http://purl.obolibrary.org/obo/"


class Ontology:
    """The views of OLS4 that we ask: CMPO whole, and the organisms that are served, to complete names by."""

    def __init__(self, served: Served) -> None:
        table = os.environ.get(TERMS, "")
        self._terms = _table_terms(Path(table)) if table else _served_terms(served)
        self._release = "2017-12-19" if table else ""
        self._taxa = _served_taxa(served)

    def routes(self) -> list[Route]:
        """All routes of the family."""
        return [
            Route(f"{BASE}/ontologies/{{ontology}}", self._ontology),
            Route(f"{BASE}/ontologies/{{ontology}}/terms", self._listed),
            Route(f"{BASE}/terms", self._listed),
            Route(f"{BASE}/select", self._select),
            Route(f"{BASE}/search", self._select),
        ]

    def _ontology(self, request: Request) -> Response:
        if request.path_params["ontology"] != "cmpo":
            return _not_found(request)
        config = {
            "id": f"{IRI}cmpo.owl",
            "versionIri": f"{IRI}releases/{self._release}/cmpo.owl",
            "title": "Cellular Microscopy Phenotype Ontology",
            "namespace": "cmpo",
            "preferredPrefix": "CMPO",
        }
        if not self._release:
            del config["versionIri"]
        about = {"ontologyId": "cmpo", "status": "LOADED", "version": None, "numberOfTerms": len(self._terms)}
        return JSONResponse({**about, "config": config})

    def _listed(self, request: Request) -> Response:
        if request.path_params.get("ontology", "cmpo") != "cmpo":
            return _not_found(request)
        asked = request.query_params
        wanted = asked.get("short_form") or asked.get("obo_id", "").replace(":", "_") or asked.get("iri", "")
        accession = wanted.rpartition("/")[2]
        everything = (*self._terms, *self._taxa) if accession else self._terms
        chosen = [term for term in everything if not accession or term.accession == accession]
        if accession and not chosen:
            return _not_found(request)
        page, size = _number(asked.get("page"), 0), min(max(_number(asked.get("size"), 20), 1), LARGEST_PAGE)
        shown, host = chosen[page * size : (page + 1) * size], host_address(request)
        counted = {"size": size, "totalElements": len(chosen), "totalPages": -(-len(chosen) // size), "number": page}
        answer: Json = {"_links": {"self": {"href": str(request.url)}}, "page": counted}
        if shown:
            answer["_embedded"] = {"terms": [_document(term, host) for term in shown]}
        return JSONResponse(answer)

    def _select(self, request: Request) -> Response:
        asked = request.query_params
        words = asked.get("q", "").lower().split()
        ontologies = [name for name in asked.get("ontology", "").split(",") if name]
        here = [term for term in (*self._terms, *self._taxa) if not ontologies or term.ontology.lower() in ontologies]
        found = [term for term in here if not term.is_obsolete and _matches(term, words)]
        start, rows = _number(asked.get("start"), 0), _number(asked.get("rows"), 10)
        fields = [name for name in asked.get("fieldList", "").split(",") if name]
        docs = [_select_document(term, fields) for term in found[start : start + rows]]
        response = {"numFound": len(found), "start": 0, "docs": docs}
        return JSONResponse({"responseHeader": {"status": 0, "QTime": 1}, "response": response, "highlighting": {}})


def _served_terms(served: Served) -> list[OntologyTerm]:
    """Return the terms that the served data name, once each, by accession; what their authors say is a synonym."""
    labels: dict[str, str] = {}
    synonyms: dict[str, dict[str, None]] = {}
    for accession, label, said in _named(_annotations(served)):
        labels[accession] = label
        if said and said != label:
            synonyms.setdefault(accession, {})[said] = None
    return [
        OntologyTerm(
            accession, label, IRI + accession, DEFINITIONS.get(accession, ""), tuple(synonyms.get(accession, ()))
        )
        for accession, label in sorted(labels.items())
    ]


def _served_taxa(served: Served) -> list[OntologyTerm]:
    """Return the organisms that the served data name, as far as their accessions are known here."""
    said = {value for one in _annotations(served) for key, value in one.values if key == ORGANISM}
    return [
        OntologyTerm(accession, name, TAXON_IRI + accession, synonyms=(common,))
        for name, (accession, common) in TAXA.items()
        if name in said
    ]


def _annotations(served: Served) -> Iterator[MapAnnotation]:
    catalogue = served.catalogue
    for well in catalogue.wells.values():
        yield from well.annotations
    for image in catalogue.images.values():
        yield from image.annotations


def _named(annotations: Iterable[MapAnnotation]) -> Iterator[tuple[str, str, str]]:
    """Yield accession, label and the authors' own words, "" where it is open which of them belong to the term."""
    for annotation in annotations:
        said, labels, accessions = (
            [value for key, value in annotation.values if key == wanted] for wanted in (SAID, NAME, ACCESSION)
        )
        words = said if len(said) == len(labels) else [""] * len(labels)
        yield from zip(accessions, labels, words, strict=False)


def _table_terms(table: Path) -> list[OntologyTerm]:
    with table.open(encoding="utf-8", newline="") as file:
        return [
            OntologyTerm(
                row["accession"],
                row["label"],
                IRI + row["accession"],
                row["definition"],
                tuple(one.rpartition(" [")[0] or one for one in row["synonyms"].split("|") if one),
                row["obsolete"] == "true",
                row["replaced_by"],
            )
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]


def _matches(term: OntologyTerm, words: list[str]) -> bool:
    names = [name.lower().split() for name in (term.label, *term.synonyms)]
    return bool(words) and any(all(any(part.startswith(word) for part in name) for word in words) for name in names)


def _document(term: OntologyTerm, host: str) -> Json:
    """Return a term as OLS4 does (API v1, with its links)."""
    own = f"{host}ols4/api/ontologies/{term.ontology.lower()}/terms/{quote(quote(term.iri, safe=''), safe='')}"
    return {
        "iri": term.iri,
        "lang": "en",
        "description": [term.definition] if term.definition else [],
        "synonyms": list(term.synonyms),
        "annotation": {"id": [term.accession.replace("_", ":", 1)]},
        "label": term.label,
        "ontology_name": term.ontology.lower(),
        "ontology_prefix": term.ontology,
        "ontology_iri": f"{term.iri.removesuffix(term.accession)}{term.ontology.lower()}.owl",
        "is_obsolete": term.is_obsolete,
        "term_replaced_by": term.replaced_by or None,
        "is_defining_ontology": True,
        "has_children": False,
        "is_root": False,
        "short_form": term.accession,
        "obo_id": term.accession.replace("_", ":", 1),
        "is_preferred_root": False,
        "_links": {"self": {"href": f"{own}?lang=en"}, "parents": {"href": f"{own}/parents"}},
    }


def _select_document(term: OntologyTerm, fields: list[str]) -> Json:
    """Return a term as the completion does: what was asked for, and nothing that is empty."""
    everything: dict[str, Any] = {
        "iri": term.iri,
        "ontology_name": term.ontology.lower(),
        "ontology_prefix": term.ontology,
        "short_form": term.accession,
        "description": [term.definition] if term.definition else [],
        "label": term.label,
        "obo_id": term.accession.replace("_", ":", 1),
        "type": "class",
        "synonym": list(term.synonyms),
        "is_defining_ontology": True,
    }
    usual = [name for name in everything if name not in ("synonym", "is_defining_ontology")]
    return {name: everything[name] for name in fields or usual if everything.get(name) not in (None, [])}


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 9 else default


def _not_found(request: Request) -> Response:
    body = {
        "timestamp": 0,
        "status": 404,
        "error": "Not Found",
        "message": "Resource not found",
        "path": request.url.path,
    }
    return JSONResponse(body, 404)
