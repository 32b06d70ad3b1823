"""``/webclient/``: annotations, paths and flat lists as the IDR gives them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from conformance import differences, missing

if TYPE_CHECKING:
    from pathlib import Path

    from demo_client import Client

API = "webclient/api/"
GENE = "openmicroscopy.org/mapr/gene"
PHENOTYPE = "openmicroscopy.org/mapr/phenotype"
STUDY = "idr.openmicroscopy.org/study/info"


def test_annotations_have_the_fields_and_types_of_the_recorded_ones(client: Client, shared: Path) -> None:
    recorded = json.loads((shared / "protocols/samples/idr_webclient_api_annotations_screen102.json").read_text())
    maps = [one for one in recorded["annotations"] if one["class"] == "MapAnnotationI"]
    recorded["annotations"] = maps
    ours = client.json(f"{API}annotations/?type=map&screen=301")
    assert differences(ours, recorded) == []
    assert missing(ours, recorded, optional=("canDownload",)) == []


def test_study_key_values_say_what_it_is_and_under_which_licence(client: Client) -> None:
    for kind, number in (("screen", 301), ("project", 101), ("project", 102)):
        answer = client.json(f"{API}annotations/?type=map&{kind}={number}&ns={STUDY}")
        values = dict(answer["annotations"][0]["values"])
        assert {"Study Title", "Organism", "Imaging Method", "License", "Publication Title"} <= set(values)
        assert values["Study Title"].startswith("Demonstration")


def test_a_batch_is_told_apart_by_the_parents_of_the_links(client: Client) -> None:
    wells = client.json("api/v0/m/plates/401/wells/")["data"]
    query = "&".join(f"well={well['@id']}" for well in wells)
    found = client.json(f"{API}annotations/?type=map&{query}")["annotations"]
    parents = {one["link"]["parent"]["id"] for one in found}
    assert parents == {well["@id"] for well in wells}
    assert {one["link"]["parent"]["class"] for one in found} == {"WellI"}


def test_a_namespace_narrows_the_answer(client: Client) -> None:
    found = client.json(f"{API}annotations/?type=map&well=10004&ns={GENE}")["annotations"]
    assert [one["ns"] for one in found] == [GENE]
    assert dict(found[0]["values"])["Gene Symbol"] == "ACTB"


def test_phenotypes_are_annotations_of_their_own_with_cmpo_accessions(client: Client) -> None:
    well = next(
        one for one in client.json("api/v0/m/plates/401/wells/")["data"] if (one["Row"], one["Column"]) == (0, 3)
    )
    found = client.json(f"{API}annotations/?type=map&well={well['@id']}&ns={PHENOTYPE}")["annotations"]
    accessions = [dict(one["values"])["Phenotype Term Accession"] for one in found]
    assert accessions == ["CMPO_0000196", "CMPO_0000118"]


def test_an_image_of_a_well_has_the_annotations_of_the_well(client: Client) -> None:
    of_image = client.json(f"{API}annotations/?type=map&image=100001")["annotations"]
    of_well = client.json(f"{API}annotations/?type=map&well=10001")["annotations"]
    assert [one["values"] for one in of_image] == [one["values"] for one in of_well] != []
    assert of_image[0]["link"]["parent"]["class"] == "ImageI"


def test_annotations_of_containers_come_with_their_lineage(client: Client) -> None:
    parents = client.json(f"{API}annotations/?type=map&image=100001&parents=true")["parents"]
    assert {one["link"]["parent"]["class"] for one in parents["annotations"]} >= {"ScreenI", "WellI"}
    assert parents["lineage"]["ScreenI"]["301"] == [{"id": 100001, "class": "ImageI"}]


def test_there_are_no_annotations_of_other_types(client: Client) -> None:
    assert client.json(f"{API}annotations/?type=file&screen=301")["annotations"] == []


def test_a_path_leads_from_the_owner_to_the_image(client: Client, shared: Path) -> None:
    recorded = json.loads((shared / "protocols/samples/derived/webclient_paths_to_object.json").read_text())
    ours = client.json(f"{API}paths_to_object/?image=100001")
    assert [step["type"] for step in ours["paths"][0]] == [step["type"] for step in recorded["paths"][0]]
    kinds = [step["type"] for step in client.json(f"{API}paths_to_object/?image=100024")["paths"][0]]
    assert kinds == ["experimenter", "project", "dataset", "image"]


def test_an_image_counts_before_a_plate(client: Client) -> None:
    path = client.json(f"{API}paths_to_object/?plate=401&image=100001")["paths"][0]
    assert path[-1] == {"type": "image", "id": 100001}
    assert client.json(f"{API}paths_to_object/?well=5")["paths"] == []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("plates/?id=301", "idr_webclient_api_plates_screen"),
        ("datasets/?id=101", "idr_webclient_api_datasets_project51"),
    ],
)
def test_flat_lists_have_the_fields_of_the_recorded_ones(client: Client, shared: Path, path: str, name: str) -> None:
    recorded = json.loads((shared / f"protocols/samples/{name}.json").read_text())
    ours = client.json(API + path)
    assert differences(ours, recorded) == []
    assert missing(ours, recorded) == []


def test_flat_lists_are_cut_into_pages(client: Client) -> None:
    assert len(client.json(f"{API}containers/")["projects"]) == 2
    assert len(client.json(f"{API}containers/?page=1&limit=1")["projects"]) == 1
    assert client.json(f"{API}containers/?page=3&limit=1")["projects"] == []
    assert len(client.json(f"{API}containers/?page=0&limit=1")["projects"]) == 2
    assert [one["name"] for one in client.json(f"{API}images/?id=201")["images"]] == ["colon-section-1"]
    assert client.json(f"{API}plate_acquisitions/?id=401")["acquisitions"][0]["id"] == 2001


def test_images_tell_their_sizes_and_dates_when_asked(client: Client) -> None:
    plain = client.json(f"{API}images/?id=202")["images"][0]
    assert "sizeX" not in plain
    asked = client.json(f"{API}images/?id=202&sizeXYZ=true&date=true&thumbVersion=true")["images"][0]
    assert [asked[f"size{axis}"] for axis in "XYZT"] == [64, 64, 4, 3]
    assert set(asked) - set(plain) == {"sizeX", "sizeY", "sizeZ", "sizeT", "date", "acqDate", "thumbVersion"}


def test_a_bad_page_is_400_text_and_a_bad_id_500_html(client: Client) -> None:
    answer = client.get(f"{API}images/?page=x")
    assert (answer.status_code, answer.text) == (400, "Invalid parameter value")
    answer = client.get(f"{API}annotations/?type=map&well=x")
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (500, "text/html")


def test_the_front_page_is_html(client: Client) -> None:
    for path in ("webclient/", "", "webclient/?show=plate-401", "webclient/img_detail/100001/"):
        assert client.get(path).headers["content-type"].startswith("text/html")
