"""What has to be told a repository so that it has the shapes that were drawn: new, modified and deleted. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import floor
from typing import TYPE_CHECKING

from .drawn_geometry import SAME_PLACE, is_same
from .shape_geometry import place

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from .annotation import Roi, Shape


@dataclass(frozen=True, slots=True)
class Drawn:
    """One shape as it is drawn now."""

    key: str
    """Whoever drew it finds it again by this; unique."""
    shape: Shape
    """Its ``id`` is the repository's, empty for one that no repository knows."""


@dataclass(frozen=True, slots=True)
class KnownShape:
    """One shape as a repository had it when it was read."""

    roi_id: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Modified:
    """A shape of the repository that is to become another."""

    key: str
    roi_id: str
    before: Shape
    after: Shape


@dataclass(frozen=True, slots=True)
class RoiChanges:
    """What is to be sent."""

    new: tuple[Drawn, ...] = ()
    modified: tuple[Modified, ...] = ()
    deleted: tuple[KnownShape, ...] = ()
    unchanged: int = 0
    remarks: tuple[str, ...] = ()
    """Sentences about what is not sent, and why."""
    adopted: tuple[tuple[str, KnownShape], ...] = field(default=())
    """Keys of new shapes that the repository has already, and as what."""

    @property
    def count(self) -> int:
        """How many shapes are to be sent or deleted."""
        return len(self.new) + len(self.modified) + len(self.deleted)


@dataclass(frozen=True, slots=True)
class Rights:
    """What a repository lets its user do with the ROIs of an image."""

    may_add: bool = True
    locked: frozenset[str] = frozenset()
    """Ids of ROIs that may not be changed."""
    kept: frozenset[str] = frozenset()
    """Ids of ROIs that may not be deleted."""


def plan_changes(known: Mapping[str, KnownShape], drawn: Iterable[Drawn]) -> RoiChanges:
    """Return what changed since shapes were read.

    Parameters
    ----------
    known
        By shape id what was read, of the layers that were chosen only: what is not drawn any more was deleted.
    drawn
        What these layers hold now, each id at most once.
    """
    new: list[Drawn] = []
    modified: list[Modified] = []
    gone = dict(known)
    unchanged = 0
    for one in drawn:
        before = gone.pop(one.shape.id, None)
        if before is None:
            new.append(replace(one, shape=replace(one.shape, id="")))
        elif type(before.shape) is not type(one.shape):
            gone[one.shape.id] = before  # the kind of a shape cannot change: the old one goes, the new one comes
            new.append(replace(one, shape=replace(one.shape, id="")))
        elif is_same(before.shape, one.shape):
            unchanged += 1
        else:
            modified.append(Modified(one.key, before.roi_id, before.shape, one.shape))
    return RoiChanges(tuple(new), tuple(modified), tuple(gone.values()), unchanged)


def meet_server(changes: RoiChanges, server: Sequence[Roi], known: Collection[str], rights: Rights) -> RoiChanges:
    """Return what of some changes can be sent to a repository as it is now, with sentences about the rest.

    What somebody else changed there since is not overwritten, what is not allowed is not tried, and a new shape that is
    there already (an answer that got lost) is not sent twice.

    Parameters
    ----------
    changes
        What changed here.
    server
        What the repository has now.
    known
        Ids of all shapes that were read before, of whatever layer.
    rights
        What is allowed.
    """
    there = {shape.id: KnownShape(roi.id, shape) for roi in server for shape in roi.shapes if shape.id}
    said = _Sayings()
    modified = [one for one in changes.modified if _may_modify(one, there, rights, said)]
    deleted = [one for one in changes.deleted if _may_delete(one, there, rights, said)]
    strangers = Twins(one for number, one in there.items() if number not in known)
    adopted: list[tuple[str, KnownShape]] = []
    new: list[Drawn] = []
    for one in changes.new:
        twin = strangers.take(one.shape)
        if twin is not None:
            adopted.append((one.key, twin))
        elif rights.may_add:
            new.append(one)
        else:
            said.add("may not be added: this user may not annotate the image")
    if adopted:
        said.add("had arrived already when they were sent before, and are not sent again", len(adopted))
    remarks = (*changes.remarks, *said.sentences())
    return RoiChanges(tuple(new), tuple(modified), tuple(deleted), changes.unchanged, remarks, tuple(adopted))


class Twins:
    """Finds among shapes one that says the same as another, each once."""

    def __init__(self, shapes: Iterable[KnownShape]) -> None:
        self._alike: dict[tuple[object, ...], list[KnownShape]] = {}
        for one in shapes:
            self._alike.setdefault(next(_signatures(one.shape)), []).append(one)

    def take(self, shape: Shape) -> KnownShape | None:
        """Return a shape that says the same, and never again; None where there is none."""
        for signature in dict.fromkeys(_signatures(shape)):
            alike = self._alike.get(signature, [])
            for one in alike:
                if is_same(one.shape, shape):
                    alike.remove(one)
                    return one
        return None


def _signatures(shape: Shape) -> Iterator[tuple[object, ...]]:
    """Yield what is the same of shapes that say the same and differs of most others: its pixel, and those beside it."""
    y, x = (place(shape)[1].mean(axis=0) + 0.5).tolist()
    for down, right in ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1)):
        at = floor(y + down * SAME_PLACE), floor(x + right * SAME_PLACE)
        yield (shape.kind, shape.text, shape.z, shape.t, shape.c, *at)


def _may_modify(one: Modified, there: Mapping[str, KnownShape], rights: Rights, said: _Sayings) -> bool:
    now = there.get(one.before.id)
    if now is None:
        said.add("were changed here and deleted on the server meanwhile; draw them anew to send them")
    elif not is_same(now.shape, one.before):
        said.add("were changed here and by somebody else on the server meanwhile; show the ROIs anew to see that")
    elif one.roi_id in rights.locked:
        said.add("may not be changed: they belong to somebody else")
    else:
        return True
    return False


def _may_delete(one: KnownShape, there: Mapping[str, KnownShape], rights: Rights, said: _Sayings) -> bool:
    now = there.get(one.shape.id)
    if now is None:
        return False  # somebody was faster, and the wish is fulfilled
    if not is_same(now.shape, one.shape):
        said.add("were deleted here and changed by somebody else on the server meanwhile, and are kept there")
    elif one.roi_id in rights.kept:
        said.add("may not be deleted: they belong to somebody else")
    else:
        return True
    return False


class _Sayings:
    """Counts what is to be said."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def add(self, why: str, times: int = 1) -> None:
        self._counts[why] = self._counts.get(why, 0) + times

    def sentences(self) -> list[str]:
        return [f"{count} {'shape' if count == 1 else 'shapes'} {why}." for why, count in self._counts.items()]
