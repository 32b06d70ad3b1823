"""Whose ROIs somebody wants to see: of a layer, a node or an address, opened first where it has to be."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from napari_idr.errors import Cancelled, NapariIdrError
from napari_idr.model.catalog import Node, WellSample
from napari_idr.remote.object_store import shown_address

from .main_thread import in_main_thread
from .open_job import OpenJob
from .roi_rows import NO_IMAGES
from .shown_rois import RoiImage, ShownRois, image_key

if TYPE_CHECKING:
    from napari.layers import Layer

    from .viewer_session import ViewerSession


class RoiLayers:
    """Shows the ROIs of images, each image's once. GUI thread only."""

    def __init__(self, owner: ViewerSession) -> None:
        self._owner = owner
        self._shown: dict[tuple[str, str], ShownRois] = {}

    def show(self, what: Layer | Node | str) -> OpenJob:
        """Show the ROIs of an image: of one of its layers, or of a node or address, which is opened where it is not.

        Returns at once; what goes wrong ends the job.
        """
        job = OpenJob(f"the ROIs of {_name(what)}", "", again=partial(self.show, what))
        self._owner.opening.emit(job)
        layer = self._layer_of(what) if isinstance(what, (Node, str)) else what
        if layer is not None:
            self._begin(layer, job)
        elif isinstance(what, (Node, str)):
            self._owner.in_background(self._after_opening, self._owner.open(what), job)
        return job

    def _layer_of(self, what: Node | str) -> Layer | None:
        """Return a layer that shows the image of a node or address."""
        viewer = self._owner.viewer
        for layer in viewer.layers if viewer is not None else ():
            ours = layer.metadata.get("napari_idr", {})
            if NO_IMAGES.isdisjoint(ours) and _shows(ours, what):
                return layer
        return None

    def _after_opening(self, opening: OpenJob, job: OpenJob) -> None:
        while not opening.finished.wait(0.1):
            if self._owner.is_closed:
                return
        in_main_thread(self._opened, opening, job)

    def _opened(self, opening: OpenJob, job: OpenJob) -> None:
        if opening.layers:
            self._begin(opening.layers[0], job)
        else:
            self._owner.fail(job, opening.error or Cancelled("The image was not opened", job.title))

    def _begin(self, layer: Layer, job: OpenJob) -> None:
        try:
            image = RoiImage.of_layer(layer)
        except NapariIdrError as error:
            self._owner.fail(job, error)
            return
        before = self._shown.get(image.key)
        self._shown[image.key] = ShownRois(self._owner, image, layer, job, before)


def _name(what: Layer | Node | str) -> str:
    return shown_address(what) if isinstance(what, str) else what.name


def _shows(ours: dict[str, Any], what: Node | str) -> bool:
    """Whether a layer of ours shows the image of a node or address."""
    if isinstance(what, str):
        return bool(ours.get("address") == what)
    image_id = what.image_id if isinstance(what, WellSample) else what.id
    return what.kind in ("image", "field") and image_key(ours) == (what.repository, image_id)
