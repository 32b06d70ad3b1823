"""``/webclient/api/tags/``: the one tag of the embedded repository, on everything that is OME-Zarr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .objects import OWNER

if TYPE_CHECKING:
    from starlette.requests import Request

    from .answers import Served
    from .objects import Json
    from .served import ServedProject, ServedScreen

TAG = 800001
NAME = "OME-NGFF"
"""As the IDR tags its studies that are OME-Zarr."""


class Tags:
    """All tags, or what carries one of them."""

    def __init__(self, served: Served) -> None:
        self._catalogue = served.catalogue

    def routes(self) -> list[Route]:
        """Return the one route."""
        return [Route("/webclient/api/tags/", self._tags)]

    async def _tags(self, request: Request) -> Response:
        projects, screens = self._catalogue.projects, self._catalogue.screens
        tags: Json = {
            "id": TAG,
            "value": NAME,
            "description": None,
            "ownerId": OWNER["id"],
            "permsCss": "",
            "set": False,
            "childCount": len(projects) + len(screens),
        }
        asked = request.query_params.get("id", "")
        if not asked:
            return JSONResponse({"tags": [tags] if projects or screens else []})
        lists: Json = {"tags": [], "datasets": [], "images": [], "plates": [], "acquisitions": []}
        is_known = asked == str(TAG)
        lists["projects"] = [_row(one, len(one.datasets)) for one in projects] if is_known else []
        lists["screens"] = [_row(one, len(one.plates)) for one in screens] if is_known else []
        return JSONResponse(lists)


def _row(one: ServedProject | ServedScreen, children: int) -> Json:
    return {"id": one.id, "name": one.name, "ownerId": OWNER["id"], "childCount": children, "permsCss": ""}
