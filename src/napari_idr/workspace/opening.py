"""Where a workspace is kept, and what becomes of a file that is damaged: it is set aside, never written over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from napari_idr.errors import AccessDenied, FormatError

from . import FILE
from .database import Database, file_of, sqlite_address
from .database_errors import is_damage
from .salvage import salvage

if TYPE_CHECKING:
    from pathlib import Path

CHECKED_WHOLE = 64 << 20
"""Bytes of a file that is checked page by page when it is opened: 85 MB took 0.13 to 0.2 s (``PRAGMA quick_check``)."""


def default_address(folder: Path) -> str:
    """Return the address of the workspace in a data folder."""
    return sqlite_address(folder / FILE)


def open_database(address: str) -> tuple[Database, tuple[str, ...]]:
    """Return the database at an address, and sentences about what the user should know.

    A damaged file is set aside under another name, and what can still be read is taken over into a new one.
    Raises like ``Database``.
    """
    path = file_of(address)
    if path is not None:
        _make_folder(path.parent)
    try:
        return _checked(address, path), ()
    except FormatError as error:
        if path is None or not _is_damaged(path):
            raise
        return _begin_anew(address, path, error)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"The folder of the workspace cannot be made: {error.strerror}"
        raise AccessDenied(what, str(folder), "choose another data folder (NAPARI_IDR_DATA_DIR)") from error


def _checked(address: str, path: Path | None) -> Database:
    """Return the database; pages of a small file are all looked at, so that damage shows before anything is added."""
    database = Database(address)
    if path is not None and path.stat().st_size <= CHECKED_WHOLE:
        try:
            with database.reading() as connection:
                said = str(connection.execute(text("PRAGMA quick_check(1)")).scalar())
        except FormatError:
            database.close()
            raise
        if said != "ok":
            database.close()
            raise FormatError("The workspace is damaged", str(path), "it is set aside")
    return database


def _is_damaged(path: Path) -> bool:
    """Whether SQLite itself finds fault with a file: one that is only not ours stays where it is."""
    import sqlite3

    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok")
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        return is_damage(str(error))


def _begin_anew(address: str, path: Path, error: FormatError) -> tuple[Database, tuple[str, ...]]:
    aside = _set_aside(path)
    database = Database(address)
    try:
        count = salvage(aside, database)
    except (DBAPIError, FormatError):
        count = 0
    what = f"The workspace was damaged: it is kept as {aside.name}, and a new one holds the {count} events that could"
    return database, (f"{what} be read; if more was in it, take the file from a backup.",)


def _set_aside(path: Path) -> Path:
    """Give a file, and what SQLite keeps beside it, a name that nothing has."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    aside, number = path.with_name(f"{path.stem}-damaged-{stamp}{path.suffix}"), 2
    while aside.exists():
        aside, number = path.with_name(f"{path.stem}-damaged-{stamp}-{number}{path.suffix}"), number + 1
    for ending in ("", "-wal", "-shm"):
        part = path.with_name(path.name + ending)
        if part.exists():
            part.rename(aside.with_name(aside.name + ending))
    return aside
