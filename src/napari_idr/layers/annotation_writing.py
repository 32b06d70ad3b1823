"""Changes single rows of Shapes and Points layers, and their tables, without making the whole anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import napari_seam as seam
from .annotation_rows import point_options, shape_options
from .annotation_table import NUMBER, value_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_idr.model.annotation_set import Value

    from .annotation_rows import Frame, LayerRow

POINT_PAINT = ("size", "symbol", "face_color", "border_color", "border_width", "shown")
SHAPE_PAINT = ("edge_width", "edge_color", "face_color", "z_index")


def remove_rows(layer: Any, indices: Sequence[int]) -> None:
    """Remove rows from a layer."""
    if indices:
        layer.selected_data = set()
        layer.remove(list(indices))


def add_rows(layer: Any, rows: Sequence[tuple[LayerRow, Mapping[str, Value]]], frame: Frame) -> None:
    """Add rows at the end of a layer."""
    if not rows:
        return
    drawn = [row for row, _ in rows]
    before = len(layer.data)
    if hasattr(layer, "symbol"):
        layer.add(np.concatenate([row.data for row in drawn]))
        paint(layer, range(before, len(layer.data)), drawn, frame)
    else:
        layer.add([row.data for row in drawn], **shape_options(drawn, frame))
    write_table(layer, {before + index: said for index, (_, said) in enumerate(rows)})
    layer.selected_data = set()


def edit_row(layer: Any, index: int, row: LayerRow, frame: Frame) -> bool:
    """Change corners and paint of one row where it is; return whether that can be done."""
    if hasattr(layer, "symbol"):
        data = layer.data.copy()
        data[index] = row.data[0]
        layer.data = data
        paint(layer, [index], [row], frame)
        return True
    own = shape_options([row], frame)
    paints = own["edge_width"][0], own["edge_color"][0], own["face_color"][0]
    same_height = layer.z_index[index] == own["z_index"][0]
    return same_height and seam.edit_shape(layer, index, row.data, row.outline, *paints)


def paint(layer: Any, indices: Sequence[int], rows: Sequence[LayerRow], frame: Frame) -> None:
    """Give rows another paint where they are."""
    points = hasattr(layer, "symbol")
    options = point_options(rows, frame) if points else shape_options(rows, frame)
    chosen = list(indices)
    for name in POINT_PAINT if points else SHAPE_PAINT:
        now = getattr(layer, name)
        values = list(now) if isinstance(now, list) else np.array(now)
        before = [values[index] for index in chosen]
        if all(np.array_equal(one, other) for one, other in zip(before, options[name], strict=True)):
            continue
        for index, value in zip(chosen, options[name], strict=True):
            values[index] = value
        setattr(layer, name, values)


def write_table(layer: Any, rows: Mapping[int, Mapping[str, Value]]) -> None:
    """Write rows into a layer's table; columns it lacks are added, values a row does not have are emptied."""
    if not rows:
        return
    table = layer.features.copy()
    for name in dict.fromkeys(name for said in rows.values() for name in said):
        if name not in table.columns:
            table[name] = np.full(len(table), None, object)
    for name in table.columns:
        cells = table[name].tolist()
        changed = False
        for index, said in rows.items():
            value = said.get(name)
            if value_of(cells[index]) != value:
                cells[index], changed = value, True
        if changed:
            table[name] = np.array(cells, "int64") if name == NUMBER else _objects(cells)
    layer.features = table


def _objects(cells: Sequence[Any]) -> np.ndarray:
    """Return cells as a column of whatever they are; numbers that all are numbers stay a column of numbers."""
    kinds = {type(value_of(cell)) for cell in cells}
    if kinds <= {int} or kinds <= {float} or kinds <= {bool}:
        return np.array(cells)
    column = np.empty(len(cells), object)
    column[:] = cells
    return column
