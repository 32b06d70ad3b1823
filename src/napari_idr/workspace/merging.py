"""Two workspaces as one: rows have names of their own, so that the order of merging does not matter."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, union

from napari_idr.errors import FormatError
from napari_idr.formats.model_json import LONGEST

from . import schema
from .database_errors import in_our_words
from .rows import add_rows, event_of, place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Row, Select
    from sqlalchemy.engine import Connection

    from .database import Database

ROWS, PIXEL_ROWS = 1000, 50
"""Rows in memory at a time."""
LARGEST_CHUNK = 64 << 20
_KEPT = tuple(column for column in schema.events.c if column.name != "seq")


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge added."""

    events: int
    documents: int


def merge_into(
    mine: Database, theirs: Database, *, images: Sequence[str] | None = None, queues: Sequence[str] = ()
) -> Merged:
    """Add all that another database has and this one has not; what both have stays as it is.

    Parameters
    ----------
    mine, theirs
        Written to, read from. Theirs may come from anywhere: every row is checked before it is taken.
    images
        Keys of the images whose history is taken; None for all of it.
    queues
        Queues of review that are taken as well; ``images`` has those of their objects.

    Raises
    ------
    FormatError
        A row of theirs is not what it says it is; then nothing was added.
    """
    with theirs.reading() as source, mine.writing() as target:
        before = _counts(target)
        for table, question, check in _questions(images, queues):
            for rows in _pages(theirs, source, question, PIXEL_ROWS if table is schema.chunks else ROWS):
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


def _questions(
    images: Sequence[str] | None, queues: Sequence[str]
) -> list[tuple[Any, Select[Any], Callable[[tuple[Any, ...]], object]]]:
    """Return what is asked for of each table; of some images nothing that belongs to others is handed over."""
    events, painted, documents, chunks = schema.events, schema.label_chunks, schema.documents, schema.chunks
    chosen, places, versions = select(*_KEPT).order_by(events.c.seq), select(painted), select(documents)
    pixels, queued = select(chunks), select(schema.queue_objects)
    if images is not None:
        theirs = events.c.image.in_(images) | ((events.c.image == "") & events.c.queue.in_(queues))
        painting = select(events.c.uuid).where(theirs)
        seen = union(select(events.c.version).where(theirs), select(events.c.supersedes).where(theirs))
        chosen, places = chosen.where(theirs), places.where(painted.c.event.in_(painting))
        versions = versions.where(documents.c.digest.in_(seen))
        pixels = pixels.where(chunks.c.digest.in_(select(painted.c.chunk).where(painted.c.event.in_(painting))))
        queued = queued.where(schema.queue_objects.c.image.in_(images))
    return [
        (documents, versions, CHECKS["documents"]),
        (chunks, pixels, CHECKS["chunks"]),
        (events, chosen, CHECKS["events"]),
        (painted, places, CHECKS["label_chunks"]),
        (schema.queue_objects, queued, CHECKS["queue_objects"]),
    ]


def _pages(theirs: Database, connection: Connection, question: Select[Any], size: int) -> Iterator[Sequence[Row[Any]]]:
    with in_our_words(theirs.shown):
        yield from connection.execute(question, execution_options={"yield_per": size}).partitions(size)


def _check_document(row: tuple[Any, ...]) -> None:
    digest, kind, body = _texts(row)
    if len(body) > LONGEST or digest != sha256(f"{kind}:{body}".encode()).hexdigest():
        raise FormatError("A version in the other workspace is not what its name says", digest[:16], "get it again")


def _check_chunk(row: tuple[Any, ...]) -> None:
    digest, data = *_texts(row[:1]), row[1]
    if not digest or not isinstance(data, bytes) or len(data) > LARGEST_CHUNK:
        raise FormatError("A label image in the other workspace is damaged", digest[:16], "get it again")


def _check_event(row: tuple[Any, ...]) -> None:
    _texts((row[0], *row[2:]))
    event = event_of(row)
    if (
        not isinstance(event.lamport, int)
        or not 0 < event.lamport < 1 << 62
        or len(event.uuid) != 36
        or not event.uuid.isascii()
    ):
        raise FormatError(
            "An event in the other workspace has no place in the history", event.uuid[:40], "get it again"
        )


def _check_place(row: tuple[Any, ...]) -> None:
    place_of(_texts(row)[1])


def _check_queued(row: tuple[Any, ...]) -> None:
    queue, *_ = _texts((row[0], *row[2:]))
    if len(queue) != 36 or not isinstance(row[1], int) or row[1] < 0:
        raise FormatError("A queue in the other workspace is damaged", queue[:40], "get it again")


def _texts(row: tuple[Any, ...]) -> tuple[str, ...]:
    """Return a row whose values are all texts; SQLite takes anything anywhere."""
    for value in row:
        if not isinstance(value, str):
            raise FormatError("A row in the other workspace is damaged", repr(value)[:40], "get it again")
    return row


CHECKS: dict[str, Callable[[tuple[Any, ...]], object]] = {
    "documents": _check_document,
    "chunks": _check_chunk,
    "events": _check_event,
    "label_chunks": _check_place,
    "queue_objects": _check_queued,
}
"""By table: raises ``FormatError`` where a row is not what it should be."""
