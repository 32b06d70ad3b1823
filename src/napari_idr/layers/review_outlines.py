"""Outlines of all objects of one image as short lines: nothing in them can be moved or deleted by mistake.

The object that is looked at is bright, the others are dimmed. What an object counts as is seen in the colour and in the
way its line is broken.
"""

from __future__ import annotations

from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.model.shape_geometry import ellipse_outline, place

from .annotation_layers import place_over

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_idr.model.annotation import Shape
    from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet, LabelImage

STATUS_COLORS = {"accepted": "#0072B2", "rejected": "#D55E00", "flagged": "#E69F00", "unreviewed": "#BBBBBB"}
"""Okabe and Ito's, which people tell apart who see colours differently."""
PIECES = 4
"""Of each side, so that a line can be broken."""
BROKEN = {"accepted": (1, 1, 1, 1), "rejected": (1, 1, 0, 0), "flagged": (1, 0, 1, 0), "unreviewed": (1, 1, 1, 1)}
"""Which pieces are drawn: all, dashes, dots."""
DIMMED = 0.4
ROUND = 24
"""Sides of the outline of an ellipse."""
MOST_PLANES = 64
"""Planes in which an object is drawn that lies on all of them."""
MOST_SIDES = 100_000
"""Sides of label outlines in one image; more are drawn coarser."""


