"""Phenotypes of a submission as the IDR counts them: numbered over the study, each with the terms it was mapped to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from napari_idr.model.annotation_set import AnnotationSet
    from napari_idr.model.ontology import OntologyTerm, Phenotype


@dataclass(frozen=True, slots=True)
class StudyPhenotype:
    """One phenotype of a study."""

    name: str
    terms: tuple[OntologyTerm, ...]
    """All that the annotators mapped it to, none where no ontology has a term."""


def study_phenotypes(sets: Iterable[AnnotationSet]) -> tuple[StudyPhenotype, ...]:
    """Return the phenotypes of all objects, images, wells and of the study, in order of their names."""
    terms: dict[str, dict[str, OntologyTerm]] = {}
    for one in sets:
        for phenotype in _all(one):
            found = terms.setdefault(phenotype.name, {})
            if phenotype.term is not None:
                found.setdefault(phenotype.term.accession, phenotype.term)
    return tuple(
        StudyPhenotype(name, tuple(found[accession] for accession in sorted(found)))
        for name, found in sorted(terms.items())
    )


def image_phenotypes(sets: Iterable[AnnotationSet]) -> set[str]:
    """Return the names of phenotypes that a row for these images shows: of objects, image and well."""
    return {phenotype.name for one in sets for phenotype in _all(one, study=False)}


def count_objects(sets: Sequence[AnnotationSet], phenotype: str) -> int:
    """Return how many objects have a phenotype."""
    objects = (one for each in sets for one in each.objects)
    return sum(any(found.name == phenotype for found in one.phenotypes) for one in objects)


def _all(one: AnnotationSet, *, study: bool = True) -> Iterator[Phenotype]:
    for statement in one.statements:
        if statement.phenotype is not None and (study or statement.on != "study"):
            yield statement.phenotype
    for each in one.objects:
        yield from each.phenotypes
