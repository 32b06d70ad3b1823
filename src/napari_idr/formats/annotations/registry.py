"""Which annotation formats there are; each is imported when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from napari_idr.errors import Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .base import AnnotationFormat

MODULES: tuple[str, ...] = (
    "ome_xml_rois",
    "ome_xml_masks",
    "omero_json",
    "geojson",
    "imagej_roi",
    "coco",
    "rois_table",
    "rois_parquet",
    "tracks_csv",
    "label_tiff",
    "ngff_labels",
    "ngff_labels_05",
    "ngio_tables",
    "omero_table",
)
"""Modules of this folder with a ``FORMAT``, the one that is tried first first."""


def formats() -> Iterator[AnnotationFormat]:
    """Yield all formats."""
    for module in MODULES:
        yield import_module(f".{module}", __package__).FORMAT


def format_of_key(key: str) -> AnnotationFormat:
    """Return a format by its key. Raises ``Unsupported`` for any other."""
    known = {one.key: one for one in formats()}
    if key not in known:
        raise Unsupported("There is no annotation format of this name", key, f"choose one of {', '.join(known)}")
    return known[key]


def format_of_path(path: Path) -> AnnotationFormat:
    """Return the format of a file by its ending, the longest first. Raises ``Unsupported`` where none fits."""
    name = path.name.lower()
    fitting = [(len(ending), one) for one in formats() for ending in one.endings if name.endswith(ending)]
    if not fitting:
        endings = sorted({ending for one in formats() for ending in one.endings})
        raise Unsupported("No annotation format has this ending", path.name, f"use one of {', '.join(endings)}")
    return max(fitting, key=lambda pair: pair[0])[1]
