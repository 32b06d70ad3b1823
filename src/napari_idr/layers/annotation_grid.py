"""Where the pixels of an image lie in the world, and to which image something belongs that was drawn there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from napari_idr.errors import Unsupported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.annotation_set import AnnotatedImage

    from .plate_annotations import PlateGrid

EDGE = 1e-3
"""Pixels by which something may reach over the edge of its image and still counts as inside."""


class Unplaceable(Exception):
    """Something drawn that belongs to no single image or plane; never leaves ``layers``.

    Parameters
    ----------
    what
        One sentence.
    can_split
        Whether it can be cut into pieces that each belong to one.
    """

    def __init__(self, what: str, *, can_split: bool = False) -> None:
        super().__init__(what)
        self.what, self.can_split = what, can_split


class Grid(Protocol):
    """The pixel grid that annotations are drawn over: that of an image, or of a plate's canvas."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the axes, y and x last."""
        ...

    @property
    def sizes(self) -> tuple[int, ...]:
        """Pixels along them."""
        ...

    @property
    def world(self) -> np.ndarray:
        """(n + 1, n + 1) affine map from pixels to the world."""
        ...

    def locate(self, corners: np.ndarray) -> tuple[AnnotatedImage, np.ndarray]:
        """Return to which image corners (rows of y, x on the grid) belong, and where they lie in its pixels.

        Raises ``Unplaceable``.
        """
        ...

    def spread(self, image: AnnotatedImage, corners: np.ndarray) -> np.ndarray:
        """Return where corners in an image's pixels lie on the grid. Raises ``Unplaceable`` for another image."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class ImageGrid:
    """The pixels of the finest level of one image; centres are whole numbers."""

    image: AnnotatedImage
    names: tuple[str, ...]
    """Of the axes, y and x last."""
    sizes: tuple[int, ...]
    world: np.ndarray
    """(n + 1, n + 1) affine map from pixels to the world."""

    def locate(self, corners: np.ndarray) -> tuple[AnnotatedImage, np.ndarray]:
        """Everything belongs to the one image, also what reaches over its edge."""
        return self.image, corners

    def spread(self, image: AnnotatedImage, corners: np.ndarray) -> np.ndarray:
        """Return corners as they are."""
        if image.key != self.image.key:
            raise Unplaceable(f"{image.name} is another image")
        return corners


def world_matrix(layer: Any) -> np.ndarray:
    """Return the (ndim + 1, ndim + 1) affine map from a layer's coordinates to the world."""
    origin = np.asarray(layer.data_to_world(np.zeros(layer.ndim)), float)
    steps = [np.asarray(layer.data_to_world(unit), float) - origin for unit in np.eye(layer.ndim)]
    matrix = np.eye(layer.ndim + 1)
    matrix[:-1, :-1], matrix[:-1, -1] = np.array(steps).T, origin
    return matrix


def grid_of_layer(layer: Any, layers: Sequence[Any] = (), plates: Sequence[Any] = ()) -> ImageGrid | PlateGrid:
    """Return the grid of the image or plate that a layer of ours shows.

    Parameters
    ----------
    layer
        Shows an image or plate, is a box of one, or was drawn over one.
    layers
        Of the viewer: where the image lies now is asked of its own layer, if that is among them.
    plates
        ``ShownPlate`` of the viewer.

    Raises
    ------
    Unsupported
        The layer is tied to no image, or its plate is closed.
    """
    ours = layer.metadata.get("napari_idr", {})
    if ours.get("kind") == "plate":
        from .plate_annotations import plate_grid

        return plate_grid(layer, plates)
    from .annotated_images import image_of_layer

    image, shown = image_of_layer(layer), image_layer(layer, layers)
    if shown is not None:
        names, matrix = tuple(shown.axis_labels), world_matrix(shown)
        image = image_of_layer(shown)
    elif "grid" in ours:
        names, matrix = tuple(ours["grid"]["axes"]), np.array(ours["grid"]["world"], float)
    else:
        raise Unsupported("Its image is not open any more", layer.name, "open the image again")
    sizes = dict(zip(ours["axes"], ours["size"], strict=True))
    if names[-2:] != ("y", "x") or not set(names) <= set(sizes):
        raise Unsupported("The last axes of the image are not y and x", layer.name, "choose another image")
    return ImageGrid(image, names, tuple(int(sizes[name]) for name in names), matrix)


