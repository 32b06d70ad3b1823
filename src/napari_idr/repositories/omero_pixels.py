"""From images and plates of an OMERO.web server to where their pixels are."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from napari_idr.errors import AccessDenied, Busy, Cancelled, NapariIdrError, NotFound, ProtocolError, Unsupported
from napari_idr.formats.omero_json import Source, parse_external_address, parse_well
from napari_idr.formats.omero_rendering import parse_rendering
from napari_idr.model.catalog import WellSample
from napari_idr.model.image import ImageReference, PlateReference

from .memo import Memo
from .other_ways import OtherWays
from .pixel_sources import plate_address, public_address

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_idr.formats.json_record import JsonRecord
    from napari_idr.model.catalog import Node

    from .omero_api import OmeroApi
    from .omero_plates import PlateTables
    from .other_ways import ZarrCopies

LOG = logging.getLogger(__name__)


class PixelPlaces:
    """References to pixels. What was asked about an image or plate, found or not, is not asked again."""

    def __init__(self, api: OmeroApi, source: Source, plates: PlateTables, copies: ZarrCopies | None = None) -> None:
        self._api, self._source, self._plates = api, source, plates
        self._ways = None if copies is None else OtherWays(api, copies)
        self._images: Memo[JsonRecord] = Memo(512)
        self._renders: Memo[bool] = Memo(512)
        self._images_of_plates: Memo[str] = Memo(512)
        self._places: Memo[str] = Memo(512)

    def of_image(self, node: Node, *, well: str = "") -> ImageReference:
        """Return the reference of an image or field: to its OME-Zarr, else to its pictures.

        Raises ``Unsupported`` where it has neither.
        """
        field = node if isinstance(node, WellSample) else None
        image_id = field.image_id if field is not None else node.id
        if not image_id:
            raise NotFound(f"{node.name} has no image", node.address, "choose another field")
        return ImageReference(
            repository=self._source.repository,
            accession=node.accession,
            image_id=image_id,
            source=self._zarr_address(image_id) or self._rendered_address(image_id),
            name=self.record(image_id).text("Name") or node.name,
            address=self._source.link("image", image_id),
            well=well,
            field=str(field.index) if field is not None else "",
            key_values=node.key_values,
        )

    def of_well(self, well: Node, samples: Sequence[WellSample], acquisition: str) -> ImageReference:
        """Return the reference of a well's first field (of an acquisition)."""
        for sample in samples:
            if sample.image_id and acquisition in ("", sample.acquisition):
                return self.of_image(sample, well=well.name)
        raise NotFound(f"Well {well.name} has no image", well.address, "choose another well")

    def of_plate(self, node: Node, acquisition: str) -> PlateReference:
        """Return the reference of a plate, or of the plate of an acquisition."""
        plate_id = node.id
        if node.kind == "acquisition":
            acquisition = acquisition or node.id
            plate_id = self._api.plate_of(node.id) or ""
        if not plate_id:
            what = f"The plate of acquisition {node.id} was not found"
            raise NotFound(what, node.address, "choose the plate itself")
        return PlateReference(
            repository=self._source.repository,
            accession=node.accession,
            plate_id=plate_id,
            source=self._address_of_plate(plate_id),
            name=node.name,
            address=self._source.link("plate", plate_id),
            acquisition=int(acquisition) if acquisition.isdecimal() else None,
        )

    def record(self, image_id: str) -> JsonRecord:
        """Return an image as the server describes it: one request, none when asked again."""
        return self._images.get(image_id, lambda: self._api.single(f"images/{image_id}/"))

    def kept(self, image_id: str) -> JsonRecord | None:
        """Return what is known of an image already."""
        return self._images.peek(image_id)

    def keep(self, image_id: str, record: JsonRecord) -> None:
        """Keep an image's description that came with something else."""
        self._images.put(image_id, record)

    def _zarr_address(self, image_id: str) -> str | None:
        """Return where the OME-Zarr of an image lies: as the server says, else by one of the other ways."""
        record = self.record(image_id)
        place = public_address(parse_external_address(record))
        if self._ways is None:
            return place
        if place is not None:
            return self._ways.present(place)
        series = record.integer("omero:series") or 0
        return self._found(f"image/{image_id}", lambda ways: ways.of_image(image_id, series))

    def _found(self, what: str, go: Callable[[OtherWays], str]) -> str | None:
        """Return what the other ways lead to, None where they lead nowhere, or could not be gone now."""
        ways = self._ways
        if ways is None:
            return None
        try:
            return self._places.get(what, lambda: go(ways)) or None
        except Cancelled:
            raise
        except NapariIdrError as error:
            LOG.info("where %s lies: %s", what, error)
            return None

    def _rendered_address(self, image_id: str) -> str:
        """Return the address of an image's pictures. Raises ``Unsupported`` where the server renders none."""
        address = f"{self._source.base}webgateway/imgData/{image_id}/"
        if self._renders.get(image_id, lambda: self._ask_renders(address)):
            return address
        lsid = parse_external_address(self.record(image_id))
        where = f" (the server keeps it at {lsid[:120]!r})" if lsid else ""
        what = f"Image {image_id} is neither offered as OME-Zarr{where} nor rendered by the server"
        page = self._source.link("image", image_id)
        hint = f"its details may offer its original files, as does its page: {page}"
        raise Unsupported(what, self._source.base, hint)

    def _ask_renders(self, address: str) -> bool:
        """Ask whether the server renders an image: one request. One that prepares it will."""
        try:
            parse_rendering(self._api.http.get_json(address), address)
        except Busy:
            return True
        except (NotFound, AccessDenied, Unsupported, ProtocolError):
            return False
        return True

    def _address_of_plate(self, plate_id: str) -> str:
        """Return the OME-Zarr of a plate: where an image of it lies, without row, column and field."""
        page = self._source.link("plate", plate_id)
        image_id = self._images_of_plates.get(plate_id, lambda: self._any_image(plate_id))
        if not image_id:
            raise NotFound(f"Plate {plate_id} has no wells with images", page, "choose another plate")
        place = self._zarr_address(image_id)
        source = None if place is None else plate_address(place)
        if source is None:
            source = self._found(f"plate/{plate_id}", lambda ways: ways.of_plate(plate_id))
        if source is None:
            what = f"Plate {plate_id} is not one OME-Zarr, its images are stored one by one"
            raise Unsupported(what, page, "open its wells")
        return source

    def _any_image(self, plate_id: str) -> str:
        """Return the id of an image of a plate: its first well's, else the first in the grid; "" for none."""
        ask = self._api.ask_list(f"plates/{plate_id}/wells/", 0, 1, normalize=False)
        wells = [parse_well(record, self._source) for record in self._api.listing(ask).records]
        cells = self._plates.wells(plate_id).cells if wells and not wells[0].thumbnail_id else ()
        found = [*(well.thumbnail_id for well in wells), *(cell.image_id for cell in cells)]
        return next(filter(None, found), "")
