"""What the submitter reads of a review: one HTML page with pictures that needs nothing else, and a table."""

from __future__ import annotations

import base64
import csv
import io
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from .pictures import COLORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, AnnotationSet

    from .agreement import Agreement
    from .reviewed import ReviewSummary

    Picture = Callable[[AnnotatedImage, AnnotatedObject], bytes | None]

SIGNS = {"accepted": "\N{CHECK MARK}", "rejected": "\N{BALLOT X}", "flagged": "?", "unreviewed": "\N{WHITE CIRCLE}"}
"""Signs that differ in form; never colour alone."""
SHOWN = ("rejected", "flagged")
MOST_PICTURES = 500
"""Pictures in one page: about 20 MB."""
HEADERS = (
    "image",
    "address",
    "object",
    "name",
    "class",
    "status",
    "reviewer",
    "orcid",
    "reviewed",
    "comment",
    "annotator",
)
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""The page runs nothing and asks nobody."""
_STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222;background:#fff}"
    "table{border-collapse:collapse}td,th{border-bottom:1px solid #ccc;padding:.4em .8em;text-align:left;"
    "vertical-align:top}img{display:block;width:192px;height:auto}.sign{font-weight:bold}"
)


@dataclass(frozen=True, slots=True)
class _Row:
    image: AnnotatedImage
    one: AnnotatedObject


def report_html(title: str, sets: Sequence[AnnotationSet], said: ReviewSummary, picture: Picture | None = None) -> str:
    """Return the page: numbers, agreement, and each object that was rejected or flagged, with its picture.

    Parameters
    ----------
    title
        Of the queue.
    sets
        Of ``reviewed.reviewed_sets``, with all statuses.
    said
        The review in numbers.
    picture
        Returns a PNG of an object, None where there is none; no pictures without.
    """
    rows = [_Row(one.image, each) for one in sets for each in one.objects if each.status in SHOWN]
    rows.sort(key=lambda row: SHOWN.index(row.one.status))
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<title>Review: {escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>Review: {escape(title)}</h1>",
        *_numbers(said),
        f"<h2>To look at again ({len(rows)})</h2>" if rows else "<p>Nothing was rejected or flagged.</p>",
    ]
    if rows:
        parts.append("<table><tr><th>Picture</th><th>Object</th><th>Verdict</th><th>Why</th></tr>")
        parts += [_line(row, picture if number < MOST_PICTURES else None) for number, row in enumerate(rows)]
        parts.append("</table>")
    return "\n".join([*parts, "</body></html>", ""])


def report_csv(sets: Sequence[AnnotationSet]) -> str:
    """Return all reviewed objects as a table for spreadsheets, a row each; no cell is taken for a formula."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(HEADERS)
    for one in sets:
        writer.writerows([_inert(cell) for cell in _cells(one.image, each)] for each in one.objects)
    return stream.getvalue()


def _cells(image: AnnotatedImage, one: AnnotatedObject) -> tuple[str, ...]:
    who = one.reviewer
    return (
        image.name,
        image.address,
        one.uuid,
        one.name,
        one.object_class,
        one.status,
        who.name if who else "",
        who.orcid if who else "",
        _when(one.reviewed),
        one.comment,
        one.annotator.name or one.annotator.orcid,
    )


def _inert(cell: str) -> str:
    """Return a cell that a spreadsheet shows as text: one that begins like a formula gets an apostrophe."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _numbers(said: ReviewSummary) -> Iterator[str]:
    total = sum(said.statuses.values())
    yield "<p>" + ", ".join(_counted(name, count, total) for name, count in said.statuses.items()) + "</p>"
    if said.reviewers:
        yield f"<p>Reviewed by {escape(', '.join(said.reviewers))}.</p>"
    if said.overall.objects:
        yield "<h2>Agreement</h2><table><tr><th>Class</th><th>Objects</th><th>Same verdict</th><th>Kappa</th></tr>"
        yield _agreed("all", said.overall)
        yield from (_agreed(name or "(no class)", one) for name, one in said.per_class.items() if one.objects)
        yield "</table>"
    for name, (shared, count) in said.overlaps.items():
        label = escape(name or "no class")
        yield f"<p>Corrected shapes, {label}: {count}, overlap with the first version {shared:.2f} (IoU).</p>"


def _counted(status: str, count: int, total: int) -> str:
    sign = f'<span class="sign" style="color:{COLORS.get(status, "#222")}">{SIGNS.get(status, "")}</span>'
    return f"{sign} {count:,} {escape(status)} ({100 * count / total:.0f} %)"


def _agreed(name: str, one: Agreement) -> str:
    kappas = [kappa for *_, kappa, _count in one.cohen if kappa is not None]
    kappa = one.fleiss if len(one.cohen) > 1 else next(iter(kappas), None)
    percent = "-" if one.percent is None else f"{one.percent:.0f} %"
    return (
        f"<tr><td>{escape(name)}</td><td>{one.objects:,}</td><td>{percent}</td>"
        f"<td>{'-' if kappa is None else f'{kappa:.2f}'}</td></tr>"
    )


def _line(row: _Row, picture: Picture | None) -> str:
    image, one = row.image, row.one
    found = picture(image, one) if picture else None
    shown = f'<img alt="" src="data:image/png;base64,{base64.b64encode(found).decode()}">' if found else ""
    who = one.reviewer
    by = escape(" ".join(filter(None, ((who.name or who.orcid) if who else "", _when(one.reviewed)))))
    verdict = f'<span class="sign" style="color:{COLORS[one.status]}">{SIGNS[one.status]} {escape(one.status)}</span>'
    name = escape(one.name or one.uuid)
    comment = escape(one.comment).replace("\n", "<br>")
    label = escape(one.object_class)
    return (
        f"<tr><td>{shown}</td><td>{name}<br>{label}<br>{_linked(image)}</td><td>{verdict}<br>{by}</td>"
        f"<td>{comment}</td></tr>"
    )


def _linked(image: AnnotatedImage) -> str:
    name = escape(image.name or image.address)
    if not image.address.lower().startswith(("http://", "https://")):
        return name
    return f'<a href="{escape(image.address)}">{name}</a>'


def _when(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(timespec="seconds").replace("+00:00", "Z")
