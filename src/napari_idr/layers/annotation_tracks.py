"""Tracks layers as objects with a point per time point, and back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.model.annotation import Point
from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, Feature, new_uuid
from napari_idr.model.shape_geometry import PIXEL_CENTRE

from .annotation_grid import Unplaceable, pixel_map
from .annotation_labels import labels_metadata
from .annotation_layers import place_over
from .annotation_reading import Problem, about, kept_features, named, planes_of
from .annotation_table import OURS, UUID, TableReader, row_of, table_of, text_of, value_of
from .images import NAME_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .annotation_grid import Grid, PixelMap

TRACK_ID, VERTICES = "track_id", "vertices:"
"""In an object's look: napari's number of the track; columns whose values differ along it, as JSON."""


def read_tracks(
    layer: Any, grid: Grid, known: Mapping[str, AnnotatedObject]
) -> tuple[list[tuple[AnnotatedImage, AnnotatedObject]], list[Problem]]:
    """Return the tracks of a layer as objects, their points in order of time. Tracks without a uuid get one."""
    uuids = track_uuids(layer)
    pixels, reader, features = pixel_map(layer, grid), TableReader(layer.features), layer.features
    rows_of = {number: np.flatnonzero(layer.data[:, 0] == number) for number in uuids}
    found, problems = [], []
    for number, uuid in uuids.items():
        rows = rows_of[number][np.argsort(layer.data[rows_of[number], 1], kind="stable")]
        try:
            image, points = _points(layer.data[rows, 1:], pixels, grid)
        except Unplaceable as error:
            problems.append(Problem(uuid, named(layer), error.what))
            continue
        said = reader.said(int(rows[0]))
        whole, along = _columns(features, rows)
        before = known.get(uuid) or AnnotatedObject(uuid=uuid, level=int(about(layer).get("level", 0)))
        one = replace(
            before,
            shapes=points,
            is_track=True,
            name=said.name,
            object_class=said.object_class,
            status=said.status,
            comment=said.comment,
            layer=named(layer),
            parents=tuple(uuids[parent] for parent in _parents(layer.graph, number) if parent in uuids),
            features=kept_features(whole, before.features),
            look=((TRACK_ID, number), *along),
        )
        found.append((image, one))
    return found, problems


def track_uuids(layer: Any) -> dict[int, str]:
    """Return the uuid of each track by napari's numbers; those that have none get one, kept in the layer's table."""
    numbers = layer.data[:, 0].astype(int)
    table = layer.features.copy()
    cells = [text_of(cell) for cell in table[UUID].tolist()] if UUID in table.columns else [""] * len(numbers)
    uuids = {int(number): cell for number, cell in zip(numbers, cells, strict=True) if cell}
    for number in dict.fromkeys(numbers.tolist()):
        uuids.setdefault(number, new_uuid())
    if UUID not in table.columns or not all(cells):
        table[UUID] = [uuids[int(number)] for number in numbers]
        layer.features = table
    return uuids


def tracks_layer(
    pairs: Sequence[tuple[AnnotatedImage, AnnotatedObject]], grid: Grid, over: Any, name: str
) -> tuple[Any, list[str]]:
    """Return a Tracks layer of tracks, and sentences about those that have no place on the grid."""
    from napari.layers import Tracks

    numbers = _numbers([one for _, one in pairs])
    data: list[np.ndarray] = []
    rows: list[dict[str, Any]] = []
    remarks = []
    for image, one in pairs:
        try:
            data.append(_vertices(image, one, numbers[one.uuid], grid))
        except Unplaceable as error:
            remarks.append(f"{one.name or one.uuid}: {error.what}.")
            continue
        along = {key.removeprefix(VERTICES): _listed(value) for key, value in one.look if key.startswith(VERTICES)}
        for index in range(len(one.shapes)):
            own = {key: values[index] for key, values in along.items() if index < len(values)}
            rows.append({**row_of(one, 0), **own})
    graph = {numbers[one.uuid]: [numbers[p] for p in one.parents if p in numbers] for _, one in pairs if one.parents}
    options = place_over(over, grid.names)
    made = Tracks(
        np.concatenate(data),
        features=table_of(rows),
        graph={child: parents for child, parents in graph.items() if parents},
        name=name[:NAME_LENGTH],
        metadata=labels_metadata(over, grid, name, 0),
        **options,
    )
    made.metadata["napari_idr"]["annotations"]["kind"] = "tracks"
    return made, remarks


def _points(where: np.ndarray, pixels: PixelMap, grid: Grid) -> tuple[AnnotatedImage, tuple[Point, ...]]:
    if "t" not in grid.names:
        raise Unplaceable("Its image has no time axis, a track needs one")
    placed = pixels.to_grid(where)
    image, corners = grid.locate(placed[:, -2:])
    points = []
    for row, (y, x) in zip(placed, corners, strict=True):
        planes = planes_of(row[None, :-2], pixels.names[:-2], grid, ())
        place = float(x) + PIXEL_CENTRE, float(y) + PIXEL_CENTRE
        points.append(Point(x=place[0], y=place[1], z=planes["z"], t=planes["t"]))
    return image, tuple(points)


def _vertices(image: AnnotatedImage, one: AnnotatedObject, number: int, grid: Grid) -> np.ndarray:
    """Return the rows of a track: its number, then a place along each axis of the grid."""
    corners = np.array([[shape.y, shape.x] for shape in one.shapes if isinstance(shape, Point)]) - PIXEL_CENTRE
    planes = [[getattr(shape, name, None) or 0 for name in grid.names[:-2]] for shape in one.shapes]
    return np.column_stack([np.full(len(planes), number), np.array(planes), grid.spread(image, corners)])


def _columns(table: Any, rows: np.ndarray) -> tuple[tuple[Feature, ...], list[Feature]]:
    """Return the columns that are the same along a track, and those that are not, as JSON."""
    whole: list[Feature] = []
    along: list[Feature] = []
    for name in table.columns:
        if name in OURS or name == TRACK_ID:
            continue
        values = [value_of(cell) for cell in table[name].iloc[rows].tolist()]
        if all(value == values[0] for value in values):
            whole += [] if values[0] is None else [(str(name), values[0])]
        else:
            along.append((f"{VERTICES}{name}", json.dumps(values, ensure_ascii=False)))
    return tuple(whole), along


def _listed(text: Any) -> list[Any]:
    try:
        values = json.loads(str(text))
    except ValueError:
        return []
    return values if isinstance(values, list) else []


def _numbers(tracks: Iterable[AnnotatedObject]) -> dict[str, int]:
    """Return napari's number of each track: the one it had, where that is free."""
    numbers: dict[str, int] = {}
    waiting = []
    for one in tracks:
        known = dict(one.look).get(TRACK_ID)
        if isinstance(known, int) and known not in numbers.values():
            numbers[one.uuid] = known
        else:
            waiting.append(one.uuid)
    free = (number for number in range(len(numbers) + len(waiting) + 1) if number not in set(numbers.values()))
    return {**numbers, **dict(zip(waiting, list(free), strict=False))}


def _parents(graph: Any, number: int) -> list[int]:
    found = (graph or {}).get(number, [])
    return [int(parent) for parent in (found if isinstance(found, (list, tuple, np.ndarray)) else [found])]
