"""What is submitted: annotated images, and what an archive wants to know about all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from .annotation_set import AnnotationSet
    from .annotator import Annotator

Target = Literal["idr", "bia", "both"]

ANNOTATION_TYPES = (
    "class_labels",
    "bounding_boxes",
    "counts",
    "derived_annotations",
    "geometrical_annotations",
    "graphs",
    "point_annotations",
    "segmentation_mask",
    "tracks",
    "weak_annotations",
    "other",
)
"""The values of MIFA and of the BioImage Archive's ``Annotation Type``; no other is accepted."""

LICENSES = {
    "CC BY 4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC0": "https://creativecommons.org/publicdomain/zero/1.0/",
}
"""Those an archive accepts, with their addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionForm:
    """What the annotator states once per study."""

    title: str = ""
    description: str = ""
    accession: str = ""
    """Of the study the images belong to ("idr0062"), empty where there is none yet."""
    dataset: str = ""
    """Name of the dataset of images that lie in no plate and do not name theirs."""
    organism: str = ""
    """Scientific name, as NCBI spells it."""
    organism_accession: str = ""
    """"NCBITaxon_9606"."""
    authors: tuple[Annotator, ...] = ()
    license: str = ""
    """A key of ``LICENSES``."""
    method: str = ""
    """How the annotations were made: one paragraph."""
    method_types: tuple[str, ...] = ()
    criteria: str = ""
    coverage: str = ""
    """Which images or which part of them was annotated."""
    keywords: tuple[str, ...] = ()
    funding: str = ""
    is_screen: bool = False
    """Whether the images are wells of a screen, not of an experiment."""
    experiment: str = "A"
    """Letter of the screen or experiment."""
    created: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A form and the sets of annotated images, in the order in which they are written."""

    form: SubmissionForm
    sets: tuple[AnnotationSet, ...] = ()
