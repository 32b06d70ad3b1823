"""The history: events, documents, pixels of label images, queues; rows are only added."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = ("documents", "events", "chunks", "label_chunks", "queue_objects")


def upgrade() -> None:
    """Make the tables and the triggers that refuse to change them."""
    op.create_table(
        "documents",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        comment="versions of images, objects, label images, statements and queues, named by what is in them",
    )
    op.create_table(
        "events",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
            comment="order of arrival in this database",
        ),
        sa.Column("uuid", sa.String(36), nullable=False, unique=True),
        sa.Column("lamport", sa.BigInteger, nullable=False),
        sa.Column("at", sa.String(40), nullable=False, comment="ISO 8601, UTC"),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("image", sa.Text, nullable=False),
        sa.Column("object", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("version", sa.String(64), nullable=False, comment="digest of a document, or empty"),
        sa.Column("supersedes", sa.String(64), nullable=False),
        sa.Column("body", sa.Text, nullable=False, comment="who, why and details, as JSON"),
    )
    op.create_index("ix_events_image", "events", ["image", "lamport"])
    op.create_index("ix_events_queue", "events", ["queue", "lamport"])
    op.create_index("ix_events_lamport", "events", ["lamport"])
    op.create_table(
        "chunks",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False, comment="pixels of a label image, zlib"),
    )
    op.create_table(
        "label_chunks",
        sa.Column("event", sa.String(36), sa.ForeignKey("events.uuid"), primary_key=True),
        sa.Column("place", sa.String(64), primary_key=True, comment="index of the chunk, per axis: 0.3.2"),
        sa.Column("chunk", sa.String(64), nullable=False, comment="digest, empty where all is background"),
    )
    op.create_table(
        "queue_objects",
        sa.Column("queue", sa.String(36), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("image", sa.Text, nullable=False),
        sa.Column("object", sa.Text, nullable=False),
        sa.Column("version", sa.String(64), nullable=False, comment="digest of the object when queued, or empty"),
    )
    for statement in _triggers(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Refuse: a history is never taken apart."""
    raise NotImplementedError("a workspace is not made older: copy the file before it is updated")


def _triggers(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only added'); END"
            for table in TABLES
            for verb in ("UPDATE", "DELETE")
        ]
    function = (
        "CREATE FUNCTION napari_idr_only_added() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME; END $$"
    )
    return [
        function,
        *(
            f"CREATE TRIGGER {table}_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION napari_idr_only_added()"
            for table in TABLES
        ),
    ]
