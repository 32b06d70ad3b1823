"""``login`` and ``logout``: what they print and keep, and that a password is nowhere."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from napari_idr import cli_login
from napari_idr.remote import passwords
from test_servers import Keyring

if TYPE_CHECKING:
    from command import Run
    from repository_server import Served


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Keyring:
    made = Keyring()
    monkeypatch.setattr(passwords, "_keyring", lambda: made)
    return made


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, served: Served) -> None:
    """A script that writes the password into standard input; the IDR is the embedded server."""
    monkeypatch.setenv("NAPARI_IDR_SERVER", served.address)
    monkeypatch.setattr("sys.stdin", io.StringIO("analytical\n"))


def servers() -> list[dict[str, object]]:
    kept: list[dict[str, object]] = json.loads((Path(os.environ["NAPARI_IDR_CONFIG_DIR"]) / "servers.json").read_text())
    return kept


@pytest.mark.usefixtures("typed")
def test_a_login_is_kept_and_serves_the_next_command(run: Run, private: Served, keyring: Keyring) -> None:
    status, out, err = run("login", f"{private.address}webclient/", "--user", "ada", "--keep")
    assert (status, out, err) == (0, f"{private.address}\tsigned in as ada, group Embryos\n", "")
    assert servers() == [{"address": private.address, "user": "ada", "group": None}]
    status, out, _ = run("ls", private.address)
    assert status == 0
    assert "idr9903" in out
    status, out, _ = run("logout", private.address)
    assert (status, out) == (0, f"{private.address}\tsigned out\n")
    assert keyring.kept == {}
    status, _, err = run("ls", private.address)
    assert status == 1
    assert "wants a login" in err
    assert "napari-idr login" in err


@pytest.mark.usefixtures("typed")
def test_a_password_that_is_not_kept_is_said_to_be_so(run: Run, private: Served, keyring: Keyring) -> None:
    status, _, err = run("login", private.address, "--user", "ada", "--no-keep")
    assert status == 0
    assert "not kept" in err
    assert keyring.kept == {}


@pytest.mark.usefixtures("typed")
def test_a_computer_without_a_keyring_is_said_to_be_one(run: Run, private: Served) -> None:
    status, _, err = run("login", private.address, "--user", "ada", "--keep")
    assert status == 0
    assert "Passwords stay in memory only" in err


@pytest.mark.usefixtures("typed")
def test_a_wrong_password_is_one_line(run: Run, private: Served) -> None:
    status, out, err = run("login", private.address, "--user", "ben")
    assert (status, out) == (1, "")
    assert "did not let ben in" in err
    assert err.count("\n") == 1
    assert "analytical" not in err


@pytest.mark.parametrize("server", ["http://omero.example.org/", "/data/plates", "s3://bucket/key"])
def test_no_password_is_asked_for_where_none_is_sent(server: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_login, "_read_password", lambda *_: pytest.fail("asked"))
    status, _, err = run("login", server, "--user", "ada")
    assert status == 1
    assert err.count("\n") == 1


@pytest.mark.usefixtures("typed")
def test_signing_out_of_where_nobody_is_signed_in_is_one_line(run: Run, private: Served) -> None:
    status, _, err = run("logout", private.address)
    assert (status, err.count("\n")) == (1, 1)
    assert "Nobody is signed in" in err


def test_other_commands_ask_on_a_terminal_for_a_password_nobody_knows(
    run: Run, private: Served, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAPARI_IDR_SERVER", served.address)
    monkeypatch.setattr("sys.stdin", io.StringIO("analytical\n"))
    run("login", private.address, "--user", "ada", "--no-keep")
    asked: list[tuple[str, bool]] = []

    def prompt(text: str, *, hide_input: bool, err: bool) -> str:
        asked.append((text, hide_input))
        return "analytical"

    monkeypatch.setattr(cli_login, "_on_terminal", lambda: True)
    monkeypatch.setattr(cli_login.typer, "prompt", prompt)
    status, out, _ = run("ls", private.address)
    assert (status, "idr9902" in out) == (0, True)
    assert asked == [(f"Password of ada on {private.address[7:-1]}", True)]
