"""What an OMERO.web server says of the pictures it renders of an image (``imgData``). Pure."""

from __future__ import annotations

from dataclasses import dataclass

from napari_idr.errors import Busy, ProtocolError, Unsupported
from napari_idr.model.image import Channel, Window

from .json_record import HINT, JsonRecord

LARGEST_TILE = 1024
"""Servers cut larger tiles down, and then give those of another place."""
TILE = 512
SMALLEST_TILE = 64
LONGEST = 1 << 26
"""Pixels along one side of an image."""
MOST_LEVELS = 32
MOST_CHANNELS = 1000


@dataclass(frozen=True, slots=True)
class Rendering:
    """An image as a server renders it."""

    name: str
    sizes: dict[str, int]
    """Extent along t, c, z, y, x."""
    pixel_size: dict[str, float | None]
    """Micrometres along z, y, x, None where unknown."""
    channels: tuple[Channel, ...]
    """With the window in values of the image, None where the server's own has to do."""
    levels: tuple[tuple[int, int], ...]
    """Width and height, the finest first."""
    is_tiled: bool
    """Whether tiles of the coarser levels can be asked for; else there is one level, and regions of it."""
    tile: tuple[int, int]
    """Width and height of a tile."""
    default_z: int = 0
    default_t: int = 0


def parse_rendering(answer: object, address: str) -> Rendering:
    """Return what can be rendered of an image.

    Raises
    ------
    Unsupported
        The server renders nothing of it.
    Busy
        It asks for a pause, as it makes the levels of the image.
    ProtocolError
        The answer is not what it should be.
    """
    record = JsonRecord.of(answer, "", address)
    pause = record.record("ConcurrencyException")
    if pause is not None:
        seconds = (pause.number("backOff") or 1000.0) / 1000
        raise Busy("The server prepares the pictures of this image", address, "try again soon", retry_after=seconds)
    size = record.record("size")
    if size is None:
        why = record.fields.get("Exception")
        reason = f" ({' '.join(str(why).split())[:120]})" if why else ""
        raise Unsupported(f"The server renders no pictures of the image{reason}", address, "look at it in a browser")
    sizes = {axis: _extent(size, key) for axis, key in zip("tczyx", ("t", "c", "z", "height", "width"), strict=True)}
    is_tiled, levels = _levels(record, (sizes["x"], sizes["y"]))
    meta = record.record("meta")
    defaults = record.record("rdefs")
    return Rendering(
        name="" if meta is None else meta.text("imageName") or "",
        sizes=sizes,
        pixel_size=_pixel_size(record),
        channels=_channels(record, sizes["c"]),
        levels=levels,
        is_tiled=is_tiled,
        tile=_tile(record),
        default_z=_default(defaults, "defaultZ", sizes["z"]),
        default_t=_default(defaults, "defaultT", sizes["t"]),
    )


def _extent(size: JsonRecord, key: str) -> int:
    extent = size.index(key)
    if not 1 <= extent <= (MOST_CHANNELS if key == "c" else LONGEST):
        raise ProtocolError(f"The image has {extent} pixels along {key}", size.address, HINT)
    return extent


def _default(defaults: JsonRecord | None, key: str, extent: int) -> int:
    index = None if defaults is None else defaults.integer(key)
    return min(max(0, index or 0), extent - 1)


def _pixel_size(record: JsonRecord) -> dict[str, float | None]:
    given = record.record("pixel_size")
    sizes = {axis: None if given is None else given.number(axis) for axis in "zyx"}
    return {axis: size if size is not None and size > 0 else None for axis, size in sizes.items()}


def _channels(record: JsonRecord, count: int) -> tuple[Channel, ...]:
    records = record.records("channels")
    if len(records) != count:
        raise ProtocolError(f"The server describes {len(records)} of {count} channels", record.address, HINT)
    return tuple(_channel(one, number) for number, one in enumerate(records))


def _channel(record: JsonRecord, number: int) -> Channel:
    label, color = record.fields.get("label"), record.text("color") or ""
    is_color = len(color) == 6 and all(digit in "0123456789abcdefABCDEF" for digit in color)
    window, shown = record.record("window"), None
    if window is not None:
        start, end = window.number("start"), window.number("end")
        shown = Window(start, end) if start is not None and end is not None and start < end else None
    name = str(label) if isinstance(label, (str, int)) and str(label) else f"Channel {number}"
    return Channel(name, color.upper() if is_color else None, record.fields.get("active") is not False, shown)


def _tile(record: JsonRecord) -> tuple[int, int]:
    size = record.record("tile_size")
    sides = [None if size is None else size.integer(key) for key in ("width", "height")]
    width, height = (side if side and SMALLEST_TILE <= side <= LARGEST_TILE else TILE for side in sides)
    return width, height


def _levels(record: JsonRecord, full: tuple[int, int]) -> tuple[bool, tuple[tuple[int, int], ...]]:
    """Return whether there are levels to ask for, and their sizes as far as each is smaller than the one before."""
    listed = record.record("resolutions")
    if record.fields.get("tiles") is not True or listed is None:
        return False, (full,)
    levels = [full]
    for number in range(1, MOST_LEVELS):
        level = listed.record(str(number))
        if level is None:
            break
        width, height = level.index("sizeX"), level.index("sizeY")
        smaller = 0 < width <= levels[-1][0] and 0 < height <= levels[-1][1]
        if not smaller or (width, height) == levels[-1]:
            break
        levels.append((width, height))
    return True, tuple(levels)
