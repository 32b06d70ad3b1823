"""Has annotation layers show objects as they are to be: only rows that differ are touched, all of a layer at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.model.edits import ObjectChange

from .annotation_grid import Unplaceable, image_layer
from .annotation_labels import INDEX
from .annotation_layers import axes_of, drawn_kind, free_name, new_layer, rows_of_object
from .annotation_rows import rows_of_points, rows_of_shapes
from .annotation_table import EVERY, NUMBER, UUID, row_of, table_of
from .annotation_tracks import tracks_layer
from .annotation_writing import add_rows, edit_row, paint, remove_rows, write_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject

    from .annotation_rows import LayerRow
    from .history import Annotations
    from .layer_watch import LayerWatch

SAME = 1e-6
"""Of a layer's coordinates; what differs by less was not moved."""


@dataclass(slots=True, eq=False)
class _Plan:
    """What is to be done to one layer."""

    tables: dict[int, dict[str, Any]] = field(default_factory=dict)
    paints: dict[int, LayerRow] = field(default_factory=dict)
    edits: dict[int, tuple[LayerRow, dict[str, Any]]] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    new: list[tuple[LayerRow, dict[str, Any]]] = field(default_factory=list)


class ObjectShower:
    """Shows objects in the layers of one viewer."""

    def __init__(self, owner: Annotations) -> None:
        self._owner = owner
        self._plans: dict[LayerWatch, _Plan] = {}

    def show(self, changes: Iterable[ObjectChange], *, anew: bool = False) -> None:
        """Have layers show objects as changes leave them; what has no place on the grid is told.

        ``anew`` draws again what did not change: its grid is another.
        """
        self._plans = {}
        tracks: dict[str, list[ObjectChange]] = {}
        for change in _merged(changes):
            one = change.after or change.before
            if one is None:
                continue
            if one.is_track:
                tracks.setdefault(one.layer, []).append(change)
            elif one.label is not None:
                self._show_label(one, change.after)
            else:
                self._plan(change, anew)
        for name, members in tracks.items():
            self._show_tracks(name, members)
        self._carry_out()

    def _plan(self, change: ObjectChange, anew: bool) -> None:
        one = change.after
        uuid = change.uuid
        shown = self._owner.book.watches_of(uuid)
        if one is None:
            for watch in shown:
                self._of(watch).gone |= set(watch.rows[uuid])
            return
        before = change.before
        alike = before is not None and (before.shapes, before.look, before.layer) == (one.shapes, one.look, one.layer)
        if alike and shown and not anew:
            for watch in shown:
                self._plan_table(watch, one)
            return
        kept = set()
        for kind in dict.fromkeys(drawn_kind(shape) for shape in one.shapes):
            try:
                watch = self._target(change.image, one, kind)
                rows = rows_of_object(change.image, one, kind, watch.pixels, watch.grid)
            except Unplaceable as error:
                self._owner.said.emit(f"{one.name or 'An object'} cannot be shown: {error.what}")
                continue
            kept.add(watch)
            self._plan_rows(watch, uuid, rows)
        for watch in shown:
            if watch not in kept:
                self._of(watch).gone |= set(watch.rows[uuid])

    def _plan_table(self, watch: LayerWatch, one: AnnotatedObject) -> None:
        numbers, every = (watch.layer.features[name] for name in (NUMBER, EVERY))
        for row in watch.rows[one.uuid]:
            self._of(watch).tables[row] = row_of(one, int(numbers.iat[row]), str(every.iat[row]).split())

    def _plan_rows(self, watch: LayerWatch, uuid: str, rows: Sequence[tuple[LayerRow, dict[str, Any]]]) -> None:
        plan, now = self._of(watch), watch.rows.get(uuid, [])
        if len(now) != len(rows):
            plan.gone |= set(now)
            plan.new += rows
            return
        read = rows_of_points if watch.kind == "points" else rows_of_shapes
        for index, known, (row, said) in zip(now, read(watch.layer, now, watch.frame), rows, strict=True):
            plan.tables[index] = said
            same = known.outline == row.outline and known.data.shape == row.data.shape
            if same and np.abs(known.data - np.asarray(row.data, np.float32)).max() <= SAME:
                plan.paints[index] = row
            else:
                plan.edits[index] = (row, said)

    def _carry_out(self) -> None:
        for watch, plan in self._plans.items():
            layer, frame = watch.layer, watch.frame
            with watch.quietly():
                write_table(layer, plan.tables)
                if plan.paints:
                    paint(layer, list(plan.paints), list(plan.paints.values()), frame)
                for index, (row, said) in plan.edits.items():
                    if not edit_row(layer, index, row, frame):
                        plan.gone.add(index)
                        plan.new.append((row, said))
                remove_rows(layer, sorted(plan.gone))
                add_rows(layer, plan.new, frame)

    def _of(self, watch: LayerWatch) -> _Plan:
        return self._plans.setdefault(watch, _Plan())

    # -- in which layer

    def _target(self, image: AnnotatedImage, one: AnnotatedObject, kind: Any) -> LayerWatch:
        """Return what watches the layer that shows an object's shapes of a kind; it is made where there is none.

        Raises ``Unplaceable`` where the image is not shown.
        """
        corner = np.zeros((1, 2))
        here = [watch for watch in self._owner.book.watches if _holds(watch, image, corner)]
        for watch in here:
            alike = watch.kind == kind and watch.name == (one.layer or kind)
            if alike and watch.pixels.names == axes_of(one, watch.grid):
                return watch
        if not here:
            raise Unplaceable(f"{image.name or 'its image'} is not open")
        return self._new_target(here[0], one, kind)

    def _new_target(self, beside: LayerWatch, one: AnnotatedObject, kind: Any) -> LayerWatch:
        grid, axes = beside.grid, axes_of(one, beside.grid)
        name = one.layer or kind
        taken = {layer.name for layer in self._owner.layers}
        shown = free_name(name, kind, [missing for missing in grid.names if missing not in axes], taken)
        over = next((layer for layer in self._owner.layers if _is_image_of(layer, beside.layer)), beside.layer)
        layer = new_layer(kind, over, grid, name, axes=axes, shown_as=shown, level=one.level)
        self._owner.add_layer(layer)
        watch = self._owner.watch(layer)
        assert watch is not None
        return watch

    # -- labels and tracks

    def _show_label(self, one: AnnotatedObject, after: AnnotatedObject | None) -> None:
        """Write, add or remove the row of a label value."""
        import pandas as pd

        assert one.label is not None
        for watch in self._owner.book.watches:
            if watch.kind != "labels" or watch.name != one.label.image:
                continue
            rows = watch.rows.get(one.uuid, [])
            table = watch.layer.features
            with watch.quietly():
                if after is None:
                    watch.layer.features = table.drop(index=rows).reset_index(drop=True)
                elif rows:
                    said = {INDEX: one.label.value, **row_of(after, 0)}
                    kept = {name: value for name, value in said.items() if name in table.columns or name == "class"}
                    write_table(watch.layer, {rows[0]: kept})
                else:
                    added = table_of([row_of(after, 0)])
                    added.insert(0, INDEX, pd.Series([one.label.value], dtype="int64"))
                    watch.layer.features = pd.concat([table, added], ignore_index=True) if len(table) else added

    def _show_tracks(self, name: str, changes: Sequence[ObjectChange]) -> None:
        """Make the tracks of a layer anew, some of them changed."""
        book = self._owner.book
        watch = next((one for one in book.watches if one.kind == "tracks" and one.name == name), None)
        if watch is None:
            return
        pairs = {uuid: (book.held[uuid].image, book.held[uuid].one) for uuid in watch.rows if uuid in book.held}
        for change in changes:
            if change.after is None:
                pairs.pop(change.uuid, None)
            else:
                pairs[change.uuid] = (change.image, change.after)
        if not pairs:
            self._owner.said.emit("napari shows no Tracks layer without a track: hide the layer instead")
            return
        made, remarks = tracks_layer(list(pairs.values()), watch.grid, watch.layer, name)
        with watch.quietly():
            watch.layer.graph = {}
            watch.layer.data, watch.layer.features = made.data, made.features
            watch.layer.graph = made.graph
        for remark in remarks:
            self._owner.said.emit(remark)

    # -- rows that are no objects yet

    def swap_rows(self, watch: LayerWatch, uuid: str, rows: Sequence[tuple[LayerRow, dict[str, Any]]]) -> None:
        """Put other rows in place of those of one uuid."""
        remove_rows(watch.layer, watch.rows.get(uuid, []))
        add_rows(watch.layer, rows, watch.frame)

    def put_back(self, cut: Iterable[tuple[Any, LayerRow, dict[str, Any]]], *, back: bool) -> None:
        """Bring back the rows that were split, or take them away again."""
        for layer, row, said in cut:
            watch = self._owner.book.watch_of(layer)
            if watch is None:
                continue
            with watch.quietly():
                if back:
                    add_rows(layer, [(row, said)], watch.frame)
                else:
                    remove_rows(layer, watch.rows.get(str(said[UUID]), []))

    def write_tables(self, uuids: Iterable[str]) -> None:
        """Have tables say what is held of objects."""
        self._plans = {}
        for uuid in uuids:
            for watch in self._owner.book.watches_of(uuid):
                if watch.is_vector and uuid in self._owner.book.held:
                    self._plan_table(watch, self._owner.book.held[uuid].one)
        self._carry_out()


def _merged(changes: Iterable[ObjectChange]) -> list[ObjectChange]:
    """Return one change per object: who left one field for another was deleted here and is new there."""
    found: dict[str, ObjectChange] = {}
    for change in changes:
        first = found.get(change.uuid)
        last = change if first is None or change.after is not None else first
        found[change.uuid] = change if first is None else ObjectChange(last.image, None, last.after)
    return list(found.values())


def _holds(watch: LayerWatch, image: AnnotatedImage, corner: np.ndarray) -> bool:
    """Whether an image is on the grid that a layer lies over."""
    try:
        watch.grid.spread(image, corner)
    except Unplaceable:
        return False
    return True


def _is_image_of(layer: Any, drawn: Any) -> bool:
    return image_layer(drawn, [layer]) is layer
