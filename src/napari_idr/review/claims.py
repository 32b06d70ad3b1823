"""Who works on which image: assigned by somebody, or claimed for a while, so that two do not do the same. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from napari_idr.model.annotator import NOBODY, Annotator
from napari_idr.workspace.events import Batch, new_event
from napari_idr.workspace.history import taken_back

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_idr.workspace.events import Event

CLAIM_TIME = timedelta(minutes=30)
"""How long an image is somebody's after the last thing they did there."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody works on an image."""

    who: Annotator
    until: datetime | None
    """None for an assignment: it has no end."""

    def holds(self, now: datetime) -> bool:
        """Whether it is still theirs."""
        return self.until is None or now < self.until


def claims_of(events: Iterable[Event], now: datetime) -> dict[str, Claim]:
    """Return whose each image of a queue is now, by its key.

    Of two who claim an image at once, it is that of the first in the history, which is the same for all. A claim that
    somebody renews goes on; one in the far future, from a clock that is wrong, ends ``CLAIM_TIME`` from now.
    """
    ordered = sorted(events, key=lambda event: event.order)
    undone = taken_back(ordered)
    held: dict[str, Claim] = {}
    for event in ordered:
        if event.uuid in undone or event.kind not in ("assign", "claim", "release"):
            continue
        mine = held.get(event.image)
        if event.kind == "assign":
            held.pop(event.image, None)
            to = Annotator(event.detail("name"), event.detail("orcid"))
            if to != NOBODY:
                held[event.image] = Claim(to, None)
        elif event.kind == "release":
            if mine is not None and mine.who == event.who:
                del held[event.image]
        elif mine is None or mine.who == event.who or not mine.holds(event.at):
            if mine is None or mine.until is not None:
                held[event.image] = Claim(event.who, min(event.at, now) + CLAIM_TIME)
    return {image: claim for image, claim in held.items() if claim.holds(now)}


def claim_event(image: str, queue: str, who: Annotator) -> Batch:
    """Return that somebody begins to work on an image, or still does."""
    return Batch((new_event("claim", who=who, image=image, queue=queue),))


def release_event(image: str, queue: str, who: Annotator) -> Batch:
    """Return that somebody is done with an image."""
    return Batch((new_event("release", who=who, image=image, queue=queue),))


def assign_event(image: str, queue: str, who: Annotator, to: Annotator) -> Batch:
    """Return that an image is given to somebody, until they release it; to ``NOBODY``, that it is free again."""
    details = (("name", to.name), ("orcid", to.orcid))
    return Batch((new_event("assign", who=who, image=image, queue=queue, details=details),))
