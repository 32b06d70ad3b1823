"""Shapes as rows: each with its place in the axes of an image, and in which layer it goes. Pure.

A shape without z or t belongs to every plane. Its layer then lacks that axis where the axis comes first, as napari
lays a layer of fewer axes over all planes; along an axis between others the shape is repeated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from napari_idr.errors import Unsupported
from napari_idr.model.annotation import Mask, Roi, Shape
from napari_idr.model.shape_geometry import place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari.layers import Layer

    from napari_idr.model.shape_geometry import Outline

FARTHEST = 4
"""A shape that reaches this many times the image's longer side from its corner would make the image a speck."""
NO_IMAGES = frozenset({"rois", "label", "box", "annotations"})
"""What only the metadata of our other layers hold: their grid is not the image's."""
LayerKind = Literal["shapes", "points", "masks"]


@dataclass(frozen=True, slots=True)
class Frame:
    """The pixel grid of an image: where its ROIs lie in space."""

    names: tuple[str, ...]
    """Of the axes a layer of the image has, in order."""
    sizes: tuple[int, ...]
    scale: tuple[float, ...]
    translate: tuple[float, ...]
    units: tuple[str, ...]

    @classmethod
    def of_layer(cls, layer: Layer) -> Frame:
        """Return the grid of a layer that we made of an image. Raises ``Unsupported`` for any other."""
        ours = layer.metadata.get("napari_idr", {})
        if ours.get("kind") == "plate" or not NO_IMAGES.isdisjoint(ours) or not {"axes", "size"} <= set(ours):
            what = "ROIs belong to the layer of one image"
            raise Unsupported(what, layer.name, "choose a channel of an image, or open one field of a well")
        sizes = dict(zip(ours["axes"], ours["size"], strict=True))
        names = tuple(layer.axis_labels)
        if names[-2:] != ("y", "x") or not set(names) <= set(sizes):
            raise Unsupported("The last axes of the image are not y and x", layer.name, "choose another image")
        units = tuple(str(unit) for unit in layer.units)
        return cls(names, tuple(sizes[name] for name in names), tuple(layer.scale), tuple(layer.translate), units)

    def size(self, name: str) -> int:
        """Return the extent along an axis, 1 where the image does not have it."""
        return self.sizes[self.names.index(name)] if name in self.names else 1

    @property
    def plane(self) -> tuple[int, int]:
        """Height and width."""
        return self.size("y"), self.size("x")

    def kept(self, names: Sequence[str]) -> Frame:
        """Return the grid of some of the axes, in this order."""
        at = [self.names.index(name) for name in names]
        parts = ((part[index] for index in at) for part in (self.sizes, self.scale, self.translate, self.units))
        return Frame(tuple(names), *(tuple(part) for part in parts))  # type: ignore[arg-type]

    def options(self) -> dict[str, Any]:
        """Return what napari is told of where a layer lies."""
        return {"scale": self.scale, "translate": self.translate, "units": self.units, "axis_labels": self.names}


@dataclass(frozen=True, slots=True)
class Row:
    """One shape: whose it is, how it is drawn, and its corners in rows of y, x."""

    roi: Roi
    shape: Shape
    outline: Outline
    corners: np.ndarray

    @property
    def layer_kind(self) -> LayerKind:
        """Kind of the layer that shows it."""
        if isinstance(self.shape, Mask) and self.shape.bits is not None:
            return "masks"
        return "points" if self.outline == "point" else "shapes"

    def index(self, name: str) -> int | None:
        """Return where it lies along an axis, None where it is everywhere."""
        return {"z": self.shape.z, "t": self.shape.t}.get(name)

    def without_pixels(self) -> Row:
        """Return the row of a mask as that of its box."""
        return replace(self, shape=replace(self.shape, bits=None)) if isinstance(self.shape, Mask) else self


def place_rows(rois: Iterable[Roi], frame: Frame) -> tuple[list[Row], list[str]]:
    """Return a row for each shape that belongs to an image, and sentences about those that do not."""
    rows = [Row(roi, shape, *place(shape)) for roi in rois for shape in roi.shapes]
    inside = [row for row in rows if (row.shape.z or 0) < frame.size("z") and (row.shape.t or 0) < frame.size("t")]
    farthest = FARTHEST * max(frame.plane)
    first, last = bounds(inside)
    is_near = (np.maximum(-first, last) <= farthest).all(axis=1)
    near = [row for row, is_one in zip(inside, is_near, strict=True) if is_one]
    counts = {"they are in planes that the image does not have": len(rows) - len(inside)}
    counts["they lie far outside of the image"] = len(inside) - len(near)
    return near, [f"{count} shapes were left out: {why}." for why, count in counts.items() if count]


def bounds(rows: Sequence[Row]) -> tuple[np.ndarray, np.ndarray]:
    """Return (n, 2) y and x of the first and of the last corner of each row: all at once, as they may be many."""
    if not rows:
        return np.zeros((0, 2)), np.zeros((0, 2))
    lengths = np.array([len(row.corners) for row in rows])
    corners, starts = np.concatenate([row.corners for row in rows]), np.cumsum(lengths) - lengths
    return np.minimum.reduceat(corners, starts), np.maximum.reduceat(corners, starts)


def rows_of_plane(rows: Iterable[Row], z: int, t: int) -> list[Row]:
    """Return the rows that are seen in one plane."""
    return [row for row in rows if row.shape.z in (None, z) and row.shape.t in (None, t)]


def axes_needed(row: Row, frame: Frame) -> tuple[str, ...]:
    """Return the axes that the layer of a row has: those from the first on along which it has a place."""
    placed = [name in ("y", "x") or row.index(name) is not None for name in frame.names]
    return frame.names[placed.index(True) :]


def copies(row: Row, frame: Frame) -> list[np.ndarray]:
    """Return the corners of a row in all axes of a grid: once, or once per plane along axes it has no place on."""
    count = len(row.corners)
    return [np.hstack([np.tile(np.array(plane, float), (count, 1)), row.corners]) for plane in planes(row, frame)]


def planes(row: Row, frame: Frame) -> list[tuple[int, ...]]:
    """Return the index of each plane of a grid in which a row is, along all axes but y and x."""
    places = [(row.index(name), size) for name, size in zip(frame.names[:-2], frame.sizes[:-2], strict=True)]
    return list(product(*(range(size) if at is None else (at,) for at, size in places)))
