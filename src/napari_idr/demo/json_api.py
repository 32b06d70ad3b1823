"""``/api/v0/``: lists and single objects of the catalogue, paged, counted and normalized as OMERO.web does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import image_objects, objects
from .answers import Served, failure, flag, host_address, path_number
from .object_lists import Filters, list_objects

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request

    from .objects import Json

MAXIMUM = 1000
"""Objects a page holds at most, as on the IDR."""
LIMIT = 200
VERSION_HEADER = {"X-OMERO-ApiVersion": "0.2"}
KINDS = ("projects", "datasets", "images", "screens", "plates", "plateacquisitions", "wells", "rois")
NESTED = {
    "projects": ("datasets",),
    "datasets": ("projects", "images"),
    "images": ("datasets", "rois"),
    "screens": ("plates",),
    "plates": ("screens", "wells", "plateacquisitions"),
    "wells": ("plates",),
    "plateacquisitions": ("wells",),
}
SINGULAR = {
    "projects": "Project",
    "datasets": "Dataset",
    "images": "Image",
    "screens": "Screen",
    "plates": "Plate",
    "plateacquisitions": "PlateAcquisition",
    "wells": "Well",
    "rois": "ROI",
}
COUNTED: dict[str, Callable[..., Json]] = {
    "projects": objects.project,
    "datasets": objects.dataset,
    "screens": objects.screen,
}
"""Containers that tell their ``omero:childCount``."""
FILTERS = {
    "projects": ("dataset",),
    "datasets": ("project", "image"),
    "images": ("dataset",),
    "screens": ("plate",),
    "plates": ("screen", "well"),
    "plateacquisitions": (),
    "wells": ("plate",),
    "rois": ("image",),
}
"""Query parameters that narrow a list; any other is ignored."""


@dataclass(frozen=True, slots=True)
class Paging:
    """Part of a list that was asked for."""

    offset: int
    limit: int

    @classmethod
    def of(cls, request: Request) -> Paging:
        """Read ``offset`` and ``limit``; negative ones mean the defaults. Raises ``ValueError``."""
        offset = int(request.query_params.get("offset", 0))
        limit = int(request.query_params.get("limit", LIMIT))
        int(request.query_params.get("owner", 0))
        return cls(max(0, offset), min(LIMIT if limit < 0 else limit, MAXIMUM))

    def meta(self, total: int) -> Json:
        """Return the ``meta`` of an answer."""
        return {"offset": self.offset, "limit": self.limit, "maxLimit": MAXIMUM, "totalCount": total}


class JsonApi:
    """The views of ``/api/``."""

    def __init__(self, served: Served) -> None:
        self._served = served

    def routes(self) -> list[Route]:
        """All routes of the family; each ends in a slash."""
        routes = [
            Route("/api/", self._versions),
            Route("/api/v0/", self._base),
        ]
        for kind in KINDS:
            routes.append(Route(f"/api/v0/m/{kind}/", self._list(kind)))
            routes.append(Route(f"/api/v0/m/{kind}/{{id:int}}/", self._single(kind)))
        for parent, children in NESTED.items():
            for kind in children:
                routes.append(Route(f"/api/v0/m/{parent}/{{id:int}}/{kind}/", self._list(kind, parent)))
        for parent in ("plates", "plateacquisitions"):
            path = f"/api/v0/m/{parent}/{{id:int}}/wellsampleindex/{{index:int}}/wells/"
            routes.append(Route(path, self._list("wells", parent)))
        return routes

    async def _versions(self, request: Request) -> Response:
        base = f"{host_address(request)}api/v0/"
        return _answer({"data": [{"version": "0", "url:base": base}]})

    async def _base(self, request: Request) -> Response:
        base = f"{host_address(request)}api/v0/"
        lists = ("projects", "datasets", "images", "screens", "plates", "rois")
        links = {f"url:{kind}": f"{base}m/{kind}/" for kind in lists}
        links |= {f"url:{name}": f"{base}{name}/" for name in ("token", "servers", "login")}
        schema = objects.SCHEMA.removesuffix("#")
        return _answer(links | {"url:save": f"{base}m/save/", "url:schema": schema})

    def _list(self, kind: str, parent: str = "") -> Callable[[Request], Response]:
        def view(request: Request) -> Response:
            try:
                paging = Paging.of(request)
            except ValueError as error:
                return _failed(400, str(error))
            try:
                filters = _filters(request, kind, parent)
                found = list_objects(self._served.catalogue, kind, filters)
            except (ValueError, IndexError) as error:
                return _failed(500, str(error))
            shown = found[paging.offset : paging.offset + paging.limit]
            return _answer(self._page(request, kind, shown, paging.meta(len(found))))

        return view

    def _page(self, request: Request, kind: str, shown: Sequence[Any], meta: Json) -> Json:
        host = host_address(request)
        encoded = [self._encode(kind, one, host, child_count=flag(request, "childCount")) for one in shown]
        if not flag(request, "normalize"):
            return {"data": encoded, "meta": meta}
        people = {"experimenters": [objects.experimenter()], "experimenterGroups": [objects.experimenter_group()]}
        return {"data": objects.normalized(encoded), "meta": meta} | (
            people if encoded else {key: [] for key in people}
        )

    def _single(self, kind: str) -> Callable[[Request], Response]:
        def view(request: Request) -> Response:
            number = path_number(request, "id")
            found = list_objects(self._served.catalogue, kind, Filters(id=number))
            if not found:
                return _failed(404, f"{SINGULAR[kind]} {number} not found")
            counted = flag(request, "childCount")
            return _answer(
                {"data": self._encode(kind, found[0], host_address(request), item=True, child_count=counted)}
            )

        return view

    def _encode(self, kind: str, one: Any, host: str, *, item: bool = False, child_count: bool = False) -> Json:
        api = f"{host}api/v0/m/"
        if kind == "images":
            return image_objects.image(one, self._served.pictures.metadata(one.path), host, item=item)
        if kind == "wells":
            plate = self._served.catalogue.plate_of_well[one.id]
            return image_objects.well(one, plate, host)
        if kind == "rois":
            return image_objects.roi(one, host)
        if kind == "plates":
            return objects.plate(one, api, item=item)
        if kind == "plateacquisitions":
            return objects.acquisition(one, api)
        return COUNTED[kind](one, api, child_count=child_count)


def _filters(request: Request, kind: str, parent: str) -> Filters:
    """Return what narrows a list. Raises ``ValueError`` for an id that is no number."""
    query = request.query_params
    int(query.get("group", -1))
    asked = {name: int(query[name]) for name in FILTERS[kind] if name in query}
    if parent:
        asked[parent.removesuffix("s")] = path_number(request, "id")
    index = path_number(request, "index") if "index" in request.path_params else None
    return Filters(**asked, index=index, orphaned=flag(request, "orphaned"))


def _answer(document: Json) -> JSONResponse:
    return JSONResponse(document, headers=VERSION_HEADER)


def _failed(status: int, message: str) -> JSONResponse:
    answer = failure(status, message)
    answer.headers.update(VERSION_HEADER)
    return answer
