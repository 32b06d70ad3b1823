"""Everything a notebook, the command and a viewer share: repositories, connections, the loader. Headless.

Methods may block and may be called from any thread; a viewer calls them from workers.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_idr.errors import AddressError, NapariIdrError, NotFound, Unsupported
from napari_idr.model.catalog import Node, Page
from napari_idr.model.image import ImageMetadata, ImageReference, PlateReference
from napari_idr.remote.disk_cache import FOLDER, DiskCache
from napari_idr.remote.http import Http
from napari_idr.remote.kept_json import KeptJson
from napari_idr.remote.network_state import NetworkState
from napari_idr.remote.object_store import Access, shown_address
from napari_idr.remote.second_look import second_look
from napari_idr.repositories.addresses import recognise
from napari_idr.repositories.base import Target
from napari_idr.repositories.factory import repository_at
from napari_idr.servers import Servers
from napari_idr.settings import Settings
from napari_idr.streaming.loader import ChunkLoader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy as np

    from napari_idr.model.annotation import RoiSet
    from napari_idr.model.catalog import PlateGrid
    from napari_idr.model.feature_table import FeatureTable
    from napari_idr.model.image import CollectionMetadata, FieldPosition, KeyValue, PlateMetadata, Reference
    from napari_idr.model.original_file import OriginalFile
    from napari_idr.model.saved_region import SavedRegion
    from napari_idr.model.search import Found, HitPage, SearchQuery, Suggestion, Suggestions
    from napari_idr.readers.plate import PlateLabels, PlateMosaic
    from napari_idr.repositories.addresses import Recognised
    from napari_idr.repositories.base import ExamplePicture, Repository
    from napari_idr.streaming.chunks import Box
    from napari_idr.streaming.pyramid import Pyramid
    from napari_idr.workspace.terms import Terms
    from napari_idr.workspace.workspace import Workspace

VIEWS_FIRST_SECONDS = 3.0
"""So long a picture that is rendered here waits for chunks on their way."""


class Session:
    """One user's connections: the repositories known, and what reads from them.

    Parameters
    ----------
    settings
        Bounds, folders and servers; from the environment where not given.
    """

    repositories_changed = Signal()

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.network = NetworkState()
        """Which servers answer."""
        self.cache = DiskCache(self.settings.cache_dir / FOLDER, self.settings.disk_cache_mb << 20)
        """What servers answered, kept on disk."""
        self.http = self._new_http(self.network)
        self.loader = ChunkLoader(self.settings.ram_cache_bytes, self.settings.parallel_requests)
        self.ontologies = self.settings.ontologies
        """Where ontology terms are looked up."""
        self._workspace: Workspace | None = None
        self._terms: Terms | None = None
        self._terms_http: Http | None = None
        self._making = threading.Lock()
        """Held while one of the two is opened; whoever lists repositories does not wait for it."""
        self._lock = threading.RLock()
        self._repositories: dict[str, Repository] = {}
        for address in (self.settings.server, *self.settings.servers):
            self.add_repository(address)
        self.servers = Servers(self, self.http.logins, self.settings.config_dir / "servers.json")
        """Servers that the user added, and who is signed in where."""
        self.servers.restore()

    def _new_http(self, network: NetworkState) -> Http:
        return Http(
            connect_timeout=self.settings.connect_timeout,
            read_timeout=self.settings.read_timeout,
            kept=KeptJson(self.cache, network),
        )

    # -- repositories

    @property
    def repositories(self) -> tuple[Repository, ...]:
        """Repositories known, in the order in which a tree shows them."""
        return tuple(self._repositories.values())

    def add_repository(self, address: str, *, name: str = "") -> Repository:
        """Return the repository at an address, making it known (by ``name``, if given) if it is new. No request."""
        found = self._find(recognise(address, known_servers=self._servers()))
        return self._keep(found, name)

    def repository(self, key: str) -> Repository:
        """Return a repository by its key."""
        try:
            return self._repositories[key]
        except KeyError:
            raise NotFound("The repository is not known", key, "add it by its address first") from None

    def renew_repository(self, address: str) -> Repository:
        """Return the repository at an address as a new one, in the old one's place: who is signed in has changed."""
        repository = repository_at(recognise(address, known_servers=self._servers()), self.http, self._read_metadata)
        with self._lock:
            before = self._repositories.get(repository.key)
            if before is not None:
                repository.name = before.name
            self._repositories[repository.key] = repository
        self.repositories_changed.emit()
        return repository

    def remove_repository(self, address: str) -> None:
        """Know the repository at an address no longer; what is open of it stays open."""
        with self._lock:
            for key in [one.key for one in self.repositories if one.address == address]:
                del self._repositories[key]
        self.repositories_changed.emit()

    def _servers(self) -> tuple[str, ...]:
        return tuple(repository.address for repository in self.repositories)

    def _find(self, found: Recognised) -> Repository:
        """Return the repository of an address: the one that is known, or one that nobody knows yet."""
        repository = repository_at(found, self.http, self._read_metadata)
        return self._repositories.get(repository.key, repository)

    def _keep(self, repository: Repository, name: str = "") -> Repository:
        """Make a repository known, unless one of its key is; return the one that is known now."""
        with self._lock:
            known = self._repositories.setdefault(repository.key, repository)
            if known is not repository:
                return known
            repository.name = name or repository.name
        self.repositories_changed.emit()
        return known

    # -- what the user makes

    @property
    def workspace(self) -> Workspace:
        """What the user made, kept; opened at first use, which may block. Raises like ``Workspace``."""
        from napari_idr.workspace.opening import default_address
        from napari_idr.workspace.workspace import Workspace

        with self._making:
            if self._workspace is None:
                folder = self.settings.data_dir
                self._workspace = Workspace(self.settings.workspace or default_address(folder), folder / "journal")
            return self._workspace

    @property
    def has_workspace(self) -> bool:
        """Whether anything may have been kept; told without opening it."""
        from napari_idr.workspace import FILE

        folder = self.settings.data_dir
        here = (folder / FILE).exists() or any((folder / "journal").glob("*"))
        return self._workspace is not None or bool(self.settings.workspace) or here

    @property
    def terms(self) -> Terms:
        """Ontology terms to choose from; what is kept of them is opened at first use. Raises ``NotKept``."""
        from napari_idr.repositories.ontologies import Ontologies
        from napari_idr.workspace.term_index import TermIndex
        from napari_idr.workspace.terms import Terms

        with self._making:
            if self._terms is None:
                index = TermIndex(self.settings.data_dir / "terms.sqlite")
                # Of its own: whether the ontology service answers says nothing of the repositories that are shown.
                self._terms_http = self._new_http(NetworkState())
                self._terms = Terms(index, Ontologies(self._terms_http, self.ontologies))
            return self._terms

    # -- the catalogue

    @second_look
    def resolve(self, address: str) -> Node:
        """Return what an address points at; its repository is known from then on.

        Raises ``AddressError`` where no form of address fits, ``NotFound`` where there is nothing.
        """
        found = recognise(address, known_servers=self._servers())
        repository = self._find(found)
        target = repository.parse(address)
        if target is None and found.kind is not None:
            target = Target(repository.key, found.kind, found.id, address)
        node = repository.root() if target is None else repository.resolve(target)
        self._keep(repository)
        return node

    @second_look
    def children(self, node: Node, *, offset: int = 0, limit: int = 200) -> Page:
        """Return one page of a node's children."""
        return self.repository(node.repository).children(node, offset=offset, limit=limit)

    @second_look
    def describe(self, node: Node) -> Node:
        """Return the node with its key-values, links and counts."""
        return self.repository(node.repository).describe(node)

    @second_look
    def reference(self, node: Node, *, acquisition: str = "") -> Reference:
        """Return where a node's pixels are. Raises ``Unsupported`` where there is no way to them."""
        return self.repository(node.repository).reference(node, acquisition=acquisition)

    @second_look
    def plate_grid(
        self,
        plate: Node,
        *,
        field: int = 0,
        acquisition: str = "",
        on_wells: Callable[[PlateGrid], object] = lambda _: None,
    ) -> PlateGrid:
        """Return a plate as a table of wells, with the image of one field each.

        ``on_wells`` may be told the table before the fields and acquisitions to choose from are known.
        """
        repository = self.repository(plate.repository)
        return repository.plate_grid(plate, field=field, acquisition=acquisition, on_wells=on_wells)

    @second_look
    def well_key_values(self, plate: Node) -> dict[tuple[int, int], tuple[KeyValue, ...]]:
        """Return the annotations of a plate's wells, by 0-based (row, column)."""
        return self.repository(plate.repository).well_key_values(plate)

    @second_look
    def well_table(self, plate: str | Node) -> FeatureTable:
        """Return what a repository's bulk table says of the wells of a plate, or of one well; empty without one."""
        return self._table(plate, ("plate", "well"))

    @second_look
    def image_table(self, image: str | Node) -> FeatureTable:
        """Return what a repository's bulk table says of an image, or of all images of a project or dataset."""
        return self._table(image, ("image", "field", "project", "dataset", "screen"))

    def _table(self, what: str | Node, kinds: tuple[str, ...]) -> FeatureTable:
        node = self.resolve(what) if isinstance(what, str) else what
        if node.kind not in kinds:
            raise Unsupported(f"A {node.kind} is not what this table is about", node.address, f"choose a {kinds[0]}")
        return self.repository(node.repository).table(node)

    @second_look
    def original_files(self, node: Node) -> tuple[OriginalFile, ...]:
        """Return the files that an image was made from, as far as its repository offers them."""
        return self.repository(node.repository).original_files(node)

    def download(
        self,
        file: OriginalFile,
        target: Path,
        *,
        on_progress: Callable[[int, int], None] | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> Path:
        """Download an original file; what an earlier try left is gone on with. See ``remote.download``."""
        from napari_idr.remote.download import download

        return download(self.http, file.address, target, on_progress=on_progress, is_cancelled=is_cancelled)

    @second_look
    def field_positions(self, plate: Node) -> tuple[FieldPosition, ...]:
        """Return the stage positions of a plate's fields, as far as the repository knows them."""
        return self.repository(plate.repository).field_positions(plate)

    def thumbnails(
        self,
        repository_key: str,
        image_ids: Sequence[str],
        *,
        size: int = 96,
        on_thumbnail: Callable[[str, bytes], None] | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> dict[str, bytes]:
        """Return encoded pictures by image id, rendered here where the repository renders none."""
        repository = self.repository(repository_key)
        found = repository.thumbnails(image_ids, size=size, on_thumbnail=on_thumbnail, is_cancelled=is_cancelled)
        if not repository.renders:
            from napari_idr.readers.thumbnails import render_thumbnail

            for image_id in image_ids:
                self._let_views_go_first()
                if is_cancelled is not None and is_cancelled():
                    break
                try:
                    found[image_id] = render_thumbnail(self.open_image(_bare(image_id)), size)
                except NapariIdrError:
                    continue  # a picture that cannot be made is left out, as a server leaves it out
                if on_thumbnail is not None:
                    on_thumbnail(image_id, found[image_id])
        return found

    def _let_views_go_first(self) -> None:
        """Wait while chunks are on their way, for a while: what is looked at comes before a picture of it."""
        until = time.monotonic() + VIEWS_FIRST_SECONDS
        while self.loader.in_flight() and time.monotonic() < until:
            time.sleep(0.05)

    def search(self, query: str, repository: str = "") -> Page:
        """Return what matches a query in one repository, or in all that are known."""
        chosen = [self.repository(repository)] if repository else self.repositories
        nodes = [node for one in chosen for node in one.search(query).nodes]
        return Page(tuple(nodes), 0, len(nodes))

    def suggest(self, text: str, repository: str, *, limit: int = 8) -> Suggestions:
        """Return what a text may mean in a repository: one request at most."""
        return self.repository(repository).finder.suggest(text, limit=limit)

    def find(self, query: SearchQuery | str, repository: str) -> Found:
        """Return the studies of a repository that match, with the numbers of their images that do."""
        return self.repository(repository).finder.find(query)

    def hits(self, query: SearchQuery, container: Node, *, bookmark: int | None = None) -> HitPage:
        """Return a page of the plates, wells and images that match in a container; ``query`` is that of ``find``."""
        return self.repository(container.repository).finder.hits(query, container, bookmark=bookmark)

    def close_values(self, text: str, repository: str) -> tuple[Suggestion, ...]:
        """Return values of a repository that are written nearly like a text: two requests at most."""
        from napari_idr.repositories.did_you_mean import close_values

        return close_values(self.repository(repository).finder, text)

    def example_pictures(
        self,
        nodes: Sequence[Node],
        *,
        on_picture: Callable[[tuple[str, str, str], ExamplePicture], None] | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> dict[tuple[str, str, str], ExamplePicture]:
        """Return the pictures that stand for studies, screens and projects of one repository, by their keys."""
        repository = self.repository(nodes[0].repository) if nodes else None
        if repository is None:
            return {}
        return repository.example_pictures(nodes, on_picture=on_picture, is_cancelled=is_cancelled)

    @second_look
    def rois(self, what: str | Node) -> list[dict[str, Any]]:
        """Return the regions stored for an image, or for those of a well, plate or dataset, as OMERO's JSON."""
        node = self.resolve(what) if isinstance(what, str) else what
        return self.repository(node.repository).rois(node)

    @second_look
    def roi_count(self, repository_key: str, image_id: str) -> int:
        """Return how many regions are stored for an image; 0 where its repository keeps none."""
        source = self.repository(repository_key).roi_source
        return 0 if source is None or not image_id else source.count(image_id)

    @second_look
    def roi_set(
        self,
        repository_key: str,
        image_id: str,
        *,
        plane: tuple[int, int] | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> RoiSet:
        """Return the regions stored for an image, or for the plane of a z and t, with the pixels of their masks.

        Raises ``Unsupported`` where the repository cannot be asked for one plane.
        """
        from napari_idr.model.annotation import RoiSet
        from napari_idr.repositories.roi_reading import read_rois

        repository = self.repository(repository_key)
        if repository.roi_source is None:
            return RoiSet()
        where = f"{repository.name}, image {image_id}"
        return read_rois(repository.roi_source, image_id, where, plane=plane, is_cancelled=is_cancelled)

    # -- metadata and pixels

    @second_look
    def info(
        self, what: str | Node, *, fields: bool = False
    ) -> ImageMetadata | PlateMetadata | CollectionMetadata | Node:
        """Return the metadata of an image, plate or collection; of anything else the described node."""
        node = self.resolve(what) if isinstance(what, str) else what
        if node.kind in ("image", "field", "plate", "collection"):
            return self._read_metadata(self._source(node), fields=fields)
        return self.describe(node)

    def _source(self, node: Node) -> str:
        return node.address if node.kind == "collection" else self.reference(node).source

    def _read_metadata(
        self, address: str, *, fields: bool = False
    ) -> ImageMetadata | PlateMetadata | CollectionMetadata:
        from napari_idr.readers.open import read_metadata

        return self.loader.wait(read_metadata(address, self._access(), fields=fields))

    @second_look
    def open_image(self, reference: ImageReference, *, label: str = "") -> Pyramid[ImageMetadata]:
        """Open an image, or one of its label images, as lazy levels that read exactly."""
        from napari_idr.readers.open import open_pyramid

        return self.loader.wait(open_pyramid(reference, self._access(), self.loader, label=label))

    @second_look
    def open_plate(self, reference: PlateReference, *, complete: bool = True) -> PlateMosaic:
        """Open a plate as one image per channel.

        Parameters
        ----------
        reference
            Which plate, acquisition and wells.
        complete
            Read the metadata of every field first, so that the layout is final. A viewer passes False and lets
            the plate fill in.
        """
        from napari_idr.readers.open import open_plate

        mosaic = self.loader.wait(open_plate(reference, self._access(), self.loader))
        if complete:
            mosaic.fields.wait_all()
            return mosaic.rebuilt() if mosaic.is_outgrown else mosaic
        return mosaic

    @second_look
    def open_plate_labels(self, mosaic: PlateMosaic, name: str) -> PlateLabels:
        """Open a label image of every field of a plate."""
        from napari_idr.readers.open import open_labels

        return self.loader.wait(open_labels(mosaic, name))

    def read(
        self,
        address: str,
        *,
        level: int = 0,
        label: str = "",
        region: str | Mapping[str, int | slice] | None = None,
    ) -> tuple[np.ndarray, ImageMetadata]:
        """Return the exact pixels of a region, in the file's axis order, and the image's metadata.

        Raises
        ------
        AddressError
            The level, an axis or a bound of the region is not in the image.
        """
        pyramid, box = self._open_region(address, level, label, region)
        return pyramid.levels[level].read(box), pyramid.metadata

    def _open_region(
        self, address: str, level: int, label: str, region: str | Mapping[str, int | slice] | None
    ) -> tuple[Pyramid[ImageMetadata], Box]:
        from napari_idr.readers.region import parse_region, region_box

        pyramid = self.open_image(self._image_reference(address), label=label)
        if not 0 <= level < len(pyramid.levels):
            what = f"There is no level {level}"
            raise AddressError(what, shown_address(address), f"choose 0 (the finest) to {len(pyramid.levels) - 1}")
        wanted = parse_region(region) if isinstance(region, str) else region or {}
        return pyramid, region_box(wanted, pyramid.metadata.axis_names, pyramid.levels[level].shape)

    def write(
        self,
        address: str,
        output: Path,
        *,
        level: int = 0,
        label: str = "",
        region: str | Mapping[str, int | slice] | None = None,
        warn: Callable[[str], None] = lambda _: None,
        check: Callable[[], None] = lambda: None,
        on_progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> tuple[SavedRegion | None, ImageMetadata]:
        """Write exact pixels to ``.npy``, ``.ome.tif`` or ``.ome.zarr``, beside its place and then moved there.

        The file says which image it is a part of, and under which licence; an array of numpy alone cannot. Both are
        returned with the metadata of the image, None for an array of numpy.

        Parameters
        ----------
        address, level, label, region
            As for ``read``.
        output
            A file that is there is replaced when the new one is complete.
        warn
            Told what the image's metadata get wrong, and that pictures are no measured values.
        check
            Called between chunks, and before the file is put in place; raises in order to leave nothing.
        on_progress
            Told how many chunks of how many have come.
        """
        from napari_idr.readers.write import check_output, write_pixels
        from napari_idr.streaming.boxes import read_boxes

        kind = check_output(output)
        pyramid, box = self._open_region(address, level, label, region)
        for warning in pyramid.metadata.warnings:
            warn(warning)
        (pixels,) = read_boxes([(pyramid.levels[level], box)], check, on_progress)
        source = None if kind == "npy" else self.saved_region(address, pyramid.metadata, level, box, label=label)
        first = tuple(start for start, _ in box)
        write_pixels(output, pixels, pyramid.metadata, level, first, source, check)
        return source, pyramid.metadata

    def saved_region(
        self, address: str, metadata: ImageMetadata, level: int, box: Box, *, label: str = ""
    ) -> SavedRegion:
        """Return where the pixels of a box come from, with the licence that the repository states. May block."""
        from napari_idr.repositories.region_source import region_source

        node = self.resolve(address)
        try:
            node = self.describe(node)
        except NapariIdrError:
            pass  # a server that says nothing of an image can still be read from; the licence stays empty
        return region_source(node, metadata, level, box, label=label)

    def _image_reference(self, address: str) -> ImageReference:
        node = self.resolve(address)
        reference = self.reference(node)
        if isinstance(reference, PlateReference):
            raise AddressError(
                "A plate cannot be read as one image", shown_address(address), "name one field of a well"
            )
        return reference

    def _access(self) -> Access:
        return Access(timeout=self.settings.read_timeout, cache=self.cache, network=self.network, http=self.http)

    def close(self) -> None:
        """Stop everything in flight and close all connections."""
        self.loader.close()
        self.http.close()
        self.cache.close()
        for kept in (self._workspace, self._terms, self._terms_http):
            if kept is not None:
                kept.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _bare(source: str) -> ImageReference:
    return ImageReference(repository="", accession="", image_id=source, source=source)
