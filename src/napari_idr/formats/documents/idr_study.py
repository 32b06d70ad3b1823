"""What a curator of the IDR pastes into the study file, and how the ROI files are loaded."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from napari_idr.formats.delimited import read_table, table_text

from .idr_rows import EXPERIMENT, SCREEN
from .study_phenotypes import study_phenotypes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_idr.model.submission import Submission

    from .study_phenotypes import StudyPhenotype
    from .submitted_file import SubmittedFile

IMPORT_COLUMNS = ("image_id", "file", "command")


def study_phenotype_block(submission: Submission, processed_file: str = "") -> str:
    """Return the lines about phenotypes and processed data of a study file, between tabs, a phenotype per column.

    A phenotype that is mapped to two terms has both under each other, with three further lines.
    """
    phenotypes = study_phenotypes(submission.sets)
    lines = [["# Phenotypes"]] if phenotypes else []
    if phenotypes:
        lines.append(["Phenotype Name", *(one.name for one in phenotypes)])
        lines.append(["Phenotype Description", *(_description(one) for one in phenotypes)])
        lines.append(["Phenotype Score Type", *("manual" for _ in phenotypes)])
        for number in range(max(1, *(len(one.terms) for one in phenotypes))):
            lines += _term_lines(phenotypes, number)
    if processed_file:
        lines += _processed_lines(submission, processed_file)
    return "".join("\t".join(" ".join(cell.split()) for cell in line).rstrip("\t") + "\n" for line in lines)


def _term_lines(phenotypes: Sequence[StudyPhenotype], number: int) -> list[list[str]]:
    terms = [one.terms[number] if number < len(one.terms) else None for one in phenotypes]
    return [
        ["Phenotype Term Source REF", *("" if term is None else term.ontology for term in terms)],
        ["Phenotype Term Name", *("" if term is None else term.label for term in terms)],
        ["Phenotype Term Accession", *("" if term is None else term.accession for term in terms)],
    ]


def _description(phenotype: StudyPhenotype) -> str:
    return next((term.definition for term in phenotype.terms if term.definition), "seen by the annotators")


def _processed_lines(submission: Submission, file: str) -> list[list[str]]:
    from .idr_annotation import processed_table

    columns = processed_table(submission).partition("\n")[0].split("\t")
    form = submission.form
    level = "well" if form.is_screen else "image"
    keys = SCREEN if form.is_screen else EXPERIMENT
    link = (
        "Processed Data Column Link To Library File" if form.is_screen else "Processed Data Column Link To Assay File"
    )
    data = [column not in keys for column in columns]
    return [
        ["# Processed Data Files"],
        ["Processed Data File Name", file],
        ["Processed Data File Format", "tab-delimited text"],
        ["Processed Data File Description", f"Annotations counted per {level}"],
        ["Processed Data Column Name", *columns],
        ["Processed Data Column Type", *(_type(column, keys) for column in columns)],
        ["Processed Data Column Annotation Level", *(level if one else "" for one in data)],
        [
            "Processed Data Column Description",
            *(column if one else "" for column, one in zip(columns, data, strict=True)),
        ],
        [link, *keys],
    ]


def _type(column: str, keys: Sequence[str]) -> str:
    if column in keys:
        return {"Plate": "plate", "Well": "well"}.get(column, "location")
    return "phenotype" if column.startswith(("Phenotype", "Has Phenotype")) else "data"


def roi_import_table(files: Sequence[SubmittedFile]) -> str:
    """Return, between tabs, the id of each image, its file of ROIs, and the command that loads it into OMERO."""
    rows = [
        {"image_id": file.image.image_id, "file": file.path, "command": _command(file.image.image_id, file.path)}
        for file in files
        if file.role == "rois" and file.image is not None and file.path.endswith(".ome.xml") and file.image.image_id
    ]
    return table_text(IMPORT_COLUMNS, rows, delimiter="\t")


def _command(image_id: str, path: str) -> str:
    return shlex.join(["ome-omero-roitool", "import", image_id, path])


def read_roi_import(path: Path) -> tuple[tuple[str, str], ...]:
    """Return image id and file of each row. Raises ``FormatError`` where a column is missing."""
    from napari_idr.errors import FormatError

    table = read_table(path, delimiter="\t")
    missing = [column for column in IMPORT_COLUMNS[:2] if column not in table.columns]
    if missing:
        raise FormatError(f"It has no column {missing[0]}", path.name, "write it again")
    return tuple((row["image_id"], row["file"]) for row in table.rows)
