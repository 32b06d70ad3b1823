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
    from collections.abc import Iterator
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
    for path, role, text in _texts(documents):
        place = documents.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", newline="\n")
        roles[path] = role
    return roles


def _texts(documents: Documents) -> Iterator[tuple[str, str, str]]:
    submission, files = documents.submission, submitted_files(documents)
    if documents.target != "bia":
        yield from _of_idr(documents, files)
    if documents.target != "idr":
        yield BIA_FILE_LIST, "bia-file-list", bia_file_list(files)
        yield "bia/annotation_section.tsv", "bia-section", annotation_section(submission, files, BIA_FILE_LIST)
        yield "bia/mifa_annotations.yaml", "mifa", mifa_yaml(submission, files)
    yield CRATE, "ro-crate", ro_crate_metadata(submission, files)
    yield CRATE_FILES, "ro-crate-file-list", ro_crate_file_list(files)


def _of_idr(documents: Documents, files: list[SubmittedFile]) -> Iterator[tuple[str, str, str]]:
    form = documents.submission.form
    study = form.accession if form.accession.startswith("idr") else "idrNNNN"
    part = f"{'screen' if form.is_screen else 'experiment'}{form.experiment}"
    stem = f"idr/{part}/{study}-{part}"
    yield f"{stem}-annotation.csv", "idr-annotation", annotation_csv(documents.submission, files)
    yield f"{stem}-processed.txt", "idr-processed", processed_table(documents.submission)
    yield (
        f"idr/{study}-study-phenotypes.txt",
        "idr-phenotypes",
        study_phenotype_block(documents.submission, f"{stem}-processed.txt"),
    )
    yield "idr/roi_import.tsv", "idr-import", roi_import_table(files)


def submitted_files(documents: Documents) -> list[SubmittedFile]:
    """Return the annotation files as the documents list them, with sizes and checksums."""
    created = documents.submission.form.created
    return [
        SubmittedFile(
            path=file.path,
            role=_ROLES.get(file.role, "table"),  # type: ignore[arg-type]
            annotation_types=file.types or ("other",),
            image=file.source,
            size=(documents.folder / file.path).stat().st_size,
            sha256=sha256_of(documents.folder / file.path),
            created=created,
        )
        for file in documents.files
    ]
