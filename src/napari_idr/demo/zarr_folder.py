"""Metadata of OME-Zarr groups in a local folder, as this server needs them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.errors import FormatError, NotFound
from napari_idr.formats.ngff import ArrayInfo, dataset_paths, parse_image

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr.model.image import ImageMetadata

MAXIMUM = 32 << 20
"""Bytes of the largest metadata document that is read."""

HINT = "tell who made the file"


def read_document(path: Path) -> dict[str, Any] | None:
    """Return a JSON object from a file, None where the file does not exist.

    Raises ``FormatError`` for what is too large or no JSON object.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAXIMUM + 1)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    if len(content) > MAXIMUM:
        raise FormatError("The metadata are too large", str(path), HINT)
    try:
        document = json.loads(content)
    except ValueError as error:
        raise FormatError(f"The metadata are no JSON ({error})", str(path), HINT) from error
    if not isinstance(document, dict):
        raise FormatError("The metadata are no JSON object", str(path), HINT)
    return document


def read_attributes(folder: Path) -> dict[str, Any] | None:
    """User attributes of a zarr group, version 2 or 3; None where the folder is no group."""
    group = read_document(folder / "zarr.json")
    if group is not None:
        attributes = group.get("attributes", {})
        return attributes if group.get("node_type") == "group" and isinstance(attributes, dict) else None
    attributes = read_document(folder / ".zattrs")
    if attributes is None and (folder / ".zgroup").is_file():
        return {}
    return None if (folder / ".zarray").is_file() else attributes


def read_image(folder: Path) -> ImageMetadata:
    """Metadata of the multiscale image in a folder. Raises ``NotFound`` and ``FormatError``."""
    attributes = read_attributes(folder)
    if attributes is None:
        raise NotFound("There is no image group", str(folder), "check the path")
    address = str(folder)
    found = [_array_info(folder, path) for path in dataset_paths(attributes, address=address)]
    return parse_image(attributes, [info for info in found if info is not None], address=address, name=folder.name)


def _array_info(folder: Path, path: str) -> ArrayInfo | None:
    document = read_document(folder / path / "zarr.json")
    if document is not None:
        return _array_info_3(path, document)
    document = read_document(folder / path / ".zarray")
    return None if document is None else _array_info_2(path, document)


def _array_info_2(path: str, document: dict[str, Any]) -> ArrayInfo:
    try:
        dtype = np.dtype(document["dtype"]).name
        return ArrayInfo(path, tuple(document["shape"]), tuple(document["chunks"]), dtype)
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError("The array's metadata are incomplete", path, HINT, key=".zarray") from error


def _array_info_3(path: str, document: dict[str, Any]) -> ArrayInfo:
    try:
        chunks = document["chunk_grid"]["configuration"]["chunk_shape"]
        for codec in document.get("codecs", []):
            if codec.get("name") == "sharding_indexed":
                chunks = codec["configuration"]["chunk_shape"]
        names = tuple(document.get("dimension_names") or ())
        return ArrayInfo(path, tuple(document["shape"]), tuple(chunks), np.dtype(document["data_type"]).name, names)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError("The array's metadata are incomplete", path, HINT, key="zarr.json") from error
