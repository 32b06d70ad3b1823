"""The IDR's ``annotation.csv`` and the table of processed data that its curators make it from.

Phenotypes hang on images and wells there, never on ROIs: those of objects are gathered, and ``Phenotype Annotation
Level`` says at which level. Each is a triple, phenotype with term name and term accession, all three or the first only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from napari_idr.errors import FormatError
from napari_idr.formats.delimited import read_table, table_text
from napari_idr.model.annotation_set import ImageStatement
from napari_idr.model.finding import Finding
from napari_idr.model.ontology import OntologyTerm, Phenotype

from .idr_rows import EXPERIMENT, SCREEN, idr_rows, joined
from .study_phenotypes import count_objects, image_phenotypes, study_phenotypes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from napari_idr.formats.delimited import Table
    from napari_idr.model.annotation_set import AnnotatedImage
    from napari_idr.model.submission import Submission

    from .idr_rows import IdrRow
    from .study_phenotypes import StudyPhenotype
    from .submitted_file import SubmittedFile

HAS_PHENOTYPE = "Has Phenotype"
LEVEL = "Phenotype Annotation Level"
ORGANISM = "Characteristics [Organism]"
_PHENOTYPE = re.compile(r"Phenotype \d+")
SUFFIXES = ("", " a", " b", " c", " d")
"""After the name of the columns of a term: nothing where a phenotype has one, letters where it has several."""


def annotation_csv(submission: Submission, files: Sequence[SubmittedFile] = ()) -> str:
    """Return ``annotation.csv``: a row for each image or well with organism, files of annotations and phenotypes.

    Raises
    ------
    FormatError
        Where the organism is missing, or an image cannot be found by the IDR.
    """
    form = submission.form
    if not form.organism or not form.organism_accession:
        raise FormatError("The IDR needs the organism", form.title, "fill in its name and accession", key=ORGANISM)
    rows = idr_rows(submission)
    phenotypes = study_phenotypes(submission.sets)
    columns = [
        *(SCREEN if form.is_screen else EXPERIMENT),
        ORGANISM,
        "Term Source 1 REF",
        "Term Source 1 Accession",
        "Comment [Annotation File]",
        "Comment [Annotation Type]",
        "Comment [Annotation Method]",
        *_phenotype_columns(phenotypes),
    ]
    organism = {
        ORGANISM: form.organism,
        "Term Source 1 REF": form.organism_accession.partition("_")[0],
        "Term Source 1 Accession": form.organism_accession,
    }
    level = "well" if form.is_screen else "image"
    cells = [
        {**dict(row.keys), **organism, **_files(row, files, form.method), **_marks(row, phenotypes, level)}
        for row in rows
    ]
    return table_text(columns, [{name: text.strip() for name, text in row.items()} for row in cells])


def processed_table(submission: Submission) -> str:
    """Return the table of processed data, between tabs: objects by class and phenotype, per image or well."""
    form = submission.form
    phenotypes = study_phenotypes(submission.sets)
    classes = sorted({one.object_class for each in submission.sets for one in each.objects if one.object_class})
    rows = []
    for row in idr_rows(submission):
        objects = [one for each in row.sets for one in each.objects]
        counts = {"Number of Objects": len(objects)}
        counts |= {f"Number of Objects [{name}]": sum(one.object_class == name for one in objects) for name in classes}
        for phenotype in phenotypes:
            counts[f"Number of Objects With {phenotype.name}"] = count_objects(row.sets, phenotype.name)
        marks = _marks(row, phenotypes, "well" if form.is_screen else "image")
        plain = {name: text for name, text in marks.items() if " Term " not in name}
        rows.append({**dict(row.keys), **{name: str(count) for name, count in counts.items()}, **plain})
    columns = list(dict.fromkeys(column for row in rows for column in row))
    marked = [HAS_PHENOTYPE, LEVEL, *(f"Phenotype {number}" for number in range(1, len(phenotypes) + 1))]
    return table_text(
        [*(column for column in columns if column not in marked), *(marked if phenotypes else [])], rows, delimiter="\t"
    )


def _phenotype_columns(phenotypes: Sequence[StudyPhenotype]) -> Iterator[str]:
    if not phenotypes:
        return
    yield from (HAS_PHENOTYPE, LEVEL)
    for number, phenotype in enumerate(phenotypes, 1):
        yield f"Phenotype {number}"
        for suffix in _suffixes(phenotype):
            yield f"Phenotype {number} Term Name{suffix}"
            yield f"Phenotype {number} Term Accession{suffix}"


def _suffixes(phenotype: StudyPhenotype) -> tuple[str, ...]:
    count = len(phenotype.terms)
    if count > len(SUFFIXES) - 1:
        what = f"The phenotype is mapped to {count} terms, the IDR takes {len(SUFFIXES) - 1}"
        raise FormatError(what, phenotype.name, "split the phenotype")
    return SUFFIXES[:count] if count <= 1 else SUFFIXES[1 : count + 1]


def _marks(row: IdrRow, phenotypes: Sequence[StudyPhenotype], level: str) -> dict[str, str]:
    """Return the cells of the phenotypes that a row has."""
    there = image_phenotypes(row.sets)
    if not there:
        return {}
    cells = {HAS_PHENOTYPE: "yes", LEVEL: level}
    for number, phenotype in enumerate(phenotypes, 1):
        if phenotype.name not in there:
            continue
        cells[f"Phenotype {number}"] = phenotype.name
        for suffix, term in zip(_suffixes(phenotype), phenotype.terms, strict=True):
            cells[f"Phenotype {number} Term Name{suffix}"] = term.label
            cells[f"Phenotype {number} Term Accession{suffix}"] = term.accession
    return cells


def _files(row: IdrRow, files: Sequence[SubmittedFile], method: str) -> dict[str, str]:
    keys = {image.key for image in row.images}
    own = [file for file in files if file.image is not None and file.image.key in keys]
    if not own:
        return {}
    return {
        "Comment [Annotation File]": joined([file.path for file in own]),
        "Comment [Annotation Type]": joined([kind for file in own for kind in file.annotation_types]),
        "Comment [Annotation Method]": method,
    }


def read_idr_annotation(path: Path, image: AnnotatedImage) -> tuple[tuple[ImageStatement, ...], tuple[str, ...]]:
    """Return what an ``annotation.csv`` says of an image or of its well, and remarks about the file.

    Raises ``FormatError`` where it has no columns to find an image by, or no row for this one.
    """
    table = read_table(path)
    keys = _key_columns(table, path)
    wanted = (image.plate, _well(image.well)) if keys == SCREEN else (image.dataset, image.name)
    rows = [row for row in table.rows if _key(row, keys) == wanted]
    if len(rows) != 1:
        what = f"It has {len(rows)} rows for {' / '.join(wanted)}"
        raise FormatError(what, path.name, "open the image that it is about")
    on: Literal["image", "well"] = "well" if keys == SCREEN else "image"
    found = [ImageStatement(on=on, phenotype=phenotype) for phenotype in _phenotypes(rows[0])]
    return tuple(found), table.remarks


def _key_columns(table: Table, path: Path) -> tuple[str, str]:
    for keys in (SCREEN, EXPERIMENT):
        if set(keys) <= set(table.columns):
            return keys
    raise FormatError("It has neither Plate and Well nor Dataset Name and Image Name", path.name, "check the header")


def _key(row: Mapping[str, str], keys: tuple[str, str]) -> tuple[str, str]:
    first, second = (row[key] for key in keys)
    return first, _well(second) if keys == SCREEN else second


def _well(name: str) -> str:
    """Return a well's name without zeros: A01 and A1 are one."""
    match = re.fullmatch(r"([A-Za-z]+)0*(\d+)", name.strip())
    return f"{match[1].upper()}{match[2]}" if match else name


