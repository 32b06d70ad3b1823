"""What was said of one object in review: by whom, last, and whether it still holds. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.model.annotation_set import STATUSES
from napari_idr.workspace.history import taken_back

from .agreement import disagreement
from .candidates import person

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_idr.workspace.events import Event

    from .queue import Queue

SAYING = ("verdict", "adjudicate", "relabel", "comment")
"""Kinds of events that say something of an object."""
UNREVIEWED = "unreviewed"


@dataclass(frozen=True, slots=True)
class Opinions:
    """What counts of what was said of one object."""

    verdicts: tuple[Event, ...] = ()
    """Of each reviewer the last one, in the order of the history; one that ends a dispute among them."""
    relabel: Event | None = None
    comments: tuple[Event, ...] = ()
    adjudication: Event | None = None

    def status(self, before: str = UNREVIEWED, *, only: str | None = None) -> str:
        """Return what the object counts as: the last verdict, ``before`` where there is none.

        ``only`` is the person whose verdicts alone are looked at, for a second opinion that is blind to the first.
        """
        if only is not None:
            return next((one.detail("status") for one in self.verdicts if person(one.who) == only), UNREVIEWED)
        if self.adjudication is not None:
            return self.adjudication.detail("status")
        return self.verdicts[-1].detail("status") if self.verdicts else before

    @property
    def said(self) -> dict[str, str]:
        """The verdict of each reviewer."""
        return {person(one.who): one.detail("status") for one in self.verdicts if one.kind == "verdict"}

    @property
    def disagreement(self) -> float:
        """How far the reviewers differ; 0 once it was decided."""
        return 0.0 if self.adjudication is not None else disagreement(self.said)


def put_into(queue: Queue, uuid: str, found: Opinions, *, only: str | None = None) -> None:
    """Have a queue list an object as what it counts as.

    ``only`` is the person whose word alone counts, for a second opinion that is blind to the first.
    """
    queue.set_status(uuid, found.status(queue.first_status(uuid), only=only))
    queue.set_disagreement(uuid, 0.0 if only is not None else found.disagreement)
    relabel = found.relabel
    counts = relabel is not None and (only is None or person(relabel.who) == only)
    queue.set_class(uuid, relabel.detail("class") if relabel is not None and counts else queue.first_class(uuid))


def opinions_of(events: Iterable[Event]) -> Opinions:
    """Return what events about one object come to, those that undo others among them.

    A verdict that somebody gives after a dispute was decided opens it again.
    """
    ordered = sorted({event.uuid: event for event in events}.values(), key=lambda event: event.order)
    undone = taken_back(ordered)
    verdicts: dict[str, Event] = {}
    comments: list[Event] = []
    relabel: Event | None = None
    decided: Event | None = None
    for event in ordered:
        if event.uuid in undone:
            continue
        if event.kind in ("verdict", "adjudicate") and event.detail("status") in STATUSES:
            decided = event if event.kind == "adjudicate" else None
            if event.kind == "verdict":
                verdicts.pop(person(event.who), None)
                verdicts[person(event.who)] = event
        elif event.kind == "relabel":
            relabel = event
        elif event.kind == "comment":
            comments.append(event)
    return Opinions(tuple(verdicts.values()), relabel, tuple(comments), decided)
