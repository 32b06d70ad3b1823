"""Where the fields of a plate lie on one canvas: pure geometry, in pixels of the canvas's finest level."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FieldKey = tuple[str, int]
"""(path of the well, index of the field among those shown)."""

WELL_GAP = 0.04
"""Space between wells, as a part of a field's extent: enough to tell wells apart, little enough to compare them."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one field: nothing of the field is shown outside it."""

    key: FieldKey
    y: int
    x: int
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class Cell:
    """The place of one well."""

    row: int
    column: int
    y: int
    x: int


@dataclass(frozen=True, eq=False, slots=True)
class Layout:
    """All places on a canvas of ``height`` x ``width`` pixels; all is a multiple of ``align`` but stage positions."""

    height: int
    width: int
    pitch: tuple[int, int]
    """Distance of neighbouring wells, (y, x)."""
    cell: tuple[int, int]
    """Extent of a well, (y, x), without the gap."""
    align: int
    slots: Mapping[tuple[int, int], tuple[Slot, ...]]
    """Slots by 0-based (row, column) of the well."""
    rows: int
    columns: int
    overlaps: bool = False
    """Whether fields may lie on one another, or off the grid of coarse pixels: placed by stage position."""

    def touching(self, y0: float, y1: float, x0: float, x1: float) -> Iterator[Slot]:
        """Yield the slots that touch a rectangle of the canvas."""
        for row in range(max(0, int(y0 // self.pitch[0])), min(self.rows, ceil(y1 / self.pitch[0]))):
            for column in range(max(0, int(x0 // self.pitch[1])), min(self.columns, ceil(x1 / self.pitch[1]))):
                for slot in self.slots.get((row, column), ()):
                    if slot.y < y1 and slot.y + slot.height > y0 and slot.x < x1 and slot.x + slot.width > x0:
                        yield slot

    def slot_at(self, y: float, x: float) -> Slot | None:
        """Return the slot under a point of the canvas, the topmost where they overlap."""
        found = None
        for slot in self.touching(y, y + 1e-9, x, x + 1e-9):
            if slot.y <= y < slot.y + slot.height and slot.x <= x < slot.x + slot.width:
                found = slot
        return found

    def cell_at(self, y: float, x: float) -> tuple[int, int] | None:
        """Return the 0-based (row, column) of the well under a point, None in gaps and outside."""
        row, column = int(y // self.pitch[0]), int(x // self.pitch[1])
        inside = 0 <= row < self.rows and 0 <= column < self.columns
        within = y - row * self.pitch[0] < self.cell[0] and x - column * self.pitch[1] < self.cell[1]
        return (row, column) if inside and within else None


@dataclass(frozen=True, slots=True)
class PlateShape:
    """What a layout is made of: the grid, the fields of each well, the largest field, and where fields lie."""

    rows: int
    columns: int
    fields: Mapping[tuple[int, int], Sequence[FieldKey]]
    """Fields by 0-based (row, column)."""
    fields_per_well: int
    """Most fields any well is known or declared to have."""
    extent: tuple[int, int]
    """Largest field, (height, width)."""
    positions: Mapping[FieldKey, tuple[float, float]] | None = None
    """Top-left corner of each field, (y, x); None where stage positions are not known."""


def lay_out(plate: PlateShape, align: int) -> Layout:
    """Place all fields: by stage position where known, else in a near-square grid in file order.

    Parameters
    ----------
    plate
        What is to be placed.
    align
        Wells, and fields in file order, lie on multiples of this: whole pixels in every level up to this factor.
        Stage positions are kept to the pixel.
    """
    offsets, cell = _offsets(plate, align)
    gap = _up(max(plate.extent) * WELL_GAP, align)
    pitch = (cell[0] + gap, cell[1] + gap)
    slots = {
        (row, column): tuple(
            Slot(key, row * pitch[0] + offsets[key][0], column * pitch[1] + offsets[key][1], *plate.extent)
            for key in keys
            if key in offsets
        )
        for (row, column), keys in plate.fields.items()
    }
    height, width = plate.rows * pitch[0] - gap, plate.columns * pitch[1] - gap
    return Layout(height, width, pitch, cell, align, slots, plate.rows, plate.columns, bool(plate.positions))


Offsets = dict["FieldKey", tuple[int, int]]
"""Where fields lie in their well, (y, x)."""


def _offsets(plate: PlateShape, align: int) -> tuple[Offsets, tuple[int, int]]:
    """Return the places of all fields in their wells, and the extent that every well needs."""
    positions = plate.positions or {}
    offsets: Offsets = {}
    for keys in plate.fields.values():
        placed = {key: positions[key] for key in keys if key in positions}
        offsets.update(_by_position(placed) if placed else _by_order(keys, plate, align))
    if not positions:
        offsets.update(_by_order([("", index) for index in range(plate.fields_per_well)], plate, align))
    far = [max([place[axis] for place in offsets.values()], default=0) for axis in (0, 1)]
    return offsets, (_up(far[0] + plate.extent[0], align), _up(far[1] + plate.extent[1], align))


def _by_order(keys: Sequence[FieldKey], plate: PlateShape, align: int) -> Offsets:
    columns, _ = grid_of(plate.fields_per_well)
    step = (_up(plate.extent[0], align), _up(plate.extent[1], align))
    return {key: ((index // columns) * step[0], (index % columns) * step[1]) for index, key in enumerate(keys)}


def _by_position(placed: Mapping[FieldKey, tuple[float, float]]) -> Offsets:
    top = min(y for y, _ in placed.values())
    left = min(x for _, x in placed.values())
    return {key: (round(y - top), round(x - left)) for key, (y, x) in placed.items()}


def grid_of(count: int) -> tuple[int, int]:
    """Return (columns, rows) of a near-square grid for ``count`` fields: never taller than wide."""
    columns = max(1, ceil(sqrt(count)))
    return columns, max(1, ceil(count / columns))


def level_factors(stored: Sequence[float], canvas: int, largest: int = 1024) -> tuple[float, ...]:
    """Return the factors of all levels of a mosaic: the stored ones, then doubled until the canvas fits.

    Parameters
    ----------
    stored
        Canvas pixels per pixel of each stored level, finest (1) first.
    canvas
        Longest side of the canvas, in pixels of its finest level.
    largest
        Longest side of the coarsest level wanted.
    """
    factors = [snap(factor) for factor in stored]
    while canvas / factors[-1] > largest:
        factors.append(factors[-1] * 2)
    return tuple(factors)


def snap(factor: float) -> float:
    """Return the whole number a level's factor means: 905 / 227 is a level halved twice, not 3.987."""
    whole = round(factor)
    return float(whole) if whole and abs(factor - whole) <= 0.01 * factor else factor


def alignment(factors: Sequence[float]) -> int:
    """Return the smallest step that is a whole number of pixels in every level, as far as factors are whole."""
    return max(1, ceil(factors[-1]))


def _up(value: float, align: int) -> int:
    return ceil(value / align) * align
