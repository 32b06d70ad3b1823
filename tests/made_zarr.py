"""Small OME-Zarr files made for tests: attributes and arrays in folders, by zarr itself."""

from __future__ import annotations

import json
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr

if TYPE_CHECKING:
    from pathlib import Path


def ramp(shape: tuple[int, ...], dtype: str = "uint16") -> np.ndarray:
    """Values that differ from pixel to pixel."""
    return np.arange(prod(shape)).reshape(shape).astype(dtype)


def write_array(
    folder: Path,
    values: np.ndarray,
    *,
    zarr_format: int = 2,
    chunks: tuple[int, ...] | None = None,
    shards: tuple[int, ...] | None = None,
    separator: str = "/",
    dimension_names: list[str] | None = None,
) -> None:
    """Array of either zarr format in a folder."""
    encoding = {"name": "v2" if zarr_format == 2 else "default", "separator": separator}
    array = zarr.create_array(
        store=str(folder),
        shape=values.shape,
        dtype=values.dtype,
        chunks=chunks or values.shape,
        shards=shards,
        zarr_format=zarr_format,
        chunk_key_encoding=encoding,
        dimension_names=dimension_names,
        compressors=None,
    )
    array[...] = values


def write_group(folder: Path, attributes: Any, *, zarr_format: int = 2) -> Path:
    """Group of either zarr format; attributes of v3 are the content of ``attributes``."""
    folder.mkdir(parents=True, exist_ok=True)
    if zarr_format == 2:
        (folder / ".zgroup").write_text('{"zarr_format": 2}')
        (folder / ".zattrs").write_text(json.dumps(attributes))
    else:
        document = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
        (folder / "zarr.json").write_text(json.dumps(document))
    return folder


def axes(names: str) -> list[dict[str, str]]:
    """Axes of 0.4 by their letters."""
    types = {"t": "time", "c": "channel"}
    return [{"name": name, "type": types.get(name, "space")} for name in names]


def multiscales(names: str, scales: list[list[float]], **more: Any) -> list[dict[str, Any]]:
    """Multiscales of 0.4 with one dataset per scale, at paths 0, 1, …."""
    datasets = [
        {"path": str(index), "coordinateTransformations": [{"type": "scale", "scale": scale}]}
        for index, scale in enumerate(scales)
    ]
    return [{"version": "0.4", "axes": axes(names), "datasets": datasets, **more}]


def write_image(folder: Path, names: str, shape: tuple[int, ...], *, levels: int = 2, **attributes: Any) -> Path:
    """Image of 0.4 whose levels halve y and x; its pixels are ramps."""
    factors = [[float(2**level) if name in "yx" else 1.0 for name in names] for level in range(levels)]
    write_group(folder, {"multiscales": multiscales(names, factors), **attributes})
    for level, scale in enumerate(factors):
        size = tuple(max(1, int(n / f)) for n, f in zip(shape, scale, strict=True))
        write_array(folder / str(level), ramp(size))
    return folder
