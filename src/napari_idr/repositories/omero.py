"""Any OMERO.web server as a repository, over its public JSON API.

Requests: a page of children costs one (the root two); a described node one or two, a plate four at once; a plate's
grid two (one for each further field), a reference one for an image and two for a plate (none when asked again).
"""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from napari_idr.errors import Cancelled, NapariIdrError, Unsupported
from napari_idr.formats.omero_json import Source, parse_node, parse_well
from napari_idr.model.catalog import Node, Page, Well, WellSample

from .addresses import recognise
from .base import Target
from .engine_finder import EngineFinder
from .omero_api import STOCK_THUMBNAIL, OmeroApi
from .omero_pixels import PixelPlaces
from .omero_plates import PlateTables
from .omero_rois import OmeroRois
from .omero_tables import BulkTables
from .search import ListingFinder
from .search_engine import SearchEngine
from .study_listing import StudyListing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_idr.model.catalog import PlateGrid
    from napari_idr.model.feature_table import FeatureTable
    from napari_idr.model.image import FieldPosition, KeyValue, Reference
    from napari_idr.model.original_file import OriginalFile
    from napari_idr.remote.http import Http
    from napari_idr.remote.object_store import Access

    from .base import ExamplePicture
    from .key_value_sending import KeyValueSending
    from .other_ways import ZarrCopies
    from .roi_sending import RoiSending

    NodeKey = tuple[str, str, str]

LOG = logging.getLogger(__name__)

LISTS: dict[str, tuple[str, str]] = {
    "screen": ("screens/{}/plates/", "plate"),
    "project": ("projects/{}/datasets/", "dataset"),
    "dataset": ("datasets/{}/images/", "image"),
    "plate": ("plates/{}/wells/", "well"),
    "acquisition": ("plateacquisitions/{}/wells/", "well"),
}
"""By kind: the route that lists its children, and their kind."""
ITEMS = {
    "screen": "screens/{}/",
    "project": "projects/{}/",
    "dataset": "datasets/{}/",
    "plate": "plates/{}/",
    "acquisition": "plateacquisitions/{}/",
    "well": "wells/{}/",
    "image": "images/{}/",
}
COUNTED = frozenset({"screen", "project", "dataset"})
"""Kinds whose lists tell how many children each has."""


