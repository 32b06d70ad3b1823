"""rois.parquet: the table of ROIs with typed columns, where pyarrow is installed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from napari_idr.errors import FormatError, Unsupported

from .files import HINT, read_bytes, write_bytes
from .rois_rows import NEEDED, NUMBER_COLUMNS, rows_of, sets_of, table_losses
from .table_columns import FEATURE, value_of, value_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_idr.formats.delimited import Row
    from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet
    from napari_idr.model.finding import Loss

WHOLE = ("shape_index", "z", "t", "c", "label_value", "track_id")
SCHEMA = {b"napari_idr_schema": b"rois/1"}
MOST_ROWS = 5_000_000


class RoisParquet:
    """The table as Parquet."""

    key = "rois-parquet"
    title = "Table of ROIs (Parquet)"
    endings = (".rois.parquet", ".parquet")
    images_per_file: int | None = None
    reads = True

    def losses(self, sets: Sequence[AnnotationSet]) -> tuple[Loss, ...]:
        """Return what is lost: pixels of label images."""
        return table_losses(sets)

    def write(self, sets: Sequence[AnnotationSet], path: Path) -> tuple[Path, ...]:
        """Write the table. Raises ``Unsupported`` without pyarrow, ``FormatError`` naming the object."""
        parquet = _parquet(path)
        import pyarrow

        columns, rows = rows_of(sets)
        arrays = {column: _array([row.get(column, "") for row in rows], column) for column in columns}
        content = io.BytesIO()
        table = pyarrow.table(arrays).replace_schema_metadata(SCHEMA)
        parquet.write_table(table, content, compression="zstd", store_schema=False)
        return write_bytes(path, content.getvalue())

    def read(self, path: Path, image: AnnotatedImage | None = None) -> tuple[AnnotationSet, ...]:
        """Return the sets of a table. Raises ``Unsupported`` without pyarrow, ``FormatError`` for what is none."""
        return sets_of(_read(path), path, image)


def _parquet(path: Path) -> Any:
    try:
        from pyarrow import parquet
    except ImportError as error:
        what, hint = "Parquet needs pyarrow, which is not installed", "pip install 'napari-idr[parquet]', or use .csv"
        raise Unsupported(what, path.name, hint) from error
    return parquet


def _array(cells: list[str], column: str) -> Any:
    """Return a column of the type it has: whole numbers, numbers, truth values or texts; empty is null."""
    import pyarrow

    if column in WHOLE:
        return pyarrow.array([int(cell) if cell else None for cell in cells], pyarrow.int64())
    if column in NUMBER_COLUMNS:
        return pyarrow.array([float(cell) if cell else None for cell in cells], pyarrow.float64())
    return _feature_array(cells) if column.startswith(FEATURE) else pyarrow.array(cells, pyarrow.string())


def _feature_array(cells: list[str]) -> Any:
    """Return the values of a feature; as texts where their type would change them."""
    import pyarrow

    values = [value_of(cell) if cell else None for cell in cells]
    kinds = {type(value) for value in values if value is not None}
    types = {bool: pyarrow.bool_(), int: pyarrow.int64(), float: pyarrow.float64()}
    kind = float if kinds == {int, float} else next(iter(kinds)) if len(kinds) == 1 else str
    if kind is float:
        values = [None if value is None else float(value) for value in values]
    unchanged = [value_text(value) for value in values] == cells
    return pyarrow.array(values, types[kind]) if kind in types and unchanged else pyarrow.array(cells, pyarrow.string())


def _read(path: Path) -> list[Row]:
    parquet, content = _parquet(path), read_bytes(path)
    import pyarrow

    try:
        file = parquet.ParquetFile(io.BytesIO(content))
        if file.metadata.num_rows > MOST_ROWS:
            raise FormatError("The table has too many rows", path.name, "split it")
        columns = file.read().to_pydict()
    except (pyarrow.ArrowException, OSError, ValueError, UnicodeDecodeError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError("It is no Parquet file that can be read", path.name, HINT, rule=str(error)[:80]) from error
    missing = [column for column in NEEDED if column not in columns]
    if missing:
        raise FormatError(f"The column {missing[0]} is missing", path.name, HINT)
    count = len(next(iter(columns.values())))
    return [{column: _cell(values[number]) for column, values in columns.items()} for number in range(count)]


def _cell(value: Any) -> str:
    """Return a value as the cell of CSV that it is."""
    if isinstance(value, bool | int | float | str) or value is None:
        return value if isinstance(value, str) else value_text(value)
    return str(value)


FORMAT = RoisParquet()
