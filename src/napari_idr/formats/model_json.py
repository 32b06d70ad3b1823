"""The model as JSON and back, without loss: in a workspace, its journal, and the files that are exported.

A dataclass becomes an object of the fields that differ from their defaults; a shape also says its ``kind``. Times are
ISO-8601 in UTC with Z, bytes base64, tuples lists, numbers that are not finite ``{"number": "inf"}``; a whole number
stays one. Nothing that is read is trusted: each field is checked against its type.

Packages hold each object several times, so readers and lists of fields are made once per class.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import sys
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from napari_idr.errors import FormatError
from napari_idr.model.annotation import Shape

from .omero_shapes import CLASSES

if TYPE_CHECKING:
    from collections.abc import Callable

    Reader = Callable[[Any], Any]

T = TypeVar("T")
Document = dict[str, Any]

LARGEST = sys.float_info.max
LONGEST = 1 << 24
"""Characters a text may have: the outline of an object with a million corners, not more."""
_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_AS_IS = frozenset({str, int, bool, NoneType})
"""Types that JSON has itself."""


class DocumentError(ValueError):
    """A value that is not what its field holds; the message says where and what, readers make a sentence of it."""


def encode(value: object) -> str:
    """Return a dataclass of the model as one line of ASCII JSON; the same value gives the same text.

    Every other character, even half a surrogate pair, is escaped, so that every database holds it as it is.
    Raises ``DocumentError`` for what is not of the model, an array for instance.
    """
    return json_text(to_document(value))


def json_text(document: Any) -> str:
    """Return a document as one line of ASCII JSON."""
    return _ENCODER.encode(document)


def decode(kind: type[T], text: str, *, on: str = "") -> T:
    """Return what ``encode`` was given. Raises ``FormatError`` where the text is not that of a ``kind``."""
    try:
        if len(text) > LONGEST:
            raise ValueError(f"it has {len(text)} characters")
        return cast("T", _reader(cast("Any", kind), True)(_DECODER.decode(text)))
    except (ValueError, RecursionError) as error:
        what = f"What was kept of a {kind.__name__} cannot be read: {error}"
        raise FormatError(what, on or text[:60], "it may be from a newer napari-idr, update it") from error


def json_value(text: str, where: str) -> Any:
    """Return what JSON says. Raises ``DocumentError`` where it is none."""
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{where} is no JSON") from error


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


# -- writing


def to_document(value: Any, without: tuple[str, ...] = ()) -> Document:
    """Return a dataclass of the model as a JSON object, but for some fields.

    Raises ``DocumentError`` for a time without a zone, and for what is not of the model.
    """
    document: Document = {"kind": value.kind} if isinstance(value, Shape) else {}
    values, defaults = _fields(cast("Any", type(value)), without)
    for (name, default), content in zip(defaults, values(value), strict=True):
        if content is default or (type(content) is type(default) and content == default):
            continue
        document[name] = content if type(content) in _AS_IS else _written(content)
    return document


@cache
def _fields(kind: Any, without: tuple[str, ...]) -> tuple[Callable[[Any], Any], tuple[tuple[str, Any], ...]]:
    """Return what gives the values of all fields of a dataclass at once, and their names and defaults."""
    if not is_dataclass(kind):
        raise DocumentError(f"a {kind.__name__} is not kept")
    kept = [one for one in fields(kind) if one.name not in without]
    names = [one.name for one in kept]
    get = attrgetter(*names)
    values = get if len(names) > 1 else lambda value: (get(value),)
    return values, tuple((one.name, one.default if one.default_factory is MISSING else MISSING) for one in kept)


def _written(value: Any) -> Any:
    if type(value) in _AS_IS:
        return value
    if type(value) is tuple:
        return [_written(one) for one in value]
    if type(value) is float:
        return value if math.isfinite(value) else {"number": repr(value)}
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return to_document(value) if is_dataclass(value) else _plain(value)


def _plain(value: Any) -> Any:
    """Return what is only nearly of a type that JSON has: a number of numpy's, a tuple with names."""
    if isinstance(value, tuple):
        return [_written(one) for one in value]
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return _written(value.item())
    for kind in (str, bool, int, float):
        if isinstance(value, kind):
            return _written(kind(value))
    raise DocumentError(f"a {type(value).__name__} is not kept")


def time_text(time: datetime | None) -> str:
    """Return a time in UTC, like "2026-11-30T12:00:00Z", "" for none. Raises ``DocumentError`` without a zone."""
    if time is None:
        return ""
    if time.tzinfo is None:
        raise DocumentError(f"the time {time} has no time zone, it is not kept")
    return (time if time.tzinfo is UTC else time.astimezone(UTC)).isoformat().replace("+00:00", "Z")


# -- reading


def from_document(kind: type[T], document: object, where: str = "") -> T:
    """Return the dataclass that a JSON object describes; keys it does not know are passed over.

    Raises ``DocumentError`` for anything that is not of its field's type.
    """
    try:
        return cast("T", _reader(cast("Any", kind), False)(document))
    except DocumentError as error:
        raise DocumentError(f"{where or kind.__name__}: {error}") from error


