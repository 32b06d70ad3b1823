"""How far reviewers agree, as rows to look at and to copy into a spreadsheet. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .agreement import Agreement
    from .reviewed import ReviewSummary

HEADERS = ("Class", "Reviewers", "Objects", "Same verdict", "Cohen's kappa", "Fleiss' kappa", "Corrected", "IoU")
EVERYBODY = "everybody"
ALL, NO_CLASS = "all classes", "no class"

Row = tuple[str, ...]


def agreement_rows(said: ReviewSummary) -> list[Row]:
    """Return a row for all classes and one per class, each followed by one per pair where three or more review.

    A number that is not defined is an empty cell.
    """
    every = said.overlaps.values()
    count = sum(objects for _, objects in every)
    mean = sum(value * objects for value, objects in every) / count if count else 0.0
    rows = list(_rows(ALL, said.overall, (mean, count), said.names))
    for name in sorted(said.per_class.keys() | said.overlaps.keys()):
        agreed = said.per_class.get(name)
        overlap = said.overlaps.get(name, (0.0, 0))
        if (agreed is not None and agreed.objects) or overlap[1]:
            rows += _rows(name or NO_CLASS, agreed, overlap, said.names)
    return rows


def _rows(label: str, one: Agreement | None, overlap: tuple[float, int], names: Mapping[str, str]) -> Iterator[Row]:
    shared, corrected = overlap
    last = (f"{corrected:,}", f"{shared:.3f}") if corrected else ("", "")
    if one is None or not one.objects:
        yield (label, EVERYBODY, "0", "", "", "", *last)
        return
    pairs = one.cohen
    if len(pairs) == 1:
        first, second, kappa, _ = pairs[0]
        who = _pair(first, second, names)
        yield (label, who, f"{one.objects:,}", _percent(one.percent), _number(kappa), _number(one.fleiss), *last)
        return
    yield (label, EVERYBODY, f"{one.objects:,}", _percent(one.percent), "", _number(one.fleiss), *last)
    for (first, second, kappa, objects), same in zip(pairs, one.same, strict=True):
        if objects:
            yield (label, _pair(first, second, names), f"{objects:,}", _percent(same), _number(kappa), "", "", "")


def table_tsv(rows: Sequence[Row]) -> str:
    """Return rows as tab-separated text with a line of headers; no cell is taken for a formula."""
    lines = [HEADERS, *(tuple(map(_inert, row)) for row in rows)]
    return "".join("\t".join(cells) + "\n" for cells in lines)


def _inert(cell: str) -> str:
    """Return a cell on one line that a spreadsheet shows as text."""
    line = " ".join(cell.split())
    return f"'{line}" if line[:1] in ("=", "+", "-", "@") and not _is_number(line) else line


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _pair(one: str, other: str, names: Mapping[str, str]) -> str:
    return " / ".join(names.get(who, who) for who in (one, other))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} %"
