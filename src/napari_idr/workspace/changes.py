"""From what changed on the screen to events: one per object, with the version that is new and the one it replaces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_idr.formats.model_json import encode

from .events import Batch, Document, new_event

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, ImageStatement, Status
    from napari_idr.model.annotator import Annotator

    from .events import Event, EventKind, PaintedChunk
    from .label_pixels import LabelHeader


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """How one object changed: None before where it is new, None after where it is gone."""

    before: AnnotatedObject | None
    after: AnnotatedObject | None

    @property
    def uuid(self) -> str:
        """Of the object; "" where there is none, neither before nor after."""
        one = self.after or self.before
        return "" if one is None else one.uuid

    @property
    def kind(self) -> EventKind:
        """What happened to it."""
        return "created" if self.before is None else "deleted" if self.after is None else "modified"


def coalesced(changes: Iterable[ObjectChange]) -> list[ObjectChange]:
    """Return changes with those that continue one another as one: a shape that is dragged is one change, not fifty."""
    merged: list[ObjectChange] = []
    last: dict[str, int] = {}
    for change in changes:
        index = last.get(change.uuid)
        if index is not None and change.kind == "modified" and merged[index].after == change.before:
            merged[index] = replace(merged[index], after=change.after)
        else:
            last[change.uuid] = len(merged)
            merged.append(change)
    return [change for change in merged if change.before != change.after]


def object_events(
    image: str, changes: Iterable[ObjectChange], who: Annotator, *, why: str = "", gone: frozenset[str] = frozenset()
) -> Batch:
    """Return the events of changes to objects of an image (its key); ``gone`` are uuids that were deleted before."""
    events: list[Event] = []
    documents: list[Document] = []
    for change in changes:
        version = Document("object", encode(change.after or change.before))
        documents.append(version)
        kind = "restored" if change.kind == "created" and change.uuid in gone else change.kind
        earlier = "" if change.before is None else Document("object", encode(change.before)).digest
        events.append(
            new_event(
                kind, who=who, image=image, object=change.uuid, version=version.digest, supersedes=earlier, why=why
            )
        )
    return Batch(tuple(events), tuple(dict.fromkeys(documents)))


def described_event(image: AnnotatedImage, who: Annotator) -> Batch:
    """Return the event that says what an image is."""
    document = Document("image", encode(image))
    return Batch((new_event("described", who=who, image=image.key, version=document.digest),), (document,))


def painted_event(
    image: str, header: LabelHeader, chunks: Sequence[PaintedChunk], who: Annotator, *, why: str = ""
) -> Batch:
    """Return the event that pixels of a label image were painted."""
    document = Document("label", encode(header))
    event = new_event("painted", who=who, image=image, object=header.name, version=document.digest, why=why)
    return Batch((event,), (document,), tuple((event.uuid, chunk) for chunk in chunks))


def stated_event(image: str, statement: ImageStatement, who: Annotator, *, taken_back: bool = False) -> Batch:
    """Return the event that something was said of an image, its well or its study, or that it holds no more."""
    document = Document("statement", encode(statement))
    kind: EventKind = "unstated" if taken_back else "stated"
    return Batch((new_event(kind, who=who, image=image, version=document.digest),), (document,))


def verdict_event(
    image: str, uuid: str, status: Status, who: Annotator, *, version: str = "", queue: str = "", why: str = ""
) -> Batch:
    """Return a verdict on an object, on the version its reviewer saw."""
    details = (("status", status),)
    return Batch(
        (
            new_event(
                "verdict", who=who, image=image, object=uuid, version=version, queue=queue, why=why, details=details
            ),
        )
    )


def undo_event(event: Event, who: Annotator, *, why: str = "") -> Batch:
    """Return the event that takes another one back; undone itself, it does not."""
    undo = new_event(
        "undo",
        who=who,
        image=event.image,
        object=event.object,
        queue=event.queue,
        why=why,
        details=(("of", event.uuid),),
    )
    return Batch((undo,))
