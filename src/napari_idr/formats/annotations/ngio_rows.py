"""Objects as rows of ngio's tables: the box round an object in micrometres from the corner of the image."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.errors import FormatError
from napari_idr.model.annotation import Rectangle
from napari_idr.model.shape_geometry import PIXEL_CENTRE, place
from napari_idr.model.units import convert_length

from .label_pixels import label_values, parts
from .object_facts import RECORD, object_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_idr.model.annotation import Shape
    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, LabelImage

    from .ngio_store import Row

INDEX = "FieldIndex"
LABEL = "label"
BOX = tuple(f"{length}{axis}_micrometer" for length in ("", "len_") for axis in "xyz")
TIME = ("t_second", "len_t_second")
WELL = ("plate_name", "row", "column", "path_in_well")
OWN = (INDEX, LABEL, *BOX, *TIME, *WELL)
"""Columns that are the table's, not the object's."""
PLACE = "place"
"""Key of the record with x, y, width, height, z and t of a rectangle, exactly."""
CLOSE = 1e-6
"""Pixels by which a place and its micrometres may differ: what rounding does."""

SECONDS = {"second": 1.0, "millisecond": 1e-3, "microsecond": 1e-6, "minute": 60.0, "hour": 3600.0, "day": 86400.0}


@dataclass(frozen=True, slots=True)
class PixelSize:
    """Micrometres per pixel along x, y and z, and seconds per time point where known."""

    x: float
    y: float
    z: float
    t: float | None


def pixel_size(image: AnnotatedImage) -> PixelSize:
    """Return the size of a pixel. Raises ``FormatError`` where it is not known: micrometres would be a guess."""
    found: dict[str, float] = {}
    for axis in "xyz":
        spacing = image.spacing_of(axis)
        size = None if spacing is None else convert_length(spacing.value, spacing.unit, "micrometer")
        if size is None or not size > 0:
            if axis == "z" and image.size_z == 1:
                size = 1.0  # one plane: its thickness says nothing
            else:
                what = f"The size of a pixel along {axis} is not known in micrometres, ngio's tables need it"
                raise FormatError(what, image.name or image.address, "state the pixel size of the image first")
        found[axis] = size
    time = image.spacing_of("t")
    factor = None if time is None or time.unit is None else SECONDS.get(time.unit)
    return PixelSize(**found, t=None if time is None or factor is None else time.value * factor)


def region_rows(objects: Sequence[AnnotatedObject], image: AnnotatedImage) -> list[Row]:
    """Return a row for each object with shapes: its box, what is said of it, and its record."""
    size = pixel_size(image)
    count = Counter(one.name for one in objects)
    rows = []
    for one in objects:
        index = one.name if one.name and count[one.name] == 1 else f"{one.name or 'object'}_{one.uuid}"
        row = {INDEX: index, **_box(one.shapes, image, size), **_well(image), **object_row(one, OWN)}
        noted = {**row.get(RECORD, {}), **_place(one)}
        rows.append(row | ({RECORD: json.dumps(noted, allow_nan=False, sort_keys=True)} if noted else {}))
    return rows


def label_rows(objects: Sequence[AnnotatedObject]) -> list[Row]:
    """Return a row for each object of a label image: what is said of it, and its record."""
    rows = []
    for one in objects:
        row = {LABEL: 0 if one.label is None else one.label.value, **object_row(one, OWN)}
        if RECORD in row:
            row[RECORD] = json.dumps(row[RECORD], allow_nan=False, sort_keys=True)
        rows.append(row)
    return rows


def mask_rows(label: LabelImage, image: AnnotatedImage) -> list[Row]:
    """Return the box round the pixels of each value of a label image; it is read part by part."""
    size = pixel_size(image)
    values, first, last = _extents(label)
    factor = image.level_factors[label.level]
    rows = []
    for number, value in enumerate(values):
        ends = {"z": (0.0, float(image.size_z))}
        for position, axis in enumerate(label.axes):
            by = factor if axis in "yx" else 1.0
            start = label.start[position]
            ends[axis] = ((start + first[number, position]) * by, (start + last[number, position] + 1) * by)
        rows.append({LABEL: int(value), **_micrometres(ends, size), **_times(ends.get("t"), image, size)})
    return rows


def _extents(label: LabelImage) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the values of a label image, and the first and last pixel of each along each axis."""
    values = label_values(label).astype(np.uint64)
    first = np.full((len(values), len(label.axes)), np.iinfo(np.int64).max)
    last = np.full((len(values), len(label.axes)), -1)
    for box in parts(label.pixels.shape):
        part = np.asarray(label.pixels[box])
        places = np.nonzero(part)
        numbers = np.searchsorted(values, part[places].astype(np.uint64))
        for axis, (place_, start) in enumerate(zip(places, (step.start for step in box), strict=True)):
            np.minimum.at(first[:, axis], numbers, place_ + start)
            np.maximum.at(last[:, axis], numbers, place_ + start)
    return values, first, last


