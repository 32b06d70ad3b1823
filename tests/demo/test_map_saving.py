"""``annotate_map`` of the embedded repository: what is sent is read back, and refusals are those of omero-web."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests
from test_login_views import BEN, sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repository_server import Served

ADA = BEN | {"username": "ada", "password": "analytical"}
NAMESPACE = "example.org/review"
CLIENT = "openmicroscopy.org/omero/client/mapAnnotation"
PAIRS = [["a", "1"], ["a", "2"], ["“Grüße”", "\U0001f9ec"]]


class Annotator:
    """Somebody who is signed in, with two images."""

    def __init__(self, served: Served, browser: requests.Session, form: dict[str, str]) -> None:
        self.base, self.browser = served.address, browser
        sign_in(browser, self.base, form)
        listed = browser.get(f"{self.base}api/v0/m/images/?limit=1000", timeout=5).json()["data"]
        self.image, self.other = [one["@id"] for one in listed if one["Name"].startswith("embryo-")][:2]

    def post(self, token: str | None = None, **fields: Any) -> requests.Response:
        headers = {"X-CSRFToken": token or self.browser.cookies["csrftoken"], "Referer": self.base}
        return self.browser.post(f"{self.base}webclient/annotate_map/", data=fields, headers=headers, timeout=5)

    def annotate(self, pairs: Any = PAIRS, **fields: Any) -> Any:
        fields = {"image": self.image, "ns": NAMESPACE, "mapAnnotation": json.dumps(pairs)} | fields
        return self.post(**fields).json()["annId"]

    def read(self, image: int = 0, namespace: str = NAMESPACE) -> list[tuple[int, Any, bool]]:
        query = f"type=map&image={image or self.image}&ns={namespace}"
        found = self.browser.get(f"{self.base}webclient/api/annotations/?{query}", timeout=5).json()["annotations"]
        return [(one["id"], one["values"], one["permissions"]["canEdit"]) for one in found]


@pytest.fixture
def ada(writable: Served) -> Iterator[Annotator]:
    with requests.Session() as browser:
        yield Annotator(writable, browser, ADA)


def test_what_is_sent_is_read_back_in_order_with_keys_that_repeat(ada: Annotator) -> None:
    (number,) = ada.annotate()
    assert ada.read() == [(number, PAIRS, True)]
    assert ada.read(ada.other) == []


def test_an_annotation_gets_other_values_and_goes_where_there_are_none(ada: Annotator) -> None:
    (number,) = ada.annotate()
    assert ada.annotate([["b", "3"]], annId=number) == [str(number)]
    assert ada.read() == [(number, [["b", "3"]], True)]
    assert ada.annotate([], annId=number) is None
    assert ada.read() == []


def test_several_images_share_one_annotation_but_in_the_namespace_of_clients(ada: Annotator) -> None:
    both = [ada.image, ada.other]
    (number,) = ada.annotate(image=both)
    assert ada.read()[0][0] == ada.read(ada.other)[0][0] == number
    assert len(ada.annotate(image=both, ns=CLIENT)) == 2
    assert ada.read(namespace=CLIENT)[0][0] != ada.read(ada.other, CLIENT)[0][0]


def test_refusals_are_those_of_a_web_page(ada: Annotator, writable: Served) -> None:
    assert ada.browser.get(f"{ada.base}webclient/annotate_map/", timeout=5).status_code == 404
    forged = ada.post("x" * 64, image=ada.image, mapAnnotation="[]")
    assert (forged.status_code, "CSRF" in forged.text) == (403, True)
    assert ada.post(image=ada.image, mapAnnotation="no json").status_code == 500
    with requests.Session() as browser:
        ben = Annotator(writable, browser, BEN)
        refused = ben.post(image=ben.image, ns=NAMESPACE, mapAnnotation=json.dumps(PAIRS))
        assert (refused.status_code, "SecurityViolation" in refused.text) == (500, True)
        assert ben.read() == []
