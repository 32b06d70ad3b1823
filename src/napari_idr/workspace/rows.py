"""Events, documents and chunks as rows of the database, and back."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from napari_idr.errors import FormatError
from napari_idr.formats.model_json import decode, encode
from napari_idr.model.annotation_set import Feature  # noqa: TC001 - resolved by the codec
from napari_idr.model.annotator import NOBODY, Annotator

from . import schema
from .events import KINDS, Batch, Event, PaintedChunk, QueuedObject

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Select, Table
    from sqlalchemy.engine import Connection

    from .events import EventKind

AT_ONCE = 500
"""Names asked for in one statement; SQLite of old takes 999."""
_COLUMNS = tuple(column for column in schema.events.c if column.name != "seq")


@dataclass(frozen=True, slots=True)
class _Said:
    """What of an event nobody looks for in the database."""

    who: Annotator = NOBODY
    why: str = ""
    details: tuple[Feature, ...] = ()


def event_row(event: Event) -> dict[str, Any]:
    """Return an event as a row."""
    return {
        "uuid": event.uuid,
        "lamport": event.lamport,
        "at": event.at.isoformat(),
        "kind": event.kind,
        "image": event.image,
        "object": event.object,
        "queue": event.queue,
        "version": event.version,
        "supersedes": event.supersedes,
        "body": encode(_Said(event.who, event.why, event.details)),
    }


def event_of(row: Sequence[Any]) -> Event:
    """Return the event of a row. Raises ``FormatError``."""
    uuid, lamport, at, kind, image, object_, queue, version, supersedes, body = row
    if kind not in KINDS:
        raise FormatError(f"There is no event {kind!r:.20}", uuid, "it is from a newer napari-idr, update it")
    said = _said(body)
    return Event(
        uuid=uuid,
        kind=cast("EventKind", kind),
        at=_time(at),
        who=said.who,
        lamport=lamport,
        image=image,
        object=object_,
        queue=queue,
        version=version,
        supersedes=supersedes,
        why=said.why,
        details=said.details,
    )


@lru_cache(4096)
def _said(body: str) -> _Said:
    """Return who, why and details; ten thousand verdicts have a dozen of them."""
    return decode(_Said, body)


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except (ValueError, TypeError) as error:
        raise FormatError("An event has no time", repr(text)[:40], "the file was changed by another program") from error


def select_events(**wanted: str) -> Select[Any]:
    """Return a question for events in the order of the history: ``image="…"``, ``queue="…"``."""
    chosen = [schema.events.c[name] == value for name, value in wanted.items()]
    return select(*_COLUMNS).where(*chosen).order_by(schema.events.c.lamport, schema.events.c.uuid)


def read_events(connection: Connection, question: Select[Any]) -> list[Event]:
    """Return the events that a question of ``select_events`` finds."""
    return [event_of(tuple(row)) for row in connection.execute(question)]


def read_news(connection: Connection, after: int) -> tuple[int, list[Event]]:
    """Return the events that arrived after a place, in the order of arrival, and the place of the last one."""
    table = schema.events
    question = select(table.c.seq, *_COLUMNS).where(table.c.seq > after).order_by(table.c.seq)
    rows = [tuple(row) for row in connection.execute(question)]
    return (rows[-1][0] if rows else after), [event_of(row[1:]) for row in rows]


def last_place(connection: Connection) -> int:
    """Return the place at which the last event arrived, 0 where there is none."""
    return int(connection.execute(select(func.max(schema.events.c.seq))).scalar() or 0)


def last_lamport(connection: Connection) -> int:
    """Return the largest number of the history, 0 where it is empty."""
    return int(connection.execute(select(func.max(schema.events.c.lamport))).scalar() or 0)


def read_documents(connection: Connection, digests: Iterable[str]) -> dict[str, str]:
    """Return documents by their names; one that is missing is left out."""
    table = schema.documents
    rows = _by_names(connection, select(table.c.digest, table.c.body), table.c.digest, digests)
    return {row[0]: row[1] for row in rows}


def read_chunks(connection: Connection, digests: Iterable[str]) -> dict[str, bytes]:
    """Return the compressed pixels of chunks by their names."""
    table = schema.chunks
    rows = _by_names(connection, select(table.c.digest, table.c.data), table.c.digest, digests)
    return {row[0]: bytes(row[1]) for row in rows}


def read_painted(connection: Connection, events: Iterable[str]) -> dict[str, list[PaintedChunk]]:
    """Return which chunks each event painted, without their pixels."""
    table = schema.label_chunks
    rows = _by_names(connection, select(table.c.event, table.c.place, table.c.chunk), table.c.event, events)
    painted: dict[str, list[PaintedChunk]] = {}
    for event, place, digest in rows:
        painted.setdefault(event, []).append(PaintedChunk(place_of(place), digest))
    return painted


def read_queue(connection: Connection, queue: str) -> list[QueuedObject]:
    """Return the objects of a queue, in its order."""
    table = schema.queue_objects
    question = select(table).where(table.c.queue == queue).order_by(table.c.position)
    return [QueuedObject(*row) for row in connection.execute(question)]


def place_text(place: tuple[int, ...]) -> str:
    """Return the index of a chunk as text: "0.3.2"."""
    return ".".join(map(str, place))


def place_of(text: str) -> tuple[int, ...]:
    """Return the index of a chunk. Raises ``FormatError``."""
    parts = text.split(".")
    if not all(part.isdecimal() for part in parts):
        raise FormatError("A chunk of a label image has no place", text[:40], "the file was changed by another program")
    return tuple(map(int, parts))


def _by_names(connection: Connection, question: Any, column: Any, names: Iterable[str]) -> list[tuple[Any, ...]]:
    wanted = sorted({name for name in names if name})
    found: list[tuple[Any, ...]] = []
    for start in range(0, len(wanted), AT_ONCE):
        found += map(tuple, connection.execute(question.where(column.in_(wanted[start : start + AT_ONCE]))))
    return found


def add_batch(connection: Connection, batch: Batch) -> None:
    """Add what of a batch is not there yet."""
    chunks = {chunk.digest: chunk.data for _, chunk in batch.chunks if chunk.digest and chunk.data}
    places = [
        {"event": event, "place": place_text(chunk.place), "chunk": chunk.digest} for event, chunk in batch.chunks
    ]
    documents = [{"digest": one.digest, "kind": one.kind, "body": one.text} for one in batch.documents]
    add_rows(connection, schema.documents, documents)
    add_rows(connection, schema.events, [event_row(event) for event in batch.events])
    add_rows(connection, schema.chunks, [{"digest": name, "data": data} for name, data in chunks.items()])
    add_rows(connection, schema.label_chunks, places)
    add_rows(connection, schema.queue_objects, [asdict(one) for one in batch.queued])


def add_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows; those whose key is there already are the same, and left alone."""
    if rows:
        insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        connection.execute(insert(table).on_conflict_do_nothing(), list(rows))


def numbered(batch: Batch, numbers: Iterable[int]) -> Batch:
    """Return a batch whose events have their places in the history; those that have one keep it."""
    numbers = iter(numbers)
    events = tuple(event if event.lamport else replace(event, lamport=next(numbers)) for event in batch.events)
    return replace(batch, events=events)
