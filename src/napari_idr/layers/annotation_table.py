"""The features table of an annotation layer: our columns, and further ones of the user's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.model.annotation_set import STATUSES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_idr.model.annotation_set import AnnotatedObject, Feature, Status, Value

UUID, NUMBER, EVERY = "roi_uuid", "shape", "every"
SAID = ("name", "class", "status", "comment")
"""What of an object one sees, and may change, in napari's own table."""
OURS = (UUID, NUMBER, *SAID, EVERY)
BLANK: dict[str, Value] = {**dict.fromkeys(OURS, ""), NUMBER: 0, "status": "unreviewed"}
"""What stands in the row of something of which nothing was said."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one row of the table says of its object."""

    uuid: str = ""
    number: int = 0
    """Which of the object's shapes it is."""
    name: str = ""
    object_class: str = ""
    status: Status = "unreviewed"
    comment: str = ""
    every: tuple[str, ...] = ()
    """Axes on all of whose planes the shape lies, though the layer has them: it is repeated there."""
    features: tuple[Feature, ...] = ()


class TableReader:
    """Reads rows of a features table; columns that are missing are empty."""

    def __init__(self, table: Any) -> None:
        count = len(table)
        self._ours = {name: _cells(table, name, count) for name in OURS}
        self._further = {str(name): _cells(table, name, count) for name in table.columns if name not in OURS}

    def said(self, index: int) -> Said:
        """Return what a row says."""
        own = {name: text_of(cells[index]) for name, cells in self._ours.items()}
        status: Status = next((one for one in STATUSES if one == own["status"]), "unreviewed")
        return Said(
            own[UUID],
            _number(own[NUMBER]),
            own["name"],
            own["class"],
            status,
            own["comment"],
            tuple(own[EVERY].split()),
            tuple((name, value_of(cells[index])) for name, cells in self._further.items()),
        )


def keys_of(table: Any) -> list[tuple[str, int]]:
    """Return uuid and number of every row, fast; ("", 0) where there are none."""
    count = len(table)
    uuids = [cell if type(cell) is str else text_of(cell) for cell in _cells(table, UUID, count)]
    numbers = [cell if type(cell) is int else _number(cell) for cell in _cells(table, NUMBER, count)]
    return list(zip(uuids, numbers, strict=True))


def _number(cell: Any) -> int:
    said = text_of(cell)
    return int(float(said)) if said.replace(".", "", 1).isdecimal() else 0


def row_of(one: AnnotatedObject, number: int, every: Sequence[str] = ()) -> dict[str, Value]:
    """Return the row of one shape of an object."""
    return {
        UUID: one.uuid,
        NUMBER: number,
        "name": one.name,
        "class": one.object_class,
        "status": one.status,
        "comment": one.comment,
        EVERY: " ".join(every),
        **{name: value for name, value in one.features if name not in OURS},
    }


def table_of(rows: Sequence[Mapping[str, Value]]) -> Any:
    """Return a features table; values that a row lacks are missing there."""
    import pandas as pd

    names = dict.fromkeys((*OURS, *(name for row in rows for name in row)))
    return pd.DataFrame({name: column_of([row.get(name) for row in rows], name) for name in names})


def column_of(values: Sequence[Value], name: str) -> Any:
    """Return a column of one type where all its values have that, of objects else: 1, "1" and True stay apart."""
    import pandas as pd

    kinds = {type(value) for value in values}
    if name == NUMBER or kinds == {int}:
        return pd.Series([0 if value is None else value for value in values], dtype="int64")
    if kinds == {float}:
        return pd.Series(values, dtype="float64")
    if kinds == {bool}:
        return pd.Series(values, dtype="bool")
    return pd.Series(values, dtype="object")


def value_of(cell: Any) -> Value:
    """Return a cell as a plain value of the model; None where it is missing."""
    if cell is None:
        return None
    if isinstance(cell, np.generic):
        cell = cell.item()
    if isinstance(cell, float) and np.isnan(cell):
        return None
    if isinstance(cell, (str, bool, int, float)):
        return cell
    return text_of(cell) or None


def text_of(cell: Any) -> str:
    """Return a cell as text, "" where it is missing."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, (list, tuple, dict, np.ndarray)):
        return json.dumps(cell, ensure_ascii=False, default=str)
    return "" if cell is None or str(cell) in ("nan", "NaT", "<NA>") else str(cell)


def _cells(table: Any, name: Any, count: int) -> Sequence[Any]:
    return table[name].tolist() if name in table.columns else [""] * count
