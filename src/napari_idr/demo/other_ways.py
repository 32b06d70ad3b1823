"""Where images and their original files are beside OMERO.web: the gallery's list of files, samples, an object store."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from .answers import Served, host_address, not_found_page, path_number
from .files import ZarrFiles, parse_range
from .image_objects import sizes

if TYPE_CHECKING:
    from starlette.requests import Request

    from .served import FoundBy, ServedImage

COLUMNS = (
    "OME-NGFF version,File Path,SizeX,SizeY,SizeZ,SizeC,SizeT,Axes,Wells,Fields,Keywords,License,Study,DOI,Date added,"
    "Representative Image ID,Thumbnail"
).split(",")
VERSION = "v0.4"
ABSENT = "\0"
"""A path at which there is never a file."""


class OtherWays:
    """Views of the IDR's gallery, and of the stores that its images are copied to."""

    def __init__(self, served: Served, files: ZarrFiles) -> None:
        self._served, self._files = served, files
        self._original = lru_cache(4)(self._made_original)

    def routes(self) -> list[Route]:
        """All routes of the family."""
        return [
            Route("/image/{id:int}/download_urls/", self._download_urls),
            Route("/webgateway/original_file_paths/{id:int}/", self._paths),
            Route("/originals/{id:int}/{name}", self._original_file),
            Route("/ome-ngff-samples/table.csv", self._table),
            Route("/copies/{path:path}", self._listed),
            Route("/idr/zarr/{path:path}", self._in_study),
        ]

    def _image(self, request: Request) -> ServedImage | None:
        return self._served.catalogue.images.get(path_number(request, "id"))

    def _download_urls(self, request: Request) -> Response:
        """Return the addresses of an image's files as the IDR's gallery does; the bare word "error" where it cannot."""
        image = self._image(request)
        if image is None:
            return JSONResponse("error")
        host = host_address(request)
        client = [f"uod/idr/filesets/{image.name}.ome.tif"]
        if image.found_by == "files":
            client = [f"{host}zarr/{quote(image.path)}/.zattrs"]
        urls = [f"{host}originals/{image.id}/{quote(image.name)}.ome.tif"]
        return JSONResponse({"client_paths": client, "download_urls": urls, "tsv_url": f"{host}download_urls.tsv"})

    def _paths(self, request: Request) -> Response:
        image = self._image(request)
        if image is None:
            return JSONResponse({})
        name = f"{image.name}.ome.tif"
        return JSONResponse(
            {"repo": [f"demo_2/{name}"], "client": [f"uod/idr/filesets/{name}"], "fileset": {"id": image.id}}
        )

    async def _original_file(self, request: Request) -> Response:
        """Return an OME-TIFF of the image's coarsest level, or the part of it that is asked for."""
        image = self._image(request)
        if image is None:
            return not_found_page()
        content = await run_in_threadpool(self._original, image.path)
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        headers = {"etag": tag, "accept-ranges": "bytes", "repr-digest": f"sha-256=:{digest}:"}
        wanted = request.headers.get("range", "")
        if request.headers.get("if-range", tag) != tag:
            wanted = ""
        span = parse_range(wanted, len(content))
        if span is None:
            return Response(status_code=416, headers=headers | {"content-range": f"bytes */{len(content)}"})
        partial = len(span) != len(content)
        if partial:
            headers["content-range"] = f"bytes {span.start}-{span.stop - 1}/{len(content)}"
        return Response(content[span.start : span.stop], 206 if partial else 200, headers, "image/tiff")

    def _made_original(self, path: str) -> bytes:
        import tifffile
        import zarr

        metadata = self._served.pictures.metadata(path)
        if metadata is None:
            return b""
        level = metadata.levels[-1]
        pixels = zarr.open_array(self._files.root / path / level.path, mode="r")[...]
        buffer = io.BytesIO()
        axes = "".join(axis.name.upper() for axis in metadata.axes)
        tifffile.imwrite(buffer, pixels, ome=True, metadata={"axes": axes}, photometric="minisblack")
        return buffer.getvalue()

    def _table(self, request: Request) -> Response:
        """Return the list of samples, one row for each image that is found by it."""
        host, buffer = host_address(request), io.StringIO()
        rows = csv.DictWriter(buffer, COLUMNS, restval="")
        rows.writeheader()
        for image in self._served.catalogue.images.values():
            metadata = self._served.pictures.metadata(image.path) if image.found_by == "list" else None
            if metadata is None:
                continue
            extent = sizes(metadata)
            row: dict[str, object] = {f"Size{axis.upper()}": extent[axis] for axis in "xyzct"}
            row |= {"OME-NGFF version": "0.4", "File Path": f"{host}copies/{image.id}.zarr", "Axes": "XYZCT"}
            rows.writerow(row | {"License": "CC0 1.0", "Study": "idr9903", "Representative Image ID": image.id})
        return PlainTextResponse(buffer.getvalue())

    async def _listed(self, request: Request) -> Response:
        """Return a file of the copy of an image that the list of samples names."""
        number, _, rest = request.path_params["path"].partition("/")
        return await self._copy(request, "list", number, rest)

    async def _in_study(self, request: Request) -> Response:
        """Return a file of the copy of an image in the folder of its study; there is one version only."""
        folder, _, rest = request.path_params["path"].removeprefix(f"{VERSION}/").partition("/")
        number, _, rest = rest.partition("/")
        return await self._copy(request, "guess", number, rest, folder)

    async def _copy(self, request: Request, way: FoundBy, name: str, rest: str, folder: str = "") -> Response:
        number = name.removesuffix(".zarr")
        image = self._served.catalogue.images.get(int(number)) if number.isdecimal() and name != number else None
        if image is None or image.found_by != way or (folder and folder != self._label(image)):
            return await self._files.give(request, ABSENT)
        return await self._files.give(request, f"{image.path}/{rest}")

    def _label(self, image: ServedImage) -> str:
        """Return the folder of an image's project: ``idr9903A``."""
        catalogue = self._served.catalogue
        name = catalogue.project_of_dataset[catalogue.dataset_of_image[image.id].id].name
        return f"{name[:7]}{name[-1]}"
