"""One level of an image as OME-Zarr: 0.5 where it came from 0.5, else 0.4."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from napari_idr.model.image import Window

from .write_tiff import channels_in

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from napari_idr.model.image import Axis, Channel, ImageMetadata, LabelInfo
    from napari_idr.model.saved_region import SavedRegion

LARGEST_CHUNK = 1024
"""Longest side of a chunk where the image's own are larger."""


def write_ome_zarr(
    folder: Path,
    pixels: np.ndarray,
    metadata: ImageMetadata,
    level: int,
    origin: tuple[int, ...],
    source: SavedRegion | None = None,
) -> None:
    """Write pixels as an image of one level, with axes, units, pixel sizes, place, channels and label colours."""
    import zarr

    version: Literal[2, 3] = 3 if metadata.source_version.startswith("0.5") else 2
    chunks = metadata.levels[level].chunks
    attributes = image_attributes(metadata, level, origin, pixels, version)
    noted = {} if source is None else {"napari-idr": {"region": dict(source.pairs())}}
    _write_group(folder, attributes | noted, version)
    array = zarr.create_array(
        store=str(folder / "0"),
        shape=pixels.shape,
        dtype=pixels.dtype,
        chunks=tuple(max(1, min(c, s, LARGEST_CHUNK)) for c, s in zip(chunks, pixels.shape, strict=True)),
        zarr_format=version,
        chunk_key_encoding={"name": "v2" if version == 2 else "default", "separator": "/"},
        dimension_names=list(metadata.axis_names) if version == 3 else None,
    )
    array[...] = pixels


def image_attributes(
    metadata: ImageMetadata, level: int, origin: tuple[int, ...], pixels: np.ndarray, version: Literal[2, 3]
) -> dict[str, Any]:
    """Return the attributes of the image group (OME-Zarr 0.4 and 0.5, section ``multiscales``)."""
    info = metadata.levels[level]
    place = [shift + first * size for shift, first, size in zip(info.translation, origin, info.scale, strict=True)]
    if metadata.channel_axis is not None:
        place[metadata.channel_axis] = 0.0  # a channel has no place
    transforms: list[dict[str, Any]] = [{"type": "scale", "scale": list(info.scale)}]
    if any(place):
        transforms.append({"type": "translation", "translation": place})
    multiscale: dict[str, Any] = {
        "name": metadata.name,
        "axes": [_axis(axis) for axis in metadata.axes],
        "datasets": [{"path": "0", "coordinateTransformations": transforms}],
    }
    said: dict[str, Any] = {"multiscales": [multiscale]}
    channels = channels_in(metadata, origin, pixels.shape)
    if metadata.label is None and any(channel.color or channel.window for channel in channels):
        axis = metadata.channel_axis
        said["omero"] = {
            "channels": [
                _channel(channel, pixels if axis is None else pixels.take(index, axis))
                for index, channel in enumerate(channels)
            ]
        }
    if metadata.label is not None:
        said["image-label"] = _label(metadata.label)
    if version == 3:
        return {"ome": {"version": "0.5", **said}}
    multiscale["version"] = "0.4"
    return said


def _axis(axis: Axis) -> dict[str, str]:
    given = {"name": axis.name, "type": axis.type, "unit": axis.unit}
    return {key: value for key, value in given.items() if value is not None}


def _channel(channel: Channel, pixels: np.ndarray) -> dict[str, Any]:
    """Return one channel of the ``omero`` block, which must have a colour and a window: white, and what is there."""
    window = channel.window or Window(float(pixels.min()), float(pixels.max()))
    return {
        "label": channel.name,
        "color": channel.color or "FFFFFF",
        "active": channel.active,
        "window": {
            "start": window.start,
            "end": window.end,
            "min": window.start if window.min is None else window.min,
            "max": window.end if window.max is None else window.max,
        },
    }


def _label(label: LabelInfo) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if label.colors:
        said["colors"] = [{"label-value": value, "rgba": list(color)} for value, color in label.colors]
    if label.properties:
        said["properties"] = list(label.properties)
    return said


def _write_group(folder: Path, attributes: dict[str, Any], version: Literal[2, 3]) -> None:
    folder.mkdir()
    if version == 3:
        document = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
        (folder / "zarr.json").write_text(json.dumps(document, indent=2), encoding="utf-8")
        return
    (folder / ".zgroup").write_text(json.dumps({"zarr_format": 2}), encoding="utf-8")
    (folder / ".zattrs").write_text(json.dumps(attributes, indent=2), encoding="utf-8")
