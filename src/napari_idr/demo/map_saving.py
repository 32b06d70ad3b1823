"""``/webclient/annotate_map/``: key-values that are sent are kept in memory, and read back like any other."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .answers import not_found_page, page
from .objects import RIGHTS
from .served import MapAnnotation
from .sessions import forgery

if TYPE_CHECKING:
    from starlette.requests import Request

    from .roi_saving import SavedRois
    from .served import Catalogue, Pairs

FIRST = 980_000_001
"""Id of the first that is sent."""
LARGEST = 16 << 20
CLIENT_NAMESPACE = "openmicroscopy.org/omero/client/mapAnnotation"


class MapSaving:
    """The view of the web client that adds, changes and deletes key-values of images."""

    _ids = count(FIRST)

    def __init__(self, catalogue: Catalogue, saved: SavedRois) -> None:
        self._catalogue, self._saved = catalogue, saved

    def routes(self) -> list[Route]:
        """Return the one route."""
        return [Route("/webclient/annotate_map/", self._annotate, methods=["GET", "POST"])]

    async def _annotate(self, request: Request) -> Response:
        if request.method != "POST":
            return not_found_page()
        form = parse_qsl((await request.body())[:LARGEST].decode(), keep_blank_values=True)
        if forgery(request, dict(form)):
            return page("Forbidden", "CSRF verification failed.", 403)
        try:
            images = [int(value) for name, value in form if name == "image"]
            known = [int(value) for name, value in form if name == "annId"]
            data = json.loads(dict(form)["mapAnnotation"])
            pairs = tuple((str(key), str(value)) for key, value in data)
        except (ValueError, KeyError, TypeError) as error:
            return page("Server error", f"{type(error).__name__}: {error}", 500)
        if not RIGHTS.get():
            return page("Server error", "ome.conditions.SecurityViolation: cannot write to this group", 500)
        found = [number for number in images if number in self._catalogue.images]
        if known or not pairs:
            return JSONResponse({"annId": self._change(known, pairs)})
        return JSONResponse({"annId": self._add(found, dict(form).get("ns", CLIENT_NAMESPACE), pairs)})

    def _add(self, images: list[int], namespace: str, pairs: Pairs) -> list[int]:
        """Add one for all images; in the namespace of clients, one for each."""
        each = [images] if images and namespace != CLIENT_NAMESPACE else [[number] for number in images]
        made = [(MapAnnotation(next(self._ids), namespace, pairs, is_saved=True), numbers) for numbers in each]
        for one, numbers in made:
            for number in numbers:
                self._saved.annotate(number, lambda there, one=one: (*there, one))  # type: ignore[misc]
        return [one.id for one, _ in made]

    def _change(self, known: list[int], pairs: Pairs) -> list[str] | None:
        """Give annotations other values, or delete them where there are none; what is not there is passed over."""

        def changed(there: tuple[MapAnnotation, ...]) -> tuple[MapAnnotation, ...]:
            kept = (one for one in there if pairs or one.id not in known or not one.is_saved)
            return tuple(
                MapAnnotation(one.id, one.namespace, pairs, is_saved=True) if one.id in known and one.is_saved else one
                for one in kept
            )

        for number, image in list(self._catalogue.images.items()):
            if any(one.id in known for one in image.annotations):
                self._saved.annotate(number, changed)
        return [str(number) for number in known] if pairs else None
