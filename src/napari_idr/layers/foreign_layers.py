"""Layers that nobody told us the image of: on which image they lie as napari shows them, and the grid of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.errors import Unsupported
from napari_idr.model.annotation_set import AnnotatedImage

from . import napari_seam as seam
from .annotated_images import name_in_path, sizes_of, spacing_of
from .annotation_grid import ImageGrid, grid_of_layer, image_layer, world_matrix
from .annotations import is_annotation, kind_of
from .drawing import target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .annotation_grid import Grid

AXES = ("t", "z", "y", "x")
TRACKED = ("z", "t", "y", "x")
"""Axes that tracks without names have, the last ones: time comes first."""


def grid_below(
    layer: Any, layers: Sequence[Any], plates: Sequence[Any], beside: Sequence[Any] = ()
) -> tuple[Grid, str]:
    """Return the grid that a layer is drawn on, and what to say of it: "" where the layer itself says it.

    Parameters
    ----------
    layer
        Shapes, points, labels or tracks.
    layers, plates
        All of the viewer's: of a layer that says nothing, it is the topmost image of ours that shows; else the topmost
        that napari shows.
    beside
        Layers saved with it: where no image shows, the pixels are those of the first labels among them, or its own.

    Raises
    ------
    Unsupported
        The image that it says it lies on is not open any more, or its axes are not t, z, y, x.
    """
    if "napari_idr" in layer.metadata:
        over = layer if is_annotation(layer) else image_layer(layer, layers) or layer
        return grid_of_layer(over, layers, plates), ""
    over = target(layers, None)
    if over is not None:
        grid = grid_of_layer(over, layers, plates)
        return grid, f"{layer.name} is saved as drawn on {over.metadata['napari_idr'].get('name') or over.name}."
    shown = [one for one in reversed(layers) if one.visible and seam.type_of(one) == "image"]
    if shown:
        return _grid_of(shown[0], _file_of(shown[0])), f"{layer.name} is saved as drawn on {shown[0].name}."
    labels = [one for one in beside if kind_of(one) == "labels"]
    own = (labels or [layer])[0]
    return _grid_of(own, ""), f"{layer.name} lies on no image that is open: it is saved in pixels of {own.name}."


def _file_of(layer: Any) -> str:
    """Return what an image of napari's own is called: its file's name, no path of a machine."""
    return name_in_path(layer.source.path or layer.name)


def _grid_of(layer: Any, address: str) -> ImageGrid:
    """Return the pixels of any layer as a grid; without an address they are those of no image in particular."""
    kind = seam.type_of(layer)
    names = _names(layer, kind)
    has_pixels = kind in ("image", "labels")
    sizes = _pixels(layer).shape[: layer.ndim] if has_pixels else _extent(layer)
    units = dict(zip(names, (str(unit) for unit in layer.units), strict=True))
    image = AnnotatedImage(
        address=address,
        name=layer.name if address else "",
        **sizes_of(names, sizes if has_pixels else [0 if name in "yx" else 1 for name in names]),
        dtype=str(_pixels(layer).dtype) if kind == "image" else "",
        spacing=spacing_of(names, [float(step) for step in layer.scale], units) if has_pixels else (),
    )
    return ImageGrid(image, names, tuple(int(size) for size in sizes), world_matrix(layer))


def _names(layer: Any, kind: str) -> tuple[str, ...]:
    """Return the axes of a layer: as it names them, where it does, else the last ones of t, z, y, x."""
    stated = tuple(layer.axis_labels)
    if stated[-2:] == ("y", "x") and set(stated) <= {*AXES, "c"}:
        return stated
    known = TRACKED if kind == "tracks" and layer.ndim == 3 else AXES
    if layer.ndim > len(known):
        raise Unsupported("Its axes have no names", layer.name, "name them t, z, y, x and c in the layer")
    return tuple(known[-layer.ndim :])


def _pixels(layer: Any) -> Any:
    return layer.data[0] if layer.multiscale else layer.data


def _extent(layer: Any) -> tuple[int, ...]:
    """Return how many pixels reach over all that a layer holds, along each axis."""
    ends = np.nan_to_num(np.asarray(layer.extent.data)[1])
    return tuple(max(1, int(end) + 1) for end in ends)
