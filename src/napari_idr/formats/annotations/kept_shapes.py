"""Shapes that a format holds in place but not to the last digit or style: their own form rides along, and comes back.

What rides along counts only as far as the file still says what was written; whatever somebody changed in the file
goes first.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from napari_idr.formats.model_json import DocumentError, from_document, to_document
from napari_idr.model.annotation import Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Native = Callable[[Shape], Shape]
    """What a reader that knows nothing of us gets from a shape that was written."""

COMMON = tuple(field.name for field in fields(Shape) if field.name != "transform")
TOLERANCE = 0.011
"""Pixels by which a place may have been rounded by a program that wrote the file again (QuPath keeps two decimals)."""


def kept_documents(shapes: Sequence[Shape], native: Native) -> list[Any]:
    """Return a document for each shape that a format does not give back as it was, None for the others; [] for none."""
    documents = [None if native(shape) == shape else to_document(shape) for shape in shapes]
    return documents if any(documents) else []


def restored(shapes: Sequence[Shape], documents: Any, native: Native) -> tuple[Shape, ...]:
    """Return shapes as they were before they were written. Raises ``DocumentError`` for documents of no shapes."""
    if not isinstance(documents, list):
        raise DocumentError("shapes is no list")
    if len(documents) != len(shapes):
        return tuple(shapes)
    pairs = zip(shapes, documents, strict=True)
    return tuple(
        shape if one is None else _restored(shape, from_document(Shape, one, "shape"), native) for shape, one in pairs
    )


def _restored(read: Shape, kept: Shape, native: Native) -> Shape:
    written = native(kept)
    unmoved = type(written) is type(read) and _same_place(written, read)
    names = [name for name in COMMON if getattr(written, name) == getattr(read, name)]
    if unmoved:
        changed = {name: getattr(read, name) for name in COMMON if name not in names}
        return replace(kept, **changed)
    return replace(read, **{name: getattr(kept, name) for name in names})


def _same_place(one: Shape, other: Shape) -> bool:
    here, there = _place(one), _place(other)
    return one.transform == other.transform and len(here) == len(there) and all(map(_close, here, there))


def _place(shape: Shape) -> list[Any]:
    numbers: list[Any] = []
    for field in fields(shape):
        if field.name in COMMON or field.name == "transform":
            continue
        value = getattr(shape, field.name)
        numbers += [number for pair in value for number in pair] if isinstance(value, tuple) else [value]
    return numbers


def _close(one: Any, other: Any) -> bool:
    if isinstance(one, float | int) and isinstance(other, float | int):
        return abs(one - other) <= TOLERANCE
    return bool(one == other)
