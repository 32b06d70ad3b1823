"""Which objects are selected on the canvas; selects others, and shows where one lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.model.shape_geometry import place

from .annotation_grid import Unplaceable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .annotation_book import Held
    from .history import Annotations
    from .layer_watch import LayerWatch

ROOM = 2.5
"""How much wider than the object what is shown of its surroundings is, at least ..."""
LEAST = 64
"""... and pixels that are shown at least."""


def selected(annotations: Annotations) -> tuple[str, ...]:
    """Return the uuids of the objects that are selected in the layers, in the order of layers and rows."""
    found: dict[str, None] = {}
    for watch in annotations.book.watches:
        if watch.is_vector:
            rows = sorted(int(row) for row in watch.layer.selected_data)
            found.update(dict.fromkeys(watch.owners[row] for row in rows if row < len(watch.owners)))
    return tuple(uuid for uuid in found if uuid in annotations.book.held)


def select(annotations: Annotations, viewer: Any, uuids: Iterable[str]) -> None:
    """Select objects on the canvas, and nothing else; the layer of the first becomes the active one."""
    wanted = list(uuids)
    active = None
    for watch in annotations.book.watches:
        rows = {row for uuid in wanted for row in watch.rows.get(uuid, ())}
        if rows and active is None:
            active = watch
        if watch.is_vector and set(watch.layer.selected_data) != rows:
            watch.layer.selected_data = rows
        elif watch.kind == "labels" and rows:
            held = annotations.book.held[next(uuid for uuid in wanted if uuid in watch.rows)]
            if held.one.label is not None:
                watch.layer.selected_label = held.one.label.value
    if active is not None and viewer is not None and viewer.layers.selection.active is not active.layer:
        viewer.layers.selection.active = active.layer
    if active is not None and active.is_vector:
        active.layer.refresh()


def go_to(annotations: Annotations, viewer: Any, uuid: str) -> None:
    """Move sliders and camera to where an object lies."""
    watch = next(iter(annotations.book.watches_of(uuid)), None)
    held = annotations.book.held.get(uuid)
    if watch is None or held is None or viewer is None:
        return
    corners = _extent(watch, held, viewer)
    if corners is None:
        return
    first, last = corners
    names = watch.pixels.names
    world = np.array([watch.layer.data_to_world(point) for point in watch.pixels.to_layer(np.array([first, last]))])
    offset = viewer.dims.ndim - world.shape[1]
    for axis in range(len(names) - 2):
        viewer.dims.set_point(axis + offset, world[0, axis])
    look_at(viewer, world[:, -2:])


def _extent(watch: LayerWatch, held: Held, viewer: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the first and last pixel of an object on its grid, along the axes of its layer."""
    one, names = held.one, watch.pixels.names
    if one.label is not None:
        places = np.argwhere(np.asarray(watch.layer.data) == one.label.value)
        if not len(places):
            return None
        ends = watch.pixels.to_grid(np.array([places.min(axis=0), places.max(axis=0)]))
        return ends[0], ends[1]
    try:
        corners = watch.grid.spread(held.image, np.vstack([place(shape)[1] for shape in one.shapes]))
    except Unplaceable:
        return None
    planes = [getattr(one.shapes[0], name, None) for name in names[:-2]]
    now = watch.pixels.to_grid(np.array([watch.layer.world_to_data(viewer.dims.point)]))[0]
    placed = [now[axis] if plane is None else plane for axis, plane in enumerate(planes)]
    return np.array([*placed, *corners.min(axis=0)]), np.array([*placed, *corners.max(axis=0)])


def look_at(viewer: Any, ends: np.ndarray) -> None:
    """Centre a box of the world, and zoom so that it and its surroundings fill the canvas."""
    camera = viewer.scene.camera
    camera.center = (*camera.center[:-2], *ends.mean(axis=0))
    extent = np.abs(ends[1] - ends[0]) * ROOM
    step = np.min(np.abs(np.asarray(viewer.layers[0].scale[-2:]))) if len(viewer.layers) else 1.0
    room = np.maximum(extent, LEAST * step)
    camera.zoom = float(np.min(np.asarray(viewer.canvas.size) / room))
