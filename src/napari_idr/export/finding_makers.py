"""How findings are worded: where an object is, in the words of whoever drew it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.model.finding import Finding
from napari_idr.model.image import field_words

from .rules import RULES

if TYPE_CHECKING:
    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject
    from napari_idr.model.finding import Fix, Severity


def image_words(image: AnnotatedImage) -> str:
    """Return what people call an image: plate and well, else its name."""
    if image.plate and image.well:
        return " ".join(part for part in (image.plate, image.well, field_words(image.field)) if part)
    return image.name or image.address


def object_words(one: AnnotatedObject) -> str:
    """Return what people call an object."""
    if one.name:
        return one.name
    if one.label is not None:
        return f"label {one.label.value} of {one.label.image}"
    return f"object {one.uuid[:8]}"


def about_object(
    rule: str, image: AnnotatedImage, one: AnnotatedObject, what: str, *, fix: Fix = "", warning: bool = False
) -> Finding:
    """Return a finding about one object."""
    where = f"{image_words(image)}, {object_words(one)}"
    return Finding(rule, _severity(warning), where, what, RULES[rule].why, fix, image.key, one.uuid)


def about_image(
    rule: str, image: AnnotatedImage, what: str, *, part: str = "", fix: Fix = "", warning: bool = False
) -> Finding:
    """Return a finding about an image, or a part of it."""
    where = f"{image_words(image)}, {part}" if part else image_words(image)
    return Finding(rule, _severity(warning), where, what, RULES[rule].why, fix, image.key)


def about_all(rule: str, where: str, what: str, *, fix: Fix = "", warning: bool = False) -> Finding:
    """Return a finding about the submission, or a file of it."""
    return Finding(rule, _severity(warning), where, what, RULES[rule].why, fix)


def _severity(warning: bool) -> Severity:
    return "warning" if warning else "error"
