"""Images whose server does not say where their OME-Zarr lies: found by their files, by a list, or by guessing.

Each way is only gone where the one before led nowhere. What comes of it, nothing included, is kept on disk for a day.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.errors import AccessDenied, Cancelled, NapariIdrError, NotFound, ProtocolError
from napari_idr.formats.json_record import JsonRecord
from napari_idr.formats.zarr_copies import client_copies, guessed_copies, listed_copies, short_label

from .pixel_sources import OLD_HOST, moved_addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .omero_api import OmeroApi

LOG = logging.getLogger(__name__)

NO_SUCH = (NotFound, AccessDenied, ProtocolError)
"""Answers by which a server says that it is not there; others say nothing about it."""
DOCUMENT_LIMIT = 16 << 20
TABLE_LIMIT = 8 << 20


@dataclass(frozen=True, slots=True)
class ZarrCopies:
    """Where copies of a server's images may lie."""

    table: str
    """Address of the list of curated samples (CSV)."""
    store: str
    """Address below which the folders of the versions lie, with a trailing slash."""

    @classmethod
    def beside(cls, base: str) -> ZarrCopies:
        """Return the places of a server that has them below its own address, as the embedded repository does."""
        return cls(f"{base}ome-ngff-samples/table.csv", f"{base}idr/zarr/")


IDR_COPIES = ZarrCopies(
    "https://raw.githubusercontent.com/IDR/ome-ngff-samples/main/_data/table.csv",
    "https://livingobjects.ebi.ac.uk/idr/zarr/",
)


class OtherWays:
    """Finds the OME-Zarr of images and plates. Methods may block.

    Requests for an image: one for its files and two for each OME-Zarr among them; one for the list, once a day; two
    for the name of its container and two for each guess, four at a time.
    """

    def __init__(self, api: OmeroApi, copies: ZarrCopies) -> None:
        self._api, self._copies = api, copies

    def of_image(self, image_id: str, series: int) -> str:
        """Return the address of an image, "" where no way leads to one; ``series`` counts within its files.

        Raises the error of a way that could not be gone, where no other leads to it.
        """
        ways = (
            lambda: self._by_files(image_id, series),
            lambda: next(iter(listed_copies(self._table(), image_id)), ""),
            lambda: self._by_guess("image", image_id),
        )
        return self._decided(f"image/{image_id}", ways)

    def of_plate(self, plate_id: str) -> str:
        """Return the address of a plate, "" where no way leads to one. Raises like ``of_image``."""
        ways = (
            lambda: next(iter(listed_copies(self._table(), plate_id, plate=True)), ""),
            lambda: self._by_guess("plate", plate_id),
        )
        return self._decided(f"plate/{plate_id}", ways)

    def present(self, address: str) -> str:
        """Return where data lie today that a server still places in a store that is given up; others as they are."""
        if OLD_HOST not in address:
            return address
        moved = moved_addresses(address)
        try:
            return self._api.http.decided(f"moved {address}", lambda: self._first(moved, ("image", "plate"))) or address
        except Cancelled:
            raise
        except NapariIdrError as error:
            LOG.info("whether %s has moved: %s", address, error)
            return address

    def _decided(self, what: str, ways: Iterable[Callable[[], str]]) -> str:
        """Return what the first way gives that leads somewhere; where one could not be gone nothing is kept."""

        def decide() -> str:
            failures: list[NapariIdrError] = []
            for way in ways:
                try:
                    place = way()
                except Cancelled:
                    raise
                except NapariIdrError as error:
                    failures.append(error)
                    continue
                if place:
                    return place
            if failures:
                raise failures[0]
            return ""

        return self._api.http.decided(f"{self._api.base}{what}", decide)

    def _by_files(self, image_id: str, series: int) -> str:
        """Return the OME-Zarr that an image was imported from."""
        try:
            document = self._api.http.get_json(f"{self._api.base}image/{image_id}/download_urls/")
        except NO_SUCH:
            return ""
        for group in client_copies(document):
            place = self._first([*moved_addresses(group), group], ("image", "collection"), series)
            if place:
                return place
        return ""

    def _table(self) -> str:
        """Return the list of curated samples, kept for a day."""
        return self._api.http.decided(self._copies.table, self._ask_table)

    def _ask_table(self) -> str:
        try:
            return self._api.http.get_bytes(self._copies.table, limit=TABLE_LIMIT).decode("utf-8", "replace")
        except NO_SUCH:
            return ""

    def _by_guess(self, kind: str, number: str) -> str:
        guesses = guessed_copies(self._copies.store, number, self._label(kind, number), plate=kind == "plate")
        return self._first(guesses, (kind,))

    def _label(self, kind: str, number: str) -> str:
        """Return the folder of the screen or experiment that something lies in: two requests."""
        url = f"{self._api.base}webclient/api/paths_to_object/"
        try:
            answer = JsonRecord.of(self._api.http.get_json(url, [(kind, number)]), "", url)
            for path in answer.items("paths"):
                for step in JsonRecord({"path": path}, "paths[0]", url).records("path"):
                    if step.text("type") in ("project", "screen"):
                        container = f"{step.text('type')}s/{step.identifier('id')}/"
                        return short_label(self._api.single(container).text("Name") or "")
        except NO_SUCH:
            pass
        return ""

    def _first(self, addresses: Sequence[str], kinds: Sequence[str], series: int = 0) -> str:
        """Return the first address at which there is a group of one of these kinds, asked for all at once.

        Raises the error of one that could not be asked, where none is there.
        """
        asks = [(f"{address}/{name}", ()) for address in addresses for name in (".zattrs", "zarr.json")]
        answers: dict[int, bytes | NapariIdrError] = dict(self._api.http.get_bytes_many(asks))
        for index in sorted(answers):
            answer = answers[index]
            kind = "" if isinstance(answer, NapariIdrError) else _kind(answer)
            if kind in kinds:
                address = addresses[index // 2]
                return f"{address}/{series}" if kind == "collection" else address
        for answer in answers.values():
            if isinstance(answer, NapariIdrError) and not isinstance(answer, NO_SUCH):
                raise answer
        return ""


def _kind(document: bytes) -> str:
    """Return what kind of group a document describes, "" where it describes none."""
    try:
        raw = json.loads(document[:DOCUMENT_LIMIT])
        attributes = raw.get("attributes", raw) if isinstance(raw, dict) else {}
        from napari_idr.formats.ngff import group_kind

        return group_kind(attributes) if isinstance(attributes, dict) else ""
    except (ValueError, RecursionError, NapariIdrError):
        return ""
