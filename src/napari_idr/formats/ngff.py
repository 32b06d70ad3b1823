"""OME-Zarr 0.1 to 0.5: what a group's JSON attributes say, as our model. Pure: no network, no files.

``attributes`` are always those of one group: ``.zattrs`` up to 0.4, ``attributes`` of ``zarr.json`` (with its
``ome`` key or without) from 0.5 on. What a file gets wrong and can be set right without guessing becomes a
sentence in ``warnings``; what cannot be placed is a ``FormatError`` that names file, key and rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from napari_idr.errors import FormatError

from .ngff_document import relative_path, root
from .ngff_image import ArrayInfo, dataset_paths, parse_image
from .ngff_plate import WellMetadata, parse_plate, parse_well, parse_well_metadata

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .ngff_document import Place

GroupKind = Literal["image", "plate", "well", "collection", "labels", "unknown"]

__all__ = [
    "ArrayInfo",
    "GroupKind",
    "WellMetadata",
    "dataset_paths",
    "group_kind",
    "parse_image",
    "parse_label_names",
    "parse_plate",
    "parse_series",
    "parse_well",
    "parse_well_metadata",
]

KINDS: tuple[tuple[str, GroupKind], ...] = (
    ("plate", "plate"),
    ("multiscales", "image"),
    ("image-label", "image"),
    ("well", "well"),
    ("bioformats2raw.layout", "collection"),
    ("series", "collection"),
    ("labels", "labels"),
)
"""First key that is there decides: a plate written by bioformats2raw is a plate."""


def group_kind(attributes: Mapping[str, Any]) -> GroupKind:
    """Kind of a group, by the keys it has."""
    place = root(attributes, "")
    return next((kind for key, kind in KINDS if not place[key].absent), "unknown")


def parse_label_names(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """Paths of the label images that a ``labels`` group lists; entries that are no path are left out."""
    return tuple(dict.fromkeys(_paths(root(attributes, "")["labels"])))


def parse_series(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """Paths of the images that the ``OME`` group of a collection lists, relative to the collection."""
    return tuple(dict.fromkeys(_paths(root(attributes, "")["series"])))


def _paths(listed: Place) -> list[str]:
    paths = []
    for entry in listed.items():
        try:
            paths.append(relative_path(entry, "labels"))
        except FormatError:
            continue
    return paths
