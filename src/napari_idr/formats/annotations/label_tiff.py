"""Label images as OME-TIFF: what the IDR attaches to an image and makes masks of.

One file per label image, axes (t,) z, y, x, as large as its image, 0 where nothing is; OME-XML of 2016-06. What is said
of the objects is in the annotations of that XML, which other programs carry along or ignore.
"""

from __future__ import annotations

import re
import weakref
import zlib
from dataclasses import replace
from struct import error as StructError
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from napari_idr.errors import AccessDenied, FormatError, NapariIdrError, NotFound, Unsupported
from napari_idr.formats.ome_xml import parse_ome_xml
from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet, LabelImage, Spacing
from napari_idr.model.finding import Loss

from .files import told_of
from .image_documents import image_from
from .label_frame import frame_of
from .label_objects import agreed_image, losses_but_labels, objects_by_value, objects_of, only_label, only_set
from .label_pixels import boxes, is_whole, label_values, original_pixels, placed
from .label_tiff_xml import TYPES, label_xml, objects_from_records, read_label_xml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import tifffile

    from napari_idr.model.annotation_set import AnnotatedObject

    from .label_pixels import PlacedLabels

AXES = ("t", "z", "y", "x")
TILE = 512
"""Side of a tile of planes that are wider or higher than ``LARGE_PLANE``; smaller planes are written in strips."""
LARGE_PLANE = 4096
LARGE_FILE = (1 << 32) - (1 << 25)
"""Bytes of pixels from which on the 32-bit offsets of plain TIFF may not reach."""
IN_MEMORY = 2 << 30
"""Bytes of a label image that are read at once; larger ones stay in the file and are read piece by piece."""
AT_ONCE = 256 << 20
"""Bytes that a strip may expand to before it is looked at."""
MOST_EXPANSION = 1032
"""How many bytes zlib makes of one at most."""
LZMA = 34925
EXPANDING = (8, 32946, LZMA)
"""Compressions, as TIFF numbers them, that tifffile unpacks without bound."""
HINT = "check that it is a label image"
DAMAGE = (ValueError, LookupError, TypeError, ArithmeticError, OSError, RuntimeError, StructError, zlib.error)
"""What tifffile raises for files that are broken or lie about themselves."""


class LabelTiff:
    """Reads and writes one label image per file."""

    key = "label-tiff"
    title = "OME-TIFF label image"
    endings = (".labels.ome.tif", ".labels.ome.tiff", ".labels.tif", ".labels.tiff")
    images_per_file: int | None = 1
    reads = True

    def losses(self, sets: Sequence[AnnotationSet]) -> tuple[Loss, ...]:
        """Return the objects that are no labels, and types of pixels that OME-TIFF does not have."""
        types = [
            Loss(
                "", f"{one.image.name or one.image.address}, {label.name}", f"that its pixels are {label.pixels.dtype}"
            )
            for one in sets
            for label in one.labels
            if label.pixels.dtype.name not in TYPES
        ]
        return (*losses_but_labels(sets), *types)

    def write(self, sets: Sequence[AnnotationSet], path: Path) -> tuple[Path, ...]:
        """Write the one label image of one set; see ``base.AnnotationFormat``."""
        one = only_set(sets, self.title)
        label = only_label(one, self.title)
        write_label_tiff(path, one.image, label, objects_of(one, label))
        return (path,)

    def read(self, path: Path, image: AnnotatedImage | None = None) -> tuple[AnnotationSet, ...]:
        """Return the set of a file, with an object per value where the file describes none."""
        file = _opened(path)
        weakref.finalize(file, file.filehandle.close)
        return (_read(file, path, image),)


FORMAT = LabelTiff()


def write_label_tiff(
    path: Path, image: AnnotatedImage, label: LabelImage, objects: Sequence[AnnotatedObject] = (), t: int | None = None
) -> None:
    """Write a label image, or of a time-lapse one time point ``t``.

    Raises
    ------
    FormatError
        Where its pixels are no whole numbers from 0 on or too large for 32 bits, or it does not lie on its image.
    """
    import tifffile

    values = label_values(label)
    dtype = _dtype(label, int(values[-1]) if len(values) else 0)
    full = placed(label, image, AXES if "t" in label.axes else AXES[1:])
    times = range(full.shape[0] if "t" in label.axes else 1) if t is None else range(t, t + 1)
    sizes = dict(zip(full.axes, full.shape, strict=True)) | {"t": len(times)}
    shape = (sizes["t"] * sizes["z"], sizes["y"], sizes["x"])
    tile = (TILE, TILE) if max(shape[1:]) > LARGE_PLANE else None
    with tifffile.TiffWriter(path, bigtiff=int(np.prod(shape)) * dtype.itemsize >= LARGE_FILE) as writer:
        writer.write(
            _pieces(full, times, tile, dtype),
            shape=shape,
            dtype=dtype,
            tile=tile,
            photometric="minisblack",
            compression="zlib",
            description=label_xml(image, label, objects, sizes, dtype.name),
            metadata=None,
            software="napari-idr",
        )


