"""Terms to choose from: at once from what is kept here, then from the ontology service for those that are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.errors import NapariIdrError, NotFound
from napari_idr.repositories.ontologies import OTHERS, PHENOTYPES

from .known_now import KnownNow
from .term_index import TermHit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_idr.model.ontology import OntologyTerm
    from napari_idr.repositories.ontologies import Ontologies

    from .term_index import KeptRelease, TermIndex

FEWEST_LETTERS = 3
"""With fewer letters the service would answer with anything."""


class Terms:
    """Completion over CMPO, kept whole, and the other ontologies of the IDR and BioImage Archive, kept as used.

    Thread-safe. ``kept`` takes milliseconds; ``prepare``, ``refresh`` and ``online`` wait for the service.

    Parameters
    ----------
    index
        What is kept.
    service
        Where the rest is.
    """

    def __init__(self, index: TermIndex, service: Ontologies) -> None:
        self._index, self._service = index, service

    def kept(self, text: str, limit: int = 20) -> list[TermHit]:
        """Return what is kept here and may be meant, what was used last first; of no text, what was used last."""
        return self._index.find(text, limit)

    def online(self, text: str, limit: int = 20) -> list[TermHit]:
        """Return what the service knows beside what is kept; one request. Raises the errors of ``Http``."""
        if len(text.strip()) < FEWEST_LETTERS:
            return []
        known = {hit.term.accession for hit in self.kept(text, limit)}
        found = self._service.complete(text.strip(), OTHERS, rows=limit)
        return [_hit(term, text) for term in found if term.accession not in known and not term.is_obsolete]

    def prepare(self) -> tuple[KeptRelease, ...]:
        """Fetch CMPO where it is not kept yet; return what is kept whole. Raises the errors of ``Http``."""
        if not any(one.ontology == PHENOTYPES and one.source == self._service.address for one in self.releases()):
            self.refresh()
        return self.releases()

    def refresh(self) -> None:
        """Fetch CMPO again. Raises the errors of ``Http``, and ``NotKept``."""
        whole = self._service.whole(PHENOTYPES)
        self._index.keep_whole(whole.ontology, whole.release, whole.terms, self._service.address)

    def releases(self) -> tuple[KeptRelease, ...]:
        """Return which ontologies are kept whole, with release and date."""
        return self._index.releases()

    def use(self, term: OntologyTerm) -> None:
        """Keep a term that was chosen, so that it comes first next time, and off line too. Raises ``NotKept``."""
        self._index.use(term)

    def term(self, accession: str) -> OntologyTerm:
        """Return a term, from what is kept or from the service. Raises ``NotFound`` and the errors of ``Http``."""
        return self._index.term(accession) or self._service.term(accession)

    def definitions(self, accessions: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield accession and meaning of terms: first of those that are kept, then of those the service knows.

        A term that nobody knows is left out, and so are all that are left once the service does not answer: a meaning
        is an extra. One request at most per term that is not kept.
        """
        missing = []
        for accession in accessions:
            kept = self._index.term(accession)
            if kept is None:
                missing.append(accession)
            else:
                yield accession, _meaning(kept)
        for accession in missing:
            try:
                found = self._service.term(accession)
            except NotFound:
                continue
            except NapariIdrError:
                return
            yield accession, _meaning(found)

    def known(self) -> KnownNow:
        """Return what is kept now, for checks that look up thousands of terms; asks nobody."""
        return KnownNow({term.accession: term for term in self._index.everything()}, self.releases())

    def close(self) -> None:
        """Close what is kept."""
        self._index.close()


def _meaning(term: OntologyTerm) -> str:
    """Return label and definition as one text."""
    return ": ".join(part for part in (term.label, term.definition) if part)


def _hit(term: OntologyTerm, text: str) -> TermHit:
    """Return a term with the synonym that explains why it was found, where its label does not."""
    typed = text.strip().casefold()
    if typed in term.label.casefold():
        return TermHit(term)
    return TermHit(term, next((one for one in term.synonyms if typed in one.casefold()), ""))
