"""What napari is told of a plate: one layer per channel, its wells' names, and what lies under the pointer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.model.image import field_words
from napari_idr.remote.safe_address import to_keep
from napari_idr.version import VERSION

from .images import LayerPlan, look, place_in_space, short_name, slider_range
from .level_places import stated_of_plate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.image import KeyValue, PlateReference, WellInfo
    from napari_idr.readers.plate import PlateLabels, PlateMosaic

HOVER_KEYS = ("gene symbol", "compound name", "dose", "control type", "sirna identifier", "phenotype", "treatment")
"""What of a well's annotations is said under the pointer, in this order; keys compared without case."""
MOST_COLUMNS = 128
"""Of the table of wells."""


def plan_plate(mosaic: PlateMosaic, reference: PlateReference) -> list[LayerPlan]:
    """Return one layer per channel over all wells and fields."""
    title = reference.name or mosaic.metadata.name or "plate"
    channels = mosaic.channels
    plans = []
    for index, channel in enumerate(channels):
        options = {
            **plate_space(mosaic),
            **look(channel, index, len(channels), str(mosaic.shape.dtype)),
            "name": short_name(title, channel.name if channel else f"channel {index}"),
            "metadata": {"napari_idr": {**plate_provenance(mosaic, reference), "channel": index}},
        }
        visible = channel.active if channel is not None else True
        plans.append(LayerPlan(mosaic.channel(index), "image", options, visible=visible, range=slider_range(channel)))
    return plans


def plan_plate_labels(mosaic: PlateMosaic, labels: PlateLabels, reference: PlateReference) -> LayerPlan:
    """Return a hidden Labels layer over all fields; values are unique per field, features say whose they are."""
    title = reference.name or mosaic.metadata.name or "plate"
    options = {
        **plate_space(mosaic),
        "opacity": 0.6,
        "name": short_name(title, labels.name),
        "features": plate_features(labels),
        "metadata": {"napari_idr": {**plate_provenance(mosaic, reference), "label": labels.name}},
    }
    return LayerPlan(labels.levels, "labels", options, visible=False)


def plate_features(labels: PlateLabels) -> Any:
    """Return a table of the described objects known so far: unique value, well, field, original value, properties."""
    import pandas as pd

    rows = [
        {
            **{name: content for name, content in row.items() if name != "label-value"},
            "index": labels.unique(key, value),
            "well": key[0].replace("/", ""),
            "field": key[1],
            "label": value,
        }
        for key, image in labels.fields.images
        if image.metadata.label is not None
        for row in image.metadata.label.properties
        if isinstance(value := row.get("label-value"), int)
    ]
    return pd.DataFrame(rows, columns=None if rows else ["index", "well", "field", "label"])


def plate_space(mosaic: PlateMosaic) -> dict[str, Any]:
    """Return scale, units and axis labels of a plate's layers; the canvas begins at zero."""
    return place_in_space(mosaic.axes, mosaic.scale, [0.0] * len(mosaic.axes))


def plate_provenance(mosaic: PlateMosaic, reference: PlateReference) -> dict[str, Any]:
    """Return what ties a plate's layers to the plate, as JSON."""
    return {
        "kind": "plate",
        "address": to_keep(reference.address or reference.source),
        "source": to_keep(reference.source),
        "repository": to_keep(reference.repository),
        "plate_id": to_keep(reference.plate_id),
        "accession": reference.accession,
        "name": reference.name or mosaic.metadata.name,
        "acquisition": mosaic.source.acquisition,
        "chosen_wells": list(reference.wells),
        "axes": [axis.name for axis in mosaic.axes],
        "pixel_size": list(mosaic.scale),
        "levels": stated_of_plate(mosaic.axes, mosaic.scale, mosaic.factors),
        "plugin_version": VERSION,
    }


def well_names(mosaic: PlateMosaic, reference: PlateReference) -> tuple[np.ndarray, dict[str, Any]]:
    """Return data and options of a Points layer that writes each well's name above it."""
    wells = list(mosaic.source.wells.values())
    boxes = [mosaic.box_of(well) for well in wells]
    points = np.array([[y - 0.5, x - 0.5] for y, x, _, _ in boxes]).reshape(-1, 2)
    y_scale, x_scale = mosaic.scale[-2:]
    options: dict[str, Any] = {
        "name": short_name(reference.name or mosaic.metadata.name or "plate", "wells"),
        "size": 1e-3,
        "face_color": "transparent",
        "border_color": "transparent",
        "features": well_table(mosaic, wells),
        "text": {"string": "{well}", "size": 9, "color": "white", "anchor": "lower_left"},
        "scale": (y_scale, x_scale),
        "units": place_in_space(mosaic.axes[-2:], mosaic.scale[-2:], (0, 0))["units"],
        "axis_labels": ("y", "x"),
        "metadata": {"napari_idr": {**plate_provenance(mosaic, reference), "wells": True}},
    }
    return points, options


def well_table(mosaic: PlateMosaic, wells: Sequence[WellInfo]) -> Any:
    """Return a table of the wells, a row each, with all that is known of them: annotations and bulk table."""
    import pandas as pd

    rows: list[dict[str, str]] = []
    for well in wells:
        said: dict[str, list[str]] = {}
        for key, value in mosaic.source.key_values(well):
            said.setdefault(key, []).append(value)
        rows.append({"well": well.name, **{key: "; ".join(dict.fromkeys(values)) for key, values in said.items()}})
    return pd.DataFrame(rows).fillna("").iloc[:, :MOST_COLUMNS]


def said_at(mosaic: PlateMosaic, y: float, x: float) -> str:
    """Return what lies under a point of the canvas: "B7 · field 1 · KIF11", "" where nothing is."""
    well = mosaic.well_at(y, x)
    if well is None:
        return ""
    key = mosaic.field_at(y, x)
    parts = [well.name]
    if key is not None:
        parts.append(field_words(key[1]))
    return " · ".join([*parts, *said_values(mosaic.source.key_values(well))])


def said_values(key_values: Sequence[KeyValue]) -> list[str]:
    """Return the annotations worth saying in one line, in a fixed order."""
    found: dict[str, str] = {}
    for key, value in key_values:
        if value:
            found.setdefault(key.lower(), value)
    return [found[key] for key in HOVER_KEYS if key in found]
