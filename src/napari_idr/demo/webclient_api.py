"""``/webclient/``: flat lists, map annotations and paths to objects, as the web pages of OMERO ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from .answers import SESSION, Served, flag, page
from .image_objects import sizes
from .object_paths import find_object, paths_to_object
from .objects import OWNER
from .objects import RIGHTS as MAY_CHANGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.requests import Request

    from .object_paths import Step
    from .objects import Json
    from .served import MapAnnotation, ServedImage

PAGE_SIZE = 500
DATE = "2026-11-21T00:00:00+00:00"
RIGHTS = {"canDelete": False, "canAnnotate": False, "canLink": False, "canEdit": False}
PARENT_CLASS = {
    "image": "ImageI",
    "dataset": "DatasetI",
    "project": "ProjectI",
    "well": "WellI",
    "acquisition": "PlateAcquisitionI",
    "plate": "PlateI",
    "screen": "ScreenI",
}
PRECEDENCE = ("image", "dataset", "project", "well", "acquisition", "plate", "screen")
"""Which parameter of ``paths_to_object`` counts when several are given."""


class WebclientApi:
    """The views of ``/webclient/``."""

    def __init__(self, served: Served) -> None:
        self._catalogue, self._pictures = served.catalogue, served.pictures

    def routes(self) -> list[Route]:
        """All routes of the family except the pictures it shares with webgateway."""
        api = "/webclient/api/"
        return [
            Route("/webclient/", self.page),
            Route("/webclient/img_detail/{id:int}/", self.page),
            Route("/iviewer/", self.page),
            Route(f"{api}containers/", self._containers),
            Route(f"{api}datasets/", self._datasets),
            Route(f"{api}images/", self._images),
            Route(f"{api}plates/", self._plates),
            Route(f"{api}plate_acquisitions/", self._acquisitions),
            Route(f"{api}annotations/", self._annotations),
            Route(f"{api}paths_to_object/", self._paths),
        ]

    async def page(self, request: Request) -> Response:
        """Return the page people see who open the server in a browser."""
        shown = page("napari-idr demonstration", "This server is for napari: open its address there.")
        if SESSION not in request.cookies:
            shown.set_cookie(SESSION, "public", httponly=True)
        return shown

    async def _containers(self, request: Request) -> Response:
        projects = [_row(one, len(one.datasets)) for one in self._catalogue.projects]
        screens = [_row(one, len(one.plates)) for one in self._catalogue.screens]
        orphaned = {"id": -1, "name": "Orphaned Images", "childCount": 0}
        lists = {"projects": projects, "datasets": [], "screens": screens, "plates": [], "orphaned": orphaned}
        return self._paged(request, lists)

    async def _datasets(self, request: Request) -> Response:
        number = _number(request, "id")
        found = [
            one for project in self._catalogue.projects if number in (None, project.id) for one in project.datasets
        ]
        return self._paged(request, {"datasets": [_row(one, len(one.images)) for one in found]})

    async def _plates(self, request: Request) -> Response:
        number = _number(request, "id")
        screens = [one for one in self._catalogue.screens if number in (None, one.id)]
        found = [one for screen in screens for one in screen.plates]
        return self._paged(request, {"plates": [_row(one, len(one.acquisitions)) for one in found]})

    async def _acquisitions(self, request: Request) -> Response:
        plate = self._catalogue.plates.get(_number(request, "id") or 0)
        rows = [_row(one) for one in plate.acquisitions] if plate else []
        return self._paged(request, {"acquisitions": rows})

    def _images(self, request: Request) -> Response:
        dataset = self._catalogue.datasets.get(_number(request, "id") or 0)
        images = sorted(dataset.images, key=lambda one: (one.name.lower(), one.id)) if dataset else []
        return self._paged(request, {"images": [self._image_row(one, request) for one in images]})

    def _image_row(self, one: ServedImage, request: Request) -> Json:
        row = _row(one) | {"archived": False, "filesetId": one.id}
        metadata = self._pictures.metadata(one.path) if flag(request, "sizeXYZ") else None
        if metadata is not None:
            extent = sizes(metadata)
            row |= {f"size{axis.upper()}": extent[axis] for axis in "xyzt"}
        if flag(request, "date"):
            row |= {"date": DATE, "acqDate": DATE}
        return row | ({"thumbVersion": 1} if flag(request, "thumbVersion") else {})

    def _paged(self, request: Request, lists: Json) -> Response:
        """Return the lists cut to a page (1-based; 0 for everything); 400 in plain text for a bad number."""
        try:
            number = int(request.query_params.get("page", 1))
            limit = int(request.query_params.get("limit", PAGE_SIZE))
        except ValueError:
            return PlainTextResponse("Invalid parameter value", 400)
        part = slice((number - 1) * limit, number * limit) if number > 0 else slice(None)
        return JSONResponse({key: value[part] if isinstance(value, list) else value for key, value in lists.items()})

    async def _annotations(self, request: Request) -> Response:
        query = request.query_params
        try:
            asked = [(kind, int(value)) for kind, value in query.multi_items() if kind in PARENT_CLASS]
        except ValueError:
            return page("Server error", "An id is no number.", 500)
        namespace, wanted = query.get("ns"), query.get("type", "map") == "map"
        found = [
            _annotation(one, kind, number, name)
            for kind, number in asked
            for name, one in self._annotations_of(kind, number)
            if wanted and namespace in (None, one.namespace)
        ]
        people = {"id": OWNER["id"], "omeName": OWNER["login"], "firstName": OWNER["first"], "lastName": OWNER["last"]}
        answer: Json = {"annotations": found, "experimenters": [people] if found else []}
        if query.get("parents") == "true":
            answer["parents"] = self._inherited(asked)
        return JSONResponse(answer)

    def _annotations_of(self, kind: str, number: int) -> Iterator[tuple[str, MapAnnotation]]:
        """(name of the object, annotation) of one object; an image of a well has those of the well."""
        thing = find_object(self._catalogue, kind, number)
        for one in getattr(thing, "annotations", ()):
            yield getattr(thing, "name", ""), one
        if kind == "image" and thing is not None and number in self._catalogue.well_of_image:
            for one in self._catalogue.well_of_image[number].annotations:
                yield thing.name, one

    def _inherited(self, asked: Sequence[Step]) -> Json:
        """Return the annotations of the containers of what was asked, and what inherits from each container."""
        annotations: dict[tuple[int, int], Json] = {}
        lineage: dict[str, dict[str, list[Json]]] = {}
        for (kind, number), (above, container) in self._containers_of(asked):
            found = [_annotation(one, above, container, name) for name, one in self._annotations_of(above, container)]
            annotations |= {(one["id"], container): one for one in found}
            if found:
                heirs = lineage.setdefault(PARENT_CLASS[above], {}).setdefault(str(container), [])
                heirs.append({"id": number, "class": PARENT_CLASS[kind]})
        return {"annotations": list(annotations.values()), "lineage": lineage}

    def _containers_of(self, asked: Sequence[Step]) -> Iterator[tuple[Step, Step]]:
        for kind, number in asked:
            for path in paths_to_object(self._catalogue, kind, number):
                steps = [(step["type"], step["id"]) for step in path[:-1]]
                yield from (((kind, number), step) for step in steps if step[0] in PARENT_CLASS)

    async def _paths(self, request: Request) -> Response:
        for kind in PRECEDENCE:
            if kind in request.query_params:
                try:
                    number = int(request.query_params[kind])
                except ValueError:
                    return PlainTextResponse("Invalid parameter value", 400)
                return JSONResponse({"paths": paths_to_object(self._catalogue, kind, number)})
        return JSONResponse({"paths": []})


def _row(one: Any, children: int | None = None) -> Json:
    row = {"id": one.id, "name": one.name, "ownerId": OWNER["id"]}
    return row | ({} if children is None else {"childCount": children}) | {"permsCss": ""}


def _number(request: Request, name: str) -> int | None:
    value = request.query_params.get(name, "")
    return int(value) if value.isdecimal() else None


def _annotation(one: MapAnnotation, kind: str, number: int, name: str) -> Json:
    owner = {"id": OWNER["id"]}
    rights = dict.fromkeys(RIGHTS, True) if one.is_saved and MAY_CHANGE.get() else RIGHTS
    parent = {"id": number, "class": PARENT_CLASS[kind], "name": name}
    link = {"id": one.id, "owner": owner, "parent": parent, "date": DATE, "permissions": rights}
    return {
        "id": one.id,
        "ns": one.namespace,
        "description": None,
        "owner": owner,
        "date": DATE,
        "permissions": rights,
        "link": link,
        "class": "MapAnnotationI",
        "values": [list(pair) for pair in one.values],
    }