class OmeroRepository:
    """Screens, plates, wells, projects, datasets and images of one OMERO.web server, as far as they are public.

    Parameters
    ----------
    http
        Shared by all repositories of a session.
    base
        Address of the server, as far as ``/webclient/`` and ``/api/`` are below it.
    key, name
        How the session and people call it; its host where empty.
    """

    renders = True
    lists_studies = True
    zarr_copies: ZarrCopies | None = None
    """Where copies of its images as OME-Zarr may lie that it does not name."""
    data_source = ""
    """Name that the server's search engine has for it, where several servers share one."""

    def __init__(self, http: Http, base: str, key: str = "", name: str = "") -> None:
        self.address = base.rstrip("/") + "/"
        host = urlsplit(self.address).netloc.rpartition("@")[2]
        self.key, self.name = key or host, name or host
        self.api = OmeroApi(http, self.address)
        self.tables = BulkTables(self.api)
        self.plates = PlateTables(self.api, self.source(), self.tables)
        self.pixels = PixelPlaces(self.api, self.source(), self.plates, self.zarr_copies)
        self.roi_source = OmeroRois(self.api, self._begin_session)
        self.listing = StudyListing(self.api, self.source(), self.data_source)
        self.finder = EngineFinder(
            SearchEngine(http, self.source(), self.data_source), self.listing, ListingFinder(self)
        )
        self._has_session = False

    @cached_property
    def roi_sending(self) -> RoiSending:
        """What writes ROIs."""
        from .roi_sending import RoiSending

        return RoiSending(self.api, self.roi_source)

    @cached_property
    def key_values(self) -> KeyValueSending:
        """What writes key-values."""
        from .key_value_sending import KeyValueSending

        return KeyValueSending(self.api)

    def root(self) -> Node:
        """Return the server itself as a node; no request.

        Where somebody is signed in its id says who, and of which group: as another person one sees another server.
        """
        login = self.api.http.logins.at(self.address)
        if login is None:
            return Node("repository", self.key, "", self.name, self.address)
        group = "" if login.group is None else f" {login.group}"
        return Node("repository", self.key, f"{login.user}{group}", f"{self.name} · {login.user}", self.address)

    def parse(self, address: str) -> Target | None:
        """Return what an address of this server points at, None where it is not one. No request."""
        try:
            found = recognise(address, known_servers=(self.address,))
        except NapariIdrError:
            return None
        if found.scheme not in ("omero", "idr") or found.base != self.address or found.kind is None:
            return None
        return Target(self.key, found.kind, found.id, found.address)

    def resolve(self, target: Target) -> Node:
        """Return the node behind a target: one request. Raises ``NotFound`` and the errors of ``Http``."""
        if target.kind == "repository":
            return self.root()
        if target.kind not in ITEMS:
            raise Unsupported(
                f"{self.name} has no {target.kind}", target.address, "paste the page of an image or plate"
            )
        record = self.api.single(ITEMS[target.kind].format(target.id))
        if target.kind == "image":
            self.pixels.keep(target.id, record)
        return parse_node(target.kind, record, self.source())

    def children(self, node: Node, *, offset: int = 0, limit: int = 200) -> Page:
        """Return one page of a node's children: one request, two for the root, none for a well with its fields."""
        if node.kind == "repository":
            return self._containers(offset, limit)
        if node.kind == "well":
            samples = self.samples(node)
            return Page(samples[offset : offset + limit], offset, len(samples))
        if node.kind not in LISTS:
            return Page((), offset, 0)
        route, kind = LISTS[node.kind]
        return self._page(route.format(node.id), kind, offset, limit, self.source(node.accession))

    def describe(self, node: Node) -> Node:
        """Return the node with its key-values, links, counts and thumbnail. One to four requests at once."""
        from .omero_describe import describe

        return describe(self, node)

    def count(self) -> int:
        """Return how many children the root has: two requests."""
        return self._containers(0, 0).total or 0

    def samples(self, well: Node) -> tuple[WellSample, ...]:
        """Return the fields of a well: no request where it was listed with them."""
        if isinstance(well, Well) and (well.samples or well.child_count == 0):
            return well.samples
        return parse_well(self.api.single(f"wells/{well.id}/"), self.source(well.accession)).samples

    def reference(self, node: Node, *, acquisition: str = "") -> Reference:
        """Return where the pixels of an image, field, well (its first field) or plate are: its OME-Zarr, else pictures.

        At most one request for an image with OME-Zarr, two for one without or a plate; none where it was asked
        before. Raises ``Unsupported`` where the server neither names an OME-Zarr nor renders, ``NotFound`` where
        there is no image.
        """
        if node.kind in ("plate", "acquisition"):
            return self.pixels.of_plate(node, acquisition)
        if node.kind == "well":
            return self.pixels.of_well(node, self.samples(node), acquisition)
        if node.kind in ("image", "field"):
            return self.pixels.of_image(node)
        raise Unsupported(f"A {node.kind} has no pixels of its own", node.address, "choose an image or a plate")

    def plate_grid(
        self,
        plate: Node,
        *,
        field: int = 0,
        acquisition: str = "",
        on_wells: Callable[[PlateGrid], object] = lambda _: None,
    ) -> PlateGrid:
        """Return the wells of a plate with the image of one field each: two requests, one when asked again.

        ``field`` counts within the acquisition, or within the first where none is named. ``on_wells`` is told the
        wells before the other of the two requests is answered, which lists what there is to choose from.
        """
        return self.plates.grid(plate, field, acquisition, on_wells)

    def well_key_values(self, plate: Node) -> dict[tuple[int, int], tuple[KeyValue, ...]]:
        """Return the annotations of the wells of a plate by 0-based (row, column).

        One request for the grid (none where it was shown), one per hundred wells; where no well has any, one
        per hundred images of their first fields; one more for the bulk table (two where its screen has none). A
        well without an image is not among them.
        """
        return self.plates.key_values(plate)

    def table(self, node: Node) -> FeatureTable:
        """Return the bulk table about a node: of a plate's wells, of one well or image, or of a whole container.

        One or two requests; none when asked again. Empty where nothing is stored.
        """
        if node.kind == "plate":
            return self.tables.of_plate(node.id)
        if node.kind == "well":
            return self.tables.of_well(node.id)
        if node.kind in ("image", "field"):
            return self.tables.of_image(node.image_id if isinstance(node, WellSample) else node.id)
        return self.tables.of_container(node)

    def original_files(self, node: Node) -> tuple[OriginalFile, ...]:
        """Return the files of an image or field: one request. On servers that are not the IDR one file, zipped."""
        image_id = node.image_id if isinstance(node, WellSample) else node.id
        if node.kind not in ("image", "field") or not image_id:
            return ()
        from .original_files import listed_files, zipped_files

        ask = zipped_files if self.zarr_copies is None else listed_files
        return ask(self.api, image_id)

    def field_positions(self, plate: Node) -> tuple[FieldPosition, ...]:
        """Return the stage positions of all fields of a plate that have one: one request per thousand wells."""
        return self.plates.positions(plate)

    def thumbnails(
        self,
        image_ids: Sequence[str],
        *,
        size: int = STOCK_THUMBNAIL,
        on_thumbnail: Callable[[str, bytes], None] | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> dict[str, bytes]:
        """Return JPEG pictures by image id: one request per fifty, four at a time; without picture left out.

        What had come is returned when it is cancelled. Sizes other than 96 are rendered by the server, which
        wants a session first (one more request, once).
        """
        wanted = [number for number in dict.fromkeys(image_ids) if number.isdecimal()]
        if wanted and size != STOCK_THUMBNAIL:
            self._begin_session()
        found: dict[str, bytes] = {}
        try:
            for number, picture in self.api.thumbnails(wanted, size, is_cancelled):
                found[number] = picture
                if on_thumbnail is not None:
                    on_thumbnail(number, picture)
        except Cancelled:
            LOG.debug("%s: thumbnails were cancelled after %d of %d", self.key, len(found), len(wanted))
        return found

    def rois(self, node: Node) -> list[dict[str, Any]]:
        """Return the ROIs of an image or field, or of all images of a well, plate or dataset.

        As the server gives them, with their shapes; those of several images say under ``napari-idr:image`` of which.
        One request per five hundred of an image, and those that list the images. Raises ``Unsupported`` for
        what holds more than images.
        """
        if node.kind in ("image", "field"):
            image_id = node.image_id if isinstance(node, WellSample) else node.id
            return list(self.roi_source.of_image(image_id))
        return self.roi_source.of_images(self._image_ids(node))

    def _image_ids(self, node: Node) -> list[str]:
        """Return the ids of all images of a well, plate, acquisition or dataset."""
        if node.kind == "well":
            return [sample.image_id for sample in self.samples(node) if sample.image_id]
        if node.kind not in ("plate", "acquisition", "dataset"):
            what = f"The ROIs of a whole {node.kind} are not read at once"
            raise Unsupported(what, node.address, "choose a plate, dataset, well or image")
        route, kind = LISTS[node.kind]
        records = self.api.all_records(route.format(node.id), normalize=False)
        if kind == "image":
            return [record.identifier() for record in records]
        samples = [sample for record in records for sample in parse_well(record, self.source()).samples]
        run = node.id if node.kind == "acquisition" else ""
        return [one.image_id for one in samples if one.image_id and run in ("", one.acquisition)]

    def example_pictures(
        self,
        nodes: Sequence[Node],
        *,
        on_picture: Callable[[NodeKey, ExamplePicture], None] | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> dict[NodeKey, ExamplePicture]:
        """Return nothing: only the gallery of the IDR has pictures of studies."""
        return {}

    def search(self, query: str) -> Page:
        """Return what matches as one list: see ``search_page``."""
        from .search_page import search_page

        return search_page(self.finder, query)

    def access(self) -> Access:
        """Return what a reader needs besides the reference."""
        from napari_idr.remote.object_store import Access

        return Access()

    def source(self, accession: str = "") -> Source:
        """Return what every node of this server carries."""
        return Source(self.key, self.address, accession)

    def _page(self, route: str, kind: str, offset: int, limit: int, source: Source) -> Page:
        ask = self.api.ask_list(route, offset, limit, kind in COUNTED, kind != "well")
        listing = self.api.listing(ask)
        return Page(tuple(parse_node(kind, r, source) for r in listing.records), offset, listing.total)

    def _containers(self, offset: int, limit: int) -> Page:
        """Return a page of the screens followed by the projects."""
        nodes: tuple[Node, ...] = ()
        total = 0
        for kind in ("screen", "project"):
            start, room = max(0, offset - total), limit - len(nodes)
            page = self._page(f"{kind}s/", kind, start, room, self.source())
            nodes += page.nodes
            total += page.total or 0
        return Page(nodes, offset, total)

    def _begin_session(self) -> None:
        """Ask for one web page, which brings the session cookie that rendered pictures need."""
        if not self._has_session and self.api.http.logins.at(self.address) is None:
            self._has_session = True
            try:
                self.api.http.get_bytes(f"{self.address}webclient/", [("experimenter", "-1")])
            except NapariIdrError as error:
                LOG.info("%s gives no session: %s", self.name, error)
