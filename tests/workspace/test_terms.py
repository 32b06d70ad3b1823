"""Terms: found by any name, recent first, off line too; each for a known number of requests."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from statistics import median
from typing import TYPE_CHECKING

import pytest

from napari_idr.demo.server import EmbeddedServer
from napari_idr.errors import NapariIdrError, NotFound, NotKept
from napari_idr.model.ontology import OntologyTerm
from napari_idr.repositories.ontologies import Ontologies
from napari_idr.session import Session
from napari_idr.settings import Settings
from napari_idr.workspace.term_index import TermIndex
from napari_idr.workspace.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_idr.remote.http import Http
    from repository_server import Served

ROUND = OntologyTerm("CMPO_0000118", "round cell phenotype", definition="A cell that is round.")
ARREST = OntologyTerm("CMPO_0000196", "M phase arrested phenotype", synonyms=("mitotic arrest", "Métaphase délai"))
GONE = OntologyTerm("CMPO_0000900", "spherical cell", is_obsolete=True, replaced_by="CMPO_0000118")
LOST = OntologyTerm("CMPO_0000901", "mitotic nonsense", is_obsolete=True)
TERMS = (ROUND, ARREST, GONE, LOST, OntologyTerm("CMPO_0000119", "round nucleus phenotype"))


@pytest.fixture
def index(tmp_path: Path) -> Iterator[TermIndex]:
    index = TermIndex(tmp_path / "data" / "terms.sqlite")
    index.keep(TERMS)
    yield index
    index.close()


@pytest.fixture
def terms(index: TermIndex, served: Served, http: Http) -> Terms:
    return Terms(index, Ontologies(http, f"{served.address}ols4/"))


def found(index: TermIndex, text: str) -> list[str]:
    return [hit.term.accession for hit in index.find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("round", ["CMPO_0000118", "CMPO_0000119"]),
        ("  ROUND  cel", ["CMPO_0000118"]),
        ("cell round", ["CMPO_0000118"]),
        ("mitot", ["CMPO_0000196"]),
        ("metaphase", ["CMPO_0000196"]),
        ("CMPO_0000196", ["CMPO_0000196"]),
        ("cmpo:0000196", ["CMPO_0000196"]),
        ("ound", []),
        ("", []),
        ("'\" * AND (", []),
        ("\ud800\0", []),
        ("nuc*", ["CMPO_0000119"]),
    ],
)
def test_a_term_is_found_by_the_beginning_of_any_of_its_words(index: TermIndex, text: str, expected: list[str]) -> None:
    assert found(index, text) == expected


def test_a_synonym_that_was_found_is_said(index: TermIndex) -> None:
    assert index.find("mitotic arr")[0].matched == "mitotic arrest"
    assert index.find("M phase")[0].matched == ""


def test_what_replaced_an_obsolete_term_is_found_in_its_place(index: TermIndex) -> None:
    (hit,) = index.find("spherical")
    assert (hit.term, hit.instead_of) == (ROUND, "spherical cell")
    assert index.find("nonsense") == []


def test_what_was_used_last_comes_first_and_outlives_the_session(index: TermIndex, tmp_path: Path) -> None:
    index.use(TERMS[-1])
    assert found(index, "round") == ["CMPO_0000119", "CMPO_0000118"]
    index.use(ARREST)
    assert found(index, "") == ["CMPO_0000196", "CMPO_0000119"]
    index.close()
    with closing(TermIndex(tmp_path / "data" / "terms.sqlite")) as again:
        assert found(again, "") == ["CMPO_0000196", "CMPO_0000119"]
        again.keep(TERMS)  # a new release does not forget it
        assert found(again, "") == ["CMPO_0000196", "CMPO_0000119"]


def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "terms.sqlite"
    path.write_bytes(b"no database at all" * 100)
    with closing(TermIndex(path)) as index:
        index.keep(TERMS)
        assert found(index, "round cell") == ["CMPO_0000118"]
    assert path.with_name("terms-damaged.sqlite").read_bytes().startswith(b"no database")


def test_terms_that_cannot_be_kept_are_one_sentence(index: TermIndex) -> None:
    index._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(NotKept, match="Terms cannot be kept"):
        index.use(ROUND)


def test_cmpo_is_fetched_whole_at_first_use_and_never_again(terms: Terms, served: Served, http: Http) -> None:
    (kept,) = terms.prepare()
    assert (kept.ontology, kept.terms) == ("cmpo", 4)
    assert served.requests() == [
        "/ols4/api/ontologies/cmpo",
        "/ols4/api/ontologies/cmpo/terms?page=0&size=500",
    ]
    served.reset()
    assert terms.prepare() == (kept,)
    assert [hit.term.label for hit in terms.kept("binuc")] == ["binuclear cell phenotype"]
    assert terms.term("CMPO_0000213").label == "binuclear cell phenotype"
    assert served.requests() == []


def test_a_completion_costs_one_request_and_short_texts_none(terms: Terms, served: Served) -> None:
    assert terms.online("ro") == []
    assert served.requests() == []
    assert terms.online("round") == []  # the stand-in has CMPO only
    assert len(served.requests()) == 1
    assert "ontology=efo%2Cncbitaxon%2Cgo%2Ccl%2Cchebi%2Cfbbi%2Cuberon" in served.requests()[0]


def test_a_term_that_is_not_kept_is_asked_for(terms: Terms, served: Served) -> None:
    assert terms.term("CMPO_0000140").label == "increased nucleus size phenotype"
    with pytest.raises(NotFound):
        terms.term("CMPO_9999999")


def test_without_the_service_what_is_kept_is_there(terms: Terms, served: Served) -> None:
    served.fail("ols4", "status500", 99)
    with pytest.raises(NapariIdrError):
        terms.prepare()
    assert [hit.term for hit in terms.kept("round c")] == [ROUND]


def test_whole_cmpo_answers_within_a_blink(
    shared: Path, demo_content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAPARI_IDR_DEMO_TERMS", str(shared / "formats" / "samples" / "cmpo_terms.tsv"))
    with (
        EmbeddedServer(demo_content) as server,
        Session(Settings(data_dir=tmp_path, ontologies=f"{server.address}ols4/")) as session,
    ):
        (kept,) = session.terms.prepare()
        assert (kept.terms, kept.release) == (399, "2017-12-19")
    with Session(Settings(data_dir=tmp_path, ontologies="http://127.0.0.1:9/ols4/")) as session:  # the service is gone
        assert [hit.term.label for hit in session.terms.kept("mitosis del")][:1] == ["mitosis delayed phenotype"]
        took = []
        for text in ("m", "mi", "mit", "mitot", "cell", "increased cell", "CMPO_0000077", "p", "phenotype"):
            began = time.thread_time()
            session.terms.kept(text)
            took.append(time.thread_time() - began)
        assert median(took) < 0.15


def test_the_index_is_a_file_of_sqlite(index: TermIndex, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "data" / "terms.sqlite")) as connection:
        assert connection.execute("SELECT count(*) FROM terms").fetchone() == (len(TERMS),)


def test_meanings_of_kept_terms_come_first_and_a_service_that_is_gone_is_not_asked_again(
    served: Served, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, ontologies=f"{served.address}ols4/")
    asked = ("CMPO_0000140", "CMPO_9999999", "CMPO_0000118", "CMPO_0000196")
    with Session(settings) as session:
        session.terms.use(ROUND)
        meanings = list(session.terms.definitions(asked))
    assert [accession for accession, _ in meanings] == ["CMPO_0000118", "CMPO_0000140", "CMPO_0000196"]
    assert meanings[0][1].startswith(ROUND.label)
    assert meanings[1][1] == "increased nucleus size phenotype: The nucleus is larger than in untreated cells."
    assert sum("short_form" in one for one in served.requests()) == 3
    with Session(Settings(data_dir=tmp_path, ontologies="http://127.0.0.1:9/ols4/")) as session:
        assert [accession for accession, _ in session.terms.definitions(asked)] == ["CMPO_0000118"]
