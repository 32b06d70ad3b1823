"""What a submission asks of a session: the images as they are now, what is there already, the terms that are known."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING

from napari_idr.errors import AddressError, NapariIdrError
from napari_idr.model.annotation_set import merge
from napari_idr.model.image import ImageMetadata, ImageReference
from napari_idr.model.ontology import OntologyTerm
from napari_idr.repositories.annotated_image import annotated_image

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from napari_idr.export.checks_terms import KnownTerms
    from napari_idr.model.annotation import Roi
    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, AnnotationSet
    from napari_idr.model.catalog import Node
    from napari_idr.model.submission import Submission
    from napari_idr.session import Session

    Say = Callable[[str], None]

ORGANISM, TAXA = "Organism", "NCBITaxon"
MOST_ASKED = 20
"""Plates and datasets whose organism is asked for."""
FILLED = ("accession", "container", "dataset", "plate", "well", "field", "license")
"""What a repository says of an image and a layer may not know."""


def known_terms(session: Session, say: Say) -> KnownTerms:
    """Return what is kept of ontologies, CMPO fetched first where it never was. Never fails: what lacks is said."""
    try:
        session.terms.prepare()
    except NapariIdrError as error:
        say(f"terms are compared with what is kept only: {error}")
    return session.terms.known()


def together(sets: Iterable[AnnotationSet]) -> tuple[AnnotationSet, ...]:
    """Return sets with those of one image put together."""
    found: dict[str, AnnotationSet] = {}
    for one in sets:
        known = found.get(one.image.key)
        found[one.image.key] = one if known is None else merge(known, one)[0]
    return tuple(found.values())


def image_at(session: Session, what: str | Node) -> AnnotatedImage:
    """Return the image at an address, as annotations name it. May block.

    Raises ``AddressError`` where it is none.
    """
    node = session.resolve(what) if isinstance(what, str) else what
    described = session.describe(node)
    reference, metadata = session.reference(node), session.info(node)
    if not isinstance(reference, ImageReference) or not isinstance(metadata, ImageMetadata):
        raise AddressError("Annotations lie on one image", node.address or node.name, "name an image or field")
    return annotated_image(reference, metadata, described)


def current(session: Session) -> Callable[[AnnotatedImage], AnnotatedImage]:
    """Return what tells how an image is in its repository now (P01). It may block, the first time for each image."""
    known = cache(partial(image_at, session))
    return lambda image: known(image.address)


def existing(session: Session) -> Callable[[AnnotatedImage], Sequence[Roi]]:
    """Return what tells which regions a repository has of an image (P24). It may block."""

    def existing_of(image: AnnotatedImage) -> Sequence[Roi]:
        node = session.resolve(image.address)
        return session.roi_set(node.repository, image.image_id).rois

    return existing_of


def completed(
    session: Session, image: AnnotatedImage, now: Callable[[AnnotatedImage], AnnotatedImage] | None = None
) -> AnnotatedImage:
    """Return an image with what its repository says of it and nobody said yet. May block; never fails.

    Its name is that of the repository, by which the archive finds it: a file may call it otherwise. ``now`` tells how
    an image is there (``current``), where somebody else will ask it as well.
    """
    if not image.image_id or not image.repository:
        return image
    try:
        stated = (now or current(session))(image)
    except (NapariIdrError, LookupError):
        return image
    filled = {name: getattr(image, name) or getattr(stated, name) for name in FILLED}
    return replace(image, name=stated.name or image.name, **filled)


def organism_of(session: Session, images: Iterable[AnnotatedImage]) -> OntologyTerm | None:
    """Return the organism that the repositories name for images, None unless it is one and the same for all.

    One image of each plate or dataset is asked for. Without an accession where the ontologies do not tell it. May
    block; never fails.
    """
    asked = {(one.repository, one.plate or one.dataset or one.key): one for one in images}
    if not asked or len(asked) > MOST_ASKED or not all(one.repository for one in asked.values()):
        return None
    try:
        nodes = [session.describe(session.resolve(one.address)) for one in asked.values()]
    except (NapariIdrError, LookupError):
        return None
    named = [frozenset(value.value for value in node.labelled if value.key == ORGANISM) for node in nodes]
    if len({*named}) != 1 or len(named[0]) != 1:
        return None
    return _taxon(session, *named[0])


def _taxon(session: Session, name: str) -> OntologyTerm:
    with suppress(NapariIdrError):
        for look in (session.terms.kept, session.terms.online):
            for hit in look(name):
                if hit.term.ontology == TAXA and hit.term.label.casefold() == name.casefold():
                    return hit.term
    return OntologyTerm("", name)


def stated(
    submission: Submission,
    complete: Callable[[AnnotatedImage], AnnotatedImage] | None,
    check: Callable[[AnnotatedImage], None] = lambda _: None,
) -> Submission:
    """Return a submission as it is checked and written, whoever asks for it: dialog and command go this way.

    Parameters
    ----------
    submission
        As it was drawn and filled in. An image in no plate gets the form's dataset, where none is known.
    complete
        Adds what a repository says of an image (``completed``), which may block; None where nobody is asked.
    check
        Called before each image; raises in order to stop.
    """
    form = submission.form
    if form.created is None:
        form = replace(form, created=datetime.now(UTC).replace(microsecond=0))
    sets = []
    for one in submission.sets:
        check(one.image)
        image = one.image if complete is None else complete(one.image)
        if not (image.dataset or image.plate or image.well):
            image = replace(image, dataset=form.dataset)
        sets.append(replace(one, image=image))
    return replace(submission, form=form, sets=tuple(sets))


def with_verdicts(session: Session, one: AnnotationSet) -> AnnotationSet:
    """Return a set with what a review says of its objects, where a workspace has verdicts of them. May block.

    An object is what it is in the set: a verdict says whether it counts, by whom and since when.
    """
    if not session.has_workspace or not one.objects:
        return one
    try:
        kept = session.workspace.state(one.image.key)
    except NapariIdrError:
        return one
    known = kept.by_uuid() if kept is not None else {}
    return replace(one, objects=tuple(_with_verdict(each, known.get(each.uuid)) for each in one.objects))


def _with_verdict(one: AnnotatedObject, kept: AnnotatedObject | None) -> AnnotatedObject:
    if kept is None or kept.reviewer is None:
        return one
    return replace(one, status=kept.status, reviewer=kept.reviewer, reviewed=kept.reviewed)


def kept_sets(session: Session, accession: str, but: Collection[str]) -> tuple[AnnotationSet, ...]:
    """Return what the workspace holds of the other images of a study. May block.

    Parameters
    ----------
    session
        Its workspace is asked, where there is one.
    accession
        Of the study.
    but
        Keys of images that are left out.
    """
    if not session.has_workspace:
        return ()
    workspace = session.workspace
    wanted = [one for one in workspace.images() if one.accession == accession and one.key not in but]
    found = [workspace.state(one.key) for one in wanted]
    return tuple(one for one in found if one is not None and (one.objects or one.labels or one.statements))
