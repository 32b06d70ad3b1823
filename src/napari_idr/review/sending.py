"""A review sent back to where its images are: corrected and new shapes as ROIs, verdicts as key-values of each image.

What was sent is read back, and sending again changes what is there instead of adding to it: shapes are known by the id
that the server gave them, the verdicts of a queue by its uuid.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from napari_idr.errors import Cancelled, NapariIdrError, Unsupported
from napari_idr.formats.model_json import decode
from napari_idr.formats.omero_rois import parse_rois
from napari_idr.model.annotation_set import AnnotatedObject
from napari_idr.model.drawn_geometry import is_same
from napari_idr.model.roi_changes import Drawn, KnownShape, plan_changes
from napari_idr.workspace.changes import ObjectChange, object_events

from .opinions import UNREVIEWED
from .reviewed import reviewed_sets
from .team import shown_person

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari_idr.formats.omero_key_values import StoredKeyValues
    from napari_idr.model.annotation import Shape
    from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet
    from napari_idr.model.annotator import Annotator
    from napari_idr.model.image import KeyValue
    from napari_idr.repositories.base import Repository
    from napari_idr.repositories.key_value_sending import KeyValueSending
    from napari_idr.repositories.roi_sending import Comparison, RoiSending, SendReport
    from napari_idr.workspace.workspace import Workspace

    from .queue_store import OpenedQueue

NAMESPACE = "napari-idr/review/1"
QUEUE = "Queue"
"""Key of the uuid by which the verdicts of a queue are known again."""
LONGEST = 1000
"""Characters of a comment in a key-value; the whole comment is in the review."""
SIGNED = "\N{MIDDLE DOT}"


class Archive(Protocol):
    """What is asked of a session."""

    def repository(self, key: str) -> Repository:
        """Return a repository by its key or address. Raises ``NotFound``."""
        ...


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """What would be sent of one image."""

    image: AnnotatedImage
    objects: tuple[AnnotatedObject, ...]
    comparison: Comparison
    roi_of: Mapping[str, str]
    """By id of a shape, that of its ROI on the server now."""
    stored: StoredKeyValues | None
    """The verdicts of this queue as the server has them."""
    name: str
    queue: str
    remarks: tuple[str, ...] = ()

    @property
    def verdicts(self) -> int:
        """How many objects have one."""
        return sum(one.status != UNREVIEWED for one in self.objects)

    @property
    def has_new_verdicts(self) -> bool:
        """Whether the server has the verdicts otherwise, or not at all."""
        if not self.verdicts:
            return False
        return self.stored is None or self.stored.values != self.values({})

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to send."""
        changes = self.comparison.changes
        return not changes.count and not changes.adopted and not self.has_new_verdicts

    @property
    def words(self) -> str:
        """What would be sent in a few words: "new verdicts on 3 objects; shapes: 1 new, 2 changed"."""
        changes, parts = self.comparison.changes, []
        if self.has_new_verdicts:
            how = "new" if self.stored is None else "changed"
            parts.append(f"{how} verdicts on {_counted(self.verdicts, 'object')}")
        counts = (("new", changes.new), ("changed", changes.modified), ("deleted", changes.deleted))
        if changes.count:
            parts.append("shapes: " + ", ".join(f"{len(found):,} {what}" for what, found in counts if found))
        return "; ".join(parts) or "as it is here"

    def values(self, arrived: Mapping[str, KnownShape]) -> tuple[KeyValue, ...]:
        """Return the verdicts as key-values; ``arrived`` are the shapes that the server took, by their keys."""
        counts = Counter(one.status for one in self.objects if one.status != UNREVIEWED)
        head = [("Review", self.name), (QUEUE, self.queue)]
        head += [(status.capitalize(), str(count)) for status, count in sorted(counts.items())]
        rois = {**self.roi_of, **{one.shape.id: one.roi_id for one in arrived.values()}}
        said = [(_key(one, rois, arrived), _value(one)) for one in self.objects if one.status != UNREVIEWED]
        return (*head, *said)


@dataclass(slots=True)
class SentReview:
    """What arrived, by what was read back."""

    images: int = 0
    added: int = 0
    modified: int = 0
    deleted: int = 0
    verdicts: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """It in words."""
        shapes = f"shapes: {self.added:,} new, {self.modified:,} changed, {self.deleted:,} deleted"
        where, objects = _counted(self.images, "image"), _counted(self.verdicts, "object")
        return f"Arrived and read back, on {where}: verdicts on {objects}; {shapes}."


