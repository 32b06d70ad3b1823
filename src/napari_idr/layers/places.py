"""Addresses that stand for no pixels: a search, a study, what holds images, a review file. The dock shows them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

from .open_job import OpenJob
from .shown_dock import show_dock

if TYPE_CHECKING:
    from napari_idr.model.catalog import Node

    from .viewer_session import ViewerSession

KINDS = frozenset({"repository", "study", "project", "dataset", "screen"})
"""Kinds of nodes that are looked at in the catalogue, not on the canvas."""


class Places:
    """What a viewer's dock is asked to show; the dock is opened where there is none. GUI thread only."""

    search_requested = Signal(str)
    """Text of a search, in the words of the search box."""
    node_requested = Signal(object)
    """A node of the catalogue."""
    review_requested = Signal(str)
    """Path of a review file."""

    def __init__(self, viewer_session: ViewerSession) -> None:
        self._viewer_session = viewer_session

    def search(self, text: str, address: str) -> OpenJob:
        """Show what a search finds; return a job that is done."""
        job = OpenJob(text, address)
        self._open_dock()
        self.search_requested.emit(text)
        job.end("done")
        return job

    def review(self, address: str) -> OpenJob:
        """Show in the tab Review what a review file would bring; return a job that is done."""
        path = Path(address.strip()).expanduser()
        job = OpenJob(path.name, address)
        self._open_dock()
        self.review_requested.emit(str(path))
        job.end("done")
        return job

    def show(self, job: OpenJob, node: Node) -> None:
        """Show a node of the catalogue, and end the job that found it."""
        if self._viewer_session.is_closed:
            return
        self._open_dock()
        self.node_requested.emit(node)
        job.title, job.node = node.name, node
        job.end("done")
        self._viewer_session.opened.emit(job)

    def _open_dock(self) -> None:
        viewer = self._viewer_session.viewer
        if viewer is not None:
            show_dock(viewer)
