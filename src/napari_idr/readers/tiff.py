"""Local OME-TIFF and TIFF files, pyramids included, as zarr arrays with the same metadata as OME-Zarr."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from pathlib import Path
from struct import error as StructError
from typing import TYPE_CHECKING, Any

from napari_idr.errors import AccessDenied, FormatError, NotFound, Unsupported
from napari_idr.formats.ome_xml import UNITS, OmeDocument, OmeImage, parse_ome_xml
from napari_idr.formats.zarr_documents import array_from_document
from napari_idr.model.image import Axis, Channel, ImageMetadata, LevelInfo
from napari_idr.remote.object_store import local_path

from .ome_zarr import ImageArrays

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import tifffile
    from zarr import AsyncArray

AXIS_TYPES = {"t": "time", "c": "channel", "s": "channel", "z": "space", "y": "space", "x": "space"}
RGB_COLORS = ("FF0000", "00FF00", "0000FF")


def read_tiff(path: str) -> ImageArrays:
    """First image of a TIFF file: what it says of itself, and one array per pyramid level, finest first.

    Only metadata are read; the file stays open until the arrays are gone. Axis order is the file's, axes of length
    one are left out. May block; not for a thread whose event loop runs.

    Parameters
    ----------
    path
        A path or ``file://`` address.

    Raises
    ------
    NotFound, AccessDenied
        Where the file cannot be opened.
    FormatError
        Where it is no TIFF, or its XML is hostile or broken.
    Unsupported
        Where its compression needs a package that is not installed, or its pixels are no numbers.
    """
    place = str(local_path(path))
    file = _open(place)
    weakref.finalize(file, file.filehandle.close)
    document = _ome_document(file, place)
    series = _first_series(file, place)
    levels = _usable_levels(series)
    _check_decodable(levels, place)
    arrays = tuple(_array(file, level, place) for level in levels)
    source = _Source(place, path, document, _axis_names(series.axes), _details(file, series, document))
    return ImageArrays(_metadata(source, arrays, series, len(file.series)), arrays)


def _open(path: str) -> tifffile.TiffFile:
    import tifffile

    try:
        return tifffile.TiffFile(path)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise NotFound("There is no such file", path, "check the path for a typing error") from error
    except PermissionError as error:
        raise AccessDenied("The file may not be read", path, "check its permissions") from error
    except (tifffile.TiffFileError, OSError, ValueError, LookupError, ArithmeticError, StructError) as error:
        raise _damaged(path, error) from error


def _damaged(path: str, error: Exception) -> FormatError:
    return FormatError(
        "It is no TIFF file, or a damaged one",
        path,
        "copy it again or tell who made it",
        rule=f"TIFF 6.0: {str(error)[:100]}",
    )


def _ome_document(file: tifffile.TiffFile, path: str) -> OmeDocument | None:
    """OME-XML of a file, None where it has none; looked at before anybody else parses it."""
    try:
        text = file.pages.first.description
    except (ValueError, LookupError, OSError, StructError) as error:
        raise _damaged(path, error) from error
    if not text.lstrip("\ufeff \r\n\t").startswith("<") or "OME" not in text[:2000]:
        return None
    return parse_ome_xml(text, address=path)


def _first_series(file: tifffile.TiffFile, path: str) -> tifffile.TiffPageSeries:
    try:
        series: tifffile.TiffPageSeries = file.series[0]
        return series
    except (ValueError, LookupError, TypeError, ArithmeticError, OSError, RuntimeError, StructError) as error:
        raise _damaged(path, error) from error


def _usable_levels(series: tifffile.TiffPageSeries) -> list[tifffile.TiffPageSeries]:
    """Levels of a pyramid that have the axes of the finest; what else a file keeps there is no level."""
    return [level for level in series.levels if level.axes == series.axes and level.dtype == series.dtype]


def _check_decodable(levels: Sequence[tifffile.TiffPageSeries], path: str) -> None:
    import tifffile

    for level in levels:
        compression = level.keyframe.compression
        try:
            tifffile.TIFF.DECOMPRESSORS[compression]
        except KeyError as error:
            name = getattr(compression, "name", str(compression))
            raise Unsupported(
                f"Pixels compressed with {name} cannot be read", path, "install the package imagecodecs"
            ) from error


def _array(file: tifffile.TiffFile, level: tifffile.TiffPageSeries, path: str) -> AsyncArray[Any]:
    from .tiff_store import TiffStore

    store = TiffStore(file, level)
    return array_from_document(store, "", store.array_document(), path)


@dataclass(frozen=True, slots=True)
class _Source:
    """What is known of the file apart from its arrays."""

    path: str
    address: str
    document: OmeDocument | None
    axis_names: tuple[str, ...]
    details: OmeImage


def _axis_names(axes: str) -> tuple[str, ...]:
    """Axis letters in lower case; a letter that comes twice gets a number."""
    letters = axes.lower()
    return tuple(
        letter if letters.count(letter) == 1 else f"{letter}{letters[:index].count(letter)}"
        for index, letter in enumerate(letters)
    )


def _details(file: tifffile.TiffFile, series: tifffile.TiffPageSeries, document: OmeDocument | None) -> OmeImage:
    """Names, sizes and channels: by OME-XML, else by what ImageJ writes, else none."""
    if document is not None and series.kind == "ome" and document.images:
        return document.images[0]
    if isinstance(file.imagej_metadata, dict):
        return OmeImage("", imagej_sizes(file.imagej_metadata, _resolution(file)), ())
    return OmeImage("", {}, ())


def _resolution(file: tifffile.TiffFile) -> tuple[float, float]:
    """Pixels per unit along x and y, 0 where the file does not say."""
    tags = file.pages.first.tags
    return _ratio(tags.valueof("XResolution")), _ratio(tags.valueof("YResolution"))


def _ratio(value: Any) -> float:
    try:
        return float(value[0] / value[1])
    except (TypeError, IndexError, ArithmeticError, ValueError):
        return 0.0


def imagej_sizes(metadata: Mapping[str, Any], resolution: tuple[float, float]) -> dict[str, tuple[float, str | None]]:
    """Pixel sizes by axis letter from what ImageJ writes; without a unit of length there are none along x, y, z."""
    sizes: dict[str, tuple[float, str | None]] = {}
    unit = UNITS.get(str(metadata.get("unit", "")).replace("\\u00B5", "µ"))
    if unit is not None:
        lengths = {"x": 1 / resolution[0] if resolution[0] else 0, "y": 1 / resolution[1] if resolution[1] else 0}
        lengths["z"] = metadata.get("spacing", 0)
        sizes = {axis: (float(size), unit) for axis, size in lengths.items() if _is_size(size)}
    interval = metadata.get("finterval")
    if _is_size(interval):
        sizes["t"] = float(interval), UNITS.get(str(metadata.get("tunit", "s")))  # type: ignore[arg-type]
    return sizes


def _is_size(value: Any) -> bool:
    return isinstance(value, (int, float)) and 0 < value < 1e300


def _metadata(
    source: _Source, arrays: Sequence[AsyncArray[Any]], series: tifffile.TiffPageSeries, series_count: int
) -> ImageMetadata:
    names, details = source.axis_names, source.details
    axes = tuple(Axis(name, AXIS_TYPES.get(name), details.sizes.get(name, (1.0, None))[1]) for name in names)
    rgb = _is_rgb(series, names)
    shape = arrays[0].shape
    channel_axis = names.index("c") if "c" in names else names.index("s") if "s" in names and not rgb else None
    warnings = (f"{source.path}: Image: the file holds {series_count} images; the first is shown.",)
    return ImageMetadata(
        name=details.name or Path(source.path).name,
        address=source.address,
        source_kind="tiff",
        source_version=source.document.schema if source.document else "",
        axes=axes,
        levels=tuple(_level(index, array, arrays[0], details, names) for index, array in enumerate(arrays)),
        channels=_channels(details, None if channel_axis is None else shape[channel_axis], series),
        rgb=rgb,
        warnings=warnings if series_count > 1 else (),
    )


def _is_rgb(series: tifffile.TiffPageSeries, names: tuple[str, ...]) -> bool:
    """Whether the last axis holds the samples of colour pixels: by SamplesPerPixel and photometric interpretation."""
    is_color = _photometric(series) in ("RGB", "YCBCR")
    return bool(names[-1] == "s" and is_color and series.shape[-1] in (3, 4) and series.dtype.kind == "u")


def _photometric(series: tifffile.TiffPageSeries) -> str:
    """Name of the photometric interpretation of a series ("RGB")."""
    return getattr(series.keyframe.photometric, "name", "")


def _level(
    index: int, array: AsyncArray[Any], finest: AsyncArray[Any], details: OmeImage, names: tuple[str, ...]
) -> LevelInfo:
    """Level whose pixel size is that of the finest times how much coarser its shape is."""
    ratios = [whole / part for whole, part in zip(finest.shape, array.shape, strict=True)]
    return LevelInfo(
        path=str(index),
        shape=tuple(array.shape),
        chunks=tuple(array.chunks),
        dtype=array.dtype.name,
        scale=tuple(details.sizes.get(name, (1.0, None))[0] * ratio for name, ratio in zip(names, ratios, strict=True)),
        translation=tuple(_place(name, details) for name in names),
    )


def _place(name: str, details: OmeImage) -> float:
    """Return where the first pixel lies along an axis; 0 where that is not said in the unit of the pixel size."""
    place, unit = details.places.get(name, (0.0, None))
    return place if unit == details.sizes.get(name, (1.0, None))[1] else 0.0


def _channels(details: OmeImage, count: int | None, series: tifffile.TiffPageSeries) -> tuple[Channel, ...]:
    """Channels, one per index of the channel axis; without one, that of a file that describes exactly one."""
    described = details.channels
    if count is None:
        return (Channel(described[0].name or "Channel 0", described[0].color),) if len(described) == 1 else ()
    if len(described) == count:
        return tuple(Channel(c.name or f"Channel {i}", c.color) for i, c in enumerate(described))
    colors: Sequence[str | None] = (None,) * count
    if count == 3 and _photometric(series) == "RGB":
        colors = RGB_COLORS
    return tuple(Channel(f"Channel {i}", colors[i]) for i in range(count))
