"""What napari is told of an image: names, colours, limits, places, units. Pure, but for colormaps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.model.image import field_words
from napari_idr.remote.safe_address import to_keep
from napari_idr.version import VERSION

from .level_places import stated_of_image
from .unit_registry import is_unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.image import Axis, Channel, ImageMetadata, ImageReference
    from napari_idr.streaming.level import Level
    from napari_idr.streaming.pyramid import Pyramid

DEFAULT_COLORS = ("00FFFF", "FF00FF", "FFFF00", "FF0000", "00FF00", "0000FF")
"""Of channels whose file names no colour, where there are several: told apart without red-green vision first."""

NAME_LENGTH = 28
"""Longer names are cut off by napari's layer list."""


@dataclass(eq=False, slots=True)
class LayerPlan:
    """One layer to be: its levels, its kind, and what napari is told of it."""

    levels: tuple[Level, ...]
    kind: str
    """"image" or "labels"."""
    options: dict[str, Any] = field(default_factory=dict)
    visible: bool = True
    range: tuple[float, float] | None = None
    """Values between which the contrast slider moves, where the file says."""
    preload: tuple[tuple[int, int], ...] | None = None
    """Box of the coarsest level that must be in memory before the layer is shown."""

    @property
    def data(self) -> Any:
        """What the layer's ``data`` is."""
        return list(self.levels) if len(self.levels) > 1 else self.levels[0]


def plan_image(pyramid: Pyramid[ImageMetadata], reference: ImageReference, title: str) -> list[LayerPlan]:
    """Return one layer per channel of an image (one for an RGB picture)."""
    metadata = pyramid.metadata
    axis = metadata.channel_axis
    space = place_in_space(spatial_axes(metadata), *placement(metadata))
    provenance = provenance_of(metadata, reference)
    if metadata.rgb and axis is not None:
        options = {**space, "name": short_name(title, ""), "rgb": True}
        options["contrast_limits"] = whole_range(np.dtype(metadata.levels[0].dtype))
        options["metadata"] = {"napari_idr": provenance}
        plan = LayerPlan(pyramid.samples_last(axis), "image", options)
        plan.preload = _first_plane(plan.levels[-1], metadata, samples=1)
        return [plan]
    plans = []
    for index in range(metadata.channel_count):
        levels = pyramid.levels if axis is None else pyramid.channel(axis, index)
        channel = metadata.channels[index] if index < len(metadata.channels) else None
        options = {
            **space,
            **look(channel, index, metadata.channel_count, metadata.levels[0].dtype),
            "name": short_name(title, channel.name if channel else _numbered(index, metadata.channel_count)),
            "metadata": {"napari_idr": {**provenance, "channel": index}},
        }
        plan = LayerPlan(
            levels, "image", options, visible=channel.active if channel else True, range=slider_range(channel)
        )
        plan.preload = _first_plane(plan.levels[-1], metadata)
        plans.append(plan)
    return plans