def write_per_time(
    folder: Path, stem: str, image: AnnotatedImage, label: LabelImage, objects: Sequence[AnnotatedObject] = ()
) -> tuple[Path, ...]:
    """Write a file per time point of a label image, as the IDR's scripts want them; return the files.

    Each holds the objects of which it has pixels. A label image without a time axis is one file.
    """
    if "t" not in label.axes:
        path = folder / f"{stem}.labels.ome.tif"
        write_label_tiff(path, image, label, objects)
        return (path,)
    written = []
    for index in range(label.pixels.shape[0]):
        time = label.start[0] + index
        one = replace(label, pixels=np.asarray(label.pixels[index : index + 1]), origin=(time, *label.start[1:]))
        there = set(label_values(one).tolist())
        path = folder / f"{stem}_T{time:04d}.labels.ome.tif"
        write_label_tiff(path, image, one, [each for each in objects if each.label and each.label.value in there], time)
        written.append(path)
    return tuple(written)


def _dtype(label: LabelImage, largest: int) -> np.dtype:
    """Return the type of the pixels in the file: their own where OME-XML has it."""
    if label.pixels.dtype.name in TYPES:
        return np.dtype(label.pixels.dtype.name)
    if largest >= 1 << 32:
        raise FormatError(f"The value {largest} is too large for OME-TIFF", label.name, "number the objects from 1 on")
    return np.dtype("uint16" if largest < 1 << 16 else "uint32")


def _pieces(full: PlacedLabels, times: range, tile: tuple[int, int] | None, dtype: np.dtype) -> Iterator[np.ndarray]:
    """Yield planes, or the tiles of planes padded with background, in the order in which TIFF wants them."""
    depth, *plane = full.shape[-3:]
    step = tile or tuple(plane)
    for time in times:
        for z in range(depth):
            for box in boxes(plane, step):
                first = (slice(time, time + 1),) if len(full.shape) == 4 else ()
                piece = full.read((*first, slice(z, z + 1), *box)).reshape([part.stop - part.start for part in box])
                missing = [(0, size - found) for size, found in zip(step, piece.shape, strict=True)]
                yield np.pad(piece, missing).astype(dtype)


def _opened(path: Path) -> tifffile.TiffFile:
    import tifffile

    try:
        return tifffile.TiffFile(path)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise NotFound("There is no such file", path.name, "check the path for a typing error") from error
    except PermissionError as error:
        raise AccessDenied("The file may not be read", path.name, "check its permissions") from error
    except (tifffile.TiffFileError, *DAMAGE) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> FormatError:
    rule = f"TIFF 6.0: {str(error)[:100]}"
    return FormatError(
        "It is no TIFF file, or a damaged one", path.name, "copy it again or tell who made it", rule=rule
    )


def _read(file: tifffile.TiffFile, path: Path, given: AnnotatedImage | None) -> AnnotationSet:
    try:
        text = file.pages.first.description
        noted = read_label_xml(text, path.name) if "<OME" in text[:2000] else None
        series = file.series[0]
        axes, shape, dtype = series.axes, series.shape, series.dtype
    except FormatError:
        raise
    except DAMAGE as error:
        raise _damaged(path, error) from error
    if dtype is None or dtype.kind not in "iu":
        what = f"The file holds {dtype}, not whole numbers"
        raise FormatError(what, path.name, HINT, rule="a label image has whole numbers, 0 is the background")
    if noted is not None:
        return _own(file, path, given, noted)
    image = _stated_image(text, path, _axes(axes, shape, given, path))
    image = agreed_image(image, given, path.name, by_key=False)
    name = _label_name(path)
    names = tuple(_axes(axes, shape, given, path))
    pixels = _pixels(series, path)
    label = LabelImage(name=name, axes=names, pixels=pixels.reshape([shape[i] for i in _kept(axes, shape, names)]))
    objects = objects_by_value(label_values(label), image, name)
    remark = f"{path.name} says nothing of its objects: each of its {len(objects)} values became one."
    return AnnotationSet(image=image, objects=objects, labels=(label,), remarks=(remark,))


def _own(file: tifffile.TiffFile, path: Path, given: AnnotatedImage | None, noted: Any) -> AnnotationSet:
    """Return the set of a file that this program has written."""
    label_noted, image_noted, object_records = noted
    series = file.series[0]
    with told_of(path, "image"):
        stated, frame = image_from(image_noted), frame_of(label_noted)
    image = agreed_image(stated, given, path.name, by_key=True)
    sizes = _axes(series.axes, series.shape, stated, path)
    if any(size != stated.size(axis) for axis, size in sizes.items() if axis != "t" or size > 1):
        raise FormatError("The pixels are not those of the image it names", path.name, "export it again")
    pixels = _pixels(series, path)
    names = AXES if isinstance(pixels, np.ndarray) else tuple(sizes)
    full = pixels.reshape([sizes.get(axis, 1) for axis in AXES]) if isinstance(pixels, np.ndarray) else pixels

    def original(*wanted: Any) -> np.ndarray:
        lazy = not isinstance(full, np.ndarray) and is_whole(wanted, names, full.shape)
        return full if lazy else original_pixels(full, names, stated, wanted)

    label = frame.with_pixels(original)
    objects = objects_from_records(object_records, label.name, path.name)
    return AnnotationSet(image=image, objects=objects, labels=(label,))