def image_layer(layer: Any, layers: Sequence[Any]) -> Any | None:
    """Return the layer of the whole image that a layer belongs to: itself, or one among ``layers``."""
    ours = layer.metadata.get("napari_idr", {})
    same = [one for one in (layer, *layers) if _shows_whole(one) and _tie(one) == _tie(layer)]
    named = [one for one in same if one.metadata["napari_idr"].get("channel") == ours.get("channel")]
    return next(iter(named or same), None)


def grid_as_json(grid: Grid) -> dict[str, Any]:
    """Return what a layer keeps of where its image lies, for when that is closed."""
    return {"axes": list(grid.names), "world": grid.world.tolist()}


def _shows_whole(layer: Any) -> bool:
    ours = layer.metadata.get("napari_idr", {})
    return hasattr(layer, "multiscale") and {"box", "annotations", "rois", "label"}.isdisjoint(ours) and "axes" in ours


def _tie(layer: Any) -> tuple[Any, ...]:
    ours = layer.metadata.get("napari_idr", {})
    return tuple(ours.get(name) for name in ("kind", "address", "source", "acquisition"))


SAME = 1e-9
"""By how much a map may differ from none at all and is left out, so that numbers stay what they are."""


@dataclass(frozen=True, slots=True, eq=False)
class PixelMap:
    """From a drawn layer's coordinates to a grid's pixels along the axes that both have, and back."""

    names: tuple[str, ...]
    """Axes of the result; what the layer lacks of the grid's axes is missing."""
    matrix: np.ndarray
    offset: np.ndarray
    lacks: tuple[str, ...]
    """Axes of the grid that the layer lies over all planes of."""

    def to_grid(self, data: np.ndarray) -> np.ndarray:
        """Return (n, k) pixels of (n, ndim) coordinates."""
        pixels: np.ndarray = np.asarray(data, float) @ self.matrix.T + self.offset
        return pixels

    def to_layer(self, pixels: np.ndarray) -> np.ndarray:
        """Return (n, ndim) coordinates of (n, k) pixels; further axes of the layer are where the grid begins."""
        inverse = np.linalg.pinv(self.matrix)
        data: np.ndarray = (np.asarray(pixels, float) - self.offset) @ inverse.T
        return data

    @property
    def step(self) -> float:
        """Pixels of the image that one step of the layer covers in the plane, on average."""
        return float(abs(np.linalg.det(self.matrix[-2:, -2:])) ** 0.5)


def pixel_map(layer: Any, grid: Grid) -> PixelMap:
    """Return how the coordinates of a layer lie on a grid."""
    return map_to(layer, grid.names, grid.world)


def map_to(layer: Any, names: Sequence[str], world: np.ndarray) -> PixelMap:
    """Return how the coordinates of a layer lie on pixels; napari lays the last axes of layers on one another.

    ``names`` are those of the pixels' axes, ``world`` is their affine map to the world.
    """
    own, count = world_matrix(layer), len(names)
    kept = min(layer.ndim, count)
    drawn = np.column_stack([own[-1 - kept : -1, :-1], own[-1 - kept : -1, -1]])
    places = world[count - kept : count, count - kept : count]
    inverse = np.linalg.inv(places)
    matrix, offset = inverse @ drawn[:, :-1], inverse @ (drawn[:, -1] - world[count - kept : count, -1])
    same = np.eye(layer.ndim)[-kept:]
    if max(np.abs(matrix - same).max(), np.abs(offset).max()) < SAME:
        matrix, offset = same, np.zeros(kept)
    return PixelMap(tuple(names[count - kept :]), matrix, offset, tuple(names[: count - kept]))
