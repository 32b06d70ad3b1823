"""A table that somebody stored beside images: a row per well or image, columns with names and types."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from .image import KeyValue

Cell = str | int | float | bool | None
Subject = Literal["well", "plate", "image", "dataset", "roi", "shape"]
"""What a column of ids counts."""

BRACKETED = re.compile(
    r"(Characteristics|Experimental Condition|Comment|Parameter Value) *\[(?P<key>.+)\]", re.IGNORECASE
)
NUMBERED = re.compile(r"Phenotype [0-9]+(?P<rest>( Term (Name|Accession))?)", re.IGNORECASE)
PLACES = frozenset({"plate name", "well name", "well number", "plate_well", "image name", "dataset name"})
"""Columns that only say where a row belongs."""
SOURCES = re.compile(r"(Term Source [0-9]+|Phenotype [0-9]+ Term Source) (REF|Accession)", re.IGNORECASE)
"""Columns that belong to the one before; what they say of a phenotype stands in its own."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column."""

    name: str
    subject: Subject | None = None
    """Of a column of ids: of what; None for values."""


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Rows about wells or images; empty where nothing is stored."""

    columns: tuple[TableColumn, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    parent: str = ""
    """What it hangs on: "Screen 206"."""
    file_id: str = ""

    def ids(self, subject: Subject) -> list[str]:
        """Return the id of the well, image or the like of each row; none where no column has them."""
        for index, column in enumerate(self.columns):
            if column.subject == subject:
                return [str(row[index]) for row in self.rows]
        return []

    def of(self, subject: Subject, number: str) -> FeatureTable:
        """Return the rows about one well, image or the like."""
        kept = tuple(row for row, one in zip(self.rows, self.ids(subject), strict=False) if one == number)
        return FeatureTable(self.columns, kept, self.parent, self.file_id)

    def key_values(self, row: int) -> tuple[KeyValue, ...]:
        """Return what a row says, as key-values with the names that the IDR gives them; empty cells say nothing."""
        pairs = zip(self.columns, self.rows[row], strict=True)
        said = [(key_of(column.name), _text(cell)) for column, cell in pairs if column.subject is None]
        return tuple((key, value) for key, value in said if key and value)

    def as_frame(self) -> Any:
        """Return a pandas table."""
        import pandas as pd

        return pd.DataFrame(list(self.rows), columns=[column.name for column in self.columns])


def key_of(column: str) -> str:
    """Return the key that a column stands for: "Organism" for "Characteristics [Organism]", "" for none."""
    name = column.strip()
    if name.lower() in PLACES or SOURCES.fullmatch(name):
        return ""
    bracketed, numbered = BRACKETED.fullmatch(name), NUMBERED.fullmatch(name)
    if bracketed is not None:
        return bracketed["key"].strip()
    return f"Phenotype{numbered['rest']}" if numbered is not None else name


def _text(cell: Cell) -> str:
    if cell is None or cell != cell:  # a number that is none
        return ""
    return f"{cell:g}" if isinstance(cell, float) else str(cell).strip()
