"""What the tests keep of an ontology."""

from napari_idr.model.ontology import OntologyTerm

ROUND = OntologyTerm("CMPO_0000123", "round nucleus phenotype")
GONE = OntologyTerm("CMPO_0000001", "gone phenotype", is_obsolete=True, replaced_by="CMPO_0000123")


class SmallCmpo:
    """Two terms of CMPO, kept whole."""

    def __init__(self, release: str = "2017-12-19") -> None:
        self._release = release
        self._terms = {term.accession: term for term in (ROUND, GONE)}

    def term(self, accession: str) -> OntologyTerm | None:
        return self._terms.get(accession)

    def release(self, ontology: str) -> str | None:
        return self._release if ontology == "CMPO" else None

    def accession_of_label(self, label: str) -> str:
        return next((term.accession for term in self._terms.values() if term.label == label), "")