def _box(shapes: Sequence[Shape], image: AnnotatedImage, size: PixelSize) -> dict[str, float]:
    corners = np.concatenate([place(shape)[1] for shape in shapes]) + PIXEL_CENTRE
    (top, left), (bottom, right) = corners.min(axis=0), corners.max(axis=0)
    ends = {"x": (float(left), float(right)), "y": (float(top), float(bottom))}
    ends["z"] = _span([shape.z for shape in shapes], image.size_z)
    times = [shape.t for shape in shapes]
    known = None if None in times else _span(times, image.size_t)
    return {**_micrometres(ends, size), **_times(known, image, size)}


def _span(planes: Sequence[int | None], count: int) -> tuple[float, float]:
    known = [plane for plane in planes if plane is not None]
    return (0.0, float(count)) if len(known) < len(planes) else (float(min(known)), float(max(known) + 1))


def _micrometres(ends: Mapping[str, tuple[float, float]], size: PixelSize) -> dict[str, float]:
    by = {"x": size.x, "y": size.y, "z": size.z}
    starts = {f"{axis}_micrometer": ends[axis][0] * by[axis] for axis in "xyz"}
    return starts | {f"len_{axis}_micrometer": (ends[axis][1] - ends[axis][0]) * by[axis] for axis in "xyz"}


def _times(ends: tuple[float, float] | None, image: AnnotatedImage, size: PixelSize) -> dict[str, float]:
    if ends is None or size.t is None or image.size_t == 1:
        return {}
    return {"t_second": ends[0] * size.t, "len_t_second": (ends[1] - ends[0]) * size.t}


def _well(image: AnnotatedImage) -> dict[str, str]:
    if not image.plate:
        return {}
    letters = image.well.rstrip("0123456789")
    said = (image.plate, letters, image.well[len(letters) :], image.field)
    return {column: text for column, text in zip(WELL, said, strict=True) if text}


def _place(one: AnnotatedObject) -> dict[str, Any]:
    shape = plain_rectangle(one)
    if shape is None:
        return {}
    return {PLACE: [shape.x, shape.y, shape.width, shape.height, shape.z, shape.t]}


def plain_rectangle(one: AnnotatedObject) -> Rectangle | None:
    """Return the rectangle that an object is, None for any other: only that comes back as it was."""
    if len(one.shapes) != 1 or not isinstance(one.shapes[0], Rectangle) or one.is_track:
        return None
    shape = one.shapes[0]
    return shape if shape.transform is None and shape.c is None else None


def shapes_of_row(row: Mapping[str, Any], image: AnnotatedImage, name: str) -> tuple[Rectangle, ...]:
    """Return the box of a row in pixels of the image, a rectangle for each of its planes where it is not on all.

    Raises ``FormatError`` where a number is missing.
    """
    size = pixel_size(image)
    x, y, z, width, height, depth = (_number(row, column, name) for column in BOX)
    box = Rectangle(x=x / size.x, y=y / size.y, width=width / size.x, height=height / size.y)
    exact = _exact(row, box)
    if exact is not None:
        return (exact,)
    planes = _planes(z / size.z, depth / size.z, image.size_z)
    times: Sequence[int | None] = (None,)
    if row.get("t_second") not in (None, "") and size.t is not None:
        length = row.get("len_t_second")
        span = size.t if length in (None, "") else _number(row, "len_t_second", name)
        times = _planes(_number(row, "t_second", name) / size.t, span / size.t, image.size_t)
    return tuple(replace(box, z=plane, t=time) for time in times for plane in planes)


def _number(row: Mapping[str, Any], column: str, name: str) -> float:
    try:
        number = float(row[column])
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError("A row has no number", name, "fill it in", key=column) from error
    if not math.isfinite(number):
        raise FormatError("A row has a number that is not finite", name, "fill it in", key=column)
    return number


def _planes(start: float, length: float, count: int) -> Sequence[int | None]:
    first, last = round(start), round(start + length)
    if first <= 0 and last >= count:
        return (None,)
    return range(max(0, first), max(first + 1, min(last, count)))


def _exact(row: Mapping[str, Any], box: Rectangle) -> Rectangle | None:
    """Return the place of the record, where it is still that of the row."""
    try:
        x, y, width, height, z, t = json.loads(row[RECORD])[PLACE]
        noted = Rectangle(x=x, y=y, width=width, height=height, z=z, t=t)
        off = [abs(getattr(noted, name) - getattr(box, name)) for name in ("x", "y", "width", "height")]
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    is_place = all(plane is None or (type(plane) is int and plane >= 0) for plane in (z, t))
    return noted if is_place and max(off) <= CLOSE * max(1.0, *map(abs, (x, y, width, height))) else None
