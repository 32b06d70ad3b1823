"""``/webgateway/table/``: bulk tables of screens and projects, a row per well or image, made of their annotations."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .serving import well_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from .answers import Served
    from .served import MapAnnotation, ServedImage, ServedPlate, ServedProject, ServedScreen, ServedWell

LONGEST = 10_000
FIRST_FILE, FIRST_ANNOTATION = 800_001, 810_001
ADDED = 1_763_683_200_000
CONDITION = re.compile(r"(?:\((\w+)==(\d+)\)|(\w+)-(\d+))")
STUDY = "idr.openmicroscopy.org/study/info"

Table = tuple[str, int, list[str], list[str], list[list[Any]]]
"""Kind and id of what it hangs on, types, columns, rows."""


class Tables:
    """The queries of tables by the object that they hang on."""

    def __init__(self, served: Served) -> None:
        self._catalogue = served.catalogue
        self._screen = lru_cache(8)(self._made_screen)
        self._project = lru_cache(8)(self._made_project)

    def routes(self) -> list[Route]:
        """All routes of the family."""
        return [Route("/webgateway/table/{path}/{id:int}/query/", self._query)]

    def _query(self, request: Request) -> Response:
        """Return rows; like OMERO.web, what went wrong is a 200 with ``error``."""
        table = self._table(request.path_params["path"], int(request.path_params["id"]))
        if table is None or not table[4]:
            return JSONResponse({"error": "Table not found"})
        query = request.query_params
        kind, number, types, columns, rows = table
        try:
            found = _matching(rows, columns, query.get("query", "*"))
            offset, limit = int(query.get("offset") or 0), int(query["limit"]) if query.get("limit") else None
        except (ValueError, LookupError) as error:
            return JSONResponse({"error": f"Error executing query: {error}"})
        shown = found[offset : None if limit is None else offset + limit]
        if len(shown) > LONGEST:
            return JSONResponse({"error": f"Trying to load more than {LONGEST} rows in a single query", "status": 404})
        return JSONResponse(
            {
                "data": {"column_types": types, "columns": columns, "rows": shown},
                "meta": {"rowCount": len(rows), "totalCount": len(found), "limit": limit, "offset": offset},
                "id": FIRST_FILE + number,
                "annId": FIRST_ANNOTATION + number,
                "owner": "Public data",
                "addedBy": "Public data",
                "parentType": kind,
                "parentId": number,
                "addedOn": ADDED,
            }
        )

    def _table(self, path: str, number: int) -> Table | None:
        """Return the table at the beginning of a path down to an object."""
        catalogue = self._catalogue
        plate = catalogue.plate_of_well.get(number) if path.endswith(".wells") else catalogue.plates.get(number)
        if path in ("Screen.plateLinks.child", "Screen.plateLinks.child.wells") and plate is not None:
            return self._screen(catalogue.screen_of_plate[plate.id].id)
        if path == "Screen":
            return self._screen(number)
        if path == "Project":
            return self._project(number)
        dataset = catalogue.dataset_of_image.get(number)
        if path == "Project.datasetLinks.child.imageLinks.child" and dataset is not None:
            return self._project(catalogue.project_of_dataset[dataset.id].id)
        return None

    def _made_screen(self, number: int) -> Table | None:
        screen: ServedScreen | None = next((one for one in self._catalogue.screens if one.id == number), None)
        if screen is None:
            return None
        wells = [(plate, well) for plate in screen.plates for well in plate.wells if well.annotations]
        keys = _keys([well.annotations for _, well in wells])
        columns = ["Plate", "Well", "Plate Name", "Well Name", "Number of Fields", *keys]
        types = ["PlateColumn", "WellColumn", "StringColumn", "StringColumn", "LongColumn"] + ["StringColumn"] * len(
            keys
        )
        return "Screen", number, types, columns, [_well_row(plate, well, keys) for plate, well in wells]

    def _made_project(self, number: int) -> Table | None:
        project: ServedProject | None = next((one for one in self._catalogue.projects if one.id == number), None)
        if project is None:
            return None
        images = [image for dataset in project.datasets for image in dataset.images if image.annotations]
        keys = _keys([image.annotations for image in images])
        columns = ["Image", "Image Name", *keys]
        types = ["ImageColumn", "StringColumn"] + ["StringColumn"] * len(keys)
        return "Project", number, types, columns, [_image_row(image, keys) for image in images]


def _keys(annotations: Sequence[Sequence[MapAnnotation]]) -> list[str]:
    every = (one for some in annotations for one in some if one.namespace != STUDY)
    return list(dict.fromkeys(key for one in every for key, _ in one.values))


def _well_row(plate: ServedPlate, well: ServedWell, keys: list[str]) -> list[Any]:
    place = [plate.id, well.id, plate.name, well_name((well.row, well.column)).lower(), len(well.fields)]
    return [*place, *_values(well.annotations, keys)]


def _image_row(image: ServedImage, keys: list[str]) -> list[Any]:
    return [image.id, image.name, *_values(image.annotations, keys)]


def _values(annotations: Sequence[MapAnnotation], keys: list[str]) -> list[str]:
    said: dict[str, str] = {}
    for one in annotations:
        for key, value in one.values:
            said.setdefault(key, value)
    return [said.get(key, "") for key in keys]


def _matching(rows: list[list[Any]], columns: list[str], query: str) -> list[list[Any]]:
    """Return the rows of ``*``, ``Well-7`` or ``(Well==7)``. Raises ``LookupError`` for any other question."""
    if query in ("*", ""):
        return rows
    match = CONDITION.fullmatch(query.strip())
    name, number = (match[1] or match[3], match[2] or match[4]) if match else ("", "")
    if name not in columns:
        raise LookupError(f"no such condition: {query[:40]}")
    index = columns.index(name)
    return [row for row in rows if row[index] == int(number)]
