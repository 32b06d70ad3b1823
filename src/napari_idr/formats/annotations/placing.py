"""Which image the objects of a file belong to, and what they are called where the file does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, UUID, uuid5

from napari_idr.errors import FormatError
from napari_idr.model.annotation_set import AnnotatedImage

from .files import told_of
from .image_documents import called_after, image_from

if TYPE_CHECKING:
    from pathlib import Path

SIZES = ("size_x", "size_y", "size_z", "size_t")


def image_of(named: object, path: Path, image: AnnotatedImage | None) -> AnnotatedImage:
    """Return the image of a file: the one it is read onto, else the one its document names, else one of its name.

    A document that names an image without an address is about any image of that size.

    Raises ``FormatError`` where the file was made for another image.
    """
    if named is None:
        return image or AnnotatedImage(address=path.name, name=path.name)
    with told_of(path, "image"):
        found = image_from(named)
    if image is None:
        return called_after(found, path.name)
    if found.address and image.key != found.key:
        raise another_image(path, found.key, image.key)
    check_sizes(path, {name: getattr(found, name) for name in SIZES}, image)
    return image


def check_sizes(path: Path, sizes: dict[str, int], image: AnnotatedImage) -> None:
    """Raise ``FormatError`` where an image is not as large as a file says; a size of 0 is one that nobody knows."""
    known = image.size_x and image.size_y
    for name, size in sizes.items():
        if known and size and size != getattr(image, name):
            raise another_image(path, f"{name[-1]} is {size} there", f"{getattr(image, name)} here")


def another_image(path: Path, there: str, here: str) -> FormatError:
    """Return the error for a file that was made for another image."""
    return FormatError(
        f"The file was made for another image ({there}, not {here})", path.name, "open its own image first"
    )


def uuid_for(text: str, path: Path, number: int) -> str:
    """Return the uuid that a file gives an object, or one that stays the same however often the file is read."""
    try:
        return str(UUID(text))
    except ValueError:
        return str(uuid5(NAMESPACE_URL, f"{path.name}#{number}#{text}"))
