"""Thumbnails: asked for in batches in the background, decoded there too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from qtpy.QtCore import QBuffer, QByteArray, QIODevice, QObject, Signal
from qtpy.QtGui import QImage, QImageReader

from .workers import Job, Latest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_idr.errors import NapariIdrError

BATCH = 48
"""Images per request: what the web client of OMERO asks for at once."""
SIZE = 96
_LARGEST = 4096


class ThumbnailSource(Protocol):
    """What a session offers."""

    def __call__(
        self,
        repository_key: str,
        image_ids: Sequence[str],
        *,
        size: int = 96,
        on_thumbnail: Callable[[str, bytes], None] | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> dict[str, bytes]:
        """Return encoded pictures by image id."""
        ...


class ThumbnailLoader(QObject):
    """Brings the thumbnails of one set of images, those asked for by ``next_ids`` first.

    Signals
    -------
    arrived
        Image id and picture.
    batch_done
        Ids of this batch that have no picture.
    failed
        The error that ended it.
    """

    arrived = Signal(str, QImage)
    batch_done = Signal(object)
    failed = Signal(object)

    def __init__(self, source: ThumbnailSource, parent: QObject) -> None:
        super().__init__(parent)
        self._source = source
        self._latest = Latest(self)

    @property
    def is_running(self) -> bool:
        """Whether a batch is on its way."""
        return self._latest.is_running

    def load(self, repository: str, image_ids: Sequence[str], size: int = SIZE) -> None:
        """Ask for one batch, in place of the one on its way."""
        wanted = tuple(image_ids)
        self._latest.run_reporting(
            _fetch,
            self._source,
            repository,
            wanted,
            size,
            on_progress=self.arrived.emit,
            on_done=lambda came: self.batch_done.emit(set(wanted) - came),
            on_error=self._on_error,
        )

    def cancel(self) -> None:
        """Forget the batch on its way."""
        self._latest.cancel()

    def _on_error(self, error: NapariIdrError) -> None:
        self.failed.emit(error)


def decoded(encoded: bytes) -> QImage:
    """Return an encoded picture as an image; a null image if it is none, or absurdly large."""
    buffer = QBuffer()
    buffer.setData(QByteArray(encoded))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    size = reader.size()
    if not size.isValid() or max(size.width(), size.height()) > _LARGEST:
        return QImage()
    return reader.read()


def _fetch(job: Job, source: ThumbnailSource, repository: str, image_ids: Sequence[str], size: int) -> set[str]:
    """Fetch one batch, reporting each picture; return the ids that have one."""
    came: set[str] = set()

    def on_thumbnail(image_id: str, encoded: bytes) -> None:
        image = decoded(encoded)
        if not image.isNull():
            came.add(image_id)
            job.report(image_id, image)

    source(repository, image_ids, size=size, on_thumbnail=on_thumbnail, is_cancelled=job.is_cancelled)
    return came
