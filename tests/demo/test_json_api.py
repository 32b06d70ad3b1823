"""The JSON API answers as the IDR's does: fields, types, paging, errors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests
from conformance import differences, missing

if TYPE_CHECKING:
    from pathlib import Path

    from demo_client import Client

API = "api/v0/m/"
EXTERNAL = "externalInfo"
# What the IDR knows of its channels and pixels and this server does not.
UNKNOWN = (
    "EmissionWavelength",
    "NDFilter",
    "photometricInterpretation",
    "omero:sha1",
    "PhysicalSizeZ",
    "PositionX",
    "PositionY",
)


def sample(shared: Path, name: str) -> Any:
    return json.loads((shared / "protocols" / "samples" / f"{name}.json").read_text())


@pytest.mark.parametrize(
    ("path", "name", "also"),
    [
        ("screens/", "idr_api_v0_m_screens_first12", ()),
        ("projects/", "idr_api_v0_m_projects_first12", ()),
        ("screens/301/", "idr_api_v0_m_screen_51", ("url:screen",)),
        ("projects/101/", "idr_api_v0_m_project_51", ("url:project",)),
        ("datasets/201/?childCount=true", "idr_api_v0_m_dataset_51", ("url:dataset", "Description")),
        ("datasets/201/images/", "idr_api_v0_m_dataset_51_images", (EXTERNAL, "DimensionOrder", ".Description")),
        ("images/100001/", "idr_api_v0_m_image_1884838", (EXTERNAL, "DimensionOrder")),
        ("plates/401/", "idr_api_v0_m_plate_422", (".Description",)),
        (
            "plates/401/plateacquisitions/",
            "idr_api_v0_m_plate_422_plateacquisitions",
            (".Name", ".StartTime"),
        ),
        ("plates/401/wells/", "idr_api_v0_m_plate_422_wells_first8", ("PlateAcquisition.Name", ".StartTime")),
    ],
)
def test_objects_have_the_fields_and_types_of_the_recorded_ones(
    client: Client, shared: Path, path: str, name: str, also: tuple[str, ...]
) -> None:
    ours, recorded = client.json(API + path), sample(shared, name)
    assert differences(ours, recorded, also=also) == []
    assert missing(ours, recorded, optional=(*UNKNOWN, "ReleaseDate", "Description", "AcquisitionDate")) == []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("api/", "idr_api_v0_versions_GET_api"),
        ("api/v0/servers/", "idr_api_v0_servers"),
        ("api/v0/token/", "idr_api_v0_token"),
    ],
)
def test_discovery_has_the_fields_of_the_recorded_one(client: Client, shared: Path, path: str, name: str) -> None:
    ours, recorded = client.json(path), sample(shared, name)
    assert differences(ours, recorded) == []
    assert missing(ours, recorded) == []


def test_base_names_addresses_of_this_server_that_answer(client: Client, shared: Path) -> None:
    base = client.json("api/v0/")
    assert set(base) <= set(sample(shared, "idr_api_v0_base_GET_api_v0"))
    for name in ("projects", "screens", "images", "token"):
        assert requests.get(base[f"url:{name}"], timeout=20).status_code == 200


def test_every_answer_tells_the_version_of_the_api(client: Client) -> None:
    for path in ("api/", API + "screens/", API + "images/5/"):
        assert client.get(path).headers["X-OMERO-ApiVersion"] == "0.2"


def test_shapes_have_the_fields_of_omero_marshal(client: Client, shared: Path) -> None:
    recorded = sample(shared, "derived/omero_marshal_roi_all_shapes")["data"]["shapes"]
    by_type = {shape["@type"]: shape for shape in recorded}
    images = [client.json(f"{API}rois/?limit=1000")["data"]]
    shapes = [shape for rois in images for roi in rois for shape in roi["shapes"]]
    assert {shape["@type"].partition("#")[2] for shape in shapes} >= {"Rectangle", "Ellipse", "Polygon", "Point"}
    for shape in shapes:
        allowed = ("omero:details", "TheZ", "TheT", "Text", "FillColor", "Transform", "Marker")
        assert differences(shape, by_type[shape["@type"]], also=allowed) == []


def test_rois_of_an_image_are_those_that_name_it(client: Client) -> None:
    of_image = client.json(f"{API}images/100001/rois/")
    assert of_image["meta"]["totalCount"] > 5
    assert client.json(f"{API}rois/?image=100001")["data"] == of_image["data"]
    assert client.json(f"{API}rois/?image=100001&limit=0")["data"] == []
    first = of_image["data"][0]
    assert client.json(f"{API}rois/{first['@id']}/")["data"] == first


def test_ids_are_unique_within_their_kind(client: Client) -> None:
    shapes = [shape["@id"] for roi in client.json(f"{API}rois/?limit=1000")["data"] for shape in roi["shapes"]]
    assert len(set(shapes)) == len(shapes)
    images = [image["@id"] for image in client.json(f"{API}images/?limit=1000")["data"]]
    assert len(set(images)) == len(images) == 11 * 2 + 10


def test_pages_follow_each_other_without_gap(client: Client) -> None:
    whole = client.json(f"{API}images/")["data"]
    pages = [client.json(f"{API}images/?offset={offset}&limit=7") for offset in range(0, len(whole), 7)]
    assert [one["@id"] for page in pages for one in page["data"]] == [one["@id"] for one in whole]
    assert pages[1]["meta"] == {"offset": 7, "limit": 7, "maxLimit": 1000, "totalCount": len(whole)}


@pytest.mark.parametrize(("asked", "given"), [("5000", 1000), ("-1", 200), ("0", 0), ("3", 3)])
def test_limit_is_kept_within_bounds(client: Client, asked: str, given: int) -> None:
    answer = client.json(f"{API}images/?limit={asked}")
    assert answer["meta"]["limit"] == given
    assert answer["meta"]["totalCount"] == 32
    assert len(answer["data"]) == min(given, 32)


def test_negative_offset_is_the_beginning(client: Client) -> None:
    assert client.json(f"{API}wells/?offset=-5")["meta"]["offset"] == 0


def test_images_are_ordered_by_name_and_wells_by_column(client: Client) -> None:
    names = [image["Name"].lower() for image in client.json(f"{API}images/")["data"]]
    assert names == sorted(names)
    places = [(well["Column"], well["Row"]) for well in client.json(f"{API}plates/401/wells/")["data"]]
    assert places == sorted(places)
    assert len(places) == 12


def test_children_are_counted_only_when_asked(client: Client) -> None:
    for kind in ("screens", "projects", "datasets"):
        assert "omero:childCount" not in client.json(f"{API}{kind}/")["data"][0]
        counted = client.json(f"{API}{kind}/?childCount=true")["data"]
        assert {"screens": [1], "projects": [1, 4], "datasets": [1, 2, 4, 2, 1]}[kind] == [
            one["omero:childCount"] for one in counted
        ]


def test_normalizing_moves_people_out_of_top_level_objects_only(client: Client) -> None:
    answer = client.json(f"{API}images/?normalize=true&limit=2")
    details = answer["data"][0]["omero:details"]
    assert details["owner"] == {"@id": 2}
    assert details["group"] == {"@id": 3}
    assert answer["experimenters"][0]["LastName"] == "data"
    assert answer["experimenterGroups"][0]["@id"] == 3
    assert answer["data"][0]["Pixels"]["omero:details"]["owner"]["UserName"] == "demo"


def test_lists_of_images_have_no_channels_and_single_images_do(client: Client) -> None:
    listed = client.json(f"{API}images/?limit=1")["data"][0]
    assert "Channels" not in listed["Pixels"]
    assert "url:image" in listed
    single = client.json(f"{API}images/{listed['@id']}/")["data"]
    assert [channel["Name"] for channel in single["Pixels"]["Channels"]]
    assert "url:rois" in single


def test_colours_are_signed_rgba(client: Client) -> None:
    channels = client.json(f"{API}images/100001/")["data"]["Pixels"]["Channels"]
    values = [channel["Color"] & 0xFFFFFFFF for channel in channels]
    assert [f"{value:08X}" for value in values] == ["3F6FFFFF", "20E040FF", "FF2E63FF"]


def test_images_name_their_ome_zarr_and_images_inside_wells_do_not(client: Client) -> None:
    image = client.json(f"{API}images/100001/")["data"]
    external = image["omero:details"]["externalInfo"]
    assert external["Lsid"] == f"{client.address}zarr/plates/knockdown-1.ome.zarr/A/1/0"
    assert requests.get(f"{external['Lsid']}/.zattrs", timeout=20).json()["multiscales"]
    well = client.json(f"{API}plates/401/wells/?limit=1")["data"][0]
    assert "externalInfo" not in well["WellSamples"][0]["Image"]["omero:details"]
    assert "Pixels" not in well["WellSamples"][0]["Image"]


def test_the_host_header_is_believed_for_loopback_only(client: Client) -> None:
    path = f"{API}screens/301/"
    assert client.get(path, Host="localhost:99").json()["data"]["url:plates"].startswith("http://localhost:99/")
    told = client.get(path, Host="evil.example").json()["data"]["url:plates"]
    assert told.startswith(client.address)


def test_lengths_carry_their_unit(client: Client) -> None:
    pixels = client.json(f"{API}images/100001/")["data"]["Pixels"]
    size = pixels["PhysicalSizeX"]
    assert size == {"@type": "TBD#LengthI", "Unit": "MICROMETER", "Symbol": "µm", "Value": 0.325}
    assert pixels["SizeC"] == 3


def test_a_well_that_was_not_imaged_has_no_fields(client: Client) -> None:
    wells = {(well["Row"], well["Column"]): well for well in client.json(f"{API}plates/401/wells/")["data"]}
    assert "WellSamples" not in wells[1, 3]
    assert [len(wells[0, column]["WellSamples"]) for column in range(4)] == [2, 2, 2, 2]


def test_views_of_a_field_leave_out_wells_without_it(client: Client) -> None:
    plate = client.json(f"{API}plates/401/")["data"]
    assert plate["omero:wellsampleIndex"] == [0, 1]
    view = plate["url:wellsampleindex_wells"][1].removeprefix(client.address)
    assert client.json(view)["meta"]["totalCount"] == 11
    assert client.json(f"{API}plates/401/wellsampleindex/2/wells/")["data"] == []


def test_acquisitions_of_a_plate_know_their_fields(shared_client: Client) -> None:
    runs = shared_client.json(f"{API}plates/402/plateacquisitions/")["data"]
    assert [(run["@id"], run["omero:wellsampleIndex"]) for run in runs] == [(3434, [0, 1]), (3435, [2, 3])]
    wells = shared_client.json(f"{API}plateacquisitions/3435/wellsampleindex/2/wells/")["data"]
    assert len(wells) == 2
    samples = wells[0]["WellSamples"]
    assert [sample["PlateAcquisition"]["@id"] for sample in samples] == [3434, 3434, 3435, 3435]


@pytest.mark.parametrize(
    ("path", "child"),
    [
        ("screens/301/plates/", "plates/401/"),
        ("plates/401/screens/", "screens/301/"),
        ("projects/101/datasets/", "datasets/201/"),
        ("datasets/201/projects/", "projects/101/"),
        ("wells/10001/plates/", "plates/401/"),
        ("plates/?screen=301", "plates/401/"),
        ("screens/?plate=401", "screens/301/"),
    ],
)
def test_nested_lists_lead_up_and_down(client: Client, path: str, child: str) -> None:
    found = client.json(API + path)["data"]
    assert [one["@id"] for one in found] == [client.json(API + child)["data"]["@id"]]


def test_there_are_no_orphans(client: Client) -> None:
    for kind in ("images", "datasets", "plates"):
        assert client.json(f"{API}{kind}/?orphaned=true")["meta"]["totalCount"] == 0


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("images/5/", 404, "Image 5 not found"),
        ("plates/5/", 404, "Plate 5 not found"),
        ("rois/5/", 404, "ROI 5 not found"),
        ("images/?limit=abc", 400, "invalid literal for int() with base 10: 'abc'"),
        ("images/?owner=me", 400, "invalid literal for int() with base 10: 'me'"),
        ("images/?group=abc", 500, "invalid literal for int() with base 10: 'abc'"),
        ("images/?dataset=abc", 500, "invalid literal for int() with base 10: 'abc'"),
    ],
)
def test_errors_are_json_with_a_message(client: Client, path: str, status: int, message: str) -> None:
    answer = client.get(API + path)
    assert (answer.status_code, answer.json()["message"]) == (status, message)
    assert "stacktrace" in answer.json()


def test_an_unknown_route_is_an_html_page(client: Client) -> None:
    for path in ("api/v0/m/nothing/", "api/v0/m/images/abc/", "nothing"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")


def test_writing_is_refused(client: Client) -> None:
    assert client.post(f"{API}images/").status_code == 405


def test_unknown_parameters_are_ignored(client: Client) -> None:
    assert client.json(f"{API}screens/?name=x&sort=id")["meta"]["totalCount"] == 1
