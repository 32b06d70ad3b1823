"""What a search found so far: containers, how far each was looked at, the wells of each plate. Plain data, no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from napari_idr.model.search import HitGroup

from .wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from napari_idr.model.catalog import Node
    from napari_idr.model.search import Found, HitPage, SearchQuery

Key = tuple[str, str, str]

AT_ONCE = 1000
"""Images that are looked at without being asked for: one page of the search engine. More are a row "more"."""


@dataclass(slots=True)
class Looked:
    """A container in which something was found, and how far it was looked at."""

    container: Node
    study: Node
    query: SearchQuery
    bookmark: int | None = None
    """Where the next page begins."""
    is_asked: bool = False
    is_complete: bool = False
    images: int = 0
    """Images that match, of the pages that came."""
    groups: dict[Key, HitGroup] = field(default_factory=dict)

    def add(self, page: HitPage) -> tuple[HitGroup, ...]:
        """Take a page in; return its groups, each with what is new in it."""
        fresh = tuple(self._merged(group) for group in page.groups)
        self.images += sum(group.node.match_count or 0 for group in page.groups)
        all_seen = self.container.match_count is not None and self.images >= self.container.match_count
        self.bookmark = None if all_seen else page.bookmark
        self.is_complete = self.bookmark is None
        return fresh

    def _merged(self, group: HitGroup) -> HitGroup:
        """Add a group to what is known of its plate; a well that goes on in a later page stays one."""
        known = self.groups.get(group.node.key)
        if known is None:
            self.groups[group.node.key] = group
            return group
        there = {member.key for member in known.members}
        fresh = tuple(member for member in group.members if member.key not in there)
        count = (known.node.match_count or 0) + (group.node.match_count or 0)
        node = replace(known.node, match_count=count)
        self.groups[group.node.key] = HitGroup(node, (*known.members, *fresh))
        return HitGroup(node, fresh)

    @property
    def said(self) -> str:
        """How much of how much was looked at, for the row that asks for more."""
        total = self.container.match_count
        seen = f"{self.images:,} of {total:,} images" if total else counted(self.images, "image", "images")
        return f"{seen} looked at. More…"


class FoundHits:
    """The answers of all repositories to one search."""

    def __init__(self) -> None:
        self.looked: dict[Key, Looked] = {}
        """By container."""
        self._images = 0
        self._studies: set[Key] = set()

    def add_found(self, found: Found) -> tuple[Looked, ...]:
        """Take an answer in; return its containers."""
        fresh = [Looked(node, hits.study, found.query) for hits in found.studies for node in hits.containers]
        self.looked.update((one.container.key, one) for one in fresh)
        self._images += found.image_count or 0
        self._studies |= {hits.study.key for hits in found.studies}
        return tuple(fresh)

    def wanted_at_once(self, fresh: Iterable[Looked]) -> Iterator[Looked]:
        """Yield the containers to look at without being asked to: the first that has a count, more while they are few.

        A search without a search engine has no counts; what it found is looked at as if it were few.
        """
        room = AT_ONCE
        counts = any(one.container.match_count is not None for one in self.looked.values())
        for one in fresh:
            count = one.container.match_count
            if count is None and counts:
                continue  # found by what it says of itself: nobody asked for its images
            if room == AT_ONCE or (count or 0) <= room:
                room -= count or 1
                yield one

    def group_of(self, plate: Node) -> HitGroup | None:
        """Return what was found on a plate or in a dataset."""
        return next((one.groups[plate.key] for one in self.looked.values() if plate.key in one.groups), None)

    def holder_of(self, member: Node) -> HitGroup | None:
        """Return the plate or dataset of a well or image that was found, with it alone."""
        for one in self.looked.values():
            for group in one.groups.values():
                if any(known.key == member.key for known in group.members):
                    return HitGroup(group.node, (member,))
        return None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found."""
        return not self.looked

    @property
    def said(self) -> str:
        """What was found in a sentence: images, studies, and the wells that are listed."""
        if self.is_empty:
            return ""
        members = [
            (group.node.kind, len(group.members)) for one in self.looked.values() for group in one.groups.values()
        ]
        plates = sum(kind == "plate" for kind, _ in members)
        wells = sum(count for kind, count in members if kind == "plate")
        images = f"{counted(self._images, 'image', 'images')} in " if self._images else ""
        listed = f" · {counted(wells, 'well', 'wells')} on {counted(plates, 'plate', 'plates')}" if wells else ""
        return f"{images}{counted(len(self._studies), 'study', 'studies')}{listed}"


def chosen_groups(hits: FoundHits, nodes: Iterable[Node]) -> tuple[HitGroup, ...]:
    """Return what chosen rows mean: wells by plate; a plate without a chosen well, a container or a study means all.

    In the order in which they were found.
    """
    keys = {node.key for node in nodes}
    found = []
    for one in hits.looked.values():
        in_container = [_chosen_of(group, keys) for group in one.groups.values()]
        some = [group for group in in_container if group is not None]
        if not some and not keys.isdisjoint((one.container.key, one.study.key)):
            some = list(one.groups.values())
        found += some
    return tuple(found)


def _chosen_of(group: HitGroup, keys: set[Key]) -> HitGroup | None:
    members = tuple(member for member in group.members if member.key in keys)
    if members:
        return HitGroup(group.node, members)
    return group if group.node.key in keys else None
