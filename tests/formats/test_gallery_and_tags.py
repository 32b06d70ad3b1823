"""Example pictures and tags of containers."""

from __future__ import annotations

import base64

import pytest

from napari_idr.errors import ProtocolError
from napari_idr.formats.gallery import parse_gallery
from napari_idr.formats.omero_tags import parse_tag_ids, parse_tagged

JPEG = b"\xff\xd8\xff\xe0 picture"
URI = f"data:image/jpeg;base64,{base64.b64encode(JPEG).decode()}"


def test_screen_and_project_of_one_number_have_their_own_pictures() -> None:
    shown = {"screen-51": {"image": {"id": 1}, "thumbnail": URI}, "project-51": {"image": {"id": 2}, "thumbnail": URI}}
    assert parse_gallery(shown, "x") == {("screen", "51"): ("1", JPEG), ("project", "51"): ("2", JPEG)}


@pytest.mark.parametrize(
    "uri", [None, "", "data:image/jpeg;base64,!!!", "data:text/html;base64,PGI+", "https://x.org/a.jpg", 5]
)
def test_what_is_no_picture_is_none(uri: object) -> None:
    assert parse_gallery({"screen-1": {"image": {"id": 1}, "thumbnail": uri}}, "x") == {("screen", "1"): ("1", b"")}


def test_containers_without_an_image_and_other_things_are_left_out() -> None:
    assert parse_gallery({"screen-1": None, "project-2": {"image": None}, "dataset-3": {"image": {"id": 1}}}, "x") == {}
    with pytest.raises(ProtocolError):
        parse_gallery([], "x")


def test_a_tag_is_found_by_its_name() -> None:
    answer = {"tags": [{"id": 1, "value": "other"}, {"id": 2, "value": "ome-ngff"}, {"id": 3, "value": None}]}
    assert parse_tag_ids(answer, "OME-NGFF", "x") == ("2",)
    assert parse_tagged({"projects": [{"id": 7}], "screens": [{"id": 7}]}, "x") == {("project", "7"), ("screen", "7")}
    assert parse_tagged({}, "x") == frozenset()
