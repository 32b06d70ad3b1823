"""What a folder of OME-Zarr holds, as the catalogue document that the demonstration content brings along."""

from __future__ import annotations

import csv
import logging
import re
from typing import TYPE_CHECKING, Any

from napari_idr.errors import NapariIdrError
from napari_idr.formats.ngff import group_kind, parse_series

from .content_catalogue import CATALOGUE_NAME
from .plate_layout import BULK, MAPR
from .zarr_folder import read_attributes, read_document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOG = logging.getLogger(__name__)
DEPTH = 4
"""Folders below the served one in which images and plates are looked for."""
SUFFIXES = (".ome.zarr", ".zarr")
GROUPS = {
    "Gene Symbol": "gene",
    "Gene Identifier": "gene",
    "Organism": "organism",
    "Cell Line": "cell_line",
    "Compound Name": "compound",
    "siRNA Identifier": "sirna",
    "Antibody Name": "antibody",
}
"""Columns that the IDR keeps under a namespace of their own."""
NOT_KEYS = {"Plate", "Well", "Well Number", ""}


def catalogue_document(root: Path) -> dict[str, Any]:
    """Return the folder's own ``catalogue.json``, or one made from what is found in it."""
    return read_document(root / CATALOGUE_NAME) or scan(root)


def scan(root: Path) -> dict[str, Any]:
    """All plates as one screen, all images as one dataset of one project, named after the folder."""
    plates: list[dict[str, Any]] = []
    images: list[dict[str, Any]] = []
    for folder, kind in _groups(root, DEPTH):
        path = _relative(folder, root)
        if kind == "plate":
            plates.append({"path": path, "name": bare_name(folder), "wells": _well_annotations(folder)})
        elif kind == "image":
            images.append({"path": path, "name": bare_name(folder)})
        else:
            images += [{"path": _relative(one, root), "name": name} for one, name in _series(folder)]
    dataset = {"name": root.name, "images": images}
    return {
        "version": 1,
        "screens": [{"name": root.name, "plates": plates}] if plates else [],
        "projects": [{"name": root.name, "datasets": [dataset]}] if images else [],
    }


def bare_name(folder: Path) -> str:
    """Name of a folder without the suffixes of OME-Zarr."""
    for suffix in SUFFIXES:
        if folder.name.lower().endswith(suffix):
            return folder.name[: -len(suffix)]
    return folder.name


def _relative(folder: Path, root: Path) -> str:
    path = folder.relative_to(root).as_posix()
    return "" if path == "." else path


def _groups(folder: Path, depth: int) -> Iterator[tuple[Path, str]]:
    """Image, plate and collection groups in and below a folder; groups are not looked into."""
    try:
        attributes = read_attributes(folder)
    except NapariIdrError as error:
        LOG.warning("%s is left out: %s", folder, error)
        return
    kind = "unknown" if attributes is None else group_kind(attributes)
    if kind in ("image", "plate", "collection"):
        yield folder, kind
    elif depth:
        for child in sorted(child for child in folder.iterdir() if child.is_dir() and child.name[0] != "."):
            yield from _groups(child, depth - 1)


def _series(folder: Path) -> Iterator[tuple[Path, str]]:
    """Images of a ``bioformats2raw.layout`` collection: those it lists, else 0, 1, 2 and on."""
    listed = parse_series(read_attributes(folder / "OME") or {})
    paths = list(listed) or sorted((child.name for child in folder.iterdir() if child.name.isdecimal()), key=int)
    for path in paths:
        if group_kind(read_attributes(folder / path) or {}) == "image":
            yield folder / path, f"{bare_name(folder)} [{path}]"


def _well_annotations(plate: Path) -> dict[str, list[dict[str, Any]]]:
    """Annotations by well name from ``<plate>-annotation.csv`` beside the plate, where there is one."""
    table = plate.with_name(f"{bare_name(plate)}-annotation.csv")
    if not table.is_file():
        return {}
    with table.open(encoding="utf-8-sig", newline="") as file:
        return {row.get("Well") or "": _annotations(row) for row in csv.DictReader(file)}


def _annotations(row: dict[str, str]) -> list[dict[str, Any]]:
    groups: dict[str, list[list[str]]] = {}
    for column, value in row.items():
        key = re.sub(r"^[\w ]+\[(.+)\]$", r"\1", column or "")
        if key in NOT_KEYS or not isinstance(value, str) or not value:
            continue
        namespace = MAPR + GROUPS[key] if key in GROUPS else BULK
        groups.setdefault(namespace, []).append([key, value])
    return [{"ns": namespace, "values": values} for namespace, values in groups.items()]
