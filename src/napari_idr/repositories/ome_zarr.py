"""Any OME-Zarr address, folder, plate or collection, and local TIFFs, as a repository.

Ids of its nodes are addresses. A plate is listed from its own metadata: no request per well.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from napari_idr.errors import NapariIdrError, NotFound, Unsupported
from napari_idr.model.catalog import ImageNode, Node, Page, Plate, PlateGrid, Well, WellSample
from napari_idr.model.feature_table import FeatureTable
from napari_idr.model.image import CollectionMetadata, ImageMetadata, ImageReference, PlateMetadata, PlateReference

from .addresses import recognise
from .base import Target
from .folder_finder import FolderFinder
from .local_folders import is_folder_of_data, is_local, list_folder, name_of
from .memo import Memo
from .search_page import search_page
from .zarr_nodes import collection_nodes, field_nodes, image_node, plate_grid, plate_node, well_node

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_idr.model.catalog import NodeKind
    from napari_idr.model.image import FieldPosition, KeyValue, Reference
    from napari_idr.model.original_file import OriginalFile
    from napari_idr.remote.object_store import Access

    from .base import ExamplePicture

    Metadata = ImageMetadata | PlateMetadata | CollectionMetadata


class MetadataReader(Protocol):
    """Reads what is at an OME-Zarr or TIFF address; handed in, since repositories do not read files themselves."""

    def __call__(self, address: str, *, fields: bool = False) -> ImageMetadata | PlateMetadata | CollectionMetadata:
        """Return the metadata of an image, plate or collection (a well is a collection of its fields)."""
        ...


class OmeZarrRepository:
    """What is found at one address.

    Parameters
    ----------
    address
        A local folder of images and plates, or the address of one OME-Zarr or TIFF.
    read
        Reads metadata. May block.
    key, name
        How the session and people call it.
    """

    renders = False
    lists_studies = False
    """Pictures of its images are made by whoever can read them."""

    def __init__(self, address: str, read: MetadataReader, key: str = "", name: str = "") -> None:
        self.address = address
        self.key, self.name = key or address, name or name_of(address)
        self._read_metadata = read
        self._plates: Memo[PlateMetadata] = Memo(16)
        self.finder = FolderFinder(self._listed)

    def root(self) -> Node:
        """Return the folder or address itself as a node; nothing is read."""
        return Node("repository", self.key, "", self.name, self.address)

    def parse(self, address: str) -> Target | None:
        """Return what an address in here points at; what it is, only ``resolve`` can tell. Nothing is read."""
        try:
            found = recognise(address)
        except NapariIdrError:
            return None
        if found.scheme not in ("ome-zarr", "tiff") or not f"{found.base}/".startswith(f"{self.address}/"):
            return None
        return Target(self.key, found.kind or "collection", found.base, found.address)

    def resolve(self, target: Target) -> Node:
        """Return the node behind a target: a folder as it is, anything else by reading its metadata."""
        if target.id == self.address and is_folder_of_data(target.id):
            return self.root()
        if is_folder_of_data(target.id):
            return self._node("collection", target.id)
        return self._node_at(target.id)

    def children(self, node: Node, *, offset: int = 0, limit: int = 200) -> Page:
        """Return one page of a node's children. Reads the metadata of what is not a folder."""
        children = self._children(node)
        return Page(tuple(children[offset : offset + limit]), offset, len(children))

    def describe(self, node: Node) -> Node:
        """Return the node with counts, sizes and format."""
        if node.kind == "well":
            samples = self._samples(node)
            return replace(node, child_count=len(samples), thumbnail_id=samples[0].image_id if samples else "")
        if node.kind == "repository" or is_folder_of_data(node.id):
            return replace(node, child_count=len(self._children(node)))
        described = self._node_at(node.image_id if isinstance(node, WellSample) else node.id)
        if node.kind == described.kind:
            return described
        return replace(node, key_values=described.key_values, thumbnail_id=described.thumbnail_id)

    def reference(self, node: Node, *, acquisition: str = "") -> Reference:
        """Return the reference of an image, field, well (its first field) or plate.

        Raises ``Unsupported`` for a folder or a collection, ``NotFound`` for a well without a field.
        """
        if node.kind == "plate":
            number = int(acquisition) if acquisition.lstrip("-").isdecimal() else None
            return PlateReference(self.key, "", node.id, node.id, node.name, node.address, acquisition=number)
        if node.kind == "well":
            samples = [s for s in self._samples(node) if acquisition in ("", s.acquisition)]
            if not samples:
                raise NotFound(f"Well {node.name} has no field", node.address, "choose another well")
            return replace(_reference(self.key, samples[0]), well=node.name, field=str(samples[0].index))
        if node.kind in ("image", "field"):
            return _reference(self.key, node)
        raise Unsupported("This holds several images", node.address, "choose one of them")

    def plate_grid(
        self,
        plate: Node,
        *,
        field: int = 0,
        acquisition: str = "",
        on_wells: Callable[[PlateGrid], object] = lambda _: None,
    ) -> PlateGrid:
        """Return the wells of a plate with the address of one field each; nothing is read per well."""
        return plate_grid(self._plate(plate.id), field, acquisition, self.key)

    def well_key_values(self, plate: Node) -> dict[tuple[int, int], tuple[KeyValue, ...]]:
        """Return nothing: OME-Zarr keeps no annotations of wells."""
        return {}

    def table(self, node: Node) -> FeatureTable:
        """Return an empty table: a folder has none."""
        return FeatureTable()

    def original_files(self, node: Node) -> tuple[OriginalFile, ...]:
        """Return nothing: what lies in a folder is there already."""
        return ()

    def field_positions(self, plate: Node) -> tuple[FieldPosition, ...]:
        """Return nothing: where fields lie is in their own metadata."""
        return ()

    def thumbnails(
        self,
        image_ids: Sequence[str],
        *,
        size: int = 96,
        on_thumbnail: Callable[[str, bytes], None] | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> dict[str, bytes]:
        """Return nothing: a folder renders no pictures."""
        return {}

    def example_pictures(
        self,
        nodes: Sequence[Node],
        *,
        on_picture: Callable[[tuple[str, str, str], ExamplePicture], None] | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> dict[tuple[str, str, str], ExamplePicture]:
        """Return nothing: a folder holds no studies."""
        return {}

    def search(self, query: str) -> Page:
        """Return what the first level holds whose name has every word of the query; local folders only."""
        return search_page(self.finder, query)

    def _listed(self) -> Sequence[Node]:
        """Return what the first level of a local folder holds."""
        return self._children(self.root()) if is_folder_of_data(self.address) else ()

    @property
    def roi_source(self) -> None:
        """Nobody: OME-Zarr keeps label images, not ROIs."""
        return None

    @property
    def roi_sending(self) -> None:
        """Nobody."""
        return None

    @property
    def key_values(self) -> None:
        """Nobody."""
        return None

    def rois(self, node: Node) -> list[dict[str, Any]]:
        """Return nothing: OME-Zarr keeps label images, not ROIs."""
        return []

    def access(self) -> Access:
        """Return what a reader needs besides the reference."""
        from napari_idr.remote.object_store import Access

        return Access()

    def _children(self, node: Node) -> Sequence[Node]:
        if node.kind == "plate":
            plate = self._plate(node.id)
            return [well_node(self.key, plate, well) for well in plate.wells]
        if node.kind == "well":
            return self._samples(node)
        if node.kind not in ("repository", "collection"):
            return ()
        address = node.id or self.address
        if is_folder_of_data(address):
            return [self._node(kind, path) for kind, path in list_folder(address)]
        metadata = self._read(address)
        if isinstance(metadata, CollectionMetadata):
            return collection_nodes(self.key, metadata)
        return [self._node_of(metadata)]

    def _node(self, kind: NodeKind, address: str) -> Node:
        """Return a node for what a folder lists, its metadata unread."""
        cls: type[Node] = {"image": ImageNode, "plate": Plate}.get(kind, Node)
        thumbnail = address if kind == "image" else ""
        return cls(kind, self.key, address, name_of(address), address, thumbnail_id=thumbnail)

    def _node_at(self, address: str) -> Node:
        return self._node_of(self._read(address))

    def _node_of(self, metadata: Metadata) -> Node:
        if isinstance(metadata, PlateMetadata):
            return plate_node(self.key, metadata)
        if isinstance(metadata, ImageMetadata):
            return image_node(self.key, metadata)
        return replace(self._node("collection", metadata.address), child_count=len(metadata.images))

    def _read(self, address: str) -> Metadata:
        metadata = self._read_metadata(address, fields=is_local(address))
        if isinstance(metadata, PlateMetadata):
            self._plates.put(address, metadata)
        return metadata

    def _plate(self, address: str) -> PlateMetadata:
        def ask() -> PlateMetadata:
            metadata = self._read(address)
            if not isinstance(metadata, PlateMetadata):
                raise NotFound("There is no plate", address, "open it as an image")
            return metadata

        return self._plates.get(address, ask)

    def _samples(self, well: Node) -> tuple[WellSample, ...]:
        """Return the fields of a well: read where the plate did not tell them."""
        if isinstance(well, Well) and well.samples:
            return well.samples
        metadata = self._read_metadata(well.id)
        return field_nodes(self.key, metadata.images) if isinstance(metadata, CollectionMetadata) else ()


def _reference(key: str, node: Node) -> ImageReference:
    source = node.image_id if isinstance(node, WellSample) else node.id
    name = node.name if node.kind == "image" else name_of(source)
    return ImageReference(key, "", source, source, name, node.address, key_values=node.key_values)
