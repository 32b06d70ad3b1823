"""OME-Zarr 0.4 groups and arrays written chunk by chunk: zarr v2, ``/`` separated, nothing kept in memory.

The content of the embedded repository is ten thousand small files; writing them needs one encoder and no
store, so that the first start takes seconds.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numcodecs.blosc import Blosc  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

Levels = list["NDArray[Any]"]


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON document, making the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")


def write_group(folder: Path, attributes: Mapping[str, Any] | None = None) -> None:
    """Make ``folder`` a zarr v2 group with these user attributes."""
    write_json(folder / ".zgroup", {"zarr_format": 2})
    if attributes is not None:
        write_json(folder / ".zattrs", attributes)


@dataclass(frozen=True, slots=True)
class ArrayWriter:
    """A zarr v2 array that takes its chunks in any order; chunks never written are the fill value."""

    folder: Path
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: str
    """numpy's little-endian form, ``"<u2"``."""
    fill_value: int = 0
    level: int = 3
    """Compression level of zstd."""

    def write_metadata(self) -> None:
        """Write ``.zarray``; call once, before or after the chunks."""
        document = {
            "zarr_format": 2,
            "shape": self.shape,
            "chunks": self.chunks,
            "dtype": self.dtype,
            "compressor": self._codec().get_config(),
            "fill_value": self.fill_value,
            "order": "C",
            "filters": None,
            "dimension_separator": "/",
        }
        write_json(self.folder / ".zarray", document)

    def write_chunk(self, index: Sequence[int], pixels: NDArray[Any]) -> None:
        """Write one chunk; one that is smaller than a chunk (at the edge of the array) is padded."""
        padding = [(0, chunk - size) for chunk, size in zip(self.chunks, pixels.shape, strict=True)]
        if any(after for _, after in padding):
            pixels = np.pad(pixels, padding, constant_values=self.fill_value)
        path = self.folder.joinpath(*map(str, index))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self._codec().encode(np.ascontiguousarray(pixels, dtype=self.dtype)))

    def write_planes(self, pixels: NDArray[Any]) -> None:
        """Write a whole array, a chunk per plane of the last two axes."""
        self.write_metadata()
        for index in np.ndindex(*pixels.shape[:-2]):
            self.write_chunk((*index, 0, 0), pixels[index][(None,) * len(index)])

    def _codec(self) -> Blosc:
        return Blosc(cname="zstd", clevel=self.level, shuffle=Blosc.SHUFFLE)


def halve(pixels: NDArray[Any]) -> NDArray[Any]:
    """Mean of 2 x 2 blocks over the last two axes, rounded, in the same dtype; sides have to be even."""
    wide = np.uint32 if pixels.dtype.itemsize > 1 else np.uint16
    rows = pixels[..., ::2, :].astype(wide) + pixels[..., 1::2, :]
    return np.asarray((rows[..., ::2] + rows[..., 1::2] + 2) >> 2, pixels.dtype)


def pyramid(pixels: NDArray[Any], count: int, *, labels: bool = False) -> Levels:
    """Return the array and ``count - 1`` halvings of it: block means, every second value for label images."""
    levels = [pixels]
    while len(levels) < count:
        levels.append(levels[-1][..., ::2, ::2] if labels else halve(levels[-1]))
    return levels


def write_levels(folder: Path, levels: Levels) -> None:
    """Write the arrays ``0``, ``1``… of a multiscale image, each plane one chunk."""
    for number, pixels in enumerate(levels):
        chunks = (1,) * (pixels.ndim - 2) + pixels.shape[-2:]
        ArrayWriter(folder / str(number), pixels.shape, chunks, pixels.dtype.newbyteorder("<").str).write_planes(pixels)
