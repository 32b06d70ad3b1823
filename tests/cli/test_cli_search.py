"""``search``, and what ``ls`` and ``info`` tell of studies, over the embedded server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from command import Run
    from repository_server import Served


def lines_of(out: str) -> list[list[str]]:
    return [line.split("\t") for line in out.splitlines()]


def found(run: Run, served: Served, *arguments: str) -> tuple[list[dict[str, Any]], str]:
    status, out, err = run("search", *arguments, "--repository", served.address, "--json")
    assert status == 0
    return json.loads(out), err


def test_search_lists_study_plate_and_wells_with_the_images_that_match(run: Run, served: Served) -> None:
    status, out, err = run("search", "KIF11", "--repository", served.address)
    assert (status, err) == (0, "")
    assert [line[:3] for line in lines_of(out)] == [
        ["study", "idr9901-demo-knockdown", "2"],
        ["screen", "idr9901-demo-knockdown/screenA", "2"],
        ["plate", "knockdown-1", "2"],
        ["well", "A4", "2"],
    ]
    assert lines_of(out)[-1][3].startswith(f"{served.address}webclient/?show=well-")


@pytest.mark.parametrize(
    ("query", "wells"),
    [
        ("Gene Symbol = kif11", ["A4"]),
        ("gene symbol in (ACTB, KIF11)", ["A2", "A4"]),
        ("Phenotype ~ arrest AND Gene Symbol != KIF11", ["B3"]),
        ("Gene Symbol = KIF11 OR Gene Symbol = ANLN", ["A3", "A4"]),
        ("Gene Symbol = nothing", []),
    ],
)
def test_conditions_on_the_command_line(query: str, wells: list[str], run: Run, served: Served) -> None:
    nodes, _ = found(run, served, query)
    assert [node["name"] for node in nodes if node["kind"] == "well"] == wells


def test_json_has_counts_facts_and_key_values(run: Run, served: Served) -> None:
    nodes, _ = found(run, served, "KIF11")
    assert [node["kind"] for node in nodes] == ["study", "screen", "plate", "well"]
    study, well = nodes[0], nodes[-1]
    assert (study["match_count"], study["licences"], study["accession"]) == (2, ["CC0 1.0"], "idr9901")
    assert study["citation"].startswith("The napari-idr developers")
    assert ["Gene Symbol", "KIF11"] in well["key_values"]
    assert (well["row_index"], well["column_index"]) == (0, 3)


def test_a_limit_of_nothing_gives_counts_only(run: Run, served: Served) -> None:
    nodes, _ = found(run, served, "Cell Line = HeLa", "--limit", "0")
    assert [(node["kind"], node["match_count"]) for node in nodes] == [("study", 22), ("screen", 22)]
    nodes, _ = found(run, served, "Cell Line = HeLa", "--limit", "3")
    assert [node["kind"] for node in nodes].count("well") == 3


def test_studies_are_found_by_accession_and_title(run: Run, served: Served) -> None:
    for query, accession in (("idr9903", "idr9903"), ("whole slide", "idr9902")):
        nodes, _ = found(run, served, query)
        assert [node["accession"] for node in nodes] == [accession, accession]


def test_without_an_engine_the_lists_are_searched_and_that_is_said(run: Run, served: Served) -> None:
    served.fail("searchengine", "status404", 99)
    nodes, err = found(run, served, "KIF11")
    assert nodes[-1]["name"] == "A4"
    assert "has no search engine" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("kind", ["status500", "hang"])
def test_a_failing_engine_is_one_line(kind: str, run: Run, served: Served) -> None:
    served.fail("searchengine", kind, 99)
    status, out, err = run("search", "Gene Symbol = KIF11", "--repository", served.address)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("napari-idr: ")


def test_half_a_condition_is_one_line_that_says_how(run: Run, served: Served) -> None:
    status, out, err = run("search", "Gene Symbol =", "--repository", served.address)
    assert (status, out) == (1, "")
    assert "Gene Symbol = KIF11" in err


def test_a_slip_is_answered_with_what_was_meant(run: Run, served: Served) -> None:
    status, out, err = run("search", "KIFF11", "--repository", served.address)
    assert (status, out) == (0, "")
    assert err.startswith("napari-idr: nothing found; did you mean kif11?\n")


def test_info_of_a_study_has_its_facts(run: Run, served: Served) -> None:
    _, out, _ = run("info", f"{served.address}study/idr9903/", "--json")
    study = json.loads(out)
    assert (study["organisms"], study["release_date"]) == (["Danio rerio"], "2026-11-21")
    assert [one["kind"] for one in study["containers"]] == ["project"]
    licence = next(one for one in study["labelled"] if one["key"] == "License")
    assert (licence["value"], licence["where"]) == ("CC0 1.0", ["project"])
    status, out, _ = run("info", f"{served.address}study/idr9903/")
    assert status == 0
    assert "citation: The napari-idr developers" in out


def test_ls_json_of_the_studies_has_their_facts_and_counts(run: Run, served: Served) -> None:
    _, out, _ = run("ls", served.address, "--json")
    study = json.loads(out)[0]
    assert (study["image_count"], study["set_count"], study["ome_zarr"]) == (22, 1, True)


def test_info_of_a_well_says_where_its_key_values_hang(run: Run, served: Served) -> None:
    nodes, _ = found(run, served, "KIF11")
    _, out, _ = run("info", nodes[-1]["address"], "--json")
    gene = next(one for one in json.loads(out)["labelled"] if one["key"] == "Gene Identifier")
    assert gene["where"] == ["image", "well"]
    assert gene["link"].startswith("http://www.ensembl.org/id/")
