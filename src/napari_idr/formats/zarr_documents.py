"""Metadata documents of zarr v2 and v3: read with bounds, and made into arrays without probing."""

from __future__ import annotations

import json
import re
from math import prod
from typing import TYPE_CHECKING, Any

from napari_idr.errors import FormatError, ProtocolError, Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarr import AsyncArray
    from zarr.abc.store import Store

LARGEST_CHUNK = 4 << 30
"""Bytes of a decoded chunk that is still read: no compressor of zarr makes larger ones, so it is a broken file."""

NUMBERS = {2: r"[<>|=]?([iu][1248]|f[248]|b1)", 3: r"bool|u?int(8|16|32|64)|float(16|32|64)"}
"""Data types that are read, as either format writes them."""

HINT = "tell who made the file"


async def read_document(store: Store, key: str, file: str) -> Any:
    """JSON object under a key of a store, None where there is none.

    Raises
    ------
    ProtocolError
        Where a web page came instead.
    FormatError
        Where it is no JSON object.
    """
    from zarr.core.buffer import default_buffer_prototype

    data = await store.get(key, default_buffer_prototype())
    if data is None:
        return None
    return parse_document(data.to_bytes(), file)


def parse_document(data: bytes, file: str) -> dict[str, Any]:
    """JSON object of a document; raises as ``read_document``."""
    if data.lstrip()[:1] == b"<":
        raise ProtocolError("A web page came instead of metadata", file, "check the address in a browser")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"It is no valid JSON: {str(error)[:100]}", file, HINT, rule="zarr metadata") from error
    if not isinstance(document, dict):
        raise FormatError("It is no JSON object", file, HINT, rule="zarr metadata")
    return document


def consolidated_documents(document: Any, path: str) -> dict[str, Any] | None:
    """Documents that consolidated metadata hold, by key of the store; None where there are none.

    Parameters
    ----------
    document
        A ``.zmetadata`` (zarr v2), or a ``zarr.json`` with ``consolidated_metadata`` (v3).
    path
        Of the group they were found at.
    """
    if not isinstance(document, dict):
        return None
    inline = document.get("consolidated_metadata")
    metadata = inline.get("metadata") if isinstance(inline, dict) else document.get("metadata")
    if not isinstance(metadata, dict):
        return None
    suffix = "/zarr.json" if isinstance(inline, dict) else ""
    prefix = f"{path}/" if path else ""
    return {f"{prefix}{key}{suffix}": value for key, value in metadata.items() if isinstance(value, dict)}


def array_from_document(store: Store, path: str, document: Mapping[str, Any], file: str) -> AsyncArray[Any]:
    """Array that its metadata document describes, without a request.

    Raises
    ------
    FormatError
        Where the document is none of an array.
    Unsupported
        Where its data type or a codec cannot be read.
    """
    import zarr
    from zarr.storage import StorePath

    _check_document(document, file)
    _check_chunks(document, file)
    try:
        array = zarr.AsyncArray.from_dict(StorePath(store, path), _normalised(document))
        chunks, itemsize = array.chunks, array.dtype.itemsize
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, NotImplementedError) as error:
        raise FormatError(
            f"It describes no array that can be read: {' '.join(str(error).split())[:200]}",
            file,
            HINT,
            rule="zarr array metadata",
        ) from error
    if len(chunks) != len(array.shape) or min(chunks, default=1) < 1 or max(array.shape, default=0) >= 2**62:
        raise FormatError("The chunks do not fit the shape", file, HINT, key="shape", rule="zarr array metadata")
    if prod(chunks) * itemsize > LARGEST_CHUNK:
        raise Unsupported(f"Chunks of {'x'.join(map(str, chunks))} pixels are too large to read", file, HINT)
    return array


def _normalised(document: Mapping[str, Any]) -> dict[str, Any]:
    """Document as zarr wants it: no filters are null, not an empty list."""
    return {**document, "filters": document["filters"] or None} if "filters" in document else dict(document)


def _check_document(document: Mapping[str, Any], file: str) -> None:
    """Refuse what is no array of numbers, and a codec that would run code."""
    if document.get("zarr_format") not in (2, 3) or "shape" not in document:
        raise FormatError("It describes no array", file, HINT, key="shape", rule="zarr array metadata")
    named = document.get("dtype" if document["zarr_format"] == 2 else "data_type")
    if not isinstance(named, str) or not re.fullmatch(NUMBERS[document["zarr_format"]], named):
        raise Unsupported(
            f"Arrays of {str(named)[:50]!r} cannot be shown", file, "only whole and floating point numbers can"
        )
    if any("pickle" in name for name in _codec_names(document)):
        raise Unsupported("Pickled arrays are not read: they can run any code", file, HINT)


def _check_chunks(document: Mapping[str, Any], file: str) -> None:
    """Refuse chunks that are no sizes: zarr 3.4 reads such arrays by a guess at what was meant, and warns."""
    sizes = _chunk_sizes(document)
    if not isinstance(sizes, list) or not all(isinstance(size, int) and size >= 1 for size in sizes):
        raise FormatError("The chunks are no sizes", file, HINT, key="chunks", rule="zarr array metadata")


def _chunk_sizes(document: Mapping[str, Any]) -> Any:
    """Size of a chunk (of a shard, where there are shards) along each axis, as the document has it."""
    if document["zarr_format"] == 2:
        return document.get("chunks")
    grid = document.get("chunk_grid")
    configuration = grid.get("configuration") if isinstance(grid, dict) else None
    return configuration.get("chunk_shape") if isinstance(configuration, dict) else None


def _codec_names(document: Mapping[str, Any]) -> list[str]:
    """Names of all filters, compressors and codecs."""
    lists = (document.get("filters"), document.get("codecs"), [document.get("compressor")])
    codecs = [codec for listed in lists if isinstance(listed, list) for codec in listed if isinstance(codec, dict)]
    return [name for codec in codecs for name in (codec.get("id"), codec.get("name")) if isinstance(name, str)]
