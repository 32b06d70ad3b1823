"""ROIs of the embedded server: every kind of shape, their masks, single planes, and as many as wanted."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from conformance import differences
from PIL import Image
from test_json_api import sample

from napari_idr.demo.many_rois import ManyRois

if TYPE_CHECKING:
    from pathlib import Path

    from demo_client import Client

API = "api/v0/m/"
EVERY, MANY = "embryo-1, every kind of ROI", "colon-section-1, 10,000 ROIs"


@pytest.fixture
def images(client: Client) -> dict[str, dict[str, Any]]:
    return {one["Name"]: one for one in client.json(f"{API}images/?limit=1000")["data"]}


def rois(client: Client, images: dict[str, Any], name: str, query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = client.json(f"{API}images/{images[name]['@id']}/rois/{query}")
    return found


def test_every_kind_of_shape_is_there_as_omero_marshals_it(
    client: Client, images: dict[str, Any], shared: Path
) -> None:
    recorded = sample(shared, "derived/omero_marshal_roi_all_shapes")["data"]["shapes"]
    by_type = {shape["@type"]: shape for shape in recorded}
    transform = next(shape["Transform"] for shape in recorded if "Transform" in shape)
    shapes = [shape for roi in rois(client, images, EVERY)["data"] for shape in roi["shapes"]]
    assert {shape["@type"] for shape in shapes} == set(by_type)
    allowed = ("omero:details", "TheZ", "TheT", "Text", "FillColor", "Transform", "Marker")
    for shape in shapes:
        assert differences(shape, by_type[shape["@type"]], also=allowed) == []
        if "Transform" in shape:
            assert differences(shape["Transform"], transform, also=("omero:details",)) == []
    assert sum("Transform" in shape for shape in shapes) == 3


def test_pixels_of_masks_are_not_in_the_json_but_in_pictures(client: Client, images: dict[str, Any]) -> None:
    shapes = [shape for roi in rois(client, images, EVERY)["data"] for shape in roi["shapes"]]
    masks = [shape for shape in shapes if shape["@type"].endswith("#Mask")]
    assert not any("Bytes" in mask for mask in masks)
    refused = client.get(f"webgateway/render_shape_mask/{masks[0]['@id']}/")
    assert (refused.status_code, refused.content) == (403, b"")
    client.get("webclient/")
    for mask in masks:
        answer = client.get(f"webgateway/render_shape_mask/{mask['@id']}/")
        assert answer.headers["content-type"] == "image/png"
        picture = np.asarray(Image.open(io.BytesIO(answer.content)))
        assert picture.shape == (mask["Height"], mask["Width"], 4)
        assert picture[picture.shape[0] // 2, picture.shape[1] // 2].tolist() == [213, 94, 0, 255]
        assert picture[0, 0, 3] == 0
    other = next(shape for shape in shapes if not shape["@type"].endswith("#Mask"))
    assert client.get(f"webgateway/render_shape_mask/{other['@id']}/").status_code == 404
    assert client.get("webgateway/render_shape_mask/5/").status_code == 404


def test_ten_thousand_rois_are_paged_and_always_the_same(client: Client, images: dict[str, Any]) -> None:
    page = rois(client, images, MANY, "?limit=3&offset=4998")
    assert page["meta"]["totalCount"] == 10_000
    again = rois(client, images, MANY, "?limit=2&offset=4999")
    assert page["data"][1:] == again["data"]
    number = page["data"][0]["@id"]
    assert client.json(f"{API}rois/{number}/")["data"]["Name"] == "cell 4999"


def test_made_rois_lie_inside_the_image_and_apart() -> None:
    made = ManyRois(first=1, total=50, width=400, height=300)
    boxes = np.array([[np.min(made.outline(n), axis=0), np.max(made.outline(n), axis=0)] for n in range(50)])
    assert (boxes[:, 0] > 0).all()
    assert (boxes[:, 1] < (400, 300)).all()
    for one in range(50):
        apart = (boxes[:, 0] > boxes[one, 1]).any(axis=1) | (boxes[:, 1] < boxes[one, 0]).any(axis=1)
        assert apart.sum() == 49
    assert [number for number, _ in made[48:]] == [49, 50]
    assert made[-1] == made[49]
    with pytest.raises(IndexError):
        made[50]


def test_rois_of_one_plane_are_those_in_it_and_those_in_all(client: Client, images: dict[str, Any]) -> None:
    number = images[EVERY]["@id"]
    names = {roi["Name"] for roi in client.json(f"iviewer/rois_by_plane/{number}/0/0/")["data"]}
    assert {"turned box", "path", "note"} <= names
    assert not names & {"box", "ellipse", "polygon", "nucleus"}
    some = client.json(f"iviewer/rois_by_plane/{number}/0-3/0-2/?limit=2&offset=1")
    assert len(some["data"]) == 2
    assert some["meta"]["totalCount"] == 11
    counts = client.json(f"iviewer/plane_shape_counts/{number}/")["data"]
    assert (len(counts), len(counts[0])) == (4, 3)
    assert counts[2][0] == counts[0][0] + 3  # box, ellipse and a mask of the ball
    assert client.get("iviewer/rois_by_plane/5/0/0/").status_code == 404


def test_an_image_that_is_only_rendered_names_no_ome_zarr_and_wants_a_session(
    client: Client, images: dict[str, Any]
) -> None:
    image = images["embryo-1, rendered"]
    assert "externalInfo" not in image["omero:details"]
    assert "externalInfo" in images["embryo-1"]["omero:details"]
    assert client.json(f"webgateway/imgData/{image['@id']}/")["tiles"]
    tile = f"webgateway/render_image_region/{image['@id']}/0/0/?tile=0,0,0,64,64"
    refused = client.get(tile)
    assert (refused.status_code, refused.content) == (403, b"")
    client.get("webclient/?experimenter=-1")
    assert client.get(tile).headers["content-type"] == "image/jpeg"
