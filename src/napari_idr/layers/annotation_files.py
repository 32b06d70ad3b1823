"""Annotation files and packages opened in a viewer: as layers over the images that they are about."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_idr.errors import FormatError, NapariIdrError, Unsupported
from napari_idr.export.package_reading import is_package, read_package
from napari_idr.formats.annotations.convert import read_any

from .annotated_images import image_of_layer
from .annotations import sets_to_layers
from .drawing import can_draw_on, prepare, target
from .kept_offers import is_of_plate, without
from .main_thread import in_main_thread
from .open_job import OpenJob

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet

    from .viewer_session import ViewerSession

MOST_OPENED = 6
"""Images that a file opens by itself; the others are named."""


@dataclass(eq=False)
class _Showing:
    """A file on its way."""

    job: OpenJob
    sets: tuple[AnnotationSet, ...] = ()
    openings: list[OpenJob] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


class AnnotationFiles:
    """Opens annotation files of one viewer. GUI thread only."""

    def __init__(self, owner: ViewerSession) -> None:
        self._owner = owner

    def open(self, address: str) -> OpenJob:
        """Open a file or package; images that it names and that are not open are opened first. Returns at once."""
        path = Path(address.strip()).expanduser()
        job = OpenJob(path.name, address)
        self._owner.opening.emit(job)
        viewer = self._owner.viewer
        layers = list(viewer.layers) if viewer is not None else []
        over = None if viewer is None else target(layers, viewer.layers.selection.active)
        image = None if over is None or _is_plate(over) else image_of_layer(over)
        self._owner.in_background(self._read, _Showing(job), path, image)
        return job

    # -- in a worker

    def _read(self, showing: _Showing, path: Path, image: AnnotatedImage | None) -> None:
        try:
            showing.sets = _sets_of(path, image)
            showing.job.check()
        except NapariIdrError as error:
            in_main_thread(self._owner.fail, showing.job, error)
        except OSError as error:
            what = f"The file could not be read ({error.strerror or type(error).__name__})"
            in_main_thread(self._owner.fail, showing.job, FormatError(what, path.name, "check the path"))
        else:
            in_main_thread(self._open_images, showing)

    def _await(self, showing: _Showing) -> None:
        """Wait until the images are open, and plates are laid out."""
        for opening in showing.openings:
            while not opening.finished.wait(0.05):
                if self._owner.is_closed:
                    return
                if showing.job.is_cancelled():
                    opening.cancel()
        in_main_thread(self._show, showing)

    def _make(self, showing: _Showing, groups: Sequence[tuple[Any, list[AnnotationSet]]], layers: list[Any]) -> None:
        made: list[Layer] = []
        for over, sets in groups:
            try:
                prepare(self._owner, over)
                shown, remarks = sets_to_layers(sets, over, layers, self._owner.plates)
            except NapariIdrError as error:
                showing.remarks.append(f"{error}.")
                continue
            made += shown
            showing.remarks += remarks
        in_main_thread(self._add, showing, [one for _, sets in groups for one in sets], made)

    # -- in the GUI thread

    def _open_images(self, showing: _Showing) -> None:
        missing = [one for one in showing.sets if self._over(one) is None]
        addresses = dict.fromkeys(one.image.address for one in missing if "://" in one.image.address)
        for address in list(addresses)[:MOST_OPENED]:
            showing.openings.append(self._owner.open(address))
        self._owner.in_background(self._await, showing)

    def _over(self, one: AnnotationSet) -> Any:
        """Return the layer of the image of a set, or of its plate, None where neither is open."""
        viewer = self._owner.viewer
        for layer in viewer.layers if viewer is not None else ():
            if not can_draw_on(layer) or "box" in layer.metadata["napari_idr"]:
                continue
            if _is_plate(layer):
                if is_of_plate(one.image, layer.metadata["napari_idr"]):
                    return layer
            elif image_of_layer(layer).key == one.image.key:
                return layer
        return None

    def _show(self, showing: _Showing) -> None:
        viewer = self._owner.viewer
        if viewer is None or self._owner.is_closed:
            return
        shown = frozenset(self._owner.annotations.book.held)
        groups: list[tuple[Any, list[AnnotationSet]]] = []
        for one in showing.sets:
            over = self._over(one)
            if over is None:
                showing.remarks.append(f"{one.image.name or one.image.address} is not open: open it, then this again.")
                continue
            left = without(one, shown)
            group = next((sets for layer, sets in groups if layer is over), None)
            if group is None:
                groups.append((over, [left]))
            else:
                group.append(left)
        self._owner.in_background(self._make, showing, groups, list(viewer.layers))

    def _add(self, showing: _Showing, sets: Sequence[AnnotationSet], made: Sequence[Layer]) -> None:
        """Add the layers, and write down what they hold: it is the user's from now on."""
        job, annotations = showing.job, self._owner.annotations
        for layer in made:
            annotations.add_layer(layer)
            job.layers.append(layer)
        remarks = " ".join(dict.fromkeys(showing.remarks))
        if not made and remarks:
            self._owner.fail(job, Unsupported("Nothing could be shown", job.title, remarks))
            return
        self._owner.kept.take_in(sets, annotations.book.held)
        job.message = remarks
        job.end("done")
        if remarks:
            self._owner.said.emit(remarks)
        self._owner.opened.emit(job)


def _sets_of(path: Path, image: AnnotatedImage | None) -> tuple[AnnotationSet, ...]:
    return read_package(path) if is_package(path) else read_any(path, image)


def _is_plate(layer: Any) -> bool:
    return bool(layer.metadata["napari_idr"].get("kind") == "plate")
