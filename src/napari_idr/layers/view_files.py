"""View files of a viewer: saved as one file, and opened again, images first, then what was drawn, then the camera."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from napari_idr.errors import Cancelled, FormatError, NapariIdrError, Unsupported
from napari_idr.formats.file_endings import VIEW, is_view_file
from napari_idr.formats.view_file import (
    LARGEST_FILE,
    Camera,
    Dims,
    Source,
    SourceLayer,
    ViewDocument,
    parse_view,
    view_text,
)
from napari_idr.remote.object_store import shown_address

from . import napari_seam as seam
from .main_thread import in_main_thread
from .open_job import OpenJob
from .view_annotations import layer_of
from .view_capture import capture
from .view_looks import show_look

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari.layers import Layer

    from .viewer_session import ViewerSession


def file_path(address: str) -> Path:
    """Return the path of a view file that was given as a path or ``file://`` address."""
    from napari_idr.repositories.addresses import recognise

    text = address.strip()
    return Path(recognise(text).base) if text.lower().startswith("file:") else Path(text).expanduser()


def load_view(path: Path) -> tuple[ViewDocument, list[str]]:
    """Return what a view file says. May block; raises ``FormatError``, and ``OSError`` where it cannot be read."""
    with path.open("rb") as file:
        text = file.read(LARGEST_FILE + 1)
    if len(text) > LARGEST_FILE:
        raise FormatError(f"The view file is larger than {LARGEST_FILE >> 20} MB", str(path), "save fewer layers")
    return parse_view(text, str(path))


def save_view(path: Path, document: ViewDocument) -> Path:
    """Write a view file beside its place and move it there; return its path, which ends in ``.idrview.json``."""
    if not is_view_file(path.name):
        path = path.with_name(path.name.removesuffix(".json") + VIEW)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.write_text(view_text(document), encoding="utf-8")
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    return path


@dataclass(eq=False)
class _Restoring:
    """A view on its way."""

    job: OpenJob
    document: ViewDocument
    remarks: list[str]
    openings: list[OpenJob] = field(default_factory=list)
    drawn: list[tuple[int, Layer]] = field(default_factory=list)
    placed: list[tuple[int, Layer]] = field(default_factory=list)


