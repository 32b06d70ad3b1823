"""The tables of a workspace: rows are added, never changed, never deleted (triggers of the migrations see to it)."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text
from sqlalchemy.types import TypeDecorator

from napari_idr.errors import FormatError

REVISION = "0001"
"""The revision that this release writes, the last in ``migrations/versions``."""
APPLICATION_ID = 0x49445257
"""By which a SQLite file says that it is a workspace ("IDRW")."""


class AnyText(TypeDecorator[str]):
    """Text of any character, kept as ASCII with JSON's escapes: neither database takes all of Unicode."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        """Escape what is not ASCII."""
        return None if value is None else json.dumps(value)[1:-1]

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:
        """Return the text that was given."""
        if value is None or (isinstance(value, str) and "\\" not in value):
            return value
        try:
            return str(json.loads(f'"{value}"'))
        except (ValueError, TypeError) as error:
            hint = "the file was changed by another program"
            raise FormatError("A text in the workspace cannot be read", repr(value)[:40], hint) from error


metadata = MetaData()
Serial = BigInteger().with_variant(Integer, "sqlite")

documents = Table(
    "documents",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("body", Text, nullable=False),
    comment="versions of images, objects, label images, statements and queues, named by what is in them",
)
events = Table(
    "events",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True, comment="order of arrival in this database"),
    Column("uuid", String(36), nullable=False, unique=True),
    Column("lamport", BigInteger, nullable=False),
    Column("at", String(40), nullable=False, comment="ISO 8601, UTC"),
    Column("kind", String(16), nullable=False),
    Column("image", AnyText, nullable=False),
    Column("object", AnyText, nullable=False),
    Column("queue", AnyText, nullable=False),
    Column("version", String(64), nullable=False, comment="digest of a document, or empty"),
    Column("supersedes", String(64), nullable=False),
    Column("body", Text, nullable=False, comment="who, why and details, as JSON"),
    Index("ix_events_image", "image", "lamport"),
    Index("ix_events_queue", "queue", "lamport"),
    Index("ix_events_lamport", "lamport"),
)
chunks = Table(
    "chunks",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("data", LargeBinary, nullable=False, comment="pixels of a label image, zlib"),
)
label_chunks = Table(
    "label_chunks",
    metadata,
    Column("event", String(36), ForeignKey("events.uuid"), primary_key=True),
    Column("place", String(64), primary_key=True, comment="index of the chunk, per axis: 0.3.2"),
    Column("chunk", String(64), nullable=False, comment="digest, empty where all is background"),
)
queue_objects = Table(
    "queue_objects",
    metadata,
    Column("queue", String(36), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("image", AnyText, nullable=False),
    Column("object", AnyText, nullable=False),
    Column("version", String(64), nullable=False, comment="digest of the object when queued, or empty"),
)
TABLES = (documents, events, chunks, label_chunks, queue_objects)
