"""What napari is told of the label images of an image: colours, features, and the image's axes where they lack them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.streaming.level import CastLevel, RepeatLevel

from .images import LayerPlan, place_in_space, placement, provenance_of, short_name, spatial_axes

if TYPE_CHECKING:
    from napari_idr.model.image import Axis, ImageMetadata, ImageReference
    from napari_idr.streaming.level import Level
    from napari_idr.streaming.pyramid import Pyramid


def plan_labels(
    pyramid: Pyramid[ImageMetadata], image: ImageMetadata, reference: ImageReference, title: str, name: str
) -> LayerPlan:
    """Return a hidden Labels layer over an image: with the file's colours, and its properties as features."""
    metadata = pyramid.metadata
    axis = metadata.channel_axis
    levels = pyramid.levels if axis is None else pyramid.channel(axis, 0)
    if levels[0].dtype == np.bool_:  # napari takes whole numbers only
        levels = tuple(CastLevel(level, np.dtype(np.uint8)) for level in levels)
    levels, space = _with_axes_of(image, levels, metadata)
    options = {
        **space,
        **label_look(metadata),
        "name": short_name(title, name),
        "metadata": {"napari_idr": {**provenance_of(metadata, reference), "label": name}},
    }
    return LayerPlan(levels, "labels", options, visible=False)


def _with_axes_of(
    image: ImageMetadata, levels: tuple[Level, ...], metadata: ImageMetadata
) -> tuple[tuple[Level, ...], dict[str, Any]]:
    """Return labels repeated along the axes that they lack, and where they lie.

    Axes before the first that they have are left to napari, which lays the last axes of layers on one another.
    """
    places, after = _places(metadata), 0
    for axis, scale, translate in _places(image):
        names = [own.name for own, _, _ in places]
        if axis.name in names:
            after = names.index(axis.name) + 1
        elif after:
            size = image.levels[0].shape[image.axis_names.index(axis.name)]
            levels = tuple(RepeatLevel(level, after, size) for level in levels)
            places.insert(after, (axis, scale, translate))
            after += 1
    return levels, place_in_space(*zip(*places, strict=True))


def _places(metadata: ImageMetadata) -> list[tuple[Axis, float, float]]:
    return list(zip(spatial_axes(metadata), *placement(metadata), strict=True))


def label_look(metadata: ImageMetadata) -> dict[str, Any]:
    """Return colours and features of a label image, as far as its file gives them."""
    import pandas as pd
    from napari.utils.colormaps import DirectLabelColormap

    options: dict[str, Any] = {"opacity": 0.6}
    label = metadata.label
    if label is not None and label.colors:
        colors: dict[int | None, Any] = {value: np.asarray(rgba) / 255 for value, rgba in label.colors}
        options["colormap"] = DirectLabelColormap(color_dict={None: (0.5, 0.5, 0.5, 1.0), **colors, 0: (0, 0, 0, 0)})
    if label is not None and label.properties:
        rows = [{**row, "index": row["label-value"]} for row in label.properties]
        options["features"] = pd.DataFrame(rows).drop(columns="label-value")
    return options