@cache
def _reader(hint: Any, strict: bool) -> Reader:
    """Return what makes a value of a type out of JSON; a strict one refuses keys that it does not know."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if origin is Literal:
        return _choice(inner)
    if origin is tuple:
        return _list(inner[0], strict) if inner[1:] == (...,) else _tuple(inner, strict)
    if origin in (Union, UnionType):
        return _union(inner, strict)
    if hint is Shape:
        return _shape(strict)
    if is_dataclass(hint):
        return _dataclass(cast("type[Any]", hint), strict)
    raise TypeError(f"{hint} is not kept")


def _dataclass(kind: type[Any], strict: bool) -> Reader:
    hints = get_type_hints(kind, localns={"datetime": datetime})
    readers = {one.name: _reader(hints[one.name], strict) for one in fields(kind)}

    def read(document: Any) -> Any:
        if type(document) is not dict:
            raise DocumentError(f"a {kind.__name__} is an object")
        found = {}
        for name, value in document.items():
            read_one = readers.get(name)
            if read_one is None:
                if strict:
                    raise DocumentError(f"there is no {name!r:.40}")
                continue
            try:
                found[name] = read_one(value)
            except DocumentError as error:
                raise DocumentError(f"{name}: {error}") from error
        try:
            return kind(**found)
        except TypeError as error:
            raise DocumentError(f"it lacks {str(error).rpartition(': ')[2]}") from error

    return read


def _shape(strict: bool) -> Reader:
    def read(document: Any) -> Any:
        kind = document.get("kind") if type(document) is dict else None
        if type(kind) is not str or kind not in CLASSES:
            raise DocumentError(f"{kind!r:.40} is no shape of the OME model")
        return _reader(CLASSES[kind], strict)({name: value for name, value in document.items() if name != "kind"})

    return read


def _list(hint: Any, strict: bool) -> Reader:
    read_one = _reader(hint, strict)

    def read(document: Any) -> tuple[Any, ...]:
        if type(document) is not list:
            raise DocumentError("a list is expected")
        return tuple([read_one(one) for one in document])

    return read


def _tuple(hints: tuple[Any, ...], strict: bool) -> Reader:
    readers = [_reader(one, strict) for one in hints]

    def read(document: Any) -> tuple[Any, ...]:
        if type(document) is not list or len(document) != len(readers):
            raise DocumentError(f"a list of {len(readers)} is expected")
        return tuple([read_one(one) for read_one, one in zip(readers, document, strict=True)])

    return read


def _union(hints: tuple[Any, ...], strict: bool) -> Reader:
    """Return a reader of a union; of a text, time and bytes are not told apart, and no union has two of them."""
    as_is = _AS_IS.intersection(hints)
    others = [_reader(one, strict) for one in hints if one not in as_is]

    def read(document: Any) -> Any:
        if type(document) in as_is:
            return document
        problem = DocumentError(f"{document!r:.40} does not belong")
        for read_one in others:
            try:
                return read_one(document)
            except DocumentError as error:
                problem = error
        raise problem

    return read


def _choice(allowed: tuple[Any, ...]) -> Reader:
    def read(document: Any) -> Any:
        if type(document) is not str or document not in allowed:
            raise DocumentError(f"{document!r:.40} is none of {', '.join(map(repr, allowed))}")
        return document

    return read


def _exactly(kind: type[Any]) -> Reader:
    def read(document: Any) -> Any:
        if type(document) is not kind:
            raise DocumentError(f"{document!r:.40} is no {kind.__name__}")
        return document

    return read


def _float(document: Any) -> Any:
    if type(document) in (float, int) and -LARGEST <= document <= LARGEST:
        return document
    number = document.get("number") if type(document) is dict else None
    if type(number) is str and number in _NOT_FINITE:
        return _NOT_FINITE[number]
    raise DocumentError(f"{document!r:.40} is no number")


def time_of(document: Any) -> datetime:
    """Return the time of an ISO-8601 text, in UTC. Raises ``DocumentError`` where it is none, or has no zone."""
    try:
        time = datetime.fromisoformat(_exactly(str)(document))
        if time.tzinfo is None:
            raise DocumentError("it has no time zone")
        return time if time.tzinfo is UTC else time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise DocumentError(f"{document!r:.40} is no time of ISO-8601 with a time zone") from error


def time_or_none(text: Any) -> datetime | None:
    """Return the time of a text that anybody may have written, None where it is none or has no zone."""
    try:
        return time_of(text)
    except DocumentError:
        return None


def _bytes(document: Any) -> bytes:
    try:
        return base64.b64decode(_exactly(str)(document), validate=True)
    except (binascii.Error, ValueError) as error:
        raise DocumentError("it is no base64") from error


_PLAIN: dict[Any, Reader] = {
    str: _exactly(str),
    int: _exactly(int),
    bool: _exactly(bool),
    float: _float,
    NoneType: _exactly(NoneType),
    datetime: time_of,
    bytes: _bytes,
}
