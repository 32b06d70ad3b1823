"""``/searchengine/``: the forms that were recorded, and the ways that clients of the real one have to know."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import requests
from conformance import differences, missing

from napari_idr.demo import search_engine

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from demo_client import Client

BASE = "searchengine/api/v1/resources/"
KIF11 = {"name": "Gene Symbol", "value": "kif11", "operator": "equals", "resource": "image"}


def sample(shared: Path, name: str) -> Any:
    return json.loads((shared / "protocols/samples" / f"{name}.json").read_text())


def submit(client: Client, *filters: dict[str, Any], view: str = "submitquery/", **more: Any) -> Any:
    details = {"and_filters": list(filters), **more.pop("details", {})}
    question = {"query_details": details, **more}
    return requests.post(f"{client.address}{BASE}{view}", json=question, timeout=20).json()


def found(answer: Any) -> list[int]:
    return [one["id"] for one in answer["results"]["results"]] if answer["results"] else []


# -- forms


def test_hits_have_the_fields_and_types_of_the_derived_ones(client: Client, shared: Path) -> None:
    recorded = sample(shared, "derived/searchengine_image_search")
    ours = submit(client, KIF11)
    assert differences(ours, recorded, also=("bookmark", "page_records")) == []
    assert missing(ours, recorded) == []
    of_a_project = client.json(f"{BASE}image/search/?key=Organism&value=Danio%20rerio")
    assert missing(of_a_project, recorded) == []
    assert of_a_project["results"]["results"][0]["screen_id"] is None


def test_no_hits_have_the_form_of_the_derived_ones(client: Client, shared: Path) -> None:
    ours = client.json(f"{BASE}image/search/?key=Organism&value=Nothing")
    recorded = sample(shared, "derived/searchengine_no_hits")
    assert missing(ours, recorded) == []
    assert ours["results"] == recorded["results"] == []


def test_containers_have_the_fields_of_the_derived_ones(client: Client, shared: Path) -> None:
    recorded = sample(shared, "derived/searchengine_submitquery_containers")
    ours = submit(client, KIF11, view="submitquery/containers/")
    assert differences(ours, recorded) == []
    assert missing(ours, recorded) == []


def test_values_have_the_fields_of_the_recorded_ones(client: Client, shared: Path) -> None:
    recorded = sample(shared, "idr_searchengine_image_searchvalues_normal_tissue")
    ours = client.json(f"{BASE}image/searchvalues/?value=kif")
    assert differences(ours, recorded) == []
    assert missing(ours, recorded) == []


def test_keys_have_the_form_of_the_derived_ones(client: Client, shared: Path) -> None:
    recorded = sample(shared, "derived/searchengine_keys")
    ours = client.json(f"{BASE}image/keys/")
    assert differences(ours, recorded) == []
    assert "Gene Symbol" in ours[0]["image"]
    assert set(client.json(f"{BASE}image/keys/?mode=searchterms")) == {"image", "project"}
    assert client.json(f"{BASE}data_sources/") == ["idr"]


# -- what is found


def test_the_images_of_a_well_are_found_by_its_gene(client: Client) -> None:
    answer = submit(client, KIF11)
    wells = {one["well_id"] for one in answer["results"]["results"]}
    assert len(wells) == 1
    assert answer["results"]["size"] == 2


def test_values_are_in_lower_case_counted_and_without_organisms(client: Client) -> None:
    rows = client.json(f"{BASE}image/searchvalues/?value=KIF11")["data"]
    assert ("Gene Symbol", "kif11", 2) in {(row["Key"], row["Value"], row["Number of images"]) for row in rows}
    assert client.json(f"{BASE}image/searchvalues/?value=homo%20sap")["data"] == []
    of_projects = client.json(f"{BASE}project/searchvalues/?value=danio")["data"]
    assert [row["Number of projects"] for row in of_projects] == [1]


def test_values_of_one_key(client: Client) -> None:
    rows = client.json(f"{BASE}image/searchvaluesusingkey/?key=gene%20symbol")["data"]
    assert {row["Key"] for row in rows} == {"Gene Symbol"}
    assert [row["Value"] for row in rows if row["Value"] != row["Value"].lower()] == []


def test_every_container_is_listed_with_its_images(client: Client) -> None:
    rows = client.json(f"{BASE}container_images/?data_source=idr")["results"]["results"]
    assert {row["type"] for row in rows} == {"screen", "project"}
    assert all(row["image count"] > 0 for row in rows)
    posted = requests.post(f"{client.address}{BASE}submitquery/containers/", json={}, timeout=20).json()
    assert posted["results"]["results"] == rows


def test_alternatives_are_one_group_and_groups_must_all_hold(client: Client) -> None:
    genes = [{**KIF11, "value": value} for value in ("ACTB", "KIF11")]
    assert len(found(submit(client, details={"or_filters": [genes]}))) == 4
    assert len(found(submit(client, genes[0], details={"or_filters": [genes]}))) == 2
    assert len(found(submit(client, {**KIF11, "operator": "in", "value": ["actb", "kif11"]}))) == 4
    everything = len(found(submit(client, {"name": "Cell Line", "value": "HeLa", "operator": "equals"})))
    assert len(found(submit(client, {**KIF11, "operator": "not_equals"}))) < everything


def test_a_container_narrows_by_its_name(client: Client) -> None:
    container = {
        "name": "name",
        "value": "idr9901-demo-knockdown/screenA",
        "operator": "equals",
        "resource": "container",
    }
    assert len(found(submit(client, KIF11, container))) == 2
    assert submit(client, KIF11, {**container, "value": "none"}) == {"Error": "Your query returns no results"}


def test_pages_follow_one_another_by_bookmarks(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = found(submit(client, {**KIF11, "name": "Cell Line", "value": "hela"}))
    monkeypatch.setattr(search_engine, "PAGE_SIZE", 9)
    pages, mark = [], None
    while True:
        more = {} if mark is None else {"bookmark": [mark]}
        answer = submit(client, {**KIF11, "name": "Cell Line", "value": "hela"}, **more)
        if not answer["results"]:
            break
        assert ("pagination" in answer["results"]) == (mark is None)
        pages.append(found(answer))
        mark = answer["results"]["bookmark"][0]
    assert [len(page) for page in pages] == [9, 9, len(whole) - 18]
    assert [number for page in pages for number in page] == whole


# -- its ways


def test_case_counts_in_an_address_whatever_it_says(client: Client) -> None:
    assert found(client.json(f"{BASE}image/search/?key=Gene%20Symbol&value=kif11")) != []
    for said in ("false", "true"):
        answer = client.json(f"{BASE}image/search/?key=Gene%20Symbol&value=kif11&case_sensitive={said}")
        assert answer["results"] == []


def test_case_in_a_document_is_a_boolean(client: Client) -> None:
    assert found(submit(client, KIF11, details={"case_sensitive": False})) != []
    assert found(submit(client, KIF11, details={"case_sensitive": True})) == []


def test_parts_are_compared_in_lower_case(client: Client) -> None:
    part = {**KIF11, "operator": "contains", "value": "KIF1"}
    assert found(submit(client, part)) != []
    assert found(submit(client, part, details={"case_sensitive": True})) == []


def test_a_study_and_containers_together_lose_the_result(client: Client) -> None:
    address = f"{BASE}image/search/?key=Gene%20Symbol&value=kif11&study=idr9901-demo-knockdown/screenA"
    assert len(found(client.json(address))) == 2
    assert client.json(f"{address}&return_containers=true") is None
    rows = client.json(f"{BASE}image/search/?key=Gene%20Symbol&value=kif11&return_containers=true")
    assert [row["image count"] for row in rows["results"]["results"]] == [2]


def test_quotes_break_the_query_but_in_a_list(client: Client) -> None:
    assert "Error" in submit(client, {**KIF11, "value": 'a"b'}, details={})
    assert submit(client, {**KIF11, "value": ['a"b'], "operator": "in"})["results"] == []


def test_half_a_filter_and_no_query_are_errors_with_status_200(client: Client) -> None:
    assert client.json(f"{BASE}image/search/?value=kif11")["Error"].startswith("Each Filter")
    assert client.json(f"{BASE}image/searchvalues/")["Error"]
    answer = requests.post(f"{client.address}{BASE}submitquery/", data=b"no json", timeout=20)
    assert (answer.status_code, answer.json()) == (200, {"Error": "No query is provided"})


def test_an_unknown_resource_is_404_text(client: Client) -> None:
    for view in ("search", "searchvalues", "searchvaluesusingkey", "keys"):
        answer = client.get(f"{BASE}banana/{view}/?key=a&value=b")
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (404, "text/plain")


def test_pages_of_mapr_lead_to_the_documentation(client: Client) -> None:
    answer = client.get("mapr/api/gene/?value=KIF11")
    assert answer.history[0].status_code == 302
    assert answer.headers["content-type"].startswith("text/html")


# -- tags


def test_the_tag_of_ome_zarr_leads_to_what_carries_it(client: Client) -> None:
    tags = client.json("webclient/api/tags/?orphaned=true&experimenter_id=-1&page=0")["tags"]
    assert [tag["value"] for tag in tags] == ["OME-NGFF"]
    tagged = client.json(f"webclient/api/tags/?id={tags[0]['id']}")
    assert [one["id"] for one in tagged["screens"]] == [301]
    assert len(tagged["projects"]) == tags[0]["childCount"] - 1
    assert client.json("webclient/api/tags/?id=5")["projects"] == []
