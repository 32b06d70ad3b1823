"""Answers of OMERO.web about tags: which tag it is, and what carries it. Pure."""

from __future__ import annotations

from .json_record import JsonRecord

Tagged = frozenset[tuple[str, str]]
"""(kind, id) of containers."""


def parse_tag_ids(answer: object, name: str, address: str) -> tuple[str, ...]:
    """Return the ids of the tags of a name, whatever its case. Raises ``ProtocolError``."""
    record = JsonRecord.of(answer, "", address)
    tags = record.records("tags")
    return tuple(tag.identifier("id") for tag in tags if (tag.text("value") or "").casefold() == name.casefold())


def parse_tagged(answer: object, address: str) -> Tagged:
    """Return the screens and projects that carry a tag. Raises ``ProtocolError``."""
    record = JsonRecord.of(answer, "", address)
    return frozenset(
        (kind, one.identifier("id")) for kind in ("screen", "project") for one in record.records(f"{kind}s")
    )
