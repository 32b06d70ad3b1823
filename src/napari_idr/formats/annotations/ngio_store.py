"""Tables in OME-Zarr as ngio keeps them (table specification, version 1): a group each, rows as CSV or as JSON.

Tables that AnnData or Parquet hold are named, not read: neither is needed for anything else here.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from napari_idr.errors import FormatError, NotFound

from .zarr_groups import write_group

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .zarr_groups import LocalGroup, ZarrFormat

Backend = Literal["csv", "json"]
Row = dict[str, Any]
HINT = "write the table with the csv or json backend"


@dataclass(frozen=True, slots=True)
class NgioTable:
    """One table."""

    name: str
    kind: str
    """"roi_table", "masking_roi_table" or "feature_table"."""
    index: str
    """Column that tells the rows apart."""
    index_type: Literal["str", "int"]
    rows: tuple[Row, ...]
    region: str = ""
    """Name of the label image that it describes."""


def write_tables(folder: Path, tables: Sequence[NgioTable], zarr_format: ZarrFormat, backend: Backend) -> None:
    """Write a ``tables`` group that is not there yet."""
    write_group(folder, {"tables": [table.name for table in tables]}, zarr_format)
    for table in tables:
        write_group(folder / table.name, _attributes(table, backend), zarr_format)
        columns = list(dict.fromkeys((table.index, *(column for row in table.rows for column in row))))
        if backend == "json":
            held = {column: [row.get(column) for row in table.rows] for column in columns}
            write_group(folder / table.name / "table", held, zarr_format)
        else:
            text = _csv(columns, table.rows)
            (folder / table.name / "table.csv").write_text(text, encoding="utf-8", newline="")


def _attributes(table: NgioTable, backend: Backend) -> dict[str, Any]:
    said: dict[str, Any] = {
        "type": table.kind,
        "table_version": "1",
        "backend": backend,
        "index_key": table.index,
        "index_type": table.index_type,
    }
    region = {"region": {"path": f"../labels/{table.region}"}, "instance_key": table.index} if table.region else {}
    return said | region


def _csv(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """Return CSV in which texts are quoted and numbers are not, so that a number in a text stays one."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return value if value is None or isinstance(value, (int, float, str)) else json.dumps(value, allow_nan=False)


def read_tables(group: LocalGroup) -> tuple[tuple[NgioTable, ...], tuple[str, ...]]:
    """Return the tables of a ``tables`` group, and sentences about those that are not read.

    Raises ``FormatError`` where it lists none or a row does not fit.
    """
    names = group.attributes.get("tables")
    if not isinstance(names, list) or not all(isinstance(name, str) and _is_name(name) for name in names):
        raise FormatError(
            "It lists no tables", group.name, "choose the tables group of an OME-Zarr image", key="tables"
        )
    found, remarks = [], []
    for name in names:
        try:
            one = group.group(name)
        except NotFound:
            remarks.append(f"{group.name}: the table {name} is listed but missing.")
            continue
        kind, backend = one.attributes.get("type"), one.attributes.get("backend")
        if backend not in ("csv", "json") or kind not in ("roi_table", "masking_roi_table", "feature_table"):
            remarks.append(f"{group.name}: {name} is a {kind} kept by {backend} and was not read; {HINT}.")
            continue
        found.append(_table(one, name, str(kind), backend))
    return tuple(found), tuple(remarks)


def _is_name(name: str) -> bool:
    return name not in ("", ".", "..") and not set(name) & set("/\\\0")


def _table(group: LocalGroup, name: str, kind: str, backend: Backend) -> NgioTable:
    attributes = group.attributes
    rows = _json_rows(group) if backend == "json" else _csv_rows(group)
    index = (
        attributes.get("index_key") or attributes.get("instance_key") or next(iter(rows[0] if rows else {}), "index")
    )
    region = attributes.get("region")
    path = region.get("path", "") if isinstance(region, dict) else ""
    return NgioTable(
        name=name,
        kind=kind,
        index=str(index),
        index_type="str" if attributes.get("index_type") == "str" else "int",
        rows=tuple(rows),
        region=str(path).rstrip("/").rpartition("/")[2],
    )


def _json_rows(group: LocalGroup) -> list[Row]:
    columns: Mapping[str, Any] = group.group("table").attributes
    lengths = {len(values) if isinstance(values, list) else -1 for values in columns.values()}
    if len(lengths) > 1 or -1 in lengths:
        raise FormatError("The columns of the table are not of one length", group.name, "write it again")
    count = lengths.pop() if lengths else 0
    return [{name: values[number] for name, values in columns.items()} for number in range(count)]


def _csv_rows(group: LocalGroup) -> list[Row]:
    data = group.text("table.csv")
    if data is None:
        raise FormatError("The table has no table.csv", group.name, "copy the whole folder")
    try:
        lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise FormatError(f"The table is no CSV ({error})", group.name, "save it as UTF-8 CSV") from error
    if not lines or any(len(line) != len(lines[0]) for line in lines if line):
        raise FormatError(
            "A row of the table has another number of cells than its header", group.name, "write it again"
        )
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:] if line]
