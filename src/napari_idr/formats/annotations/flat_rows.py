"""Tables of annotations: columns of text, read from and written as CSV that spreadsheets have not spoilt.

UTF-8 without byte order mark, LF, "." as decimal point, comma as delimiter. What a spreadsheet made of it (a byte order
mark, CR, semicolons or tabs) is read all the same, and said.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from napari_idr.errors import FormatError

from .files import HINT, read_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    Row = dict[str, str]

DELIMITERS = ",\t;|"
LONGEST_CELL = 32 << 20
_DATE = re.compile(
    r"\d{1,2}-(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)|\d{4}-\d\d-\d\d 00:00:00", re.IGNORECASE
)
"""What spreadsheets make of gene symbols such as SEPT1 or MARCH1."""


def csv_text(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """Return rows as CSV; a cell that is missing is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read_csv(path: Path, needed: Sequence[str]) -> tuple[list[Row], tuple[str, ...]]:
    """Return the rows of a table by column, and what is to be told about how it was read.

    Raises ``FormatError`` where a column is missing or there twice, and where a row has too many cells or too few.
    """
    text, remarks = _text(path)
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=lambda one: (first.count(one), one == ","))
    if delimiter != ",":
        remarks.append(f"The columns of {path.name} are parted by {delimiter!r}, not by commas.")
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_CELL))
    try:
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True) if line]
    except csv.Error as error:
        raise FormatError("It is no valid CSV", path.name, HINT, rule=str(error)) from error
    header = lines[0] if lines else []
    _check_header(header, needed, path)
    for number, line in enumerate(lines[1:], 2):
        if len(line) != len(header):
            what = f"A row has {len(line)} cells, not {len(header)}"
            raise FormatError(what, path.name, HINT, key=f"row {number}")
    rows = [dict(zip(header, line, strict=True)) for line in lines[1:]]
    return rows, (*remarks, *_mangled(rows, path))


def _text(path: Path) -> tuple[str, list[str]]:
    content, remarks = read_bytes(path), []
    if content.startswith(b"\xef\xbb\xbf"):
        content = content[3:]
        remarks.append(f"{path.name} begins with a byte order mark.")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(
            "The file is not UTF-8", path.name, "save it as CSV UTF-8", key=f"byte {error.start}"
        ) from error
    if "\0" in text:
        raise FormatError("It is no text", path.name, "choose a CSV file")
    if "\r\n" in text.partition("\n")[0] + "\n":
        remarks.append(f"The lines of {path.name} end with CR and LF.")
    return text, remarks


def _check_header(header: list[str], needed: Sequence[str], path: Path) -> None:
    missing = [column for column in needed if column not in header]
    if missing:
        raise FormatError(f"The column {missing[0]} is missing", path.name, HINT, key="row 1")
    twice = [column for column in header if header.count(column) > 1]
    if twice:
        raise FormatError(f"The column {twice[0][:80]} is there twice", path.name, "rename one of them", key="row 1")


def _mangled(rows: list[Row], path: Path) -> list[str]:
    """Return a remark where a spreadsheet has made dates of gene symbols."""
    for number, row in enumerate(rows, 2):
        for column, cell in row.items():
            if len(cell) < 20 and _DATE.fullmatch(cell):
                where = f"{path.name}, row {number}, column {column[:60]}"
                return [f"{cell} looks like a gene symbol that a spreadsheet took for a date ({where})."]
    return []