def _pixels(series: tifffile.TiffPageSeries, path: Path) -> np.ndarray:
    """Return the pixels, or an array that reads them from the file where they are many."""
    try:
        if series.nbytes > IN_MEMORY:
            import zarr

            lazy: Any = zarr.open_array(store=series.aszarr(), mode="r")
            return cast("np.ndarray", lazy)
        _check_expansion(series, path)
        pixels: np.ndarray = series.asarray()
    except NapariIdrError:
        raise
    except (MemoryError, *DAMAGE) as error:
        raise _damaged(path, error) from error
    return pixels


def _check_expansion(series: tifffile.TiffPageSeries, path: Path) -> None:
    """Refuse strips and tiles that expand beyond their size: zlib would fill the memory before anybody counts."""
    for page in series.pages:
        frame = None if page is None else page.keyframe
        if page is None or frame is None or series.parent is None or frame.compression not in EXPANDING:
            continue
        if frame.compression == LZMA:
            raise Unsupported("It is compressed with LZMA, which can expand without bound", path.name, "use zlib")
        limit = max(int(np.prod(frame.chunks)) * series.dtype.itemsize, 1 << 16)
        for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True):
            if count * MOST_EXPANSION > AT_ONCE:
                series.parent.filehandle.seek(offset)
                _check_strip(series.parent.filehandle.read(count), limit, path)


def _check_strip(data: bytes, limit: int, path: Path) -> None:
    unpacker = zlib.decompressobj()
    unpacker.decompress(data, limit)
    if unpacker.unconsumed_tail:
        raise _damaged(path, ValueError("a strip expands beyond its size"))


def _axes(axes: str, shape: Sequence[int], given: AnnotatedImage | None, path: Path) -> dict[str, int]:
    """Return the sizes of the axes of a file by name, in its order, without those of length 1 that have no place.

    An axis of pages that names nothing is z or t where it is as long as that of the image.
    """
    found: dict[str, int] = {}
    for letter, size in zip(axes.lower(), shape, strict=True):
        name = letter if letter in "tzyx" else _unnamed(letter, size, given)
        if size == 1 and letter not in "yx" and (name is None or given is None or given.size(name) == 1):
            continue
        if name is None or name in found:
            what = f"It has an axis {letter.upper()} of {size}, a label image has t, z, y and x"
            raise FormatError(what, path.name, HINT, key=axes)
        found[name] = size
    if tuple(found) != tuple(axis for axis in "tzyx" if axis in found) or not {"y", "x"} <= set(found):
        raise FormatError("Its axes are not in the order t, z, y, x", path.name, HINT, key=axes)
    return found


def _unnamed(letter: str, size: int, given: AnnotatedImage | None) -> str | None:
    """Return what pages are that the file does not name ("I", "Q" of tifffile)."""
    if given is None or letter not in "iq":
        return None
    fitting = [axis for axis in "zt" if given.size(axis) == size]
    return fitting[0] if len(fitting) == 1 or (fitting and size == 1) else None


def _kept(axes: str, shape: Sequence[int], names: Sequence[str]) -> list[int]:
    """Return which axes of a file remain, by position: all that are longer than 1, and those with a name."""
    return [i for i, letter in enumerate(axes.lower()) if shape[i] > 1 or letter in names]


def _stated_image(text: str, path: Path, sizes: dict[str, int]) -> AnnotatedImage:
    """Return what a file of others says of the image: its sizes and those of its pixels; its name is the file's."""
    stated = parse_ome_xml(text, address=path.name).images if "<OME" in text[:2000] else ()
    spacing = tuple(
        (axis, Spacing(*size)) for axis, size in (stated[0].sizes if stated else {}).items() if axis in "xyzt"
    )
    return AnnotatedImage(
        address=path.name,
        name=stated[0].name if stated else path.name,
        size_x=sizes["x"],
        size_y=sizes["y"],
        size_z=sizes.get("z", 1),
        size_t=sizes.get("t", 1),
        spacing=tuple((axis, one) for axis, one in spacing if axis in sizes),
        source_kind="tiff",
    )


def _label_name(path: Path) -> str:
    """Return the layer that a file's name ends with, after two underscores: ``6001247__B1__nuclei.labels.ome.tif``."""
    stem = re.sub(r"(\.labels)?(\.ome)?\.tiff?$", "", path.name, flags=re.IGNORECASE)
    return stem.rpartition("__")[2] or "labels"
