"""Labels to paint in: a new label image over what one looks at, or a copy of a part of one that a server holds."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.errors import Unsupported

from .annotation_labels import add_known_values, labels_metadata, place_of_level
from .box_parts import levels_of
from .images import NAME_LENGTH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .annotation_grid import ImageGrid

LARGEST = 1 << 28
"""Pixels of a label image to paint in: 512 MB, with napari's copy a gigabyte."""
LABEL_TYPE = np.uint16


@dataclass(frozen=True, slots=True)
class PaintBox:
    """Which pixels of which level are painted."""

    level: int
    origin: tuple[int, ...]
    shape: tuple[int, ...]


def paint_box(
    names: Sequence[str], sizes: Sequence[int], factors: Sequence[float], region: Mapping[str, slice]
) -> PaintBox:
    """Return the whole image at its finest level where that is not too much, else the region, as fine as it can be.

    Parameters
    ----------
    names, sizes
        Axes of the image and its pixels along them, at the finest level.
    factors
        Of its levels.
    region
        What is in view, in pixels of the finest level.

    Raises
    ------
    Unsupported
        Even the coarsest level of the region is too much.
    """
    whole = {name: slice(0, size) for name, size in zip(names, sizes, strict=True)}
    for level, factor in enumerate(factors):
        for part in (whole, {**whole, **region}) if level == 0 else ({**whole, **region},):
            steps = [factor if name in ("y", "x") else 1.0 for name in names]
            ends = [part[name] for name in names]
            origin = tuple(int(one.start // step) for one, step in zip(ends, steps, strict=True))
            stops = [-int(-one.stop // step) for one, step in zip(ends, steps, strict=True)]
            limits = [-int(-size // step) for size, step in zip(sizes, steps, strict=True)]
            shape = tuple(min(stop, top) - start for stop, top, start in zip(stops, limits, origin, strict=True))
            if prod(shape) <= LARGEST:
                return PaintBox(level, origin, shape)
    raise Unsupported("What is in view is too large to paint on", "", "zoom in")


def new_labels(over: Any, grid: ImageGrid, name: str, box: PaintBox) -> Any:
    """Return an empty Labels layer over some pixels of a level of an image."""
    from napari.layers import Labels

    options = place_of_level(over, grid.names, box.level, box.origin, grid)
    options["metadata"] = labels_metadata(over, grid, name, box.level)
    return Labels(np.zeros(box.shape, LABEL_TYPE), name=name[:NAME_LENGTH], **options)


def is_read_only(layer: Any) -> bool:
    """Whether a layer shows a label image that a server holds."""
    ours = layer.metadata.get("napari_idr", {})
    return bool(levels_of(layer)) and "label" in ours and ours.get("kind") != "plate" and not hasattr(layer, "gamma")


def make_paintable(copy: Any, grid: ImageGrid) -> None:
    """Have a box of a label image, loaded at level 0, be painted in: what is painted belongs to the whole."""
    name = str(copy.metadata["napari_idr"]["label"])
    box = copy.metadata["napari_idr"]["box"]
    said = labels_metadata(copy, grid, name, int(box["level"]), whole=name)
    said["napari_idr"]["annotations"]["named"] = copy.name
    said["napari_idr"]["box"] = box
    copy.metadata.update(said)
    add_known_values(copy)
