"""From objects to Shapes and Points layers, and new layers that lie over their image as it lies. No viewer needed."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .annotation_grid import Unplaceable, grid_as_json, pixel_map
from .annotation_reading import frame_of, outline_of
from .annotation_rows import LayerRow, point_options, shape_options
from .annotation_table import row_of, table_of
from .images import NAME_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from napari.layers import Layer

    from napari_idr.model.annotation import Shape
    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, Value

    from .annotation_grid import Grid, PixelMap

DrawnKind = Literal["shapes", "points", "labels", "tracks"]
NOT_KEPT = ("channel", "show", "box", "annotations", "label")
"""What of an image layer's metadata does not hold for what is drawn over it."""


def drawn_kind(shape: Shape) -> DrawnKind:
    """Return the kind of layer that shows a shape."""
    return "points" if outline_of(shape)[0] == "point" else "shapes"


def axes_of(one: AnnotatedObject, grid: Grid) -> tuple[str, ...]:
    """Return the axes of the layer an object is shown in: those from the first on along which it has a place."""
    placed = [name in ("y", "x") or any(_index(shape, name) is not None for shape in one.shapes) for name in grid.names]
    return grid.names[placed.index(True) :]


def rows_of_object(
    image: AnnotatedImage, one: AnnotatedObject, kind: DrawnKind, pixels: PixelMap, grid: Grid
) -> list[tuple[LayerRow, dict[str, Value]]]:
    """Return the rows that show an object's shapes of one kind in a layer, each with its row of the table.

    A shape on all planes of an axis the layer has is repeated in each. Raises ``Unplaceable`` where a shape has a
    plane on an axis the layer lacks, or the image is not on the grid.
    """
    rows = []
    for number, shape in enumerate(one.shapes):
        outline, corners = outline_of(shape)
        if (outline == "point") != (kind == "points"):
            continue
        if any(_index(shape, name) is not None for name in pixels.lacks):
            raise Unplaceable(f"{one.name or 'The object'} is on one plane, the layer on all")
        every = [name for name in pixels.names[:-2] if _index(shape, name) is None]
        said = row_of(one, number, every)
        look = tuple((name, value) for name, value in one.look for name in _own_look(name, number))
        for plane in _planes(shape, pixels, grid):
            flat = np.tile(np.array(plane, float), (len(corners), 1))
            where = np.hstack([flat, grid.spread(image, corners)])
            rows.append((LayerRow(outline, pixels.to_layer(where), shape.style, look), said))
    return rows


def layers_of_objects(
    pairs: Iterable[tuple[AnnotatedImage, AnnotatedObject]], grid: Grid, over: Any
) -> tuple[list[Layer], list[str]]:
    """Return layers that show objects with shapes, and sentences about those that have no place on the grid.

    Objects of one layer go into one layer per kind and set of axes. May take seconds for thousands.

    Parameters
    ----------
    pairs
        Objects with their images.
    grid
        Of what they lie on.
    over
        The layer it was taken from: scale, units and the like are taken from there.
    """
    groups: dict[tuple[str, DrawnKind, tuple[str, ...]], list[tuple[AnnotatedImage, AnnotatedObject]]] = {}
    for image, one in pairs:
        for kind in dict.fromkeys(drawn_kind(shape) for shape in one.shapes):
            groups.setdefault((one.layer or kind, kind, axes_of(one, grid)), []).append((image, one))
    layers, remarks, taken = [], [], set[str]()
    for (name, kind, axes), members in groups.items():
        shown = free_name(name, kind, [n for n in grid.names if n not in axes], taken)
        taken.add(shown)
        layer = new_layer(kind, over, grid, name, axes=axes, shown_as=shown, level=members[0][1].level)
        pixels = pixel_map(layer, grid)
        rows = []
        for image, one in members:
            try:
                rows += rows_of_object(image, one, kind, pixels, grid)
            except Unplaceable as error:
                remarks.append(f"{one.name or one.uuid}: {error.what}.")
        layers.append(filled(layer, rows, grid))
    return layers, remarks


def new_layer(
    kind: DrawnKind,
    over: Any,
    grid: Grid,
    name: str,
    *,
    axes: Sequence[str] = (),
    shown_as: str = "",
    level: int = 0,
) -> Layer:
    """Return an empty layer to draw in, that has scale, units, axis labels and all axes of what it lies over.

    Parameters
    ----------
    kind
        "shapes" or "points".
    over
        Layer of an image, of a plate, or of a box.
    grid
        Of what it shows.
    name
        What the objects say they belong to.
    axes
        The layer's axes where it shall lie over all planes of those before; all of the image's if empty.
    shown_as
        napari's name of it, ``name`` if empty.
    level
        Pyramid level it is drawn over.
    """
    from napari.layers import Points, Shapes

    options = place_over(over, axes or grid.names)
    options["name"] = (shown_as or name)[:NAME_LENGTH]
    said = {"kind": kind, "layer": name, "named": options["name"], "level": level}
    ours = {key: value for key, value in over.metadata.get("napari_idr", {}).items() if key not in NOT_KEPT}
    options["metadata"] = {"napari_idr": {**ours, "grid": grid_as_json(grid), "annotations": said}}
    layer = (Points if kind == "points" else Shapes)(ndim=len(axes or grid.names), **options)
    return filled(layer, [], grid)


