"""What decides how large a plate's mosaic is and where its fields lie: sizes, depths, types, stage positions."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.formats.omero_json import row_label
from napari_idr.model.units import convert_length
from napari_idr.streaming.mosaic_layout import PlateShape, snap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_idr.model.image import Axis, ImageMetadata
    from napari_idr.streaming.mosaic_layout import FieldKey

    from .plate_fields import FieldImage, PlateFields
    from .plate_source import PlateSource


@dataclass(frozen=True, slots=True)
class MosaicShape:
    """All that decides what the arrays of a mosaic look like."""

    plate: PlateShape
    leading: tuple[tuple[str, int], ...]
    dtype: np.dtype[Any]
    channels: int

    def holds(self, other: MosaicShape) -> bool:
        """Whether what makes up another shape has its place in this one."""
        lengths = dict(self.leading)
        return (
            all(b <= a for a, b in zip(self.plate.extent, other.plate.extent, strict=True))
            and other.plate.fields_per_well <= self.plate.fields_per_well
            and other.plate.positions == self.plate.positions
            and all(length <= lengths.get(name, 0) for name, length in other.leading)
            and np.can_cast(other.dtype, self.dtype, "safe")
            and other.channels <= self.channels
        )


def shape_of(source: PlateSource, fields: PlateFields, template: ImageMetadata) -> MosaicShape:
    """Return what is known now of what a mosaic is made of; ``template`` is the first field."""
    images = [image.metadata for _, image in fields.images]
    extents = [_extent(image, template) for _, image in fields.images]
    per_well = max((len(shown) for shown in fields.fields.values()), default=1)
    plate = PlateShape(
        rows=len(source.rows),
        columns=len(source.columns),
        fields={place: [(well.path, index) for index in range(per_well)] for place, well in source.wells.items()},
        fields_per_well=per_well,
        extent=(max(height for height, _ in extents), max(width for _, width in extents)),
        positions=_positions(source, fields, template),
    )
    names = {axis.name: None for m in (template, *images) for axis in m.axes if not is_channel(axis)}
    order = sorted((name for name in names if name not in ("y", "x")), key=lambda name: name != "t")
    leading = tuple((name, max(_length(metadata, name) for metadata in images)) for name in order)
    dtype = np.result_type(*{metadata.levels[0].dtype for metadata in images})
    return MosaicShape(plate, leading, dtype, max(metadata.channel_count for metadata in images))


def _extent(image: FieldImage, template: ImageMetadata) -> tuple[int, int]:
    """Return the size of a field on the canvas; the largest it can be, where its finest level was not seen yet."""
    sizes, levels = pixel_sizes(image.metadata, template), image.metadata.levels
    finest, coarsest = plane_of(image.metadata, levels[0].shape), plane_of(image.metadata, levels[-1].shape)
    if image.complete or coarsest == plane_of(template, template.levels[-1].shape):
        extent = [size * step for size, step in zip(finest, sizes[0], strict=True)]
    else:
        steps = zip(coarsest, sizes[-1], sizes[0], strict=True)
        extent = [(size + 1) * coarse - fine for size, coarse, fine in steps]
    return ceil(extent[0] - 1e-6), ceil(extent[1] - 1e-6)


def plane_of(metadata: ImageMetadata, values: tuple[int, ...]) -> tuple[int, int]:
    """Return what belongs to y and x, of values in axis order."""
    names = metadata.axis_names
    return values[names.index("y")], values[names.index("x")]


def _length(metadata: ImageMetadata, name: str) -> int:
    axis = metadata.axis_index(name)
    return 1 if axis is None else metadata.levels[0].shape[axis]


def _positions(
    source: PlateSource, fields: PlateFields, template: ImageMetadata
) -> dict[FieldKey, tuple[float, float]] | None:
    """Return stage positions on the canvas, in pixels: the repository's, else the fields' own translations."""
    found = _from_repository(source, fields, template)
    if not found and fields.swept and any(template.levels[0].translation):
        found = _translations(fields, template)
    return _of_whole_wells(found, fields) or None


def _from_repository(
    source: PlateSource, fields: PlateFields, template: ImageMetadata
) -> dict[FieldKey, tuple[float, float]]:
    scale = dict(zip(template.axis_names, template.levels[0].scale, strict=True))
    units = {axis.name: axis.unit for axis in template.axes}
    paths = {f"{row_label(well.row_index)}/{well.column_index + 1}": well.path for well in source.wells.values()}
    found: dict[FieldKey, tuple[float, float]] = {}
    for place in source.positions:
        y, x = convert_length(place.y, place.unit, units["y"]), convert_length(place.x, place.unit, units["x"])
        path = place.well if place.well in fields.wells else paths.get(place.well, "")
        index = fields.shown_index(path, place.field)
        if y is not None and x is not None and index is not None:
            found[(path, index)] = (y / scale["y"], x / scale["x"])
    return found


def _of_whole_wells(
    found: dict[FieldKey, tuple[float, float]], fields: PlateFields
) -> dict[FieldKey, tuple[float, float]]:
    """Leave out wells of which some fields have no position: those are laid out in file order."""
    partly = {path for path, shown in list(fields.fields.items()) if not _all_placed(path, len(shown), found)}
    return {key: place for key, place in found.items() if key[0] not in partly}


def _all_placed(path: str, count: int, found: Mapping[FieldKey, tuple[float, float]]) -> bool:
    return all((path, index) in found for index in range(count))


def _translations(fields: PlateFields, template: ImageMetadata) -> dict[FieldKey, tuple[float, float]]:
    """Return where the fields' own metadata place them, if that tells the fields of any well apart."""
    scale = dict(zip(template.axis_names, template.levels[0].scale, strict=True))
    found: dict[FieldKey, tuple[float, float]] = {}
    wells: dict[str, set[tuple[float, float]]] = {}
    for key, image in fields.images:
        where = dict(zip(image.metadata.axis_names, image.metadata.levels[0].translation, strict=True))
        found[key] = (where["y"] / scale["y"], where["x"] / scale["x"])
        wells.setdefault(key[0], set()).add(found[key])
    return found if any(len(places) > 1 for places in wells.values()) else {}


def pixel_sizes(metadata: ImageMetadata, template: ImageMetadata) -> tuple[tuple[float, float], ...]:
    """Return the size of a pixel of each level, (y, x), in pixels of the template's finest level.

    Where the units of the two cannot be compared their finest pixels are taken to be alike.
    """
    factors = [_relative(metadata, template, name) for name in ("y", "x")]
    at = [metadata.axis_names.index(name) for name in ("y", "x")]
    sizes = [
        [snap(level.scale[i] * factor) for i, factor in zip(at, factors, strict=True)] for level in metadata.levels
    ]
    return tuple((y, x) for y, x in sizes)


def _relative(metadata: ImageMetadata, template: ImageMetadata, name: str) -> float:
    """Return by what to multiply sizes along an axis to have them in pixels of the template's finest level."""
    (unit, own), (base_unit, base) = _size_along(metadata, name), _size_along(template, name)
    if unit == base_unit:
        return 1 / base
    converted = convert_length(1.0, unit, base_unit)
    return 1 / own if converted is None else converted / base


def _size_along(metadata: ImageMetadata, name: str) -> tuple[str | None, float]:
    axis = metadata.axis_names.index(name)
    return metadata.axes[axis].unit, metadata.levels[0].scale[axis]


def is_channel(axis: Axis) -> bool:
    """Whether an axis counts channels."""
    return axis.type == "channel" or axis.name == "c"
