"""Servers of one's own: added by any link, kept without a password, private and public side by side."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from napari_idr.errors import AccessDenied, AddressError, NotFound, SignInNeeded
from napari_idr.remote import passwords
from napari_idr.servers import Servers, server_base, with_scheme
from napari_idr.session import Session
from napari_idr.settings import Settings
from patience import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from repository_server import Served

PASSWORD = SecretStr("analytical")


class Keyring:
    """A keyring in memory, as the operating system's."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    priority = 5

    def get_keyring(self) -> Keyring:
        return self

    def get_password(self, service: str, user: str) -> str | None:
        return self.kept.get((service, user))

    def set_password(self, service: str, user: str, password: str) -> None:
        self.kept[service, user] = password

    def delete_password(self, service: str, user: str) -> None:
        del self.kept[service, user]


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Keyring:
    made = Keyring()
    monkeypatch.setattr(passwords, "_keyring", lambda: made)
    return made


@pytest.fixture
def begin(served: Served, tmp_path: Path) -> Iterator[Callable[[], Session]]:
    """Begin a session of the same user; all are closed at the end."""
    begun: list[Session] = []

    def new() -> Session:
        settings = Settings(
            server=served.address, config_dir=tmp_path, cache_dir=tmp_path / "cache", read_timeout=PATIENCE
        )
        begun.append(Session(settings))
        return begun[-1]

    yield new
    for one in begun:
        one.close()


@pytest.fixture
def session(begin: Callable[[], Session]) -> Session:
    return begin()


def studies(session: Session, address: str) -> list[str]:
    key = next(one.key for one in session.repositories if one.address == address)
    return [node.accession for node in session.children(session.repository(key).root()).nodes]


def test_any_link_of_a_server_leads_to_it(session: Session, private: Served) -> None:
    link = f"{private.address}webclient/?show=image-100001"
    repository = session.servers.sign_in(link, "ada", PASSWORD)
    assert repository.address == private.address
    assert session.servers.known[0].address == private.address


def test_private_and_public_servers_are_side_by_side(session: Session, served: Served, private: Served) -> None:
    session.servers.sign_in(private.address, "ada", PASSWORD)
    assert studies(session, served.address) == studies(session, private.address) == ["idr9901", "idr9902", "idr9903"]
    roots = [repository.root() for repository in session.repositories]
    assert [root.id for root in roots] == ["", "ada"]
    assert roots[1].name.endswith(" · ada")


def test_signing_out_shows_what_everybody_sees(session: Session, mixed: Served) -> None:
    session.servers.sign_in(mixed.address, "ada", PASSWORD)
    assert studies(session, mixed.address) == ["idr9901", "idr9902", "idr9903"]
    session.servers.sign_out(mixed.address)
    assert studies(session, mixed.address) == ["idr9901"]
    assert session.servers.login(mixed.address) is None


def test_a_group_is_chosen_without_a_request_and_kept(
    session: Session, begin: Callable[[], Session], private: Served, keyring: Keyring
) -> None:
    session.servers.sign_in(private.address, "ada", PASSWORD, remember=True)
    assert session.servers.groups(private.address) == ((11, "Embryos"), (12, "Histology"))
    private.reset()
    repository = session.servers.choose_group(private.address, 12)
    assert private.requests() == []
    assert repository.root().id == "ada 12"
    assert studies(session, private.address) == ["idr9902"]
    assert studies(begin(), private.address) == ["idr9902"]
    session.servers.choose_group(private.address, None)
    assert len(studies(session, private.address)) == 3


def test_the_second_time_nothing_is_asked_where_the_keyring_knows(
    session: Session, begin: Callable[[], Session], private: Served, keyring: Keyring
) -> None:
    session.servers.sign_in(private.address, "ada", PASSWORD, remember=True)
    private.reset()
    again = begin()
    assert private.requests() == [], "a start asks nothing"
    assert studies(again, private.address) == ["idr9901", "idr9902", "idr9903"]
    asked = private.requests()
    assert asked[:3] == ["/api/v0/token/", "/api/v0/servers/", "/api/v0/login/"]
    assert asked.count("/api/v0/login/") == 1
    again.servers.sign_out(private.address)
    assert keyring.kept == {}


def test_the_second_time_the_password_is_asked_for_where_nobody_knows_it(
    session: Session, begin: Callable[[], Session], private: Served
) -> None:
    session.servers.sign_in(private.address, "ada", PASSWORD, remember=True)
    again = begin()
    ended: list[str] = []
    again.http.logins.ended.connect(ended.append)
    with pytest.raises(SignInNeeded, match="wants a login"):
        studies(again, private.address)
    assert set(ended) == {private.address}
    again.servers.sign_in(private.address, "ada", PASSWORD)
    assert len(studies(again, private.address)) == 3


def test_no_password_is_in_any_file(session: Session, private: Served, tmp_path: Path) -> None:
    session.servers.sign_in(f"{private.address}webclient/?username=ada&password=analytical", "ada", PASSWORD)
    studies(session, private.address)
    session.close()
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert json.loads((tmp_path / "servers.json").read_text()) == [
        {"address": private.address, "user": "ada", "group": None}
    ]
    assert not [file for file in files if b"analytical" in file.read_bytes()]


