"""What is kept of ontologies at one moment: a table in memory, which checks of thousands of objects look into."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_idr.model.ontology import OntologyTerm

    from .term_index import KeptRelease


class KnownNow:
    """Terms by accession and by label; asks no server, and changes no more."""

    def __init__(self, terms: Mapping[str, OntologyTerm], releases: Sequence[KeptRelease] = ()) -> None:
        self._terms = dict(terms)
        self._releases = {one.ontology.upper(): one.release for one in releases}
        counts = Counter(term.label for term in self._terms.values())
        self._by_label = {term.label: term.accession for term in self._terms.values() if counts[term.label] == 1}

    def term(self, accession: str) -> OntologyTerm | None:
        """Return a term that is kept, None for any other."""
        return self._terms.get(accession)

    def release(self, ontology: str) -> str | None:
        """Return the release of an ontology that is kept whole, None where it is not."""
        return self._releases.get(ontology.upper())

    def accessions(self) -> Iterable[str]:
        """Return the accessions of all terms that are kept."""
        return self._terms

    def accession_of_label(self, label: str) -> str:
        """Return the accession of the one term of this label, "" where there is none, or several."""
        return self._by_label.get(label, "")
