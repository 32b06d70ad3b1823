"""The ROIs of one image in a viewer: read and made in a worker, added one layer per turn, following the sliders."""

from __future__ import annotations

import logging
import weakref
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_idr.errors import Cancelled, NapariIdrError, NotFound, Unsupported

from .coalesced import Coalesced
from .full_collections import full_collections
from .images import NAME_LENGTH
from .known_rois import is_edited
from .main_thread import in_main_thread
from .roi_plan import RoiPlan, plan_rois
from .roi_rows import Frame
from .roi_status import say_features

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Layer

    from napari_idr.model.annotation import RoiSet

    from .open_job import OpenJob
    from .viewer_session import ViewerSession

_log = logging.getLogger(__name__)

MANY = 1000
"""ROIs of an image of several planes from which on only those of the plane shown are asked for."""
KEPT_PLANES = 16
"""Planes whose ROIs are remembered."""


def image_key(ours: dict[str, Any]) -> tuple[str, str]:
    """Return the repository of the image of a layer of ours, and its id there; empty where there is none."""
    return str(ours.get("repository", "")), str(ours.get("image_id", ""))


@dataclass(frozen=True, slots=True)
class RoiImage:
    """What has to be known of an image to show its ROIs."""

    key: tuple[str, str]
    """Of its repository, and its id there."""
    frame: Frame
    title: str
    metadata: dict[str, Any]

    @classmethod
    def of_layer(cls, layer: Layer) -> RoiImage:
        """Return the image that a layer of ours shows. Raises ``Unsupported`` where it is not one of a repository."""
        ours = layer.metadata.get("napari_idr", {})
        key = image_key(ours)
        if not all(key):
            raise Unsupported("The layer shows no image of a repository", layer.name, "open one from the tree")
        metadata = {name: value for name, value in ours.items() if name != "channel"}
        title = layer.name.rpartition(" · ")[0] or layer.name
        return cls(key, Frame.of_layer(layer), title[:NAME_LENGTH], {**metadata, "rois": True})


