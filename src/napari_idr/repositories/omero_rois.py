"""The ROIs of images on an OMERO.web server: how many, all of them, those of one plane, and the pixels of masks.

Requests: one to count; one per five hundred ROIs of an image or plane, the first alone, the others four at a time;
one per mask. A server without iviewer cannot be asked for one plane: it is asked once, and not again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_idr.errors import AccessDenied, NapariIdrError, NotFound, ProtocolError, Unsupported
from napari_idr.formats.mask_pixels import picture_to_pixels
from napari_idr.formats.omero_json import parse_listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np

    from napari_idr.formats.json_record import JsonRecord
    from napari_idr.formats.omero_json import Listing

    from .omero_api import Ask, OmeroApi

Json = dict[str, Any]

PAGE = 500
"""ROIs per request: the most that a stock server gives."""
MOST_PAGES = 400
MOST_ROIS = PAGE * MOST_PAGES


class OmeroRois:
    """What a server answers about ROIs. Methods may block and raise the errors of ``Http``."""

    def __init__(self, api: OmeroApi, begin_session: Callable[[], None]) -> None:
        self._api, self._begin_session = api, begin_session
        self._has_planes = True

    def count(self, image_id: str) -> int:
        """Return how many ROIs an image has: one request."""
        return self._api.listing(self._ask_image(image_id, 0, 0)).total

    def of_image(
        self, image_id: str, *, brief: bool = False, is_cancelled: Callable[[], bool] | None = None
    ) -> Iterator[Json]:
        """Yield all ROIs of an image with their shapes, as the server gives them, in its order.

        They can be read while later pages come; the first has come when this returns. ``brief`` leaves out whose each
        ROI is, which is a third of the answer.
        """
        return self._all(lambda offset, limit: self._ask_image(image_id, offset, limit, brief), is_cancelled)

    def of_images(self, image_ids: Sequence[str]) -> list[Json]:
        """Return the ROIs of several images, each with the id of its image under ``napari-idr:image``."""
        asks = [self._ask_image(image_id, 0, PAGE) for image_id in image_ids]
        answers: dict[int, list[Json]] = {}
        for index, outcome in self._api.http.get_json_many(asks):
            if isinstance(outcome, NapariIdrError):
                raise outcome
            listing = parse_listing(outcome, asks[index][0])
            found = [dict(record.fields) for record in listing.records]
            answers[index] = found if listing.total <= len(found) else list(self.of_image(image_ids[index]))
        named = [(image_ids[index], roi) for index in sorted(answers) for roi in answers[index]]
        return [{**roi, "napari-idr:image": int(image_id)} for image_id, roi in named]

    def of_plane(
        self, image_id: str, z: int, t: int, *, is_cancelled: Callable[[], bool] | None = None
    ) -> Iterator[Json]:
        """Yield the ROIs with shapes in one plane, or in all planes.

        Raises ``Unsupported`` where the server cannot be asked for one plane.
        """
        route = f"{self._api.base}iviewer/rois_by_plane/{image_id}/{z}/{t}/"
        if self._has_planes:
            try:
                return self._all(
                    lambda offset, limit: (route, [("limit", str(limit)), ("offset", str(offset))]), is_cancelled
                )
            except (NotFound, AccessDenied, ProtocolError):
                self._has_planes = False
        raise Unsupported("The server does not give the ROIs of one plane", self._api.base, "ask for all of them")

    def masks(
        self, shape_ids: Sequence[str], *, is_cancelled: Callable[[], bool] | None = None
    ) -> Iterator[tuple[str, np.ndarray | NapariIdrError]]:
        """Yield shape id and pixels (or error) of masks as they come: one request each, four at a time."""
        if not shape_ids:
            return
        self._begin_session()
        asks: list[Ask] = [(f"{self._api.base}webgateway/render_shape_mask/{one}/", []) for one in shape_ids]
        for index, outcome in self._api.http.get_bytes_many(asks, is_cancelled=is_cancelled):
            yield shape_ids[index], _pixels(outcome, asks[index][0])

    def _ask_image(self, image_id: str, offset: int, limit: int, brief: bool = False) -> Ask:
        return self._api.ask_list(f"images/{image_id}/rois/", offset, limit, normalize=brief)

    def _all(self, ask: Callable[[int, int], Ask], is_cancelled: Callable[[], bool] | None) -> Iterator[Json]:
        """Yield a whole list: the first page, asked for now, tells how many there are and how long pages are."""
        first = self._api.listing(ask(0, PAGE))
        return self._in_order(first, ask, is_cancelled)

    def _in_order(
        self, first: Listing, ask: Callable[[int, int], Ask], is_cancelled: Callable[[], bool] | None
    ) -> Iterator[Json]:
        """Yield what the pages hold, each page as soon as all before it are there."""
        yield from (dict(record.fields) for record in first.records)
        length = len(first.records)
        offsets = range(length, min(first.total, MOST_ROIS), length) if length else range(0)
        asks = [ask(offset, length) for offset in offsets[:MOST_PAGES]]
        pages: dict[int, Sequence[JsonRecord]] = {}
        turn = 0
        for index, outcome in self._api.http.get_json_many(asks, is_cancelled=is_cancelled):
            if isinstance(outcome, NapariIdrError):
                raise outcome
            pages[index] = parse_listing(outcome, asks[index][0]).records
            while turn in pages:
                yield from (dict(record.fields) for record in pages.pop(turn))
                turn += 1


def _pixels(outcome: bytes | NapariIdrError, address: str) -> np.ndarray | NapariIdrError:
    if isinstance(outcome, NapariIdrError):
        return outcome
    try:
        return picture_to_pixels(outcome, address)
    except NapariIdrError as error:
        return error