def place_over(over: Any, axes: Sequence[str]) -> dict[str, Any]:
    """Return what puts a layer of some (the last) of an image layer's axes where that lies, turned as it is turned."""
    count, size = len(axes), over.ndim
    kept = slice(size - count, size)
    affine = over.affine.affine_matrix
    options: dict[str, Any] = {
        "scale": tuple(over.scale[kept]),
        "translate": tuple(over.translate[kept]),
        "units": tuple(over.units[kept]),
        "axis_labels": tuple(over.axis_labels[kept]),
        "rotate": over.rotate[kept, kept].copy(),
        "affine": np.vstack([affine[size - count :, size - count :]]),
    }
    return options


def filled(layer: Any, rows: Sequence[tuple[LayerRow, Mapping[str, Value]]], grid: Grid) -> Any:
    """Return a layer of the same kind and place as an empty one, with rows; the layer itself where there are none."""
    if not rows:
        layer.features = table_of([])
        dress(layer, grid)
        return layer
    drawn, said = [row for row, _ in rows], [dict(row) for _, row in rows]
    frame = frame_of(pixel_map(layer, grid), grid)
    kept = ("name", "metadata", "scale", "translate", "units", "axis_labels", "rotate")
    options = {name: getattr(layer, name) for name in kept}
    options |= {"affine": layer.affine.affine_matrix.copy(), "features": table_of(said), "ndim": layer.ndim}
    if hasattr(layer, "symbol"):
        made = type(layer)(np.concatenate([row.data for row in drawn]), **point_options(drawn, frame), **options)
    else:
        made = type(layer)([row.data for row in drawn], **shape_options(drawn, frame), opacity=1.0, **options)
    dress(made, grid)
    return made


def dress(layer: Any, grid: Grid) -> None:
    """Have what is drawn next look as objects do that say nothing of their look."""
    frame = frame_of(pixel_map(layer, grid), grid)
    layer.selected_data = set()
    layer.opacity = 1.0
    if hasattr(layer, "symbol"):
        layer.current_border_color, layer.current_border_width, layer.current_symbol = np.zeros(4), 0.0, "disc"
    else:
        layer.current_face_color = np.zeros(4)
    color_next(layer, (1.0, 1.0, 0.0, 1.0))
    size_next(layer, frame.line_width / frame.step, frame.point_size / frame.step)


def color_next(layer: Any, color: Any) -> None:
    """Have what is drawn next in a layer, in which nothing is selected, be of a colour."""
    if hasattr(layer, "symbol"):
        layer.current_face_color = np.asarray(color)
    else:
        layer.current_edge_color = np.asarray(color)


def size_next(layer: Any, width: float, size: float) -> None:
    """Have lines that are drawn next be of a width, points of a size, in the layer's own pixels."""
    if hasattr(layer, "symbol"):
        layer.current_size = size
    else:
        layer.current_edge_width = width


def free_name(name: str, kind: str, missing: Sequence[str], taken: Iterable[str]) -> str:
    """Return a name for napari's list of layers that no other layer of the set has."""
    taken = set(taken)
    candidates = [name, f"{name}, every {' and '.join(missing)}" if missing else f"{name} · {kind}"]
    numbered = (f"{name} · {kind} {number}" for number in range(2, len(taken) + 3))
    return next(one for one in (*candidates, *numbered) if one[:NAME_LENGTH] not in taken)[:NAME_LENGTH]


def _index(shape: Shape, name: str) -> int | None:
    index: int | None = getattr(shape, name, None) if name in ("z", "t") else None
    return index


def _planes(shape: Shape, pixels: PixelMap, grid: Grid) -> Iterator[tuple[int, ...]]:
    """Yield the index of each plane along the layer's axes but y and x in which a shape is."""
    sizes = dict(zip(grid.names, grid.sizes, strict=True))
    places = [(_index(shape, name), sizes[name]) for name in pixels.names[:-2]]
    return product(*(range(size) if at is None else (at,) for at, size in places))


def _own_look(name: str, number: int) -> list[str]:
    """Return the name of a look without the number of the shape it is of, nothing where it is of another."""
    base, mark, of = name.partition("@")
    return [base] if (int(of) if mark and of.isdecimal() else 0) == number else []
