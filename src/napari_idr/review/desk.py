"""A curator at work on one queue: where they are, what they say, and what of it is written down. No window needed.

What is said is handed to ``record``; it counts, and shows, only once ``confirm`` was told that it is durable. So a
glyph on the screen is a row in the database.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import numpy as np
from psygnal import Signal

from napari_idr.formats.model_json import encode
from napari_idr.workspace.changes import ObjectChange, object_events, undo_event
from napari_idr.workspace.events import Batch, Document, new_event
from napari_idr.workspace.history import taken_back

from .candidates import person
from .claims import CLAIM_TIME, claim_event, claims_of, release_event
from .opinions import SAYING, UNREVIEWED, Opinions, opinions_of, put_into
from .queue import QueueFilter
from .queue_file import filter_of, filter_text, order_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, Status
    from napari_idr.model.annotator import Annotator
    from napari_idr.workspace.events import Event, EventKind

    from .claims import Claim
    from .queue import Order
    from .queue_store import OpenedQueue

NONE = Opinions()
WORK = ("claim", "assign", "release")
"""Kinds of events that say who works on an image."""
LONGEST_COMMENT = 10_000


class Recorder(Protocol):
    """Who writes down what is said, in the order in which it was: ``Autosave.record``."""

    def __call__(self, image: AnnotatedImage, batch: Batch, *, who: Annotator | None = None) -> int:
        """Return the ticket under which it is confirmed."""
        ...


class Desk:
    """A queue of review, gone through by one person. Used from one thread.

    Parameters
    ----------
    opened
        The queue.
    who
        The reviewer.
    record
        Writes down what is said; ``confirm`` is called with its tickets once that is durable.
    claims
        Whether images that one works on are claimed, as people do who share a database.
    now
        Returns the time, aware and in UTC.
    """

    moved = Signal(int)
    """Row of the object that is looked at now; -1 where there is none."""
    changed = Signal(tuple)
    """Uuids of objects of which something else holds now."""
    listed = Signal()
    """Other rows are gone through, or in another order."""
    edited = Signal(str)
    """Key of an image in which somebody else changed objects of the queue."""
    said = Signal(str)
    """A sentence for the reviewer."""
    shared = Signal()
    """Somebody works on other images now."""

    def __init__(
        self,
        opened: OpenedQueue,
        who: Annotator,
        record: Recorder,
        *,
        claims: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.opened, self.queue, self.who = opened, opened.queue, who
        self.is_blind = opened.definition.is_blind
        """Whether what others said is hidden."""
        self.filter, self.order, self.seed = QueueFilter(), opened.definition.order, opened.definition.seed
        self.rows: np.ndarray = np.arange(0)
        self.position = -1
        """Index in ``rows`` of what is looked at; -1 where there is nothing."""
        self.versions: dict[str, str] = {}
        """Digests of objects as they are shown: what a verdict is about."""
        self._record, self._claims, self._now = record, claims, now
        self._claimed = now()
        self._pending: deque[tuple[int, tuple[Event, ...]]] = deque()
        self._mine: list[Event] = self._own_events()
        self._known = {event.uuid for events in opened.said.values() for event in events}
        self._known.update(event.uuid for event in opened.work)
        self._place_of: np.ndarray = np.arange(0)
        note = self._last_note()
        if note is not None and note.detail("blind"):
            self.is_blind = note.detail("blind") == str(True)
        self._take_over(self.queue.uuids if self.is_blind else self.opened.opinions)
        self._resume(note)

    # -- where one is

    @property
    def row(self) -> int:
        """Row of the object that is looked at; -1 where there is none."""
        return int(self.rows[self.position]) if 0 <= self.position < len(self.rows) else -1

    @property
    def uuid(self) -> str:
        """The object that is looked at, "" where there is none."""
        return self.queue.uuids[self.row] if self.row >= 0 else ""

    @property
    def image(self) -> AnnotatedImage | None:
        """The image of the object that is looked at."""
        return self.opened.images[self.queue.image_of(self.row)] if self.row >= 0 else None

    def go(self, position: int) -> None:
        """Look at one of ``rows``."""
        if not len(self.rows):
            return
        before = self.image
        self.position = min(max(position, 0), len(self.rows) - 1)
        if self.image is not before:
            self._enter()
        self.moved.emit(self.row)

    def go_to(self, uuid: str) -> None:
        """Look at an object, if it is among ``rows``."""
        position = self.position_of(uuid)
        if position >= 0:
            self.go(position)

    def position_of(self, uuid: str) -> int:
        """Return the index of an object in ``rows``, -1 where it is filtered away."""
        return int(self._place_of[self.queue.row(uuid)]) if uuid in self.queue else -1

    def step(self, by: int = 1) -> None:
        """Look at the next object, or the one before."""
        if 0 <= self.position + by < len(self.rows):
            self.go(self.position + by)
        elif len(self.rows):
            left = self.counts().get(UNREVIEWED, 0)
            end = "the last" if by > 0 else "the first"
            self.said.emit(f"This is {end} object of the list; {left:,} of the queue have no verdict yet.")

    def step_image(self, by: int = 1) -> None:
        """Look at the first object of the next image, or of the one before, that nobody else works on."""
        position = self.next_image_position(by)
        if position < 0:
            self.said.emit("There is no further image in this direction that is free.")
            return
        self.go(position)

    def next_image_position(self, by: int = 1) -> int:
        """Return where the next image (or the one before) begins in ``rows``, -1 where there is none."""
        found = self.next_images(1) if by > 0 else self._image_before()
        return found[0] if found else -1

    def next_images(self, count: int) -> list[int]:
        """Return where the next images begin in ``rows``, at most so many, without those that others work on."""
        if not len(self.rows):
            return []
        codes, taken = self.queue.image_codes[self.rows[self.position :]], self._taken_codes()
        found: list[int] = []
        rest = ~np.isin(codes, [int(codes[0]), *taken])
        while len(found) < count and rest.any():
            at = int(rest.argmax())
            found.append(self.position + at)
            rest &= codes != codes[at]
        return found

    def _image_before(self) -> list[int]:
        if not len(self.rows):
            return []
        codes = self.queue.image_codes[self.rows]
        before = codes[: self.position][::-1]
        free = np.flatnonzero(~np.isin(before, [int(codes[self.position]), *self._taken_codes()]))
        return [int(np.flatnonzero(codes == before[free[0]])[0])] if len(free) else []

    def _taken_codes(self) -> list[int]:
        taken = self._taken()
        return [code for code, image in enumerate(self.queue.images) if image in taken] if taken else []

    def show(self, wanted: QueueFilter, order: Order | None = None, seed: int | None = None) -> None:
        """Go through what fulfils some conditions, in an order; stay at the object, if it is among them."""
        uuid = self.uuid
        self.filter, self.order = wanted, order or self.order
        self.seed = self.seed if seed is None else seed
        self._list()
        self.position = max(self.position_of(uuid), 0) if len(self.rows) else -1
        self.listed.emit()
        self.moved.emit(self.row)

    def _list(self) -> None:
        self.rows = self.queue.ordered(self.queue.select(self.filter), self.order, seed=self.seed)
        self._place_of = np.full(len(self.queue), -1)
        self._place_of[self.rows] = np.arange(len(self.rows))

    # -- what is said

    def judge(self, status: Status, why: str = "", uuids: Iterable[str] = ()) -> None:
        """Give a verdict on the object that is looked at, or on others."""
        self._say("verdict", why, (("status", status),), uuids)

    def adjudicate(self, status: Status, why: str = "", uuids: Iterable[str] = ()) -> None:
        """Decide what an object counts as on which reviewers differ."""
        self._say("adjudicate", why, (("status", status),), uuids)

    def relabel(self, name: str, why: str = "", uuids: Iterable[str] = ()) -> None:
        """Say which class an object is of."""
        self._say("relabel", why, (("class", name),), uuids)

    def comment(self, text: str, uuids: Iterable[str] = ()) -> None:
        """Say anything of an object."""
        if text.strip():
            self._say("comment", text.strip()[:LONGEST_COMMENT], (), uuids)

    def correct(self, before: AnnotatedObject | None, after: AnnotatedObject | None, image: str, why: str = "") -> None:
        """Record another version of an object, which supersedes the one before; that stays in the history."""
        if before == after:
            return
        batch = object_events(image, [ObjectChange(before, after)], self.who, why=why)
        batch = Batch(tuple(_in_queue(event, self.opened.uuid) for event in batch.events), batch.documents)
        if after is not None:
            self.versions[after.uuid] = batch.events[0].version
        self._write(self.opened.images[image], batch)

    def undo(self) -> bool:
        """Take back what this person did last in this queue; return whether there was anything."""
        if not self._mine:
            self.said.emit("There is nothing to take back.")
            return False
        event = self._mine.pop()
        self._write(self.opened.images[event.image], undo_event(event, self.who), keeps=False)
        if event.object in self.queue and self.position_of(event.object) >= 0:
            self.go_to(event.object)
        return True

    @property
    def last_kind(self) -> str:
        """Kind of the event that would be taken back next, "" where there is none."""
        return self._mine[-1].kind if self._mine else ""

    def _say(self, kind: EventKind, why: str, details: tuple[tuple[str, str], ...], uuids: Iterable[str]) -> None:
        wanted = list(uuids) or ([self.uuid] if self.uuid else [])
        for uuid in wanted:
            image = self.queue.image_of(self.queue.row(uuid))
            event = new_event(
                kind,
                at=self._now(),
                who=self.who,
                image=image,
                object=uuid,
                queue=self.opened.uuid,
                version=self.versions.get(uuid, ""),
                why=why,
                details=details,
            )
            self._write(self.opened.images[image], Batch((event,)))
        if self._claims and self._now() - self._claimed > CLAIM_TIME / 3:
            self._enter()

    def _write(self, image: AnnotatedImage, batch: Batch, *, keeps: bool = True) -> None:
        if keeps:
            self._mine += batch.events
        self._known.update(event.uuid for event in batch.events)
        ticket = self._record(image, batch, who=self.who)
        self._pending.append((ticket, batch.events))

    def confirm(self, ticket: int) -> None:
        """Take note that all is durable up to a ticket: now it counts, and shows."""
        durable: list[Event] = []
        while self._pending and self._pending[0][0] <= ticket:
            durable += self._pending.popleft()[1]
        self._apply(durable)

    @property
    def unconfirmed(self) -> int:
        """How much of what was said is not durable yet."""
        return len(self._pending)

    def arrange(self, batches: Iterable[Batch]) -> None:
        """Record who works on which images; ``undo`` is of verdicts, and leaves it as it is."""
        for batch in batches:
            for event in batch.events:
                self._write(self.opened.images[event.image], Batch((event,)), keeps=False)

    def take_news(self, events: Iterable[Event]) -> None:
        """Take over what others said meanwhile; of events that are known only their place in the history."""
        events = list(events)
        self._place_work(events)
        new = [event for event in events if event.uuid not in self._known]
        self._warn_of_changes(new)
        edits = [one for one in new if one.kind in ("modified", "deleted", "restored") and one.object in self.queue]
        for image in dict.fromkeys(one.image for one in edits):
            self.edited.emit(image)
        self._apply(new)

    def _place_work(self, events: Iterable[Event]) -> None:
        """Give what was recorded here its place among what others did: whoever claimed an image first has it."""
        placed = {event.uuid: event for event in events if event.kind in WORK}
        work = self.opened.work
        work[:] = [placed.get(event.uuid, event) for event in work]

    def _warn_of_changes(self, events: Iterable[Event]) -> None:
        for event in events:
            theirs = event.kind in ("modified", "deleted") and person(event.who) != person(self.who)
            if theirs and self.versions.get(event.object, event.version) != event.version:
                who = event.who.name or "somebody"
                self.said.emit(f"{who} changed an object that you look at; go to it again to see it as it is now.")

    def _apply(self, events: Iterable[Event]) -> None:
        touched: dict[str, None] = {}
        worked = False
        for event in events:
            self._known.add(event.uuid)
            if event.kind in (*WORK, "note") and event.queue == self.opened.uuid:
                self.opened.work.append(event)
                worked = worked or event.kind in WORK
            elif event.object in self.queue and event.kind in (*SAYING, "undo"):
                self.opened.said.setdefault(event.object, []).append(event)
                touched[event.object] = None
            elif event.object in self.queue and event.kind in ("modified", "deleted", "restored"):
                touched[event.object] = None
        for uuid in touched:
            self.opened.opinions[uuid] = opinions_of(_numbered(self.opened.said.get(uuid, [])))
            self._note(uuid)
        if touched:
            self.changed.emit(tuple(touched))
        if worked:
            self.shared.emit()

    # -- what holds

    def opinions(self, uuid: str) -> Opinions:
        """Return what was said of an object, of others too."""
        return self.opened.opinions.get(uuid, NONE)

    def status(self, uuid: str) -> str:
        """Return what an object counts as for this reviewer."""
        return self.queue.status(self.queue.row(uuid))

    def comments(self, uuid: str) -> list[Event]:
        """Return the comments, and the reasons of verdicts, that this reviewer may see, oldest first."""
        found = self.opinions(uuid)
        events = [*found.comments, *(one for one in found.verdicts if one.why)]
        me = person(self.who)
        seen = [one for one in events if not self.is_blind or person(one.who) == me]
        return sorted(seen, key=lambda event: event.order)

    def counts(self) -> dict[str, int]:
        """Return how many objects of the whole queue have each status, for this reviewer."""
        return self.queue.counts("status")

    def claims(self) -> dict[str, Claim]:
        """Return who works on which image now."""
        return claims_of(_numbered(self.opened.work), self._now())

    def look_blindly(self, is_blind: bool) -> None:
        """Hide what others said, or show it; the same in the next session."""
        self.is_blind = is_blind
        self._take_over(self.queue.uuids)
        self.changed.emit(tuple(self.queue.uuids))
        self.show(self.filter)

    def _take_over(self, uuids: Iterable[str]) -> None:
        for uuid in uuids:
            self._note(uuid)

    def _note(self, uuid: str) -> None:
        put_into(self.queue, uuid, self.opinions(uuid), only=person(self.who) if self.is_blind else None)

    # -- today and tomorrow

    def stop(self) -> None:
        """Write down where one is, so that the next session begins there, and let go of the image."""
        image = self.image
        if image is None:
            return
        details = (
            ("place", self.uuid),
            ("filter", filter_text(self.filter)),
            ("order", self.order),
            ("seed", self.seed),
            ("blind", self.is_blind),
        )
        note = new_event("note", who=self.who, image=image.key, queue=self.opened.uuid, details=details)
        self._write(image, Batch((note,)), keeps=False)
        if self._claims:
            self._write(image, release_event(image.key, self.opened.uuid, self.who), keeps=False)

    def _last_note(self) -> Event | None:
        """Return where this person stopped, None where they were never here."""
        me = person(self.who)
        notes = [one for one in self.opened.work if one.kind == "note" and person(one.who) == me]
        return notes[-1] if notes else None

    def _resume(self, note: Event | None) -> None:
        """Go on where this person stopped: with the filter and order of then, at the object of then.

        Whoever was cut off (nothing was noted since the last verdict) goes on after the object of that verdict.
        """
        uuid, after = "", 0
        if note is not None:
            self.filter, self.order = filter_of(note.detail("filter")), order_of(note.detail("order"))
            self.seed = int(note.detail("seed")) if note.detail("seed").isdecimal() else self.seed
            uuid = note.detail("place")
        self._list()
        verdicts = [one for one in self._mine if one.kind == "verdict"]
        if verdicts and (note is None or verdicts[-1].order > note.order):
            uuid, after = verdicts[-1].object, 1
        place = self.position_of(uuid) if uuid else -1
        self.position = min(max(place + after, 0), len(self.rows) - 1) if len(self.rows) else -1
        if self.position >= 0:
            self._enter()

    def _own_events(self) -> list[Event]:
        """Return what this person said in this queue and did not take back, oldest first."""
        me, uuid = person(self.who), self.opened.uuid
        every = (event for events in self.opened.said.values() for event in events)
        ordered = sorted(every, key=lambda event: event.order)
        undone = taken_back(ordered)
        return [
            event
            for event in ordered
            if event.kind in SAYING and event.queue == uuid and person(event.who) == me and event.uuid not in undone
        ]

    def _taken(self) -> set[str]:
        me = person(self.who)
        return {image for image, claim in self.claims().items() if person(claim.who) != me}

    def _enter(self) -> None:
        """Claim the image one comes to, or say whose it is."""
        image = self.image
        if image is None:
            return
        claim = self.claims().get(image.key)
        if claim is not None and person(claim.who) != person(self.who):
            until = f" until {claim.until.astimezone():%H:%M}" if claim.until else ""
            self.said.emit(f"{claim.who.name or 'Somebody'} works on {image.name or image.address}{until}.")
            return
        if not self._claims:
            return
        self._claimed = self._now()
        self._write(image, claim_event(image.key, self.opened.uuid, self.who), keeps=False)


def digest_of(one: AnnotatedObject) -> str:
    """Return the name of a version of an object."""
    return Document("object", encode(one)).digest


def _in_queue(event: Event, queue: str) -> Event:
    return replace(event, queue=queue)


def _numbered(events: list[Event]) -> list[Event]:
    """Return events in the order in which they came, where some have no place in the history yet."""
    last, ordered = 0, []
    for event in events:
        last = max(last, event.lamport) if event.lamport else last + 1
        ordered.append(event if event.lamport else replace(event, lamport=last))
    return ordered
