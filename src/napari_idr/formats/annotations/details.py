"""What is said of an object besides its shapes, as pairs of texts: for formats that hold keys and values.

The keys are those of the namespace ``napari-idr/roi/1``. A text is written as it is, anything else as JSON; a text that
could be taken for JSON, or that XML cannot hold, as a JSON string.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_idr.formats.model_json import DocumentError, from_document, json_text, json_value, to_document
from napari_idr.formats.ome_xml import xml_text
from napari_idr.model.annotation_set import AnnotatedObject

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_idr.model.annotation import Shape
    from napari_idr.model.image import KeyValue

NAMESPACE = "napari-idr/roi/1"
PEOPLE = ("annotator", "reviewer")
RENAMED = {"object_class": "class"}
_FIELDS = {key: field for field, key in RENAMED.items()}
TEXT_FIELDS = frozenset(
    {"uuid", "name", "object_class", "comment", "created", "modified", "status", "reviewed", "layer"}
)

KEYS = {
    *(RENAMED.get(field, field) for field in AnnotatedObject.__dataclass_fields__ if field != "shapes"),
    *(f"{person}_name" for person in PEOPLE),
}
"""All keys that pairs of ours have, besides "shapes"."""


def details_of(one: AnnotatedObject, *, without: Iterable[str] = ()) -> tuple[KeyValue, ...]:
    """Return all that is said of an object in pairs, but for its shapes and the fields that the format has itself.

    Raises ``DocumentError`` for a time without a zone.
    """
    pairs: list[KeyValue] = []
    for field, value in to_document(one, ("shapes", *sorted(without))).items():
        if field in PEOPLE:
            pairs += _person(field, value)
        else:
            pairs.append((RENAMED.get(field, field), text_of(value)))
    return tuple(pairs)


def _person(field: str, value: dict[str, Any]) -> list[KeyValue]:
    """Return a person as its ORCID iD under the field's own name, and its name."""
    return [(field, value.get("orcid", "")), (f"{field}_name", text_of(value.get("name", "")))]


def text_of(value: Any) -> str:
    """Return a JSON value as text; a plain text is itself."""
    if isinstance(value, str) and xml_text(value) == value and not value.startswith('"'):
        return value
    return json_text(value)


def object_from_details(pairs: Sequence[KeyValue], shapes: tuple[Shape, ...], **known: Any) -> AnnotatedObject:
    """Return the object that pairs tell of; ``known`` are the fields that the format holds itself.

    What pairs say goes before what is known. Raises ``DocumentError``.
    """
    said = dict(pairs)
    document = {
        _FIELDS.get(key, key): value_of(_FIELDS.get(key, key), text) for key, text in said.items() if key != "shapes"
    }
    for field in PEOPLE:
        if field in said or f"{field}_name" in said:
            name = document.pop(f"{field}_name", "")
            document[field] = {"orcid": _bare(said.get(field, "")), "name": name}
    defaults = to_document(AnnotatedObject(**{"uuid": "", **known}))
    found = from_document(AnnotatedObject, {**defaults, **document}, "object")
    return replace(found, shapes=shapes)


def _bare(text: str) -> str:
    value = value_of("annotator", text)
    if not isinstance(value, str):
        raise DocumentError("annotator is no text")
    return value


def value_of(field: str, text: str) -> Any:
    """Return the value of a pair: JSON where its field is no text, or where it is a JSON string."""
    is_text = field in TEXT_FIELDS or field.removesuffix("_name") in PEOPLE
    if is_text and not text.startswith('"'):
        return text
    if field not in TEXT_FIELDS and field not in AnnotatedObject.__dataclass_fields__ and not is_text:
        return text
    return json_value(text, field)
