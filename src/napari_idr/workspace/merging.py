"""Two workspaces as one: rows have names of their own, so that the order of merging does not matter."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from napari_idr.errors import FormatError

from . import schema
from .codec import LONGEST
from .rows import add_rows, event_of, place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Row, Select
    from sqlalchemy.engine import Connection

    from .database import Database

ROWS = 1000
LARGEST_CHUNK = 64 << 20
_KEPT = tuple(column for column in schema.events.c if column.name != "seq")


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge added."""

    events: int
    documents: int


def merge_into(mine: Database, theirs: Database, *, images: Sequence[str] | None = None) -> Merged:
    """Add all that another database has and this one has not; what both have stays as it is.

    Parameters
    ----------
    mine, theirs
        Written to, read from. Theirs may come from anywhere: every row is checked before it is taken.
    images
        Keys of the images whose history is taken; None for all of it.

    Raises
    ------
    FormatError
        A row of theirs is not what it says it is; then nothing was added.
    """
    with theirs.reading() as source, mine.writing() as target:
        before = _counts(target)
        for table, question, check in _questions(images):
            for rows in _pages(source, question):
                for row in rows:
                    check(tuple(row))
                add_rows(target, table, [dict(zip(row._fields, row, strict=True)) for row in rows])
        after = _counts(target)
    return Merged(after[0] - before[0], after[1] - before[1])


def _counts(connection: Connection) -> tuple[int, int]:
    events, documents = (
        connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in (schema.events, schema.documents)
    )
    return int(events), int(documents)


def _questions(images: Sequence[str] | None) -> list[tuple[Any, Select[Any], Callable[[tuple[Any, ...]], object]]]:
    events, painted = schema.events, schema.label_chunks
    chosen = select(*_KEPT).order_by(events.c.seq)
    places = select(painted)
    if images is not None:
        chosen = chosen.where(events.c.image.in_(images))
        places = places.where(painted.c.event.in_(select(events.c.uuid).where(events.c.image.in_(images))))
    return [
        (schema.documents, select(schema.documents), CHECKS["documents"]),
        (schema.chunks, select(schema.chunks), CHECKS["chunks"]),
        (events, chosen, CHECKS["events"]),
        (painted, places, CHECKS["label_chunks"]),
        (schema.queue_objects, select(schema.queue_objects), CHECKS["queue_objects"]),
    ]


def _pages(connection: Connection, question: Select[Any]) -> Iterator[Sequence[Row[Any]]]:
    yield from connection.execution_options(yield_per=ROWS).execute(question).partitions(ROWS)


def _check_document(row: tuple[Any, ...]) -> None:
    digest, kind, body = row
    if len(body) > LONGEST or digest != sha256(f"{kind}:{body}".encode()).hexdigest():
        raise FormatError("A version in the other workspace is not what its name says", digest[:16], "get it again")


def _check_chunk(row: tuple[Any, ...]) -> None:
    digest, data = row
    if not digest or len(data) > LARGEST_CHUNK:
        raise FormatError("A label image in the other workspace is damaged", digest[:16], "get it again")


def _check_event(row: tuple[Any, ...]) -> None:
    event = event_of(row)
    if not 0 < event.lamport < 1 << 62 or len(event.uuid) != 36 or not event.uuid.isascii():
        raise FormatError(
            "An event in the other workspace has no place in the history", event.uuid[:40], "get it again"
        )


def _check_place(row: tuple[Any, ...]) -> None:
    place_of(row[1])


def _check_queued(row: tuple[Any, ...]) -> None:
    if len(row[0]) != 36 or row[1] < 0:
        raise FormatError("A queue in the other workspace is damaged", row[0][:40], "get it again")


CHECKS: dict[str, Callable[[tuple[Any, ...]], object]] = {
    "documents": _check_document,
    "chunks": _check_chunk,
    "events": _check_event,
    "label_chunks": _check_place,
    "queue_objects": _check_queued,
}
"""By table: raises ``FormatError`` where a row is not what it should be."""
