"""From layers that people drew in to shapes of an image: what is drawn, and what was read before. GUI thread only.

The columns ``roi_id`` and ``shape_id`` of a layer's features say which shape is which. napari copies them along when a
shape is copied or drawn beside a selected one, so an id counts once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.model.annotation import Mask
from napari_idr.model.drawn_geometry import check_corners, drawn, is_at, redrawn
from napari_idr.model.roi_changes import Drawn

from .annotation_grid import map_to, world_matrix
from .known_rois import image_of, known_of, note_known
from .roi_looks import cell, changed_style, drawn_style, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from napari.layers import Layer

    from napari_idr.model.annotation import Shape
    from napari_idr.model.roi_changes import KnownShape

    from .shown_rois import RoiImage

IDS = ("roi_id", "shape_id")
OUTLINES = frozenset({"rectangle", "ellipse", "line", "path", "polygon"})


@dataclass(slots=True)
class Edits:
    """What some layers hold of one image."""

    drawn: list[Drawn] = field(default_factory=list)
    known: dict[str, KnownShape] = field(default_factory=dict)
    """By id, what the repository had of it when the layers were made."""
    places: dict[str, tuple[Layer, np.ndarray]] = field(default_factory=dict)
    """By key of what is drawn: its layer, and its corners there."""
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of a layer, in pixels of the image."""

    index: int
    outline: Any
    corners: np.ndarray
    """Rows of y, x."""
    planes: dict[str, int]


def sendable_layers(layers: Sequence[Layer], image: tuple[str, str]) -> list[Layer]:
    """Return the layers whose shapes could be ROIs of an image: those read of it, and those drawn by hand."""
    from napari.layers import Points, Shapes

    found = [layer for layer in layers if isinstance(layer, (Shapes, Points)) and layer.editable]
    return [layer for layer in found if image_of(layer) == image or _is_drawn(layer)]


def _is_drawn(layer: Layer) -> bool:
    return image_of(layer) is None and "napari_idr" not in layer.metadata


def collect(layers: Sequence[Layer], image: RoiImage, image_layer: Layer) -> Edits:
    """Return what layers hold, in coordinates of an image that one of its layers shows."""
    edits = Edits()
    for number, layer in enumerate(layers):
        edits.known |= {key: one for key, one in known_of(layer).items() if not isinstance(one.shape, Mask)}
        _LayerReader(layer, number, image, image_layer, edits).read()
    edits.drawn = _each_once(edits)
    return edits


def _each_once(edits: Edits) -> list[Drawn]:
    """Return what is drawn with each id once: a layer that was edited stays beside those that are read anew."""
    found: dict[str, Drawn] = {}
    for one in edits.drawn:
        name = one.shape.id or one.key
        before = found.get(name)
        if before is not None and one.shape not in (before.shape, edits.known[name].shape):
            if before.shape != edits.known[name].shape:
                edits.remarks.append(f"Shape {name} was changed in two layers; the first change is sent.")
                continue
            del found[name]
        found.setdefault(name, one)
    return list(found.values())


