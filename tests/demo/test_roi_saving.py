"""``persist_rois`` of the embedded repository: what is sent is read back, and refusals are those of iviewer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests
from test_login_views import BEN, sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from repository_server import Served

ADA = BEN | {"username": "ada", "password": "analytical"}
SCHEMA = "http://www.openmicroscopy.org/Schemas/OME/2016-06#"
NEW = {"@type": f"{SCHEMA}Rectangle", "oldId": "-1:-1", "X": 10, "Y": 20, "Width": 30, "Height": 40, "Text": "a"}


class Editor:
    """Somebody who is signed in, with one image."""

    def __init__(self, served: Served, browser: requests.Session, form: dict[str, str]) -> None:
        self.base, self.browser = served.address, browser
        sign_in(browser, self.base, form)
        images = self.get("api/v0/m/images/?limit=1000")["data"]
        self.image = next(one["@id"] for one in images if one["Name"] == "embryo-1, every kind of ROI")

    def get(self, path: str) -> Any:
        return self.browser.get(f"{self.base}{path}", timeout=5).json()

    def rois(self) -> dict[int, Any]:
        return {one["@id"]: one for one in self.get(f"api/v0/m/images/{self.image}/rois/")["data"]}

    def send(self, document: Any) -> Any:
        headers = {"X-CSRFToken": self.browser.cookies["csrftoken"], "Referer": self.base}
        answer = self.browser.post(f"{self.base}iviewer/persist_rois/", json=document, headers=headers, timeout=5)
        assert answer.status_code == 200
        return answer.json()

    def save(self, **rois: Any) -> Any:
        return self.send({"imageId": self.image, "rois": rois})


@pytest.fixture
def ada(writable: Served) -> Iterator[Editor]:
    with requests.Session() as browser:
        yield Editor(writable, browser, ADA)


def test_the_derived_request_is_understood_and_answered_alike(ada: Editor, shared: Path) -> None:
    samples = shared / "protocols/samples/derived"
    request = json.loads((samples / "iviewer_persist_rois_request.json").read_text())
    response = json.loads((samples / "iviewer_persist_rois_response.json").read_text())
    (first, second, third, *_) = ada.rois().values()
    number = {"9": first["@id"], "7": second["@id"], "8": third["@id"]}
    keys = {
        old: f"{number[old.split(':')[0]]}:{roi['shapes'][0]['@id']}"
        for old, roi in (("9:12", first), ("7:9", second), ("8:10", third))
    }
    request["imageId"] = ada.image
    modified = request["rois"]["modified"][0]
    modified |= {"oldId": keys["9:12"], "@type": first["shapes"][0]["@type"]}
    request["rois"]["deleted"] = {str(number["7"]): [keys["7:9"]]}
    request["rois"]["empty_rois"] = {str(number["8"]): [keys["8:10"]]}
    answer = ada.send(request)
    assert set(answer) == set(response)
    assert set(answer["ids"]) == {"-1:-1", *keys.values()}
    after = ada.rois()
    assert third["@id"] not in after
    assert after[second["@id"]]["shapes"] == []
    assert after[first["@id"]]["shapes"][0]["X"] == 1.0
    assert "TheZ" not in after[first["@id"]]["shapes"][0], "what is not sent becomes null"


def test_each_new_shape_is_a_roi_of_its_own(ada: Editor) -> None:
    before = ada.rois()
    answer = ada.save(new=[NEW, NEW | {"oldId": "-1:-2"}])
    added = {key: roi for key, roi in ada.rois().items() if key not in before}
    assert len(added) == 2
    assert {f"{key}:{roi['shapes'][0]['@id']}" for key, roi in added.items()} == set(answer["ids"].values())


def test_who_may_only_look_changes_nothing(writable: Served) -> None:
    with requests.Session() as browser:
        ben = Editor(writable, browser, BEN)
        before = ben.rois()
        answer = ben.save(new=[NEW])
        assert answer["ids"] == {}
        assert "SecurityViolation" in answer["errors"][0]
        assert ben.rois() == before


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ({"rois": {}}, "No image id provided!"),
        ({"imageId": 1}, "Could not find rois object!"),
        ({"imageId": 1, "rois": {}}, "Could not find associated image!"),
    ],
)
def test_what_is_no_request_is_refused_with_status_200(document: Any, error: str, ada: Editor) -> None:
    assert ada.send(document) == {"errors": [error]}


def test_a_bare_width_stops_its_step_and_only_that(ada: Editor) -> None:
    first = next(iter(ada.rois().values()))
    old = f"{first['@id']}:{first['shapes'][0]['@id']}"
    answer = ada.save(new=[NEW | {"StrokeWidth": 1}], empty_rois={str(first["@id"]): [old]})
    assert "'int' object is not subscriptable" in answer["errors"][0]
    assert answer["ids"] == {old: old}
    assert first["@id"] not in ada.rois()


def test_a_roi_that_is_not_there_stops_its_step_and_changes_nothing_of_it(ada: Editor) -> None:
    first = next(iter(ada.rois().values()))
    old = f"{first['@id']}:{first['shapes'][0]['@id']}"
    answer = ada.save(empty_rois={str(first["@id"]): [old], "77": ["77:78"]})
    assert answer["errors"]
    assert first["@id"] in ada.rois()


def test_a_saved_roi_is_seen_by_all_who_may_see_the_image(ada: Editor, writable: Served) -> None:
    (new,) = ada.save(new=[NEW])["ids"].values()
    with requests.Session() as browser:
        ben = Editor(writable, browser, BEN)
        assert int(new.partition(":")[0]) in ben.rois()
