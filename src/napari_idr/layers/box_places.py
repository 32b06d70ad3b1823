"""Which part of an image is meant: what is in view, what a rectangle encloses, or all of it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.errors import AddressError

from .box_parts import levels_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.viewer import Viewer

Ends = dict[str, slice]
"""A region by names of axes, in pixels of the finest level, half-open."""


def region_in_view(viewer: Any, layer: Any) -> Ends:
    """Return what of a layer is in view, at the point where the sliders are. For two dimensions.

    Raises ``AddressError`` where nothing of it is in view, or the view is a grid or in three dimensions.
    """
    if viewer.dims.ndisplay != 2:
        raise AddressError("A view in 3-D has no edges", layer.name, "draw a rectangle in 2-D or take the whole image")
    if viewer.canvas.grid.enabled:
        raise AddressError("A grid has many views", layer.name, "leave the grid or take the whole image")
    height, width = viewer.canvas.size
    middle = np.asarray(viewer.scene.camera.center[-2:])
    half = np.array([height, width]) / (2 * viewer.scene.camera.zoom)
    return _region(viewer, layer, viewer.dims.displayed, np.array([middle - half, middle + half]))


def region_of_shapes(viewer: Any, layer: Any, shapes: Any) -> Ends:
    """Return what of a layer the selected shapes enclose (all shapes, where none is selected).

    Raises ``AddressError`` where there are no shapes, or nothing of the layer lies in them.
    """
    chosen = sorted(shapes.selected_data) or range(len(shapes.data))
    corners = [point for index in chosen for point in np.asarray(shapes.data[index])]
    if not corners:
        raise AddressError("There is no rectangle to load", shapes.name, "draw one first")
    world = np.array([shapes.data_to_world(point) for point in corners])
    ends = np.array([world.min(axis=0), world.max(axis=0)])
    offset = viewer.dims.ndim - shapes.ndim
    drawn = [axis for axis in range(shapes.ndim) if ends[0, axis] < ends[1, axis]]
    return _region(viewer, layer, [axis + offset for axis in drawn], ends[:, drawn])


def whole_region(viewer: Any, layer: Any) -> Ends:
    """Return all of a layer's y and x, at the point where the sliders are."""
    return _region(viewer, layer, (), np.zeros((2, 0)))


def rectangles(viewer: Viewer) -> list[Any]:
    """Return the layers of shapes that are shown and hold any, the active one first."""
    from napari.layers import Shapes

    active = viewer.layers.selection.active
    found = [layer for layer in viewer.layers if isinstance(layer, Shapes) and layer.visible and len(layer.data)]
    return sorted(found, key=lambda layer: layer is not active)


def depth_of(layer: Any) -> int:
    """Return how many z-planes a layer has."""
    return planes_of(layer, "z")


def planes_of(layer: Any, axis: str) -> int:
    """Return how many planes a layer has along an axis, 1 where it has no such axis."""
    names = tuple(layer.axis_labels)
    return int(levels_of(layer)[0].shape[names.index(axis)]) if axis in names else 1


def _region(viewer: Any, layer: Any, axes: Sequence[int], ends: np.ndarray) -> Ends:
    """Return a region of a layer from world coordinates along some of the viewer's axes.

    Along the others it is what the sliders point at for all but y, x and z, of which it is all.
    """
    offset = viewer.dims.ndim - layer.ndim
    point = np.asarray(viewer.dims.point, dtype=float)
    low, high = point.copy(), point.copy()
    low[list(axes)], high[list(axes)] = ends
    corners = np.array([layer.world_to_data(corner) for corner in _corners(low, high, axes)])
    region: Ends = {}
    for axis, (name, size) in enumerate(zip(layer.axis_labels, levels_of(layer)[0].shape, strict=False)):
        if axis + offset in axes:
            region[name] = _pixels(corners[:, axis].min(), corners[:, axis].max(), size, layer.name)
        elif name not in ("z", "y", "x") and axis + offset not in viewer.dims.displayed:
            at = int(np.clip(round(corners[0, axis]), 0, size - 1))
            region[name] = slice(at, at + 1)
    return region


def _corners(low: np.ndarray, high: np.ndarray, axes: Sequence[int]) -> list[np.ndarray]:
    """Return all corners of a box that is extended along some axes: a layer may be turned against it."""
    corners = []
    for is_high in product((False, True), repeat=len(axes)):
        corner = low.copy()
        for axis, far in zip(axes, is_high, strict=True):
            corner[axis] = high[axis] if far else low[axis]
        corners.append(corner)
    return corners


def _pixels(low: float, high: float, size: int, name: str) -> slice:
    """Return the pixels that a stretch touches; a pixel reaches half a pixel to both sides of its centre."""
    start, stop = max(0, int(np.floor(low + 0.5))), min(size, int(np.ceil(high + 0.5)))
    if start >= stop:
        raise AddressError("Nothing of it lies there", name, "move the view or the rectangle onto the image")
    return slice(start, stop)
