"""What the annotation layers of a viewer hold, object by object, kept up as people draw.

An edit is read from the rows that it touched, so that its cost does not grow with what else was drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from napari_idr.errors import NapariIdrError
from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, AnnotationSet
from napari_idr.model.annotator import NOBODY, Annotator
from napari_idr.model.edits import ObjectChange

from .annotation_labels import add_known_values, label_objects
from .annotation_reading import Problem, objects_of, read_rows
from .annotation_tracks import read_tracks, track_uuids
from .annotations import ReadLayers, known_objects, read_layers, remember

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from napari_idr.model.annotation import Color

    from .layer_watch import LayerWatch


@dataclass(frozen=True, slots=True)
class Held:
    """An object and its image."""

    image: AnnotatedImage
    one: AnnotatedObject


class AnnotationBook:
    """Objects of all watched layers, by uuid; those that were deleted; and those that belong nowhere.

    Parameters
    ----------
    now
        Returns the time, aware and in UTC.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.watches: list[LayerWatch] = []
        self.held: dict[str, Held] = {}
        self.deleted: dict[str, Held] = {}
        """In the order of their deletion; they are kept until the window closes."""
        self.problems: dict[str, Problem] = {}
        self.annotator: Annotator = NOBODY
        self.active_class = ""
        """Of what is drawn next."""
        self.class_colors: dict[str, Color] = {}
        self._known: dict[str, AnnotatedObject] = {}
        self._now = now

    # -- layers

    def add(self, watch: LayerWatch) -> list[ObjectChange]:
        """Take up a layer with all it holds; return the objects that were not known before."""
        self.watches.append(watch)
        for uuid, one in known_objects(watch.layer).items():
            self._known.setdefault(uuid, one)
        remember(watch.layer, self._known)
        if watch.kind == "tracks":
            track_uuids(watch.layer)
        elif watch.kind == "labels":
            add_known_values(watch.layer)
        watch.look()
        return self._take(self._read(watch.rows))

    def drop(self, watch: LayerWatch) -> list[str]:
        """Forget a layer; return the objects that are shown by no other. They are not deleted."""
        self.watches.remove(watch)
        gone = [uuid for uuid in watch.rows if not self.watches_of(uuid)]
        for uuid in gone:
            self.held.pop(uuid, None)
            self.problems.pop(uuid, None)
        return gone

    def watch_of(self, layer: Any) -> LayerWatch | None:
        """Return what watches a layer."""
        return next((watch for watch in self.watches if watch.layer is layer), None)

    def watches_of(self, uuid: str) -> list[LayerWatch]:
        """Return the watches of the layers that show an object."""
        return [watch for watch in self.watches if uuid in watch.rows]

    # -- what people did

    def changes(self, watch: LayerWatch, rows: Iterable[int] = (), lost: Iterable[str] = ()) -> list[ObjectChange]:
        """Look at a layer in which some rows may have changed; return how its objects did, and keep them so.

        ``lost`` are objects whose rows are known to be gone.
        """
        had = {uuid: len(found) for uuid, found in watch.rows.items()}
        said = watch.look()
        owners = {row: uuid for uuid, found in watch.rows.items() for row in found} if rows or said else {}
        touched = {owners[row] for row in (*rows, *said) if row in owners} | watch.fresh
        touched |= watch.rows.keys() - self.held.keys()
        gone = dict.fromkeys((*(uuid for uuid, count in had.items() if watch.copies(uuid) < count), *lost))
        return self._take(self._read(uuid for uuid in watch.rows if uuid in touched and uuid not in gone), gone)

    def _take(self, found: dict[str, Held], gone: Iterable[str] = ()) -> list[ObjectChange]:
        changes: list[ObjectChange] = []
        for uuid, new in found.items():
            old = self.held.get(uuid)
            if old is not None and old.one == new.one and old.image.key == new.image.key:
                continue
            known = self._known.get(uuid)
            one = new.one if known == new.one else self._stamped(new.one, is_new=known is None)
            if old is not None and old.image.key != new.image.key:
                changes += [ObjectChange(old.image, old.one, None), ObjectChange(new.image, None, one)]
            else:
                changes.append(ObjectChange(new.image, None if old is None else old.one, one))
        for uuid in gone:
            self.problems.pop(uuid, None)
            lost = self.held.get(uuid)
            if lost is not None:
                changes.append(ObjectChange(lost.image, lost.one, None))
        self.keep(changes)
        return changes

    def keep(self, changes: Iterable[ObjectChange]) -> None:
        """Hold objects as changes leave them."""
        for change in changes:
            uuid = change.uuid
            if change.after is not None:
                self.held[uuid] = Held(change.image, change.after)
                self._known[uuid] = change.after
                self.deleted.pop(uuid, None)
            elif change.before is not None and self._is_at(uuid, change.image):
                self.held.pop(uuid, None)
                self.deleted.pop(uuid, None)
                self.deleted[uuid] = Held(change.image, change.before)

    def stamped(self, one: AnnotatedObject) -> AnnotatedObject:
        """Return an object that was changed just now."""
        return self._stamped(one, is_new=False)

    def _is_at(self, uuid: str, image: AnnotatedImage) -> bool:
        held = self.held.get(uuid)
        return held is not None and held.image.key == image.key

    def _stamped(self, one: AnnotatedObject, *, is_new: bool) -> AnnotatedObject:
        now = self._now()
        if not is_new:
            return replace(one, modified=now)
        return replace(one, created=now, modified=now, annotator=self.annotator)

    # -- reading

    def _read(self, uuids: Iterable[str]) -> dict[str, Held]:
        """Return objects as the layers show them now; what belongs nowhere goes among the problems."""
        wanted = list(uuids)
        placed, problems, found = [], [], {}
        for watch in self.watches:
            here = [uuid for uuid in wanted if uuid in watch.rows]
            if not here:
                continue
            if watch.is_vector:
                rows = [row for uuid in here for row in watch.rows[uuid]]
                shapes, wrong = read_rows(watch.layer, watch.grid, rows, self._known)
                placed += shapes
                problems += wrong
            else:
                pairs, wrong = self._read_other(watch)
                problems += wrong
                found.update({one.uuid: Held(image, one) for image, one in pairs if one.uuid in here})
        for uuid in wanted:
            self.problems.pop(uuid, None)
        self.problems.update({problem.uuid: problem for problem in problems})
        whole = [one for one in placed if one.said.uuid not in self.problems]
        found.update({one.uuid: Held(image, one) for image, one in objects_of(whole, self._known)})
        return found

    def _read_other(self, watch: LayerWatch) -> tuple[Sequence[tuple[AnnotatedImage, AnnotatedObject]], list[Problem]]:
        if watch.kind == "tracks":
            return read_tracks(watch.layer, watch.grid, self._known)
        image: AnnotatedImage = watch.grid.image  # type: ignore[attr-defined]
        return [(image, one) for one in label_objects(watch.layer, self._known)], []

    def sets(self, layers: Sequence[Any] = (), plates: Sequence[Any] = ()) -> ReadLayers:
        """Return all that is held as sets, label images included; what belongs nowhere beside them.

        What cannot be read (labels between pixels) is told among the problems.
        """
        problems = list(self.problems.values())
        images = {held.image.key: held.image for held in self.held.values()}
        labels: dict[str, list[Any]] = {}
        for watch in self.watches:
            if watch.kind == "labels":
                try:
                    read = read_layers([watch.layer], layers, plates)
                except NapariIdrError as error:
                    problems.append(Problem("", watch.name, str(error)))
                    continue
                for one in read.sets:
                    images.setdefault(one.image.key, one.image)
                    labels.setdefault(one.image.key, []).extend(one.labels)
        sets = tuple(
            AnnotationSet(
                image=image,
                objects=tuple(held.one for held in self.held.values() if held.image.key == key),
                labels=tuple(labels.get(key, ())),
            )
            for key, image in images.items()
        )
        return ReadLayers(sets, tuple(problems))
