"""Answers of ``/webgateway/table/`` -> ``FeatureTable``. Pure. Every failure there is a 200 with ``error``."""

from __future__ import annotations

from typing import Any

from napari_idr.errors import NotFound
from napari_idr.model.feature_table import Cell, FeatureTable, Subject, TableColumn

from .json_record import JsonRecord, wrong_type

SUBJECTS: dict[str, Subject] = {
    "WellColumn": "well",
    "PlateColumn": "plate",
    "ImageColumn": "image",
    "DatasetColumn": "dataset",
    "RoiColumn": "roi",
    "ShapeColumn": "shape",
}
MOST_COLUMNS = 10_000


def parse_table(answer: object, address: str) -> tuple[FeatureTable, int]:
    """Return one page of a table, and how many rows match in all.

    Raises ``NotFound`` where the server says that there is no table, ``ProtocolError`` for any other answer.
    """
    record = JsonRecord.of(answer, "", address)
    if record.fields.get("error") is not None:
        said = " ".join(str(record.fields["error"]).split())[:160]
        raise NotFound(f"The server has no table there ({said})", address, "its annotations may say the same")
    data, meta = record.need("data", record.record("data")), record.record("meta")
    names, kinds = data.items("columns"), data.items("column_types")
    if not all(isinstance(name, str) for name in names) or len(names) > MOST_COLUMNS:
        raise wrong_type("data.columns", "a list of names", names, address)
    kinds = kinds if len(kinds) == len(names) else [""] * len(names)
    columns = tuple(TableColumn(name, SUBJECTS.get(str(kind))) for name, kind in zip(names, kinds, strict=True))
    rows = tuple(_row(row, len(names), n, address) for n, row in enumerate(data.items("rows")))
    parent = " ".join(filter(None, (record.text("parentType"), str(record.integer("parentId") or ""))))
    total = meta.integer("totalCount") if meta is not None else None
    file_id = record.integer("id")
    return FeatureTable(columns, rows, parent, "" if file_id is None else str(file_id)), total or len(rows)


def _row(row: Any, count: int, number: int, address: str) -> tuple[Cell, ...]:
    if not isinstance(row, list) or len(row) != count:
        raise wrong_type(f"data.rows[{number}]", f"a row of {count} cells", row, address)
    return tuple(cell if isinstance(cell, (str, int, float)) or cell is None else str(cell) for cell in row)
