"""What happened to what was made: events, the batches they are written in, and the clock that puts them in order.

An event is never changed. Its place in the history is its ``lamport`` number, then its uuid: two people who work at
once, and a computer whose clock jumps, give one order all the same, whichever file is merged into which.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Literal, get_args
from uuid import uuid4

from napari_idr.model.annotation_set import Feature  # noqa: TC001 - dataclass fields are resolved by the codec
from napari_idr.model.annotator import NOBODY, Annotator

if TYPE_CHECKING:
    from collections.abc import Iterable

EventKind = Literal[
    "described",
    "created",
    "modified",
    "deleted",
    "restored",
    "painted",
    "stated",
    "unstated",
    "verdict",
    "relabel",
    "comment",
    "undo",
    "queued",
    "assign",
    "claim",
    "release",
    "adjudicate",
    "note",
]
"""What can happen.

``described``: what an image is; ``painted``: pixels of a label image; ``stated`` and ``unstated``: a term of an image,
well or study; ``undo``: takes back the event that its detail "of" names, which may be an undo itself; ``queued``: a
queue of review; ``note``: anything else, with no effect on what is there.
"""
KINDS: tuple[EventKind, ...] = get_args(EventKind)

DocumentKind = Literal["image", "object", "label", "statement", "queue"]


@dataclass(frozen=True, slots=True)
class Document:
    """A version of something, named by what is in it: the same again is stored once."""

    kind: DocumentKind
    text: str
    """As ``codec.encode`` gives it."""

    @property
    def digest(self) -> str:
        """Name of the version."""
        return sha256(f"{self.kind}:{self.text}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class PaintedChunk:
    """The pixels of one chunk of a label image after an event."""

    place: tuple[int, ...]
    """Index of the chunk, per axis of the label image."""
    digest: str
    """Of the pixels; empty where all of them are background."""
    data: bytes = b""
    """Compressed; empty where the workspace has them already, or all are background."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Who did what, when, to which version of what, and why."""

    uuid: str
    kind: EventKind
    at: datetime
    """What the clock said; only shown, never the reason for an order."""
    who: Annotator = NOBODY
    lamport: int = 0
    """Place in the history; 0 until it is recorded."""
    image: str = ""
    """``AnnotatedImage.key``."""
    object: str = ""
    """Uuid of the object, or name of the label image that was painted."""
    queue: str = ""
    """Uuid of the queue of review."""
    version: str = ""
    """Digest of the document: what there is from now on, or what a verdict is about."""
    supersedes: str = ""
    """Digest of the version that its maker saw."""
    why: str = ""
    details: tuple[Feature, ...] = ()
    """What else there is to say: ``("status", "accepted")`` of a verdict."""

    @property
    def order(self) -> tuple[int, str]:
        """Place in the history."""
        return self.lamport, self.uuid

    def detail(self, name: str) -> str:
        """Return a detail as text, "" where there is none."""
        return next((str(value) for key, value in self.details if key == name and value is not None), "")


@dataclass(frozen=True, slots=True)
class QueuedObject:
    """One place of a queue of review."""

    queue: str
    """Uuid of the queue; a "queued" event has its name and filter as a document."""
    position: int
    image: str
    """``AnnotatedImage.key``."""
    object: str
    """Uuid."""
    version: str = ""
    """Digest of the object when it was queued; empty where it is not annotated in the workspace."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Events that are written together or not at all, and what they refer to."""

    events: tuple[Event, ...] = ()
    documents: tuple[Document, ...] = ()
    chunks: tuple[tuple[str, PaintedChunk], ...] = ()
    """``(uuid of the event, chunk)``."""
    queued: tuple[QueuedObject, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.events)


def joined(batches: Iterable[Batch]) -> Batch:
    """Return several batches as one, in order."""
    batches = tuple(batches)
    return Batch(
        tuple(event for one in batches for event in one.events),
        tuple(dict.fromkeys(document for one in batches for document in one.documents)),
        tuple(chunk for one in batches for chunk in one.chunks),
        tuple(place for one in batches for place in one.queued),
    )


def new_event(kind: EventKind, **values: object) -> Event:
    """Return an event of now, with a uuid of its own; ``values`` are further fields of ``Event``."""
    values.setdefault("at", datetime.now(UTC))
    return Event(uuid=str(uuid4()), kind=kind, **values)  # type: ignore[arg-type]


class LamportClock:
    """Counts so that whatever was seen lies before whatever comes next, whatever the clock of the computer says."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def witness(self, lamport: int) -> None:
        """Take note of a number that somebody gave."""
        with self._lock:
            self._last = max(self._last, lamport)

    def tick(self) -> int:
        """Return the next number."""
        with self._lock:
            self._last += 1
            return self._last
