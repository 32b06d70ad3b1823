"""Brings the studies of a repository: their text in one go, then their pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal
from qtpy.QtGui import QImage

from .thumbnails import decoded
from .workers import Job, Latest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.errors import NapariIdrError
    from napari_idr.model.catalog import Node
    from napari_idr.repositories.base import ExamplePicture
    from napari_idr.session import Session

PAGE = 1000
MOST = 20_000
"""Nodes that are listed of a repository at most: a list to look through, not a database."""


class StudiesLoader(QObject):
    """Loads one repository at a time; a newer one replaces it.

    Signals
    -------
    arrived
        All studies.
    picture_arrived
        Key of a study, and its picture.
    failed
        The error that ended it.
    """

    arrived = Signal(tuple)
    picture_arrived = Signal(tuple, QImage)
    failed = Signal(object)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._list, self._pictures = Latest(self), Latest(self)

    @property
    def is_running(self) -> bool:
        """Whether the list is still to come."""
        return self._list.is_running

    def load(self, root: Node) -> None:
        """List the studies of a repository."""
        self.cancel()
        self._list.run(lambda: _all_below(self._session, root), on_done=self.arrived.emit, on_error=self._on_error)

    def load_pictures(self, nodes: Sequence[Node]) -> None:
        """Bring the pictures of studies, the first ones first; a repository without any has none."""
        self._pictures.run_reporting(
            _fetch_pictures,
            self._session,
            tuple(nodes),
            on_progress=lambda key, image: self.picture_arrived.emit(key, image),
            on_error=lambda _: None,
        )

    def cancel(self) -> None:
        """Forget what is on its way."""
        self._list.cancel()
        self._pictures.cancel()

    def _on_error(self, error: NapariIdrError) -> None:
        self.failed.emit(error)


def _all_below(session: Session, root: Node) -> tuple[Node, ...]:
    nodes: list[Node] = []
    offset: int | None = 0
    while offset is not None and len(nodes) < MOST:
        page = session.children(root, offset=offset, limit=PAGE)
        nodes += page.nodes
        offset = page.next_offset
    return tuple(nodes)


def _fetch_pictures(job: Job, session: Session, nodes: tuple[Node, ...]) -> None:
    def on_picture(key: tuple[str, str, str], picture: ExamplePicture) -> None:
        image = decoded(picture.picture)
        if not image.isNull():
            job.report(key, image)

    if nodes:
        session.example_pictures(nodes, on_picture=on_picture, is_cancelled=job.is_cancelled)
