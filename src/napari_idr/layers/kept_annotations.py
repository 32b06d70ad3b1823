"""Writes down what people draw in a viewer as they draw it, and what they say of images as a whole."""

from __future__ import annotations

import logging
import weakref
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_idr.errors import NapariIdrError
from napari_idr.model.annotation_set import AnnotatedImage, ImageStatement, LabelImage, LabelPlace

from .annotation_grid import ImageGrid
from .annotation_labels import colors_of, level_and_origin
from .annotation_reading import about
from .main_thread import in_main_thread
from .patched_pixels import PatchedPixels

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet, Spacing
    from napari_idr.model.annotator import Annotator
    from napari_idr.model.edits import Edit, LabelChange
    from napari_idr.workspace.autosave import Autosave
    from napari_idr.workspace.workspace import Workspace

    from .history import Annotations
    from .layer_watch import LayerWatch
    from .viewer_session import ViewerSession

    Stated = tuple[tuple[tuple[str, Spacing], ...], Annotator]
    Saving = Callable[[Autosave], object]

_log = logging.getLogger(__name__)


class KeptAnnotations:
    """The workspace's copy of what is annotated in one viewer. GUI thread only.

    The workspace is opened in a worker when there is something to write down. What comes before it is open, or while
    it cannot be opened, waits here; closing tries once more.
    """

    state_changed = Signal()
    """More or less is unsaved, or something went wrong."""
    failed = Signal(NapariIdrError)
    """What could not be written down, and what to try; it is kept and tried again."""
    said_changed = Signal()
    """Something else is said of an image as a whole."""

    def __init__(self, owner: ViewerSession, annotations: Annotations) -> None:
        self._owner, self._annotations = weakref.ref(owner), annotations
        self._autosave: Autosave | None = None
        self._opening = False
        self._waiting: list[Saving] = []
        self._whole: weakref.WeakSet[Any] = weakref.WeakSet()
        self._stated: dict[str, Stated] = {}
        self.statements: dict[str, tuple[ImageStatement, ...]] = {}
        """What is said of images as a whole, of their wells and study, by the images' keys."""
        self.images: dict[str, AnnotatedImage] = {}
        """Images of which something is said as a whole."""
        self.problem: NapariIdrError | None = None
        """Why the last thing could not be written down, None once it was."""
        self.saved_at: datetime | None = None
        annotations.changed.connect(self._on_changed)
        annotations.layers_changed.connect(self._on_layers)

    @property
    def unsaved(self) -> int:
        """How many changes are not written down yet."""
        return len(self._waiting) + (self._autosave.unsaved if self._autosave is not None else 0)

    @property
    def _who(self) -> Annotator:
        return self._annotations.book.annotator

    def retry(self) -> None:
        """Try again to open the workspace."""
        self._send([])

    def flush(self, timeout: float) -> bool:
        """Wait until all is written down; return whether it is. For the end of a program, and for tests."""
        return not self._waiting and (self._autosave is None or self._autosave.flush(timeout))

    # -- what is said of images

    def image(self, image: AnnotatedImage) -> AnnotatedImage:
        """Return an image with the pixel size that the annotator stated for it."""
        if image.key not in self._stated:
            return image
        spacing, who = self._stated[image.key]
        known = {axis: one for axis, one in image.spacing if one.unit is not None}
        return replace(image, spacing=tuple({**dict(spacing), **known}.items()), spacing_stated_by=who)

    def state_spacing(
        self, images: Sequence[AnnotatedImage], spacing: Sequence[tuple[str, Spacing]], who: Annotator
    ) -> None:
        """Take down the pixel size of images whose files do not say it; what a file says is never overruled."""
        for image in images:
            self._stated[image.key] = tuple(spacing), who
        self._send(
            [partial(_save, image=self.image(image), changes=(), why="state pixel size", who=who) for image in images]
        )
        self.said_changed.emit()

    def say(self, image: AnnotatedImage, statement: ImageStatement, *, taken_back: bool = False) -> None:
        """Say something of an image, its well or the study, or take it back."""
        known = self.statements.get(image.key, ())
        if taken_back != (statement in known):
            return
        self.images[image.key] = image
        kept = tuple(one for one in known if one != statement)
        self.statements[image.key] = kept if taken_back else (*known, statement)
        self._send([partial(_state, image=self.image(image), statement=statement, taken_back=taken_back)])
        self.said_changed.emit()

    def take_over(self, image: AnnotatedImage, statements: Sequence[ImageStatement]) -> None:
        """Know what the workspace holds of an image."""
        if image.spacing_stated_by is not None:
            self._stated[image.key] = image.spacing, image.spacing_stated_by
        if statements:
            self.images[image.key] = image
        self.statements[image.key] = tuple(dict.fromkeys((*self.statements.get(image.key, ()), *statements)))
        self.said_changed.emit()

    def take_in(self, sets: Sequence[AnnotationSet], shown: Collection[str]) -> None:
        """Write down sets that came from a file: those of their objects that are shown, and what is said of images."""
        from napari_idr.workspace.changes import ObjectChange

        for one in sets:
            parts = tuple(ObjectChange(None, each) for each in one.objects if each.uuid in shown)
            self._send([partial(_save, image=self.image(one.image), changes=parts, why="open a file", who=self._who)])
            for statement in one.statements:
                self.say(one.image, statement)

    def know(self, layer: Any) -> None:
        """Take the pixels of a Labels layer as written down already."""
        self._whole.add(layer)

    # -- what is drawn

    def _on_changed(self, edit: Edit) -> None:
        from napari_idr.workspace.changes import ObjectChange

        images = {change.image.key: change.image for change in edit.objects}
        saving: list[Saving] = []
        for key, image in images.items():
            parts = self._parts(image)
            changes = tuple(
                ObjectChange(_as_part(change.before, parts), _as_part(change.after, parts))
                for change in edit.objects
                if change.image.key == key
            )
            saving.append(partial(_save, image=self.image(image), changes=changes, why=edit.title, who=self._who))
        self._send([*saving, *(self._painted(change, edit.title) for change in edit.labels)])

    def _on_layers(self) -> None:
        """Write down the pixels that new Labels layers came with."""
        new = [
            watch
            for watch in self._annotations.book.watches
            if watch.kind == "labels" and watch.layer not in self._whole
        ]
        self._send([self._all_of(watch) for watch in new])

    def _all_of(self, watch: LayerWatch) -> Saving:
        self._whole.add(watch.layer)
        return partial(
            _paint, image=self.image(_grid(watch).image), label=_label_of(watch), box=None, why="add", who=self._who
        )

    def _painted(self, change: LabelChange, why: str) -> Saving:
        """Return how to write down a stroke: the chunks of the layer that it touched.

        napari tells of a stroke of a single step before the layer holds it: its pixels are those of the change.
        """
        watch = next(
            one
            for one in self._annotations.book.watches
            if one.kind == "labels" and one.name == change.pixels.name and _grid(one).image.key == change.image.key
        )
        whole = _label_of(watch)
        starts = [first - start for first, start in zip(change.pixels.start, whole.start, strict=True)]
        box = tuple((start, start + size) for start, size in zip(starts, change.pixels.pixels.shape, strict=True))
        pixels: Any = PatchedPixels(whole.pixels, change.pixels.pixels, starts)
        label = replace(whole, pixels=pixels)
        return partial(_paint, image=self.image(change.image), label=label, box=box, why=why, who=self._who)

    def _parts(self, image: AnnotatedImage) -> dict[str, str]:
        """Return under which names parts of label images of the repository are written down."""
        labels = (watch for watch in self._annotations.book.watches if watch.kind == "labels")
        return {watch.name: _label_of(watch).name for watch in labels if _grid(watch).image.key == image.key}

    # -- the thread that writes

    def _send(self, saving: Sequence[Saving]) -> None:
        self._waiting += saving
        if self._autosave is None:
            self._open()
        else:
            self._hand_over(self._autosave)
        self.state_changed.emit()

    def _hand_over(self, autosave: Autosave) -> None:
        waiting, self._waiting = self._waiting, []
        for save in waiting:
            try:
                save(autosave)
            except NapariIdrError as error:  # labels that are no whole numbers
                self._on_failed(error)

    def _open(self) -> None:
        owner = self._owner()
        if owner is None or owner.is_closed or self._opening or not self._waiting:
            return
        self._opening = True
        owner.in_background(self._open_workspace, owner)

    def _open_workspace(self, owner: ViewerSession) -> None:
        """Open the workspace (worker)."""
        try:
            workspace = owner.session.workspace
        except NapariIdrError as error:
            in_main_thread(self._on_not_opened, error)
        else:
            in_main_thread(self._on_opened, workspace)

    def _on_not_opened(self, error: NapariIdrError) -> None:
        self._opening = False
        self._on_failed(error)

    def _on_opened(self, workspace: Workspace) -> None:
        owner = self._owner()
        self._opening = False
        if owner is not None and not owner.is_closed:
            self._start(workspace)

    def _start(self, workspace: Workspace) -> None:
        from napari_idr.workspace.autosave import Autosave

        self._autosave = made = Autosave(workspace, self._who)
        made.saved.connect(lambda _ticket: in_main_thread(self._on_saved))
        made.failed.connect(lambda error: in_main_thread(self._on_failed, error))
        made.refused.connect(lambda error: in_main_thread(self._on_failed, error))
        owner = self._owner()
        for remark in workspace.remarks if owner is not None else ():
            owner.said.emit(remark)  # type: ignore[union-attr]
        self._hand_over(made)

    def _on_saved(self) -> None:
        if not self.unsaved:
            self.problem, self.saved_at = None, datetime.now(UTC)
        self.state_changed.emit()

    def _on_failed(self, error: NapariIdrError) -> None:
        self.problem = error
        self.failed.emit(error)
        self.state_changed.emit()

    def close(self) -> None:
        """Write down what is left, and end the thread that writes."""
        owner = self._owner()
        if self._autosave is None and self._waiting and owner is not None:
            try:
                self._start(owner.session.workspace)
            except NapariIdrError:
                _log.exception("what was drawn last could not be written down")
        if self._autosave is not None and not self._autosave.close():
            _log.error("%d changes could not be written down: %s", self._autosave.unsaved, self.problem)


