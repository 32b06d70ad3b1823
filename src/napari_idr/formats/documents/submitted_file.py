"""One file of a submission, as the documents that list files need it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from napari_idr.errors import FormatError
from napari_idr.model.submission import ANNOTATION_TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from napari_idr.model.annotation_set import AnnotatedImage

Role = Literal["rois", "labels", "table"]

PATH = re.compile(r"(?!/)(?!.*(\.\./|\./|//))[A-Za-z0-9!\-_.*'()/]+(?<!/)")
"""Paths that the BioImage Archive takes: no other character, not absolute, nothing relative, no slash at the end."""
LONGEST_NAME = 255
SPATIAL = (
    "pixel units of the finest level, x to the right, y down, the corner of the first pixel is (0, 0); z and t from 0"
)
"""What coordinates in the files mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedFile:
    """A file that holds annotations of one image, or of all of them."""

    path: str
    """From the root of the submission, between slashes."""
    role: Role
    annotation_types: tuple[str, ...]
    """Of ``ANNOTATION_TYPES``, the most telling first."""
    image: AnnotatedImage | None = None
    """None for a table of all images."""
    size: int | None = None
    """In bytes."""
    sha256: str = ""
    created: datetime | None = None
    transformation: str = "none"
    """From the file's coordinates to the image's."""


def source_path(image: AnnotatedImage) -> str:
    """Return the path by which the lists of a submission name an image that is not in it: the same in all of them."""
    parts = (image.accession, image.image_id, image.name or image.address.rstrip("/").rpartition("/")[2])
    return "images/" + "__".join(safe_name(part) for part in parts if part)


def safe_name(text: str) -> str:
    """Return a text as part of a file's name, with the characters that archives take."""
    plain = re.sub(r"[^A-Za-z0-9!\-_.*'()]+", "_", text).strip("_. ")
    return plain[:120] or "unnamed"


def check_files(files: Sequence[SubmittedFile]) -> None:
    """Refuse paths that an archive does not take, types that do not exist, and a path that is there twice."""
    seen: set[str] = set()
    for file in files:
        if not is_path(file.path):
            hint = "use letters, digits and !-_.*'() only"
            raise FormatError("An archive does not take a file of this name", file.path, hint)
        wrong = [kind for kind in file.annotation_types if kind not in ANNOTATION_TYPES]
        if wrong or not file.annotation_types:
            what = f"{wrong[0]!r} is no type of annotation" if wrong else "The type of annotation is missing"
            raise FormatError(what, file.path, f"choose of {', '.join(ANNOTATION_TYPES)}")
        if file.path in seen:
            raise FormatError("A file is listed twice", file.path, "list it once")
        seen.add(file.path)


def is_path(path: str) -> bool:
    """Return whether an archive takes a path."""
    parts = path.split("/")
    return bool(PATH.fullmatch(path)) and all(len(part) <= LONGEST_NAME and part not in (".", "..") for part in parts)


def sources(files: Sequence[SubmittedFile]) -> dict[str, AnnotatedImage]:
    """Return the images that files are about, by the path that names them, in order."""
    return {source_path(file.image): file.image for file in files if file.image is not None}
