"""Answers of the ontology service: those recorded, and those that are none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from napari_idr.errors import ProtocolError
from napari_idr.formats.ols_terms import parse_release, parse_select, parse_terms

if TYPE_CHECKING:
    from pathlib import Path

WHERE = "https://ols.example.org/api/terms"


def sample(shared: Path, name: str) -> Any:
    return json.loads((shared / "protocols" / "samples" / f"{name}.json").read_text(encoding="utf-8"))


def listed(*terms: Any, pages: int = 1) -> dict[str, Any]:
    return {"_embedded": {"terms": list(terms)}, "page": {"totalPages": pages}}


def test_recorded_terms_are_read(shared: Path) -> None:
    term = sample(shared, "ols4_v1_term_DUO_0000004")
    others = sample(
        shared, "ols4_v1_ontology_duo_terms_first3"
    )  # APOLLO_SV_00000008 is no accession as the IDR has them
    page = parse_terms(listed(*others, term, pages=7), WHERE, "2021-02-23")
    (one,) = page.terms
    assert page.pages == 7
    assert (one.accession, one.label, one.release) == ("DUO_0000004", "no restriction", "2021-02-23")
    assert one.definition.startswith("This data use permission")
    assert not one.is_obsolete


def test_a_label_that_is_only_the_accession_is_none(shared: Path) -> None:
    assert parse_terms(listed(sample(shared, "ols4_help_v1_term_GO_0043226")), WHERE).terms == ()


def test_recorded_completion_is_read(shared: Path) -> None:
    term = parse_select(sample(shared, "derived/ols4_search"), WHERE)[0]
    assert (term.accession, term.label) == ("EFO_0001185", "HeLa")


def test_recorded_release_is_a_date(shared: Path) -> None:
    assert parse_release(sample(shared, "ols4_help_v1_ontology_efo"), WHERE) == "2019-03-18"
    assert parse_release({"version": "v7", "config": None}, WHERE) == "v7"
    assert parse_release({}, WHERE) == ""


def test_a_term_that_several_ontologies_list_comes_once_as_its_own_has_it() -> None:
    docs = [
        {"short_form": "GO_0000278", "label": "mitosis", "ontology_name": "efo"},
        {"short_form": "GO_0000278", "label": "mitotic cell cycle", "ontology_name": "go", "synonym": "mitosis"},
        {"short_form": "GO_0000278", "label": "cycle", "ontology_name": "cl"},
    ]
    terms = parse_select({"response": {"docs": docs}}, WHERE)
    assert [(term.label, term.synonyms) for term in terms] == [("mitotic cell cycle", ("mitosis",))]


def test_obsolete_terms_name_what_replaced_them() -> None:
    old = {
        "iri": "http://x/CMPO_0000001",
        "label": "old",
        "is_obsolete": True,
        "term_replaced_by": "http://x/CMPO_0000002",
        "synonyms": None,
    }
    term = parse_terms(listed(old), WHERE).terms[0]
    assert (term.accession, term.is_obsolete, term.replaced_by) == ("CMPO_0000001", True, "CMPO_0000002")


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {"_embedded": []},
        {"_embedded": {"terms": {}}},
        listed(3),
        listed({"label": 5}),
        {"page": {"totalPages": "x"}},
    ],
)
def test_an_answer_that_is_no_list_of_terms_is_one_sentence(answer: Any) -> None:
    with pytest.raises(ProtocolError):
        parse_terms(answer, WHERE)


@pytest.mark.parametrize(
    "answer", [[], {}, {"response": []}, {"response": {"docs": None}}, {"response": {"docs": ["x"]}}]
)
def test_a_completion_that_is_none_is_one_sentence(answer: Any) -> None:
    with pytest.raises(ProtocolError):
        parse_select(answer, WHERE)


def test_an_empty_list_is_an_answer() -> None:
    assert parse_terms({"page": {"totalPages": 0}}, WHERE).terms == ()