def test_a_password_in_an_address_is_not_kept(session: Session, tmp_path: Path) -> None:
    session.servers.add("https://ada:analytical@omero.example.org/webclient/")
    assert "analytical" not in (tmp_path / "servers.json").read_text()


def test_a_failed_login_adds_nothing_and_keeps_who_was_signed_in(session: Session, private: Served) -> None:
    with pytest.raises(AccessDenied):
        session.servers.sign_in(private.address, "ada", SecretStr("wrong"))
    assert session.servers.known == ()
    assert len(session.repositories) == 1
    session.servers.sign_in(private.address, "ada", PASSWORD)
    with pytest.raises(AccessDenied):
        session.servers.sign_in(private.address, "ben", SecretStr("wrong"))
    assert session.repositories[1].root().id == "ada"
    assert len(studies(session, private.address)) == 3


def test_who_sees_less_sees_nothing_of_who_saw_more(session: Session, private: Served) -> None:
    session.servers.sign_in(private.address, "ada", PASSWORD)
    assert "idr9902" in studies(session, private.address)
    session.servers.sign_in(private.address, "ben", SecretStr("only looks"))
    assert studies(session, private.address) == ["idr9901", "idr9903"]


def test_a_server_is_tried_without_adding_it(session: Session, private: Served, mixed: Served) -> None:
    said = session.servers.test(private.address, "ada", PASSWORD)
    assert said.endswith("lets ada in, into the group Embryos.")
    assert private.requests() == [
        *("/api/v0/token/", "/api/v0/servers/", "/api/v0/login/"),
        "/webclient/logout/",
    ]
    assert "wants a login" in session.servers.test(private.address)
    assert "shows 1 screens and projects to everybody" in session.servers.test(mixed.address)
    assert session.servers.known == ()


def test_a_removed_server_is_gone_and_signed_out(
    session: Session, begin: Callable[[], Session], private: Served, keyring: Keyring
) -> None:
    session.servers.sign_in(private.address, "ada", PASSWORD, remember=True)
    session.servers.remove(private.address)
    assert [one.address for one in session.repositories] == [one.address for one in begin().repositories]
    assert len(session.repositories) == 1
    assert keyring.kept == {}


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("omero.uni.edu", "https://omero.uni.edu/"),
        ("omero.uni.edu:4080", "https://omero.uni.edu:4080/"),
        ("omero.uni.edu/omero/webclient/?show=project-1", "https://omero.uni.edu/omero/"),
        ("localhost:4080", "http://localhost:4080/"),
        ("127.0.0.1:4080/webclient/", "http://127.0.0.1:4080/"),
        (" HTTPS://Omero.Uni.edu/iviewer/?images=3 ", "https://omero.uni.edu/"),
    ],
)
def test_what_people_type_is_completed(text: str, base: str) -> None:
    assert server_base(text) == base


@pytest.mark.parametrize("text", ["/data/plates", "plate.ome.zarr", "s3://bucket/key", "idr0001", ""])
def test_what_is_no_server_is_left_alone(text: str) -> None:
    assert with_scheme(text) == text


@pytest.mark.parametrize("text", ["/data/plates", "https://host.org/a.zarr", ""])
def test_what_is_no_server_is_refused_for_a_login(text: str) -> None:
    with pytest.raises(AddressError):
        server_base(text)


@pytest.mark.parametrize(
    "text",
    ["no json", "{}", '[1, {"address": 3}, {"user": "ada"}]', '[{"address": "http://lab.org/", "user": "ada"}]'],
)
def test_a_spoilt_list_of_servers_is_passed_over(text: str, session: Session, tmp_path: Path) -> None:
    (tmp_path / "servers.json").write_text(text)
    servers = Servers(session, session.http.logins, tmp_path / "servers.json")
    servers.restore()
    assert servers.known == ()


def test_groups_of_nobody_are_an_error(session: Session, served: Served) -> None:
    with pytest.raises(SignInNeeded):
        session.servers.groups(served.address)


def test_a_server_without_a_login_for_programs_says_so(
    session: Session, private: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    private.fail("login", "status404")
    with pytest.raises(NotFound, match="no login for programs"):
        session.servers.sign_in(private.address, "ada", PASSWORD)


def test_a_computer_without_a_keyring_says_so_and_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from keyring.backends.fail import Keyring as NoKeyring

    class Without(Keyring):
        def get_keyring(self) -> NoKeyring:  # type: ignore[override]
            return NoKeyring()

    made = Without()
    monkeypatch.setattr(passwords, "_keyring", lambda: made)
    assert passwords.why_not().startswith("Passwords stay in memory only")
    assert passwords.remember("https://lab.org/", "ada", PASSWORD) is False
    assert passwords.recall("https://lab.org/", "ada") is None
    assert made.kept == {}
    monkeypatch.setattr(passwords, "_keyring", lambda: None)
    assert "napari-idr[omero]" in passwords.why_not()


def test_a_keyring_that_is_locked_is_no_failure(keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    from keyring.errors import KeyringLocked

    def locked(*_: str) -> None:
        raise KeyringLocked("refused")

    monkeypatch.setattr(keyring, "get_password", locked)
    monkeypatch.setattr(keyring, "set_password", locked)
    assert passwords.recall("https://lab.org/", "ada") is None
    assert passwords.remember("https://lab.org/", "ada", PASSWORD) is False
