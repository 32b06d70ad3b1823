"""Terms of ontologies, and phenotypes that are named by them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ACCESSION = re.compile(r"[A-Za-z][A-Za-z0-9]*_[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class OntologyTerm:
    """One term, as its ontology spells it: labels are compared verbatim, typing errors of the ontology included."""

    accession: str
    """With an underscore, as the IDR writes it: "CMPO_0000077"."""
    label: str
    iri: str = ""
    definition: str = ""
    synonyms: tuple[str, ...] = ()
    is_obsolete: bool = False
    replaced_by: str = ""
    """Accession of the term that an obsolete one gave way to."""
    release: str = ""
    """Release of the ontology it was read from ("2017-12-19"), empty where unknown."""

    @property
    def ontology(self) -> str:
        """Prefix of the accession: "CMPO"."""
        return self.accession.partition("_")[0]


@dataclass(frozen=True, slots=True)
class Phenotype:
    """What is said of an object, image, well or study: a text, and the term it was mapped to."""

    name: str
    """In the annotator's words, as the study file lists it."""
    term: OntologyTerm | None = None
    no_term: bool = False
    """Whether the annotator said that no ontology has a term for it."""


def is_accession(text: str) -> bool:
    """Return whether a text has the form of an accession: prefix, underscore, id."""
    return _ACCESSION.fullmatch(text) is not None


def accession_of(text: str) -> str:
    """Return an accession with its underscore, from "CMPO:0000077", a bare one or the end of an IRI; "" for others."""
    tail = re.split(r"[/#]", text.strip())[-1].replace(":", "_", 1)
    return tail if is_accession(tail) else ""
