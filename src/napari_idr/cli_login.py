"""What ``napari-idr login`` and ``logout`` do, and how other commands ask for a password where they need one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer
from pydantic import SecretStr

from napari_idr.errors import NotFound
from napari_idr.remote import passwords
from napari_idr.remote.login_requests import check_may_send_password
from napari_idr.remote.safe_address import host_of
from napari_idr.servers import server_base

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.session import Session


def log_in(session: Session, server: str, user: str, keep: bool | None, *, say: Callable[[str], None]) -> str:
    """Sign in to a server and return what to print; asks for what is not given.

    Parameters
    ----------
    session
        Which remembers the server.
    server
        Any link of it.
    user
        Name on the server; asked for where empty.
    keep
        Whether to keep the password in the keyring; asked where None, on a terminal.
    say
        Told what is not a result.
    """
    base = server_base(server)
    check_may_send_password(base)
    user = user or str(typer.prompt(f"User on {host_of(base)}", err=True))
    password = _read_password(base, user)
    repository = session.servers.sign_in(base, user, password)
    login = session.servers.login(base)
    why_not = passwords.why_not()
    if keep is None:
        keep = not why_not and _on_terminal() and typer.confirm("Keep the password in the keyring?", err=True)
    is_kept = keep and passwords.remember(base, user, password)
    if why_not:
        say(why_not)
    if not is_kept:
        say("The password is not kept: each command asks for it again.")
    group = f", group {login.account.group_name}" if login is not None and login.account is not None else ""
    return f"{repository.address}\tsigned in as {user}{group}"


def log_out(session: Session, server: str) -> str:
    """Sign out of a server, forget its password, and return what to print. Raises ``NotFound`` where nobody was."""
    base = server_base(server)
    known = next((one for one in session.servers.known if one.address == base and one.user), None)
    if known is None:
        raise NotFound("Nobody is signed in", base, "napari-idr login signs in")
    session.servers.sign_out(base)
    return f"{base}\tsigned out"


def ask_for_passwords(session: Session) -> None:
    """Have a session ask on the terminal for a password that nobody knows; in a script it does not."""
    if _on_terminal():
        session.http.logins.ask_person = _read_password


def _read_password(base: str, user: str) -> SecretStr:
    """Return a password typed unseen, or the first line of standard input where that is no terminal."""
    if not _on_terminal():
        return SecretStr(sys.stdin.readline().rstrip("\r\n"))
    return SecretStr(str(typer.prompt(f"Password of {user} on {host_of(base)}", hide_input=True, err=True)))


def _on_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
