"""Objects, images and label images as JSON records that hold all that is said of them, but neither shapes nor pixels.

They ride along in formats that have a place for what they do not know themselves. What a record leaves out has its
default, so that records are short and the same object always gives the same record.
"""

from __future__ import annotations

import math
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from napari_idr.errors import FormatError
from napari_idr.model.annotation_set import (
    STATUSES,
    AnnotatedImage,
    AnnotatedObject,
    LabelImage,
    LabelPlace,
    Spacing,
)
from napari_idr.model.annotator import NOBODY, Annotator
from napari_idr.model.ontology import OntologyTerm, Phenotype

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    from napari_idr.model.annotation_set import Feature, Value

T = TypeVar("T")
Record = dict[str, Any]

HINT = "read it with the napari-idr that wrote it, or leave the record out"
NOT_FINITE = ("nan", "inf", "-inf")


def object_record(one: AnnotatedObject) -> Record:
    """Return the record of an object; its uuid is always there."""
    return {"uuid": one.uuid} | _present(
        {
            "name": one.name,
            "class": one.object_class,
            "phenotypes": [_phenotype_record(phenotype) for phenotype in one.phenotypes],
            "terms": [_term_record(term) for term in one.terms],
            "key_values": [list(pair) for pair in one.key_values],
            "comment": one.comment,
            "annotator": person_record(one.annotator),
            "created": time_text(one.created),
            "modified": time_text(one.modified),
            "status": "" if one.status == "unreviewed" else one.status,
            "reviewer": None if one.reviewer is None else person_record(one.reviewer),
            "reviewed": time_text(one.reviewed),
            "layer": one.layer,
            "level": one.level,
            "parents": list(one.parents),
            "features": [[name, _value_record(value)] for name, value in one.features],
            "look": [[name, _value_record(value)] for name, value in one.look],
        },
        keep_empty=("reviewer",),
    )


def object_from_record(record: object, file: str, *, label: LabelPlace | None = None) -> AnnotatedObject:
    """Return the object of a record, with the place that the caller knows.

    Raises ``FormatError`` with the key where a value is not what it has to be.
    """
    given = _Given(record, file)
    return AnnotatedObject(
        uuid=given.needed("uuid"),
        label=label,
        name=given.text("name"),
        object_class=given.text("class"),
        phenotypes=given.each("phenotypes", _phenotype),
        terms=given.each("terms", _term),
        key_values=given.each("key_values", _pair_of_texts),
        comment=given.text("comment"),
        annotator=given.maybe("annotator", _person) or NOBODY,
        created=given.time("created"),
        modified=given.time("modified"),
        status=given.choice("status", STATUSES, "unreviewed"),
        reviewer=given.maybe("reviewer", _person),
        reviewed=given.time("reviewed"),
        layer=given.text("layer"),
        level=given.whole("level", 0),
        parents=given.each("parents", _text),
        features=given.each("features", _feature),
        look=given.each("look", _feature),
    )


def image_record(image: AnnotatedImage) -> Record:
    """Return the record of an image: which it is, its sizes and the size of its pixels."""
    plain = {field.name: getattr(image, field.name) for field in fields(image) if field.name not in _STRUCTURED}
    defaults = {field.name: field.default for field in fields(image)}
    kept = {name: value for name, value in plain.items() if name == "address" or value != defaults[name]}
    spacing = {axis: _present({"value": one.value, "unit": one.unit}) for axis, one in image.spacing}
    stated = image.spacing_stated_by
    return kept | _present(
        {
            "spacing": spacing,
            "spacing_stated_by": None if stated is None else person_record(stated),
            "level_factors": [] if image.level_factors == (1.0,) else list(image.level_factors),
        },
        keep_empty=("spacing_stated_by",),
    )


_STRUCTURED = ("spacing", "spacing_stated_by", "level_factors")


def image_from_record(record: object, file: str) -> AnnotatedImage:
    """Return the image of a record. Raises ``FormatError`` with the key where a value is wrong."""
    given = _Given(record, file)
    plain: Record = {}
    for field in fields(AnnotatedImage):
        if field.name.startswith("size_"):
            plain[field.name] = given.whole(field.name, 1 if field.name in ("size_z", "size_c", "size_t") else 0)
        elif field.name not in _STRUCTURED:
            plain[field.name] = given.text(field.name)
    spacing = given.maybe("spacing", _spacings) or ()
    return AnnotatedImage(
        **plain,
        spacing=spacing,
        spacing_stated_by=given.maybe("spacing_stated_by", _person),
        level_factors=given.each("level_factors", _number) or (1.0,),
    )


def label_record(image: LabelImage) -> Record:
    """Return where the pixels of a label image lie, and its colours."""
    return {"name": image.name, "axes": "".join(image.axes), "shape": [int(size) for size in image.pixels.shape]} | (
        _present(
            {
                "origin": list(image.origin),
                "level": image.level,
                "colors": [[value, *color] for value, color in image.colors],
            }
        )
    )


def label_from_record(
    record: object, file: str, pixels: Callable[[tuple[str, ...], tuple[int, ...], tuple[int, ...], int], np.ndarray]
) -> LabelImage:
    """Return a label image by its record; ``pixels`` gives them for axes, shape, first pixel and level."""
    given = _Given(record, file)
    axes = tuple(given.needed("axes"))
    shape = given.each("shape", _whole)
    origin = given.each("origin", _whole)
    level = given.whole("level", 0)
    in_order = [axis for axis in "tzyx" if axis in axes]
    if (
        list(axes) != in_order
        or axes[-2:] != ("y", "x")
        or len(shape) != len(axes)
        or len(origin) not in (0, len(axes))
    ):
        raise FormatError("The record of the label image does not fit itself", file, HINT, key="axes")
    return LabelImage(
        name=given.needed("name"),
        axes=axes,
        pixels=pixels(axes, shape, origin or (0,) * len(axes), level),
        origin=origin,
        colors=given.each("colors", _value_color),
        level=level,
    )


