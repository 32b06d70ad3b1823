"""The search engine's ways, each with a test; answers as recorded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from napari_idr.errors import ProtocolError, ServerFailure
from napari_idr.formats.omero_json import Source
from napari_idr.formats.search_answers import (
    parse_containers,
    parse_image_counts,
    parse_suggestions,
    suggestion_group,
)
from napari_idr.formats.search_hits import parse_hits
from napari_idr.formats.search_questions import question, simple_params
from napari_idr.model.catalog import ImageNode, Node, Plate, Project, Screen, Well
from napari_idr.model.search import Condition, SearchQuery

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = Source("idr", "https://idr.openmicroscopy.org/")
SCREEN = Screen("screen", "idr", "1", "idrNNNN-x-y/screenA", accession="idr0001")
GENE = SearchQuery(all_of=(Condition("Gene Symbol", "KIF11"),))


@pytest.fixture
def samples(shared: Path) -> Path:
    return shared / "protocols" / "samples"


def sample(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text())


def hit(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "name": f"p [Well A{number}, Field 1]", "key_values": [], **more}


def answer(*hits: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "results": {"results": list(hits), "size": len(hits), "bookmark": [hits[-1]["id"]], **more},
        "Error": "none",
    }


# -- questions


def test_one_condition_goes_into_the_address_in_one_order() -> None:
    assert simple_params(GENE) == [("key", "Gene Symbol"), ("operator", "equals"), ("value", "KIF11")]


def test_case_in_an_address_is_true_or_not_there_at_all() -> None:
    """``case_sensitive=false`` is a text that is not empty: the engine takes it for true."""
    assert "case_sensitive" not in dict(simple_params(GENE) or [])
    exact = SearchQuery(all_of=GENE.all_of, case_sensitive=True)
    assert dict(simple_params(exact) or [])["case_sensitive"] == "true"


def test_case_in_a_document_is_a_boolean() -> None:
    assert question(GENE)["query_details"]["case_sensitive"] is False
    assert question(SearchQuery(all_of=GENE.all_of, case_sensitive=True))["query_details"]["case_sensitive"] is True


def test_parts_are_never_asked_for_with_case() -> None:
    """``contains`` compares with the text in lower case whatever is asked: nothing would be found."""
    part = SearchQuery(all_of=(Condition("Gene Symbol", "KIF", "contains"),), case_sensitive=True)
    assert question(part)["query_details"]["case_sensitive"] is False
    assert "case_sensitive" not in dict(simple_params(part) or [])


@pytest.mark.parametrize("value", ['5" end', "back\\slash"])
def test_what_breaks_the_engines_query_goes_as_a_list(value: str) -> None:
    odd = SearchQuery(all_of=(Condition("Compound Name", value),))
    assert simple_params(odd) is None
    (condition,) = question(odd)["query_details"]["and_filters"]
    assert (condition["operator"], condition["value"]) == ("in", [value])
    (denied,) = question(SearchQuery(all_of=(Condition("C", value, "not_equals"),)))["query_details"]["and_filters"]
    assert (denied["operator"], denied["value"]) == ("not_in", [value])


@pytest.mark.parametrize("value", ["a/b", "שלום", "🧬", "p53 (wt)", "*"])
def test_other_values_go_as_they_are(value: str) -> None:
    odd = SearchQuery(all_of=(Condition("Compound Name", value),))
    assert dict(simple_params(odd) or [])["value"] == value
    assert question(odd)["query_details"]["and_filters"][0]["value"] == value


def test_a_study_is_a_condition_on_the_name_of_its_container() -> None:
    """``study`` and ``return_containers`` in one address lose the result: the study goes into a document."""
    details = question(GENE, SCREEN)["query_details"]
    assert details["and_filters"][1] == {
        "name": "name",
        "value": "idrNNNN-x-y/screenA",
        "operator": "equals",
        "resource": "container",
    }


def test_a_document_has_the_recorded_form(samples: Path) -> None:
    recorded = sample(samples, "derived/searchengine_submitquery_request.json")
    parts = ("liver", "kidney")
    query = SearchQuery(
        all_of=(Condition("Organism", "mus musculus"),),
        any_of=(tuple(Condition("Organism Part", part) for part in parts),),
    )
    assert question(query, bookmark=107448) == {key: recorded[key] for key in ("query_details", "bookmark")}


@pytest.mark.parametrize("operator", ["in", "not_in"])
def test_lists_and_alternatives_go_as_a_document(operator: str) -> None:
    listed = SearchQuery(all_of=(Condition("G", ("a", "b"), operator),))  # type: ignore[arg-type]
    assert simple_params(listed) is None
    assert question(listed)["query_details"]["and_filters"][0]["value"] == ["a", "b"]
    assert simple_params(SearchQuery(any_of=((Condition("G", "a"),),))) is None


# -- suggestions


def test_recorded_values_are_suggestions_with_counts(samples: Path) -> None:
    found = parse_suggestions(sample(samples, "idr_searchengine_image_searchvalues_normal_tissue.json"), "x")
    assert [(one.group, one.key, one.count) for one in found] == [
        ("Other", "Pathology", 1654117),
        ("Other", "Compound Description", 96),
    ]
    assert found[0].value == "normal tissue, nos"


def test_the_key_may_be_called_attribute(samples: Path) -> None:
    (found,) = parse_suggestions(sample(samples, "derived/searchengine_searchvaluesusingkey.json"), "x")
    assert (found.group, found.key, found.value, found.count) == ("Cell line", "Cell Line", "hpsi0913i-lofv_3", 81)


def test_names_of_fields_count_without_case() -> None:
    rows = [{"KEY": "Gene Symbol", "value": "kif11", "number of images": 3}]
    (found,) = parse_suggestions({"data": rows}, "x")
    assert (found.key, found.value, found.count) == ("Gene Symbol", "kif11", 3)


@pytest.mark.parametrize(
    ("key", "group"),
    [
        ("Gene Symbol", "Gene"),
        ("gene symbol", "Gene"),
        ("Phenotype Term Name", "Phenotype"),
        ("siRNA Pool Identifier", "siRNA"),
        ("Antibody Name", "Antibody"),
        ("Compound Name", "Compound"),
        ("Organism", "Organism"),
        ("Organism Part", "Other"),
    ],
)
def test_keys_are_grouped(key: str, group: str) -> None:
    assert suggestion_group(key) == group


# -- containers and hits


def test_recorded_containers_have_the_count_with_a_blank_in_its_name(samples: Path) -> None:
    rows = parse_containers(sample(samples, "derived/searchengine_submitquery_containers.json"), SOURCE)
    (node,) = rows.nodes
    assert isinstance(node, Screen)
    assert (node.id, node.match_count) == ("1", 10)
    assert node.address == "https://idr.openmicroscopy.org/webclient/?show=screen-1"
    assert rows.annotations[0].values == (("Study Type", "high content screen"),)


@pytest.mark.parametrize("envelope", [lambda rows: rows, lambda rows: {"results": rows}])
def test_containers_may_be_at_any_depth(envelope: Any) -> None:
    rows = [{"id": 2, "name": "idr0002-a-b", "type": "Project", "image count": 4}]
    (node,) = parse_containers(envelope(rows), SOURCE).nodes
    assert isinstance(node, Project)
    assert node.match_count == 4


def test_an_id_that_is_a_screen_and_a_project_stays_two_things() -> None:
    rows = [{"id": 102, "name": "idr0097-x-y", "type": kind, "image count": 1} for kind in ("screen", "project")]
    assert [node.key for node in parse_containers(rows, SOURCE).nodes] == [
        ("idr", "screen", "102"),
        ("idr", "project", "102"),
    ]


def test_images_are_counted_with_and_without_ids_of_containers() -> None:
    rows = [{"name": "a/screenA", "type": "screen", "image count": 5}, {"id": 1, "name": "b", "type": "project"}]
    assert parse_image_counts({"results": {"results": rows}}, "x") == {("screen", "a/screenA"): 5}
    assert parse_image_counts([], "x") == {}


def test_containers_the_engine_does_not_know_are_left_out() -> None:
    rows = [{"image count": 3}, {"id": 1, "name": "", "type": "screen"}, {"id": 1, "name": "n", "type": "well"}]
    assert parse_containers(rows, SOURCE).nodes == ()


def test_recorded_hit_is_a_well_of_its_plate(samples: Path) -> None:
    page = parse_hits(sample(samples, "derived/searchengine_image_search.json"), SCREEN, SOURCE)
    assert (page.total, page.bookmark) == (1, None)
    (group,) = page.groups
    assert isinstance(group.node, Plate)
    assert (group.node.name, group.node.match_count, group.node.accession) == ("PLATE", 1, "idr0001")
    (well,) = group.members
    assert (well.kind, well.id, well.name, well.thumbnail_id) == ("well", "1", "Well #1", "1")
    assert well.key_values == (("Organism", "Homo sapiens"),)


def test_no_hits_is_a_list_where_an_object_is_otherwise(samples: Path) -> None:
    nothing = sample(samples, "derived/searchengine_no_hits.json")
    assert parse_hits(nothing, SCREEN, SOURCE).groups == ()
    assert parse_containers(nothing, SOURCE).nodes == ()


def test_no_hits_may_be_said_as_an_error() -> None:
    said = {"Error": "Your query returns no results"}
    assert parse_hits(said, SCREEN, SOURCE).total == 0
    assert parse_containers(said, SOURCE).nodes == ()
    assert parse_suggestions(said, "x") == ()


@pytest.mark.parametrize("key", ["Error", "error"])
def test_a_failure_with_status_200_is_one_sentence(key: str) -> None:
    failed = {key: "Something went wrong, please check your query and try again later."}
    for parse in (parse_containers, lambda a, s: parse_hits(a, SCREEN, s), lambda a, s: parse_suggestions(a, s.base)):
        with pytest.raises(ServerFailure, match="Something went wrong") as caught:
            parse(failed, SOURCE)
        assert caught.value.hint


def test_fields_of_a_well_are_one_hit_and_wells_have_their_place() -> None:
    hits = [hit(1, plate_id=5, plate_name="p", well_id=9), hit(2, plate_id=5, plate_name="p", well_id=9)]
    (group,) = parse_hits(answer(*hits), SCREEN, SOURCE).groups
    (well,) = group.members
    assert isinstance(well, Well)
    assert (well.name, well.row, well.column, well.match_count) == ("A1", 0, 0, 2)


def test_images_without_a_plate_are_in_their_dataset() -> None:
    project = Project("project", "idr", "51", "p/experimentA")
    (group,) = parse_hits(answer(hit(1, dataset_id=7, dataset_name="d/e", project_id=51)), project, SOURCE).groups
    assert (group.node.kind, group.node.name) == ("dataset", "d/e")
    assert isinstance(group.members[0], ImageNode)
    (orphans,) = parse_hits(answer(hit(1)), project, SOURCE).groups
    assert (orphans.node.kind, orphans.node.id) == ("collection", "")


def test_hits_in_another_container_of_the_same_name_are_left_out() -> None:
    mine, other = hit(1, screen_id=1, plate_id=5, well_id=9), hit(2, project_id=1, dataset_id=5)
    (group,) = parse_hits(answer(mine, other), SCREEN, SOURCE).groups
    assert [node.id for node in group.members] == ["9"]


@pytest.mark.parametrize(
    ("more", "bookmark"),
    [
        ({"total_pages": 1, "pagination": {"current_page": 1, "total_pages": 1}}, None),
        ({"total_pages": 3, "pagination": {"current_page": 1, "next_page": 2, "total_pages": 3}}, 1),
        ({"total_pages": 3, "pagination": {"current_page": 3, "next_page": None, "total_pages": 3}}, None),
        ({"total_pages": 3}, 1),
        ({"total_pages": 254, "size": 253387}, 1),  # whatever the size of a page: it changes while others export
        ({}, 1),
        ({"bookmark": None}, None),
    ],
)
def test_the_next_page_is_the_bookmark_until_the_last(more: dict[str, Any], bookmark: int | None) -> None:
    assert parse_hits(answer(hit(1), **more), SCREEN, SOURCE).bookmark == bookmark


@pytest.mark.parametrize(
    "bad",
    [
        {"results": {"results": {}}},
        {"results": {"results": [{"name": "x"}]}},
        {"results": {"results": [{"id": "1"}]}},
        {"results": 5},
        "text",
    ],
)
def test_broken_hits_are_refused(bad: object) -> None:
    with pytest.raises(ProtocolError):
        parse_hits(bad, SCREEN, SOURCE)


@pytest.mark.parametrize("name", ["a/b", 'q"uote', "שלום", "🧬", "<b>x</b>", "\u202eevil"])
def test_odd_names_stay_as_they_are(name: str) -> None:
    (group,) = parse_hits(answer(hit(1, plate_id=5, plate_name=name, well_id=9)), SCREEN, SOURCE).groups
    assert group.node.name == name
    node: Node = parse_containers([{"id": 1, "name": name, "type": "screen"}], SOURCE).nodes[0]
    assert node.name == name
