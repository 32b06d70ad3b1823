"""Phenotypes as key-value pairs of the namespace by which the IDR finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from napari_idr.model.ontology import OntologyTerm, Phenotype, accession_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.image import KeyValue

NAMESPACE = "openmicroscopy.org/mapr/phenotype"
ADDRESS = "http://www.ebi.ac.uk/cmpo/"
NAME, TERM, ACCESSION, URL = (
    "Phenotype",
    "Phenotype Term Name",
    "Phenotype Term Accession",
    "Phenotype Term Accession URL",
)


def phenotype_pairs(phenotype: Phenotype) -> tuple[KeyValue, ...]:
    """Return the pairs of a phenotype, in the IDR's order: the text, and its term where it has one."""
    term = phenotype.term
    if term is None:
        return ((NAME, phenotype.name),)
    address = ADDRESS + quote(term.accession) if term.ontology == "CMPO" else term.iri
    pairs = (NAME, phenotype.name), (TERM, term.label), (ACCESSION, term.accession), (URL, address)
    return tuple(pair for pair in pairs if pair[1] or pair[0] == NAME)


def phenotype_of(pairs: Sequence[KeyValue]) -> Phenotype | None:
    """Return the phenotype that pairs tell of, None where they tell of none."""
    said = dict(pairs)
    accession = accession_of(said.get(ACCESSION, ""))
    term = OntologyTerm(accession, said.get(TERM, "")) if accession else None
    name = said.get(NAME) or said.get(TERM, "")
    return Phenotype(name, term) if name else None