def _phenotypes(row: Mapping[str, str]) -> Iterator[Phenotype]:
    """Yield the phenotypes of a row, one for each term."""
    for column in row:
        if not _PHENOTYPE.fullmatch(column) or not row[column]:
            continue
        terms: list[OntologyTerm | None] = [
            OntologyTerm(row[f"{column} Term Accession{suffix}"], row[f"{column} Term Name{suffix}"])
            for suffix in SUFFIXES
            if row.get(f"{column} Term Accession{suffix}") and f"{column} Term Name{suffix}" in row
        ]
        yield from (Phenotype(row[column], term) for term in terms or [None])


def check_idr_annotation(path: Path, labels: Mapping[str, str] | None = None) -> tuple[Finding, ...]:
    """Return what is wrong with an ``annotation.csv``.

    Parameters
    ----------
    path
        Of the file.
    labels
        What an ontology calls its terms, by accession; only accessions with a prefix that occurs here are looked up.
    """
    try:
        table = read_table(path)
        keys = _key_columns(table, path)
    except FormatError as error:
        return (Finding("P15", "error", path.name, str(error)),)
    return tuple(_findings(table, keys, path.name, labels or {}))


def _findings(table: Table, keys: tuple[str, str], file: str, labels: Mapping[str, str]) -> Iterator[Finding]:
    yield from (
        Finding("P15", "error", file, remark, "the IDR's loader reads another file then") for remark in table.remarks
    )
    if not any(row.get(ORGANISM) for row in table.rows):  # rows of empty wells have none
        yield Finding("P25", "error", file, f"{ORGANISM} is missing or never filled in", "the IDR requires it")
    if (HAS_PHENOTYPE in table.columns) != (LEVEL in table.columns):
        yield Finding("P25", "error", file, f"{HAS_PHENOTYPE} and {LEVEL} belong together")
    seen: set[tuple[str, str]] = set()
    for number, row in enumerate(table.rows, 2):
        where = f"{file}, row {number}"
        key = _key(row, keys)
        if key in seen or not all(key):
            yield Finding(
                "P11", "error", where, f"{' / '.join(key)} is there twice, or is empty", "rows find images by it"
            )
        seen.add(key)
        spaces = [name for name, cell in row.items() if cell != cell.strip()]
        if spaces:
            yield Finding("P15", "error", where, f"{spaces[0]} begins or ends with a space", "it becomes another value")
        yield from _row_findings(row, where, labels)


