"""Where the cells of a plate grid lie, in whole pixels. Plain arithmetic, no Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Cell = tuple[int, int]
"""(row, column), 0-based."""
SMALLEST_CELL = 4
LARGEST_CELL = 192


@dataclass(frozen=True, slots=True)
class PlateGeometry:
    """A grid of square cells with a header above and one at the left that stay in view.

    Positions are in pixels of the viewport; ``left`` and ``top`` say how far the cells are scrolled.
    """

    rows: int
    columns: int
    cell: int = 24
    header_width: int = 20
    header_height: int = 16
    left: int = 0
    top: int = 0

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of all cells, without the headers."""
        return self.columns * self.cell, self.rows * self.cell

    def fitted(self, width: int) -> PlateGeometry:
        """Return the geometry with the largest cells of which a whole row fits ``width``."""
        return self.zoomed((width - self.header_width) // max(self.columns, 1))

    def zoomed(self, cell: int) -> PlateGeometry:
        """Return the geometry with cells of another size, within what is useful."""
        return replace(self, cell=min(max(cell, SMALLEST_CELL), LARGEST_CELL))

    def scrolled(self, left: int, top: int) -> PlateGeometry:
        """Return the geometry scrolled to somewhere else."""
        return replace(self, left=left, top=top)

    def place(self, cell: Cell) -> tuple[int, int, int, int]:
        """Return (x, y, width, height) of a cell in the viewport."""
        row, column = cell
        x = self.header_width + column * self.cell - self.left
        y = self.header_height + row * self.cell - self.top
        return x, y, self.cell, self.cell

    def cell_at(self, x: int, y: int) -> Cell | None:
        """Return the cell at a position, None on a header or beside the plate."""
        if x < self.header_width or y < self.header_height:
            return None
        row, column = self._row_at(y), self._column_at(x)
        return (row, column) if 0 <= row < self.rows and 0 <= column < self.columns else None

    def nearest(self, x: int, y: int) -> Cell:
        """Return the cell at a position, or the nearest one."""
        return (
            min(max(self._row_at(y), 0), self.rows - 1),
            min(max(self._column_at(x), 0), self.columns - 1),
        )

    def row_header_at(self, x: int, y: int) -> int | None:
        """Return the row whose label is at a position."""
        inside = x < self.header_width and y >= self.header_height
        return self._row_at(y) if inside and 0 <= self._row_at(y) < self.rows else None

    def column_header_at(self, x: int, y: int) -> int | None:
        """Return the column whose label is at a position."""
        inside = y < self.header_height and x >= self.header_width
        return self._column_at(x) if inside and 0 <= self._column_at(x) < self.columns else None

    def visible(self, width: int, height: int) -> tuple[range, range]:
        """Return the (rows, columns) that a viewport of that size shows, even in part."""
        rows = range(max(self._row_at(self.header_height), 0), min(self._row_at(height - 1) + 1, self.rows))
        columns = range(max(self._column_at(self.header_width), 0), min(self._column_at(width - 1) + 1, self.columns))
        return rows, columns

    def label_step(self, label_pixels: int) -> int:
        """Return how many rows (columns) apart labels of that height (width) must be to stay apart."""
        return next((step for step in (1, 2, 4, 8, 12) if step * self.cell >= label_pixels), 24)

    def _row_at(self, y: int) -> int:
        return (y - self.header_height + self.top) // self.cell

    def _column_at(self, x: int) -> int:
        return (x - self.header_width + self.left) // self.cell


def rectangle(one: Cell, other: Cell) -> Iterator[Cell]:
    """Yield the cells of the rectangle between two corners, row by row."""
    rows, columns = sorted((one[0], other[0])), sorted((one[1], other[1]))
    for row in range(rows[0], rows[1] + 1):
        for column in range(columns[0], columns[1] + 1):
            yield row, column
