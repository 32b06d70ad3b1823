"""Views of ROIs beside the JSON API: pictures of masks, and iviewer's questions about single planes."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import image_objects
from .answers import Served, failure, has_session, host_address, not_found_page, path_number

if TYPE_CHECKING:
    from starlette.requests import Request

    from .objects import Json

LIMIT, MAXIMUM = 200, 1000
YELLOW = 0xFFFF00FF
"""Colour of masks that name none, as RGBA."""


class RoiViews:
    """The views of ``/iviewer/`` that read, and ``render_shape_mask``."""

    def __init__(self, served: Served) -> None:
        self._served = served

    def routes(self) -> list[Route]:
        """All routes of the family."""
        return [
            Route("/webgateway/render_shape_mask/{id:int}/", self._mask),
            Route("/iviewer/rois_by_plane/{id:int}/{z}/{t}/", self._by_plane),
            Route("/iviewer/plane_shape_counts/{id:int}/", self._counts),
        ]

    def _mask(self, request: Request) -> Response:
        """Return a PNG of a mask; like the service that renders on the IDR, only to those with a session."""
        if not has_session(request):
            return Response(status_code=403)
        shape = self._shape(path_number(request, "id"))
        if shape is None or "Bytes" not in shape:
            return not_found_page()
        return Response(mask_picture(shape), media_type="image/png")

    def _shape(self, number: int) -> Json | None:
        wanted, index = image_objects.shape_origin(number)
        for image in self._served.catalogue.images.values():
            if image.rois and image.rois[0][0] <= wanted <= image.rois[-1][0]:
                shapes: list[Json] = next((roi["shapes"] for one, roi in image.rois if one == wanted), [])
                return next(
                    (one for at, one in enumerate(shapes) if one.get("id", number - index + at) == number), None
                )
        return None

    def _by_plane(self, request: Request) -> Response:
        image = self._served.catalogue.images.get(path_number(request, "id"))
        if image is None:
            return failure(404, "Image not found")
        try:
            spans = {key: _span(request.path_params[name]) for key, name in (("TheZ", "z"), ("TheT", "t"))}
            offset = max(0, int(request.query_params.get("offset", 0)))
            limit = min(int(request.query_params.get("limit", LIMIT)), MAXIMUM)
        except ValueError as error:
            return failure(400, str(error))
        found = [one for one in image.rois if any(_is_in(shape, spans) for shape in one[1]["shapes"])]
        host = host_address(request)
        data = [image_objects.roi(one, host) for one in found[offset : offset + limit]]
        meta = {"offset": offset, "limit": limit, "maxLimit": MAXIMUM, "totalCount": len(found)}
        return JSONResponse({"data": data, "meta": meta})

    def _counts(self, request: Request) -> Response:
        image = self._served.catalogue.images.get(path_number(request, "id"))
        metadata = None if image is None else self._served.pictures.metadata(image.path)
        if image is None or metadata is None:
            return failure(404, "Image not found")
        extent = image_objects.sizes(metadata)
        shapes = [shape for _, roi in image.rois for shape in roi["shapes"]]
        counts = [
            [sum(_is_in(shape, {"TheZ": (z, z), "TheT": (t, t)}) for shape in shapes) for t in range(extent["t"])]
            for z in range(extent["z"])
        ]
        return JSONResponse({"data": counts})


def mask_picture(shape: Json) -> bytes:
    """Return the PNG of a mask: its pixels in the colour of its filling, all others transparent."""
    height, width = int(shape["Height"]), int(shape["Width"])
    bits = np.frombuffer(base64.b64decode(shape["Bytes"]), np.uint8)
    marked = np.unpackbits(bits, count=height * width).reshape(height, width).astype(bool)
    color = shape.get("FillColor", YELLOW) & 0xFFFFFFFF
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[marked] = [color >> 24, color >> 16 & 255, color >> 8 & 255, color & 255]
    buffer = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(buffer, "PNG")
    return buffer.getvalue()


def _span(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    return int(first), int(last or first)


def _is_in(shape: dict[str, Any], spans: dict[str, tuple[int, int]]) -> bool:
    """Whether a shape lies in a range of planes; one that names no plane lies in all."""
    return all(shape.get(key) is None or first <= shape[key] <= last for key, (first, last) in spans.items())
