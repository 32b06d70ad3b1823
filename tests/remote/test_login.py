"""Signing in to a server: exact requests, a session that ends and begins anew, and no password anywhere."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from napari_idr.errors import AccessDenied, AddressError, NapariIdrError, NotFound, ProtocolError, SignInNeeded
from napari_idr.remote import login as login_module
from napari_idr.remote.disk_cache import DiskCache
from napari_idr.remote.http import Http
from napari_idr.remote.kept_json import KeptJson
from napari_idr.remote.logins import Logins, is_below
from napari_idr.remote.network_state import NetworkState
from patience import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from repository_server import Served

PASSWORD = "analytical"
TOKEN, SERVERS, LOGIN = "/api/v0/token/", "/api/v0/servers/", "/api/v0/login/"
PROJECTS = "api/v0/m/projects/"


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the user's is read."""
    monkeypatch.setattr("napari_idr.remote.passwords._keyring", lambda: None)


@pytest.fixture
def signed_in(http: Http, private: Served) -> Http:
    http.logins.sign_in(private.address, "ada", SecretStr(PASSWORD))
    private.reset()
    return http


def names(http: Http, served: Served) -> list[str]:
    return sorted(one["Name"] for one in http.get_json(f"{served.address}{PROJECTS}")["data"])


def test_signing_in_takes_three_requests_and_shows_what_is_private(http: Http, private: Served) -> None:
    with pytest.raises(SignInNeeded, match=r"wants a login, .*, sign in"):
        names(http, private)
    private.reset()
    account = http.logins.sign_in(private.address, "ada", SecretStr(PASSWORD))
    assert private.requests() == [TOKEN, SERVERS, LOGIN]
    assert (account.user_name, account.group_name) == ("ada", "Embryos")
    assert len(names(http, private)) == 2


def test_a_question_costs_one_request_while_the_session_lasts(signed_in: Http, private: Served) -> None:
    for _ in range(3):
        names(signed_in, private)
    assert private.requests() == [f"/{PROJECTS}"] * 3


def test_an_expired_session_is_begun_anew_and_the_question_repeated(signed_in: Http, private: Served) -> None:
    private.expire()
    assert len(names(signed_in, private)) == 2
    assert private.requests() == [f"/{PROJECTS}", TOKEN, LOGIN, f"/{PROJECTS}"]


def test_a_picture_refused_without_a_word_costs_the_question_who_we_are(
    signed_in: Http, private: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_module, "BELIEVED_SECONDS", -1.0)
    private.expire()
    tile = f"{private.address}webgateway/render_image/{_image(signed_in, private)}/"
    private.reset()
    private.expire()
    assert signed_in.get_bytes(tile)[:2] == b"\xff\xd8"
    path = tile.removeprefix(private.address)
    assert private.requests() == [f"/{path}", LOGIN, TOKEN, LOGIN, f"/{path}"]


def _image(http: Http, served: Served) -> int:
    images = http.get_json(f"{served.address}api/v0/m/images/", [("limit", "1")])
    return int(images["data"][0]["@id"])


def test_what_may_not_be_seen_is_said_at_once_where_the_session_is_there(signed_in: Http, private: Served) -> None:
    private.fail("imgData", "status403")
    with pytest.raises(AccessDenied, match="does not give access"):
        signed_in.get_json(f"{private.address}webgateway/imgData/1/")
    assert private.requests() == ["/webgateway/imgData/1/"], "the session has just answered for itself"


def test_many_questions_at_once_begin_one_session(signed_in: Http, private: Served) -> None:
    private.expire()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: names(signed_in, private), range(24)))
    assert all(len(one) == 2 for one in found)
    assert private.requests().count(LOGIN) == 1


def test_a_page_in_place_of_data_is_not_taken_for_data(signed_in: Http, private: Served) -> None:
    private.fail("projects", "html")
    with pytest.raises(ProtocolError, match="web page where data were due"):
        names(signed_in, private)
    private.expire()
    private.fail("projects", "html")
    login = signed_in.logins.at(private.address)
    assert login is not None
    login._confirmed = 0.0
    assert len(names(signed_in, private)) == 2


