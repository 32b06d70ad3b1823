"""The tables and documents of a package that list its annotation files: the IDR's, and the BioImage Archive's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.formats.documents.bia_file_list import annotation_section, bia_file_list
from napari_idr.formats.documents.idr_annotation import annotation_csv, processed_table
from napari_idr.formats.documents.idr_study import roi_import_table, study_phenotype_block
from napari_idr.formats.documents.mifa import mifa_yaml
from napari_idr.formats.documents.ro_crate import ro_crate_file_list, ro_crate_metadata
from napari_idr.formats.documents.submitted_file import SubmittedFile

from .checksums import sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from napari_idr.model.submission import Submission, Target

    from .planned_files import PlannedFile

BIA_FILE_LIST = "bia/file_list_annotations.tsv"
CRATE, CRATE_FILES = "ro-crate-metadata.json", "file_list.tsv"
_ROLES = {"label-image": "labels", "idr-rois": "rois", "idr-masks": "rois", "qupath-rois": "rois"}


@dataclass(frozen=True, slots=True)
class Documents:
    """What the documents of a package are about."""

    submission: Submission
    target: Target
    files: tuple[PlannedFile, ...]
    folder: Path
    """Where the files are already."""


def write_documents(documents: Documents) -> dict[str, str]:
    """Write the documents that a target wants, and return their roles by relative path."""
    roles = {}
    for path, role, text in document_texts(documents.submission, documents.target, submitted_files(documents)):
        place = documents.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", newline="\n")
        roles[path] = role
    return roles


def document_texts(
    submission: Submission, target: Target, files: list[SubmittedFile]
) -> Iterator[tuple[str, str, str]]:
    """Yield path, role and text of each document that a target wants."""
    if target != "bia":
        yield from _of_idr(submission, files)
    if target != "idr":
        yield BIA_FILE_LIST, "bia-file-list", bia_file_list(files)
        yield "bia/annotation_section.tsv", "bia-section", annotation_section(submission, files, BIA_FILE_LIST)
        yield "bia/mifa_annotations.yaml", "mifa", mifa_yaml(submission, files)
    yield CRATE, "ro-crate", ro_crate_metadata(submission, files)
    yield CRATE_FILES, "ro-crate-file-list", ro_crate_file_list(files)


def _of_idr(submission: Submission, files: list[SubmittedFile]) -> Iterator[tuple[str, str, str]]:
    form = submission.form
    study = form.accession if form.accession.startswith("idr") else "idrNNNN"
    part = f"{'screen' if form.is_screen else 'experiment'}{form.experiment}"
    stem = f"idr/{part}/{study}-{part}"
    yield f"{stem}-annotation.csv", "idr-annotation", annotation_csv(submission, files)
    yield f"{stem}-processed.txt", "idr-processed", processed_table(submission)
    block = study_phenotype_block(submission, f"{stem}-processed.txt")
    yield f"idr/{study}-study-phenotypes.txt", "idr-phenotypes", block
    yield "idr/roi_import.tsv", "idr-import", roi_import_table(files)


def submitted_files(documents: Documents) -> list[SubmittedFile]:
    """Return the annotation files as the documents list them, with sizes and checksums."""
    created, folder = documents.submission.form.created, documents.folder
    return [
        _submitted(file, created, (folder / file.path).stat().st_size, sha256_of(folder / file.path))
        for file in documents.files
    ]


def files_to_be(submission: Submission, files: Iterable[PlannedFile]) -> list[SubmittedFile]:
    """Return annotation files as the documents will list them, before they are there: sizes and checksums are blank."""
    return [_submitted(file, submission.form.created, 0, "") for file in files]


def _submitted(file: PlannedFile, created: datetime | None, size: int, sha256: str) -> SubmittedFile:
    return SubmittedFile(
        path=file.path,
        role=_ROLES.get(file.role, "table"),  # type: ignore[arg-type]
        annotation_types=file.types or ("other",),
        image=file.source,
        size=size,
        sha256=sha256,
        created=created,
    )