def look(channel: Channel | None, index: int, count: int, dtype: str) -> dict[str, Any]:
    """Return colormap, limits and blending of a channel; limits are missing where the file gives none."""
    from napari.utils.colormaps import Colormap

    color = channel.color if channel is not None and channel.color else None
    if color is None:
        color = "FFFFFF" if count == 1 else DEFAULT_COLORS[index % len(DEFAULT_COLORS)]
    rgb = [int(color[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    options: dict[str, Any] = {
        "colormap": Colormap([[0.0, 0.0, 0.0], rgb], name=f"#{color.upper()}"),
        "blending": "additive" if count > 1 else "translucent_no_depth",
        "rgb": False,
    }
    window = channel.window if channel is not None else None
    if window is not None and window.start < window.end:
        options["contrast_limits"] = (window.start, window.end)
    elif np.dtype(dtype) == np.bool_:
        options["contrast_limits"] = (0, 1)
    return options


def slider_range(channel: Channel | None) -> tuple[float, float] | None:
    """Return between which values the contrast slider of a channel moves: three times its window, within bounds.

    The bounds alone (0 to 65535, often) would leave the slider's two handles on one spot.
    """
    window = channel.window if channel is not None else None
    if window is None or not window.start < window.end:
        return None
    room = window.end - window.start
    low, high = window.start - room, window.end + room
    low = low if window.min is None else max(low, min(window.min, window.start))
    high = high if window.max is None else min(high, max(window.max, window.end))
    return (low, high)


def place_in_space(axes: Sequence[Axis], scale: Sequence[float], translate: Sequence[float]) -> dict[str, Any]:
    """Return scale, translation, units and axis labels of a layer; an axis without unit counts in pixels."""
    return {
        "scale": tuple(scale),
        "translate": tuple(translate),
        "units": tuple(known_unit(axis.unit) for axis in axes),
        "axis_labels": tuple(axis.name for axis in axes),
    }


def known_unit(unit: str | None) -> str:
    """Return a unit napari understands, "pixel" where there is none: units are never guessed."""
    return unit if unit and is_unit(unit) else "pixel"


def spatial_axes(metadata: ImageMetadata) -> tuple[Axis, ...]:
    """Return the axes a layer has: all but the channels."""
    channel = metadata.channel_axis
    return tuple(axis for index, axis in enumerate(metadata.axes) if index != channel)


def provenance_of(metadata: ImageMetadata, reference: ImageReference) -> dict[str, Any]:
    """Return what ties a layer to its image, as JSON; kept in ``layer.metadata["napari_idr"]``."""
    return {
        "address": to_keep(reference.address or reference.source),
        "source": to_keep(reference.source),
        "repository": to_keep(reference.repository),
        "image_id": to_keep(reference.image_id),
        "accession": reference.accession,
        "well": reference.well,
        "field": reference.field,
        "name": reference.name or metadata.name,
        "pixel_size": list(metadata.levels[0].scale),
        "size": list(metadata.levels[0].shape),
        "levels": stated_of_image(metadata),
        "axes": list(metadata.axis_names),
        "source_kind": metadata.source_kind,
        "plugin_version": VERSION,
    }


def image_title(metadata: ImageMetadata, reference: ImageReference) -> str:
    """Return what people call an image: well and field first, else its name."""
    if reference.well:
        return " · ".join(part for part in (reference.well, field_words(reference.field)) if part)
    name = reference.name or metadata.name
    return name or reference.source.rstrip("/").rsplit("/", 1)[-1]


def short_name(title: str, channel: str) -> str:
    """Return a layer's name: title and channel, cut in the title so that the channel can be read."""
    if not channel:
        return title[:NAME_LENGTH]
    room = max(8, NAME_LENGTH - len(channel) - 3)
    kept = title if len(title) <= room else f"{title[: room - 1]}…"
    return f"{kept} · {channel}"


def _numbered(index: int, count: int) -> str:
    return f"channel {index}" if count > 1 else ""


def placement(metadata: ImageMetadata) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return scale and translation of the axes a layer has."""
    channel = metadata.channel_axis
    level = metadata.levels[0]
    keep = [index for index in range(len(metadata.axes)) if index != channel]
    return tuple(level.scale[index] for index in keep), tuple(level.translation[index] for index in keep)


def _first_plane(level: Level, metadata: ImageMetadata, samples: int = 0) -> tuple[tuple[int, int], ...]:
    """Return the box of the plane shown first, in a level without the channel axis."""
    starts = {"t": metadata.default_t, "z": metadata.default_z}
    axes = spatial_axes(metadata)
    box: list[tuple[int, int]] = []
    for axis, size in zip(axes[:-2], level.shape, strict=False):
        start = min(starts.get(axis.name, 0), size - 1)
        box.append((start, start + 1))
    return (*box, *((0, size) for size in level.shape[len(axes) - 2 :]))


def whole_range(dtype: np.dtype[Any]) -> tuple[float, float]:
    """Return the darkest and brightest sample of an RGB picture: all a type holds, 0 to 1 for floating point."""
    return (0, int(np.iinfo(dtype).max)) if dtype.kind in "iu" else (0, 1)


def limits_of(pixels: np.ndarray) -> tuple[float, float]:
    """Return contrast limits that show pixels: their range, never of zero width."""
    finite = pixels[np.isfinite(pixels)] if pixels.dtype.kind == "f" else pixels
    if finite.size == 0:
        return (0.0, 1.0)
    low, high = float(finite.min()), float(finite.max())
    return (low, high) if low < high else (low, low + 1.0)
