"""Checks of the form and of what every image must say: P02, P14, P18, P19, P25. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.model.annotator import is_orcid
from napari_idr.model.submission import ANNOTATION_TYPES, LICENSES

from .checks_texts import private_text
from .finding_makers import about_all, about_image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet
    from napari_idr.model.annotator import Annotator
    from napari_idr.model.finding import Finding
    from napari_idr.model.submission import SubmissionForm, Target

FORM = "the form"


def check_form(form: SubmissionForm, target: Target) -> Iterator[Finding]:
    """Yield what the form lacks."""
    for kind in form.method_types:
        if kind not in ANNOTATION_TYPES:
            what = f"{kind} is no annotation type, choose one of {', '.join(ANNOTATION_TYPES)}"
            yield about_all("P18", FORM, what)
    if not any(author.name.strip() for author in form.authors):
        yield about_all("P19", FORM, "nobody is named as annotator")
    for author in form.authors:
        yield from _check_author(author)
    if form.license not in LICENSES:
        named = f"the licence {form.license} is not accepted" if form.license else "no licence is chosen"
        yield about_all("P19", FORM, f"{named}, choose {' or '.join(LICENSES)}")
    if not form.method.strip():
        yield about_all("P19", FORM, "nothing says how the annotations were made")
    if form.created is None:
        yield about_all("P19", FORM, "the time of creation is missing")
    yield from _check_required(form, target)
    for name in ("title", "description", "method", "criteria", "coverage"):
        found = private_text(getattr(form, name))
        if found:
            yield about_all("P23", FORM, f"the {name} holds {found}", warning=True)


def _check_author(author: Annotator) -> Iterator[Finding]:
    if author.orcid and not is_orcid(author.orcid):
        yield about_all("P19", FORM, f"{author.orcid} is no ORCID iD: its check digit is wrong")
    elif not author.orcid:
        yield about_all("P19", FORM, f"the ORCID iD of {author.name or 'an annotator'} is missing")


def _check_required(form: SubmissionForm, target: Target) -> Iterator[Finding]:
    """Yield P25: what each archive's tables require."""
    if not form.organism.strip():
        yield about_all("P25", FORM, "the organism is missing (Characteristics [Organism])")
    if target != "bia" and not form.organism_accession.strip():
        yield about_all("P25", FORM, "the accession of the organism is missing (Term Source 1 Accession)")
    if not form.title.strip():
        yield about_all("P25", FORM, "the title is missing")
    if target != "idr" and not form.description.strip():
        yield about_all("P25", FORM, "the description is missing")


def check_image(annotations: AnnotationSet, form: SubmissionForm, target: Target) -> Iterator[Finding]:
    """Yield what an annotated image does not say: P02, P14, P19 and P25."""
    image = annotations.image
    yield from _check_plate(image, form)
    yield from _check_pixel_size(image, target)
    if target != "bia":
        yield from _check_rows(image, form)
    late = sum(one.created is None for one in annotations.objects)
    if late:
        yield about_image("P19", image, f"{late} objects have no time of creation")


def _check_plate(image: AnnotatedImage, form: SubmissionForm) -> Iterator[Finding]:
    if not (image.plate or image.well or form.is_screen):
        return
    missing = [name for name in ("plate", "well", "field") if not getattr(image, name)]
    if missing:
        yield about_image("P02", image, f"the image does not name its {' and '.join(missing)}")


def _check_pixel_size(image: AnnotatedImage, target: Target) -> Iterator[Finding]:
    wanted = ("x", "y", "z") if image.size_z > 1 else ("x", "y")
    without = [axis for axis in wanted if (one := image.spacing_of(axis)) is None or one.unit is None]
    if without:
        what = f"the size of a pixel along {', '.join(without)} has no unit; state it if you know it"
        yield about_image("P14", image, what, warning=target == "idr")


def _check_rows(image: AnnotatedImage, form: SubmissionForm) -> Iterator[Finding]:
    """Yield P25 for what a row of the IDR's annotation table is found by."""
    if form.is_screen or image.plate or image.well:
        return
    missing = [name for name, value in (("dataset", image.dataset), ("image name", image.name)) if not value]
    if missing:
        yield about_image("P25", image, f"the {' and the '.join(missing)} of the image is missing")