def test_a_session_silent_for_long_is_asked_for_first(
    http: Http, mixed: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server with public data would answer an ended session with these alone."""
    http.logins.sign_in(mixed.address, "ada", SecretStr(PASSWORD))
    assert len(names(http, mixed)) == 2
    mixed.expire()
    assert names(http, mixed) == [], "nobody can tell from the answer"
    monkeypatch.setattr(login_module, "SILENT_SECONDS", -1.0)
    mixed.reset()
    assert len(names(http, mixed)) == 2
    assert mixed.requests() == [LOGIN, TOKEN, LOGIN, f"/{PROJECTS}"]


def test_keeping_alive_renews_what_has_ended(signed_in: Http, private: Served) -> None:
    signed_in.logins.keep_alive()
    assert private.requests() == ["/webclient/keepalive_ping/", LOGIN]
    private.expire()
    private.reset()
    signed_in.logins.keep_alive()
    assert private.requests() == ["/webclient/keepalive_ping/", TOKEN, LOGIN]


def test_the_token_changes_with_the_login_and_the_next_question_uses_the_new_one(
    signed_in: Http, private: Served
) -> None:
    answer = signed_in.post_json(f"{private.address}iviewer/persist_rois/", {})
    assert answer == {"errors": ["No image id provided!"]}
    assert private.requests() == ["/iviewer/persist_rois/"]


def test_a_forged_token_is_asked_for_anew_once(signed_in: Http, private: Served) -> None:
    login = signed_in.logins.at(private.address)
    assert login is not None
    login._requests._token = "old"
    assert "errors" in signed_in.post_json(f"{private.address}iviewer/persist_rois/", {})
    assert private.requests() == ["/iviewer/persist_rois/", TOKEN, "/iviewer/persist_rois/"]


def test_a_question_in_flight_survives_the_end_of_the_session(signed_in: Http, private: Served) -> None:
    private.expire()
    answer = signed_in.post_json(f"{private.address}iviewer/persist_rois/", {})
    assert answer == {"errors": ["No image id provided!"]}


def test_a_wrong_password_is_one_sentence_and_changes_nothing(signed_in: Http, private: Served) -> None:
    with pytest.raises(AccessDenied) as caught:
        signed_in.logins.sign_in(private.address, "ada", SecretStr("wrong-one"))
    assert str(caught.value).startswith(f"{_host(private)} did not let ada in (Connection not available")
    assert "wrong-one" not in str(caught.value)
    assert len(names(signed_in, private)) == 2, "the session from before is still there"


def test_a_password_refused_later_is_offered_once_only(signed_in: Http, private: Served) -> None:
    ended: list[str] = []
    signed_in.logins.ended.connect(ended.append)
    signed_in.logins._passwords[private.address] = SecretStr("changed")
    private.expire()
    for _ in range(3):
        with pytest.raises(SignInNeeded, match=f"session on {_host(private)} has ended"):
            names(signed_in, private)
    assert private.requests().count(LOGIN) == 1
    assert ended[0] == private.address
    signed_in.logins.sign_in(private.address, "ada", SecretStr(PASSWORD))
    assert len(names(signed_in, private)) == 2


def test_signing_out_ends_the_session_on_the_server(signed_in: Http, private: Served) -> None:
    login = signed_in.logins.at(private.address)
    assert login is not None
    cookies = login.cookies()
    signed_in.logins.sign_out(private.address)
    assert private.requests() == ["/webclient/logout/"]
    assert signed_in.logins.at(private.address) is None
    import requests

    answer = requests.get(f"{private.address}{PROJECTS}", headers={"Cookie": cookies}, timeout=5)
    assert answer.status_code == 403
    assert "session" in cookies


def test_cookies_go_to_their_own_server_only(signed_in: Http, private: Served, mixed: Served) -> None:
    assert names(signed_in, mixed) == []
    assert signed_in.logins.at(mixed.address) is None
    assert not signed_in._session.cookies


def test_groups_have_names_for_one_request(signed_in: Http, private: Served) -> None:
    login = signed_in.logins.at(private.address)
    assert login is not None
    assert login.groups() == ((11, "Embryos"), (12, "Histology"))
    assert private.requests() == ["/api/v0/m/experimenters/21/experimentergroups/"]


@pytest.mark.parametrize(
    "address", ["http://omero.example.org/", "http://127.0.0.1.example.org/", "http://10.0.0.1:4080/", "HTTP://lab/"]
)
def test_a_password_does_not_travel_where_others_read_it(http: Http, address: str) -> None:
    with pytest.raises(AddressError, match="not sent over plain http"):
        http.logins.sign_in(address, "ada", SecretStr(PASSWORD))


@pytest.mark.parametrize(
    ("match", "kind", "error"),
    [
        ("token", "html", ProtocolError),
        ("token", "status404", NotFound),
        ("token", "status500", NapariIdrError),
        ("servers", "html", ProtocolError),
        ("login", "html", ProtocolError),
        ("login", "status404", NotFound),
        ("login", "status503", NapariIdrError),
        ("login", "truncate", NapariIdrError),
        ("login", "status403", AccessDenied),
    ],
)
def test_a_server_that_is_none_is_one_sentence_without_the_password(
    match: str, kind: str, error: type[NapariIdrError], http: Http, private: Served
) -> None:
    private.fail(match, kind, 5)
    with pytest.raises(error) as caught:
        http.logins.sign_in(private.address, "ada", SecretStr(PASSWORD))
    _check_says_no_secret(caught.value)
    assert "\n" not in str(caught.value)


def _check_says_no_secret(error: BaseException | None) -> None:
    """Neither an error nor what it stands on holds the password, as text or in what it carries along."""
    while error is not None:
        assert PASSWORD not in f"{error!r} {error}"
        assert PASSWORD not in str(getattr(getattr(error, "request", None), "body", ""))
        error = error.__cause__ or error.__context__


def test_a_server_that_hangs_on_the_way_is_no_place_for_a_password(http: Http, private: Served) -> None:
    private.fail("login", "hang")
    with pytest.raises(NapariIdrError) as caught:
        http.logins.sign_in(private.address, "ada", SecretStr(PASSWORD))
    _check_says_no_secret(caught.value)


# -- secrets and caches


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[tuple[Http, Path]]:
    cache = DiskCache(tmp_path, 10 << 20)
    client = Http(connect_timeout=PATIENCE, read_timeout=PATIENCE, kept=KeptJson(cache, NetworkState()))
    yield client, tmp_path
    client.close()
    cache.close()


def test_what_is_private_is_never_on_disk_and_never_comes_from_there(keeping: tuple[Http, Path], mixed: Served) -> None:
    http, folder = keeping
    assert names(http, mixed) == [], "kept, as everybody gets it"
    http.logins.sign_in(mixed.address, "ada", SecretStr(PASSWORD))
    private = names(http, mixed)
    assert len(private) == 2
    http.logins.sign_out(mixed.address)
    http._timeout = (PATIENCE, 1)
    mixed.fail("projects", "hang", 5)
    assert names(http, mixed) == [], "what everybody gets, from disk"
    http._kept._cache.close()  # type: ignore[union-attr]
    stored = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    assert stored
    assert not any(name.encode() in stored for name in private)
    assert PASSWORD.encode() not in stored


def test_nothing_that_is_said_holds_password_or_session(
    http: Http, private: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    http.logins.sign_in(private.address, "ada", SecretStr(PASSWORD))
    login = http.logins.at(private.address)
    assert login is not None
    private.expire()
    names(http, private)
    http.logins._passwords[private.address] = SecretStr("no longer")
    private.expire()
    with pytest.raises(SignInNeeded) as caught:
        names(http, private)
    secrets = [PASSWORD, "no longer", *(cookie.value for cookie in login.session.cookies if cookie.value)]
    said = (
        f"{caplog.text} {caught.value!r} {caught.value} {http.logins!r} {login!r} {vars(login)!r} {vars(http.logins)!r}"
    )
    assert caplog.text
    assert not [secret for secret in secrets if secret in said]
    _check_says_no_secret(caught.value)


@pytest.mark.parametrize(
    ("url", "base", "below"),
    [
        ("https://omero.lab/api/", "https://omero.lab/", True),
        ("HTTPS://OMERO.lab/api/", "https://omero.lab/", True),
        ("https://omero.lab.evil.org/", "https://omero.lab/", False),
        ("https://omero.lab:444/", "https://omero.lab/", False),
        ("http://omero.lab/api/", "https://omero.lab/", False),
        ("https://omero.lab/other/api/", "https://omero.lab/omero/", False),
        ("https://omero.lab/omero/api/", "https://omero.lab/omero/", True),
    ],
)
def test_an_address_belongs_to_a_server_only_below_it(url: str, base: str, below: bool) -> None:
    assert is_below(url, base) is below


def test_a_session_is_kept_alive_by_itself_until_closed(private: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_idr.remote.logins.PING_SECONDS", 0.01)
    pinged = threading.Event()
    keep_alive = Logins.keep_alive

    def noticed(self: Logins) -> Any:
        keep_alive(self)
        pinged.set()

    monkeypatch.setattr(Logins, "keep_alive", noticed)
    http = Http()
    http.logins.sign_in(private.address, "ada", SecretStr(PASSWORD))
    assert pinged.wait(PATIENCE)
    http.close()
    assert not [one for one in threading.enumerate() if one.name == "napari-idr-keep-alive"]


def _host(served: Served) -> str:
    return served.address.removeprefix("http://").strip("/")
