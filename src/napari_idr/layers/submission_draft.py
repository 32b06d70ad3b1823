"""What would be submitted of a window: its annotations as they are now, what is wrong with them, and what mends it."""

from __future__ import annotations

import threading
import weakref
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.errors import Cancelled, NapariIdrError
from napari_idr.export.fixes import apply_fix
from napari_idr.export.package import chosen, write_package
from napari_idr.export.preflight import Preflight, ask_repository
from napari_idr.export.preview import Preview, preview
from napari_idr.export.region_files import RegionFile, refusal
from napari_idr.model.annotation_set import AnnotationSet, difference
from napari_idr.model.annotator import NOBODY
from napari_idr.model.edits import Edit, ObjectChange
from napari_idr.model.saved_region import REGION_CLASS
from napari_idr.model.submission import Submission, SubmissionForm
from napari_idr.submitting import completed, current, existing, kept_sets, known_terms, stated, with_verdicts

from .annotations import read_layers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_idr.export.checks_terms import KnownTerms
    from napari_idr.export.package import Progress, WrittenPackage
    from napari_idr.export.report import Acknowledgement, Report
    from napari_idr.model.annotation_set import AnnotatedImage, LabelImage, Status
    from napari_idr.model.finding import Finding
    from napari_idr.model.submission import Target
    from napari_idr.session import Session

    from .viewer_session import ViewerSession


ACCEPTED: tuple[Status, ...] = ("accepted",)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be submitted, and for whom."""

    sets: tuple[AnnotationSet, ...]
    form: SubmissionForm = field(default_factory=SubmissionForm)
    target: Target = "both"
    only_accepted: bool = False
    whole_study: bool = False
    """Whether the other images of the study that are in the workspace are part of it."""
    acknowledged: tuple[Acknowledgement, ...] = ()
    regions: tuple[RegionFile, ...] = ()
    """Saved parts of images that go along."""
    asks: bool = True
    """Whether servers are asked (what images are, ontologies) and a preview is made; without, a check is quick."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a check."""

    submission: Submission
    report: Report
    preview: Preview = field(default_factory=Preview)
    remarks: tuple[str, ...] = ()


