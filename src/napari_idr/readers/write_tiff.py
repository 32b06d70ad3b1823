"""One level of an image as OME-TIFF."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.errors import Unsupported
from napari_idr.formats.ome_xml import FRAME, REGION_NAMESPACE, SYMBOLS, xml_text

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr.model.image import Axis, Channel, ImageMetadata
    from napari_idr.model.saved_region import SavedRegion

ORDER = "tczyx"
"""Order in which planes are written, as most readers expect them."""

TYPES = ("uint8", "uint16", "uint32", "int8", "int16", "int32", "float32", "float64", "complex64", "complex128")
"""Types of pixels that OME-XML has names for (schema 2016-06, PixelType)."""

LARGE = (1 << 32) - (1 << 25)
"""Bytes of pixels from which on the 32-bit offsets of plain TIFF may not reach."""


def write_ome_tiff(
    path: Path,
    pixels: np.ndarray,
    metadata: ImageMetadata,
    level: int,
    origin: tuple[int, ...],
    source: SavedRegion | None = None,
) -> None:
    """Write pixels with axes, channel names and colours, pixel sizes and place; lengths without a unit say so.

    Raises
    ------
    Unsupported
        OME-TIFF has no place for such an axis or type of pixels.
    """
    import tifffile

    names = _names(metadata)
    _check(metadata, names, pixels)
    order = sorted(range(pixels.ndim), key=lambda axis: "tczyxs".index(names[axis]))
    planes = pixels.transpose(order)
    if planes.dtype == bool:
        planes = planes.astype(np.uint8)
    tifffile.imwrite(
        path,
        np.ascontiguousarray(planes),
        ome=True,
        bigtiff=pixels.nbytes >= LARGE,
        photometric="rgb" if metadata.rgb else "minisblack",
        metadata={
            "axes": "".join(names[axis] for axis in order).upper(),
            "Name": metadata.name,
            **_sizes(metadata, level),
            **_planes(metadata, level, origin, pixels.shape, names),
            **_channels(metadata, origin, pixels.shape),
            **_source(source),
        },
    )


def _names(metadata: ImageMetadata) -> list[str]:
    """Return the axes as OME-TIFF names them: ``s`` holds the samples of a picture."""
    names = [name.lower() for name in metadata.axis_names]
    if metadata.channel_axis is not None:
        names[metadata.channel_axis] = "s" if metadata.rgb else "c"
    return names


def _check(metadata: ImageMetadata, names: list[str], pixels: np.ndarray) -> None:
    hint = "write .ome.zarr or .npy instead"
    strange = [axis.name for axis, name in zip(metadata.axes, names, strict=True) if name not in ("s", *ORDER)]
    if strange:
        raise Unsupported(f"OME-TIFF has no axis {strange[0]!r}", metadata.address, hint)
    if pixels.dtype.name not in (*TYPES, "bool"):
        raise Unsupported(f"OME-TIFF holds no pixels of type {pixels.dtype}", metadata.address, hint)


def _source(source: SavedRegion | None) -> dict[str, Any]:
    """Return where the pixels come from, as an annotation of the image."""
    if source is None:
        return {}
    pairs = {key: xml_text(value) for key, value in source.pairs()}
    return {"MapAnnotation": {"Namespace": REGION_NAMESPACE, "Value": pairs}}


def _sizes(metadata: ImageMetadata, level: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for axis, size in zip(metadata.axes, metadata.levels[level].scale, strict=True):
        symbol = _symbol(axis)
        if symbol is not None and (size, symbol) != (1, FRAME) and size > 0 and axis.name in ("z", "y", "x", "t"):
            name = "TimeIncrement" if axis.name == "t" else f"PhysicalSize{axis.name.upper()}"
            found |= {name: size, f"{name}Unit": symbol}
    return found


def _symbol(axis: Axis) -> str | None:
    """Return what OME calls the unit of an axis, which has a name for "none"; None for one that it does not know."""
    return SYMBOLS.get(axis.unit) if axis.unit else None if axis.name == "t" else FRAME


def _planes(
    metadata: ImageMetadata, level: int, origin: tuple[int, ...], shape: tuple[int, ...], names: list[str]
) -> dict[str, Any]:
    """Return the position of each plane, where the first pixel does not lie at 0."""
    sizes = [dict(zip(names, shape, strict=True)).get(name, 1) for name in "tcz"]
    planes = np.indices(sizes)[2].ravel() if "z" in names else np.zeros(int(np.prod(sizes)), int)
    info = metadata.levels[level]
    found: dict[str, Any] = {}
    for axis, scale, shift, first in zip(metadata.axes, info.scale, info.translation, origin, strict=True):
        place, symbol = shift + first * scale, _symbol(axis)
        if axis.name in ("z", "y", "x") and place and symbol is not None:
            name, step = f"Position{axis.name.upper()}", scale if axis.name == "z" else 0.0
            found |= {name: [float(place + step * plane) for plane in planes], f"{name}Unit": [symbol] * len(planes)}
    return {"Plane": found} if found else {}


def channels_in(metadata: ImageMetadata, origin: tuple[int, ...], shape: tuple[int, ...]) -> tuple[Channel, ...]:
    """Return the channels that a box holds; none where they are not all described."""
    axis = metadata.channel_axis
    if axis is None:
        return metadata.channels[:1]
    chosen = metadata.channels[origin[axis] : origin[axis] + shape[axis]]
    return chosen if len(chosen) == shape[axis] else ()


def _channels(metadata: ImageMetadata, origin: tuple[int, ...], shape: tuple[int, ...]) -> dict[str, Any]:
    channels = channels_in(metadata, origin, shape)
    if metadata.rgb or not channels:
        return {}
    described: dict[str, Any] = {"Name": [channel.name for channel in channels]}
    if all(channel.color for channel in channels):
        described["Color"] = [_signed(channel.color or "") for channel in channels]
    return {"Channel": described}


def _signed(color: str) -> int:
    """Return a colour as OME-XML wants it: RGBA in a signed 32-bit number."""
    value = int(color + "FF", 16)
    return value - (1 << 32) if value >= 1 << 31 else value
