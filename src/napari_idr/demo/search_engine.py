"""``/searchengine/api/v1/resources/``: the search engine beside the IDR, over the embedded repository's own data."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from .answers import Served, host_address, page
from .search_index import DATA_SOURCE, SearchIndex
from .search_query import EngineQuery, QueryError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request

    from .objects import Json
    from .search_index import IndexedContainer, IndexedImage
    from .served import Pairs

BASE = "/searchengine/api/v1/resources"
PAGE_SIZE = 1000
"""Images in a page of hits."""
SHORT_KEYS = ("Gene Symbol", "Phenotype", "Organism", "Compound Name", "siRNA Identifier", "Antibody", "Cell Line")
"""Keys of ``mode=searchterms``."""
RESOURCES = ("image", "project", "screen", "well", "plate")


class SearchEngine:
    """The views of the search engine, and what the IDR does with the addresses of its predecessor."""

    def __init__(self, served: Served) -> None:
        self._index = SearchIndex(served.catalogue)

    def routes(self) -> list[Route]:
        """All routes of the family."""
        return [
            Route(f"{BASE}/data_sources/", self._data_sources),
            Route(f"{BASE}/container_images/", self._container_images),
            Route(f"{BASE}/submitquery/", self._submit, methods=["POST"]),
            Route(f"{BASE}/submitquery/containers/", self._submit_containers, methods=["POST"]),
            Route(f"{BASE}/{{resource}}/keys/", self._keys),
            Route(f"{BASE}/{{resource}}/searchvalues/", self._values),
            Route(f"{BASE}/{{resource}}/searchvaluesusingkey/", self._values_of_key),
            Route(f"{BASE}/{{resource}}/search/", self._search),
            Route("/searchengine/apidocs/", self._documentation),
            Route("/mapr/{path:path}", self._moved),
        ]

    async def _documentation(self, request: Request) -> Response:
        return page("Search engine", "This engine is for napari: search there.")

    async def _moved(self, request: Request) -> Response:
        return RedirectResponse("/searchengine/apidocs/", 302)

    async def _data_sources(self, request: Request) -> Response:
        return JSONResponse([DATA_SOURCE])

    async def _container_images(self, request: Request) -> Response:
        return JSONResponse({"Error": "none", "results": {"results": self._counted(self._index.images)}})

    def _keys(self, request: Request) -> Response:
        resource = request.path_params["resource"]
        if resource not in (*RESOURCES, "all"):
            return _no_resource(resource)
        if request.query_params.get("mode") == "searchterms":
            return JSONResponse({"image": list(SHORT_KEYS), "project": ["Name (IDR number)"]})
        keys = sorted({key for pairs in self._pairs(resource) for key, _ in pairs})
        return JSONResponse([{"data_source": DATA_SOURCE, resource: keys}])

    def _values(self, request: Request) -> Response:
        resource, text = request.path_params["resource"], request.query_params.get("value", "").strip().lower()
        if resource not in RESOURCES:
            return _no_resource(resource)
        if not text:
            return JSONResponse({"Error": "Error: No value is provided "})
        hidden = ("organism",) if resource == "image" else ()
        counts = _count(self._pairs(resource), lambda key, value: text in value and key.lower() not in hidden)
        return JSONResponse(_buckets(counts, resource))

    def _values_of_key(self, request: Request) -> Response:
        resource, key = request.path_params["resource"], request.query_params.get("key", "").strip().lower()
        if resource not in RESOURCES:
            return _no_resource(resource)
        if not key:
            return JSONResponse({"Error": "No key is provided "})
        return JSONResponse(_buckets(_count(self._pairs(resource), lambda name, _: name.lower() == key), resource))

    def _pairs(self, resource: str) -> list[Pairs]:
        """Return the key-values of each object of a kind; wells have those of their images, as in the engine."""
        if resource in ("project", "screen"):
            return [one.values for one in self._index.containers if one.kind == resource]
        return [one.values for one in self._index.images]

    def _search(self, request: Request) -> Response:
        """Answer a query of one filter; ``case_sensitive`` is a text here, and true whatever it says."""
        resource, asked = request.path_params["resource"], request.query_params
        if resource not in RESOURCES:
            return _no_resource(resource)
        operator = asked.get("operator") or "equals"
        one = {"name": asked.get("key"), "value": asked.get("value"), "operator": operator, "resource": "image"}
        study, containers = asked.get("study"), asked.get("return_containers", "").lower() == "true"
        if study and containers:
            return JSONResponse(None)
        filters = [one]
        if study:
            name = next((each.name for each in self._index.containers if study in each.name), study)
            filters.append({"name": "name", "value": name, "operator": "equals", "resource": "container"})
        query = EngineQuery(filters, [], bool(asked.get("case_sensitive")))
        bookmark = asked.get("bookmark", "")
        mark = int(bookmark) if bookmark.isdecimal() else None
        return self._answer(request, query, containers=containers, bookmark=mark)

    async def _submit(self, request: Request) -> Response:
        return await self._submitted(request, containers=False)

    async def _submit_containers(self, request: Request) -> Response:
        return await self._submitted(request, containers=True)

    async def _submitted(self, request: Request, *, containers: bool) -> Response:
        try:
            document = json.loads(await request.body())
        except ValueError:
            document = None
        if containers and document == {}:
            return await self._container_images(request)
        try:
            query = EngineQuery.of(document)
        except QueryError as error:
            return JSONResponse({"Error": str(error)})
        marks = document.get("bookmark")
        mark = marks[0] if isinstance(marks, list) and marks and isinstance(marks[0], int) else None
        return self._answer(request, query, containers=containers, bookmark=mark)

    def _answer(self, request: Request, query: EngineQuery, *, containers: bool, bookmark: int | None) -> Response:
        try:
            found = query.images(self._index)
        except QueryError as error:
            return JSONResponse({"Error": str(error)})
        counted: Json = {"results": self._counted(found)}
        results = counted if containers else _page(found, bookmark, host_address(request))
        envelope = {
            "query_details": {
                "and_filters": list(query.and_filters),
                "bookmark": [bookmark],
                "case_sensitive": query.case_sensitive or None,
            },
            "resource": "image",
            "server_query_time": "0.01",
            "raw_elasticsearch_query": {},
            "notice": "",
        }
        if containers:
            envelope = {"query_details": {}} | {k: envelope[k] for k in ("resource", "server_query_time", "notice")}
        return JSONResponse({"results": results, **envelope, "Error": None if containers else "none"})

    def _counted(self, images: Sequence[IndexedImage]) -> list[Json]:
        """Return the containers of images with how many each holds, those with none left out."""
        counts = Counter((one.container.kind, one.container.id) for one in images)
        rows = [(one, counts[one.kind, one.id]) for one in self._index.containers]
        return [_container_row(one, count) for one, count in rows if count]


def _container_row(one: IndexedContainer, count: int) -> Json:
    return {
        "id": one.id,
        "name": one.name,
        "type": one.kind,
        "data_source": DATA_SOURCE,
        "image count": count,
        "key_values": [{"key": key, "value": value} for key, value in one.values],
    }


def _page(found: list[IndexedImage], bookmark: int | None, host: str) -> Json | list[Any]:
    """Return a page of hits: an empty list where there are none, as the engine does."""
    shown = [one for one in found if bookmark is None or one.image.id > bookmark][:PAGE_SIZE]
    if not shown:
        return []
    pages, last = -(-len(found) // PAGE_SIZE), shown[-1].image.id
    hits = [one.hit(host) for one in shown]
    answer: Json = {"results": hits, "total_pages": pages, "bookmark": [last], "size": len(found)}
    if bookmark is None:
        following = 2 if pages > 1 else None
        records = [{"page": 2, "bookmark": [last]}]
        answer["pagination"] = {
            "current_page": 1,
            "next_page": following,
            "page_records": records,
            "total_pages": pages,
        }
    return answer


def _count(objects: Sequence[Pairs], wanted: Callable[[str, str], bool]) -> Counter[tuple[str, str]]:
    """Count in how many objects each (key, value in lower case) is that is wanted."""
    lowered = ({(key, value.lower()) for key, value in pairs} for pairs in objects)
    return Counter(pair for pairs in lowered for pair in pairs if wanted(*pair))


def _buckets(counts: Counter[tuple[str, str]], resource: str) -> Json:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rows = [
        {"Key": key, "Value": value, f"Number of {resource}s": count, "data_source": DATA_SOURCE}
        for (key, value), count in ordered
    ]
    return {
        "data": rows,
        "total_number_of_all_buckets": len(rows),
        "total_number_of_buckets": len(rows),
        f"total_number_of_{resource}": sum(counts.values()),
    }


def _no_resource(resource: str) -> Response:
    return PlainTextResponse(f"NO data for table {resource}", 404)
