"""What was painted in a Labels layer, as a change of its label image; values that are erased and painted again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_idr.model.annotation_set import LabelImage
from napari_idr.model.edits import LabelChange

from .annotation_grid import ImageGrid
from .annotation_labels import level_and_origin

if TYPE_CHECKING:
    from .layer_watch import LayerWatch

PaintedBox = tuple[slice, ...]
Places = tuple[np.ndarray, ...]
"""An index of pixels per axis."""


def label_change(
    watch: LayerWatch, box: PaintedBox | None, painted: np.ndarray | None = None
) -> tuple[LabelChange, ...]:
    """Return the change of the label image that a layer shows, in a box; none where nothing was painted.

    Parameters
    ----------
    watch
        Of the layer.
    box
        Which of its pixels.
    painted
        What they are after it, as they are now where it is None.

    Raises
    ------
    Unsupported
        The layer's pixels are those of no level of its image.
    """
    grid = watch.grid
    if box is None or not isinstance(grid, ImageGrid):
        return ()
    pixels = np.array(watch.layer.data[box]) if painted is None else painted
    level, origin = level_and_origin(watch.pixels, grid.image.level_factors, watch.layer.name)
    start = tuple(first + one.start for first, one in zip(origin, box, strict=True))
    image = LabelImage(name=watch.name, axes=watch.pixels.names, pixels=pixels, origin=start, level=level)
    return (LabelChange(grid.image, image),)


def box_of(places: Places) -> PaintedBox | None:
    """Return the box round pixels, None where there are none."""
    if not places[0].size:
        return None
    return tuple(slice(int(along.min()), int(along.max()) + 1) for along in places)


def erase(watch: LayerWatch, value: int) -> Places:
    """Paint over a value with background; return which pixels it had."""
    places = np.nonzero(np.asarray(watch.layer.data) == value)
    watch.layer.data_setitem(places, 0)
    return places


def paint_again(watch: LayerWatch, value: int, places: Places) -> Places:
    """Give pixels their value back, where they are background; return which."""
    free = np.asarray(watch.layer.data[places]) == 0
    back = tuple(along[free] for along in places)
    watch.layer.data_setitem(back, value)
    return back
