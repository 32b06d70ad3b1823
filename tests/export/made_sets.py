"""A submission with nothing wrong, to be spoilt one thing at a time."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
from known_terms import ROUND

from napari_idr.model.annotation import Ellipse, Point, Polygon, Rectangle
from napari_idr.model.annotation_set import (
    AnnotatedImage,
    AnnotatedObject,
    AnnotationSet,
    LabelImage,
    LabelPlace,
    Spacing,
)
from napari_idr.model.annotator import Annotator
from napari_idr.model.ontology import Phenotype
from napari_idr.model.submission import Submission, SubmissionForm

WHEN = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
CARBERRY = Annotator("Josiah Carberry", "0000-0002-1825-0097")
MICROMETRES = tuple((axis, Spacing(0.25, "micrometer")) for axis in "xyz")


def image(**changes: object) -> AnnotatedImage:
    made = AnnotatedImage(
        address="https://idr.openmicroscopy.org/webclient/?show=image-6001247",
        name="B1_C1.tif",
        repository="idr",
        accession="idr0062",
        image_id="6001247",
        container="idr0062-blin-nuclearsegmentation/experimentA",
        dataset="Blastocysts",
        size_x=96,
        size_y=64,
        size_z=3,
        dtype="uint16",
        spacing=MICROMETRES,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def region(uuid: str, shape: object = None, **changes: object) -> AnnotatedObject:
    made = AnnotatedObject(
        uuid=uuid,
        name=f"cell {uuid}",
        shapes=(shape or Rectangle(x=10.5, y=12.25, width=20, height=9, z=1, t=0),),  # type: ignore[arg-type]
        object_class="cell",
        phenotypes=(Phenotype("round nuclei", ROUND),),
        annotator=CARBERRY,
        created=WHEN,
        modified=WHEN,
        layer="cells",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def nuclei() -> tuple[LabelImage, tuple[AnnotatedObject, ...]]:
    pixels = np.zeros((3, 64, 96), np.uint16)
    pixels[0, 10:20, 10:30], pixels[1:, 40:50, 50:60] = 1, 2
    objects = tuple(
        region(f"n{value}", name=f"nucleus {value}", label=LabelPlace("nuclei", value), shapes=(), layer="nuclei")
        for value in (1, 2)
    )
    return LabelImage(name="nuclei", axes=("z", "y", "x"), pixels=pixels), objects


def good_set(**changes: object) -> AnnotationSet:
    labels, objects = nuclei()
    shapes = (
        region("a"),
        region("b", Ellipse(x=40, y=30, radius_x=8, radius_y=5, z=0)),
        region("c", Polygon(points=((50, 10), (70.25, 12), (60, 30.5)), z=2)),
        region("d", Point(x=5.5, y=6.5)),
    )
    made = AnnotationSet(image=image(), objects=(*shapes, *objects), labels=(labels,))
    return replace(made, **changes)  # type: ignore[arg-type]


def good_form(**changes: object) -> SubmissionForm:
    made = SubmissionForm(
        title="Nuclei of blastocysts",
        description="Outlines of nuclei and cells, drawn by hand.",
        accession="idr0062",
        organism="Mus musculus",
        organism_accession="NCBITaxon_10090",
        authors=(CARBERRY,),
        license="CC BY 4.0",
        method="Drawn by hand in napari.",
        method_types=("geometrical_annotations", "segmentation_mask"),
        criteria="All nuclei in focus.",
        coverage="One image.",
        keywords=("nuclei",),
        funding="None.",
        created=WHEN,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def good(**changes: object) -> Submission:
    return replace(Submission(form=good_form(), sets=(good_set(),)), **changes)  # type: ignore[arg-type]