class ViewFiles:
    """Saves and opens the view files of one viewer. GUI thread only."""

    def __init__(self, owner: ViewerSession) -> None:
        self._owner = owner
        self._awaited: list[tuple[Source, SourceLayer]] = []
        """Layers of plates that come after the plate: its labels."""

    def save(self, path: Path) -> tuple[Path, list[str]]:
        """Save what is shown; return where, and a sentence for each layer that is not in it.

        Raises ``OSError`` where it cannot be written.
        """
        viewer = self._owner.viewer
        if viewer is None:
            raise Cancelled("The viewer was closed", str(path))
        document, remarks = capture(viewer, self._owner.embedded_address)
        return save_view(path, document), remarks

    def open(self, address: str) -> OpenJob:
        """Open a view file: its images are opened beside what is shown; returns at once."""
        job = OpenJob(Path(address).name, address)
        self._owner.opening.emit(job)
        self._owner.in_background(self._read, job)
        return job

    def look_at(
        self,
        addresses: Sequence[str],
        *,
        point: Mapping[str, float],
        center: Sequence[float],
        zoom: float,
        ndisplay: Literal[2, 3] = 2,
    ) -> OpenJob:
        """Open addresses beside what is shown, then move sliders and camera; returns at once.

        Parameters
        ----------
        addresses
            Anything that can be opened.
        point
            Of sliders, by name of the axis, in world coordinates.
        center, zoom, ndisplay
            Of the camera.
        """
        job = OpenJob(", ".join(shown_address(address) for address in addresses), "")
        document = ViewDocument(
            sources=[Source(address=address) for address in addresses],
            camera=Camera(center=list(center), zoom=zoom),
            dims=Dims(ndisplay=ndisplay, axis_labels=list(point), point=list(point.values())),
        )
        self._open_sources(_Restoring(job, document, []))
        return job

    # -- in a worker

    def _read(self, job: OpenJob) -> None:
        try:
            document, remarks = load_view(file_path(job.address))
            if not document.sources and not document.annotations:
                raise Unsupported("The view file holds no layers", job.address, "save it again")
            restoring = _Restoring(job, document, remarks)
            restoring.drawn = list(self._drawn(restoring))
            job.check()
        except OSError as error:
            what = f"The view file could not be read ({error.strerror or type(error).__name__})"
            in_main_thread(self._owner.fail, job, FormatError(what, job.address, "check the path"))
        except NapariIdrError as error:
            in_main_thread(self._owner.fail, job, error)
        else:
            in_main_thread(self._open_sources, restoring)

    def _drawn(self, restoring: _Restoring) -> Sequence[tuple[int, Layer]]:
        """Return the layers of what was drawn; what is damaged is left out and said."""
        made = []
        for annotation in restoring.document.annotations:
            try:
                made.append((annotation.place, layer_of(annotation)))
            except NapariIdrError as error:
                restoring.remarks.append(f"{error}.")
        return made

    def _await(self, restoring: _Restoring) -> None:
        """Wait until every image is open or failed."""
        for opening in restoring.openings:
            while not opening.finished.wait(0.05):
                if self._owner.is_closed:
                    return
                if restoring.job.is_cancelled():
                    opening.cancel()
        in_main_thread(self._show, restoring)

    # -- in the GUI thread

    def _open_sources(self, restoring: _Restoring) -> None:
        for source in restoring.document.sources:
            run = "" if source.acquisition is None else str(source.acquisition)
            restoring.openings.append(
                self._owner.open(source.address, acquisition=run, wells=tuple(source.wells), beside=True)
            )
        self._owner.in_background(self._await, restoring)

    def _show(self, restoring: _Restoring) -> None:
        job, document = restoring.job, restoring.document
        if job.is_cancelled():
            self._owner.fail(job, Cancelled("Opening was stopped", job.title))
            return
        failed = [opening for opening in restoring.openings if opening.state != "done"]
        if failed and len(failed) == len(restoring.openings) and not restoring.drawn:
            self._owner.fail(job, failed[0].error or Cancelled("The images were not opened", job.title))
            return
        restoring.remarks += [f"{one.title} could not be opened: {one.error}." for one in failed]
        steps: list[Callable[[], object]] = []
        for source, opening in zip(document.sources, restoring.openings, strict=True):
            steps.append(partial(self._look, restoring, source, opening))
        steps += [partial(self._draw, restoring, place, layer) for place, layer in restoring.drawn]
        steps += [partial(self._order, restoring), partial(self._aim, restoring), partial(self._end, restoring)]
        self._owner.turns.add(*steps)

    def _look(self, restoring: _Restoring, source: Source, opening: OpenJob) -> None:
        """Make the layers of an image look as they did; labels of a plate that are still to come will."""
        if opening.state != "done":
            return
        for wanted in source.layers:
            if wanted.role == "box":
                self._load_box(wanted, opening)
                continue
            layer = next((one for one in self._layers_of(opening) if _is_meant(one, wanted)), None)
            if layer is not None:
                show_look(layer, wanted.look)
                restoring.placed.append((wanted.place, layer))
            elif wanted.role == "label":
                self._awaited.append((source, wanted))
        shown = {id(layer) for _, layer in restoring.placed}
        for layer in opening.layers if source.layers else ():
            if id(layer) not in shown:
                layer.visible = False  # its layer had been removed: hidden, not lost

    def _layers_of(self, opening: OpenJob) -> list[Layer]:
        """Return the layers of what was opened, and those of its labels that have come since."""
        viewer = self._owner.viewer
        source = opening.layers[0].metadata["napari_idr"].get("source") if opening.layers else None
        late = [
            layer
            for layer in (viewer.layers if viewer is not None else ())
            if layer not in opening.layers and layer.metadata.get("napari_idr", {}).get("source") == source
        ]
        return [*opening.layers, *late]

    def _load_box(self, wanted: SourceLayer, opening: OpenJob) -> None:
        parent = next((one for one in opening.layers if _is_of(one, wanted)), None)
        if parent is not None and wanted.box is not None:
            region = {name: slice(*ends) for name, ends in wanted.box.region.items()}
            self._owner.load_box([parent], region, wanted.box.level)

    def _draw(self, restoring: _Restoring, place: int, layer: Layer) -> None:
        viewer = self._owner.viewer
        if viewer is not None:
            viewer.add_layer(layer)
            restoring.placed.append((place, layer))

    def _order(self, restoring: _Restoring) -> None:
        viewer = self._owner.viewer
        if viewer is None:
            return
        for _, layer in sorted(restoring.placed, key=lambda pair: pair[0]):
            if layer in viewer.layers:
                viewer.layers.move(viewer.layers.index(layer), len(viewer.layers))

    def _aim(self, restoring: _Restoring) -> None:
        viewer: Any = self._owner.viewer
        document = restoring.document
        if viewer is None:
            return
        _show_dims(viewer, document)
        if document.camera is not None:
            _show_camera(viewer, document)
        if document.scale_bar is not None:
            viewer.canvas.overlays.scale_bar.visible = document.scale_bar
        active = next((layer for place, layer in restoring.placed if place == document.active), None)
        if active is not None and active in viewer.layers:
            viewer.layers.selection.active = active

    def _end(self, restoring: _Restoring) -> None:
        job = restoring.job
        job.layers = [layer for _, layer in restoring.placed]
        job.message = " ".join(restoring.remarks)
        job.end("done")
        if job.address:
            self._owner.recent.add(job.title, str(file_path(job.address).absolute()))
            self._owner.opened.emit(job)

    def on_inserted(self, layer: Any) -> None:
        """Make a layer that came late look as its view file says."""
        for pair in list(self._awaited):
            source, wanted = pair
            if _is_meant(layer, wanted) and source.address:
                self._awaited.remove(pair)
                seam.call_later(0, partial(show_look, layer, wanted.look))
                return


def _is_meant(layer: Any, wanted: SourceLayer) -> bool:
    """Whether a layer of an image is the one that a view file names."""
    ours = layer.metadata.get("napari_idr", {})
    if wanted.role == "wells":
        return "wells" in ours
    return {"wells", "box", "rois"}.isdisjoint(ours) and _is_of(layer, wanted)


def _is_of(layer: Any, wanted: SourceLayer) -> bool:
    ours = layer.metadata.get("napari_idr", {})
    return bool(ours.get("channel") == wanted.channel and ours.get("label") == wanted.label)


def _show_dims(viewer: Any, document: ViewDocument) -> None:
    dims = document.dims
    if dims is None:
        return
    viewer.dims.ndisplay = min(dims.ndisplay, max(2, viewer.dims.ndim))
    labels = list(viewer.dims.axis_labels)
    for name, point in zip(dims.axis_labels, dims.point, strict=False):
        if name in labels:
            viewer.dims.set_point(labels.index(name), point)


def _show_camera(viewer: Any, document: ViewDocument) -> None:
    camera = document.camera
    if camera is None or len(camera.center) not in (2, 3) or len(camera.angles) != 3:
        return
    viewer.scene.camera.center = (0.0, *camera.center)[-3:]
    viewer.scene.camera.zoom = camera.zoom
    viewer.scene.camera.angles = tuple(camera.angles)
    viewer.scene.camera.perspective = camera.perspective