class ShownRois:
    """The ROIs of one image; those of another plane come when the sliders move, where they are many."""

    def __init__(
        self, owner: ViewerSession, image: RoiImage, layer: Layer, job: OpenJob, before: ShownRois | None = None
    ) -> None:
        self._owner, self._image, self._job = owner, image, job
        self._reference = weakref.ref(layer)
        self._at = (0, 0)
        self._every: RoiSet | None = None
        self._planes: dict[tuple[int, int], RoiSet] = {}
        self._swapping = False
        self.layers: list[Layer] = []
        self._following = Coalesced(owner.in_background, self._follow)
        if before is not None:
            before.stop()
            self.layers = before.layers
        self._look()
        owner.in_background(self._open)

    # -- in a worker

    def _open(self) -> None:
        try:
            plan = self._plan(self._at)
            self._job.check()
        except NapariIdrError as error:
            in_main_thread(self._owner.fail, self._job, error)
        except Exception as error:  # noqa: BLE001 - the outermost edge of a worker: shown to the user, and logged
            _log.exception("%s", self._job.title)
            in_main_thread(self._owner.fail, self._job, error)
        else:
            in_main_thread(self._show_first, plan)

    def _follow(self) -> None:
        at = self._at
        try:
            plan = self._plan(at)
        except Cancelled:
            return
        except NapariIdrError as error:
            self._owner.said.emit(f"The ROIs of this plane could not be read: {error}")
            return
        in_main_thread(self._show_plane, plan, at)

    def _plan(self, at: tuple[int, int]) -> RoiPlan:
        full_collections.stir()
        rois, of_plane = self._read(at)
        full_collections.stir()  # reading may have taken longer than they wait
        if not rois.rois and not rois.remarks and not of_plane:
            raise NotFound("No ROIs are stored", self._job.title, "its repository has none for this image")
        image = self._image
        return plan_rois(rois, image.frame, image.title, image.metadata, at, of_plane=of_plane)

    def _read(self, at: tuple[int, int]) -> tuple[RoiSet, bool]:
        """Return the ROIs of the image, or of the plane shown where they are many and the server can tell."""
        every, plane = self._every, self._planes.get(at)
        if every is not None:
            return every, False
        return self._ask(at) if plane is None else (plane, True)

    def _ask(self, at: tuple[int, int]) -> tuple[RoiSet, bool]:
        session, frame = self._owner.session, self._image.frame
        several = frame.size("z") * frame.size("t") > 1
        if several and (self._planes or session.roi_count(*self._image.key) > MANY):
            try:
                found = session.roi_set(*self._image.key, plane=at, is_cancelled=self._is_cancelled)
            except Unsupported:
                pass
            else:
                self._planes = dict([*self._planes.items(), (at, found)][-KEPT_PLANES:])
                return found, True
        self._every = every = session.roi_set(*self._image.key, is_cancelled=self._is_cancelled)
        return every, False

    def _is_cancelled(self) -> bool:
        return self._job.is_cancelled() or self._owner.is_closed

    # -- in the GUI thread

    def _show_first(self, plan: RoiPlan) -> None:
        full_collections.stir()
        self._swap(plan, partial(self._finish, plan))

    def _finish(self, plan: RoiPlan) -> None:
        job = self._job
        job.layers, job.message = list(self.layers), " ".join(plan.remarks)
        viewer = self._owner.viewer
        if viewer is not None:
            viewer.layers.events.removed.connect(self._on_removed)
            if plan.one_plane:
                viewer.dims.events.current_step.connect(self._on_moved)
        job.end("done")
        self._owner.opened.emit(job)

    def _show_plane(self, plan: RoiPlan, at: tuple[int, int]) -> None:
        if at == self._at and self.layers:
            self._swap(plan, lambda: None)

    def _swap(self, plan: RoiPlan, then: Callable[[], object]) -> None:
        """Replace the layers, one per turn of the event loop."""
        self._swapping = True
        steps: list[Callable[[], object]] = [partial(self._remove, layer) for layer in self.layers]
        steps += [partial(self._add, layer) for layer in plan.layers]
        self._owner.turns.add(*steps, self._end_swap, then)

    def _remove(self, layer: Layer) -> None:
        viewer = self._owner.viewer
        self.layers = [one for one in self.layers if one is not layer]
        if viewer is None or layer not in viewer.layers:
            return
        if is_edited(layer):
            self._owner.said.emit(f"{layer.name} was changed and stays: send it, or remove it, when you are done.")
        else:
            viewer.layers.remove(layer)

    def _add(self, layer: Layer) -> None:
        viewer = self._owner.viewer
        if viewer is None or self._owner.is_closed:
            return
        active = viewer.layers.selection.active
        try:
            viewer.add_layer(layer)
        except Exception as error:  # noqa: BLE001 - napari may refuse a layer in any way: said to the user, and logged
            _log.exception("adding %s", layer.name)
            self._owner.said.emit(f"napari could not show {layer.name} ({type(error).__name__}).")
            return
        say_features(layer)
        if active is not None and active in viewer.layers:
            viewer.layers.selection.active = active
        self.layers.append(layer)

    def _end_swap(self) -> None:
        self._swapping = False

    def _on_moved(self) -> None:
        before = self._at
        self._look()
        if self._at != before:
            self._following.ask()

    def _look(self) -> None:
        """Remember which plane of the image is shown."""
        viewer, layer = self._owner.viewer, self._reference()
        if viewer is None or layer is None:
            return
        frame, point = self._image.frame, layer.world_to_data(viewer.dims.point)
        at = {name: min(max(round(float(place)), 0), frame.size(name) - 1) for name, place in zip(frame.names, point)}  # noqa: B905 - a layer may have more axes than its frame
        self._at = at.get("z", 0), at.get("t", 0)

    def _on_removed(self, event: Any) -> None:
        """Stop following once the user has removed all layers."""
        if event.value in self.layers and not self._swapping:
            self.layers.remove(event.value)
            if not self.layers:
                self.stop()

    def stop(self) -> None:
        """Follow the sliders no more, and forget what was read; the layers stay."""
        self._every = None
        self._planes.clear()
        viewer = self._owner.viewer
        if viewer is not None:
            viewer.dims.events.current_step.disconnect(self._on_moved)
            viewer.layers.events.removed.disconnect(self._on_removed)
