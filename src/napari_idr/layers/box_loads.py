"""Boxes of a viewer's images on their way into layers of their own: read in the background, exact, all or nothing."""

from __future__ import annotations

import logging
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_idr.errors import Cancelled, NapariIdrError
from napari_idr.streaming.boxes import read_boxes

from .box_parts import check_fits, part_of
from .main_thread import in_main_thread
from .open_job import OpenJob

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from .box_parts import BoxPart, Region
    from .viewer_session import ViewerSession

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class BoxJob(OpenJob):
    """A box on its way."""

    level: int = 0
    done: int = 0
    """Chunks that have come."""
    total: int = 0
    """Chunks of the box, 0 until that is known."""


class BoxLoads:
    """All boxes of one viewer. GUI thread only; so are its signals."""

    started = Signal(BoxJob)
    progressed = Signal(BoxJob)
    ended = Signal(BoxJob)
    """Done, failed or cancelled; ``job.state`` says which."""

    def __init__(self, session: ViewerSession) -> None:
        self._session = weakref.ref(session)

    def load(self, layers: Sequence[Any], region: Region, level: int) -> BoxJob:
        """Load a box of some layers of an image at a level; see :meth:`ViewerSession.load_box`."""
        job = BoxJob(layers[0].name if layers else "", "", level=level)
        self.started.emit(job)
        session = self._session()
        try:
            if session is None or session.is_closed:
                raise Cancelled("The viewer was closed", job.title)
            parts = [part_of(layer, region, level) for layer in layers]
            check_fits(parts, job.title)
        except NapariIdrError as error:
            self._end(job, error)
        else:
            session.in_background(self._read, job, parts)
        return job

    def _read(self, job: BoxJob, parts: list[BoxPart]) -> None:
        """Read all parts (worker)."""
        try:
            wanted = [(part.level, part.box) for part in parts]
            arrays = read_boxes(wanted, job.check, lambda done, total: self._on_progress(job, done, total))
        except NapariIdrError as error:
            in_main_thread(self._end, job, error)
        except Exception as error:  # noqa: BLE001 - the outermost edge of a worker: shown to the user, and logged
            _log.exception("loading a box of %s", job.title)
            in_main_thread(self._end, job, error)
        else:
            in_main_thread(self._show, job, parts, arrays)

    def _on_progress(self, job: BoxJob, done: int, total: int) -> None:
        """Tell of each hundredth (worker)."""
        moved = not job.total or done * 100 // total != job.done * 100 // total
        job.done, job.total = done, total
        if moved:
            in_main_thread(self._tell, job)

    def _tell(self, job: BoxJob) -> None:
        if job.state == "running":
            self.progressed.emit(job)

    def _show(self, job: BoxJob, parts: list[BoxPart], arrays: list[np.ndarray]) -> None:
        session = self._session()
        viewer = session.viewer if session is not None else None
        try:
            job.check()
            if session is None or viewer is None or session.is_closed:
                raise Cancelled("The viewer was closed", job.title)
            for layer in [part.layer(array) for part, array in zip(parts, arrays, strict=True)]:
                job.layers.append(viewer.add_layer(layer))
        except Exception as error:  # noqa: BLE001 - napari may refuse a layer in any way: shown to the user
            while job.layers and viewer is not None:
                viewer.layers.remove(job.layers.pop())
            self._end(job, error)
        else:
            self._end(job)

    def _end(self, job: BoxJob, error: Exception | None = None) -> None:
        if error is None:
            job.end("done")
        else:
            job.fail(error)
        self.ended.emit(job)
