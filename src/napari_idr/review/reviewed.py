"""What comes out of a review: sets with status, reviewer and time; how far the reviewers agree, class by class."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import TYPE_CHECKING, cast

from napari_idr.errors import FormatError
from napari_idr.formats.model_json import decode
from napari_idr.model.annotation_set import AnnotatedObject

from .agreement import agreement, agreement_per_class
from .candidates import person
from .overlap import overlap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from napari_idr.model.annotation_set import AnnotationSet, Status
    from napari_idr.workspace.history import ObjectHistory
    from napari_idr.workspace.workspace import Workspace

    from .agreement import Agreement
    from .opinions import Opinions
    from .queue_store import OpenedQueue


@dataclass(frozen=True, slots=True)
class ReviewSummary:
    """A review in numbers."""

    statuses: dict[str, int]
    reviewers: tuple[str, ...]
    overall: Agreement
    per_class: dict[str, Agreement]
    overlaps: dict[str, tuple[float, int]]
    """By class: mean intersection over union of first and corrected shapes, and of how many objects."""
    names: dict[str, str] = field(default_factory=dict)
    """What reviewers are called, by what stands for them in ``Agreement.cohen``."""


def reviewed_sets(
    workspace: Workspace,
    opened: OpenedQueue,
    *,
    statuses: Iterable[str] = (),
    warn: Callable[[str], None] = lambda sentence: None,
) -> list[AnnotationSet]:
    """Return the objects of a queue as they are now, image by image, with status, reviewer and time. May block.

    ``statuses`` keeps only these: ("accepted",) for what goes into a submission. An image whose history cannot be
    read is named to ``warn``, and the others are returned.
    """
    wanted, ours = frozenset(statuses), _made_here(workspace, opened)
    found = []
    for key in opened.queue.images:
        try:
            state = workspace.state(key)
        except FormatError as error:
            warn(str(error))
            continue
        if state is None:
            continue
        made = [_reviewed(one, opened.opinions.get(one.uuid)) for one in state.objects if one.uuid in ours]
        kept = [one for one in made if not wanted or one.status in wanted]
        used = {one.label.image for one in kept if one.label is not None}
        if kept:
            labels = tuple(label for label in state.labels if label.name in used)
            found.append(replace(state, objects=tuple(kept), labels=labels))
    return found


def _made_here(workspace: Workspace, opened: OpenedQueue) -> set[str]:
    """Return the objects of a queue, those among them that were drawn while its objects were corrected."""
    with workspace.reading() as reader:
        return {*opened.queue.uuids, *(event.object for event in reader.events(kind="created", queue=opened.uuid))}


def _reviewed(one: AnnotatedObject, said: Opinions | None) -> AnnotatedObject:
    """Return an object with what it counts as, and what reviewers wrote added to what its annotator did."""
    if said is None:
        return one
    decided = said.adjudication or (said.verdicts[-1] if said.verdicts else None)
    if decided is not None:
        status = cast("Status", decided.detail("status"))
        one = replace(one, status=status, reviewer=decided.who, reviewed=decided.at)
    if said.relabel is not None:
        one = replace(one, object_class=said.relabel.detail("class"))
    spoken = (*said.comments, *said.verdicts, *filter(None, [said.adjudication]))
    texts = [event.why for event in spoken if event.why]
    return replace(one, comment="\n".join(dict.fromkeys(filter(None, (one.comment, *texts))))) if texts else one


def summary(workspace: Workspace, opened: OpenedQueue) -> ReviewSummary:
    """Return a review in numbers. May block."""
    said = {uuid: found.said for uuid, found in opened.opinions.items() if found.said}
    queue = opened.queue
    classes = {uuid: queue.value("object_class", queue.row(uuid)) for uuid in said}
    people = {person(e.who): e.who.name or e.who.orcid for o in opened.opinions.values() for e in o.verdicts}
    return ReviewSummary(
        statuses=queue.counts("status"),
        reviewers=tuple(sorted(people.values())),
        overall=agreement(said),
        per_class=agreement_per_class(said, classes),
        overlaps=_overlaps(workspace, opened),
        names=people,
    )


def _overlaps(workspace: Workspace, opened: OpenedQueue) -> dict[str, tuple[float, int]]:
    """Return by class how much corrected shapes have in common with the first ones."""
    values: dict[str, list[float]] = {}
    with workspace.reading() as reader:
        for key in opened.queue.images:
            corrected = [
                one
                for one in reader.history(image=key).objects.values()
                if one.uuid in opened.queue and len({event.version for event in one.made}) > 1
            ]
            texts = reader.documents(version for one in corrected for version in _ends(one))
            for one in corrected:
                if texts.keys() >= set(_ends(one)):
                    first, last = (decode(AnnotatedObject, texts[version]) for version in _ends(one))
                    shared = overlap(first, last) if first.shapes != last.shapes else None
                    if shared is not None:
                        values.setdefault(last.object_class, []).append(shared)
    return {name: (fmean(found), len(found)) for name, found in sorted(values.items())}


def _ends(one: ObjectHistory) -> tuple[str, str]:
    return one.made[0].version, one.version
