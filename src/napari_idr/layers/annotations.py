"""Layers as annotation sets and back: one set per image, however many layers, fields of a plate or levels it takes.

``read_layers`` gives what layers hold now, ``to_layers`` shows a set. Both need no viewer; ``history`` watches the
layers of one.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_idr.errors import Unsupported
from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet, new_uuid

from . import napari_seam as seam
from .annotation_grid import ImageGrid, grid_of_layer, image_layer
from .annotation_labels import labels_layer, read_labels
from .annotation_layers import layers_of_objects
from .annotation_reading import Problem, about, objects_of, read_rows
from .annotation_table import BLANK, EVERY, NUMBER, OURS, SAID, UUID, column_of, keys_of, text_of
from .annotation_tracks import read_tracks, tracks_layer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari.layers import Layer

    from napari_idr.model.annotation_set import AnnotatedImage, LabelImage

    from .annotation_grid import Grid
    from .annotation_reading import PlacedShape

_known: weakref.WeakKeyDictionary[Any, Mapping[str, AnnotatedObject]] = weakref.WeakKeyDictionary()


@dataclass(frozen=True, slots=True, eq=False)
class ReadLayers:
    """What layers hold."""

    sets: tuple[AnnotationSet, ...] = ()
    """One per image that anything lies on."""
    problems: tuple[Problem, ...] = ()
    """What belongs to no single image or plane; it is in no set, and stays in its layer."""


def kind_of(layer: Any) -> str:
    """Return "shapes", "points", "labels" or "tracks", "" for a layer that holds no annotations."""
    name = seam.type_of(layer)
    return name if name in ("shapes", "points", "labels", "tracks") else ""


def is_annotation(layer: Any) -> bool:
    """Whether a layer was made (or taken) to annotate an image."""
    return bool(about(layer))


def known_objects(layer: Any) -> Mapping[str, AnnotatedObject]:
    """Return what is known of the objects of a layer beyond what it shows: annotator, times, terms and the like."""
    return _known.get(layer, {})


def remember(layer: Any, objects: Mapping[str, AnnotatedObject]) -> None:
    """Keep what is known of the objects of a layer, as long as the layer lives."""
    _known[layer] = objects


def read_layers(annotated: Iterable[Any], layers: Sequence[Any] = (), plates: Sequence[Any] = ()) -> ReadLayers:
    """Return the annotation sets that layers hold.

    Parameters
    ----------
    annotated
        Shapes, Points, Labels and Tracks layers that lie over images (``about``).
    layers, plates
        All of the viewer's: where an image lies now is asked of its own layer.

    Raises
    ------
    Unsupported
        The image of a layer is not open any more and its place not known, or labels are on no level of it.
    """
    return read_placed(((layer, grid_of_layer(layer, layers, plates)) for layer in annotated), layers)


def read_placed(placed: Iterable[tuple[Any, Grid]], layers: Sequence[Any] = ()) -> ReadLayers:
    """Return the annotation sets that layers hold, as ``read_layers`` does; each layer comes with its image's grid."""
    gathered = _Gathered()
    for layer, grid in placed:
        known = known_objects(layer)
        kind = kind_of(layer)
        if kind in ("shapes", "points"):
            ensure_keys(layer)
            rows, problems = read_rows(layer, grid, range(len(layer.data)), known)
            gathered.shapes += rows
            gathered.known.update(known)
            gathered.problems += problems
        elif kind == "tracks":
            pairs, problems = read_tracks(layer, grid, known)
            gathered.pairs += pairs
            gathered.problems += problems
        elif kind == "labels":
            _read_labels(layer, grid, gathered, layers)
    return gathered.result()


class _Gathered:
    """What was read so far, of all layers."""

    def __init__(self) -> None:
        self.shapes: list[PlacedShape] = []
        self.known: dict[str, AnnotatedObject] = {}
        self.pairs: list[tuple[AnnotatedImage, AnnotatedObject]] = []
        self.labels: list[tuple[AnnotatedImage, LabelImage]] = []
        self.problems: list[Problem] = []

    def result(self) -> ReadLayers:
        images: dict[str, AnnotatedImage] = {}
        objects: dict[str, list[AnnotatedObject]] = {}
        labels: dict[str, list[LabelImage]] = {}
        broken = {problem.uuid for problem in self.problems}
        whole = [one for one in self.shapes if one.said.uuid not in broken]
        for image, one in (*objects_of(whole, self.known), *self.pairs):
            images.setdefault(image.key, image)
            objects.setdefault(image.key, []).append(one)
        for image, label in self.labels:
            images.setdefault(image.key, image)
            labels.setdefault(image.key, []).append(label)
        sets = tuple(
            AnnotationSet(image=image, objects=tuple(objects.get(key, ())), labels=tuple(labels.get(key, ())))
            for key, image in images.items()
        )
        return ReadLayers(sets, tuple(self.problems))


def _read_labels(layer: Any, grid: Grid, gathered: _Gathered, layers: Sequence[Any]) -> None:
    if not isinstance(grid, ImageGrid):
        what = "Labels painted over a plate belong to no single image"
        raise Unsupported(what, layer.name, "open the field you want to paint on")
    image, objects = read_labels(layer, grid, known_objects(layer), whole_of(layer, layers))
    gathered.labels.append((grid.image, image))
    gathered.pairs += [(grid.image, one) for one in objects]


