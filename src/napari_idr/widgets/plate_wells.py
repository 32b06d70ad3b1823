"""A plate as its grid shows it: labels, wells, what is known of each. Plain data, no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_idr.model.catalog import Plate, Well

from .wording import telling

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_idr.model.catalog import GridCell, Node, PlateGrid
    from napari_idr.model.image import KeyValue

    from .plate_geometry import Cell


@dataclass(frozen=True, slots=True)
class PlateWells:
    """Labels of all rows and columns, and the wells that hold an image."""

    row_labels: tuple[str, ...]
    column_labels: tuple[str, ...]
    cells: Mapping[Cell, GridCell] = field(default_factory=dict)
    key_values: Mapping[Cell, tuple[KeyValue, ...]] = field(default_factory=dict)
    is_known: bool = True
    """False for a skeleton: the wells are still to come."""

    @classmethod
    def from_grid(cls, grid: PlateGrid) -> PlateWells:
        """Arrange a repository's grid by cell."""
        cells = {(cell.row, cell.column): cell for cell in grid.cells}
        return cls(grid.row_labels, grid.column_labels, cells)

    @classmethod
    def skeleton(cls, plate: Node) -> PlateWells:
        """Return the empty plate, from what the tree knows of it (else of 96 wells)."""
        rows, columns = (plate.rows, plate.columns) if isinstance(plate, Plate) else (None, None)
        rows, columns = rows or 8, columns or 12
        labels = tuple(row_letters(row) for row in range(rows))
        return cls(labels, tuple(str(column + 1) for column in range(columns)), is_known=False)

    def name(self, cell: Cell) -> str:
        """Return a well's name as people say it: ``B7``."""
        return f"{self.row_labels[cell[0]]}{self.column_labels[cell[1]]}"

    def path(self, cell: Cell) -> str:
        """Return a well's path: ``B/7``."""
        return f"{self.row_labels[cell[0]]}/{self.column_labels[cell[1]]}"

    def cells_at(self, paths: Iterable[str]) -> tuple[Cell, ...]:
        """Return the cells of wells given by path; unknown ones are left out."""
        wanted = set(paths)
        return tuple(cell for cell in self.cells if self.path(cell) in wanted)

    def node(self, path: str, plate: Node) -> Well | None:
        """Return the well at a path as a node of the catalogue, None where no image is."""
        for cell in self.cells_at((path,)):
            held = self.cells[cell]
            return Well(
                "well",
                plate.repository,
                held.well_id,
                f"{plate.name} {self.name(cell)}",
                accession=plate.accession,
                key_values=self.key_values.get(cell, ()),
                thumbnail_id=held.image_id,
                row=cell[0],
                column=cell[1],
            )
        return None

    def image_ids(self, cells: Iterable[Cell]) -> tuple[str, ...]:
        """Return the images that stand for some cells, in their order; cells without one are left out."""
        return tuple(self.cells[cell].image_id for cell in cells if cell in self.cells)

    def describe(self, cell: Cell) -> str:
        """Return a well in a few words: its name, and the gene, compound or phenotype."""
        if cell not in self.cells:
            return f"Well {self.name(cell)} has no image" if self.is_known else f"Well {self.name(cell)}"
        told = self.telling(cell)
        return f"Well {self.name(cell)} · {told}" if told else f"Well {self.name(cell)}"

    def telling(self, cell: Cell) -> str:
        """Return what was done to a well and what came of it (``KIF11, mitotic arrest``), as far as it is known."""
        return telling(self.key_values.get(cell, ()))


def row_letters(row: int) -> str:
    """Return the letters of a 0-based row: A to Z, then AA (1536-well plates end at AF)."""
    letters = ""
    while row >= 0:
        letters, row = chr(ord("A") + row % 26) + letters, row // 26 - 1
    return letters
