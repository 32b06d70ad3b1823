"""What a history comes to: events folded into what there is now. Pure, and the same whatever the order of arrival."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from napari_idr.formats.model_json import decode
from napari_idr.model.annotation_set import STATUSES, AnnotatedObject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from napari_idr.model.annotation_set import Status

    from .events import Event, PaintedChunk


@dataclass(slots=True)
class ObjectHistory:
    """One object: its version now, whether it is there, and all that was said of it, oldest first."""

    uuid: str
    version: str = ""
    """Digest of its document."""
    is_deleted: bool = False
    made: list[Event] = field(default_factory=list)
    """Created, modified, deleted, restored: those that count."""
    verdicts: list[Event] = field(default_factory=list)
    relabels: list[Event] = field(default_factory=list)
    comments: list[Event] = field(default_factory=list)

    @property
    def disputed(self) -> tuple[str, ...]:
        """Versions that two people made of the same one, without seeing each other's; empty where nobody did."""
        made: dict[str, dict[str, None]] = {}
        for event in self.made:
            if event.kind == "modified" and event.supersedes:
                made.setdefault(event.supersedes, {})[event.version] = None
        seen = {event.supersedes for event in self.made}
        open_ends = ([version for version in versions if version not in seen] for versions in made.values())
        return tuple(version for ends in open_ends if len(ends) > 1 for version in ends)

    @property
    def is_there(self) -> bool:
        """Whether it was made, and not deleted."""
        return bool(self.version) and not self.is_deleted

    @property
    def verdict(self) -> Event | None:
        """The verdict that counts: the last one."""
        return self.verdicts[-1] if self.verdicts else None


@dataclass(slots=True)
class LabelHistory:
    """One label image: the digest of its header, and of each chunk that is not background."""

    header: str = ""
    chunks: dict[tuple[int, ...], str] = field(default_factory=dict)


@dataclass(slots=True)
class History:
    """What there is of one image (or of a queue), and how it came about."""

    events: list[Event]
    """All, in order, those that were undone among them."""
    undone: frozenset[str] = frozenset()
    """Uuids of events that do not count any more."""
    described: str = ""
    """Digest of what the image is, as it was said last."""
    objects: dict[str, ObjectHistory] = field(default_factory=dict)
    labels: dict[str, LabelHistory] = field(default_factory=dict)
    statements: dict[str, None] = field(default_factory=dict)
    """Digests, in order."""

    @property
    def documents(self) -> set[str]:
        """Digests of all documents that tell what there is."""
        objects = {one.version for one in self.objects.values() if one.is_there}
        return {*objects, *self.statements, *(one.header for one in self.labels.values()), self.described} - {""}


def fold(events: Iterable[Event], painted: Mapping[str, Iterable[PaintedChunk]] | None = None) -> History:
    """Return what events come to, in whatever order they are given; an event given twice counts once.

    Parameters
    ----------
    events
        Of one image, or of one queue.
    painted
        By uuid of the event, the chunks that it painted.
    """
    ordered = sorted({event.uuid: event for event in events}.values(), key=lambda event: event.order)
    undone = taken_back(ordered)
    history = History(ordered, undone)
    for event in ordered:
        if event.uuid not in undone:
            if event.kind == "painted":
                _paint(history, event, (painted or {}).get(event.uuid, ()))
            elif event.kind in _EFFECTS:
                _EFFECTS[event.kind](history, event)
    return history


def taken_back(ordered: Iterable[Event]) -> frozenset[str]:
    """Return the uuids of events that were undone: an undo that was undone itself takes nothing back."""
    undone: set[str] = set()
    for event in reversed(list(ordered)):
        if event.kind == "undo" and event.uuid not in undone:
            undone.add(event.detail("of"))
    return frozenset(undone)


def _object(history: History, event: Event) -> ObjectHistory:
    return history.objects.setdefault(event.object, ObjectHistory(event.object))


def _describe(history: History, event: Event) -> None:
    history.described = event.version


def _make(history: History, event: Event) -> None:
    one = _object(history, event)
    one.made.append(event)
    one.version, one.is_deleted = event.version or one.version, event.kind == "deleted"


def _judge(history: History, event: Event) -> None:
    if event.detail("status") in STATUSES:
        _object(history, event).verdicts.append(event)


def _relabel(history: History, event: Event) -> None:
    _object(history, event).relabels.append(event)


def _comment(history: History, event: Event) -> None:
    _object(history, event).comments.append(event)


def _state(history: History, event: Event) -> None:
    history.statements[event.version] = None


def _unstate(history: History, event: Event) -> None:
    history.statements.pop(event.version, None)


def _paint(history: History, event: Event, chunks: Iterable[PaintedChunk]) -> None:
    label = history.labels.setdefault(event.object, LabelHistory())
    label.header = event.version
    for chunk in chunks:
        if chunk.digest:
            label.chunks[chunk.place] = chunk.digest
        else:
            label.chunks.pop(chunk.place, None)


_EFFECTS: dict[str, Callable[[History, Event], None]] = {
    "described": _describe,
    "created": _make,
    "modified": _make,
    "deleted": _make,
    "restored": _make,
    "verdict": _judge,
    "adjudicate": _judge,
    "relabel": _relabel,
    "comment": _comment,
    "stated": _state,
    "unstated": _unstate,
}


def object_now(one: ObjectHistory, document: str) -> AnnotatedObject:
    """Return an object as it is now: its last version, with the last verdict and class on top.

    A verdict or class that was given before that version still holds, unless the version says something itself.
    Raises ``FormatError`` where the document cannot be read.
    """
    made = decode(AnnotatedObject, document, on=one.uuid)
    since = one.made[-1].order if one.made else (0, "")
    verdict, relabel = one.verdict, one.relabels[-1] if one.relabels else None
    if verdict is not None and (verdict.order > since or made.status == "unreviewed"):
        status = cast("Status", verdict.detail("status"))
        made = replace(made, status=status, reviewer=verdict.who, reviewed=verdict.at)
    if relabel is not None and (relabel.order > since or not made.object_class):
        made = replace(made, object_class=relabel.detail("class"))
    return made
