"""``/webgateway/``: image data, thumbnails, plate grid, rendered planes and tiles."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from napari_idr.errors import NapariIdrError

from .answers import Served, failure, has_session, jpeg, not_found_page, path_number
from .image_data import TILE, bare_image_data, image_data
from .pictures import LARGEST, as_jpeg
from .plate_grid import plate_grid

if TYPE_CHECKING:
    from starlette.requests import Request

    from .pictures import Box, Picture
    from .served import ServedImage

BATCH = 50
"""Thumbnails that may be asked for at once."""
THUMBNAIL = 96
LARGEST_TILE = 1024
LARGEST_THUMBNAIL = 2048

View = Callable[["Request"], Response]


class Webgateway:
    """The views of ``/webgateway/``; ``/webclient/`` repeats those of single images."""

    def __init__(self, served: Served) -> None:
        self._served = served

    def routes(self) -> list[Route]:
        """All routes of the family."""
        routes: list[Route] = []
        for family in ("webgateway", "webclient"):
            routes += _routes(f"/{family}/imgData/{{id:int}}/", self._image_data, "{key}/")
            routes += _routes(f"/{family}/render_thumbnail/{{id:int}}/", self._thumbnail, "{w:int}/", "{h:int}/")
            routes += _routes(f"/{family}/render_image/{{id:int}}/", self._plane, "{z:int}/{t:int}/")
            routes.append(Route(f"/{family}/render_image_region/{{id:int}}/{{z:int}}/{{t:int}}/", self._region))
        routes += _routes("/webgateway/render_birds_eye_view/{id:int}/", self._thumbnail, "{w:int}/")
        routes += _routes("/webgateway/get_thumbnail/{id:int}/", self._thumbnail_text, "{w:int}/", "{h:int}/")
        routes += _routes("/webgateway/get_thumbnails/", self._thumbnails, "{w:int}/")
        routes += _routes("/webgateway/plate/{id:int}/", self._grid, "{field:int}/", "{acquisition:int}/")
        routes.append(Route("/gallery-api/thumbnails/", self._gallery))
        return routes

    def _image(self, number: int) -> ServedImage:
        try:
            return self._served.catalogue.images[number]
        except KeyError:
            raise LookupError(f"Image:{number} not found") from None

    def _image_data(self, request: Request) -> Response:
        try:
            image = self._image(path_number(request, "id"))
        except LookupError as error:
            return PlainTextResponse(str(error), 404)
        try:
            if image.found_by == "nothing":
                raise ValueError("no rendering engine for this image")
            document = image_data(image, self._served.pictures.open(image.path), self._served.catalogue)
        except (NapariIdrError, OSError, ValueError) as error:
            document = bare_image_data(image, self._served.catalogue) | {"Exception": str(error)}
        key = request.path_params.get("key")
        return JSONResponse(document.get(key) if key else document)

    def _grid(self, request: Request) -> Response:
        number, params = path_number(request, "id"), request.path_params
        plate = self._served.catalogue.plates.get(number)
        if plate is None:
            return failure(500, f"Plate {number} not found")
        size = request.query_params.get("size", "")
        try:
            grid = plate_grid(
                plate,
                self._served.pictures,
                field=params.get("field", 0),
                acquisition=params.get("acquisition"),
                size=int(size) if size.isdecimal() else 0,
            )
        except LookupError as error:
            return failure(500, str(error))
        return JSONResponse(grid)

    def _thumbnail(self, request: Request) -> Response:
        query = request.query_params
        planes = [int(query[name]) if query.get(name, "").isdecimal() else None for name in ("z", "t")]
        content = self._thumbnail_bytes(path_number(request, "id"), _longest(request), *planes)
        return not_found_page() if content is None else jpeg(content)

    def _thumbnail_text(self, request: Request) -> Response:
        content = self._thumbnail_bytes(path_number(request, "id"), _longest(request))
        return failure(500, "Image not found") if content is None else JSONResponse(_data_address(content))

    def _thumbnails(self, request: Request) -> Response:
        try:
            numbers = list(dict.fromkeys(int(value) for value in request.query_params.getlist("id")))
        except ValueError as error:
            return failure(500, str(error))
        if len(numbers) > BATCH:
            return PlainTextResponse(f"Max {BATCH} thumbnails at a time.", 500)
        found = {str(number): self._thumbnail_bytes(number, _longest(request)) for number in numbers}
        return JSONResponse({number: _data_address(one) if one else None for number, one in found.items()})

    def _gallery(self, request: Request) -> Response:
        found: dict[str, Any] = {}
        for kind, value in request.query_params.multi_items():
            image = self._example(kind, int(value)) if value.isdecimal() else None
            content = self._thumbnail_bytes(image.id, THUMBNAIL) if image else None
            if image and content:
                found[f"{kind}-{value}"] = {"image": {"id": image.id}, "thumbnail": _data_address(content)}
        return JSONResponse(found)

    def _example(self, kind: str, number: int) -> ServedImage | None:
        """Return the image that stands for a project or screen."""
        catalogue = self._served.catalogue
        projects = [one for one in catalogue.projects if kind == "project" and one.id == number]
        screens = [one for one in catalogue.screens if kind == "screen" and one.id == number]
        images = [image for one in projects for dataset in one.datasets for image in dataset.images]
        fields = (field for one in screens for plate in one.plates for well in plate.wells for field in well.fields)
        first = next(fields, None)
        return images[0] if images else first.image if first else None

    def _thumbnail_bytes(self, number: int, size: int, z: int | None = None, t: int | None = None) -> bytes | None:
        try:
            return self._served.pictures.thumbnail(self._image(number).path, size, z, t)
        except (NapariIdrError, LookupError, OSError, ValueError):
            return None

    def _plane(self, request: Request) -> Response:
        return self._rendered(request, lambda picture: (picture.level_for(min(LARGEST, max(picture.size(0)))), None))

    def _region(self, request: Request) -> Response:
        image, query = self._served.catalogue.images.get(path_number(request, "id")), request.query_params
        if image is not None and image.found_by == "nothing":
            return not_found_page()
        if image is not None and image.only_rendered and not has_session(request):
            return Response(status_code=403)  # as the service that renders on the IDR
        if "tile" in query:
            return self._rendered(request, lambda picture: _tile_box(picture, query["tile"]))
        if "region" in query:
            return self._rendered(request, lambda _: (0, _numbers(query["region"], 4)))
        return PlainTextResponse("tile or region argument required", 400)

    def _rendered(self, request: Request, place: Callable[[Picture], tuple[int, Box | None]]) -> Response:
        try:
            picture = self._served.pictures.open(self._image(path_number(request, "id")).path)
        except (NapariIdrError, LookupError):
            return not_found_page()
        query, params = request.query_params, request.path_params
        try:
            level, box = place(picture)
            z = params.get("z", picture.metadata.default_z)
            t = params.get("t", picture.metadata.default_t)
            rendered = picture.render(picture.view.asked(query), z, t, level=level, box=box)
            return jpeg(as_jpeg(rendered, float(query.get("q", 0.9))))
        except (NapariIdrError, OSError):
            return not_found_page()
        except ValueError as error:
            return PlainTextResponse(str(error), 400)


def _routes(path: str, view: View, *optional: str) -> list[Route]:
    """Return a route, and the same with each further part of its path."""
    paths = [path]
    for part in optional:
        paths.append(paths[-1] + part)
    return [Route(one, view) for one in paths]


def _longest(request: Request) -> int:
    """Longer side of a thumbnail: the smaller of the width and height that are asked for."""
    sides = [request.path_params[name] for name in ("w", "h") if name in request.path_params]
    return max(1, min(*sides, LARGEST_THUMBNAIL)) if sides else THUMBNAIL


def _data_address(content: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(content).decode()


def _numbers(text: str, count: int) -> Any:
    numbers = tuple(int(part) for part in text.split(","))
    if len(numbers) != count or any(number < 0 for number in numbers):
        raise ValueError(f"malformed argument {text!r}")
    return numbers


def _tile_box(picture: Picture, text: str) -> tuple[int, Box]:
    """Level and pixels of ``level,x,y[,w,h]``; x and y count tiles of the size that is asked for."""
    parts = [int(part) for part in text.split(",")]
    if len(parts) not in (3, 5) or min(parts[:3]) < 0:
        raise ValueError(f"malformed argument {text!r}")
    level, x, y = parts[:3]
    width, height = (min(side, LARGEST_TILE) if side > 0 else TILE for side in (parts[3:] or (0, 0)))
    if level >= len(picture.metadata.levels):
        raise ValueError(f"resolution {level} is not there")
    box = (x * width, y * height, width, height)
    full = picture.size(level)
    if box[0] >= full[0] or box[1] >= full[1]:
        raise ValueError(f"tile {x},{y} is outside the image")
    return level, box
