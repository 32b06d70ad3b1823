"""Brings a plate to its grid: the wells, then their thumbnails, those in view first, then what is known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal
from qtpy.QtGui import QImage

from .thumbnails import BATCH, ThumbnailLoader
from .workers import Latest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_idr.model.catalog import Node, PlateGrid
    from napari_idr.session import Session


class PlateLoader(QObject):
    """Loads one plate at a time; a newer one replaces it.

    Parameters
    ----------
    session
        Where plates come from.
    next_images
        Returns the images that still lack a thumbnail, those in view first.

    Signals
    -------
    grid_arrived
        The ``PlateGrid``: where its wells are known first, once without the fields and acquisitions to choose from.
    key_values_arrived
        Annotations of all wells, by (row, column).
    thumbnail_arrived
        Image id and picture.
    counted
        Thumbnails that came or are known to be missing, and all of them.
    finished
        Ids of the images that have no thumbnail.
    failed
        The error, and what tries again.
    """

    grid_arrived = Signal(object)
    key_values_arrived = Signal(object)
    thumbnail_arrived = Signal(str, QImage)
    counted = Signal(int, int)
    finished = Signal(object)
    failed = Signal(object, object)

    def __init__(self, session: Session, next_images: Callable[[], Sequence[str]], parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._next_images = session, next_images
        self._grid, self._key_values = Latest(self), Latest(self)
        self._thumbnails = ThumbnailLoader(session.thumbnails, self)
        self._thumbnails.arrived.connect(self.thumbnail_arrived)
        self._thumbnails.batch_done.connect(self._on_batch_done)
        self._thumbnails.failed.connect(lambda error: self.failed.emit(error, self.resume))
        self._repository = ""
        self._all: frozenset[str] = frozenset()
        self._missing: set[str] = set()

    @property
    def missing(self) -> frozenset[str]:
        """Images that were asked for and have no thumbnail."""
        return frozenset(self._missing)

    def load(self, plate: Node, field: int, acquisition: str) -> None:
        """Load a plate as one field and acquisition show it."""
        self.cancel()
        self._repository, self._missing = plate.repository, set()
        self._grid.run_reporting(
            lambda job: self._session.plate_grid(plate, field=field, acquisition=acquisition, on_wells=job.report),
            on_progress=self._on_grid,
            on_done=self._on_grid,
            on_error=lambda error: self.failed.emit(error, lambda: self.load(plate, field, acquisition)),
        )

    def load_key_values(self, plate: Node) -> None:
        """Load what is known of the wells."""
        self._key_values.run(
            lambda: self._session.well_key_values(plate),
            on_done=self.key_values_arrived.emit,
            on_error=lambda error: self.failed.emit(error, lambda: self.load_key_values(plate)),
        )

    def retry_missing(self) -> None:
        """Ask again for the thumbnails that did not come."""
        self._missing.clear()
        self.resume()

    def resume(self) -> None:
        """Ask for the next batch of thumbnails, unless one is on its way."""
        if self._thumbnails.is_running:
            return
        images = [image for image in self._next_images() if image not in self._missing]
        self.counted.emit(len(self._all) - len(images), len(self._all))
        if images:
            self._thumbnails.load(self._repository, images[:BATCH])
        else:
            self.finished.emit(self.missing)

    def cancel_thumbnails(self) -> None:
        """Ask for no more thumbnails, until ``resume``."""
        self._thumbnails.cancel()

    def cancel(self) -> None:
        """Forget all that is on its way."""
        for running in (self._grid, self._key_values, self._thumbnails):
            running.cancel()

    def _on_grid(self, grid: PlateGrid) -> None:
        self._all = frozenset(cell.image_id for cell in grid.cells)
        self.grid_arrived.emit(grid)
        self.resume()

    def _on_batch_done(self, without: set[str]) -> None:
        self._missing |= without
        self.resume()
