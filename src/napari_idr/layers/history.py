"""Undo and redo over all annotation layers of a viewer, in one order; what is deleted is kept and can be restored."""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal

from napari_idr.errors import NapariIdrError
from napari_idr.model.annotation_set import AnnotatedObject, new_uuid
from napari_idr.model.edits import Edit, LabelChange, ObjectChange

from .annotation_book import AnnotationBook, Held
from .annotation_grid import ImageGrid, grid_of_layer
from .annotation_labels import add_values
from .annotations import is_annotation, known_objects
from .history_steps import Step, counted, title_of
from .label_strokes import box_of, erase, label_change, paint_again
from .layer_watch import LayerWatch
from .object_showing import ObjectShower

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from napari.layers import Layer

    from .label_strokes import PaintedBox, Places
    from .viewer_session import ViewerSession

MOST_STEPS = 500
"""Steps that can be taken back; napari keeps the last 100 strokes of each Labels layer."""
UNDO, REDO, REDO_TOO = "Control-Z", "Control-Shift-Z", "Control-Y"


class Annotations:
    """The annotations in one viewer. GUI thread only.

    ``changed`` is for whoever keeps what people do; it tells of each edit once it is done, undone or redone, of labels
    with the pixels of the box that was painted. The other signals are for widgets.
    """

    changed = Signal(Edit)
    objects_changed = Signal(tuple)
    """Uuids of objects that are new, other or gone."""
    layers_changed = Signal()
    selection_changed = Signal()
    history_changed = Signal()
    said = Signal(str)

    def __init__(self, owner: ViewerSession, book: AnnotationBook | None = None) -> None:
        self._owner = weakref.ref(owner)
        self.book = book or AnnotationBook()
        self._show = ObjectShower(self)
        self._undo: list[Step] = []
        self._redo: list[Step] = []
        self._erased: dict[str, Places] = {}
        """Pixels of labels that were deleted, by the uuids of their objects."""
        self._busy = False
        viewer: Any = owner.viewer
        for layer in viewer.layers:
            self._watch_if_placed(layer)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        owner.laid_out.connect(self._on_laid_out)

    # -- layers

    @property
    def layers(self) -> Sequence[Any]:
        """All layers of the viewer."""
        owner = self._owner()
        return [] if owner is None or owner.viewer is None else list(owner.viewer.layers)

    @property
    def plates(self) -> Sequence[Any]:
        """Plates that are shown."""
        owner = self._owner()
        return [] if owner is None else owner.plates

    def add_layer(self, layer: Layer) -> Any:
        """Add a layer to the viewer; annotation layers are watched from then on."""
        owner = self._owner()
        if owner is not None and owner.viewer is not None:
            owner.viewer.add_layer(layer)
        return layer

    def watch(self, layer: Any) -> LayerWatch | None:
        """Watch a layer, if it is one of annotations and not watched yet. Raises ``Unsupported`` as its grid does."""
        if not is_annotation(layer) or self.book.watch_of(layer) is not None:
            return self.book.watch_of(layer)
        grid = grid_of_layer(layer, self.layers, self.plates)
        known = known_objects(layer)
        watch = LayerWatch(layer, grid, self._on_change, self._on_stroke, self.selection_changed.emit)
        changes = self.book.add(watch)
        for key, act in ((UNDO, self.undo), (REDO, self.redo), (REDO_TOO, self.redo)):
            layer.bind_key(key, _calling(act), overwrite=True)
        new = [change for change in changes if change.uuid not in known]
        self._done(Step(Edit("add", tuple(new))) if new else None, [change.uuid for change in changes])
        self.layers_changed.emit()
        return watch

    def _on_inserted(self, event: Any) -> None:
        self._watch_if_placed(event.value)

    def _watch_if_placed(self, layer: Any) -> None:
        """Watch a layer that came from elsewhere, or say why it is not."""
        try:
            self.watch(layer)
        except NapariIdrError as error:
            self.said.emit(f"{layer.name} is not watched, what is drawn in it is not saved: {error}")

    def _on_removed(self, event: Any) -> None:
        """Lose sight of a layer's objects as it is taken away; they are not deleted, undo brings them back."""
        watch = self.book.watch_of(event.value)
        if watch is None:
            return
        gone = self.book.drop(watch)
        watch.close()
        if not self._busy:
            self._push(Step(Edit(f"remove layer {watch.name}"), removed=event.value))
        self.objects_changed.emit(tuple(gone))
        self.layers_changed.emit()

    def _on_laid_out(self, plate: Any) -> None:
        """Draw what lies on a plate where its fields are now."""
        mosaic_grids = [watch for watch in self.book.watches if hasattr(watch.grid, "mosaic")]
        affected = [watch for watch in mosaic_grids if watch.grid.mosaic is not plate.mosaic]  # type: ignore[attr-defined]
        if not affected:
            return
        uuids = [uuid for watch in affected for uuid in watch.rows if uuid in self.book.held]
        changes = [ObjectChange(self.book.held[uuid].image, None, self.book.held[uuid].one) for uuid in uuids]
        for watch in affected:
            watch.grid = grid_of_layer(watch.layer, self.layers, self.plates)
        self._quietly(lambda: self._show.show(changes, anew=True))

    # -- what people do in layers

    def _on_change(self, watch: LayerWatch, rows: set[int]) -> None:
        if self._busy:
            return
        changes = self.book.changes(watch, rows)
        self._say_problems(watch)
        if str(getattr(watch.layer, "mode", "")).startswith("add"):
            changes = [self._drawn(watch, change) for change in changes]
            self.book.keep(changes)
        if changes:
            self._done(Step(Edit(title_of(changes), tuple(changes))), [change.uuid for change in changes])
        elif watch.fresh:
            self.objects_changed.emit(())

    def _drawn(self, watch: LayerWatch, change: ObjectChange) -> ObjectChange:
        """Put what was just drawn into the class that is chosen, in its colour, and note over which level.

        napari gives it the row and colour of what was selected before.
        """
        one = change.after
        if change.kind != "new" or one is None:
            return change
        chosen, colors = self.book.active_class, self.book.class_colors
        shapes = one.shapes
        if chosen in colors:
            shapes = tuple(replace(s, style=replace(s.style, stroke=colors[chosen])) for s in one.shapes)
        after = replace(one, shapes=shapes, object_class=chosen, name="", comment="", status="unreviewed")
        after = replace(after, level=self._level_of(watch))
        self._quietly(lambda: self._show.show([ObjectChange(change.image, one, after)]))
        return replace(change, after=after)

    def _level_of(self, watch: LayerWatch) -> int:
        from .annotation_grid import image_layer

        shown = image_layer(watch.layer, self.layers)
        return int(shown.data_level) if shown is not None and shown.multiscale else 0

    def _say_problems(self, watch: LayerWatch) -> None:
        new = [self.book.problems[uuid] for uuid in watch.fresh if uuid in self.book.problems]
        for problem in new:
            offer = ": it is not saved until it is split or moved" if problem.can_split else ": it is not saved"
            self.said.emit(f"{problem.what}{offer}")

    def _on_stroke(self, watch: LayerWatch, box: tuple[slice, ...], painted: np.ndarray) -> None:
        if self._busy or not isinstance(watch.grid, ImageGrid):
            return
        with watch.quietly():
            add_values(watch.layer, np.unique(painted).tolist(), self.book.active_class)
        changes = self.book.changes(watch)
        step = Step(Edit("paint", tuple(changes), self._painted(watch, box, painted)), stroke=watch.layer, box=box)
        self._done(step, [change.uuid for change in changes])

    def _painted(
        self, watch: LayerWatch, box: PaintedBox | None, painted: np.ndarray | None = None
    ) -> tuple[LabelChange, ...]:
        """Return what ``label_change`` does; where the pixels are of no level of the image, say that."""
        try:
            return label_change(watch, box, painted)
        except NapariIdrError as error:
            self.said.emit(f"{error}: it is not saved")
            return ()

    # -- what people do to objects

    def modify(self, objects: Iterable[AnnotatedObject], title: str = "change") -> None:
        """Have objects be others of the same uuids: shown, kept, and one step of the history."""
        changes = []
        for one in objects:
            held = self.book.held.get(one.uuid)
            if held is not None and held.one != one:
                changes.append(ObjectChange(held.image, held.one, self.book.stamped(one)))
        self._do(Edit(counted(title, len(changes)), tuple(changes)))

    def carry_out(self, edit: Edit) -> None:
        """Have objects be as an edit leaves them, as one step of the history."""
        stamped = (
            change if change.after is None else replace(change, after=self.book.stamped(change.after))
            for change in edit.objects
        )
        self._do(replace(edit, objects=tuple(stamped)))

    def add_objects(self, objects: Iterable[Held], title: str = "add") -> None:
        """Add objects to the layers they name, in images that are shown."""
        changes = [ObjectChange(held.image, None, held.one) for held in objects]
        self._do(Edit(counted(title, len(changes)), tuple(changes)))

    def delete(self, uuids: Iterable[str]) -> None:
        """Take objects out of their layers; they stay in ``book.deleted``. The pixels of a label become background."""
        held = [self.book.held[uuid] for uuid in uuids if uuid in self.book.held]
        for one in held:
            if one.one.label is not None:
                self._repaint(one, back=False)
        changes = [ObjectChange(one.image, one.one, None) for one in held if one.one.label is None]
        self._do(Edit(counted("delete", len(changes)), tuple(changes)))

    def restore(self, uuids: Iterable[str]) -> None:
        """Bring deleted objects back; those of labels are painted where nothing else was painted since."""
        found = [self.book.deleted[uuid] for uuid in uuids if uuid in self.book.deleted]
        for one in found:
            if one.one.label is not None:
                self._repaint(one, back=True)
        changes = [ObjectChange(one.image, None, one.one) for one in found if one.one.label is None]
        self._do(Edit(counted("restore", len(changes)), tuple(changes)))

    def _repaint(self, held: Held, *, back: bool) -> None:
        """Erase the pixels of a label, or paint them again: the stroke and the object are one step."""
        one = held.one
        watch = next((w for w in self.book.watches if one.label is not None and w.name == one.label.image), None)
        if watch is None or watch.kind != "labels" or one.label is None:
            self.said.emit(f"The labels {one.layer} are not open any more: bring their layer back first")
            return
        change = ObjectChange(held.image, None if back else one, one if back else None)
        self._busy = True
        try:
            if back:
                places = paint_again(watch, one.label.value, self._erased.pop(one.uuid, _nowhere(watch)))
            else:
                places = self._erased[one.uuid] = erase(watch, one.label.value)
            self._show.show([change])
        finally:
            self._busy = False
        self.book.keep([change])
        box = box_of(places)
        edit = Edit("restore" if back else "delete", (change,), self._painted(watch, box))
        self._done(Step(edit, stroke=watch.layer if box else None, box=box), [one.uuid])

    def copy(
        self, uuids: Iterable[str], z: Iterable[int] = (), t: Iterable[int] = (), fields: Iterable[Any] = ()
    ) -> None:
        """Copy objects to other planes, and to other fields of their plate (``AnnotatedImage``), as new objects."""
        from .object_copies import copies

        held = [self.book.held[uuid] for uuid in uuids if uuid in self.book.held]
        made = [copy for one in held for copy in copies(one, tuple(z), tuple(t), tuple(fields))]
        self.add_objects(
            [Held(one.image, self.book.stamped(replace(one.one, uuid=new_uuid()))) for one in made], "copy"
        )

    def lay_on_all(self, uuids: Iterable[str], axes: Sequence[str]) -> None:
        """Have objects lie on all planes along z, t or both, each still one object."""
        from .object_copies import on_all

        held = [self.book.held[uuid].one for uuid in uuids if uuid in self.book.held]
        self.modify([on_all(one, axes) for one in held], f"lay on all {' and '.join(axes)}")

    def split(self, uuids: Iterable[str] = ()) -> None:
        """Cut what lies across fields or planes into pieces that each lie on one."""
        from .splitting import split_rows

        wanted = set(uuids) or set(self.book.problems)
        found = [problem for uuid, problem in self.book.problems.items() if uuid in wanted and problem.can_split]
        for problem in found:
            for watch in self.book.watches_of(problem.uuid):
                pieces, cut = split_rows(watch, problem.uuid)
                if not pieces:
                    self.said.emit(f"{problem.what}, and cannot be split: move it")
                    continue
                self._busy = True
                try:
                    with watch.quietly():
                        self._show.swap_rows(watch, problem.uuid, pieces)
                finally:
                    self._busy = False
                lost = [problem.uuid] if problem.uuid in self.book.held else []
                changes = self.book.changes(watch, lost=lost)
                self.book.problems.pop(problem.uuid, None)
                kept = tuple((watch.layer, row, said) for row, said in cut)
                self._done(Step(Edit("split", tuple(changes)), split=kept), [change.uuid for change in changes])

    # -- there and back

    @property
    def undo_title(self) -> str:
        """What undo would take back, "" where there is nothing."""
        return self._undo[-1].edit.title if self._undo else ""

    @property
    def redo_title(self) -> str:
        """What redo would do again."""
        return self._redo[-1].edit.title if self._redo else ""

    def undo(self) -> None:
        """Take back the last step, in whichever layer it was."""
        if self._undo:
            step = self._undo.pop()
            self._redo.append(step)
            self._replay(step, step.edit.reversed(), back=True)

    def redo(self) -> None:
        """Do again what was taken back last."""
        if self._redo:
            step = self._redo.pop()
            self._undo.append(step)
            self._replay(step, step.edit, back=False)

    def _replay(self, step: Step, edit: Edit, *, back: bool) -> None:
        labels: tuple[LabelChange, ...] = ()
        self._busy = True
        try:
            if step.removed is not None:
                self._bring(step.removed, back=back)
            if step.stroke is not None:
                (step.stroke.undo if back else step.stroke.redo)()
                watch = self.book.watch_of(step.stroke)
                labels = self._painted(watch, step.box) if watch is not None else ()
            self._show.show(edit.objects)
            if step.split:
                self._show.put_back(step.split, back=back)
        finally:
            self._busy = False
        self.book.keep(edit.objects)
        if edit.objects or labels:
            self.changed.emit(replace(edit, labels=labels))
        self.objects_changed.emit(tuple(change.uuid for change in edit.objects))
        self.history_changed.emit()

    def _bring(self, layer: Any, *, back: bool) -> None:
        """Put a layer back into the viewer, or take it out again."""
        if back:
            self.add_layer(layer)
            return
        owner = self._owner()
        if owner is not None and owner.viewer is not None and layer in owner.viewer.layers:
            owner.viewer.layers.remove(layer)

    def _do(self, edit: Edit) -> None:
        if not edit.objects:
            return
        self._quietly(lambda: self._show.show(edit.objects))
        self.book.keep(edit.objects)
        self._done(Step(edit), [change.uuid for change in edit.objects])

    def _quietly(self, act: Callable[[], object]) -> None:
        self._busy = True
        try:
            act()
        finally:
            self._busy = False

    def _done(self, step: Step | None, uuids: Iterable[str]) -> None:
        if step is not None:
            self._push(step)
            self.changed.emit(step.edit)
        self.objects_changed.emit(tuple(uuids))

    def _push(self, step: Step) -> None:
        self._undo = [*self._undo[-MOST_STEPS + 1 :], step]
        self._redo.clear()
        self.history_changed.emit()


def _nowhere(watch: LayerWatch) -> Places:
    return tuple(np.zeros(0, int) for _ in range(watch.layer.ndim))


def _calling(act: Callable[[], None]) -> Callable[[Any], None]:
    def pressed(_layer: Any) -> None:
        act()

    return pressed
