"""Opens what was chosen of a search: the wells of a plate as one image, images each for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_idr.errors import NotFound
from napari_idr.model.search import wells_on_plate

from .wording import counted
from .workers import Latest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.errors import NapariIdrError
    from napari_idr.layers.viewer_session import ViewerSession
    from napari_idr.model.catalog import Node
    from napari_idr.model.search import HitGroup
    from napari_idr.session import Session

    from .notice_strip import NoticeStrip

    Opening = tuple[Node, tuple[str, ...]]

MOST_AT_ONCE = 8
"""Plates and images that are opened without asking: each is layers of its own."""


class HitOpener(QObject):
    """Turns chosen wells into paths on their plates, in a worker, and has the viewer open them."""

    def __init__(self, viewer_session: ViewerSession, notices: NoticeStrip, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer_session, self._notices = viewer_session, notices
        self._latest = Latest(self)

    def open(self, groups: Sequence[HitGroup], beside: bool) -> None:
        """Open groups of wells or images, the first in place of what is open unless ``beside``; many on request."""
        count = sum(1 if group.node.kind == "plate" else len(group.members) for group in groups)
        if count <= MOST_AT_ONCE:
            self._open(groups, beside)
            return
        many = counted(count, "plate or image", "plates and images")
        text = f"This opens {many}, each as layers of its own."
        self._notices.inform(text, (f"Open all {count:,}", lambda: self._open(groups, beside)))

    def stop(self) -> None:
        """Forget what is on its way."""
        self._latest.cancel()

    def _open(self, groups: Sequence[HitGroup], beside: bool) -> None:
        def on_error(error: NapariIdrError) -> None:
            self._notices.fail(error, lambda: self._open(groups, beside))

        self._latest.run(
            lambda: _openings(self._viewer_session.session, groups),
            on_done=lambda openings: self._on_known(openings, beside),
            on_error=on_error,
        )

    def _on_known(self, openings: list[Opening], beside: bool) -> None:
        for place, (node, wells) in enumerate(openings):
            self._viewer_session.open(node, wells=wells, beside=beside or place > 0, apart=beside or place > 0)


def _openings(session: Session, groups: Sequence[HitGroup]) -> list[Opening]:
    """Return what to open: plates with the paths of their wells, and single images. In a worker."""
    found: list[Opening] = []
    for group in groups:
        if group.node.kind != "plate":
            found += [(member, ()) for member in group.members]
            continue
        wells = [member for member in group.members if member.kind == "well"]
        if wells:
            grid = session.plate_grid(group.node)
            places = sorted(wells_on_plate(group, grid))
            if not places:
                where = f"{group.node.accession} {group.node.name}".strip()
                raise NotFound("None of the wells that were found has an image on its plate", where, "open the plate")
            paths = tuple(f"{grid.row_labels[row]}/{grid.column_labels[column]}" for row, column in places)
            found.append((group.node, paths))
        elif group.members:
            found += [(member, ()) for member in group.members]
        else:
            found.append((group.node, ()))
    return found
