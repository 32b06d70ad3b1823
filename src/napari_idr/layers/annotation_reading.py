"""From rows of layers to objects: where each shape lies in its image, and what is known of its object."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, Feature
from napari_idr.model.drawn_geometry import drawn, redrawn
from napari_idr.model.shape_geometry import place

from .annotation_grid import Unplaceable, pixel_map
from .annotation_rows import Frame, kept_style, rows_of_points, rows_of_shapes
from .annotation_table import TableReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_idr.model.annotation import Shape

    from .annotation_grid import Grid, PixelMap
    from .annotation_rows import LayerRow
    from .annotation_table import Said


@dataclass(frozen=True, slots=True)
class PlacedShape:
    """One row of a layer as a shape of an image."""

    image: AnnotatedImage
    shape: Shape
    said: Said
    look: tuple[Feature, ...]
    layer: str
    level: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Something drawn that belongs to no single image or plane; it stays in its layer."""

    uuid: str
    layer: str
    what: str
    can_split: bool = False


def frame_of(pixels: PixelMap, grid: Grid) -> Frame:
    """Return what lengths of a layer are measured with."""
    return Frame(pixels.step, max(grid.sizes[-2:]))


def read_rows(
    layer: Any, grid: Grid, indices: Iterable[int], known: Mapping[str, AnnotatedObject]
) -> tuple[list[PlacedShape], list[Problem]]:
    """Return some rows of a Shapes or Points layer as shapes, and those that belong nowhere.

    Parameters
    ----------
    layer
        The layer.
    grid
        What it was drawn over.
    indices
        Of the rows.
    known
        Objects as they were; a shape that was not moved is returned as it was.
    """
    indices, table, pixels = list(indices), TableReader(layer.features), pixel_map(layer, grid)
    read = rows_of_points if hasattr(layer, "symbol") else rows_of_shapes
    name, level = named(layer), int(about(layer).get("level", 0))
    placed, problems = [], []
    for index, row in zip(indices, read(layer, indices, frame_of(pixels, grid)), strict=True):
        said = table.said(index)
        try:
            image, shape = place_row(row, said, pixels, grid, _shape_of(known.get(said.uuid), said.number))
        except Unplaceable as error:
            problems.append(Problem(said.uuid, name, error.what, error.can_split))
        else:
            placed.append(PlacedShape(image, shape, said, row.look, name, level))
    return placed, problems


def place_row(
    row: LayerRow, said: Said, pixels: PixelMap, grid: Grid, before: Shape | None = None
) -> tuple[AnnotatedImage, Shape]:
    """Return the image a row belongs to, and its shape there. Raises ``Unplaceable``."""
    where = pixels.to_grid(row.data)
    planes = planes_of(where[:, :-2], pixels.names[:-2], grid, said.every)
    for name in ("z", "t"):
        if name not in grid.names and before is not None:
            planes[name] = getattr(before, name)
    image, corners = grid.locate(where[:, -2:])
    if before is None:
        return image, drawn(row.outline, corners, style=row.style, z=planes["z"], t=planes["t"])
    style = kept_style(before.style, row.style, row.outline, frame_of(pixels, grid))
    shape = redrawn(before, row.outline, corners)
    if (shape.style, shape.z, shape.t) == (style, planes["z"], planes["t"]):
        return image, shape
    return image, replace(shape, style=style, z=planes["z"], t=planes["t"])


def planes_of(where: np.ndarray, names: Sequence[str], grid: Grid, every: Sequence[str]) -> dict[str, int | None]:
    """Return z and t of something drawn, None where it lies on all planes or the image has no such axis.

    Raises ``Unplaceable`` where its vertices lie on several planes, or outside of the image.
    """
    planes: dict[str, int | None] = {"z": None, "t": None}
    for name, places in zip(names, where.T, strict=True):
        if name not in planes or name in every:
            continue
        found = {int(plane) for plane in np.floor(places + 0.5)}
        if len(found) > 1:
            raise Unplaceable(f"It lies across {len(found)} planes along {name}", can_split=True)
        plane, size = found.pop(), grid.sizes[grid.names.index(name)]
        if not 0 <= plane < size:
            raise Unplaceable(f"It lies in a plane along {name} that the image does not have")
        planes[name] = plane
    return planes


def objects_of(
    placed: Iterable[PlacedShape], known: Mapping[str, AnnotatedObject]
) -> list[tuple[AnnotatedImage, AnnotatedObject]]:
    """Return the objects of shapes: those of one uuid are one, in the order of their numbers."""
    groups: dict[str, list[PlacedShape]] = {}
    for one in placed:
        groups.setdefault(one.said.uuid, []).append(one)
    return [(rows[0].image, _object_of(uuid, rows, known.get(uuid))) for uuid, rows in groups.items()]


def _object_of(uuid: str, rows: list[PlacedShape], before: AnnotatedObject | None) -> AnnotatedObject:
    by_number: dict[int, PlacedShape] = {}
    for row in rows:
        kept = by_number.get(row.said.number)
        if kept is None or (row.shape is not kept.shape and kept.shape == _shape_of(before, row.said.number)):
            by_number[row.said.number] = row  # of copies on several planes, the one that was edited
    ordered = [by_number[number] for number in sorted(by_number)]
    first = ordered[0]
    looks = [(f"{name}@{n}" if n else name, value) for n, row in enumerate(ordered) for name, value in row.look]
    base = before or AnnotatedObject(uuid=uuid, level=first.level)
    return replace(
        base,
        shapes=tuple(row.shape for row in ordered),
        layer=first.layer,
        look=tuple(looks),
        **said_of(first.said, before),
    )


def said_of(said: Said, before: AnnotatedObject | None) -> dict[str, Any]:
    """Return the fields of an object that its row of the table says."""
    return {
        "name": said.name,
        "object_class": said.object_class,
        "status": said.status,
        "comment": said.comment,
        "features": kept_features(said.features, () if before is None else before.features),
    }


def kept_features(found: Sequence[Feature], before: Sequence[Feature]) -> tuple[Feature, ...]:
    """Return the columns an object has a value in, in their order before; the table has them of all objects."""
    values = dict(found)
    ordered = dict.fromkeys((*(name for name, _ in before), *values))
    known = {name for name, _ in before}
    return tuple((name, values.get(name)) for name in ordered if name in known or values[name] is not None)


def about(layer: Any) -> dict[str, Any]:
    """Return what a layer of annotations says of itself; nothing for any other."""
    said = layer.metadata.get("napari_idr", {}).get("annotations", {})
    return said if isinstance(said, dict) else {}


def named(layer: Any) -> str:
    """Return the name of the layer that objects are said to belong to: several of napari's may show one."""
    said = about(layer)
    return str(said["layer"]) if said.get("named") == layer.name else str(layer.name)


def _shape_of(one: AnnotatedObject | None, number: int) -> Shape | None:
    return one.shapes[number] if one is not None and number < len(one.shapes) else None


def outline_of(shape: Shape) -> tuple[Any, np.ndarray]:
    """Return how to draw a shape, a path of two vertices as a path, and its corners as rows of y, x."""
    kind, corners = place(shape)
    return ("path" if kind == "line" and shape.kind == "Polyline" else kind), corners
