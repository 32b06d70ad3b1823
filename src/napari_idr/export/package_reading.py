"""A package read back: every object of its table, and the pixels of its label images."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_idr.errors import FormatError
from napari_idr.formats.annotations.registry import format_of_key

from .checksums import files_below
from .layout import LABELS, stems
from .manifest import NAME as MANIFEST
from .package_check import ALL_OBJECTS

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotationSet, LabelImage

LABEL_FILES = ".labels.ome.tif"


def is_package(path: Path) -> bool:
    """Whether a folder is a package: it has a manifest, and a table of all objects."""
    return path.is_dir() and (path / MANIFEST).is_file() and (path / ALL_OBJECTS).is_file()


def read_package(folder: Path) -> tuple[AnnotationSet, ...]:
    """Return what a package holds, an image each. May block.

    Raises ``FormatError`` where it is no package, or a file of it cannot be read: nothing is read by half.
    """
    if not is_package(folder):
        raise FormatError("This folder is no package", folder.name, f"it has no {MANIFEST} and no {ALL_OBJECTS}")
    sets = format_of_key("rois-csv").read(folder / ALL_OBJECTS, None)
    names = stems([one.image for one in sets])
    files = [path for path in files_below(folder / LABELS) if path.name.endswith(LABEL_FILES)]
    return tuple(replace(one, labels=_labels(one, names[one.image.key], files)) for one in sets)


def _labels(one: AnnotationSet, stem: str, files: list[Path]) -> tuple[LabelImage, ...]:
    own = [path for path in files if path.name.startswith(f"{stem}__")]
    read = (format_of_key("label-tiff").read(path, one.image) for path in own)
    return tuple(label for sets in read for each in sets for label in each.labels)
