"""The database of a workspace: opened, checked, brought up to date; every write is one durable transaction."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import QueuePool

from napari_idr.errors import AddressError, FormatError, Unsupported

from .database_errors import in_our_words, understood
from .migrate import revision_of, upgrade
from .schema import APPLICATION_ID, REVISION, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection, Engine

SQLITE = "sqlite:///"
BUSY_SECONDS = 3.0
"""How long a write waits for another program's; after that it goes to the journal."""
CONNECT_SECONDS = 5
LARGEST_VALUE = 128 << 20
"""Bytes of one value in a file from elsewhere."""
_LOCK = 0x49445257
"""PostgreSQL's advisory lock that writers hold, so that events arrive in the order of their numbers."""


class Database:
    """A workspace's database at an address, made where there is none; thread-safe.

    Parameters
    ----------
    address
        SQLAlchemy's: ``sqlite:///…`` or ``postgresql+psycopg://…``.
    read_only
        Only read a SQLite file, and do not bring it up to date; what an exported review file is opened with.
    exclusive
        Write a SQLite file that nobody else knows yet: one file, nothing beside it.

    Raises
    ------
    AddressError
        The address is not understood, or lacks the driver it needs.
    FormatError
        The file is damaged, or no workspace at all.
    Unsupported
        It is from a newer release.
    AccessDenied, NotKept, Unreachable
        It cannot be written, or reached.
    """

    def __init__(self, address: str, *, read_only: bool = False, exclusive: bool = False) -> None:
        self.shown, self._path = shown(address), file_of(address)
        self.read_only, self._is_shared = read_only, not (read_only or exclusive)
        with understood(self.shown):
            self.engine = _engine(address) if self._path is None else _sqlite_engine(self._path, read_only)
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of our own."""
        return self._path is not None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection that sees one moment of the database."""
        with in_our_words(self.shown), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield the connection of a transaction that nobody else writes beside; durable when it ends."""
        with in_our_words(self.shown), self.engine.connect() as connection:
            connection = connection.execution_options(writing=True)
            with connection.begin():
                if not self.is_sqlite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
                yield connection

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _prepare(self) -> None:
        with self.reading() as connection:
            if self.is_sqlite:
                _check_is_ours(connection, self.shown)
            revision = revision_of(connection)
        if revision is not None and not revision <= REVISION:
            hint = "update napari-idr; nothing in it was changed"
            raise Unsupported(f"The workspace is from a newer napari-idr (revision {revision:.20})", self.shown, hint)
        if self.is_sqlite and self._is_shared:
            with in_our_words(self.shown):
                _write_ahead(self.engine)
        if revision == REVISION:
            return
        if self.read_only:
            raise FormatError("There is no workspace of this release in the file", self.shown, "open it for writing")
        with self.writing() as connection:
            if revision_of(connection) != REVISION:
                if self.is_sqlite:
                    connection.execute(text(f"PRAGMA application_id = {APPLICATION_ID}"))
                upgrade(connection)


def sqlite_address(path: Path) -> str:
    """Return the address of a file."""
    return SQLITE + quote(str(path.expanduser().absolute()), safe="/:\\")


def file_of(address: str) -> Path | None:
    """Return the file of an address, None where it is a server's. Raises ``AddressError``."""
    if address.startswith(SQLITE) and address != SQLITE:
        return Path(unquote(address.removeprefix(SQLITE)))
    if address.startswith("sqlite:"):
        raise AddressError("A workspace is a file or a server", shown(address), "write sqlite:///file")
    return None


def shown(address: str) -> str:
    """Return an address for people: the name of a file, or a server without name and password."""
    if address.startswith(SQLITE):
        return unquote(address.removeprefix(SQLITE))
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


def _check_is_ours(connection: Connection, where: str) -> None:
    """Refuse a file that is a database of some other program."""
    application = connection.execute(text("PRAGMA application_id")).scalar_one()
    kinds = {row[0]: row[1] for row in connection.execute(text("SELECT name, type FROM sqlite_master"))}
    ours = all(kinds.get(table.name, "table") == "table" for table in TABLES)  # a view may be anything
    if (application != APPLICATION_ID and kinds) or not ours:
        raise FormatError("The file is a database, but no workspace", where, "choose another file")


def _engine(address: str) -> Engine:
    url = make_url(address)
    if url.get_backend_name() != "postgresql":
        what = "A workspace cannot be in such a database"
        raise AddressError(what, url.get_backend_name(), "use SQLite or PostgreSQL")
    # A connection that was cut is noticed within seconds, not after the system's quarter of an hour.
    options: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": CONNECT_SECONDS * 1000,
        "application_name": "napari-idr",
    }
    return create_engine(url, connect_args=options, pool_size=2, max_overflow=4, pool_pre_ping=True, pool_timeout=10)


def _sqlite_engine(path: Path, read_only: bool) -> Engine:
    mode = "ro" if read_only else "rwc"

    def connect() -> sqlite3.Connection:
        name = f"{path.absolute().as_uri()}?mode={mode}"
        return sqlite3.connect(
            name, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
        )

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=2, max_overflow=4)
    event.listen(engine, "connect", _distrusting if read_only else _durable)
    event.listen(engine, "begin", _begin)
    return engine


def _durable(connection: sqlite3.Connection, _: object) -> None:
    """Wait for the disk at every commit: what was confirmed is there after the power failed."""
    for pragma in ("synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _distrusting(connection: sqlite3.Connection, _: object) -> None:
    """Run nothing that a file from elsewhere brings, and read no value without bounds."""
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)


def _write_ahead(engine: Engine) -> None:
    """Let others read while one writes; the file remembers it, so it is told once, and not to files of others."""
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute("PRAGMA journal_mode = WAL")


def _begin(connection: Connection) -> None:
    """Begin as a writer where one writes: what was read first cannot change before it is written."""
    writing = connection.get_execution_options().get("writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
