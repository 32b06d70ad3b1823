"""What a review file of somebody else would bring, told before any of it is taken."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_idr.workspace.history import fold

from .opinions import SAYING, opinions_of
from .queue_store import listed_queues
from .team import shown_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from napari_idr.workspace.events import Event
    from napari_idr.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a file has and the workspace has not."""

    events: int
    people: dict[str, int] = field(default_factory=dict)
    """How many of the new events are whose, most first."""
    queues: tuple[tuple[str, str], ...] = ()
    """Uuid and name of the queues in the file, the latest first."""
    images: int = 0
    """Of which something is new."""
    disputes: int = 0
    """Objects on which reviewers differ from then on, and did not before."""
    corrections: int = 0
    """Objects of which both corrected the same version: both versions are kept."""

    @property
    def sentence(self) -> str:
        """It in words."""
        if not self.events:
            return "Everything in it is here already."
        whose = ", ".join(f"{count:,} of {name}" for name, count in self.people.items())
        parts = [f"{self.events:,} {'event' if self.events == 1 else 'events'} would come in: {whose}."]
        if self.disputes:
            parts.append(f"On {_objects(self.disputes)} the reviewers differ then.")
        if self.corrections:
            both = "was corrected by both" if self.corrections == 1 else "were corrected by both"
            parts.append(f"{_objects(self.corrections)} {both}: both versions are kept.")
        if not self.disputes and not self.corrections:
            parts.append("Nothing contradicts what is here.")
        return " ".join(parts)


def incoming(workspace: Workspace, path: Path) -> Incoming:
    """Return what a review file would bring; nothing is taken of it. May block.

    Raises ``NotFound`` where there is no file, ``FormatError`` where it is damaged or something else.
    """
    with workspace.other(path) as reader:
        theirs = reader.events()
        queues = tuple((one.uuid, one.definition.name) for one in listed_queues(reader))
    with workspace.reading() as reader:
        mine = [event for key in {one.image for one in theirs} for event in reader.events(image=key)]
    known = {event.uuid for event in mine}
    new = [event for event in theirs if event.uuid not in known]
    people = Counter(shown_name(event.who) for event in new)
    touched = {event.object for event in new if event.object}
    return Incoming(
        len(new),
        dict(people.most_common()),
        queues,
        len({event.image for event in new if event.image}),
        _disputes([*mine, *new], touched) - _disputes(mine, touched),
        _corrections([*mine, *new], touched) - _corrections(mine, touched),
    )


def _disputes(events: Iterable[Event], objects: set[str]) -> int:
    said: dict[str, list[Event]] = {}
    for event in events:
        if event.object in objects and event.kind in (*SAYING, "undo"):
            said.setdefault(event.object, []).append(event)
    return sum(opinions_of(found).disagreement > 0 for found in said.values())


def _corrections(events: Iterable[Event], objects: set[str]) -> int:
    history = fold([event for event in events if event.object in objects and event.kind != "painted"])
    return sum(bool(one.disputed) for one in history.objects.values())


def _objects(count: int) -> str:
    return f"{count:,} {'object' if count == 1 else 'objects'}"
