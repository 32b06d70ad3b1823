"""Frozen dataclasses of the model as JSON documents and back, checked field by field: no file is trusted.

A field that has its default is left out. Times are ISO-8601 in UTC with Z, bytes base64, tuples lists; a shape has its
name under ``kind``. Numbers that are not finite, which JSON lacks, are ``{"number": "inf"}``.
"""

from __future__ import annotations

import base64
import binascii
import math
import sys
import types
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from napari_idr.formats.omero_shapes import CLASSES
from napari_idr.model.annotation import Shape

T = TypeVar("T")

Document = dict[str, Any]
LARGEST = sys.float_info.max


class DocumentError(ValueError):
    """A value that is not what its field holds; the message says where and what, readers make a sentence of it."""


def to_document(value: Any) -> Document:
    """Return a dataclass of the model as a JSON object. Raises ``DocumentError`` for a time without a zone."""
    document: Document = {"kind": value.kind} if isinstance(value, Shape) else {}
    for name, default in _defaults(cast("Any", type(value))):
        content = getattr(value, name)
        if content is default:
            continue
        if default is MISSING or content != default or type(content) is not type(default):
            document[name] = _encoded(content)
    return document


@cache
def _defaults(kind: type) -> tuple[tuple[str, Any], ...]:
    return tuple((field.name, field.default) for field in fields(cast("Any", kind)))


def _encoded(value: Any) -> Any:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, tuple):
        return [_encoded(one) for one in value]
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, float):
        return value if math.isfinite(value) else {"number": repr(float(value))}
    return to_document(value)


def from_document(kind: type[T], document: object, where: str = "") -> T:
    """Return the dataclass that a JSON object describes; keys it does not know are passed over.

    Raises ``DocumentError`` for anything that is not of its field's type.
    """
    if not isinstance(document, dict):
        raise DocumentError(f"{where or kind.__name__} is no object")
    hints = _hints(cast("Any", kind))
    try:
        found = {
            key: _decoded(hints[key], document[key], f"{where}.{key}".lstrip(".")) for key in hints.keys() & document
        }
        return kind(**found)
    except TypeError as error:
        raise DocumentError(f"{where or kind.__name__} lacks a field ({str(error).rpartition(': ')[2]})") from error


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind, localns={"datetime": datetime, "np": types.SimpleNamespace(ndarray=object)})
    return {field.name: hints[field.name] for field in fields(cast("Any", kind))}


def _decoded(hint: Any, value: object, where: str) -> Any:
    origin, arguments = _parts(hint)
    if origin in (Union, types.UnionType):
        return _one_of(arguments, value, where)
    if origin is Literal:
        return _checked(value, isinstance(value, str) and value in arguments, where)
    if origin is tuple:
        return _tuple(arguments, value, where)
    if hint is Shape:
        return shape_from_document(value, where)
    if is_dataclass(hint):
        return from_document(cast("type[Any]", hint), value, where)
    return _simple(hint, value, where)


@cache
def _parts(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    return get_origin(hint), get_args(hint)


def _one_of(hints: tuple[Any, ...], value: object, where: str) -> Any:
    """Return what the first fitting type makes of a value; what is no number is not taken for one."""
    problem = DocumentError(f"{where} is of the wrong type")
    for hint in sorted(hints, key=lambda one: one is float):
        try:
            return _decoded(hint, value, where)
        except DocumentError as error:
            problem = error
    raise problem


def _tuple(hints: tuple[Any, ...], value: object, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise DocumentError(f"{where} is no list")
    if len(hints) == 2 and hints[1] is Ellipsis:
        hints = (hints[0],) * len(value)
    if len(hints) != len(value):
        raise DocumentError(f"{where} has {len(value)} parts, not {len(hints)}")
    return tuple(_decoded(hint, one, f"{where}[{n}]") for n, (hint, one) in enumerate(zip(hints, value, strict=True)))


def _simple(hint: Any, value: object, where: str) -> Any:
    if hint is float:
        return _number(value, where)
    if hint is datetime:
        return time_of(value, where)
    if hint is bytes:
        return _bytes(value, where)
    wanted = type(None) if hint is None else hint
    return _checked(value, type(value) is wanted, where)


def _checked(value: object, is_right: bool, where: str) -> Any:
    if not is_right:
        raise DocumentError(f"{where} is of the wrong type or not one of its values")
    return value


def _number(value: object, where: str) -> float:
    if isinstance(value, dict) and value.get("number") in ("nan", "inf", "-inf"):
        return float(value["number"])
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= LARGEST:
        raise DocumentError(f"{where} is no number")
    return float(value)


def _bytes(value: object, where: str) -> bytes:
    try:
        return base64.b64decode(_checked(value, isinstance(value, str), where), validate=True)
    except (binascii.Error, ValueError) as error:
        raise DocumentError(f"{where} is no base64") from error


def shape_from_document(document: object, where: str = "shape") -> Shape:
    """Return the shape of a document with its ``kind``. Raises ``DocumentError``."""
    kind = document.get("kind") if isinstance(document, dict) else None
    if not isinstance(kind, str) or kind not in CLASSES:
        raise DocumentError(f"{where} is no shape of the OME model")
    shape: Shape = from_document(CLASSES[kind], document, where)
    return shape


def time_text(time: datetime) -> str:
    """Return a time in UTC, like "2026-11-30T12:00:00Z". Raises ``DocumentError`` where it has no zone."""
    if time.tzinfo is None:
        raise DocumentError(f"the time {time} has no time zone")
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def time_of(value: object, where: str = "time") -> datetime:
    """Return the time of an ISO-8601 text, in UTC. Raises ``DocumentError`` where it is none, or has no zone."""
    try:
        time = datetime.fromisoformat(_checked(value, isinstance(value, str), where))
        if time.tzinfo is None:
            raise DocumentError(f"{where} has no time zone")
        return time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise DocumentError(f"{where} is no time of ISO-8601 with a time zone") from error
