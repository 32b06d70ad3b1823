"""From the coordinates of one layer to the pixels of another that lies in the same place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari.layers import Layer

SAME = 1e-9
"""By how much a map may differ from none at all and is left out, so that numbers stay what they are."""


class PixelMap:
    """Maps points of a layer to pixels of the finest level of an image's layer; pixel centres are whole numbers.

    Axes correspond from the last on, as napari has it; a layer may lack the first ones, or have more of them.

    Parameters
    ----------
    layer
        Where the points are.
    image
        Whose pixels are wanted.
    """

    def __init__(self, layer: Layer, image: Layer) -> None:
        self._count = min(layer.ndim, image.ndim)
        start, *ends = (self._one(layer, image, point) for point in _corner_points(layer.ndim))
        matrix = np.array([end - start for end in ends]).T
        self._matrix, self._offset = matrix, start
        shared = np.eye(layer.ndim)[-self._count :]
        self._is_same = bool(np.abs(matrix - shared).max() < SAME and np.abs(start).max() < SAME)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Return the (n, axes that both layers have) pixels of (n, axes) points."""
        if self._is_same:
            return points[:, -self._count :]
        mapped: np.ndarray = points @ self._matrix.T + self._offset
        return mapped

    def _one(self, layer: Layer, image: Layer, point: np.ndarray) -> np.ndarray:
        world = np.zeros(max(layer.ndim, image.ndim))
        world[-layer.ndim :] = layer.data_to_world(point)
        return np.asarray(image.world_to_data(world[-image.ndim :]), float)[-self._count :]


def _corner_points(count: int) -> np.ndarray:
    """Return the origin and the ends of the unit vectors."""
    return np.vstack([np.zeros(count), np.eye(count)])
