"""Boxes of a viewer's images on their way into files: in the background, all or nothing, and marked on the image."""

from __future__ import annotations

import logging
import weakref
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_idr.errors import AddressError, Cancelled, NapariIdrError, Unsupported
from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet
from napari_idr.model.saved_region import SavedRegion, region_object

from .annotation_grid import ImageGrid, grid_of_layer
from .box_loads import BoxJob
from .box_parts import check_fits, part_of
from .main_thread import in_main_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.annotation_set import AnnotatedObject
    from napari_idr.model.image import ImageMetadata

    from .box_parts import BoxPart, Region
    from .viewer_session import ViewerSession

_log = logging.getLogger(__name__)

LAYER = "saved regions"
"""Of the rectangles that mark them."""


@dataclass(frozen=True, slots=True)
class RegionPlan:
    """What is saved of an image: nothing was read yet."""

    address: str
    label: str
    level: int
    region: dict[str, slice]
    """By the file's names of axes, in pixels of the level."""
    parts: tuple[BoxPart, ...]
    """One per channel."""

    @property
    def nbytes(self) -> int:
        """Bytes of its pixels."""
        return sum(part.nbytes for part in self.parts)


def plan_region(layers: Sequence[Any], region: Region, level: int) -> RegionPlan:
    """Return what is saved of the image that layers show.

    Parameters
    ----------
    layers
        Of one image: a file has all channels from the first to the last of them.
    region
        In pixels of the finest level, by names of axes.
    level
        0 is the finest.

    Raises
    ------
    Unsupported
        They show a plate, which is many images.
    AddressError
        As ``part_of``.
    """
    one = layers[0]
    ours = one.metadata["napari_idr"]
    if ours.get("kind") == "plate":
        raise Unsupported("A plate is many images", one.name, "open a field to save a part of it")
    part = part_of(one, region, level)
    named = {name: slice(*ends) for name, ends in zip(one.axis_labels, part.box, strict=False)}
    label = str(ours.get("label") or "")
    channels = [layer.metadata["napari_idr"].get("channel") for layer in layers]
    known = [index for index in channels if isinstance(index, int)] if not label else []
    axis = next((name for name in ours["axes"] if name not in named), "") if known else ""
    if axis:
        named[axis] = slice(min(known), max(known) + 1)
    count = max(known) + 1 - min(known) if axis else 1
    return RegionPlan(str(ours["address"]), label, level, named, (part,) * count)


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A region that was saved in this window."""

    path: Path
    region: SavedRegion
    image: AnnotatedImage


@dataclass(eq=False)
class RegionJob(BoxJob):
    """A region on its way into a file."""

    path: Path = Path()
    uuid: str = ""
    """Of the object that marks it, "" where none does."""


def check_is_free(path: Path) -> None:
    """Raise ``AddressError`` where something of that name is there: it is never replaced."""
    if path.exists():
        raise AddressError("There is something of that name already", path.name, "choose another name")


def _check(job: RegionJob) -> None:
    """Raise where a job was cancelled, or something has come to its place meanwhile."""
    job.check()
    check_is_free(job.path)


class RegionSaves:
    """All regions that one viewer saves. GUI thread only; so are its signals."""

    started = Signal(RegionJob)
    progressed = Signal(RegionJob)
    ended = Signal(RegionJob)
    """Done, failed or cancelled; ``job.state`` says which."""

    def __init__(self, session: ViewerSession) -> None:
        self._session = weakref.ref(session)
        self.files: dict[str, SavedFile] = {}
        """By the uuid of the object that marks them."""

    def save(self, layers: Sequence[Any], region: Region, level: int, path: Path) -> RegionJob:
        """Save a box of an image at a level; returns at once. A file that is there is never replaced."""
        job = RegionJob(layers[0].name, "", level=level, path=path)
        self.started.emit(job)
        session = self._session()
        try:
            if session is None or session.is_closed:
                raise Cancelled("The viewer was closed", job.title)
            check_is_free(path)
            plan = plan_region(layers, region, level)
            check_fits(plan.parts, job.title)
        except NapariIdrError as error:
            self._end(job, error)
        else:
            session.in_background(self._write, job, session, plan, layers[0])
        return job

    def _write(self, job: RegionJob, session: ViewerSession, plan: RegionPlan, layer: Any) -> None:
        """Read and write (worker)."""
        try:
            source, metadata = session.session.write(
                plan.address,
                job.path,
                level=plan.level,
                label=plan.label,
                region=plan.region,
                check=partial(_check, job),
                on_progress=partial(self._on_progress, job),
            )
        except NapariIdrError as error:
            in_main_thread(self._end, job, error)
        except Exception as error:  # noqa: BLE001 - the outermost edge of a worker: shown to the user, and logged
            _log.exception("saving a box of %s", job.title)
            in_main_thread(self._end, job, error)
        else:
            in_main_thread(self._done, job, layer, source, metadata)

    def _on_progress(self, job: RegionJob, done: int, total: int) -> None:
        """Tell of each hundredth (worker)."""
        moved = not job.total or done * 100 // total != job.done * 100 // total
        job.done, job.total = done, total
        if moved:
            in_main_thread(self._tell, job)

    def _tell(self, job: RegionJob) -> None:
        if job.state == "running":
            self.progressed.emit(job)

    def _done(self, job: RegionJob, layer: Any, source: SavedRegion | None, metadata: ImageMetadata) -> None:
        if source is not None:
            try:
                self._mark(job, layer, source, metadata)
            except (NapariIdrError, ValueError) as error:
                job.message = f"It is not marked on its image: {error}."
        self._end(job)

    def _mark(self, job: RegionJob, layer: Any, source: SavedRegion, metadata: ImageMetadata) -> None:
        """Mark the region on its image with an object of its own."""
        session = self._session()
        viewer: Any = session.viewer if session is not None else None
        if session is None or viewer is None or layer not in viewer.layers:
            raise Unsupported("Its image is not open any more", job.title, "open it again")
        grid = grid_of_layer(layer, list(viewer.layers), session.plates)
        assert isinstance(grid, ImageGrid)
        now = datetime.now(UTC).replace(microsecond=0)
        who = session.annotations.book.annotator
        one = region_object(source, metadata, file=job.path.name, annotator=who, created=now)
        self._show(session, layer, grid.image, replace(one, layer=LAYER))
        job.uuid = one.uuid
        self.files[one.uuid] = SavedFile(job.path, source, grid.image)

    def _show(self, session: ViewerSession, over: Any, image: AnnotatedImage, one: AnnotatedObject) -> None:
        from .annotation_book import Held
        from .annotations import sets_to_layers

        annotations, viewer = session.annotations, session.viewer
        if any(held.image.key == image.key for held in annotations.book.held.values()):
            annotations.add_objects([Held(image, one)], "mark a saved region")
            return
        active: Any = None if viewer is None else viewer.layers.selection.active
        marked = AnnotationSet(image=image, objects=(one,))
        layers, _ = sets_to_layers([marked], over, annotations.layers, annotations.plates)
        for layer in layers:
            annotations.add_layer(layer)
        session.kept.take_in([marked], annotations.book.held)
        if viewer is not None:
            viewer.layers.selection.active = active

    def _end(self, job: RegionJob, error: Exception | None = None) -> None:
        if error is None:
            job.end("done")
        else:
            job.fail(error)
        self.ended.emit(job)
