"""What every repository can do; the seam at which further archives join."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np

    from napari_idr.errors import NapariIdrError
    from napari_idr.model.catalog import Node, NodeKind, Page, PlateGrid
    from napari_idr.model.feature_table import FeatureTable
    from napari_idr.model.image import FieldPosition, KeyValue, Reference
    from napari_idr.model.original_file import OriginalFile
    from napari_idr.model.search import Found, HitPage, SearchQuery, Suggestions
    from napari_idr.remote.object_store import Access

    from .key_value_sending import KeyValueSending
    from .roi_sending import RoiSending


@dataclass(frozen=True, slots=True)
class Target:
    """What an address points at, found from the address alone: no request was made."""

    repository: str
    """Key of the repository that understood the address."""
    kind: NodeKind
    id: str
    address: str
    """The address as the user gave it."""


@dataclass(frozen=True, slots=True)
class ExamplePicture:
    """The picture that a server shows for a study, screen or project."""

    image_id: str
    picture: bytes
    """JPEG or PNG."""


class Finder(Protocol):
    """Who is asked for what matches. Methods may block."""

    def suggest(self, text: str, *, limit: int = 8) -> Suggestions:
        """Return what a text may mean, at most ``limit`` suggestions of each kind: one request at most."""
        ...

    def find(self, query: SearchQuery | str) -> Found:
        """Return the studies that match, and how many images of each.

        Raises ``AddressError`` for a text that is half a condition.
        """
        ...

    def hits(self, query: SearchQuery, container: Node, *, bookmark: int | None = None) -> HitPage:
        """Return a page of the plates, wells and images that match, of one container that was found.

        ``query`` is that of what was found.
        """
        ...


class RoiSource(Protocol):
    """Who is asked for the ROIs of images. Methods may block."""

    def count(self, image_id: str) -> int:
        """Return how many ROIs an image has."""
        ...

    def of_image(
        self, image_id: str, *, brief: bool = False, is_cancelled: Callable[[], bool] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield all ROIs of an image as OMERO's JSON; ``brief`` where nobody wants to know whose they are."""
        ...

    def of_plane(
        self, image_id: str, z: int, t: int, *, is_cancelled: Callable[[], bool] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the ROIs of one plane. Raises ``Unsupported`` where nobody can be asked for one."""
        ...

    def masks(
        self, shape_ids: Sequence[str], *, is_cancelled: Callable[[], bool] | None = None
    ) -> Iterator[tuple[str, np.ndarray | NapariIdrError]]:
        """Yield shape id and pixels (or error) of masks."""
        ...


class Repository(Protocol):
    """A catalogue of studies, plates and images. Methods may block; call them off the GUI thread."""

    key: str
    """Short name, unique in a session: "idr", a host name, a folder."""
    name: str
    """Name shown to people."""
    address: str
    renders: bool
    """Whether ``thumbnails`` gives pictures; where not, whoever reads pixels makes them."""
    lists_studies: bool
    """Whether it is a list of studies (or screens and projects) to look through, not a folder."""

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

    def plate_grid(
        self,
        plate: Node,
        *,
        field: int = 0,
        acquisition: str = "",
        on_wells: Callable[[PlateGrid], object] = lambda _: None,
    ) -> PlateGrid:
        """Return the plate as a table of wells with the image of one field each.

        ``on_wells`` is told the table where the wells are known before the fields and acquisitions to choose from are.
        """
        ...

    def well_key_values(self, plate: Node) -> dict[tuple[int, int], tuple[KeyValue, ...]]:
        """Return the annotations of all wells of a plate, by 0-based (row, column)."""
        ...

    def table(self, node: Node) -> FeatureTable:
        """Return the table that is stored about a node, an empty one where there is none."""
        ...

    def original_files(self, node: Node) -> tuple[OriginalFile, ...]:
        """Return the files that an image was made from, as far as they can be downloaded."""
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

    def example_pictures(
        self,
        nodes: Sequence[Node],
        *,
        on_picture: Callable[[tuple[str, str, str], ExamplePicture], None] | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> dict[tuple[str, str, str], ExamplePicture]:
        """Return the pictures that stand for studies, screens and projects, by the keys of the nodes.

        ``on_picture`` is called as each arrives, in the calling thread. Nodes without a picture are left out.
        """
        ...

    @property
    def finder(self) -> Finder:
        """Who is asked for what matches."""
        ...

    def search(self, query: str) -> Page:
        """Return what matches as one list: studies and containers, then the first plates, wells and images."""
        ...

    @property
    def roi_source(self) -> RoiSource | None:
        """Who is asked for the ROIs of images, None where the repository keeps none."""
        ...

    @property
    def roi_sending(self) -> RoiSending | None:
        """Who takes ROIs that were drawn, None where nobody does."""
        ...

    @property
    def key_values(self) -> KeyValueSending | None:
        """Who takes key-values of images, None where nobody does."""
        ...

    def rois(self, node: Node) -> list[dict[str, Any]]:
        """Return the ROIs of an image or field, or of all images of a well, plate or dataset, as OMERO's JSON."""
        ...

    def access(self) -> Access:
        """Return what a reader needs besides the reference: headers, time-outs."""
        ...
