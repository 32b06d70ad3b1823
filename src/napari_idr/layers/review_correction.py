"""An object that is corrected in place: its shapes in layers of their own, and what became of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .annotation_grid import grid_of_layer
from .annotation_layers import layers_of_objects
from .annotation_reading import objects_of, read_rows
from .annotations import ensure_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet


class Correction:
    """The shapes of one object, to be edited with napari's tools.

    Shapes that are moved or redrawn make another version of the object; shapes that are added to those that stay are
    objects of their own, which is how one is split.
    """

    def __init__(self, before: AnnotatedObject, state: AnnotationSet, over: Any, layers: Sequence[Any]) -> None:
        self.before = before
        self._over = over
        self._grid = grid_of_layer(over, layers)
        made, _ = layers_of_objects([(state.image, before)], self._grid, over)
        self.layers: list[Any] = made
        for number, layer in enumerate(made):
            layer.metadata = {}  # nobody else watches what says nothing of annotations
            layer.name = "correct" if not number else f"correct {number + 1}"
            layer.mode = "select"
            layer.selected_data = set(range(len(layer.data)))

    def result(self, layers: Sequence[Any]) -> tuple[AnnotatedObject | None, tuple[AnnotatedObject, ...], str]:
        """Return the object now (None where all of it was deleted), objects that are new, and what cannot be kept."""
        grid = grid_of_layer(self._over, layers)
        known = {self.before.uuid: self.before}
        placed, problems = [], []
        for layer in self.layers:
            if layer in layers:
                ensure_keys(layer)
                found, wrong = read_rows(layer, grid, range(len(layer.data)), known)
                placed += found
                problems += wrong
        if problems:
            return self.before, (), f"{problems[0].what}: the correction was not taken over."
        objects = [one for _, one in objects_of(placed, known)]
        kept = [one for one in objects if one.uuid == self.before.uuid]
        new = [one for one in objects if one.uuid != self.before.uuid]
        if not objects:
            return None, (), ""
        if not kept:
            kept, new = new[:1], new[1:]
        others = tuple(self._like_before(one.shapes, one.uuid) for one in new)
        return self._like_before(kept[0].shapes, self.before.uuid), others, ""

    def _like_before(self, shapes: Any, uuid: str) -> AnnotatedObject:
        """Return the object as it was, with other shapes."""
        if shapes == self.before.shapes and uuid == self.before.uuid:
            return self.before
        return replace(self.before, uuid=uuid, shapes=shapes)
