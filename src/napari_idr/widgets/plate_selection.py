"""Which wells of a plate are chosen, and what keys and clicks do to that. Plain data, no Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from .plate_geometry import Cell, rectangle

if TYPE_CHECKING:
    from collections.abc import Iterable

Move = Literal["left", "right", "up", "down", "row start", "row end", "first", "last"]


@dataclass(frozen=True, slots=True)
class PlateSelection:
    """Chosen wells of a plate. Only cells that hold a well can be chosen; the cursor goes anywhere."""

    rows: int
    columns: int
    wells: frozenset[Cell]
    """Cells that hold a well."""
    cursor: Cell = (0, 0)
    anchor: Cell = (0, 0)
    """Where a rectangle that Shift extends begins."""
    chosen: frozenset[Cell] = frozenset()

    def at(self, cell: Cell) -> PlateSelection:
        """Choose one well and nothing else."""
        return replace(self, cursor=cell, anchor=cell, chosen=frozenset((cell,)) & self.wells)

    def toggled(self, cell: Cell) -> PlateSelection:
        """Choose a well too, or no longer (Ctrl+click)."""
        return replace(self, cursor=cell, anchor=cell, chosen=self.chosen ^ (frozenset((cell,)) & self.wells))

    def extended(self, cell: Cell) -> PlateSelection:
        """Choose the rectangle from the anchor (Shift+click, rubber band)."""
        return replace(self, cursor=cell, chosen=frozenset(rectangle(self.anchor, cell)) & self.wells)

    def with_rectangle(self, kept: Iterable[Cell], one: Cell, other: Cell) -> PlateSelection:
        """Choose a rectangle besides what is ``kept`` (Ctrl+rubber band)."""
        chosen = (frozenset(kept) | frozenset(rectangle(one, other))) & self.wells
        return replace(self, cursor=other, anchor=one, chosen=chosen)

    def all(self) -> PlateSelection:
        """Choose every well."""
        return replace(self, chosen=self.wells)

    def none(self) -> PlateSelection:
        """Choose nothing."""
        return replace(self, chosen=frozenset())

    def only(self, cells: Iterable[Cell]) -> PlateSelection:
        """Choose exactly these wells, the cursor on the first; where they are chosen already, change nothing."""
        chosen = frozenset(cells) & self.wells
        if chosen == self.chosen:
            return self
        cursor = min(chosen, default=self.cursor)
        return replace(self, cursor=cursor, anchor=cursor, chosen=chosen)

    def moved(self, move: Move, extend: bool = False) -> PlateSelection:
        """Move the cursor by a key, choosing where it lands; with ``extend`` (Shift) the rectangle."""
        cell = self._after(move)
        return self.extended(cell) if extend else self.at(cell)

    def in_order(self) -> tuple[Cell, ...]:
        """Return the chosen wells, row by row."""
        return tuple(sorted(self.chosen))

    def _after(self, move: Move) -> Cell:
        row, column = self.cursor
        last_row, last_column = self.rows - 1, self.columns - 1
        return {
            "left": (row, max(column - 1, 0)),
            "right": (row, min(column + 1, last_column)),
            "up": (max(row - 1, 0), column),
            "down": (min(row + 1, last_row), column),
            "row start": (row, 0),
            "row end": (row, last_column),
            "first": (0, 0),
            "last": (last_row, last_column),
        }[move]
