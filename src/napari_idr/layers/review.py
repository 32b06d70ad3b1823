"""A review in a viewer: what is looked at is centred and bright, verdicts are drawn once they are durable.

GUI thread only.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal

from napari_idr.errors import NapariIdrError
from napari_idr.review.desk import Desk, digest_of
from napari_idr.workspace.autosave import Autosave

from . import napari_seam as seam
from .annotation_grid import ImageGrid, grid_of_layer
from .box_parts import levels_of
from .main_thread import in_main_thread
from .object_selection import look_at
from .one_redraw import OneRedraw
from .review_ahead import Ahead, views_of
from .review_correction import Correction
from .review_images import ReviewImages, check_size
from .review_outlines import ImageOutlines, Outlines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, AnnotationSet
    from napari_idr.model.annotator import Annotator
    from napari_idr.review.queue_store import OpenedQueue
    from napari_idr.workspace.workspace import Workspace

    from .review_ahead import View
    from .review_images import ReadyImage
    from .viewer_session import ViewerSession

LINE = 2.0
"""Of outlines on the screen, in its pixels, where an object is looked at."""
SAME_LINE = 0.2
"""By how much of its width a line may be off before it is drawn anew."""
ON_CANVAS = 400
"""Objects of one image that are drawn at a time, those around the one that is looked at."""
AROUND = 100
"""Of those, the nearest: when one comes to another than these, those around that one are drawn."""
MOST_OBJECTS = 5000
"""Of one image whose places are known at a time: those next to the one that is looked at in the list."""
AHEAD_MS = 60
"""After a step: what is looked at is painted first, and who steps on quickly has only the last step thought ahead."""
OBJECTS_AHEAD, IMAGES_AHEAD = 2, 2
"""Whose views are fetched before one gets there."""


class Review:
    """One queue of review in one viewer.

    Parameters
    ----------
    owner
        Of the viewer.
    opened
        The queue.
    who
        The reviewer.
    """

    shown = Signal(str)
    """Uuid of the object that is on the screen now."""
    said = Signal(str)
    """A sentence for the reviewer."""
    failed = Signal(Exception)
    """Why an image or object cannot be shown; the rest of the queue goes on."""
    opening = Signal(str)
    """Name of an image that is not there yet; "" when the wait is over."""

    def __init__(self, owner: ViewerSession, workspace: Workspace, opened: OpenedQueue, who: Annotator) -> None:
        self._owner, self.workspace = owner, workspace
        self.autosave = Autosave(workspace, who)
        self.autosave.saved.connect(self._on_saved)
        self.autosave.failed.connect(self._on_not_saved)
        is_team = not workspace.address.startswith("sqlite")
        self.desk = Desk(opened, who, self.autosave.record, claims=is_team)
        self._redraw_once = OneRedraw()
        self.images = ReviewImages(owner, self._redraw_once, self._of_queue)
        self.images.added.connect(self._on_added)
        self.images.prepared.connect(self._on_prepared)
        self._ahead = Ahead(owner.session.loader)
        self.state: AnnotationSet | None = None
        """What is annotated in the image that is shown."""
        self.known: ImageOutlines | None = None
        """Where the objects of the image are that is shown."""
        self.outlines: Outlines | None = None
        """Those that are drawn."""
        self.correction: Correction | None = None
        """Of the object that is looked at, while it is edited."""
        self._layer: Any = None
        self._over: Any = None
        self._bright = ""
        self._inner: set[str] = set()
        self._keys: Mapping[str, Callable[[], object]] = {}
        self._closed = self._is_old = False
        self._looks = 0
        self.desk.moved.connect(self._on_moved)
        self.desk.changed.connect(self._on_changed)
        self.desk.edited.connect(self._on_edited)
        self.desk.said.connect(self.said.emit)
        owner.closing.connect(self.close)

    def start(self, keys: Mapping[str, Callable[[], object]]) -> None:
        """Show where one is; ``keys`` are bound on each layer of the review, and on no other."""
        self._keys = keys
        self._on_moved(self.desk.row)

    def close(self) -> None:
        """Note where one stopped, write all there is, and take away what was drawn."""
        if self._closed:
            return
        self.end_correction()
        self.desk.stop()
        self._closed = True
        self._owner.closing.disconnect(self.close)
        self.images.stop()
        self._ahead.stop()
        self.autosave.close()
        self._clear()

    # -- what is durable

    def _on_saved(self, ticket: int) -> None:
        """In the thread that writes."""
        in_main_thread(self._confirm, ticket)

    def _confirm(self, ticket: int) -> None:
        self.desk.confirm(ticket)

    def _on_not_saved(self, error: NapariIdrError) -> None:
        in_main_thread(self.failed.emit, error)

    # -- where one looks

    def _on_moved(self, row: int) -> None:
        self.end_correction()
        image = self.desk.image
        if row < 0 or image is None:
            self._clear()
            return
        if self.state is not None and self.state.image.key == image.key and self._is_there() and not self._is_old:
            self._look()
            return
        on_shown, on_failed = partial(self._on_image, image), partial(self._on_failed, image)
        if not self.images.show(image, on_shown, on_failed):
            self.opening.emit(image.name or image.address)

    def _is_there(self) -> bool:
        viewer = self._owner.viewer
        return viewer is not None and self._layer in viewer.layers and self._over in viewer.layers

    def _on_failed(self, image: AnnotatedImage, error: Exception) -> None:
        self.opening.emit("")
        self._clear()
        self.failed.emit(error)

    def _on_image(self, image: AnnotatedImage, layer: Any, ready: ReadyImage) -> None:
        """Draw what is annotated in an image that has come."""
        viewer = self._owner.viewer
        if self._closed or viewer is None:
            return
        self.opening.emit("")
        known = ready.outlines or self._outlines_over(layer, ready.state)
        if known is None:
            self._clear()
            return
        self.state, self.known, self._over, self._is_old = ready.state, known, layer, False
        with self._redraw_once.step(viewer, self._drawn_layers()):
            self._draw()
            self._look()
        remark = check_size(layer, image)
        if remark:
            self.said.emit(remark)

    def _outlines_over(self, layer: Any, state: AnnotationSet) -> ImageOutlines | None:
        """Return where objects are in an image that a layer shows; None where that cannot be told."""
        viewer = self._owner.viewer
        try:
            grid = grid_of_layer(layer, viewer.layers if viewer is not None else ())
        except NapariIdrError as error:
            self.failed.emit(error)
            return None
        if not isinstance(grid, ImageGrid):
            return None
        return ImageOutlines(state, self._of_queue(state), grid.names, grid.sizes)

    def _drawn_layers(self) -> list[Any]:
        """Return the layers that a step changes."""
        viewer = self._owner.viewer
        every = [*self.images.layers, self._over, self._layer]
        return [layer for layer in dict.fromkeys(every) if viewer is not None and layer in viewer.layers]

    def _on_added(self, layer: Any) -> None:
        """Have a further channel lie below the outlines, and know the keys."""
        viewer = self._owner.viewer
        self._bind([layer])
        if viewer is not None and self._layer in viewer.layers:
            viewer.layers.move(viewer.layers.index(self._layer), len(viewer.layers))

    def _draw(self) -> None:
        """Draw the outlines around the object that is looked at, in the layer that there is or in a new one."""
        viewer: Any = self._owner.viewer
        assert self.known is not None
        near = self.known.near(self.desk.uuid, ON_CANVAS)
        self.outlines, self._inner = Outlines(self.known, near), set(near[:AROUND])
        for uuid in self.outlines.rows:
            self.outlines.color(uuid, self._status(uuid), is_current=uuid == self._bright)
        if self._layer in viewer.layers:
            with self._redraw_once.step(viewer, [self._layer]):
                if self.outlines.put_into(self._layer, self._over):
                    self._redraw_once.changed(self._layer)
                    return
            viewer.layers.remove(self._layer)
        self._layer = self.outlines.layer(self._over, "review", self._width())
        viewer.add_layer(self._layer)
        self._bind([self._layer])

    def _of_queue(self, state: AnnotationSet) -> list[str]:
        """Return the objects of an image that may be drawn: those of the queue. From any thread."""
        desk = self.desk
        own = [one.uuid for one in state.objects if one.uuid in desk.queue]
        if len(own) <= MOST_OBJECTS:
            return own
        at = desk.position
        return sorted(own, key=lambda uuid: abs(desk.position_of(uuid) - at))[:MOST_OBJECTS]

    def _look(self) -> None:
        """Brighten the object, and bring it to the middle; all of it in one redraw."""
        viewer, uuid = self._owner.viewer, self.desk.uuid
        if viewer is None or self.known is None or self.state is None:
            return
        if uuid not in self.known and len(self.known) >= MOST_OBJECTS:
            self.known = self._outlines_over(self._over, self.state) or self.known
        one, ends = self.object_shown, self.known.ends(uuid)
        if one is None or ends is None:
            gone = "The object was deleted meanwhile" if one is None else "The object has no place in the image"
            self.said.emit(f"{gone}: give a verdict, or go on with the next one.")
            return
        self.desk.versions[uuid] = digest_of(one)
        with self._redraw_once.step(viewer, self._drawn_layers()):
            if len(self.known) > ON_CANVAS and uuid not in self._inner:
                self._draw()
            self._go(uuid, ends)
            self._brighten(uuid)
        if viewer.layers.selection.active is not self._layer:
            viewer.layers.selection.active = self._layer
        self.shown.emit(uuid)
        self._looks += 1
        seam.call_later(AHEAD_MS, partial(self._look_ahead, self._looks))

    @property
    def object_shown(self) -> AnnotatedObject | None:
        """The object that is looked at, as it is drawn; None where there is none any more."""
        every = self.state.objects if self.state is not None else ()
        return next((one for one in every if one.uuid == self.desk.uuid), None)

    def _brighten(self, uuid: str) -> None:
        assert self.outlines is not None
        for other in {self._bright, uuid}:
            self.outlines.color(other, self._status(other), is_current=other == uuid)
        self._bright = uuid
        self._recolor()

    def _go(self, uuid: str, ends: tuple[np.ndarray, np.ndarray]) -> None:
        """Move the sliders to the planes of an object, unless it is in those shown, and the camera to its middle."""
        viewer: Any = self._owner.viewer
        world = np.array([self._layer.data_to_world(end) for end in ends])
        offset = viewer.dims.ndim - world.shape[1]
        assert self.outlines is not None
        now = np.round(np.asarray(self._layer.world_to_data(viewer.dims.point))).astype(int)[:-2]
        if tuple(now) not in self.outlines.planes(uuid):
            axes = range(world.shape[1] - 2)
            viewer.dims.set_point([axis + offset for axis in axes], [world[0, axis] for axis in axes])
        look_at(viewer, world[:, -2:])
        width = self._width()
        if abs(self._layer.edge_width - width) > SAME_LINE * width:
            with self._redraw_once.step(viewer, [self._layer]):
                self._layer.edge_width = width
                self._redraw_once.changed(self._layer)

    def _width(self) -> float:
        """Return the width of a line that is ``LINE`` pixels of the screen, in pixels of the image."""
        viewer, uuid = self._owner.viewer, self.desk.uuid
        scale = float(np.mean(np.abs(self._over.scale[-2:])))
        if viewer is None or self.outlines is None or uuid not in self.outlines.rows:
            return LINE
        return LINE / (float(viewer.scene.camera.zoom) * scale)

    # -- what it looks like

    def _status(self, uuid: str) -> str:
        return self.desk.status(uuid) if uuid in self.desk.queue else "unreviewed"

    def _on_changed(self, uuids: tuple[str, ...]) -> None:
        """Draw what counts now, and take over versions that somebody made."""
        if self.outlines is None:
            return
        for uuid in uuids:
            self.outlines.color(uuid, self._status(uuid), is_current=uuid == self._bright)
        self._recolor()

    def _recolor(self) -> None:
        if self.outlines is not None and len(self.outlines.vectors) and self._is_there():
            self._layer.edge_color = self.outlines.colors
            self._redraw_once.recoloured(self._layer)

    def _on_edited(self, image: str) -> None:
        """Have what somebody else changed be seen when one goes to an object of that image the next time."""
        self.images.forget(image)
        self._is_old |= self.state is not None and self.state.image.key == image

    def hide(self) -> None:
        """Hide the outlines, or show them again."""
        if self._layer is not None:
            self._layer.visible = not self._layer.visible

    # -- what is corrected

    def correct(self) -> None:
        """Have the shapes of the object be editable with napari's own tools, until one goes on."""
        viewer, one = self._owner.viewer, self.object_shown
        if self.correction is not None:
            self.end_correction()
            return
        if viewer is None or one is None or self.state is None:
            return
        if not one.shapes:
            self.said.emit("An object of a label image is corrected in the tab Annotate, by painting.")
            return
        self.correction = Correction(one, self.state, self._over, viewer.layers)
        for layer in self.correction.layers:
            viewer.add_layer(layer)
        self._bind(self.correction.layers)
        self._layer.visible = False

    def end_correction(self) -> None:
        """Take what was corrected as a new version, and go back to looking."""
        correction, viewer = self.correction, self._owner.viewer
        if correction is None or viewer is None or self.state is None:
            return
        self.correction = None
        after, new, remark = correction.result(viewer.layers)
        if remark:
            self.said.emit(remark)
        for layer in correction.layers:
            if layer in viewer.layers:
                viewer.layers.remove(layer)
        if after is None:
            self.desk.judge("rejected", "all of its shapes were deleted", [correction.before.uuid])
        else:
            self._take_version(correction.before, after, new)
        self._layer.visible = True
        viewer.layers.selection.active = self._layer

    def _take_version(
        self, before: AnnotatedObject, after: AnnotatedObject, new: tuple[AnnotatedObject, ...] = ()
    ) -> None:
        assert self.state is not None
        if before == after and not new:
            return
        key = self.state.image.key
        self.desk.correct(before, after, key, "corrected in review")
        for one in new:
            self.desk.correct(None, one, key, f"split from {before.uuid}")
        kept = [after if one.uuid == before.uuid else one for one in self.state.objects]
        self.state = self.state.with_objects([*kept, *new])
        self._redraw()

    def merge(self, uuids: list[str]) -> None:
        """Make one object of several of the image that is shown: the first gets the shapes of all, the others go."""
        if self.state is None:
            return
        found = [one for one in self.state.objects if one.uuid in uuids and one.shapes]
        if len(found) < 2:
            self.said.emit("Select two or more objects of the image that is shown to merge them.")
            return
        first, others, key = found[0], found[1:], self.state.image.key
        whole = replace(first, shapes=tuple(dict.fromkeys(shape for one in found for shape in one.shapes)))
        self.desk.correct(first, whole, key, "merged in review")
        for one in others:
            self.desk.correct(one, None, key, f"merged into {first.uuid}")
        gone = {one.uuid for one in others}
        kept = [whole if one.uuid == first.uuid else one for one in self.state.objects if one.uuid not in gone]
        self.state = self.state.with_objects(kept)
        self._redraw()

    def undo(self) -> None:
        """Take back what was said or corrected last, and show it."""
        if self.correction is not None:
            self.end_correction()
        before = self.desk.last_kind
        if self.desk.undo() and before in ("created", "modified", "deleted"):
            image = self.desk.image
            self._clear()
            if image is not None:
                self._owner.in_background(self._reread, image)

    def _reread(self, image: AnnotatedImage) -> None:
        """Show an image anew once what was taken back is durable. In a worker."""
        self.autosave.flush(10)
        in_main_thread(self._show_anew, image)

    def _show_anew(self, image: AnnotatedImage) -> None:
        self.images.forget(image.key)
        self._on_moved(self.desk.row)

    def _redraw(self) -> None:
        viewer = self._owner.viewer
        if self.state is None or viewer is None or not self._is_there():
            return
        self.images.forget(self.state.image.key)
        self.known = self._outlines_over(self._over, self.state)
        if self.known is not None:
            with self._redraw_once.step(viewer, [self._layer]):
                self._draw()
                self._brighten(self.desk.uuid)

    # -- what comes next

    def _look_ahead(self, looks: int) -> None:
        """Have the images after this one, and the pixels around the next objects, come before one gets there."""
        if self._closed or looks != self._looks:
            return
        following = self.desk.next_images(IMAGES_AHEAD)
        for position in following:
            self.images.prepare(self.desk.opened.images[self.desk.queue.image_of(int(self.desk.rows[position]))])
        self._ahead.want(self._next_views(following))

    def _on_prepared(self) -> None:
        if not self._closed:
            self._ahead.want(self._next_views(self.desk.next_images(IMAGES_AHEAD)))

    def _next_views(self, following: Sequence[int]) -> list[View]:
        """Return what will be in view of the next objects here, and of the first ones in the images that follow.

        ``following`` are the places of those in the list.
        """
        viewer, desk = self._owner.viewer, self.desk
        if viewer is None or self.known is None or desk.position < 0:
            return []
        canvas = tuple(viewer.canvas.size)
        found: list[View] = []
        for position in range(desk.position + 1, min(desk.position + 1 + OBJECTS_AHEAD, len(desk.rows))):
            ends = self.known.ends(desk.queue.uuids[int(desk.rows[position])])
            if ends is not None:
                found += [view for levels in self._levels() for view in views_of(levels, ends, canvas)]
        for position in following:
            row = int(desk.rows[position])
            ready = self.images.ready(desk.queue.image_of(row))
            if ready is not None:
                found += ready.views(desk.queue.uuids[row], canvas)
        return found

    def _levels(self) -> list[Any]:
        shown = (levels_of(layer) for layer in self.images.layers or [self._over] if layer.visible)
        return [levels for levels in shown if levels]

    # -- layers

    def _bind(self, layers: list[Any]) -> None:
        for layer in layers:
            for key, act in self._keys.items():
                layer.bind_key(key, _calling(act), overwrite=True)

    def _clear(self) -> None:
        viewer = self._owner.viewer
        if viewer is not None and self._layer is not None and self._layer in viewer.layers:
            viewer.layers.remove(self._layer)
        self._layer, self.outlines, self.known, self.state = None, None, None, None
        self._bright = ""


def _calling(act: Callable[[], object]) -> Callable[[Any], None]:
    def pressed(_layer: Any) -> None:
        act()

    return pressed
