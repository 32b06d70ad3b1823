"""How annotated objects are put into words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.model.image import field_words

if TYPE_CHECKING:
    from napari_idr.layers.annotation_book import Held
    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject

HEADERS = ("", "Name", "Class", "Where", "What", "Terms", "Comment")
STATUS_SIGN = {"unreviewed": "○", "accepted": "✓", "rejected": "✗", "flagged": "?"}
"""Signs that differ in form; never colour alone."""
NO_CLASS = "(no class)"


def object_cells(held: Held) -> tuple[str, ...]:
    """Return the cells of an object's row, as ``HEADERS`` titles them; the status as a word."""
    one = held.one
    terms = [phenotype.name for phenotype in one.phenotypes] + [term.label for term in one.terms]
    return (one.status, one.name, one.object_class, where(held), what(one), "; ".join(terms), one.comment)


def shown_image(image: AnnotatedImage) -> str:
    """Return what an image is called in a line: well and name, its address where it has none."""
    return " ".join(filter(None, (image.well, image.name or image.address)))


def where(held: Held) -> str:
    """Return where an object lies: "B7 · field 1 · z 3"; "all z" where it lies on all planes of a stack."""
    one, image = held.one, held.image
    parts = [image.well, field_words(image.field) if image.well else ""]
    for name in ("z", "t"):
        planes = sorted({plane for shape in one.shapes if (plane := getattr(shape, name)) is not None})
        if planes and image.size(name) > 1:
            parts.append(f"{name} {planes[0]}" if len(planes) == 1 else f"{name} {planes[0]} to {planes[-1]}")
        elif one.shapes and not planes and image.size(name) > 1:
            parts.append(f"all {name}")
    return " · ".join(part for part in parts if part)


def what(one: AnnotatedObject) -> str:
    """Return what kind of object it is: "polygon", "label 7", "track of 5"."""
    if one.label is not None:
        return f"label {one.label.value}"
    if one.is_track:
        return f"track of {len(one.shapes)}"
    kinds = dict.fromkeys(shape.kind.lower() for shape in one.shapes)
    return f"{len(one.shapes)} shapes" if len(kinds) > 1 else next(iter(kinds), "")


def spoken_object(cells: tuple[str, ...]) -> str:
    """Return an object in one line, for a tooltip and for who listens."""
    status, name, object_class, place, kind, terms, comment = cells
    said = (name or kind, object_class or NO_CLASS, place, status, terms, comment)
    return ", ".join(part for part in said if part)


def short_title(held: Held) -> str:
    """Return what an object is called in a menu."""
    one = held.one
    return one.name or " ".join(part for part in (one.object_class, what(one), where(held)) if part)
