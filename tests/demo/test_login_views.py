"""Signing in to the embedded repository: OMERO.web's protocol, its refusals, and who sees what."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests
from conformance import differences, missing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from repository_server import Served

BEN = {"server": "1", "username": "ben", "password": "only looks"}


@pytest.fixture
def browser() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def sign_in(browser: requests.Session, base: str, form: dict[str, str] = BEN, **headers: str) -> requests.Response:
    token = browser.get(f"{base}api/v0/token/", timeout=5).json()["data"]
    sent = {"X-CSRFToken": token, "Referer": base} | headers
    return browser.post(f"{base}api/v0/login/", data=form, headers=sent, timeout=5)


def test_token_and_servers_are_as_recorded(private: Served, browser: requests.Session, shared: Path) -> None:
    for name in ("token", "servers"):
        sample = json.loads((shared / f"protocols/samples/idr_api_v0_{name}.json").read_text())
        ours = browser.get(f"{private.address}api/v0/{name}/", timeout=5).json()
        assert differences(ours, sample) == missing(ours, sample) == []


def test_a_login_changes_both_cookies_and_says_who_came(private: Served, browser: requests.Session) -> None:
    browser.get(f"{private.address}api/v0/token/", timeout=5)
    before = browser.cookies["csrftoken"]
    answer = sign_in(browser, private.address).json()
    assert answer["success"] is True
    assert set(answer["eventContext"]) == {
        *("sessionId", "sessionUuid", "userId", "userName", "groupId", "groupName", "isAdmin", "eventId"),
        *("eventType", "memberOfGroups", "leaderOfGroups"),
    }
    assert answer["eventContext"]["userName"] == "ben"
    assert browser.cookies["csrftoken"] != before
    assert browser.cookies["sessionid_demo"] == answer["eventContext"]["sessionUuid"]


@pytest.mark.parametrize(
    ("form", "headers", "status", "message"),
    [
        ({}, {}, 403, "Server: This field is required. Username: This field is required. "),
        (BEN | {"password": "wrong"}, {}, 403, "check your user name and password"),
        (BEN, {"X-CSRFToken": "old"}, 403, "CSRF Failed: CSRF token"),
        (BEN, {"Referer": ""}, 403, "CSRF Failed: Referer checking failed - no Referer"),
        (BEN, {"Referer": "https://evil.example.org/"}, 403, "CSRF Failed: Referer checking failed"),
    ],
)
def test_a_login_is_refused_as_omero_refuses_it(
    form: dict[str, str],
    headers: dict[str, str],
    status: int,
    message: str,
    private: Served,
    browser: requests.Session,
) -> None:
    answer = sign_in(browser, private.address, form, **headers)
    assert answer.status_code == status
    assert message in answer.json()["message"]


def test_a_login_without_the_cookie_is_a_forgery(private: Served) -> None:
    answer = requests.post(f"{private.address}api/v0/login/", data=BEN, timeout=5)
    assert answer.json() == {"message": "CSRF Failed: CSRF cookie not set."}


def test_a_login_by_get_is_no_login(private: Served) -> None:
    assert requests.get(f"{private.address}api/v0/login/", timeout=5).status_code == 405


def test_an_empty_login_tells_who_one_is(private: Served, browser: requests.Session) -> None:
    sign_in(browser, private.address)
    assert sign_in(browser, private.address, {}).json()["eventContext"]["userName"] == "ben"


@pytest.mark.parametrize(
    ("path", "headers", "status", "where"),
    [
        ("api/v0/m/screens/", {}, 403, ""),
        ("webclient/api/containers/", {}, 302, "/webclient/login/?url=%2Fwebclient%2Fapi%2Fcontainers%2F"),
        ("webclient/api/containers/", {"X-Requested-With": "XMLHttpRequest"}, 403, ""),
        ("webgateway/imgData/100001/", {}, 302, "/webclient/login/?url="),
        ("webgateway/render_image/100001/", {}, 403, ""),
        ("iviewer/persist_rois/", {}, 302, "/webclient/login/?url="),
        ("webclient/keepalive_ping/", {}, 302, "/webclient/login/?url="),
        ("zarr/anything/.zattrs", {}, 403, ""),
        ("searchengine/api/v1/resources/all/keys/", {}, 302, "/webclient/login/?url="),
    ],
)
def test_without_a_login_each_family_refuses_in_its_own_way(
    path: str, headers: dict[str, str], status: int, where: str, private: Served
) -> None:
    answer = requests.get(f"{private.address}{path}", headers=headers, timeout=5, allow_redirects=False)
    assert answer.status_code == status
    assert answer.headers.get("Location", "").startswith(where)
    if path.startswith("api/"):
        assert answer.json() == {"message": "Not logged in"}
    elif status == 403:
        assert answer.content == b""


def test_the_web_page_signs_in_and_leads_back(private: Served, browser: requests.Session) -> None:
    page = browser.get(f"{private.address}webclient/", timeout=5)
    assert page.url.startswith(f"{private.address}webclient/login/?url=")
    form = BEN | {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    answer = browser.post(page.url, data=form, headers={"Referer": page.url}, timeout=5)
    assert answer.url == f"{private.address}webclient/"
    out = browser.post(
        f"{private.address}webclient/logout/",
        headers={"X-CSRFToken": browser.cookies["csrftoken"], "Referer": private.address},
        timeout=5,
    )
    assert "/webclient/login/" in out.url


def _projects(browser: requests.Session, base: str, query: str = "") -> list[Any]:
    found = browser.get(f"{base}api/v0/m/projects/{query}", timeout=5).json()["data"]
    return sorted(one["Name"][:7] for one in found)


def test_each_sees_what_is_public_and_what_is_of_their_groups(mixed: Served, browser: requests.Session) -> None:
    assert _projects(browser, mixed.address) == []
    sign_in(browser, mixed.address)
    assert _projects(browser, mixed.address) == ["idr9903"]
    ada = BEN | {"username": "ada", "password": "analytical"}
    sign_in(browser, mixed.address, ada)
    assert _projects(browser, mixed.address) == ["idr9902", "idr9903"]
    assert _projects(browser, mixed.address, "?group=12") == ["idr9902"]
    assert _projects(browser, mixed.address, "?group=-1") == ["idr9902", "idr9903"]
    mixed.expire()
    assert _projects(browser, mixed.address) == []


def test_files_of_private_images_are_private_too(mixed: Served, browser: requests.Session) -> None:
    sign_in(browser, mixed.address)
    images = browser.get(f"{mixed.address}api/v0/m/images/?limit=1000", timeout=5).json()["data"]
    address = next(one["omero:details"]["externalInfo"]["Lsid"] for one in images if one["Name"] == "embryo-1")
    names = [".zattrs", "zarr.json"]
    mine = [browser.get(f"{address}/{name}", timeout=5).status_code for name in names]
    assert 200 in mine
    assert {requests.get(f"{address}/{name}", timeout=5).status_code for name in names} == {403}


@pytest.mark.parametrize(("name", "password", "may"), [("ada", "analytical", True), ("ben", "only looks", False)])
def test_rights_are_told_with_every_object(
    name: str, password: str, may: bool, private: Served, browser: requests.Session
) -> None:
    sign_in(browser, private.address, BEN | {"username": name, "password": password})
    image = browser.get(f"{private.address}api/v0/m/images/?limit=1", timeout=5).json()["data"][0]
    rights = image["omero:details"]["permissions"]
    assert rights["canAnnotate"] is rights["canEdit"] is may
