"""A submission with files, as the documents that list them get it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from labelled_sets import CARBERRY, ROUND, WHEN, drawn_object, image, labelled_set, rich_object
from napari_idr.formats.documents.submitted_file import SubmittedFile
from napari_idr.model.annotation_set import ImageStatement
from napari_idr.model.annotator import Annotator
from napari_idr.model.ontology import OntologyTerm, Phenotype
from napari_idr.model.submission import Submission, SubmissionForm

if TYPE_CHECKING:
    from pathlib import Path

LARGE = OntologyTerm("CMPO_0000128", "increased cell size phenotype", definition="Cells are larger.")


def form(**changes: Any) -> SubmissionForm:
    facts: dict[str, Any] = {
        "title": "Nuclei of blastocysts",
        "description": "Nuclei drawn by hand on images of idr0062",
        "accession": "idr0062",
        "organism": "Mus musculus",
        "organism_accession": "NCBITaxon_10090",
        "authors": (CARBERRY, Annotator("Cher")),
        "license": "CC BY 4.0",
        "method": "Drawn by one person,\nreviewed by another",
        "criteria": "in focus",
        "coverage": "2 of 45 images",
        "keywords": ("segmentation",),
        "created": WHEN,
    }
    return SubmissionForm(**(facts | changes))


def submission(**changes: Any) -> Submission:
    """Two images of an experiment: one with phenotypes of objects, one with a phenotype of its own."""
    other = image(
        image_id="6001248", name="B1_C2.tif", address="https://idr.openmicroscopy.org/webclient/?show=image-6001248"
    )
    first = labelled_set(
        objects=(rich_object(1), replace(drawn_object(), phenotypes=(Phenotype("Large, spread", LARGE),)))
    )
    second = labelled_set(
        image=other,
        labels=(),
        objects=(),
        statements=(
            ImageStatement(on="image", phenotype=Phenotype("round", ROUND)),
            ImageStatement(on="image", phenotype=Phenotype("round", LARGE)),
            ImageStatement(on="study", phenotype=Phenotype("rare")),
        ),
    )
    bare = labelled_set(
        image=replace(other, image_id="9", name="B1_C3.tif", address="B1_C3.tif"), labels=(), objects=()
    )
    facts: dict[str, Any] = {"form": form(), "sets": (first, second, bare)}
    return Submission(**(facts | changes))


def submitted_files(folder: Path | None = None) -> tuple[SubmittedFile, ...]:
    """Three files, made in a folder where one is given."""
    first, second = (one.image for one in submission().sets[:2])
    wanted = (
        ("annotations/rois/6001247__B1_C1.rois.ome.xml", "rois", ("geometrical_annotations", "class_labels"), first),
        ("annotations/labels/6001247__B1_C1__nuclei.labels.ome.tif", "labels", ("segmentation_mask",), first),
        ("annotations/rois/6001248__B1_C2.rois.ome.xml", "rois", ("point_annotations",), second),
        ("annotations/tables/rois.csv", "table", ("class_labels",), None),
    )
    files = []
    for path, role, kinds, owner in wanted:
        data = path.encode()
        if folder is not None:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        files.append(
            SubmittedFile(
                path=path, role=role, annotation_types=kinds, image=owner, size=len(data), sha256=digest, created=WHEN
            )
        )
    return tuple(files)
