"""Images that a server only renders: its pictures, tile by tile, as a zarr store of 8-bit pixels.

What is read are pictures: each channel grey, its window (``imgData``) spread over 0 to 255, compressed as JPEG.
Names and warnings say so, and with them every layer and every file that is written.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.errors import AccessDenied, Busy, ChunkError, NotFound, Unsupported
from napari_idr.formats.omero_rendering import Rendering, parse_rendering
from napari_idr.formats.zarr_documents import array_from_document
from napari_idr.model.image import Axis, Channel, ImageMetadata, LevelInfo, Window
from napari_idr.remote.read_only_store import ReadOnlyStore, byte_bounds

from .ome_zarr import ImageArrays

if TYPE_CHECKING:
    from zarr.abc.store import ByteRequest

    from napari_idr.remote.http import Http
    from napari_idr.remote.object_store import Access

ADDRESS = re.compile(r"(https?://.+/)webgateway/imgData/(\d{1,19})/", re.IGNORECASE)
LARGEST_PICTURE = 16 << 20
"""Bytes of a tile as it is sent."""
LONGEST_PAUSE, PAUSES = 5.0, 3
"""Seconds that are waited at most, and how often, while the server prepares an image."""
TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
SAID = (
    "{} is shown as the server renders it: 8-bit pictures of the window set there, compressed as JPEG. "
    "Its values are not those that were measured"
)


def is_rendered(address: str) -> bool:
    """Whether an address is that of an image that a server renders."""
    return ADDRESS.fullmatch(address) is not None


async def read_rendered(address: str, access: Access) -> ImageArrays:
    """Return an image as it is rendered: what the server says of it, and one array per level.

    Parameters
    ----------
    address
        ``…/webgateway/imgData/<id>/``.
    access
        Asks the server.

    Raises
    ------
    Unsupported
        The server renders nothing of it.
    NapariIdrError
        It could not be asked.
    """
    match = ADDRESS.fullmatch(address)
    if match is None or access.http is None:
        raise Unsupported("Rendered images need a server to ask", address, "open the image by its web page")
    rendering = await _ask(address, access.http)
    store = RenderedStore(match[1], match[2], rendering, access.http)
    arrays = tuple(
        array_from_document(store, str(level), array_document(rendering, level), address)
        for level in range(len(rendering.levels))
    )
    return ImageArrays(image_metadata(rendering, address), arrays)


async def _ask(address: str, http: Http) -> Rendering:
    """Return the rendering of an image; a server that is preparing it is asked again, a few times."""
    for _ in range(PAUSES):
        try:
            return parse_rendering(await asyncio.to_thread(http.get_json, address), address)
        except Busy as error:
            await asyncio.sleep(min(error.retry_after or 1.0, LONGEST_PAUSE))
    return parse_rendering(await asyncio.to_thread(http.get_json, address), address)


def image_metadata(rendering: Rendering, address: str) -> ImageMetadata:
    """Return what is known of a rendered image; its names say that it is rendered."""
    sizes = {axis: rendering.pixel_size.get(axis) for axis in "tczyx"}
    axes = tuple(Axis(name, TYPES[name], "micrometer" if sizes[name] else None) for name in "tczyx")
    channels = (
        Channel(f"{one.name} (rendered)", one.color, one.active, Window(0, 255, 0, 255)) for one in rendering.channels
    )
    return ImageMetadata(
        name=f"{rendering.name or 'Image'} (rendered, 8-bit)",
        address=address,
        source_kind="rendered",
        source_version="",
        axes=axes,
        levels=tuple(_level(rendering, number) for number in range(len(rendering.levels))),
        channels=tuple(channels),
        default_t=rendering.default_t,
        default_z=rendering.default_z,
        warnings=(SAID.format(rendering.name or "The image") + ".",),
    )


def _level(rendering: Rendering, number: int) -> LevelInfo:
    width, height = rendering.levels[number]
    full = rendering.levels[0]
    coarser = {"y": full[1] / height, "x": full[0] / width}
    pixel = {axis: rendering.pixel_size.get(axis) or 1.0 for axis in "tczyx"}
    return LevelInfo(
        path=str(number),
        shape=_shape(rendering, number),
        chunks=_chunks(rendering),
        dtype="uint8",
        scale=tuple(pixel[axis] * coarser.get(axis, 1.0) for axis in "tczyx"),
        translation=tuple(pixel[axis] * (coarser.get(axis, 1.0) - 1) / 2 for axis in "tczyx"),
    )


def _shape(rendering: Rendering, number: int) -> tuple[int, ...]:
    width, height = rendering.levels[number]
    return (*(rendering.sizes[axis] for axis in "tcz"), height, width)


def _chunks(rendering: Rendering) -> tuple[int, ...]:
    return (1, 1, 1, rendering.tile[1], rendering.tile[0])


def array_document(rendering: Rendering, number: int) -> dict[str, Any]:
    """Return the metadata document (``zarr.json``) of a level."""
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(_shape(rendering, number)),
        "data_type": "uint8",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(_chunks(rendering))}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "codecs": [{"name": "bytes"}],
        "fill_value": 0,
        "attributes": {"source_kind": "rendered"},
        "dimension_names": list("tczyx"),
    }


class RenderedStore(ReadOnlyStore):
    """The levels of a rendered image by zarr v3 keys, ``<level>/c/<t>/<c>/<z>/<y>/<x>``; a tile is one request.

    Parameters
    ----------
    base
        Address of the server, with trailing slash.
    image_id
        The image's id there.
    rendering
        What the server says of it.
    http
        Asks the server, four tiles at a time.
    """

    def __init__(self, base: str, image_id: str, rendering: Rendering, http: Http) -> None:
        super().__init__()
        self._base, self._image_id, self._rendering, self._http = base, image_id, rendering, http

    def __repr__(self) -> str:
        return f"RenderedStore({self._base!r}, {self._image_id})"

    async def fetch(self, key: str, byte_range: ByteRequest | None) -> bytes | None:
        """Bytes of a document or tile, None where there is none of that key."""
        data = await self._read(key)
        if data is None or byte_range is None:
            return data
        start, stop = byte_bounds(byte_range, len(data))
        return data[start:stop]

    async def _read(self, key: str) -> bytes | None:
        match = re.fullmatch(r"(\d{1,2})/(?:(zarr\.json)|c/(\d+)/(\d+)/(\d+)/(\d+)/(\d+))", key)
        level = int(match[1]) if match else len(self._rendering.levels)
        if match is None or level >= len(self._rendering.levels):
            return None
        if match[2]:
            return json.dumps(array_document(self._rendering, level)).encode()
        t, c, z, row, column = (int(part) for part in match.groups()[2:])
        return await self._tile(level, (t, c, z), row, column)

    async def _tile(self, level: int, plane: tuple[int, int, int], row: int, column: int) -> bytes:
        url, params = self.request(level, plane, row, column)
        try:
            picture = await self._ask(url, params)
        except (NotFound, AccessDenied) as error:
            raise ChunkError("The server did not render a tile", url, "look at the image in a browser") from error
        size = self._tile_size(level, row, column)
        return await asyncio.to_thread(decode_tile, picture, size, self._rendering.tile, url)

    async def _ask(self, url: str, params: list[tuple[str, str]]) -> bytes:
        """Return a picture; a server that refuses it without a session is asked for a page, which begins one."""
        try:
            return await self._get(url, params)
        except AccessDenied:
            await self._get(f"{self._base}webclient/", [("experimenter", "-1")])
            return await self._get(url, params)

    async def _get(self, url: str, params: list[tuple[str, str]]) -> bytes:
        return await asyncio.wrap_future(self._http.begin_bytes(url, params, limit=LARGEST_PICTURE))

    def request(
        self, level: int, plane: tuple[int, int, int], row: int, column: int
    ) -> tuple[str, list[tuple[str, str]]]:
        """Return address and parameters of a tile; a plane is t, c and z."""
        t, c, z = plane
        window = self._rendering.channels[c].window
        shown = f"|{_number(window.start)}:{_number(window.end)}" if window else ""
        width, height = self._rendering.tile
        if self._rendering.is_tiled:
            where = ("tile", f"{level},{column},{row},{width},{height}")
        else:
            across, down = self._tile_size(level, row, column)
            where = ("region", f"{column * width},{row * height},{across},{down}")
        url = f"{self._base}webgateway/render_image_region/{self._image_id}/{z}/{t}/"
        return url, [("c", f"{c + 1}{shown}$FFFFFF"), ("m", "g"), where]

    def _tile_size(self, level: int, row: int, column: int) -> tuple[int, int]:
        """Return width and height of a tile: those at the edge are cut."""
        whole, tile = self._rendering.levels[level], self._rendering.tile
        return min(tile[0], whole[0] - column * tile[0]), min(tile[1], whole[1] - row * tile[1])


def decode_tile(picture: bytes, size: tuple[int, int], tile: tuple[int, int], address: str) -> bytes:
    """Return the grey pixels of a tile, filled up to a whole one. Raises ``ChunkError``.

    Parameters
    ----------
    picture
        JPEG or PNG.
    size
        Width and height it must have.
    tile
        Width and height of a whole tile.
    address
        Where it came from.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(picture), formats=("JPEG", "PNG")) as opened:
            if opened.size != size:
                what = f"A tile has {opened.width} x {opened.height} pixels, not {size[0]} x {size[1]}"
                raise ChunkError(what, address, "look at the image in a browser")
            pixels = np.asarray(opened.convert("L"))
    except ChunkError:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ChunkError("A tile is no picture that can be read", address, "try again") from error
    whole = np.zeros((tile[1], tile[0]), np.uint8)
    whole[: size[1], : size[0]] = pixels
    return whole.tobytes()


def _number(value: float) -> str:
    """Return a number without exponent, as servers read it."""
    return f"{value:.6f}".rstrip("0").rstrip(".")
