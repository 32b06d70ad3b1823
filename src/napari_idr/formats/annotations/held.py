"""What a format holds of an object, and what it loses: each format says the first, the second follows."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING

from napari_idr.errors import FormatError, NapariIdrError
from napari_idr.formats.model_json import DocumentError
from napari_idr.model.annotation import Ellipse, Polygon
from napari_idr.model.annotation_set import AnnotatedObject
from napari_idr.model.finding import Loss
from napari_idr.model.image import field_words

from .outlines import ELLIPSE_CORNERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from napari_idr.model.annotation import Shape
    from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet

    Hold = Callable[[AnnotatedObject, AnnotationSet], AnnotatedObject | str]
    """What a format holds of an object, or why it holds nothing of it."""

WORDS = {
    "object_class": "its class",
    "key_values": "its key-value pairs",
    "is_track": "that it is a track",
    "parents": "the tracks it came from",
    "look": "how napari draws it",
    "level": "the level it was drawn over",
}


def losses(
    sets: Sequence[AnnotationSet], hold: Hold, *, labels: bool = False, statements: bool = True
) -> tuple[Loss, ...]:
    """Return what is lost of each object, of label images where they are not held, and of what is said of images."""
    return tuple(loss for one in sets for loss in _of_set(one, hold, labels, statements))


def _of_set(one: AnnotationSet, hold: Hold, labels: bool, statements: bool) -> Iterator[Loss]:
    where = image_words(one.image)
    for thing in one.objects:
        held = hold(thing, one)
        for what in [f"all of it: {held}"] if isinstance(held, str) else changes(thing, held):
            yield Loss(thing.uuid, f"{where}, {object_words(thing)}", what)
    if not labels:
        for image in one.labels:
            yield Loss("", where, f"the pixels of the label image {image.name}")
    if one.statements and not statements:
        yield Loss("", where, "the phenotypes and terms of the image as a whole")


def changes(before: AnnotatedObject, after: AnnotatedObject) -> Iterator[str]:
    """Yield in words how a format changes an object; nothing where it does not."""
    for field in fields(AnnotatedObject):
        if field.name != "shapes" and getattr(before, field.name) != getattr(after, field.name):
            yield WORDS.get(field.name, f"its {field.name.replace('_', ' ')}")
    if len(before.shapes) != len(after.shapes):
        yield f"{len(before.shapes) - len(after.shapes)} of its {len(before.shapes)} shapes"
        return
    yield from dict.fromkeys(
        _change(*pair) for pair in zip(before.shapes, after.shapes, strict=True) if pair[0] != pair[1]
    )


def _change(before: Shape, after: Shape) -> str:
    kind = before.kind.lower()
    if isinstance(before, Ellipse) and isinstance(after, Polygon):
        return f"that it is an ellipse: it becomes a polygon of {ELLIPSE_CORNERS} corners"
    if before.kind != after.kind:
        return f"that it is a {kind}: it becomes a {after.kind.lower()}"
    if before.transform != after.transform:
        return f"the transform of its {kind}: it is applied to the corners"
    return f"something of its {kind}"


def held_objects(one: AnnotationSet, hold: Hold) -> tuple[AnnotatedObject, ...]:
    """Return the objects of a set as a format holds them, those it cannot hold left out (``losses`` tells of them)."""
    found = [hold(thing, one) for thing in one.objects]
    return tuple(thing for thing in found if not isinstance(thing, str))


def image_words(image: AnnotatedImage) -> str:
    """Return how people call an image."""
    place = " ".join(part for part in (image.plate, image.well, field_words(image.field)) if part)
    return f"image {image.name or place or image.image_id or image.address}"


def object_words(one: AnnotatedObject) -> str:
    """Return how people call an object."""
    return f"{one.object_class or one.kind} {one.name or one.uuid}"


@contextmanager
def naming(image: AnnotatedImage, one: AnnotatedObject) -> Iterator[None]:
    """Let what cannot be written name the object it is about."""
    try:
        yield
    except (NapariIdrError, DocumentError) as error:
        what = error.what if isinstance(error, NapariIdrError) else str(error)
        hint = error.hint if isinstance(error, NapariIdrError) else ""
        on = f"{image_words(image)}, {object_words(one)}"
        raise FormatError(what, on, hint or "correct the object, then export again") from error


def only(sets: Sequence[AnnotationSet], path: Path) -> AnnotationSet:
    """Return the one set of a file that holds one image. Raises ``FormatError`` for any other number."""
    if len(sets) != 1:
        raise FormatError(f"This format holds one image per file, not {len(sets)}", path.name, "write a file per image")
    return sets[0]
