"""The requests of an OMERO.web server that we make, one method each; answers are parsed, nothing is kept.

Parameters go in one fixed order: the IDR's cache takes the same question in another order for a new one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from napari_idr.errors import NapariIdrError, SignInNeeded
from napari_idr.formats.data_uri import picture_of
from napari_idr.formats.json_record import JsonRecord
from napari_idr.formats.omero_annotations import MapAnnotation, parse_annotations, parse_plate_grid
from napari_idr.formats.omero_json import Listing, parse_listing, parse_single

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from napari_idr.model.catalog import PlateGrid
    from napari_idr.remote.http import Http

Ask = tuple[str, list[tuple[str, str]]]
"""Address and parameters of one request."""

T = TypeVar("T")

STOCK_THUMBNAIL = 96
THUMBNAIL_BATCH = 50
ANNOTATION_BATCH = 100
LONGEST_PAGE = 1000
"""What the IDR gives at most in one page; other servers give fewer and say so."""
MOST_PAGES = 1000


class OmeroApi:
    """What an OMERO.web server answers. Methods may block and raise the errors of ``Http``."""

    def __init__(self, http: Http, base: str) -> None:
        self.http, self.base = http, base

    def listing(self, ask: Ask) -> Listing:
        """Return one page of a list."""
        return parse_listing(self.http.get_json(*ask), ask[0])

    def all_records(
        self, route: str, *, child_count: bool = False, normalize: bool = True, first: Listing | None = None
    ) -> list[JsonRecord]:
        """Return a whole list: one request per thousand objects, less the first where its answer is there."""
        records: list[JsonRecord] = [*first.records] if first is not None else []
        for _ in range(MOST_PAGES):
            if first is not None and (not records or len(records) >= first.total):
                break
            page = self.listing(self.ask_list(route, len(records), LONGEST_PAGE, child_count, normalize))
            records += page.records
            if not page.records or len(records) >= page.total:
                break
        return records

    def single(self, route: str) -> JsonRecord:
        """Return one object."""
        ask = self.ask_single(route)
        return parse_single(self.http.get_json(*ask), ask[0])

    def annotations(self, ask: Ask) -> tuple[MapAnnotation, ...]:
        """Return the key-values of the objects asked about."""
        return parse_annotations(self.http.get_json(*ask), ask[0])

    def grid(self, plate_id: str, field: int = 0, acquisition: str = "") -> PlateGrid:
        """Return the wells of a plate with the image of one field each."""
        ask = self.ask_grid(plate_id, field, acquisition)
        return parse_plate_grid(self.http.get_json(*ask), ask[0])

    def plate_of(self, acquisition_id: str) -> str | None:
        """Return the id of the plate an acquisition belongs to."""
        url = f"{self.base}webclient/api/paths_to_object/"
        answer = JsonRecord.of(self.http.get_json(url, [("acquisition", acquisition_id)]), "", url)
        for path in answer.items("paths"):
            for step in JsonRecord({"path": path}, "paths[0]", url).records("path"):
                if step.text("type") == "plate":
                    return step.identifier("id")
        return None

    def together(self, asks: Sequence[Ask]) -> list[Any | NapariIdrError]:
        """Return the answer, or error, of each of several requests made at once, in their order."""
        outcomes: list[Any] = [None] * len(asks)
        for index, outcome in self.http.get_json_many(asks):
            outcomes[index] = outcome
        return outcomes

    def thumbnails(
        self, image_ids: Sequence[str], size: int, is_cancelled: Callable[[], bool] | None
    ) -> Iterator[tuple[str, bytes]]:
        """Yield (image id, JPEG or PNG) as they arrive: fifty per request, four requests at a time.

        Raises the first error where no request at all succeeded.
        """
        asks = [self._ask_thumbnails(batch, size) for batch in batches(image_ids, THUMBNAIL_BATCH)]
        errors: list[NapariIdrError] = []
        for _, outcome in self.http.get_json_many(asks, is_cancelled=is_cancelled):
            if isinstance(outcome, NapariIdrError):
                errors.append(outcome)
            else:
                yield from _pictures(outcome)
        if errors and len(errors) == len(asks):
            raise errors[0]

    def ask_list(self, route: str, offset: int, limit: int, child_count: bool = False, normalize: bool = True) -> Ask:
        """Return the request for a page of a list; ``limit`` 0 only counts.

        Lists of all screens or projects are those of the group that somebody who is signed in has chosen.
        """
        params = [("childCount", "true")] if child_count else []
        login = self.http.logins.at(self.base) if route in ("screens/", "projects/") else None
        params += [("group", str(login.group))] if login is not None and login.group is not None else []
        params += [("limit", str(limit))]
        params += [("normalize", "true")] if normalize else []
        return f"{self.base}api/v0/m/{route}", [*params, ("offset", str(offset))]

    def ask_single(self, route: str) -> Ask:
        """Return the request for one object."""
        return f"{self.base}api/v0/m/{route}", []

    def check_signed_in(self, what: str) -> None:
        """Raise ``SignInNeeded`` where nobody is: what is sent is sent in somebody's name."""
        if self.http.logins.at(self.base) is None:
            said = f"{what} are sent in somebody's name, and nobody is signed in"
            raise SignInNeeded(said, self.base, "sign in to it with Servers")

    def ask_annotations(self, objects: Iterable[tuple[str, str]], *, parents: bool = False) -> Ask:
        """Return the request for the key-values of (kind, id) objects, and of what they lie in."""
        params = [("type", "map"), *objects, *([("parents", "true")] if parents else [])]
        return f"{self.base}webclient/api/annotations/", params

    def ask_grid(self, plate_id: str, field: int, acquisition: str) -> Ask:
        """Return the request for a plate grid."""
        run = f"{acquisition}/" if acquisition else ""
        return f"{self.base}webgateway/plate/{plate_id}/{field}/{run}", []

    def _ask_thumbnails(self, image_ids: Sequence[str], size: int) -> Ask:
        longest = "" if size == STOCK_THUMBNAIL else f"{size}/"
        return f"{self.base}webgateway/get_thumbnails/{longest}", [("id", number) for number in image_ids]


def batches(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield the things in groups of at most ``size``."""
    for start in range(0, len(things), size):
        yield things[start : start + size]


def _pictures(answer: object) -> Iterator[tuple[str, bytes]]:
    """Yield what is a picture in an answer of data URIs; null and anything else is left out."""
    for number, uri in answer.items() if isinstance(answer, dict) else ():
        picture = picture_of(uri)
        if picture:
            yield str(number), picture