def _row_findings(row: Mapping[str, str], where: str, labels: Mapping[str, str]) -> Iterator[Finding]:
    columns = [column for column in row if _PHENOTYPE.fullmatch(column)]
    if (row.get(HAS_PHENOTYPE, "") == "yes") != any(row[column] for column in columns):
        yield Finding("P12", "error", where, f"{HAS_PHENOTYPE} says otherwise than the phenotypes")
    if row.get(HAS_PHENOTYPE, "") not in ("", "yes"):
        yield Finding("P12", "error", where, f"{HAS_PHENOTYPE} is {row[HAS_PHENOTYPE]!r}, not yes or empty")
    prefixes = {accession.partition("_")[0] for accession in labels}
    for column in columns:
        for suffix in SUFFIXES:
            name, accession = (row.get(f"{column} Term {part}{suffix}", "") for part in ("Name", "Accession"))
            if bool(name) != bool(accession) or (accession and not row[column]):
                yield Finding(
                    "P12", "error", where, f"{column}{suffix} has a part of phenotype, term name and accession"
                )
            elif accession.partition("_")[0] in prefixes and labels.get(accession) != name:
                known = labels.get(accession)
                what = f"{accession} is called {known!r}, not {name!r}" if known else f"There is no term {accession}"
                yield Finding("P12", "error", where, what, "the IDR copies names verbatim", "fill-accession")
