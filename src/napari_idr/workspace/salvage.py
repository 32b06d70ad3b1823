"""Takes over what can still be read of a damaged workspace, row by row until SQLite gives up."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from napari_idr.errors import FormatError

from . import schema
from .merging import CHECKS
from .rows import add_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Column, Table

    from .database import Database

_TABLES = (schema.documents, schema.chunks, schema.events, schema.label_chunks, schema.queue_objects)


def salvage(damaged: Path, new: Database) -> int:
    """Copy what can be read of a damaged file, and is intact, into a new database; returns how many events."""
    counts = {}
    with closing(_open(damaged)) as source, new.writing() as target:
        for table in _TABLES:
            rows = list(_intact(source, table))
            if table is schema.label_chunks:
                known = set(target.scalars(select(schema.events.c.uuid)))
                rows = [row for row in rows if row["event"] in known]
            add_rows(target, table, rows)
            counts[table.name] = len(rows)
    return counts["events"]


def _open(damaged: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{damaged.absolute().as_uri()}?mode=ro", uri=True)
    connection.text_factory = lambda raw: raw.decode("ascii", "replace")
    return connection


def _intact(source: sqlite3.Connection, table: Table) -> Iterator[dict[str, Any]]:
    columns = [column for column in table.c if column.name != "seq"]
    for raw in _readable(source, table.name, columns):
        with suppress(FormatError, TypeError, ValueError):
            values = tuple(_unescaped(column, value) for column, value in zip(columns, raw, strict=True))
            CHECKS[table.name](values)
            yield dict(zip((column.name for column in columns), values, strict=True))


def _unescaped(column: Column[Any], value: Any) -> Any:
    return column.type.process_result_value(value, None) if isinstance(column.type, schema.AnyText) else value


def _readable(source: sqlite3.Connection, table: str, columns: list[Column[Any]]) -> Iterator[tuple[Any, ...]]:
    """Yield rows from the front, and then from the back, up to where the file is broken."""
    names, seen = ", ".join(column.name for column in columns), set[int]()
    for order in ("ASC", "DESC"):
        with suppress(sqlite3.Error):
            for number, *values in source.execute(f"SELECT rowid, {names} FROM {table} ORDER BY rowid {order}"):
                if number in seen:
                    break
                seen.add(number)
                yield tuple(values)
