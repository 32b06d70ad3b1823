"""What a file says of its image as a whole: which one it is, and its phenotypes and terms."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_idr.formats.model_json import Document, DocumentError, from_document, to_document
from napari_idr.model.annotation_set import AnnotatedImage, ImageStatement

if TYPE_CHECKING:
    from napari_idr.model.annotation_set import AnnotationSet

NAMESPACE = "napari-idr/image/1"


def image_document(one: AnnotationSet) -> Document:
    """Return image and statements of a set as one JSON object."""
    statements = [to_document(statement) for statement in one.statements]
    return {"image": to_document(one.image), **({"statements": statements} if statements else {})}


def called_after(image: AnnotatedImage, file: str) -> AnnotatedImage:
    """Return an image of which nobody said which one it is under the name of the file that tells of it."""
    return image if image.address else replace(image, address=file, name=image.name or file)


def image_from(document: object) -> AnnotatedImage:
    """Return the image that a document names; one without an address is any of its size. Raises ``DocumentError``."""
    image = from_document(AnnotatedImage, document, "image")
    if min(map(image.size, "xyzct")) < 0 or not image.level_factors:
        raise DocumentError("image: it has no levels, or a size below 0")
    return image


def statements_of(document: object) -> tuple[ImageStatement, ...]:
    """Return the statements of such an object. Raises ``DocumentError``."""
    found = document.get("statements", []) if isinstance(document, dict) else []
    if not isinstance(found, list):
        raise DocumentError("statements is no list")
    return tuple(from_document(ImageStatement, one, f"statements[{number}]") for number, one in enumerate(found))


def named_image(document: object) -> object:
    """Return the document of the image itself, None where there is none."""
    return document.get("image") if isinstance(document, dict) else None