def whole_of(layer: Any, layers: Sequence[Any]) -> Any | None:
    """Return the layer of the label image that a layer holds a part of, to paint in; None where it is none."""
    name, ours = about(layer).get("whole"), layer.metadata.get("napari_idr", {})
    if name is None:
        return None
    for one in layers:
        theirs = one.metadata.get("napari_idr", {})
        same = all(theirs.get(key) == ours.get(key) for key in ("address", "source"))
        if same and theirs.get("label") == name and "box" not in theirs and not about(one):
            return one
    raise Unsupported(f"The label image {name} is not open any more", layer.name, "open its image again")


def ensure_keys(layer: Any) -> tuple[list[int], list[tuple[str, int]]]:
    """Give every row of a Shapes or Points layer a uuid of its own; return the rows that got one, and all keys.

    napari copies the row of the table with the shape: the later of two with the same uuid (and number) is another
    object. A shape that is repeated on all planes has one uuid, and keeps it.
    """
    table = layer.features
    if not set(OURS) <= set(table.columns):
        table = table.copy()
        for name in OURS:
            if name not in table.columns:
                table[name] = column_of([BLANK[name]] * len(table), name)
        layer.features = table
        table = layer.features
    every = table[EVERY].tolist()
    seen: set[tuple[str, int]] = set()
    fresh = []
    keys = keys_of(table)
    for row, key in enumerate(keys):
        if not key[0] or (key in seen and not every[row]):
            fresh.append(row)
        seen.add(key)
    for row in fresh:
        keys[row] = (new_uuid(), 0)
        table.loc[row, [UUID, NUMBER, EVERY]] = [*keys[row], ""]
        for name in SAID:
            if not text_of(table.at[row, name]):
                table.at[row, name] = BLANK[name]
    return fresh, keys


def to_layers(
    annotations: AnnotationSet, over: Any, layers: Sequence[Any] = (), plates: Sequence[Any] = ()
) -> tuple[list[Layer], list[str]]:
    """Return layers that show a set, and sentences about what has no place in them. May take seconds for thousands.

    Parameters
    ----------
    annotations
        Of the image that ``over`` shows, or of a field of the plate it shows.
    over
        A layer of the image or plate.
    layers, plates
        All of the viewer's.

    Raises
    ------
    Unsupported
        ``over`` shows no image, or another one.
    """
    return sets_to_layers([annotations], over, layers, plates)


def sets_to_layers(
    sets: Sequence[AnnotationSet], over: Any, layers: Sequence[Any] = (), plates: Sequence[Any] = ()
) -> tuple[list[Layer], list[str]]:
    """Return layers that show sets of fields of one plate, a layer for all of one name; else as ``to_layers``."""
    grid = grid_of_layer(over, layers, plates)
    shown = image_layer(over, layers) or over
    for one_set in sets:
        if isinstance(grid, ImageGrid) and grid.image.key != one_set.image.key:
            raise Unsupported(f"These are annotations of {one_set.image.name}", over.name, "open that image")
    pairs = [(one_set.image, one) for one_set in sets for one in one_set.objects]
    made, remarks = layers_of_objects([pair for pair in pairs if pair[1].shapes and not pair[1].is_track], grid, shown)
    tracks: dict[str, list[tuple[AnnotatedImage, AnnotatedObject]]] = {}
    for image, one in pairs:
        if one.is_track:
            tracks.setdefault(one.layer or "tracks", []).append((image, one))
    for name, members in tracks.items():
        layer, said = tracks_layer(members, grid, shown, name)
        made.append(layer)
        remarks += said
    labels = [(label, one_set.objects) for one_set in sets for label in one_set.labels]
    if labels and not isinstance(grid, ImageGrid):
        remarks.append("Label images are shown on their field, not on the plate.")
    elif isinstance(grid, ImageGrid) and labels:
        if image_layer(over, layers) is None:
            raise Unsupported("Its image is not open any more", over.name, "open the image again")
        made += [labels_layer(label, objects, grid, shown) for label, objects in labels]
    known = {one.uuid: one for _, one in pairs}
    for layer in made:
        remember(layer, known)
    return made, remarks


def take_layer(layer: Any, over: Any, layers: Sequence[Any] = (), plates: Sequence[Any] = ()) -> None:
    """Have a layer that somebody made with napari's own buttons annotate the image of another layer.

    Raises ``Unsupported`` where it holds no annotations, or the other shows no image.
    """
    from .annotation_grid import grid_as_json
    from .annotation_layers import NOT_KEPT

    kind = kind_of(layer)
    if not kind:
        raise Unsupported("Only shapes, points, labels and tracks are annotations", layer.name, "choose such a layer")
    grid = grid_of_layer(over, layers, plates)
    ours = {key: value for key, value in over.metadata.get("napari_idr", {}).items() if key not in NOT_KEPT}
    said = {"kind": kind, "layer": layer.name, "named": layer.name, "level": 0}
    layer.metadata["napari_idr"] = {**ours, "grid": grid_as_json(grid), "annotations": said}
    if kind in ("shapes", "points"):
        ensure_keys(layer)