def _save(autosave: Autosave, *, image: AnnotatedImage, changes: Sequence[Any], why: str, who: Annotator) -> None:
    autosave.save(image, changes, why=why, who=who)


def _paint(autosave: Autosave, *, image: AnnotatedImage, label: LabelImage, box: Any, why: str, who: Annotator) -> None:
    autosave.paint(image, label, box, why=why, who=who)


def _state(autosave: Autosave, *, image: AnnotatedImage, statement: ImageStatement, taken_back: bool) -> None:
    from napari_idr.workspace.changes import stated_event

    autosave.record(image, stated_event(image.key, statement, statement.annotator, taken_back=taken_back))


def _grid(watch: LayerWatch) -> ImageGrid:
    assert isinstance(watch.grid, ImageGrid), "labels lie over one image"
    return watch.grid


def _label_of(watch: LayerWatch) -> LabelImage:
    """Return what a Labels layer holds as a label image, its pixels those of the layer itself.

    A part of a label image that a repository holds is one of its own in the workspace: it says which part.
    """
    layer = watch.layer
    level, origin = level_and_origin(watch.pixels, _grid(watch).image.level_factors, layer.name)
    name = watch.name
    if "whole" in about(layer):
        name = f"{name} from {', '.join(map(str, origin))}"
    data = layer.data[0] if layer.multiscale else layer.data
    start = origin if any(origin) else ()
    return LabelImage(
        name=name, axes=watch.pixels.names, pixels=data, origin=start, level=level, colors=colors_of(layer)
    )


def _as_part(one: AnnotatedObject | None, parts: dict[str, str]) -> AnnotatedObject | None:
    """Return an object as it is written down: one of a part of a label image belongs to that part."""
    if one is None or one.label is None or parts.get(one.label.image, one.label.image) == one.label.image:
        return one
    name = parts[one.label.image]
    return replace(one, label=LabelPlace(name, one.label.value), layer=name)
