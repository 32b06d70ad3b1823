"""``/webgateway/``: image data, grid, thumbnails and rendered pictures."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from conformance import differences, missing
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    from demo_client import Client

SLIDE = 100023
TILED = ("tile_size", "levels", "resolutions", "zoomLevelScaling", "nominalMagnification")


def picture(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)))


@pytest.mark.parametrize("number", [100001, SLIDE])
def test_image_data_have_the_fields_and_types_of_the_recorded_ones(client: Client, shared: Path, number: int) -> None:
    recorded = json.loads((shared / "protocols/samples/idr_webclient_imgData_122770.json").read_text())
    ours = client.json(f"webclient/imgData/{number}/")
    allowed = (*TILED, "wellId", "datasetId", "projectId")
    assert differences(ours, recorded, also=allowed) == []
    assert missing(ours, recorded) == []
    assert ours == client.json(f"webgateway/imgData/{number}/")


def test_pyramids_tell_their_levels(client: Client) -> None:
    data = client.json(f"webgateway/imgData/{SLIDE}/")
    assert data["levels"] == len(data["resolutions"]) == len(data["zoomLevelScaling"])
    assert data["resolutions"]["0"] == {"sizeX": 1024, "sizeY": 1024}
    assert data["zoomLevelScaling"]["1"] == 0.5
    assert data["meta"]["projectName"] == "idr9902-demo-histology/experimentA"


def test_image_data_follow_the_omero_block_of_the_file(client: Client) -> None:
    channels = client.json("webgateway/imgData/100001/")["channels"]
    assert (channels[0]["label"], channels[0]["color"]) == ("DNA", "3F6FFF")
    assert channels[0]["window"]["start"] < channels[0]["window"]["end"] < channels[0]["window"]["max"]


def test_one_key_of_image_data_can_be_asked_for(client: Client) -> None:
    assert client.json("webgateway/imgData/100001/size/") == {"width": 128, "height": 128, "z": 1, "t": 1, "c": 3}
    assert client.json("webgateway/imgData/100001/nothing/") is None


def test_a_missing_image_is_404_text(client: Client) -> None:
    answer = client.get("webgateway/imgData/5/")
    assert (answer.status_code, answer.text) == (404, "Image:5 not found")


def test_the_grid_has_the_fields_of_the_recorded_one_and_is_padded(client: Client, shared: Path) -> None:
    recorded = json.loads((shared / "protocols/samples/derived/webgateway_plate_grid.json").read_text())
    ours = client.json("webgateway/plate/401/")
    rows = [[cell for cell in row if cell] for row in ours["grid"]]
    assert differences({**ours, "grid": rows}, {**recorded, "grid": [[recorded["grid"][0][0]]]}) == []
    assert (len(ours["grid"]), {len(row) for row in ours["grid"]}) == (8, {12})
    assert ours["rowlabels"] == list("ABCDEFGH")
    assert ours["collabels"] == list(range(1, 13))
    assert ours["grid"][1][3] is None
    assert ours["grid"][0][1]["thumb_url"] == f"/webgateway/render_thumbnail/{ours['grid'][0][1]['id']}/"


def test_fields_of_an_acquisition_count_from_its_first(shared_client: Client) -> None:
    whole = shared_client.json("webgateway/plate/402/2/")["grid"][1][1]
    of_run = shared_client.json("webgateway/plate/402/0/3435/")["grid"][1][1]
    assert of_run["id"] == whole["id"]
    assert of_run["field"] == 0


def test_a_missing_plate_or_acquisition_is_a_500_in_json(client: Client) -> None:
    for path in ("webgateway/plate/5/", "webgateway/plate/401/0/5/"):
        answer = client.get(path)
        assert answer.status_code == 500
        assert "not found" in answer.json()["message"]


@pytest.mark.parametrize(("path", "longest"), [("", 96), ("64/", 64), ("200/50/", 50)])
def test_thumbnails_are_jpeg_of_the_size_asked_for(client: Client, path: str, longest: int) -> None:
    for family in ("webgateway", "webclient"):
        answer = client.get(f"{family}/render_thumbnail/100001/{path}")
        assert answer.headers["content-type"] == "image/jpeg"
        assert max(picture(answer.content).shape[:2]) == longest


def test_thumbnails_show_the_cells(client: Client) -> None:
    shown = picture(client.get("webgateway/render_thumbnail/100001/").content)
    assert shown[..., 2].max() > 120
    assert shown.std() > 10


def test_thumbnails_come_in_batches_with_null_for_the_missing(client: Client) -> None:
    found = client.json("webgateway/get_thumbnails/32/?id=100001&id=100002&id=100001&id=5")
    assert found["5"] is None
    assert set(found) == {"100001", "100002", "5"}
    kind, _, text = found["100001"].partition(",")
    assert kind == "data:image/jpeg;base64"
    assert picture(base64.b64decode(text)).shape == (32, 32, 3)


def test_more_than_fifty_thumbnails_at_a_time_are_refused(client: Client) -> None:
    query = "&".join(f"id={number}" for number in range(100001, 100052))
    answer = client.get(f"webgateway/get_thumbnails/?{query}")
    assert (answer.status_code, answer.text) == (500, "Max 50 thumbnails at a time.")
    assert client.get(f"webgateway/get_thumbnails/?{query.partition('&')[2]}").status_code == 200


def test_a_missing_picture_is_404_html(client: Client) -> None:
    for path in ("render_thumbnail/5/", "render_image/5/0/0/", "render_image_region/5/0/0/?region=0,0,9,9"):
        answer = client.get(f"webgateway/{path}")
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")


def test_planes_show_the_channels_asked_for(client: Client) -> None:
    red = picture(client.get("webgateway/render_image/100001/0/0/?c=1|0:200$FF0000,-2,-3").content)
    assert red.shape == (128, 128, 3)
    assert red[..., 0].max() > 150
    assert red[..., 1].max() < 60
    grey = picture(client.get("webgateway/render_image/100001/?c=1&m=g").content).astype(int)
    assert np.abs(grey[..., 0] - grey[..., 2]).max() < 12


def test_projections_are_at_least_as_bright_as_a_plane(client: Client) -> None:
    movie = 100024
    plane = picture(client.get(f"webgateway/render_image/{movie}/0/0/").content).astype(int)
    whole = picture(client.get(f"webgateway/render_image/{movie}/0/0/?p=intmax").content).astype(int)
    part = picture(client.get(f"webgateway/render_image/{movie}/0/0/?p=intmax|0:1").content).astype(int)
    assert plane.sum() < part.sum() < whole.sum()


def test_tiles_count_in_tiles_of_the_request_and_are_cut_at_the_edge(client: Client) -> None:
    path = f"webgateway/render_image_region/{SLIDE}/0/0/"
    assert picture(client.get(f"{path}?tile=0,1,1,300,300").content).shape == (300, 300, 3)
    assert picture(client.get(f"{path}?tile=0,3,1,300,300").content).shape == (300, 124, 3)
    assert picture(client.get(f"{path}?tile=1,0,0").content).shape == (512, 512, 3)


def test_tiles_and_regions_show_the_same_pixels(client: Client) -> None:
    path = f"webgateway/render_image_region/{SLIDE}/0/0/"
    tile = picture(client.get(f"{path}?tile=0,1,2,256,256").content)
    region = picture(client.get(f"{path}?region=256,512,256,256").content)
    assert np.array_equal(tile, region)
    assert region.std() > 5


@pytest.mark.parametrize(
    "query",
    ["", "?tile=0,x,0", "?tile=9,0,0", "?region=1,2,3", "?tile=0,99,99", "?region=0,0,9,9&c=red", "?tile=0,0,0&q=x"],
)
def test_a_malformed_region_is_400_text(client: Client, query: str) -> None:
    answer = client.get(f"webgateway/render_image_region/{SLIDE}/0/0/{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/plain")


def test_a_plane_that_is_not_there_is_refused(client: Client) -> None:
    assert client.get("webgateway/render_image/100001/7/0/").status_code == 400


def test_the_gallery_shows_one_image_per_study(client: Client) -> None:
    found = client.json("gallery-api/thumbnails/?project=101&screen=301&screen=5")
    assert set(found) == {"project-101", "screen-301"}
    assert found["screen-301"]["thumbnail"].startswith("data:image/jpeg;base64,")


def test_images_of_all_kinds_are_rendered(shared_client: Client) -> None:
    images = shared_client.json("api/v0/m/images/")["data"]
    assert len(images) == 15
    for image in images:
        thumbnail = picture(shared_client.get(f"webgateway/render_thumbnail/{image['@id']}/").content)
        assert thumbnail.std() > 1, image["Name"]
