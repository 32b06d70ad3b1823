"""Tables of texts between commas or tabs: written exactly, and read with an eye on what spreadsheets do to them.

Written: UTF-8 without a byte order mark, LF, one header. Read: whatever a spreadsheet saved, with a remark about it;
what cannot be placed without guessing is refused with its row.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.errors import AccessDenied, FormatError, NotFound

from .ome_xml import xml_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

Row = dict[str, str]

LARGEST = 256 << 20
"""Bytes of a table that is still read."""
LONGEST_CELL = 32 << 20
HINT = "save it as UTF-8 text again"
NAMES = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)"
MANGLED = re.compile(
    rf"\d{{1,2}}-{_MONTH}(?:-\d{{2,4}})?|{_MONTH}-\d{{2}}|\d(?:\.\d+)?E\+\d{{2,}}"
    r"|\d{4}-\d\d-\d\d 00:00:00|#(?:NAME|REF|VALUE|N/A|DIV/0)[?!]?"
)
"""What a spreadsheet makes of SEPT1, 1/4, a long number or a text that begins with a minus sign."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns, rows of texts by column, and sentences about what is odd."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    remarks: tuple[str, ...] = ()


def read_table(path: Path, *, delimiter: str = ",", comment: str = "", needed: Sequence[str] = ()) -> Table:
    """Return the table of a file.

    Parameters
    ----------
    path
        Of the file.
    delimiter
        The one it should have; where another one plainly is there, that is taken and said.
    comment
        What the first line may begin with to be no row of the table.
    needed
        Columns without which it is another table.

    Raises
    ------
    NotFound, AccessDenied
        Where the file cannot be opened.
    FormatError
        Where it is no UTF-8 text, too large, or its header or a row does not fit.
    """
    data = _bytes(path)
    remarks = []
    if data.startswith(b"\xef\xbb\xbf"):
        remarks.append(f"{path.name} begins with a byte order mark.")
    if b"\r" in data:
        remarks.append(f"{path.name} has the line ends of Windows or an old Mac.")
    text = _text(data, path.name)
    if comment and text.startswith(comment):
        text = text.partition("\n")[2]
    found = _delimiter(text, delimiter)
    if found != delimiter:
        remarks.append(f"{path.name} has {NAMES[found]} where {NAMES[delimiter]} are due.")
    columns, rows = _rows(text, found, path.name)
    missing = [column for column in needed if column not in columns]
    if missing:
        raise FormatError(f"The column {missing[0]} is missing", path.name, "add it", key="row 1")
    spoilt = [cell for row in rows for cell in row if MANGLED.fullmatch(cell)]
    if spoilt:
        remarks.append(
            f"{path.name}: {len(spoilt)} cells look as if a spreadsheet had changed them, like {spoilt[0]!r}."
        )
    return Table(columns, tuple(dict(zip(columns, row, strict=True)) for row in rows), tuple(remarks))


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise NotFound("There is no such file", path.name, "check the path for a typing error") from error
    except PermissionError as error:
        raise AccessDenied("The file may not be read", path.name, "check its permissions") from error
    if len(data) > LARGEST:
        raise FormatError("The table is too large to read", path.name, "split it", rule="at most 256 MB")
    return data


def _text(data: bytes, name: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError("It is no UTF-8 text", name, HINT, rule=f"byte {error.start}") from error
    if "\0" in text:
        raise FormatError("It is no text: it holds zero bytes", name, HINT)
    return text


def _delimiter(text: str, wanted: str) -> str:
    header = next(iter(text.splitlines()), "")
    counts = {mark: header.count(mark) for mark in NAMES}
    best = max(counts, key=lambda mark: counts[mark])
    return wanted if counts[wanted] or not counts[best] else best


def _rows(text: str, delimiter: str, name: str) -> tuple[tuple[str, ...], list[list[str]]]:
    csv.field_size_limit(LONGEST_CELL)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise FormatError(f"The table cannot be read ({error})", name, HINT) from error
    rows = [(number, row) for number, row in enumerate(lines, 1) if any(cell.strip() for cell in row)]
    if not rows:
        raise FormatError("The table is empty", name, "check that it is the right file")
    columns = tuple(rows[0][1])
    double = next((column for index, column in enumerate(columns) if column in columns[:index]), None)
    if double is not None:
        raise FormatError(f"Two columns are named {double!r}", name, "rename one of them", key="row 1")
    for number, row in rows[1:]:
        if len(row) != len(columns):
            what = f"A row has {len(row)} cells, the header {len(columns)}"
            raise FormatError(what, name, "look for a comma or a quote too many", key=f"row {number}")
    return columns, [row for _, row in rows[1:]]


def table_text(columns: Sequence[str], rows: Iterable[Mapping[str, str]], *, delimiter: str = ",") -> str:
    """Return a table as text, cells that are missing empty.

    Between tabs nothing is quoted, since whoever reads such tables splits at tabs: white space in cells is one space.
    """
    lines = [list(columns), *([row.get(column, "") for column in columns] for row in rows)]
    if delimiter == "\t":
        return "".join("\t".join(" ".join(cell.split()) for cell in line) + "\n" for line in lines)
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(
        [xml_text(cell) for cell in line] for line in lines
    )
    return text.getvalue()


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]], *, delimiter: str = ",") -> None:
    """Write a table; see ``table_text``."""
    path.write_text(table_text(columns, rows, delimiter=delimiter), encoding="utf-8", newline="")
