"""Starts drawing: on what, with which layer, and what has to be known of it first."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from napari_idr.errors import AddressError, Unsupported

from .annotation_grid import ImageGrid, grid_of_layer, image_layer
from .annotation_layers import color_next, new_layer, size_next
from .annotations import is_annotation, kind_of, take_layer
from .box_parts import levels_of
from .box_places import region_in_view
from .painting import make_paintable, new_labels, paint_box
from .plate_annotations import read_field_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .history import Annotations
    from .open_job import OpenJob
    from .viewer_session import ViewerSession

Kind = Literal["shapes", "points", "labels"]
NAMES: dict[Kind, str] = {"shapes": "regions", "points": "points", "labels": "labels"}
LINE, POINT = 2, 10
"""Of lines and points on the screen, in its pixels, at the zoom at which one begins to draw."""
MODES: dict[Kind, str] = {"shapes": "add_polygon", "points": "add", "labels": "paint"}


def target(layers: Sequence[Any], active: Any) -> Any | None:
    """Return the layer that would be drawn on: of the image of the active layer, else the topmost one that shows."""
    for layer in (active, *reversed(layers)):
        if layer is None or (layer is not active and not layer.visible):
            continue
        if can_draw_on(layer):
            return layer
        shown = image_layer(layer, layers) if is_annotation(layer) else None
        if shown is not None:
            return shown
    return None


def can_draw_on(layer: Any) -> bool:
    """Whether a layer shows an image or plate that can be annotated."""
    ours = layer.metadata.get("napari_idr", {})
    return hasattr(layer, "multiscale") and "axes" in ours and {"annotations", "rois", "wells"}.isdisjoint(ours)


def can_take(layer: Any) -> bool:
    """Whether a layer was made with napari's own buttons and could annotate an image."""
    return layer is not None and bool(kind_of(layer)) and "napari_idr" not in layer.metadata


def title_of(layer: Any) -> str:
    """Return what the image or plate of a layer is called."""
    ours = layer.metadata.get("napari_idr", {})
    return str(layer.name.rpartition(" · ")[0] or ours.get("name") or layer.name)


def prepare(owner: ViewerSession, over: Any) -> None:
    """Ask for what has to be known before somebody draws on a layer: of a plate, which images its fields are.

    May block. Raises errors of the family.
    """
    ours = over.metadata.get("napari_idr", {})
    for plate in list(owner.plates):
        theirs = plate.channels[0].metadata["napari_idr"] if plate.channels else {}
        if ours.get("kind") == "plate" and theirs.get("address") == ours.get("address") and plate.field_ids is None:
            fields = plate.mosaic.shape.plate.fields_per_well
            ids = read_field_ids(owner.session, plate.node, plate.reference.acquisition, fields) if plate.node else {}
            plate.field_ids = ids


def start(annotations: Annotations, viewer: Any, over: Any, kind: Kind) -> Any:
    """Add a layer to draw in over an image or plate, with the tool in hand. GUI thread only.

    Raises ``Unsupported`` where that cannot be drawn on (yet).
    """
    grid = grid_of_layer(over, annotations.layers, annotations.plates)
    level = int(over.metadata["napari_idr"].get("box", {}).get("level", getattr(over, "data_level", 0)))
    taken = {layer.name for layer in annotations.layers}
    name = next(name for number in range(1, len(taken) + 2) if (name := _numbered(NAMES[kind], number)) not in taken)
    if kind == "labels":
        if not isinstance(grid, ImageGrid):
            what = "Labels painted over a plate belong to no single image"
            raise Unsupported(what, title_of(over), "open the field you want to paint on")
        whole = image_layer(over, annotations.layers)
        if whole is None:
            raise Unsupported("Its image is not open any more", over.name, "open the image again")
        box = paint_box(grid.names, grid.sizes, grid.image.level_factors, _region(viewer, over))
        layer = new_labels(whole, grid, name, box)
    else:
        layer = new_layer(kind, over, grid, name, level=level)
        color = annotations.book.class_colors.get(annotations.book.active_class)
        if color is not None:
            color_next(layer, np.array(color) / 255)
        pixel = 1 / (viewer.scene.camera.zoom * float(np.mean(np.abs(layer.scale[-2:]))))
        size_next(layer, LINE * pixel, POINT * pixel)
    annotations.add_layer(layer)
    viewer.layers.selection.active = layer
    layer.mode = MODES[kind]
    return layer


def take(annotations: Annotations, layer: Any, over: Any) -> None:
    """Have a layer of the user's annotate an image. Raises ``Unsupported``."""
    take_layer(layer, over, annotations.layers, annotations.plates)
    annotations.watch(layer)


def paint_on_copy(owner: ViewerSession, labels: Any) -> OpenJob:
    """Load what is in view of a label image that a server holds, to paint in; returns at once.

    What is painted belongs to the whole: it is seen in its place when that is read.
    """
    job = owner.load_box([labels], _region(owner.viewer, labels), 0)

    def ended(done: Any) -> None:
        if done is not job:
            return
        owner.boxes.ended.disconnect(ended)
        for layer in job.layers if job.state == "done" else ():
            grid = grid_of_layer(layer, owner.annotations.layers, owner.plates)
            if isinstance(grid, ImageGrid):
                make_paintable(layer, grid)
                owner.annotations.watch(layer)
                layer.mode = "paint"

    if job.state == "running":
        owner.boxes.ended.connect(ended)
    return job


def _region(viewer: Any, over: Any) -> dict[str, slice]:
    """Return the part of an image that is meant: the box that was loaded of it, else what is in view.

    In 3-D, or where nothing of it is in view, it is all of it.
    """
    box = over.metadata["napari_idr"].get("box")
    if box is not None:
        return {name: slice(*ends) for name, ends in box["region"].items()}
    with suppress(AddressError):
        return region_in_view(viewer, over) if levels_of(over) else {}
    return {}


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name} {number}"
