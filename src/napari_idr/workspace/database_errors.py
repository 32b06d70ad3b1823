"""What a database complains about, in our words: one sentence, and never its password."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from napari_idr.errors import AccessDenied, AddressError, FormatError, NapariIdrError, NotKept, Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

_SQLITE = (
    (
        "readonly database",
        AccessDenied,
        "The workspace may only be read",
        "make writable its folder, and it with -wal and -shm",
    ),
    ("unable to open", AccessDenied, "The workspace cannot be opened", "check that its folder is there and writable"),
    ("is full", NotKept, "There is no room for the workspace", "free some disk space, it is written then"),
    ("is locked", NotKept, "Another program holds the workspace", "close it, or wait until it is done"),
    ("disk i/o", NotKept, "The disk of the workspace failed", "check the disk, or choose another data folder"),
)
_DAMAGED = ("malformed", "not a database", "file is encrypted", "corrupt", "unsupported file format")
_POSTGRESQL = (
    ("authentication failed", AccessDenied, "The team's database did not accept the login", "check name and password"),
    ("permission denied", AccessDenied, "The team's database does not let you do this", "ask whoever runs it"),
    ("read-only transaction", AccessDenied, "The team's database may only be read", "ask whoever runs it"),
    ("no space left", NotKept, "The team's database has no room", "ask whoever runs it"),
)


@contextmanager
def in_our_words(on: str) -> Iterator[None]:
    """Turn what SQLAlchemy raises into an error of the family. ``on`` names the workspace, without a password."""
    try:
        yield
    except DBAPIError as error:
        raise from_database(error, on) from error
    except SQLAlchemyError as error:  # waiting for a connection took too long
        raise NotKept("The workspace did not answer in time", on, "it is tried again") from error


@contextmanager
def understood(on: str) -> Iterator[None]:
    """Turn what SQLAlchemy says of an address, or of a driver that is not installed, into an ``AddressError``."""
    try:
        yield
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        what = "The address of the workspace is not understood"
        hint = "write sqlite:///file or postgresql+psycopg://name@host/database; the latter needs napari-idr[team]"
        raise AddressError(what, on, hint) from error


def from_database(error: DBAPIError, on: str) -> NapariIdrError:
    """Return the error of the family that a driver's error stands for."""
    said = str(error.orig).lower()
    if "sqlite3" not in type(error.orig).__module__:
        return _from_postgresql(error, said, on)
    if is_damage(said):
        return FormatError("The workspace is damaged", on, "it is set aside, and a new one begun, when it is opened")
    if "no such" in said:
        return FormatError("The workspace lacks a part of itself", on, "take it from a backup, or ask for it again")
    for text, kind, what, hint in _SQLITE:
        if text in said:
            return kind(what, on, hint)
    return NotKept(f"The workspace could not be used: {said}", on, "close other programs that use it and try again")


def is_damage(said: str) -> bool:
    """Whether SQLite complains of a file that is not, or no longer, a database."""
    return any(text in said.lower() for text in _DAMAGED)


def _from_postgresql(error: DBAPIError, said: str, on: str) -> NapariIdrError:
    for text, kind, what, hint in _POSTGRESQL:
        if text in said:
            return kind(what, on, hint)
    if error.connection_invalidated or _is_connection(said):
        hint = "check the network; what you make meanwhile is kept here and sent later"
        return Unreachable("The team's database does not answer", on, hint)
    first = said.splitlines()[0] if said else type(error.orig).__name__
    return NotKept(f"The team's database refused: {first}", on, "ask whoever runs it")


def _is_connection(said: str) -> bool:
    signs = ("connect", "server closed", "terminat", "timeout", "timed out", "shutting down", "starting up", "network")
    return any(sign in said for sign in signs)
