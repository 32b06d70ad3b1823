"""Queues of review in a workspace: made, listed, opened with all that was said of their objects."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from napari_idr.errors import Cancelled, FormatError, NotFound
from napari_idr.formats.model_json import decode, encode
from napari_idr.model.annotation_set import AnnotatedImage
from napari_idr.workspace.changes import ObjectChange, described_event, object_events, painted_event
from napari_idr.workspace.events import Batch, Document, joined, new_event
from napari_idr.workspace.label_pixels import painted, snapshot
from napari_idr.workspace.rows import last_place

from .candidates import candidates_of
from .opinions import SAYING, Opinions, opinions_of, put_into
from .queue import COLUMNS, Queue, QueueFilter
from .queue_file import QueueDefinition, columns_of, rows_documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet
    from napari_idr.model.annotator import Annotator
    from napari_idr.workspace.events import Event
    from napari_idr.workspace.history import History
    from napari_idr.workspace.reading import Reader
    from napari_idr.workspace.workspace import Workspace

    from .candidates import Check
    from .queue import Candidate


@dataclass(frozen=True, slots=True)
class ListedQueue:
    """A queue, without its objects."""

    uuid: str
    definition: QueueDefinition
    made: Event


@dataclass(slots=True, eq=False)
class OpenedQueue:
    """A queue with its objects and what was said of them."""

    uuid: str
    definition: QueueDefinition
    queue: Queue
    images: dict[str, AnnotatedImage]
    said: dict[str, list[Event]]
    """By object, the events that say something of it, those that undo them among them."""
    opinions: dict[str, Opinions]
    work: list[Event]
    """Who works on which image, and where each reviewer stopped."""
    place: int = 0
    """Of the last event that is known here (``Workspace.news``)."""
    remarks: tuple[str, ...] = ()


def make_queue(
    workspace: Workspace,
    sets: Iterable[AnnotationSet],
    definition: QueueDefinition,
    who: Annotator,
    *,
    wanted: QueueFilter | None = None,
    per_class: int = 0,
    check: Check | None = None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> str:
    """Make a queue of the objects of some sets, and return its uuid. May block.

    Objects that the workspace does not have, or has otherwise, are written into it, so that the queue is complete in
    itself; all of it, or nothing. ``per_class`` draws at most so many of each class at random.

    Raises
    ------
    FormatError
        There is nothing to review.
    Cancelled
        Before anything was written.
    """
    listed = list(sets)
    queue = Queue.of(candidates_of(listed, check))
    rows = queue.select(wanted or QueueFilter())
    if per_class:
        rows = queue.sample(rows, per_class, seed=definition.seed)
    if not len(rows):
        hint = "choose what has ROIs or labels, or other conditions" if len(queue) else "choose what has ROIs or labels"
        raise FormatError("There is nothing to review", definition.name, hint)
    if is_cancelled():
        raise Cancelled("The queue was not made", definition.name)
    chosen = {queue.uuids[row] for row in rows}
    definition = replace(definition, classes=definition.classes or tuple(filter(None, queue.values("object_class"))))
    uuid = str(uuid4())
    batches = [_imported(workspace, one, chosen, who) for one in listed]
    parts: defaultdict[str, list[Candidate]] = defaultdict(list)
    for row in rows:
        parts[queue.image_of(row)].append(queue.candidate(row))
    batches += [_listed(uuid, image, part, who) for image, part in parts.items()]
    document = Document("queue", encode(definition))
    batches.append(Batch((new_event("queued", who=who, queue=uuid, version=document.digest),), (document,)))
    workspace.record(joined(batches))
    return uuid


def _listed(uuid: str, image: str, part: Sequence[Candidate], who: Annotator) -> Batch:
    documents = rows_documents(part)
    events = [new_event("queued", who=who, image=image, queue=uuid, version=one.digest) for one in documents]
    return Batch(tuple(events), tuple(documents))


def _imported(workspace: Workspace, one: AnnotationSet, chosen: set[str], who: Annotator) -> Batch:
    """Return what the workspace has to be told of a set: its image, objects that are new or other, label images."""
    history = workspace.history(one.image.key)
    wanted = [made for made in one.objects if made.uuid in chosen]
    if not wanted:
        return Batch()
    batches = (
        [] if history.described == Document("image", encode(one.image)).digest else [described_event(one.image, who)]
    )
    new = [made for made in wanted if not _is_known(history, made)]
    batches.append(object_events(one.image.key, [ObjectChange(None, made) for made in new], who, why="for review"))
    used = {made.label.image for made in wanted if made.label is not None}
    for label in one.labels:
        if label.name in used and label.name not in history.labels:
            taken = snapshot(label)
            batches.append(painted_event(one.image.key, taken.header, painted(taken, {}), who, why="for review"))
    return joined(batches)


def _is_known(history: History, made: AnnotatedObject) -> bool:
    """Whether the workspace has an object; it then has its history, which counts, whatever else is said elsewhere."""
    known = history.objects.get(made.uuid)
    return known is not None and bool(known.version)


def list_queues(workspace: Workspace) -> list[ListedQueue]:
    """Return the queues of a workspace, the one that was made last first."""
    with workspace.reading() as reader:
        return listed_queues(reader)


def find_queue(workspace: Workspace, name: str = "") -> ListedQueue:
    """Return the queue of a name or uuid, the latest without. Raises ``NotFound``."""
    queues = list_queues(workspace)
    for one in queues:
        if not name or name in (one.uuid, one.definition.name):
            return one
    known = ", ".join(one.definition.name for one in queues) or "none"
    raise NotFound("There is no such queue of review", name or workspace.shown, f"queues are: {known}")


def listed_queues(reader: Reader) -> list[ListedQueue]:
    """Return the queues that a moment of a database holds, the one that was made last first."""
    heads = [event for event in reader.events(kind="queued", image="") if event.version]
    texts = reader.documents(event.version for event in heads)
    found = [
        ListedQueue(event.queue, decode(QueueDefinition, texts[event.version], on=event.queue), event)
        for event in heads
        if event.version in texts
    ]
    return found[::-1]


def open_queue(workspace: Workspace, uuid: str) -> OpenedQueue:
    """Return a queue with its objects and all that was said of them. May block.

    Raises ``NotFound`` where there is none, ``FormatError`` where its list cannot be read.
    """
    with workspace.reading() as reader:
        head = next((one for one in listed_queues(reader) if one.uuid == uuid), None)
        if head is None:
            raise NotFound("There is no such queue of review", uuid, "make one, or merge its file")
        place = last_place(reader.connection)
        queue = _queue(reader, uuid)
        kinds = [event for kind in (*SAYING, "undo") for event in reader.events(kind=kind)]
        kinds.sort(key=lambda event: event.order)
        work = [
            event for kind in ("claim", "assign", "release", "note") for event in reader.events(kind=kind, queue=uuid)
        ]
        images, remarks = _images(reader, queue.images)
    said: dict[str, list[Event]] = {}
    for event in kinds:
        if event.object in queue:
            said.setdefault(event.object, []).append(event)
    opinions = {one: opinions_of(events) for one, events in said.items()}
    for one, found in opinions.items():
        put_into(queue, one, found)
    work.sort(key=lambda event: event.order)
    return OpenedQueue(uuid, head.definition, queue, images, said, opinions, work, place, remarks)


def _queue(reader: Reader, uuid: str) -> Queue:
    events = [event for event in reader.events(kind="queued", queue=uuid) if event.image]
    texts = reader.documents(event.version for event in events)
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for event in events:
        if event.version not in texts:
            raise FormatError("Part of a queue of review is missing", event.image, "get its file again")
        for name, values in columns_of(texts[event.version], event.image).items():
            columns[name] += values
    return Queue.of_columns(columns)


def _images(reader: Reader, keys: Iterable[str]) -> tuple[dict[str, AnnotatedImage], tuple[str, ...]]:
    """Return the images of a queue as they were described last, and a sentence about those nobody described."""
    latest = {event.image: event.version for event in reader.events(kind="described")}
    texts = reader.documents(latest.values())
    found, missing = {}, []
    for key in keys:
        text = texts.get(latest.get(key, ""))
        if text is None:
            missing.append(key)
            found[key] = AnnotatedImage(address=key, name=key)
        else:
            found[key] = decode(AnnotatedImage, text, on=key)
    said = f"{len(missing)} images of the queue are not described, {missing[0]}, get its file again" if missing else ""
    return found, ((said,) if said else ())
