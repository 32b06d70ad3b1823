"""The model as JSON and back, without loss: what is kept in a workspace, a journal and a review file.

A dataclass becomes an object of the fields that differ from their defaults; a shape also says its ``kind``. Reading is
strict: an unknown key, a missing one or a value of another type is a ``FormatError`` that names the place. The text is
ASCII (any other character, even half a surrogate pair, is escaped), so that every database holds it as it is.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from napari_idr.errors import FormatError
from napari_idr.model import annotation

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
_SHAPES: dict[str, type[annotation.Shape]] = {
    one.__name__: one
    for one in (
        annotation.Rectangle,
        annotation.Ellipse,
        annotation.Line,
        annotation.Polyline,
        annotation.Polygon,
        annotation.Point,
        annotation.Label,
        annotation.Mask,
    )
}
_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
LONGEST = 1 << 24
"""Characters a document may have: the outline of an object with a million corners, not more."""


def encode(value: object) -> str:
    """Return a dataclass of the model as one line of ASCII JSON; the same value gives the same text.

    Raises ``TypeError`` for what is not of the model, an array for instance.
    """
    return json.dumps(_to_json(value), separators=(",", ":"), allow_nan=False)


def decode(kind: type[T], text: str, *, on: str = "") -> T:
    """Return what ``encode`` was given. Raises ``FormatError`` where the text is not that of a ``kind``."""
    try:
        if len(text) > LONGEST:
            raise ValueError(f"it has {len(text)} characters")
        return cast("T", _reader_of(kind)(json.loads(text, parse_constant=_refuse)))
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        what = f"What was kept of a {kind.__name__} cannot be read: {error}"
        raise FormatError(what, on or text[:60], "it may be from a newer napari-idr, update it") from error


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


# -- writing


def _to_json(value: object) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"float": repr(float(value))}
    if isinstance(value, tuple):
        return [_to_json(one) for one in value]
    if isinstance(value, datetime):
        return _utc(value).isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if is_dataclass(value) and not isinstance(value, type):
        return _object(value)
    if getattr(value, "shape", None) == () and hasattr(value, "item"):  # a number of numpy's
        return _to_json(value.item())
    raise TypeError(f"a {type(value).__name__} is not kept")


def _object(value: Any) -> dict[str, Any]:
    written = {"kind": value.kind} if isinstance(value, annotation.Shape) else {}
    for name, default in _defaults(cast("Any", type(value))):
        part = getattr(value, name)
        if default is MISSING or type(part) is not type(default) or part != default:
            written[name] = _to_json(part)
    return written


@cache
def _defaults(kind: Any) -> tuple[tuple[str, object], ...]:
    return tuple((one.name, one.default if one.default_factory is MISSING else MISSING) for one in fields(kind))


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise TypeError("a time without a time zone is not kept")
    return moment.astimezone(UTC)


# -- reading


def _reader_of(kind: Any) -> Callable[[Any], Any]:
    return _reader(kind)


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """Return a function that makes a value of a type out of JSON."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind in _PLAIN:
        return _PLAIN[kind]
    if origin is Literal:
        return _choice(inner)
    if origin is tuple:
        return _list(_reader(inner[0])) if inner[1:] == (...,) else _tuple(tuple(map(_reader, inner)))
    if origin in (Union, UnionType):
        return _any_of(inner)
    if kind is annotation.Shape:
        return _shape
    if is_dataclass(kind):
        return _dataclass(cast("type[Any]", kind))
    raise TypeError(f"{kind} is not kept")


def _dataclass(kind: type[Any]) -> Callable[[Any], Any]:
    hints = get_type_hints(kind, localns={"datetime": datetime})
    readers = {one.name: _reader(hints[one.name]) for one in fields(kind)}

    def read(document: Any) -> Any:
        if not isinstance(document, dict):
            raise TypeError(f"a {kind.__name__} is an object")
        return kind(**{name: _field(readers, name, value) for name, value in document.items()})

    return read


def _field(readers: dict[str, Callable[[Any], Any]], name: str, value: Any) -> Any:
    if name not in readers:
        raise ValueError(f"there is no {name!r}")
    try:
        return readers[name](value)
    except (ValueError, TypeError) as error:
        raise type(error)(f"{name}: {error}") from error


def _shape(document: Any) -> annotation.Shape:
    if not isinstance(document, dict):
        raise TypeError("a shape is an object")
    kind = document.get("kind")
    if kind not in _SHAPES:
        raise ValueError(f"there is no shape {kind!r}")
    rest = {name: value for name, value in document.items() if name != "kind"}
    return cast("annotation.Shape", _reader_of(_SHAPES[kind])(rest))


def _list(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read_all(document: Any) -> tuple[Any, ...]:
        if not isinstance(document, list):
            raise TypeError("a list is expected")
        return tuple([read(one) for one in document])

    return read_all


def _tuple(readers: tuple[Callable[[Any], Any], ...]) -> Callable[[Any], Any]:
    def read_all(document: Any) -> tuple[Any, ...]:
        if not isinstance(document, list) or len(document) != len(readers):
            raise TypeError(f"a list of {len(readers)} is expected")
        return tuple([read(one) for read, one in zip(readers, document, strict=True)])

    return read_all


def _any_of(kinds: tuple[Any, ...]) -> Callable[[Any], Any]:
    """Return a reader of a union; of a text, time and bytes are not told apart, and no union has two of them."""
    readers = [_reader(one) for one in kinds]

    def read(document: Any) -> Any:
        reasons = []
        for one in readers:
            try:
                return one(document)
            except (TypeError, ValueError) as error:
                reasons.append(str(error))
        raise TypeError(reasons[0] if len(readers) == 2 and NoneType in kinds else f"{document!r:.40} does not belong")

    return read


def _choice(allowed: tuple[Any, ...]) -> Callable[[Any], Any]:
    def read(document: Any) -> Any:
        if document not in allowed:
            raise ValueError(f"{document!r:.40} is none of {', '.join(map(repr, allowed))}")
        return document

    return read


def _exactly(*kinds: type[Any]) -> Callable[[Any], Any]:
    def read(document: Any) -> Any:
        if type(document) not in kinds:
            raise TypeError(f"{document!r:.40} is no {kinds[0].__name__}")
        return document

    return read


def _float(document: Any) -> Any:
    """Accept a whole number where it was one: 3 stays 3."""
    if isinstance(document, dict) and set(document) == {"float"} and document["float"] in _NOT_FINITE:
        return _NOT_FINITE[document["float"]]
    return _exactly(float, int)(document)


def _time(document: Any) -> datetime:
    return _utc(datetime.fromisoformat(_exactly(str)(document)))


def _bytes(document: Any) -> bytes:
    try:
        return base64.b64decode(_exactly(str)(document), validate=True)
    except binascii.Error as error:
        raise ValueError("it is not base64") from error


_PLAIN: dict[Any, Callable[[Any], Any]] = {
    str: _exactly(str),
    int: _exactly(int),
    bool: _exactly(bool),
    float: _float,
    NoneType: _exactly(NoneType),
    datetime: _time,
    bytes: _bytes,
}