class SubmissionDraft:
    """Gathers, checks, mends and writes. ``check`` and ``write`` are for workers, the rest for the GUI thread."""

    def __init__(self, owner: ViewerSession) -> None:
        self._owner = weakref.ref(owner)
        self._annotations, self._kept = owner.annotations, owner.kept
        self._labels: weakref.WeakKeyDictionary[Any, LabelImage] = weakref.WeakKeyDictionary()
        self._checking = threading.Lock()
        self._preflights: dict[str, Preflight] = {}
        self._known: KnownTerms | None = None
        self._has_asked = False
        self._completed: dict[str, AnnotatedImage] = {}
        self._annotations.changed.connect(self._on_changed)

    def _on_changed(self, edit: Edit) -> None:
        """Read label images that were painted anew."""
        names = {(change.image.key, change.pixels.name) for change in edit.labels}
        for watch in self._annotations.book.watches:
            image = getattr(watch.grid, "image", None)
            if watch.kind == "labels" and (getattr(image, "key", ""), watch.name) in names:
                self._labels.pop(watch.layer, None)

    # -- what there is

    def sets(self) -> tuple[AnnotationSet, ...]:
        """Return what is annotated in the window, an image each, with what is said of the images."""
        book, kept = self._annotations.book, self._kept
        images = dict(kept.images)
        objects: dict[str, list[Any]] = {}
        for held in book.held.values():
            images[held.image.key] = held.image
            objects.setdefault(held.image.key, []).append(held.one)
        labels: dict[str, list[LabelImage]] = {}
        for watch in book.watches:
            if watch.kind == "labels":
                image = watch.grid.image  # type: ignore[attr-defined]
                images.setdefault(image.key, image)
                labels.setdefault(image.key, []).append(self._label(watch.layer))
        found = (
            AnnotationSet(
                image=kept.image(image),
                objects=tuple(objects.get(key, ())),
                labels=tuple(labels.get(key, ())),
                statements=kept.statements.get(key, ()),
            )
            for key, image in images.items()
        )
        return tuple(one for one in found if one.objects or one.labels or one.statements)

    def _label(self, layer: Any) -> LabelImage:
        known = self._labels.get(layer)
        if known is None:
            read = read_layers([layer], self._annotations.layers, self._annotations.plates)
            known = self._labels[layer] = read.sets[0].labels[0]
        return known

    def regions(self) -> tuple[tuple[RegionFile, ...], str]:
        """Return the saved regions that are marked in the window, and why they may not go along, "" where they may."""
        owner, held = self._owner(), self._annotations.book.held
        marked = {uuid: one.one for uuid, one in held.items() if one.one.object_class == REGION_CLASS}
        known = {} if owner is None else owner.saves.files
        lost = next((one.name for uuid, one in marked.items() if uuid not in known), "")
        files = tuple(RegionFile(known[uuid].path, known[uuid].region.license) for uuid in marked if uuid in known)
        reason = f"Where {lost} was saved is not known any more: save it again." if lost else refusal(files)
        return files, reason

    def problems(self) -> int:
        """Return how many things that are drawn belong to no image: they are in no set."""
        return len(self._annotations.book.problems)

    @staticmethod
    def study(sets: tuple[AnnotationSet, ...]) -> str:
        """Return what the form is remembered by: the accession of most images, else their plate or name."""
        names = Counter(one.image.accession or one.image.plate or one.image.name for one in sets)
        return names.most_common(1)[0][0] if names else ""

    # -- checking

    def check(self, wanted: Wanted, is_cancelled: Callable[[], bool] = lambda: False) -> Checked:
        """Return what is wrong with it, and what its package would hold. May block (worker).

        Raises ``Cancelled``.
        """
        owner = self._owner()
        if owner is None:
            raise Cancelled("The window was closed", wanted.form.title)
        with self._checking:  # the preflight remembers what it checked; two at once would cost more than one
            remarks: list[str] = []
            known = self._terms(owner.session, wanted, remarks)
            submission = self._submission(owner.session, wanted, is_cancelled)
            preflight = self._preflights.setdefault(wanted.target, Preflight(wanted.target, known))
            report = preflight.check(submission, acknowledged=wanted.acknowledged, is_cancelled=is_cancelled)
            shown = _previewed(submission, wanted) if wanted.asks else Preview()
            return Checked(submission, report, shown, tuple(remarks))

    def _terms(self, session: Session, wanted: Wanted, remarks: list[str]) -> KnownTerms:
        """Return the terms that are known; the ontologies are asked for once, by the first who may ask."""
        if self._known is None or (wanted.asks and not self._has_asked):
            self._known = known_terms(session, remarks.append) if wanted.asks else session.terms.known()
            self._has_asked = wanted.asks
            self._preflights.clear()
        return self._known

    def forget_terms(self) -> None:
        """Look anew which terms are kept: one was chosen that was not."""
        self._known = None

    def _submission(self, session: Session, wanted: Wanted, is_cancelled: Callable[[], bool]) -> Submission:
        def check(image: AnnotatedImage) -> None:
            if is_cancelled():
                raise Cancelled("The check was stopped", image.name)

        complete = partial(self._completed_image, session) if wanted.asks else None
        sets = tuple(with_verdicts(session, one) for one in wanted.sets) if wanted.asks else wanted.sets
        submission = stated(Submission(form=wanted.form, sets=sets), complete, check)
        if wanted.whole_study and wanted.form.accession:
            kept = kept_sets(session, wanted.form.accession, {one.image.key for one in submission.sets})
            submission = replace(submission, sets=(*submission.sets, *kept))
        return chosen(submission, ACCEPTED) if wanted.only_accepted else submission

    def _completed_image(self, session: Session, image: AnnotatedImage) -> AnnotatedImage:
        """Return an image with what its repository says of it, which is asked once."""
        known = self._completed.get(image.key)
        if known is None:
            known = self._completed[image.key] = completed(session, image)
        return replace(known, spacing=image.spacing, spacing_stated_by=image.spacing_stated_by)

    # -- mending

    def fix(self, findings: tuple[Finding, ...]) -> int:
        """Mend what can be mended, as one step of the history; return how many objects changed.

        What lies in images that are not shown stays as it is.
        """
        known = self._known
        changes: list[ObjectChange] = []
        for one in self.sets():
            mended = one
            for finding in findings:
                if finding.image == one.image.key and finding.fix and known is not None:
                    mended = apply_fix(finding, mended, known)
            changes += _changes(one, mended)
        if changes:
            self._annotations.carry_out(Edit(f"mend {len(changes)} objects", tuple(changes)))
        return len(changes)

    # -- writing

    def frozen(self) -> tuple[AnnotationSet, ...]:
        """Return the sets with copies of painted pixels: what is painted while they are written is not in them."""
        return tuple(replace(one, labels=tuple(map(_copied, one.labels))) for one in self.sets())

    def write(self, wanted: Wanted, folder: Path, progress: Progress) -> tuple[WrittenPackage, Report] | Checked:
        """Ask the repositories, and write the package; return what was checked where something is in the way.

        May block (worker). Raises like ``write_package``.
        """
        owner = self._owner()
        if owner is None:
            raise Cancelled("The window was closed", wanted.form.title)
        checked = self.check(wanted, progress.is_cancelled)
        session, stop = owner.session, progress.is_cancelled
        report = ask_repository(
            checked.report, checked.submission, current(session), existing(session), is_cancelled=stop
        )
        if not report.passes:
            return replace(checked, report=report)
        return write_package(checked.submission, wanted.target, report, folder, progress, wanted.regions), report


def _previewed(submission: Submission, wanted: Wanted) -> Preview:
    """Return a preview; where something is so wrong that none can be made, the findings say it."""
    try:
        return preview(submission, wanted.target, wanted.regions)
    except (NapariIdrError, ValueError):
        return Preview()


def _changes(before: AnnotationSet, after: AnnotationSet) -> list[ObjectChange]:
    if after is before:
        return []
    old, new = before.by_uuid(), after.by_uuid()
    changed = difference(before, after)
    uuids = (*changed.modified, *changed.new, *changed.deleted)
    image = before.image
    return [ObjectChange(image, old.get(uuid), new.get(uuid)) for uuid in uuids]


def _copied(label: LabelImage) -> LabelImage:
    return replace(label, pixels=np.array(label.pixels)) if isinstance(label.pixels, np.ndarray) else label


def nobody_yet(form: SubmissionForm) -> bool:
    """Whether nobody who could say yes to a warning is named."""
    return not form.authors or form.authors[0] == NOBODY
