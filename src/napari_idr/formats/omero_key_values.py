"""Key-values of an OMERO image that somebody may change: read with their id, and written as the web client does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .json_record import JsonRecord
from .omero_annotations import pair_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.image import KeyValue


@dataclass(frozen=True, slots=True)
class StoredKeyValues:
    """One map annotation of an image."""

    id: str
    values: tuple[KeyValue, ...]
    may_change: bool
    """Whether whoever asked may write over it."""


def parse_stored(answer: object, address: str, image_id: str, namespace: str) -> tuple[StoredKeyValues, ...]:
    """Return the map annotations of a namespace that hang on an image itself. Raises ``ProtocolError``."""
    record = JsonRecord.of(answer, "", address)
    record.need("annotations", record.fields.get("annotations"))
    found = (one for one in record.records("annotations") if one.text("class") == "MapAnnotationI")
    return tuple(_stored(one) for one in found if one.text("ns") == namespace and _parent(one) == ("ImageI", image_id))


def _stored(one: JsonRecord) -> StoredKeyValues:
    pairs = enumerate(one.items("values"))
    rights = one.record("permissions")
    return StoredKeyValues(
        one.identifier("id"),
        tuple(pair_of(pair, f"{one.path}.values[{n}]", one.address) for n, pair in pairs),
        rights is None or rights.fields.get("canEdit") is not False,
    )


def _parent(one: JsonRecord) -> tuple[str, str]:
    link = one.need("link", one.record("link"))
    parent = link.need("parent", link.record("parent"))
    return parent.need("class", parent.text("class")), parent.identifier("id")


def form_of(image_id: str, namespace: str, values: Sequence[KeyValue], replaces: str = "") -> list[tuple[str, str]]:
    """Return the fields with which ``webclient/annotate_map/`` adds key-values, or gives an annotation others.

    Source: omero-web, webclient/views.py, ``annotate_map``.
    """
    pairs = [("image", image_id), ("mapAnnotation", json.dumps([list(pair) for pair in values])), ("ns", namespace)]
    return [*pairs, ("annId", replaces)] if replaces else pairs
