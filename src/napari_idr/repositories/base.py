"""What every repository can do; the seam at which further archives join."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_idr.model.catalog import Node, NodeKind, Page, PlateGrid
    from napari_idr.model.image import FieldPosition, KeyValue, Reference
    from napari_idr.remote.object_store import Access


@dataclass(frozen=True, slots=True)
class Target:
    """What an address points at, found from the address alone: no request was made."""

    repository: str
    """Key of the repository that understood the address."""
    kind: NodeKind
    id: str
    address: str
    """The address as the user gave it."""


class Repository(Protocol):
    """A catalogue of studies, plates and images. Methods may block; call them off the GUI thread."""

    key: str
    """Short name, unique in a session: "idr", a host name, a folder."""
    name: str
    """Name shown to people."""
    address: str
    renders: bool
    """Whether ``thumbnails`` gives pictures; where not, whoever reads pixels makes them."""

    def root(self) -> Node:
        """Return the repository itself as a node; no request."""
        ...

    def parse(self, address: str) -> Target | None:
        """Tell what an address of this repository points at, None where it is not ours. No request."""
        ...

    def resolve(self, target: Target) -> Node:
        """Return the node behind a target. Raises ``NotFound`` and the other errors of the family."""
        ...

    def children(self, node: Node, *, offset: int = 0, limit: int = 200) -> Page:
        """Return one page of a node's children."""
        ...

    def describe(self, node: Node) -> Node:
        """Return the node with its key-values, links and counts filled in."""
        ...

    def reference(self, node: Node, *, acquisition: str = "") -> Reference:
        """Return where the pixels of an image, field, well (its first field) or plate are.

        Raises ``Unsupported`` where there is no way to its pixels.
        """
        ...

    def plate_grid(self, plate: Node, *, field: int = 0, acquisition: str = "") -> PlateGrid:
        """Return the plate as a table of wells with the image of one field each."""
        ...

    def well_key_values(self, plate: Node) -> dict[tuple[int, int], tuple[KeyValue, ...]]:
        """Return the annotations of all wells of a plate, by 0-based (row, column)."""
        ...

    def field_positions(self, plate: Node) -> tuple[FieldPosition, ...]:
        """Return the stage positions of a plate's fields; empty where they are not known in units of length."""
        ...

    def thumbnails(
        self,
        image_ids: Sequence[str],
        *,
        size: int = 96,
        on_thumbnail: Callable[[str, bytes], None] | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> dict[str, bytes]:
        """Return encoded pictures (JPEG or PNG) by image id; ids without a picture are left out.

        ``on_thumbnail`` is called as each arrives, in the calling thread.
        """
        ...

    def search(self, query: str) -> Page:
        """Return what matches a few words, as far as the repository can tell cheaply."""
        ...

    def rois(self, node: Node) -> list[dict[str, Any]]:
        """Return the ROIs of an image, field or well (its first field) as OMERO's JSON."""
        ...

    def access(self) -> Access:
        """Return what a reader needs besides the reference: headers, time-outs."""
        ...
