"""Several people at one queue: who has which image, and on which objects they differ. Pure but for what it records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.model.annotator import NOBODY, Annotator

from .candidates import person
from .claims import assign_event, claim_event, release_event
from .opinions import UNREVIEWED
from .reviewer import reviewer_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_idr.model.annotation_set import AnnotatedImage
    from napari_idr.workspace.events import Event

    from .claims import Claim
    from .desk import Desk


@dataclass(frozen=True, slots=True)
class ImageWork:
    """Who works on one image of a queue, and how far it is."""

    image: AnnotatedImage
    claim: Claim | None
    done: int
    """Objects with a verdict, as far as the reviewer may see."""
    total: int
    classes: frozenset[str]

    @property
    def study(self) -> str:
        """What the image belongs to: accession, else plate or dataset, "" where nothing is known."""
        return self.image.accession or self.image.plate or self.image.dataset


@dataclass(frozen=True, slots=True)
class Dispute:
    """An object on which reviewers differ."""

    uuid: str
    image: AnnotatedImage
    object_class: str
    verdicts: tuple[Event, ...]
    """Of each reviewer the last one."""
    decision: Event | None = None
    """What ended it."""

    def verdict_of(self, who: str) -> Event | None:
        """Return what a person (``candidates.person``) says, None where they say nothing."""
        return next((one for one in self.verdicts if person(one.who) == who), None)


def work_of(desk: Desk) -> list[ImageWork]:
    """Return who works on each image of a queue, in the order of the queue."""
    queue, claims = desk.queue, desk.claims()
    counted = zip(queue.images, queue.counts_by_image("status"), queue.counts_by_image("object_class"), strict=True)
    found = []
    for key, statuses, classes in counted:
        total = sum(statuses.values())
        done = total - statuses.get(UNREVIEWED, 0)
        found.append(ImageWork(desk.opened.images[key], claims.get(key), done, total, frozenset(classes)))
    return found


def people_of(desk: Desk) -> list[Annotator]:
    """Return everybody who reviews here or was given something, oneself first, each once."""
    named = [claim.who for claim in desk.claims().values()]
    said = [one.who for found in desk.opened.opinions.values() for one in found.verdicts]
    every = {person(who): who for who in (desk.who, *named, *said) if who != NOBODY}
    return list(every.values())


def reviewers_of(disputes: Iterable[Dispute]) -> dict[str, str]:
    """Return the names of all who have a part in some disputes, by ``candidates.person``."""
    named = {person(one.who): shown_name(one.who) for dispute in disputes for one in dispute.verdicts}
    return dict(sorted(named.items(), key=lambda pair: pair[1].casefold()))


def disputes_of(desk: Desk) -> list[Dispute]:
    """Return the objects on which reviewers differ, those that were decided last.

    Who gives a second opinion blindly sees those alone of which they have said something themselves.
    """
    queue, me = desk.queue, person(desk.who)
    found = []
    for uuid, opinions in desk.opened.opinions.items():
        said = opinions.said
        if len(set(said.values())) < 2 or uuid not in queue or (desk.is_blind and me not in said):
            continue
        row = queue.row(uuid)
        image = desk.opened.images[queue.image_of(row)]
        verdicts = tuple(one for one in opinions.verdicts if one.kind == "verdict")
        found.append(Dispute(uuid, image, queue.value("object_class", row), verdicts, opinions.adjudication))
    return sorted(found, key=lambda one: (one.decision is not None, queue.row(one.uuid)))


def assign(desk: Desk, images: Sequence[str], to: Annotator) -> None:
    """Give images, by their keys, to somebody; to ``NOBODY`` they are free again."""
    desk.arrange(assign_event(key, desk.opened.uuid, desk.who, to) for key in images)


def claim(desk: Desk, images: Sequence[str]) -> list[str]:
    """Claim images for a while, and return the keys of those that somebody else has."""
    me, held = person(desk.who), desk.claims()
    taken = [key for key in images if key in held and person(held[key].who) != me]
    desk.arrange(claim_event(key, desk.opened.uuid, desk.who) for key in images if key not in taken)
    return taken


def release(desk: Desk, images: Sequence[str]) -> None:
    """Let go of images that one has."""
    me, held = person(desk.who), desk.claims()
    mine = [key for key in images if key in held and person(held[key].who) == me]
    desk.arrange(release_event(key, desk.opened.uuid, desk.who) for key in mine)


def person_of(text: str) -> Annotator | None:
    """Return who is meant by "Grace Hopper (0000-0002-1825-0097)", the iD left out or alone; None for nobody."""
    name, _, rest = text.strip().rpartition("(")
    if name and rest.endswith(")"):
        return reviewer_of(name.strip(), rest[:-1])
    return reviewer_of(text, "")


def shown_person(who: Annotator) -> str:
    """Return a person as ``person_of`` reads them."""
    return f"{who.name} ({who.orcid})" if who.name and who.orcid else who.name or who.orcid


def shown_name(who: Annotator) -> str:
    """Return what a person is called."""
    return who.name or who.orcid or "somebody"