def sendable_images(archive: Archive, opened: OpenedQueue) -> list[str]:
    """Return the keys of the images of a queue whose server takes ROIs and key-values; no request."""
    return [key for key, image in opened.images.items() if image.image_id and _senders(archive, image) is not None]


def plan_sending(
    archive: Archive,
    workspace: Workspace,
    opened: OpenedQueue,
    *,
    told: Callable[[int, int, str], None] = lambda done, total, name: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> list[ImagePlan]:
    """Return what would be sent of each image, having asked its server what it has now. May block.

    Three requests an image, more where it has many ROIs. Raises ``Unsupported`` where no server of the queue takes
    anything, ``SignInNeeded`` where nobody is signed in, ``Cancelled``.
    """
    keys = sendable_images(archive, opened)
    if not keys:
        hint = "sign in to the OMERO.web server of its images, or write the review to a file"
        raise Unsupported("No server takes ROIs and key-values of this queue", opened.definition.name, hint)
    sets = {one.image.key: one for one in reviewed_sets(workspace, opened)}
    plans = []
    for done, key in enumerate(keys):
        told(done, len(keys), opened.images[key].name)
        if is_cancelled():
            raise Cancelled("Comparing was stopped", opened.definition.name)
        if key in sets:
            plans.append(_plan(archive, workspace, opened, sets[key]))
    return plans


def _plan(archive: Archive, workspace: Workspace, opened: OpenedQueue, one: AnnotationSet) -> ImagePlan:
    image = one.image
    rois, key_values, repository = _required(archive, image)
    base = repository.address
    source = repository.roi_source
    answers = list(source.of_image(image.image_id, brief=True)) if source is not None else []
    there = {s.id: KnownShape(roi.id, s) for roi in parse_rois(answers, base).rois for s in roi.shapes if s.id}
    known, drawn, remarks = _shapes(workspace, opened, one, there)
    changes = plan_changes(known, drawn)
    stored = next(
        (
            each
            for each in key_values.stored(image.image_id, NAMESPACE)
            if (QUEUE, opened.uuid) in each.values and each.may_change
        ),
        None,
    )
    comparison = rois.compare(image.image_id, replace(changes, remarks=tuple(remarks)), frozenset(known), answers)
    roi_of = {number: shape.roi_id for number, shape in there.items()}
    return ImagePlan(
        image,
        one.objects,
        comparison,
        roi_of,
        stored,
        opened.definition.name,
        opened.uuid,
        comparison.changes.remarks,
    )


def _shapes(
    workspace: Workspace, opened: OpenedQueue, one: AnnotationSet, there: Mapping[str, KnownShape]
) -> tuple[dict[str, KnownShape], list[Drawn], list[str]]:
    """Return shapes as the server is believed to have them, shapes as they are now, and sentences about the rest.

    Of several versions of a shape the one counts that the server has now, if it is one of ours: what was corrected and
    sent before is no change of somebody else.
    """
    versions = _versions(workspace, opened, one)
    known: dict[str, KnownShape] = {}
    for shape in (shape for version in versions for shape in version.shapes if shape.id):
        now = there.get(shape.id)
        if shape.id not in known or (now is not None and is_same(now.shape, shape)):
            known[shape.id] = KnownShape(now.roi_id if now is not None else "", shape)
    drawn: list[Drawn] = []
    kept_here = 0
    for each in one.objects:
        for number, shape in enumerate(each.shapes):
            if not shape.id and each.status == "rejected":
                kept_here += 1
            else:
                drawn.append(Drawn(f"{each.uuid}:{number}", shape))
    kept = f"Of rejected objects, {_counted(kept_here, 'new shape')} will not be sent."
    return known, drawn, [kept] if kept_here else []


def _versions(workspace: Workspace, opened: OpenedQueue, one: AnnotationSet) -> list[AnnotatedObject]:
    """Return every version that the objects of a queue had on one image, oldest first."""
    wanted = {each.uuid for each in one.objects}
    with workspace.reading() as reader:
        histories = reader.history(image=one.image.key).objects.values()
        kept = [each for each in histories if each.uuid in wanted or each.uuid in opened.queue]
        digests = [event.version for each in kept for event in each.made if event.version]
        texts = reader.documents(digests)
    return [decode(AnnotatedObject, texts[digest]) for digest in digests if digest in texts]


def send_review(
    archive: Archive,
    workspace: Workspace,
    plans: Sequence[ImagePlan],
    who: Annotator,
    *,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> SentReview:
    """Send what was planned, image by image, and return what arrived. May block.

    What goes wrong with one image is in the report, and the others go on. Shapes that the server took get its ids in
    the workspace, as new versions, so that they are known when they are sent again.
    """
    report = SentReview()
    for done, plan in enumerate(plans):
        on_progress(done, len(plans))
        if is_cancelled():
            report.problems.append("It was stopped before everything was sent.")
            break
        if plan.is_empty:
            continue
        try:
            _send(archive, workspace, plan, who, report)
        except NapariIdrError as error:
            report.problems.append(f"{error}.")
    on_progress(len(plans), len(plans))
    return report


def _send(archive: Archive, workspace: Workspace, plan: ImagePlan, who: Annotator, report: SentReview) -> None:
    rois, key_values, repository = _required(archive, plan.image)
    changes = plan.comparison.changes
    arrived: Mapping[str, KnownShape] = dict(changes.adopted)
    if changes.count or changes.adopted:
        sent = rois.send(plan.image.image_id, plan.comparison)
        arrived = sent.arrived
        _note_ids(workspace, plan, arrived, who, repository.name)
        _count(report, sent)
    report.images += 1
    values = plan.values(arrived)
    if plan.verdicts and (plan.stored is None or plan.stored.values != values):
        replaces = plan.stored.id if plan.stored is not None else ""
        key_values.send(plan.image.image_id, NAMESPACE, values, replaces)
        report.verdicts += plan.verdicts


def _count(report: SentReview, sent: SendReport) -> None:
    report.added += sent.added
    report.modified += sent.modified
    report.deleted += len(sent.deleted)
    report.problems += sent.problems


def _note_ids(
    workspace: Workspace, plan: ImagePlan, arrived: Mapping[str, KnownShape], who: Annotator, server: str
) -> None:
    """Write down under which ids the server has the new shapes."""
    changes = []
    now = _now(workspace, plan)
    for one in plan.objects:
        before = now.get(one.uuid)
        if before is None or before.shapes != one.shapes:
            continue  # it was corrected while it was sent: known by what it is when it is sent again
        shapes = tuple(_with_id(shape, arrived.get(f"{one.uuid}:{n}")) for n, shape in enumerate(one.shapes))
        if shapes != one.shapes:
            changes.append(ObjectChange(before, replace(before, shapes=shapes)))
    if changes:
        workspace.record(object_events(plan.image.key, changes, who, why=f"sent to {server}"))


def _now(workspace: Workspace, plan: ImagePlan) -> dict[str, AnnotatedObject]:
    """Return the last versions of objects as they were written, what was said of them left aside."""
    wanted = {one.uuid for one in plan.objects}
    with workspace.reading() as reader:
        histories = reader.history(image=plan.image.key).objects
        versions = {uuid: one.version for uuid, one in histories.items() if one.is_there and uuid in wanted}
        texts = reader.documents(versions.values())
    return {uuid: decode(AnnotatedObject, texts[digest]) for uuid, digest in versions.items() if digest in texts}


def _with_id(shape: Shape, known: KnownShape | None) -> Shape:
    return shape if known is None or shape.id == known.shape.id else replace(shape, id=known.shape.id)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _key(one: AnnotatedObject, rois: Mapping[str, str], arrived: Mapping[str, KnownShape]) -> str:
    """Return what an object is called on the server: by its ROIs, its label value, or its own uuid."""
    ids = [
        known.shape.id if (known := arrived.get(f"{one.uuid}:{n}")) is not None else shape.id
        for n, shape in enumerate(one.shapes)
    ]
    found = list(dict.fromkeys(rois[number] for number in ids if number in rois))
    if found:
        return f"ROI {', '.join(found)}"
    return f"Label {one.label.image} {one.label.value}" if one.label is not None else f"Object {one.uuid}"


def _value(one: AnnotatedObject) -> str:
    who = shown_person(one.reviewer) if one.reviewer is not None else ""
    when = one.reviewed.isoformat(timespec="seconds").replace("+00:00", "Z") if one.reviewed is not None else ""
    comment = " ".join(one.comment.split())[:LONGEST]
    parts = (one.status, who, when, one.object_class, comment)
    return f" {SIGNED} ".join(part for part in parts if part)


def _senders(archive: Archive, image: AnnotatedImage) -> tuple[RoiSending, KeyValueSending, Repository] | None:
    try:
        repository = archive.repository(image.repository)
    except NapariIdrError:
        return None
    if repository.roi_sending is None or repository.key_values is None:
        return None
    return repository.roi_sending, repository.key_values, repository


def _required(archive: Archive, image: AnnotatedImage) -> tuple[RoiSending, KeyValueSending, Repository]:
    found = _senders(archive, image)
    if found is None:
        raise Unsupported("The server takes no ROIs", image.name or image.address, "write the review to a file")
    return found
