"""Colours and texts of the rows of Shapes and Points layers, as the OME model has them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_idr.model.annotation import Label, Style

from .roi_layers import STROKE

if TYPE_CHECKING:
    import numpy as np
    from napari.layers import Layer

    from napari_idr.model.annotation import Color, Shape

TEXTS = ("text", "label", "class")
"""Columns of features that become the text of a shape, the first that is there."""
WHITE: Color = (255, 255, 255, 255)
"""What napari fills shapes with by itself: on the server it would hide the image."""
CLEAR: Color = (0, 0, 0, 0)


def drawn_style(layer: Layer, row: int) -> Style:
    """Return the colours of a shape that was drawn here."""
    stroke, fill, width = _looks(layer, row)
    return Style(stroke=stroke, fill=fill, stroke_width=width)


def changed_style(layer: Layer, row: int, before: Shape) -> Style:
    """Return the colours of a shape that was read, with those that were changed here."""
    stroke, fill, _ = _looks(layer, row)
    style = before.style
    if not isinstance(before, Label) and not _alike(stroke, style.stroke or STROKE):
        style = replace(style, stroke=stroke)
    if fill is not None and not _alike(fill, style.fill or CLEAR):
        style = replace(style, fill=fill)
    return style


def text_of(layer: Layer, row: int) -> str:
    """Return the text of a row."""
    name = next((name for name in TEXTS if name in layer.features.columns), "")
    return cell(layer, row, name) if name else ""


def cell(layer: Layer, row: int, name: str) -> str:
    """Return a cell of a layer's features as text, "" where there is none."""
    features = layer.features
    if name not in features.columns or row >= len(features):
        return ""
    value = features[name].iloc[row]
    return "" if value is None or value != value else str(value)


def _looks(layer: Any, row: int) -> tuple[Color, Color | None, float | None]:
    """Return stroke, fill and width of a row; a point is its stroke only, and napari's own white is no fill."""
    from napari.layers import Points

    if isinstance(layer, Points):
        return _color(layer.face_color[row]), None, None
    fill = _color(layer.face_color[row])
    return _color(layer.edge_color[row]), None if fill == WHITE else fill, float(layer.edge_width[row])


def _color(parts: np.ndarray) -> Color:
    red, green, blue, alpha = (round(float(part) * 255) for part in parts)
    return red, green, blue, alpha


def _alike(one: Color, other: Color) -> bool:
    both_clear = one[3] == other[3] == 0
    return both_clear or all(abs(a - b) <= 1 for a, b in zip(one, other, strict=True))
