"""Which pixels a shape covers: those whose centre lies inside. Corners are rows of y, x; centres are whole numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .shape_geometry import PIXEL_CENTRE, linear, place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .annotation import Mask
    from .shape_geometry import Outline

AREAS = ("rectangle", "polygon", "ellipse")
"""Outlines that cover pixels; the others have no inside."""
SPAN_PIXELS = 1 << 22
"""Pixels that are written at a time."""


def cover(kind: Outline, corners: np.ndarray, shape: tuple[int, int]) -> tuple[int, int, np.ndarray]:
    """Return the pixels of a plane of ``shape`` that lie inside an outline: upper row, left column and a mask of them.

    Edges that cross themselves leave holes, by the even-odd rule. An outline outside the plane has an empty mask.
    """
    top, left, height, width = _window(corners, shape)
    if kind not in AREAS or height <= 0 or width <= 0:
        return top, left, np.zeros((0, 0), bool)
    inside = _in_ellipse if kind == "ellipse" else _in_polygon
    return top, left, inside(corners - (top, left), height, width)


def _window(corners: np.ndarray, shape: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return row, column, height and width of the pixels that an outline can reach."""
    limits = np.array(shape, float)
    first = np.ceil(np.clip(corners.min(axis=0), 0, limits))
    last = np.floor(np.clip(corners.max(axis=0), -1, limits - 1))
    (top, left), (height, width) = first.astype(int), (last - first + 1).astype(int)
    return int(top), int(left), int(height), int(width)


def _in_ellipse(corners: np.ndarray, height: int, width: int) -> np.ndarray:
    centre = corners.mean(axis=0)
    axes = np.array([corners[1] - corners[0], corners[3] - corners[0]]).T / 2
    rows, columns = np.arange(height) - centre[0], np.arange(width) - centre[1]
    inverse = np.linalg.inv(axes)
    along = inverse[0, 0] * rows[:, None] + inverse[0, 1] * columns
    across = inverse[1, 0] * rows[:, None] + inverse[1, 1] * columns
    inside: np.ndarray = along**2 + across**2 <= 1
    return inside


def _in_polygon(corners: np.ndarray, height: int, width: int) -> np.ndarray:
    """Toggle at every edge that a row crosses: what lies behind an odd number of edges is inside."""
    _, row, column = _crossings(corners, np.roll(corners, -1, axis=0), (height, width))
    toggles = np.zeros((height, width + 1), np.int32)
    np.add.at(toggles, (row, column), 1)
    inside: np.ndarray = np.cumsum(toggles[:, :width], axis=1) % 2 == 1
    return inside


def _crossings(start: np.ndarray, end: np.ndarray, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return edge, row and first column behind it of each place where an edge crosses the middle of a row."""
    height, width = shape
    (ya, xa), (yb, xb) = start.T, end.T
    first = np.clip(np.ceil(np.minimum(ya, yb)), 0, height).astype(int)
    stop = np.clip(np.ceil(np.maximum(ya, yb)), 0, height).astype(int)
    counts = stop - first
    edge = np.repeat(np.arange(len(start)), counts)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
    crossing = xa[edge] + (row - ya[edge]) * (xb[edge] - xa[edge]) / (yb[edge] - ya[edge])
    return edge, row, np.clip(np.ceil(crossing), 0, width).astype(int)


def fill_polygons(outlines: Sequence[np.ndarray], values: Sequence[int], picture: np.ndarray) -> None:
    """Write a value into the pixels of a picture that each of many polygons covers, the later over the earlier.

    The same pixels as ``cover`` gives, at a hundredth of its time where the polygons are many and small.
    """
    lengths = np.array([len(outline) for outline in outlines])
    start = np.concatenate(outlines)
    following = np.arange(1, len(start) + 1)
    following[np.cumsum(lengths) - 1] = np.cumsum(lengths) - lengths
    edge, row, column = _crossings(start, start[following], picture.shape)
    owner = np.repeat(np.arange(len(outlines)), lengths)[edge]
    order = np.lexsort((column, row, owner))
    # Every row crosses a closed outline an even number of times: from one crossing to the next it is inside.
    entering, leaving = order[0::2], order[1::2]
    counts = column[leaving] - column[entering]
    offset = row[entering] * picture.shape[1] + column[entering]
    chosen = np.asarray(values)[owner[entering]]
    flat = picture.reshape(-1)
    for part in np.array_split(np.arange(len(counts)), 1 + int(counts.sum()) // SPAN_PIXELS):
        number = counts[part]
        steps = np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number)
        flat[np.repeat(offset[part], number) + steps] = np.repeat(chosen[part], number)


def cover_mask(mask: Mask, pixels: np.ndarray, shape: tuple[int, int]) -> tuple[int, int, np.ndarray]:
    """Return the pixels of a plane that a mask marks, as ``cover`` does: each takes the mask's pixel it lies in.

    Parameters
    ----------
    mask
        Where it lies; its transform is applied.
    pixels
        Its (height, width) pixels.
    shape
        Of the plane.
    """
    _, corners = place(mask)
    top, left, height, width = _window(corners, shape)
    affine = np.eye(2) if mask.transform is None else linear(mask.transform)
    if height <= 0 or width <= 0 or abs(np.linalg.det(affine)) < 1e-12:
        return top, left, np.zeros((0, 0), bool)
    shift = np.zeros(2) if mask.transform is None else np.array([mask.transform.a02, mask.transform.a12])
    x = np.arange(left, left + width) + PIXEL_CENTRE - shift[0]
    y = (np.arange(top, top + height) + PIXEL_CENTRE - shift[1])[:, None]
    inverse = np.linalg.inv(affine)
    column = (inverse[0, 0] * x + inverse[0, 1] * y - mask.x) * (pixels.shape[1] / mask.width)
    row = (inverse[1, 0] * x + inverse[1, 1] * y - mask.y) * (pixels.shape[0] / mask.height)
    inside = (row >= 0) & (column >= 0) & (row < pixels.shape[0]) & (column < pixels.shape[1])
    marked = np.zeros((height, width), bool)
    marked[inside] = pixels[row[inside].astype(int), column[inside].astype(int)]
    return top, left, marked
