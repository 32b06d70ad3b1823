"""What every annotation format does; the seam at which further formats join.

Formats touch the disk, never a network. They write the same bytes for the same input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet
    from napari_idr.model.finding import Loss


class AnnotationFormat(Protocol):
    """One format; a module has one public instance of it, and ``registry`` knows the module."""

    key: str
    """Short name, unique: "ome-xml"."""
    title: str
    """Name shown to people: "OME-XML ROIs"."""
    endings: tuple[str, ...]
    """Of file or folder names, lower case, the preferred one first: (".ome.xml",)."""
    images_per_file: int | None
    """1, or None for as many as one likes."""
    reads: bool
    """Whether ``read`` gives objects back; some tables are only written and checked."""

    def losses(self, sets: Sequence[AnnotationSet]) -> tuple[Loss, ...]:
        """Return what it cannot hold, object by object; all else comes back as it was."""
        ...

    def write(self, sets: Sequence[AnnotationSet], path: Path) -> tuple[Path, ...]:
        """Write sets and return the files made; ``path`` is one file (or folder) that does not exist yet.

        Whoever calls writes beside the place and moves there. Raises ``errors.FormatError`` for what the format forbids
        (a negative vertex, a label value beyond its type), with nothing left out silently.
        """
        ...

    def read(self, path: Path, image: AnnotatedImage | None = None) -> tuple[AnnotationSet, ...]:
        """Return the sets of a file, with ``remarks`` about what could not be read.

        ``image`` is the one the file is read onto; where the file names its image itself, they must agree. Raises
        ``errors.FormatError`` with file, place and rule where the file breaks one and cannot be placed without
        guessing.
        """
        ...