class _LayerReader:
    """Reads one layer into edits."""

    def __init__(self, layer: Layer, number: int, image: RoiImage, image_layer: Layer, edits: Edits) -> None:
        self._layer, self._number, self._edits = layer, number, edits
        self._pixels = map_to(layer, image.frame.names, world_matrix(image_layer))
        self._names, self._sizes = image.frame.names[-layer.ndim :], image.frame.sizes[-layer.ndim :]
        self._known = known_of(layer)
        self._raw = [corners for _, corners in outlines(layer)]

    def read(self) -> None:
        """Read every row."""
        by_id: dict[str, list[_Row]] = {}
        for row in self._rows():
            number = cell(self._layer, row.index, "shape_id")
            if number in self._known:
                by_id.setdefault(number, []).append(row)
            else:
                self._add_new(row)
        for number, rows in by_id.items():
            self._add_known(self._known[number].shape, rows)

    def _rows(self) -> Iterator[_Row]:
        refused = dict.fromkeys(("reach over several planes", "lie outside of the image's planes"), 0)
        several, outside = refused
        for index, (outline, corners) in enumerate(outlines(self._layer)):
            pixels = self._pixels.to_grid(corners)
            planes = np.rint(pixels[:, :-2])
            if (planes.min(axis=0) != planes.max(axis=0)).any():
                refused[several] += 1
                self._leave(index)
            elif ((planes < 0) | (planes >= np.array(self._sizes[:-2]))).any():
                refused[outside] += 1
                self._leave(index)
            else:
                at = {name: int(place) for name, place in zip(self._names[:-2], planes[0], strict=True)}
                yield _Row(index, outline, pixels[:, -2:], {name: at[name] for name in ("z", "t") if name in at})
        for why, count in refused.items():
            if count:
                self._edits.remarks.append(f"{count} shapes of {self._layer.name} {why} and are not sent.")

    def _add_new(self, row: _Row) -> None:
        style, text = drawn_style(self._layer, row.index), text_of(self._layer, row.index)
        try:
            check_corners(row.outline, row.corners)
            shape = drawn(row.outline, row.corners, text=text, style=style, **row.planes)
        except ValueError as error:
            self._edits.remarks.append(f"A shape of {self._layer.name} is not sent: {error}.")
            return
        self._add(row, shape)

    def _add_known(self, before: Shape, rows: Sequence[_Row]) -> None:
        """Add a shape that was read. It has a row for each plane that it is repeated in; other rows are new ones."""
        repeated = [name for name in row_axes(before) if name in self._names]
        own: dict[tuple[int, ...], _Row] = {}
        for row in rows:
            plane = tuple(row.planes[name] for name in repeated)
            if plane in own:
                self._add_new(row)
            else:
                own[plane] = row
        if isinstance(before, Mask):
            return
        try:
            shapes = [(row, self._changed(before, row)) for row in own.values()]
        except ValueError as error:
            self._edits.remarks.append(f"Shape {before.id} is left as it is on the server: {error}.")
            self._leave(rows[0].index)
            return
        edited = [(row, shape) for row, shape in shapes if shape != before]
        if repeated and edited and any(shape != edited[0][1] for _, shape in shapes):
            self._edits.remarks.append(
                f"Shape {before.id} belongs to every {' and '.join(repeated)}: what was changed in one is sent for all."
            )
        self._add(*(edited or shapes)[0])

    def _changed(self, before: Shape, row: _Row) -> Shape:
        shape = before
        if not is_at(before, row.outline, row.corners):
            check_corners(row.outline, row.corners)
            shape = redrawn(before, row.outline, row.corners)
        style, text = changed_style(self._layer, row.index, before), text_of(self._layer, row.index)
        planes: dict[str, Any] = {k: at for k, at in row.planes.items() if getattr(before, k) is not None}
        return replace(shape, style=style, text=text, **planes)

    def _leave(self, index: int) -> None:
        """Leave what a row was read from as it is: not to send a shape must not mean to delete it."""
        self._edits.known.pop(cell(self._layer, index, "shape_id"), None)

    def _add(self, row: _Row, shape: Shape) -> None:
        key = f"-{self._number + 1}:-{row.index + 1}"
        self._edits.drawn.append(Drawn(key, shape))
        self._edits.places[key] = self._layer, self._raw[row.index]


def row_axes(shape: Shape) -> list[str]:
    """Return along which of z and t a shape has no place of its own."""
    return [name for name in ("z", "t") if getattr(shape, name) is None]


def outlines(layer: Any) -> Iterator[tuple[Any, np.ndarray]]:
    """Yield outline and corners of every row of a Shapes or Points layer, in the layer's own coordinates."""
    from napari.layers import Points

    if isinstance(layer, Points):
        for point in np.asarray(layer.data, float):
            yield "point", point[None, :]
        return
    for kind, corners in zip(layer.shape_type, layer.data, strict=True):
        yield (kind if kind in OUTLINES else "polygon"), np.asarray(corners, float)


def write_ids(
    edits: Edits, arrived: Mapping[str, KnownShape], deleted: set[str], layers: Sequence[Layer], image: tuple[str, str]
) -> int:
    """Write into layers what a repository has of them now, so that nothing is sent twice.

    Parameters
    ----------
    edits
        What was sent.
    arrived
        By key, the shapes that arrived.
    deleted
        Ids of shapes that are gone.
    layers
        Those that were sent, also where nothing arrived of them.
    image
        Repository and id of the image.

    Returns
    -------
    int
        How many shapes were changed or removed here while they were sent, and do not get their ids.
    """
    lost = 0
    for layer in layers:
        mine = {key: one for key, one in arrived.items() if edits.places[key][0] is layer}
        rows = {corners.tobytes(): index for index, (_, corners) in enumerate(outlines(layer))}
        found = {rows.get(edits.places[key][1].tobytes(), -1): one for key, one in mine.items()}
        lost += len(mine) - len(found) + (-1 in found)
        found.pop(-1, None)
        _write_rows(layer, found)
        kept = {key: one for key, one in known_of(layer).items() if key not in deleted}
        note_known(layer, image, kept | {one.shape.id: one for one in found.values()})
    return lost


def _write_rows(layer: Layer, found: Mapping[int, KnownShape]) -> None:
    features = layer.features.copy()
    for name in IDS:
        features[name] = features[name].astype(object) if name in features.columns else [""] * len(features)
    for row, one in found.items():
        features.loc[features.index[row], list(IDS)] = [one.roi_id, one.shape.id]
    layer.features = features
