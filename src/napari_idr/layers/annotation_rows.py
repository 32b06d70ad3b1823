"""Rows of Shapes and Points layers: what is drawn in each, and how it looks. No viewer needed.

Colours of the model are whole numbers to 255. What napari draws with and the model has no place for (the symbol of a
point, a colour between two of those) goes into an object's ``look``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.model.annotation import Style

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_idr.model.annotation import Color
    from napari_idr.model.annotation_set import Feature
    from napari_idr.model.shape_geometry import Outline

STROKE: Color = (255, 255, 0, 255)
"""Of what names no colour, as OMERO draws it."""
CLEAR: Color = (0, 0, 0, 0)
PLAIN = Style()
WIDTH_PART, POINT_PART = 1000, 120
"""A line is this part of the image's longer side wide, a point as large, unless they say otherwise."""
EXACT = 2e-3
"""Of a colour's 0 to 255 that rounding to whole numbers may take without notice."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What lengths are measured with: pixels of the image per step of the layer, and the image's longer side."""

    step: float
    longest: int

    @property
    def line_width(self) -> float:
        """Of a shape that states none, in pixels of the image."""
        return max(1.0, self.longest / WIDTH_PART)

    @property
    def point_size(self) -> float:
        """Of a point that states none, in pixels of the image."""
        return max(3.0, self.longest / POINT_PART)


@dataclass(frozen=True, slots=True, eq=False)
class LayerRow:
    """One shape or point of a layer: corners in its coordinates, and what it is drawn with."""

    outline: Outline
    data: np.ndarray
    """(n, ndim)."""
    style: Style = PLAIN
    look: tuple[Feature, ...] = ()


def rows_of_shapes(layer: Any, indices: Iterable[int], frame: Frame) -> list[LayerRow]:
    """Return some rows of a Shapes layer."""
    data, types = layer.data, layer.shape_type
    edges, faces = layer.edge_color, layer.face_color
    widths, heights = layer.edge_width, layer.z_index
    rows = []
    for index in indices:
        stroke, fill = color_of(edges[index]), color_of(faces[index])
        width = float(widths[index]) * frame.step
        style = Style(
            stroke=None if stroke == STROKE else stroke,
            fill=None if fill[3] == 0 else fill,
            stroke_width=None if np.isclose(width, frame.line_width, rtol=1e-6) else width,
        )
        look = [*exact_color("edge_color", edges[index]), *exact_color("face_color", faces[index])]
        if heights[index]:
            look.append(("z_index", int(heights[index])))
        outline: Outline = str(types[index])  # type: ignore[assignment]
        rows.append(LayerRow(outline, np.array(data[index], float), style, tuple(look)))
    return rows


def rows_of_points(layer: Any, indices: Iterable[int], frame: Frame) -> list[LayerRow]:
    """Return some rows of a Points layer."""
    data, faces, borders = layer.data, layer.face_color, layer.border_color
    sizes, symbols, widths, shown = layer.size, layer.symbol, layer.border_width, layer.shown
    rows = []
    for index in indices:
        stroke, size = color_of(faces[index]), float(np.mean(sizes[index])) * frame.step
        look: list[Feature] = [*exact_color("face_color", faces[index])]
        if not np.isclose(size, frame.point_size, rtol=1e-6):
            look.append(("size", size))
        symbol = str(getattr(symbols[index], "value", symbols[index]))
        if symbol != "disc":
            look.append(("symbol", symbol))
        if borders[index][3] > 0 and widths[index] > 0:
            look += [("border_color", spelled(borders[index])), ("border_width", float(widths[index]))]
        if not shown[index]:
            look.append(("shown", False))
        style = Style(stroke=None if stroke == STROKE else stroke)
        rows.append(LayerRow("point", np.array(data[index : index + 1], float), style, tuple(look)))
    return rows


def shape_options(rows: Sequence[LayerRow], frame: Frame) -> dict[str, Any]:
    """Return what a Shapes layer is told of its rows, beside data and features."""
    return {
        "shape_type": [row.outline for row in rows],
        "edge_width": [(row.style.stroke_width or frame.line_width) / frame.step for row in rows],
        "edge_color": np.array([_color(row, "edge_color", row.style.stroke or STROKE) for row in rows]).reshape(-1, 4),
        "face_color": np.array([_color(row, "face_color", row.style.fill or CLEAR) for row in rows]).reshape(-1, 4),
        "z_index": [int(looked(row, "z_index", 0)) for row in rows],
    }


def point_options(rows: Sequence[LayerRow], frame: Frame) -> dict[str, Any]:
    """Return what a Points layer is told of its rows, beside data and features."""
    return {
        "size": np.array([float(looked(row, "size", frame.point_size)) / frame.step for row in rows]),
        "symbol": [str(looked(row, "symbol", "disc")) for row in rows],
        "face_color": np.array([_color(row, "face_color", row.style.stroke or STROKE) for row in rows]).reshape(-1, 4),
        "border_color": np.array([_color(row, "border_color", CLEAR) for row in rows]).reshape(-1, 4),
        "border_width": np.array([float(looked(row, "border_width", 0.0)) for row in rows]),
        "shown": np.array([bool(looked(row, "shown", True)) for row in rows], bool),
    }


def kept_style(before: Style, found: Style, outline: Outline, frame: Frame) -> Style:
    """Return the style that an object had, where it is drawn as was found; what a layer does not show is kept."""
    plain = Style(
        stroke=None if before.stroke == STROKE else before.stroke,
        fill=None if outline == "point" or before.fill is None or before.fill[3] == 0 else before.fill,
        stroke_width=None
        if outline == "point" or before.stroke_width is None or np.isclose(before.stroke_width, frame.line_width)
        else before.stroke_width,
    )
    width, other = found.stroke_width, plain.stroke_width
    same_width = width == other or (width is not None and other is not None and np.isclose(width, other, rtol=1e-6))
    if same_width and (found.stroke, found.fill) == (plain.stroke, plain.fill):
        return before
    if outline == "point":
        return replace(before, stroke=found.stroke)
    return replace(before, stroke=found.stroke, fill=found.fill, stroke_width=found.stroke_width)


def looked(row: LayerRow, name: str, otherwise: Any) -> Any:
    """Return what the look of a row says, or what is taken where it says nothing."""
    return dict(row.look).get(name, otherwise)


def color_of(rgba: Any) -> Color:
    """Return a colour of the model from napari's 0 to 1."""
    red, green, blue, alpha = (round(float(part) * 255) for part in rgba)
    return red, green, blue, alpha


def exact_color(name: str, rgba: Any) -> list[Feature]:
    """Return what the look says of a colour that whole numbers to 255 do not hold."""
    parts = np.asarray(rgba, float) * 255
    return [(name, spelled(rgba))] if np.abs(parts - np.round(parts)).max() > EXACT else []


def spelled(rgba: Any) -> str:
    """Return a colour as text, exact in single precision."""
    return " ".join(f"{float(part):.9g}" for part in rgba)


def _color(row: LayerRow, name: str, color: Color) -> np.ndarray:
    """Return the colour that the look spells out, else the model's."""
    said = str(looked(row, name, "")).split()
    try:
        exact = np.array([float(part) for part in said])
    except ValueError:
        exact = np.zeros(0)
    return exact if exact.shape == (4,) else np.array(color, float) / 255
