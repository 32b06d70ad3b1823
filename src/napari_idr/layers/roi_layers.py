"""From rows to napari's Shapes and Points layers, with colours, texts and a table of features. No viewer needed."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.model.annotation import Label
from napari_idr.model.roi_changes import KnownShape

from .known_rois import note_known
from .roi_rows import Frame, axes_needed, copies

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari.layers import Layer

    from napari_idr.model.annotation import Color

    from .roi_rows import LayerKind, Row

LARGEST_SHAPES = 1000
"""Shapes of a layer in which one can still be moved within 100 ms: measured with napari 0.9.2 without compiled
triangulation, an edit among 1000 polygons of 16 vertices takes 55 ms of computing until it is drawn."""
MOST_TEXTS = 1000
"""Texts that are drawn beside their shapes."""
MOST_KEYS = 16
"""Keys of annotations that become columns of the table."""
STROKE: Color = (255, 255, 0, 255)
"""Of shapes that name no colour, as OMERO draws them."""
WIDTH_PART, POINT_PART = 400, 120
"""A line is at least this part of the image's longer side wide, a point as large: of a thinner one a window of 640
pixels would draw only some dots."""
IN_FRONT = "translucent_no_depth"
"""How ROIs are drawn: in a 3-D view, too, they are seen on the picture they belong to, not hidden within it. Those
that are repeated in every plane make a tube there, and its near side hides the far one."""
TEXT_SIZE = 9


def build_vectors(rows: Sequence[Row], frame: Frame, title: str, metadata: dict[str, Any]) -> list[Layer]:
    """Return the layers of shapes and points, one for each kind and set of axes. May take seconds: not for the GUI.

    Parameters
    ----------
    rows
        Outlines and points, no masks with pixels.
    frame
        The image's grid.
    title
        What the image is called.
    metadata
        What ties the layers to the image.
    """
    groups: dict[tuple[LayerKind, tuple[str, ...]], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.layer_kind, axes_needed(row, frame)), []).append(row)
    layers = []
    for (kind, names), group in groups.items():
        own = frame.kept(names)
        options = {
            **own.options(),
            "name": layer_name(title, "ROIs" if kind == "shapes" else "ROI points", own, frame),
            "metadata": {"napari_idr": metadata},
            "blending": IN_FRONT if copy_count(group, frame) == len(group) else "translucent",
        }
        layer = (_shapes if kind == "shapes" else _points)(group, own, options)
        known = {row.shape.id: KnownShape(row.roi.id, row.shape) for row in group if row.shape.id}
        note_known(layer, (metadata.get("repository", ""), metadata.get("image_id", "")), known)
        layers.append(layer)
    return layers


def layer_name(title: str, what: str, own: Frame, frame: Frame) -> str:
    """Return the name of a layer: of what, and whether it lies over all planes."""
    from .images import short_name

    missing = [name for name, size in zip(frame.names, frame.sizes, strict=True) if name not in own.names and size > 1]
    return short_name(title, f"{what}, every {' and '.join(missing)}" if missing else what)


def copy_count(rows: Iterable[Row], frame: Frame) -> int:
    """Return how many shapes napari would hold for some rows, those repeated in several planes counted each time."""
    stacks = frame.names[:-2]
    if not stacks:
        return sum(1 for _ in rows)
    total = 0
    for row in rows:
        needed = axes_needed(row, frame)
        total += prod(frame.size(name) for name in stacks if name in needed and row.index(name) is None)
    return total


def _shapes(rows: Sequence[Row], frame: Frame, options: dict[str, Any]) -> Layer:
    from napari.layers import Shapes

    data, kept = _data(rows, frame)
    thinnest = max(frame.plane) / WIDTH_PART
    return Shapes(
        data,
        shape_type=[row.outline for row in kept],
        edge_width=[max(row.shape.style.stroke_width or 1.0, thinnest) for row in kept],
        edge_color=_colors(row.shape.style.stroke or STROKE for row in kept),
        face_color=_colors(row.shape.style.fill or (0, 0, 0, 0) for row in kept),
        features=feature_table(kept),
        text=_texts(kept, "center"),
        opacity=1.0,
        ndim=len(frame.names),
        **options,
    )


def _points(rows: Sequence[Row], frame: Frame, options: dict[str, Any]) -> Layer:
    from napari.layers import Points

    data, kept = _data(rows, frame)
    size = max(3.0, max(frame.plane) / POINT_PART)
    transparent = (0, 0, 0, 0)
    only_text = [isinstance(row.shape, Label) for row in kept]
    fills = [
        transparent if hidden else row.shape.style.stroke or STROKE for row, hidden in zip(kept, only_text, strict=True)
    ]
    return Points(
        np.concatenate(data),
        size=size,
        face_color=_colors(fills),
        border_color="transparent",
        border_width=0,
        features=feature_table(kept),
        text=_texts(kept, "upper_left"),
        opacity=1.0,
        ndim=len(frame.names),
        **options,
    )


def _data(rows: Sequence[Row], frame: Frame) -> tuple[list[np.ndarray], list[Row]]:
    """Return corners and row of every shape, one for each plane it is repeated in."""
    data: list[np.ndarray] = []
    kept: list[Row] = []
    for row in rows:
        found = copies(row, frame)
        data += found
        kept += [row] * len(found)
    return data, kept


def _colors(colors: Iterable[Color]) -> np.ndarray:
    return np.array(list(colors), float).reshape(-1, 4) / 255


def _texts(rows: Sequence[Row], anchor: str) -> dict[str, Any] | None:
    if len(rows) > MOST_TEXTS or not any(row.shape.text for row in rows):
        return None
    sizes = {row.shape.style.font_size for row in rows if row.shape.text and row.shape.style.font_size}
    color = _colors([next(row.shape.style.stroke or STROKE for row in rows if row.shape.text)])[0]
    size = sizes.pop() if len(sizes) == 1 else TEXT_SIZE
    look = {"size": min(max(size, 6), 24), "color": color, "anchor": anchor, "blending": IN_FRONT}
    return {"string": "{text}", **look}


def feature_table(rows: Sequence[Row]) -> Any:
    """Return a table with a row per shape: ids, names, texts, kind, planes (empty for all), and what is said of it."""
    import pandas as pd

    table: dict[str, list[Any]] = {
        "roi_id": [row.roi.id for row in rows],
        "shape_id": [row.shape.id for row in rows],
        "roi": [row.roi.name for row in rows],
        "text": [row.shape.text for row in rows],
        "kind": [row.shape.kind for row in rows],
    }
    for name in ("z", "t", "c"):
        planes = [getattr(row.shape, name) for row in rows]
        table[name] = ["" if plane is None else str(plane) for plane in planes]
    for key in _keys(rows):
        column = key if key not in table else f"{key} (annotation)"
        table[column] = ["; ".join(value for name, value in row.roi.key_values if name == key) for row in rows]
    return pd.DataFrame(table)


def _keys(rows: Sequence[Row]) -> list[str]:
    keys = dict.fromkeys(key for row in rows for key, _ in row.roi.key_values)
    return list(keys)[:MOST_KEYS]
