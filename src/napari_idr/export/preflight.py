"""All checks of a submission before it is written; what did not change since the last time is not checked again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.errors import Cancelled, NapariIdrError, NotFound

from .checks_archive import check_already_there, check_same_image
from .checks_form import check_form, check_image
from .checks_labels import check_label_images
from .checks_shapes import check_shapes
from .checks_terms import check_object_terms, check_ontologies, check_statements
from .checks_texts import check_columns, check_private, check_unique
from .report import Report, sorted_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari_idr.model.annotation import Roi
    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, AnnotationSet, LabelImage
    from napari_idr.model.finding import Finding
    from napari_idr.model.submission import Submission, Target

    from .checks_terms import KnownTerms
    from .report import Acknowledgement

    LabelKey = tuple[tuple[tuple[int, str, int], ...], frozenset[tuple[str, str, int]]]


class Preflight:
    """Checks one submission again and again while it is worked on.

    Parameters
    ----------
    target
        For whom; what only one archive requires is checked for that one.
    known
        What is kept of ontologies.
    """

    def __init__(self, target: Target, known: KnownTerms) -> None:
        self.target = target
        self.known = known
        self._objects: dict[tuple[str, str], tuple[AnnotatedObject, tuple[Finding, ...]]] = {}
        self._labels: dict[str, tuple[object, tuple[LabelImage, ...], tuple[Finding, ...]]] = {}

    def check(
        self,
        submission: Submission,
        *,
        acknowledged: Sequence[Acknowledgement] = (),
        on_progress: Callable[[int, int], None] = lambda done, of: None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> Report:
        """Return what is wrong with a submission. Asks no server.

        Raises
        ------
        Cancelled
            Between two images.
        """
        findings = list(check_form(submission.form, self.target))
        findings += check_ontologies(submission.sets, self.known)
        for done, one in enumerate(submission.sets):
            if is_cancelled():
                raise Cancelled("The check was stopped", one.image.name)
            on_progress(done, len(submission.sets))
            findings += self._check_set(one)
            findings += check_image(one, submission.form, self.target)
        on_progress(len(submission.sets), len(submission.sets))
        return Report(sorted_findings(findings), tuple(acknowledged), (*_NOT_ASKED,))

    def check_object(self, image: AnnotatedImage, one: AnnotatedObject) -> tuple[Finding, ...]:
        """Return what is wrong with one object by itself, from memory where it has not changed."""
        at = (image.key, one.uuid)
        kept = self._objects.get(at)
        if kept is None or kept[0] is not one:
            kept = self._objects[at] = (one, tuple(self._of_object(image, one)))
        return kept[1]

    def _of_object(self, image: AnnotatedImage, one: AnnotatedObject) -> Iterator[Finding]:
        yield from check_shapes(image, one)
        yield from check_columns(image, one)
        yield from check_object_terms(image, one, self.known)
        yield from check_private(image, one)

    def _check_set(self, one_set: AnnotationSet) -> Iterator[Finding]:
        for one in one_set.objects:
            yield from self.check_object(one_set.image, one)
        yield from check_unique(one_set)
        yield from check_statements(one_set, self.known)
        yield from self._check_labels(one_set)

    def _check_labels(self, one_set: AnnotationSet) -> tuple[Finding, ...]:
        """Return findings about label images, from memory where neither they nor their rows changed."""
        rows = frozenset((one.uuid, one.label.image, one.label.value) for one in one_set.objects if one.label)
        key = (tuple(map(id, one_set.labels)), rows)
        kept = self._labels.get(one_set.image.key)
        if kept is None or kept[0] != key:
            found = tuple(check_label_images(one_set))
            kept = self._labels[one_set.image.key] = (key, one_set.labels, found)
        return kept[2]


_NOT_ASKED = ("P01: the repository is asked only before the package is written", "P24: as P01")


def ask_repository(
    report: Report,
    submission: Submission,
    current: Callable[[AnnotatedImage], AnnotatedImage],
    existing: Callable[[AnnotatedImage], Sequence[Roi]],
    *,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Report:
    """Return a report with what the repository says of each image added (P01, P24). May block.

    Parameters
    ----------
    report
        Of ``Preflight.check``.
    submission
        What was checked.
    current
        Returns an image as it is now; raises an error of the family where it is gone.
    existing
        Returns the regions that the repository has for an image.
    """
    findings, unchecked = list(report.findings), []
    for one_set in submission.sets:
        if is_cancelled():
            raise Cancelled("The check was stopped", one_set.image.name)
        if not one_set.image.image_id:
            continue
        try:
            findings += check_same_image(one_set.image, current(one_set.image))
            findings += check_already_there(one_set, existing(one_set.image))
        except NotFound as gone:
            findings += check_same_image(one_set.image, gone)
        except NapariIdrError as error:
            unchecked.append(f"P01, P24: {error}")
    return Report(sorted_findings(findings), report.acknowledged, tuple(unchecked))
