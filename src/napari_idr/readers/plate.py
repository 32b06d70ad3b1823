"""A plate as one image per channel: its fields laid out on one canvas, filled in as they become known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_idr.streaming.field_piece import FieldLevels, MosaicAxes
from napari_idr.streaming.label_offsets import UNIQUE_TYPE, OffsetLevel, original_value, unique_value
from napari_idr.streaming.level import LastAxisLevel, PickLevel
from napari_idr.streaming.mosaic import MosaicLevel
from napari_idr.streaming.mosaic_layout import alignment, lay_out, level_factors

from .ome_zarr import read_plate
from .plate_fields import PlateFields
from .plate_shape import is_channel, pixel_sizes, plane_of, shape_of
from .plate_source import PlateSource, select

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

    from napari_idr.model.image import Axis, Channel, ImageMetadata, PlateMetadata, PlateReference, WellInfo
    from napari_idr.streaming.chunk_cache import ChunkKey
    from napari_idr.streaming.level import Level
    from napari_idr.streaming.loader import ChunkLoader
    from napari_idr.streaming.mosaic_layout import FieldKey, Layout

    from .ome_zarr import Group
    from .plate_fields import FieldImage


async def open_mosaic(group: Group, reference: PlateReference, loader: ChunkLoader) -> PlateMosaic:
    """Open a plate for display: a constant number of requests (the plate, one well, one image, its arrays).

    Call :meth:`PlateMosaic.sweep` to have the rest become known. Raises errors of the family.
    """
    source = select(group, await read_plate(group), reference)
    fields = PlateFields(group, list(source.wells.values()), source.acquisition, loader)
    template = await fields.first()
    return PlateMosaic(source, fields, template.metadata)


class PlateMosaic:
    """One acquisition of a plate (or some of its wells) as levels over all fields.

    Levels are complete and exact to read at any time; what a display shows fills in as wells become known. When a
    field turns out larger, deeper or of a wider type than was thought, or stage positions come in, ``is_outgrown``
    turns true and :meth:`rebuilt` gives a mosaic that fits.
    """

    changed = Signal()
    """More of the plate is known; emitted in the loader's thread."""

    def __init__(self, source: PlateSource, fields: PlateFields, template: ImageMetadata) -> None:
        self.source, self.fields, self.template = source, fields, template
        self.shape = shape_of(source, fields, template)
        stored = [max(pixel) for pixel in pixel_sizes(template, template)]
        close = lay_out(self.shape.plate, 1)
        self.factors: tuple[float, ...] = level_factors(stored, max(close.height, close.width))
        self.layout: Layout = lay_out(self.shape.plate, alignment(self.factors))
        fields.changed.connect(self.changed.emit)

    # -- what it is

    @property
    def metadata(self) -> PlateMetadata:
        """What the plate's own metadata say."""
        return self.source.metadata

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Axes of every channel's levels, y and x last; the channel axis is not among them."""
        return tuple(axis for axis, _ in self._axes_and_sizes())

    @property
    def scale(self) -> tuple[float, ...]:
        """Size of a pixel of the finest level, in the order of ``axes``."""
        return tuple(size for _, size in self._axes_and_sizes())

    def _axes_and_sizes(self) -> list[tuple[Axis, float]]:
        """Return axes with pixel sizes: the first field's, and where that lacks one, another's."""
        found: dict[str, tuple[Axis, float]] = {}
        for metadata in (self.template, *(image.metadata for _, image in self.fields.images)):
            for axis, size in zip(metadata.axes, metadata.levels[0].scale, strict=True):
                found.setdefault(axis.name, (axis, size))
        return [found[name] for name in MosaicAxes(self.shape.leading).names]

    @property
    def channels(self) -> tuple[Channel | None, ...]:
        """Channels by index, named by the first field that names them; None where none does."""
        order = {path: place for place, path in enumerate(self.fields.wells)}
        known = sorted(self.fields.images, key=lambda pair: (order[pair[0][0]], pair[0][1]))
        images = [image.metadata for _, image in known]
        return tuple(
            _first_named([m.channels[index] for m in images if index < len(m.channels)])
            for index in range(self.shape.channels)
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the label images of the first field."""
        return self.template.labels

    # -- pixels

    def channel(self, index: int) -> tuple[Level, ...]:
        """Return the levels of one channel, finest first."""

        def pick(_: FieldKey, image: FieldImage) -> tuple[Level, ...]:
            axis = image.metadata.channel_axis
            if index >= image.metadata.channel_count:
                return ()
            return image.levels if axis is None else tuple(PickLevel(level, axis, index) for level in image.levels)

        return self.levels_of(FieldsOfMosaic(self, self.fields, pick), self.shape.dtype)

    def levels_of(self, fields: FieldsOfMosaic, dtype: np.dtype[Any]) -> tuple[Level, ...]:
        """Return mosaic levels over something of every field."""
        axes = MosaicAxes(self.shape.leading)
        tile = plane_of(self.template, self.template.levels[0].chunks)
        levels: list[MosaicLevel] = []
        for factor in reversed(self.factors):
            coarser = levels[-1] if levels else None
            levels.append(MosaicLevel(self.layout, fields, axes, factor, dtype, tile, coarser))
        return tuple(reversed(levels))

    # -- while it fills in

    def sweep(self) -> None:
        """Start reading the metadata of every well in the background; ``changed`` tells of each."""
        self.fields.loader.run(self.fields.sweep())

    @property
    def is_outgrown(self) -> bool:
        """Whether all wells are known and do not fit this layout."""
        return self.fields.swept and not self.shape.holds(shape_of(self.source, self.fields, self.template))

    def rebuilt(self) -> PlateMosaic:
        """Return a mosaic of the same plate, laid out by what is known now."""
        self.fields.changed.disconnect(self.changed.emit)
        return PlateMosaic(self.source, self.fields, self.template)

    # -- what is where (canvas pixels; pixel centres on whole numbers)

    def well_at(self, y: float, x: float) -> WellInfo | None:
        """Return the well under a point, None between wells and in empty places."""
        cell = self.layout.cell_at(y + 0.5, x + 0.5)
        return self.source.wells.get(cell) if cell is not None else None

    def field_at(self, y: float, x: float) -> FieldKey | None:
        """Return the field under a point."""
        slot = self.layout.slot_at(y + 0.5, x + 0.5)
        return slot.key if slot is not None and not self.fields.is_absent(slot.key) else None

    def box_of(self, well: WellInfo) -> tuple[float, float, float, float]:
        """Return (y, x, height, width) of a well on the canvas."""
        row, column = self.source.place_of(well)
        return (row * self.layout.pitch[0], column * self.layout.pitch[1], *self.layout.cell)


def _first_named(channels: Sequence[Channel]) -> Channel | None:
    """Return the first channel that has a name, colour or window of its own, else the first there is."""
    named = (c for c in channels if c.color or c.window or not c.name.startswith("Channel "))
    return next(named, channels[0] if channels else None)


class PlateLabels:
    """One label image of every field of a plate, its values made unique per field for display."""

    def __init__(self, mosaic: PlateMosaic, fields: PlateFields) -> None:
        self.mosaic, self.fields = mosaic, fields
        self.keys = [key for keys in mosaic.shape.plate.fields.values() for key in keys]
        self._ordinals = {key: ordinal for ordinal, key in enumerate(self.keys)}

    @property
    def name(self) -> str:
        """Name of the label image."""
        return self.fields.label

    @property
    def levels(self) -> tuple[Level, ...]:
        """Levels of unique values, finest first; on the same canvas as the channels."""

        def offset(key: FieldKey, image: FieldImage) -> tuple[Level, ...]:
            axis = image.metadata.channel_axis
            plain = image.levels if axis is None else tuple(PickLevel(level, axis, 0) for level in image.levels)
            return tuple(OffsetLevel(level, self._ordinals[key]) for level in plain)

        return self.mosaic.levels_of(FieldsOfMosaic(self.mosaic, self.fields, offset), UNIQUE_TYPE)

    def origin(self, unique: int) -> tuple[FieldKey, int] | None:
        """Return the field and the value stored there, of a unique value; None for 0 and values of no field."""
        ordinal, value = original_value(unique)
        return (self.keys[ordinal], value) if value and 0 <= ordinal < len(self.keys) else None

    def unique(self, key: FieldKey, value: int) -> int:
        """Return the unique value of a value stored in a field."""
        return unique_value(self._ordinals[key], value)


async def open_labels(mosaic: PlateMosaic, name: str) -> PlateLabels:
    """Open a label image of a plate: the requests of one field. Raises ``NotFound`` where no field has it."""
    fields = mosaic.fields.of_label(name)
    await fields.first()
    return PlateLabels(mosaic, fields)


class FieldsOfMosaic:
    """One channel (or the labels) of every field, as a mosaic level asks for them."""

    def __init__(
        self,
        mosaic: PlateMosaic,
        fields: PlateFields,
        pick: Callable[[FieldKey, FieldImage], tuple[Level, ...]],
    ) -> None:
        self._mosaic, self._fields, self._pick = mosaic, fields, pick
        self._made: dict[FieldKey, tuple[FieldImage, FieldLevels]] = {}
        self._absent = FieldLevels.absent()

    def known(self, key: FieldKey) -> FieldLevels | None:
        """Return what is known of a field; never waits."""
        image = self._fields.known(key)
        if image is None:
            return self._absent if self._fields.is_absent(key) else None
        made = self._made.get(key)
        if made is None or made[0] is not image:
            made = self._made[key] = (image, self._levels(key, image))
        return made[1]

    def ask(self, key: FieldKey, complete: bool) -> None:
        """Ask for more of a field's metadata; never waits."""
        self._fields.ask(key, complete)

    def holds(self, key: ChunkKey) -> bool:
        """Whether a chunk is in memory."""
        return key in self._fields.loader.cache

    def wait(self, keys: Sequence[FieldKey]) -> Mapping[FieldKey, FieldLevels]:
        """Return all of the fields' metadata. May block."""
        self._fields.wait(keys)
        return {key: self.known(key) or self._absent for key in keys}

    def _levels(self, key: FieldKey, image: FieldImage) -> FieldLevels:
        levels = self._pick(key, image)
        if not levels:
            return self._absent
        names = tuple(axis.name for axis in image.metadata.axes if not is_channel(axis))
        for name in ("y", "x"):  # to the end, where they are not
            at = names.index(name)
            if names[-2:] != ("y", "x"):
                levels = tuple(LastAxisLevel(level, at) for level in levels)
                names = (*names[:at], *names[at + 1 :], name)
        sizes = pixel_sizes(image.metadata, self._mosaic.template)[-len(levels) :]
        return FieldLevels(levels, names, sizes, image.complete)
