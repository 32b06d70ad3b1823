"""Checks of phenotypes and ontology terms: P12 and P13. Pure; what is known of ontologies is handed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from napari_idr.model.ontology import is_accession

from .finding_makers import about_all, about_image, about_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, AnnotationSet
    from napari_idr.model.finding import Finding, Fix
    from napari_idr.model.ontology import OntologyTerm, Phenotype

OLDEST_RELEASE = "2017-12-19"
"""CMPO's last release; a copy that is older lacks terms."""


class KnownTerms(Protocol):
    """What is kept of ontologies; asks no server."""

    def term(self, accession: str) -> OntologyTerm | None:
        """Return a term that is kept, None for any other."""
        ...

    def release(self, ontology: str) -> str | None:
        """Return the release of an ontology that is kept whole, None where it is not."""
        ...

    def accessions(self) -> Iterable[str]:
        """Return the accessions of all terms that are kept."""
        ...

    def accession_of_label(self, label: str) -> str:
        """Return the accession of the one term of this label, "" where there is none."""
        ...


def check_object_terms(image: AnnotatedImage, one: AnnotatedObject, known: KnownTerms) -> Iterator[Finding]:
    """Yield P12 for what is said of one object."""
    for phenotype in one.phenotypes:
        for what, warning, fix in phenotype_faults(phenotype, known):
            yield about_object("P12", image, one, what, warning=warning, fix=fix)
    for term in one.terms:
        for what in term_faults(term, known):
            yield about_object("P12", image, one, what)


def check_statements(annotations: AnnotationSet, known: KnownTerms) -> Iterator[Finding]:
    """Yield P12 for what is said of an image, its well or its study."""
    for statement in annotations.statements:
        if statement.phenotype is not None:
            for what, warning, fix in phenotype_faults(statement.phenotype, known):
                yield about_image("P12", annotations.image, what, part=statement.on, warning=warning, fix=fix)
        if statement.term is not None:
            for what in term_faults(statement.term, known):
                yield about_image("P12", annotations.image, what, part=statement.on)


def phenotype_faults(phenotype: Phenotype, known: KnownTerms) -> Iterator[tuple[str, bool, Fix]]:
    """Yield sentence, whether it is only a warning, and fix, for what is wrong with a phenotype."""
    if phenotype.term is None:
        fix: Fix = "fill-accession" if known.accession_of_label(phenotype.name) else ""
        if phenotype.no_term:
            yield f"the phenotype {phenotype.name} has no term, as the annotator says", True, ""
        else:
            yield f"the phenotype {phenotype.name} has no accession", False, fix
        return
    if not phenotype.name.strip():
        yield f"{phenotype.term.accession} has no phenotype beside it", False, ""
    for what in term_faults(phenotype.term, known):
        yield what, False, ""


def term_faults(term: OntologyTerm, known: KnownTerms) -> Iterator[str]:
    """Yield sentences about a term that its ontology does not bear out."""
    if not is_accession(term.accession):
        yield f"{term.accession or 'an empty text'} is no accession"
        return
    kept = known.term(term.accession)
    if kept is None:
        if known.release(term.ontology) is not None:
            yield f"{term.accession} is not in {term.ontology}"
        return
    if kept.label != term.label:
        yield f"{term.accession} is called {kept.label!r} in {term.ontology}, not {term.label!r}"
    if kept.is_obsolete:
        instead = f", {kept.replaced_by} is used instead" if kept.replaced_by else ""
        yield f"{term.accession} is obsolete{instead}"


def check_ontologies(sets: Iterable[AnnotationSet], known: KnownTerms) -> Iterator[Finding]:
    """Yield P13 once for each ontology in use that is not kept whole, or older than it may be."""
    for ontology in sorted({term.ontology for term in terms_of(sets)}):
        release = known.release(ontology)
        if release is None:
            yield about_all("P13", ontology, f"{ontology} is not kept here as a whole", warning=True)
        elif not release:
            yield about_all("P13", ontology, f"of which release the copy of {ontology} is, is not known", warning=True)
        elif release < OLDEST_RELEASE:
            yield about_all("P13", ontology, f"the copy of {ontology} is of {release}", warning=True)


def terms_of(sets: Iterable[AnnotationSet]) -> Iterator[OntologyTerm]:
    """Yield every term that is used, as often as it is."""
    for one_set in sets:
        for one in one_set.objects:
            yield from (phenotype.term for phenotype in one.phenotypes if phenotype.term is not None)
            yield from one.terms
        for statement in one_set.statements:
            term = statement.phenotype.term if statement.phenotype is not None else statement.term
            if term is not None:
                yield term