class ImageOutlines:
    """The sides of all objects of one image, found when they are first asked for. May be asked in a worker.

    Parameters
    ----------
    state
        The objects, and the label images they are in.
    wanted
        Uuids of those that may be drawn.
    names, sizes
        Axes of the image, y and x last, and its pixels along them.
    """

    def __init__(self, state: AnnotationSet, wanted: Iterable[str], names: Sequence[str], sizes: Sequence[int]) -> None:
        self.names, self.sizes = tuple(names), tuple(sizes)
        objects = state.by_uuid()
        self._objects = {uuid: objects[uuid] for uuid in wanted if uuid in objects}
        self._labels = {image.name: _LabelOutlines(image, state, names) for image in state.labels}
        self._lines: dict[str, np.ndarray] = {}

    def __contains__(self, uuid: str) -> bool:
        return uuid in self._objects

    def __len__(self) -> int:
        return len(self._objects)

    def lines(self, uuid: str) -> np.ndarray:
        """Return (n, 2, axes) first and last corner of each side of an object, in every plane it lies on."""
        known = self._lines.get(uuid)
        if known is None:
            known = _lines_of(self._objects[uuid], self.names, self.sizes, self._labels)
            self._lines[uuid] = known
        return known

    def warm_up(self) -> None:
        """Find the sides of all objects now. In a worker."""
        for uuid in self._objects:
            self.lines(uuid)

    def ends(self, uuid: str) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the first and last corner of an object along all axes; None where it has no place."""
        lines = self.lines(uuid) if uuid in self else None
        if lines is None or not len(lines):
            return None
        return lines.min(axis=(0, 1)), lines.max(axis=(0, 1))

    def near(self, uuid: str, count: int) -> list[str]:
        """Return at most so many objects: those whose middle is nearest to that of one, in the plane; itself first."""
        if len(self) <= count:
            return list(self._objects)
        middles = self._middles
        here = middles.get(uuid)
        if here is None:
            return list(self._objects)[:count]
        away = np.square(np.array(list(middles.values())) - here).sum(axis=1)
        every = list(middles)
        return [every[index] for index in np.argsort(away, kind="stable")[:count]]

    @cached_property
    def _middles(self) -> dict[str, np.ndarray]:
        found = {uuid: self.ends(uuid) for uuid in self._objects}
        return {uuid: (ends[0] + ends[1])[-2:] / 2 for uuid, ends in found.items() if ends is not None}


class Outlines:
    """Outlines of some of an image's objects, ready to be drawn."""

    def __init__(self, known: ImageOutlines, wanted: Iterable[str]) -> None:
        self.names = known.names
        self.rows: dict[str, slice] = {}
        parts, start = [], 0
        for uuid in wanted:
            if uuid not in known:
                continue
            parts.append(_broken(known.lines(uuid)))
            self.rows[uuid] = slice(start, start + len(parts[-1]))
            start += len(parts[-1])
        self.vectors = np.concatenate(parts) if parts else np.zeros((0, 2, len(self.names)))
        """(n, 2, axes): where each piece begins, and where it goes from there, in pixels of the image."""
        self.colors = np.zeros((len(self.vectors), 4), np.float32)

    def planes(self, uuid: str) -> set[tuple[int, ...]]:
        """Return the planes in which an object is drawn, as indices along the axes before y and x."""
        rows = self.rows.get(uuid)
        found = np.unique(self.vectors[rows, 0, :-2], axis=0) if rows is not None else np.zeros((0, 0))
        return {tuple(int(index) for index in plane) for plane in found}

    def color(self, uuid: str, status: str, *, is_current: bool) -> None:
        """Give an object the colour and line of what it counts as."""
        rows = self.rows.get(uuid)
        if rows is None:
            return
        count = (rows.stop - rows.start) // PIECES
        ink = STATUS_COLORS.get(status, STATUS_COLORS["unreviewed"])
        rgb = [int(ink[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        alpha = np.tile(np.array(BROKEN.get(status, (1, 1, 1, 1)), np.float32), count)
        self.colors[rows, :3] = rgb
        self.colors[rows, 3] = alpha * (1.0 if is_current else DIMMED)

    def layer(self, over: Any, name: str, width: float) -> Any:
        """Return the layer that draws them over an image. GUI thread only."""
        from napari.layers import Vectors

        return Vectors(
            self._drawn()[0],
            edge_color=self._drawn()[1],
            edge_width=width,
            vector_style="line",
            name=name,
            opacity=1.0,
            **place_over(over, self.names),
        )

    def put_into(self, layer: Any, over: Any) -> bool:
        """Have a layer that drew others draw these; return whether it can. GUI thread only.

        Its refreshing is held back by the caller, who draws it afterwards.
        """
        if layer.ndim != len(self.names) or tuple(layer.axis_labels) != self.names:
            return False
        place = place_over(over, self.names)
        layer.data, layer.edge_color = self._drawn()
        for name in ("scale", "translate", "rotate", "affine", "units"):
            now = getattr(layer, name)
            if not np.array_equal(getattr(now, "affine_matrix", now), place[name]):
                setattr(layer, name, place[name])
        return True

    def _drawn(self) -> tuple[np.ndarray, np.ndarray]:
        if len(self.vectors):
            return self.vectors, self.colors
        return np.zeros((1, 2, len(self.names))), np.zeros((1, 4), np.float32)


class _LabelOutlines:
    """The sides of the pixels of each value of a label image, found once."""

    def __init__(self, image: LabelImage, state: AnnotationSet, names: Sequence[str]) -> None:
        self._image = image
        factors = state.image.level_factors
        self._factor = factors[image.level] if image.level < len(factors) else 1.0
        self._names = names

    def sides(self, value: int) -> np.ndarray:
        """Return (n, 2, axes) first and last corner of each side of a value's outline."""
        values, where, shape = self._pixels
        low, high = np.searchsorted(values, [value, value + 1])
        if low == high:
            return np.zeros((0, 2, len(self._names)))
        places = np.stack(np.unravel_index(where[low:high], shape), axis=1)
        first, last = places.min(axis=0), places.max(axis=0) + 1
        inside = np.zeros(tuple(last - first + 2 * self._in_plane()), bool)
        inside[tuple((places - first + self._in_plane()).T)] = True
        return self._placed(inside, first)

    @cached_property
    def _pixels(self) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
        """Values of all labelled pixels, sorted, their places, and the shape: one look at the image for all values."""
        pixels = np.asarray(self._image.pixels[...])
        where = np.flatnonzero(pixels)
        values = pixels.ravel()[where]
        order = np.argsort(values, kind="stable")
        return values[order], where[order], pixels.shape

    def _in_plane(self) -> np.ndarray:
        return np.array([int(name in "yx") for name in self._image.axes])

    def _placed(self, inside: np.ndarray, first: np.ndarray) -> np.ndarray:
        sides = []
        for axis in (-2, -1):
            changes = np.argwhere(np.diff(inside, axis=axis)).astype(float)
            changes[:, axis] += 1
            start, end = changes.copy(), changes.copy()
            end[:, -1 if axis == -2 else -2] += 1
            sides.append(np.stack([start, end], axis=1))
        found = np.concatenate(sides)
        found = found[:: max(len(found) // MOST_SIDES, 1)]
        found = found - self._in_plane() + first + np.array(self._image.start)
        placed = np.zeros((len(found), 2, len(self._names)))
        for number, name in enumerate(self._image.axes):
            scale = self._factor if name in "yx" else 1.0
            shift = -0.5 if name in "yx" else 0.0
            if name in self._names:
                placed[..., list(self._names).index(name)] = found[..., number] * scale + shift
        return placed


def _lines_of(
    one: AnnotatedObject, names: Sequence[str], sizes: Sequence[int], labels: Mapping[str, _LabelOutlines]
) -> np.ndarray:
    """Return (n, 2, axes) first and last corner of each side of an object, in every plane it lies on."""
    if one.label is not None:
        known = labels.get(one.label.image)
        return known.sides(one.label.value) if known is not None else np.zeros((0, 2, len(names)))
    parts = []
    for shape in one.shapes:
        flat = _sides(shape)
        for plane in _planes(shape, names[:-2], sizes):
            index = np.broadcast_to(np.array(plane, float), (len(flat), 2, len(plane)))
            parts.append(np.concatenate([index, flat], axis=-1))
    return np.concatenate(parts) if parts else np.zeros((0, 2, len(names)))


def _planes(shape: Shape, names: Sequence[str], sizes: Sequence[int]) -> Iterable[tuple[int, ...]]:
    ranges = []
    for name, size in zip(names, sizes, strict=False):
        at = getattr(shape, name, None) if name in ("z", "t") else None
        ranges.append(range(min(size, MOST_PLANES)) if at is None else (at,))
    return product(*ranges)


def _sides(shape: Shape) -> np.ndarray:
    """Return (n, 2, 2) first and last (y, x) of each side of a shape."""
    kind, corners = place(shape)
    if kind == "point":
        corners = corners + np.array([[-4.0, 0], [0, 4], [4, 0], [0, -4]])
    elif kind == "ellipse":
        corners = ellipse_outline(corners, ROUND)
    if kind in ("line", "path"):
        return np.stack([corners[:-1], corners[1:]], axis=1)
    return np.stack([corners, np.roll(corners, -1, axis=0)], axis=1)


def _broken(lines: np.ndarray) -> np.ndarray:
    """Return lines in pieces, each as its start and the way from there."""
    start, way = lines[:, 0], (lines[:, 1] - lines[:, 0]) / PIECES
    steps = np.arange(PIECES)[None, :, None]
    starts = start[:, None] + steps * way[:, None]
    ways = np.broadcast_to(way[:, None], starts.shape)
    return np.stack([starts, ways], axis=2).reshape(-1, 2, lines.shape[-1])
