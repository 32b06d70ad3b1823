"""What a person did in one go: which objects became which, and which pixels of label images hold other values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .annotation_set import AnnotatedImage, AnnotatedObject, LabelImage

ChangeKind = Literal["new", "modified", "deleted"]


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """One object before and after."""

    image: AnnotatedImage
    before: AnnotatedObject | None
    """None where it is new (or was restored)."""
    after: AnnotatedObject | None
    """None where it was deleted; ``before`` is what to restore."""

    @property
    def uuid(self) -> str:
        """Of the object."""
        one = self.after or self.before
        return "" if one is None else one.uuid

    @property
    def kind(self) -> ChangeKind:
        """What happened to it."""
        return "new" if self.before is None else "deleted" if self.after is None else "modified"

    def reversed(self) -> ObjectChange:
        """Return the change that takes this one back."""
        return ObjectChange(self.image, self.after, self.before)


@dataclass(frozen=True, slots=True, eq=False)
class LabelChange:
    """Pixels of a label image that were painted."""

    image: AnnotatedImage
    pixels: LabelImage
    """Of the same name as the whole; only the box that was painted, with its ``origin``, as it is now."""


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """What belongs together: undone, redone and stored as one."""

    title: str
    """In words: "draw", "delete 3 objects"."""
    objects: tuple[ObjectChange, ...] = ()
    labels: tuple[LabelChange, ...] = ()

    def reversed(self) -> Edit:
        """Return the edit that takes back what was done to objects; pixels are those of the moment, as before."""
        return Edit(self.title, tuple(change.reversed() for change in reversed(self.objects)), self.labels)
