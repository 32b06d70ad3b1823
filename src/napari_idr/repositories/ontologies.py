"""Ontology terms from the Ontology Lookup Service (OLS4): a whole small ontology, or what completes a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.errors import NotFound
from napari_idr.formats.ols_terms import parse_release, parse_select, parse_terms

if TYPE_CHECKING:
    from napari_idr.model.ontology import OntologyTerm
    from napari_idr.remote.http import Http

PHENOTYPES = "cmpo"
"""The ontology that the IDR names phenotypes by: 399 terms, one page."""
OTHERS = ("efo", "ncbitaxon", "go", "cl", "chebi", "fbbi", "uberon")
PAGE_SIZE = 500
MOST_PAGES = 20
"""An ontology with more pages is not one to be kept whole."""
FIELDS = "iri,label,short_form,obo_id,ontology_name,description,synonym,is_defining_ontology"


@dataclass(frozen=True, slots=True)
class OntologyRelease:
    """All terms of one ontology, obsolete ones included."""

    ontology: str
    release: str
    """Date of the release ("2017-12-19"), or its name; empty where the service does not say."""
    terms: tuple[OntologyTerm, ...]


@dataclass(frozen=True, slots=True)
class Ontologies:
    """What an OLS4 server answers. Methods block and raise the errors of ``Http``.

    ``address`` is the server's, with a trailing slash: ``https://www.ebi.ac.uk/ols4/``.
    """

    http: Http
    address: str

    def whole(self, ontology: str) -> OntologyRelease:
        """Return all terms of an ontology: a request for the release, and one per 500 terms."""
        about = self._view(f"ontologies/{ontology}")
        release = parse_release(self.http.get_json(about), about)
        address, page, pages = self._view(f"ontologies/{ontology}/terms"), 0, 1
        terms: list[OntologyTerm] = []
        while page < min(pages, MOST_PAGES):
            answer = self.http.get_json(address, [("page", str(page)), ("size", str(PAGE_SIZE))])
            found = parse_terms(answer, address, release)
            terms += found.terms
            page, pages = page + 1, found.pages
        return OntologyRelease(ontology, release, tuple(terms))

    def complete(self, text: str, ontologies: tuple[str, ...] = OTHERS, *, rows: int = 20) -> tuple[OntologyTerm, ...]:
        """Return the terms that a text may mean, the best first: one request."""
        params = [
            ("q", text),
            ("ontology", ",".join(ontologies)),
            ("type", "class"),
            ("rows", str(rows)),
            ("fieldList", FIELDS),
        ]
        address = self._view("select")
        return parse_select(self.http.get_json(address, params), address)

    def term(self, accession: str) -> OntologyTerm:
        """Return one term by its accession: one request. Raises ``NotFound``."""
        address = self._view("terms")
        found = parse_terms(self.http.get_json(address, [("short_form", accession)]), address).terms
        if not found:
            raise NotFound("No ontology has such a term", accession, "check the accession")
        return found[0]

    def _view(self, name: str) -> str:
        return f"{self.address.rstrip('/')}/api/{name}"
