"""What a package will hold, told before it is written: its files, what each cannot hold, and the archives' tables."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from napari_idr.formats.annotations.registry import format_of_key

from .documents import document_texts, files_to_be
from .planned_files import planned_files
from .region_files import region_paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.finding import Loss
    from napari_idr.model.submission import Submission, Target

    from .region_files import RegionFile

MOST_ROWS = 50
"""Rows of a table that are shown; counted are all."""
_DELIMITERS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}


@dataclass(frozen=True, slots=True)
class FileToBe:
    """One annotation file, and what its format cannot hold of what is written."""

    path: str
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True)
class TableToBe:
    """The beginning of one table of an archive."""

    path: str
    rows: tuple[tuple[str, ...], ...]
    """The first is the header."""
    count: int
    """Of all rows but the header."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A package before it is written."""

    files: tuple[FileToBe, ...] = ()
    tables: tuple[TableToBe, ...] = ()


def preview(submission: Submission, target: Target, regions: Sequence[RegionFile] = ()) -> Preview:
    """Return what a package of a submission and saved regions would hold. Writes nothing; sizes are blank."""
    planned = planned_files(submission, parquet=find_spec("pyarrow") is not None)
    files = tuple(FileToBe(one.path, tuple(format_of_key(one.format).losses(one.sets))) for one in planned)
    texts = document_texts(submission, target, files_to_be(submission, planned))
    ends = tuple(_DELIMITERS)
    files += tuple(FileToBe(path) for path in region_paths(regions))
    return Preview(files, tuple(_table(path, text) for path, _, text in texts if path.endswith(ends)))


def _table(path: str, text: str) -> TableToBe:
    rows = list(csv.reader(io.StringIO(text), delimiter=_DELIMITERS[path[path.rindex(".") :]]))
    return TableToBe(path, tuple(map(tuple, rows[: MOST_ROWS + 1])), max(len(rows) - 1, 0))