def person_record(person: Annotator) -> Record:
    """Return a person's record; {} for nobody."""
    return _present({"name": person.name, "orcid": person.orcid})


def time_text(time: datetime | None) -> str:
    """Return a time in UTC as ISO 8601 with a Z, "" for none."""
    return "" if time is None else time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def time_of(text: str) -> datetime | None:
    """Return the time of an ISO 8601 text, None where it is none or has no zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if time.tzinfo is None else time.astimezone(UTC)


def _present(record: Record, *, keep_empty: tuple[str, ...] = ()) -> Record:
    """Return a record without what has its default."""
    return {
        key: value
        for key, value in record.items()
        if value is not None and (key in keep_empty or value not in ("", [], {}, 0) or value is False)
    }


def _phenotype_record(phenotype: Phenotype) -> Record:
    term = None if phenotype.term is None else _term_record(phenotype.term)
    return {"name": phenotype.name} | _present({"term": term, "no_term": phenotype.no_term or None})


def _term_record(term: OntologyTerm) -> Record:
    return {"accession": term.accession, "label": term.label} | _present(
        {
            "iri": term.iri,
            "definition": term.definition,
            "synonyms": list(term.synonyms),
            "is_obsolete": term.is_obsolete or None,
            "replaced_by": term.replaced_by,
            "release": term.release,
        }
    )


def _value_record(value: Value) -> Any:
    """Return a value as JSON has it, which knows no numbers that are not finite."""
    return {"number": repr(value)} if isinstance(value, float) and not math.isfinite(value) else value


class _Given:
    """A record that is read key by key."""

    def __init__(self, record: object, file: str) -> None:
        if not isinstance(record, dict):
            raise FormatError("The record is no JSON object", file, HINT)
        self._record: Mapping[str, Any] = record
        self._file = file

    def text(self, key: str) -> str:
        return self._typed(key, str) or ""

    def needed(self, key: str) -> str:
        text = self.text(key)
        if not text:
            raise self._wrong(key)
        return text

    def whole(self, key: str, default: int) -> int:
        number = self._typed(key, int)
        if isinstance(number, bool) or (number is not None and number < 0):
            raise self._wrong(key)
        return default if number is None else number

    def choice(self, key: str, choices: tuple[T, ...], default: T) -> T:
        value = self._record.get(key, default)
        if value not in choices:
            raise self._wrong(key)
        return choices[choices.index(value)]

    def time(self, key: str) -> datetime | None:
        text = self.text(key)
        time = time_of(text) if text else None
        if text and time is None:
            raise self._wrong(key)
        return time

    def maybe(self, key: str, read: Callable[[Any], T]) -> T | None:
        value = self._record.get(key)
        return None if value is None else self._read(key, read, value)

    def each(self, key: str, read: Callable[[Any], T]) -> tuple[T, ...]:
        return tuple(self._read(key, read, value) for value in self._typed(key, list) or ())

    def _read(self, key: str, read: Callable[[Any], T], value: Any) -> T:
        try:
            return read(value)
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            raise self._wrong(key) from error

    def _typed(self, key: str, kind: type[T]) -> T | None:
        value = self._record.get(key)
        if value is not None and not isinstance(value, kind):
            raise self._wrong(key)
        return value

    def _wrong(self, key: str) -> FormatError:
        return FormatError("The record is missing a value or has a wrong one", self._file, HINT, key=key)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 62:
        raise ValueError
    return value


def _number(value: Any) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        raise ValueError
    return float(value)


def _person(value: Any) -> Annotator:
    return Annotator(
        _text(value.get("name", "")) if isinstance(value, dict) else _text(None), _text(value.get("orcid", ""))
    )


def _phenotype(value: Any) -> Phenotype:
    term = value.get("term") if isinstance(value, dict) else None
    return Phenotype(_text(value["name"]), None if term is None else _term(term), value.get("no_term", False) is True)


def _term(value: Any) -> OntologyTerm:
    return OntologyTerm(
        accession=_text(value["accession"]),
        label=_text(value["label"]),
        iri=_text(value.get("iri", "")),
        definition=_text(value.get("definition", "")),
        synonyms=tuple(map(_text, value.get("synonyms", ()))),
        is_obsolete=value.get("is_obsolete", False) is True,
        replaced_by=_text(value.get("replaced_by", "")),
        release=_text(value.get("release", "")),
    )


def _pair_of_texts(value: Any) -> tuple[str, str]:
    key, text = value
    return _text(key), _text(text)


def _feature(value: Any) -> Feature:
    name, held = value
    return _text(name), _value(held)


def _value(value: Any) -> Value:
    if isinstance(value, dict) and value.get("number") in NOT_FINITE:
        return float(value["number"])
    if value is not None and not isinstance(value, (str, int, float, bool)):
        raise TypeError
    return value


def _spacings(value: Any) -> tuple[tuple[str, Spacing], ...]:
    return tuple((_axis(axis), _one_spacing(one)) for axis, one in value.items())


def _one_spacing(value: Any) -> Spacing:
    unit = value.get("unit")
    return Spacing(_number(value.get("value", 0)), None if unit is None else _text(unit))


def _axis(value: str) -> str:
    if value not in ("x", "y", "z", "t"):
        raise ValueError
    return value


def _value_color(value: Any) -> tuple[int, tuple[int, int, int, int]]:
    number, red, green, blue, alpha = value
    color = (_whole(red), _whole(green), _whole(blue), _whole(alpha))
    if not isinstance(number, int) or max(color) > 255:
        raise ValueError
    return number, color
