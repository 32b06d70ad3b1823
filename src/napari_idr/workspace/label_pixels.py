"""Pixels of label images in chunks, so that only what was painted is written: 256 by 256 pixels of one plane each."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from hashlib import sha256
from itertools import product
from typing import TYPE_CHECKING

from napari_idr.errors import FormatError
from napari_idr.model.annotation_set import LabelImage

from .events import PaintedChunk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np

EDGE = 256
"""Pixels of a chunk along y and x: a brush stroke touches a few, 2048 x 2048 pixels are 64."""
LARGEST = 1 << 40
"""Pixels a label image may have; more is no image but a broken or hostile header."""
Color = tuple[int, tuple[int, int, int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelHeader:
    """All there is to say of a label image but its pixels."""

    name: str
    axes: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: str
    """numpy's name, without byte order; chunks are little-endian."""
    origin: tuple[int, ...] = ()
    colors: tuple[Color, ...] = ()
    level: int = 0

    @property
    def chunk_shape(self) -> tuple[int, ...]:
        """Pixels of a chunk per axis."""
        sides = {"y": EDGE, "x": EDGE}
        return tuple(min(sides.get(axis, 1), size) for axis, size in zip(self.axes, self.shape, strict=True))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Copies of chunks at one moment: what is painted meanwhile is in the next one."""

    header: LabelHeader
    chunks: tuple[tuple[tuple[int, ...], np.ndarray], ...]


def header_of(image: LabelImage) -> LabelHeader:
    """Return the header of a label image."""
    return LabelHeader(
        name=image.name,
        axes=image.axes,
        shape=tuple(image.pixels.shape),
        dtype=image.pixels.dtype.name,
        origin=image.origin,
        colors=image.colors,
        level=image.level,
    )


def snapshot(image: LabelImage, box: Sequence[tuple[int, int]] | None = None) -> Snapshot:
    """Copy the chunks that a box touches, all of them where it is None.

    Parameters
    ----------
    image
        Its pixels may be painted on afterwards.
    box
        Start and stop per axis, in pixels of the label image.

    Raises
    ------
    FormatError
        Its pixels are no whole numbers.
    """
    import numpy as np

    header = header_of(image)
    if image.pixels.dtype.kind not in "iu":
        raise FormatError("Labels are whole numbers", f"{image.name}, {header.dtype}", "convert the layer to integers")
    places = _places(header, box or tuple((0, size) for size in header.shape))
    copies = tuple((place, np.array(image.pixels[_slices(header, place)], order="C")) for place in places)
    return Snapshot(header, copies)


def painted(taken: Snapshot, known: Mapping[tuple[int, ...], str]) -> tuple[PaintedChunk, ...]:
    """Return the chunks that differ from what is known, compressed; ``known`` has digests, none for background."""
    chunks = ((place, _digest(pixels), pixels) for place, pixels in taken.chunks)
    return tuple(
        PaintedChunk(place, digest, _compressed(pixels) if digest else b"")
        for place, digest, pixels in chunks
        if digest != known.get(place, "")
    )


def label_image(header: LabelHeader, chunks: Mapping[tuple[int, ...], bytes]) -> LabelImage:
    """Return the label image of its chunks; what has none is background. Raises ``FormatError``."""
    import numpy as np

    _check(header)
    pixels = np.zeros(header.shape, header.dtype)
    for place, data in chunks.items():
        slices = _slices(header, place)
        pixels[slices] = _decompressed(data, pixels[slices].shape, pixels.dtype, header.name)
    return LabelImage(
        name=header.name,
        axes=header.axes,
        pixels=pixels,
        origin=header.origin,
        colors=header.colors,
        level=header.level,
    )


def _check(header: LabelHeader) -> None:
    import numpy as np

    try:
        is_whole = np.dtype(header.dtype).kind in "iu"
    except TypeError:
        is_whole = False
    pixels = 1
    for size in header.shape:
        pixels *= size
    fits = len(header.axes) == len(header.shape) and all(size > 0 for size in header.shape) and pixels <= LARGEST
    if not (is_whole and fits):
        raise FormatError("A label image cannot be read", header.name, "the file was changed by another program")


def _places(header: LabelHeader, box: Sequence[tuple[int, int]]) -> Iterator[tuple[int, ...]]:
    ranges = [
        range(max(start, 0) // edge, -(-min(stop, size) // edge))
        for (start, stop), edge, size in zip(box, header.chunk_shape, header.shape, strict=True)
    ]
    return product(*ranges)


def _slices(header: LabelHeader, place: tuple[int, ...]) -> tuple[slice, ...]:
    if len(place) != len(header.shape):
        raise FormatError(
            "A chunk of a label image lies nowhere", header.name, "the file was changed by another program"
        )
    return tuple(
        slice(index * edge, min((index + 1) * edge, size))
        for index, edge, size in zip(place, header.chunk_shape, header.shape, strict=True)
    )


def _digest(pixels: np.ndarray) -> str:
    """Return the name of a chunk, "" of one that is all background."""
    if not pixels.any():
        return ""
    head = f"{pixels.dtype.newbyteorder('<').str}{pixels.shape}".encode()
    return sha256(head + _little_endian(pixels)).hexdigest()


def _compressed(pixels: np.ndarray) -> bytes:
    return zlib.compress(_little_endian(pixels), 1)


def _little_endian(pixels: np.ndarray) -> bytes:
    return pixels.astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes()


def _decompressed(data: bytes, shape: tuple[int, ...], dtype: np.dtype[np.generic], name: str) -> np.ndarray:
    """Return the pixels of a chunk; one that holds more than it may is not unpacked further."""
    import numpy as np

    expected = int(np.prod(shape)) * dtype.itemsize
    unpack = zlib.decompressobj()
    try:
        raw = unpack.decompress(data, expected + 1)
    except zlib.error as error:
        raise FormatError("A chunk of a label image is damaged", name, "take the workspace from a backup") from error
    if len(raw) != expected:
        raise FormatError("A chunk of a label image has another size", name, "take the workspace from a backup")
    return np.frombuffer(raw, dtype.newbyteorder("<")).reshape(shape)
