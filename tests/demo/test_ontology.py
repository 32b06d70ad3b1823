"""The stand-in of the ontology service answers as the recorded ones do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from conformance import differences, missing
from demo_client import Client

from napari_idr.demo.server import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def cmpo(content: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A server over the whole of CMPO."""
    monkeypatch.setenv("NAPARI_IDR_DEMO_TERMS", str(shared / "formats" / "samples" / "cmpo_terms.tsv"))
    with EmbeddedServer(content) as server:
        client = Client(server.address)
        yield client
        client.close()


def sample(shared: Path, name: str) -> Any:
    return json.loads((shared / "protocols" / "samples" / f"{name}.json").read_text(encoding="utf-8"))


def test_terms_are_those_of_the_data(client: Client) -> None:
    answer = client.json("ols4/api/ontologies/cmpo/terms?size=500")
    terms = {one["short_form"]: one["label"] for one in answer["_embedded"]["terms"]}
    assert terms["CMPO_0000118"] == "round cell phenotype"
    assert answer["page"]["totalElements"] == len(terms) >= 4
    assert client.json("ols4/api/ontologies/cmpo")["numberOfTerms"] == len(terms)


def test_what_the_authors_say_is_a_synonym(client: Client) -> None:
    (found,) = client.json("ols4/api/select?q=mitot&ontology=cmpo&rows=5")["response"]["docs"]
    assert found["short_form"] == "CMPO_0000196"
    (term,) = client.json("ols4/api/terms?short_form=CMPO_0000196")["_embedded"]["terms"]
    assert (term["label"], term["synonyms"]) == ("M phase arrested phenotype", ["mitotic arrest"])


def test_organisms_of_the_data_complete_by_either_name(client: Client) -> None:
    for typed in ("Homo sap", "human"):
        answer = client.json(f"ols4/api/select?q={typed}&ontology=efo,ncbitaxon&rows=5")
        (found,) = answer["response"]["docs"]
        assert (found["short_form"], found["label"]) == ("NCBITaxon_9606", "Homo sapiens")
        assert found["ontology_name"] == "ncbitaxon"
    assert client.json("ols4/api/select?q=human&ontology=cmpo&rows=5")["response"]["docs"] == []
    (term,) = client.json("ols4/api/terms?short_form=NCBITaxon_9606")["_embedded"]["terms"]
    assert term["iri"] == "http://purl.obolibrary.org/obo/NCBITaxon_9606"
    listed = client.json("ols4/api/ontologies/cmpo/terms?size=500")["_embedded"]["terms"]
    assert {one["ontology_name"] for one in listed} == {"cmpo"}


def test_a_term_looks_like_a_recorded_one(client: Client, shared: Path) -> None:
    recorded = sample(shared, "ols4_v1_term_DUO_0000004")
    for name in ("short_form=CMPO_0000118", "obo_id=CMPO:0000118", "iri=http://www.ebi.ac.uk/cmpo/CMPO_0000118"):
        answer = client.json(f"ols4/api/terms?{name}")
        (term,) = answer["_embedded"]["terms"]
        assert term["label"] == "round cell phenotype"
        assert differences(term, recorded, also=("term_replaced_by", "synonyms[]")) == []  # the recorded one has none
        assert missing(term, recorded, optional=("_links", "annotation.shorthand", "description[]")) == []


def test_a_completion_looks_like_a_recorded_one(client: Client, shared: Path) -> None:
    answer = client.json("ols4/api/select?q=round+ce&ontology=cmpo&type=class")
    assert [doc["label"] for doc in answer["response"]["docs"]] == ["round cell phenotype"]
    recorded = sample(shared, "derived/ols4_search")
    assert differences(answer["response"], recorded["response"]) == []
    asked = client.json("ols4/api/select?q=round&fieldList=label,short_form")
    assert asked["response"]["docs"] == [{"label": "round cell phenotype", "short_form": "CMPO_0000118"}]
    assert client.json("ols4/api/select?q=round&ontology=efo")["response"]["numFound"] == 0


@pytest.mark.parametrize("path", ["ontologies/efo", "ontologies/efo/terms", "terms?short_form=CMPO_9", "nonsense"])
def test_what_is_not_there_is_not_found(client: Client, path: str) -> None:
    assert client.get(f"ols4/api/{path}").status_code == 404


def test_the_whole_ontology_comes_in_one_page(cmpo: Client) -> None:
    answer = cmpo.json("ols4/api/ontologies/cmpo/terms?size=500")
    terms = answer["_embedded"]["terms"]
    assert (len(terms), answer["page"]["totalPages"]) == (399, 1)
    assert terms[3]["synonyms"] == ["cell physiology phenotype"]
    assert "2017-12-19" in cmpo.json("ols4/api/ontologies/cmpo")["config"]["versionIri"]
    second = cmpo.json("ols4/api/ontologies/cmpo/terms?size=150&page=2")
    assert len(second["_embedded"]["terms"]) == 99
