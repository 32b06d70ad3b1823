"""The BioImage Archive's list of annotation files, and the texts of its form's section about annotations.

``Source Image`` is spelled so: the only spelling that its help and all of its ingests take. Its value is the path of
the image in the image file list of the same submission.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.errors import FormatError
from napari_idr.formats.delimited import read_table, table_text
from napari_idr.formats.model_json import time_or_none, time_text
from napari_idr.model.finding import Finding
from napari_idr.model.submission import ANNOTATION_TYPES

from .submitted_file import check_files, is_path, source_path, sources

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from napari_idr.model.submission import Submission

    from .submitted_file import SubmittedFile

COLUMNS = ("Files", "Source Image", "Annotation Type", "Transformation", "Creation Time", "Source Image URL", "SHA-256")


def bia_file_list(files: Sequence[SubmittedFile]) -> str:
    """Return the list: a row per file and source image.

    Raises ``FormatError`` for a path or type that the archive refuses. A table about several images is named with the
    first of them, since a file may have one row only.
    """
    check_files(files)
    all_sources = sources(files)
    first = next(iter(all_sources), "")
    rows = []
    for file in files:
        source = first if file.image is None else source_path(file.image)
        if not source:
            raise FormatError("No image is known that the file is about", file.path, "add the files of an image")
        rows.append(
            {
                "Files": file.path,
                "Source Image": source,
                "Annotation Type": ",".join(file.annotation_types),
                "Transformation": file.transformation,
                "Creation Time": time_text(file.created),
                "Source Image URL": all_sources[source].address,
                "SHA-256": file.sha256,
            }
        )
    return table_text(COLUMNS, rows, delimiter="\t")


def annotation_section(submission: Submission, files: Sequence[SubmittedFile], file_list: str) -> str:
    """Return the attributes of the form's section ``Annotations``, a line each: name, tab, value."""
    form = submission.form
    kinds = {kind for file in files for kind in file.annotation_types}
    said = {
        "Title": form.title,
        "Annotation Overview": form.description,
        "Annotation Type": ",".join(kind for kind in ANNOTATION_TYPES if kind in kinds),
        "Annotation Method": form.method,
        "Annotation Criteria": form.criteria,
        "Annotation Coverage": form.coverage,
        "File List": file_list,
    }
    return "".join(f"{name}\t{' '.join(value.split())}\n" for name, value in said.items())


def check_bia_file_list(path: Path, images: Collection[str] | None = None) -> tuple[Finding, ...]:
    """Return what is wrong with a list of annotation files.

    ``images`` are the paths of the image file list of the same submission, None where it is not at hand.
    """
    try:
        table = read_table(path, delimiter="\t")
    except FormatError as error:
        return (Finding("P15", "error", path.name, str(error)),)
    found = [Finding("P15", "warning", path.name, remark) for remark in table.remarks]
    if table.columns[0] != "Files":
        found.append(Finding("P25", "error", path.name, f"The first column is {table.columns[0]!r}, not Files"))
    missing = [name for name in COLUMNS[:3] if name not in table.columns]
    if missing:
        why = "the archive's ingest finds columns by their exact names"
        identifier = "P17" if "Source Image" in missing else "P25"
        return (*found, Finding(identifier, "error", path.name, f"There is no column {', '.join(missing)}", why))
    return (*found, *_row_findings(table.rows, path.name, images))


def _row_findings(rows: Sequence[Mapping[str, str]], file: str, images: Collection[str] | None) -> Iterator[Finding]:
    seen: set[str] = set()
    for number, row in enumerate(rows, 2):
        where = f"{file}, row {number}"
        if not is_path(row["Files"]):
            yield Finding("P16", "error", where, f"The archive takes no file named {row['Files']!r}", fix="rename")
        if row["Files"] in seen:
            yield Finding("P11", "error", where, f"{row['Files']} is listed twice", fix="drop-duplicate")
        seen.add(row["Files"])
        if not row["Source Image"] or (images is not None and row["Source Image"] not in images):
            why = "annotations without a source image are not linked to it"
            yield Finding(
                "P17", "error", where, f"The source image {row['Source Image']!r} is not in the image file list", why
            )
        wrong = [kind for kind in row["Annotation Type"].split(",") if kind.strip() not in ANNOTATION_TYPES]
        if wrong:
            yield Finding("P18", "error", where, f"{wrong[0]!r} is no type of annotation", "the archive refuses it")
        time = row.get("Creation Time", "")
        if "Creation Time" in row and time_or_none(time) is None:
            yield Finding("P19", "error", where, f"{time or 'Nothing'} is no creation time with a zone")
