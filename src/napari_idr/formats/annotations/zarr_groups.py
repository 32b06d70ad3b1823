"""Local groups of zarr, version 2 and 3: read with bounds, and written so that the same input gives the same bytes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from napari_idr.errors import FormatError, NapariIdrError, NotFound
from napari_idr.formats.zarr_documents import array_from_document, read_document
from napari_idr.remote.folder_store import FolderStore
from napari_idr.remote.zip_store import ZipStore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import zarr

    from napari_idr.remote.read_only_store import ReadOnlyStore

ZarrFormat = Literal[2, 3]
DAMAGE = (ValueError, LookupError, TypeError, ArithmeticError, OSError, RuntimeError, NotImplementedError, MemoryError)
"""What codecs raise for chunks that are broken."""
HINT = "copy it again or tell who made the file"
LONGEST_CHUNK = 1024


@dataclass(frozen=True, slots=True)
class LocalGroup:
    """A group in a folder or zip file."""

    store: ReadOnlyStore
    path: str
    """Inside the store, "" for its root."""
    name: str
    """Of the file, for messages."""
    zarr_format: ZarrFormat
    attributes: Mapping[str, Any]

    def group(self, path: str) -> LocalGroup:
        """Return a group below. Raises ``NotFound``, and ``FormatError`` where it is none."""
        return _group(self.store, f"{self.path}/{path}".strip("/"), f"{self.name}/{path}")

    def array(self, path: str) -> zarr.Array[Any]:
        """Return an array below; nothing of it is read. Raises ``NotFound``, ``FormatError`` and ``Unsupported``."""
        import zarr

        inside = f"{self.path}/{path}".strip("/")
        key = f"{inside}/{'zarr.json' if self.zarr_format == 3 else '.zarray'}"
        document = _document(self.store, key, f"{self.name}/{path}")
        if document is None:
            raise NotFound("There is no such array", f"{self.name}/{path}", HINT)
        return zarr.Array(array_from_document(self.store, inside, document, f"{self.name}/{path}"))

    def text(self, path: str) -> bytes | None:
        """Return the bytes of a file below, None where there is none."""
        from zarr.core.sync import sync

        found = sync(self.store.get(f"{self.path}/{path}".strip("/")))
        return None if found is None else found.to_bytes()


def open_local_group(path: Path) -> LocalGroup:
    """Return the group of a folder or of a zip file.

    Raises
    ------
    NotFound
        Where there is no such file, or no group in it.
    FormatError
        Where its metadata are broken.
    """
    if not path.exists():
        raise NotFound("There is no such file or folder", path.name, "check the path for a typing error")
    return _group(FolderStore(path) if path.is_dir() else ZipStore(path), "", path.name)


def _group(store: ReadOnlyStore, path: str, name: str) -> LocalGroup:
    prefix = f"{path}/" if path else ""
    document = _document(store, f"{prefix}zarr.json", name)
    if document is not None:
        attributes = document.get("attributes", {})
        if document.get("node_type") != "group" or not isinstance(attributes, dict):
            raise FormatError("It is an array, not a group", name, "choose the folder around it", key="zarr.json")
        return LocalGroup(store, path, name, 3, attributes)
    attributes = _document(store, f"{prefix}.zattrs", name)
    if attributes is None and _document(store, f"{prefix}.zgroup", name) is None:
        raise NotFound("There is no OME-Zarr group", name, "choose the folder that holds .zattrs or zarr.json")
    return LocalGroup(store, path, name, 2, attributes or {})


def _document(store: ReadOnlyStore, key: str, name: str) -> dict[str, Any] | None:
    from zarr.core.sync import sync

    document: dict[str, Any] | None = sync(read_document(store, key, f"{name}, {key.rpartition('/')[2]}"))
    return document


def read_part(array: zarr.Array[Any], box: tuple[slice, ...], name: str) -> np.ndarray:
    """Return the pixels of a box. Raises ``FormatError`` where they are damaged."""
    try:
        return cast("np.ndarray", array[box])
    except NapariIdrError:
        raise
    except DAMAGE as error:
        raise FormatError(f"Pixels cannot be decoded ({str(error)[:80]})", name, HINT) from error


def write_group(folder: Path, attributes: Mapping[str, Any], zarr_format: ZarrFormat) -> None:
    """Make a group; a folder that is there is kept, its attributes are not."""
    folder.mkdir(exist_ok=True)
    if zarr_format == 3:
        _write_json(folder / "zarr.json", {"zarr_format": 3, "node_type": "group", "attributes": attributes})
        return
    _write_json(folder / ".zgroup", {"zarr_format": 2})
    _write_json(folder / ".zattrs", attributes)


def _write_json(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False), encoding="utf-8", newline="\n")


def make_array(
    folder: Path, shape: Sequence[int], dtype: np.dtype, zarr_format: ZarrFormat, axes: Sequence[str]
) -> zarr.Array[Any]:
    """Make an array of zeros in chunks of planes, compressed with Blosc; empty chunks take no room."""
    import zarr

    chunks = (*(1 for _ in shape[:-2]), *(min(size, LONGEST_CHUNK) for size in shape[-2:]))
    return zarr.create_array(
        store=str(folder),
        shape=tuple(shape),
        dtype=dtype,
        chunks=chunks,
        compressors=_compressor(zarr_format, dtype),
        fill_value=0,
        zarr_format=zarr_format,
        chunk_key_encoding={"name": "v2" if zarr_format == 2 else "default", "separator": "/"},
        dimension_names=list(axes) if zarr_format == 3 else None,
    )


def _compressor(zarr_format: ZarrFormat, dtype: np.dtype) -> Any:
    if zarr_format == 3:
        from zarr.codecs import BloscCodec

        return BloscCodec(cname="zstd", clevel=5, shuffle="shuffle", typesize=dtype.itemsize)
    import numcodecs  # type: ignore[import-untyped]

    return numcodecs.Blosc(cname="zstd", clevel=5, shuffle=numcodecs.Blosc.SHUFFLE)
