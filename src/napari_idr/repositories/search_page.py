"""What a search found as one flat list: for lists and for the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.model.catalog import Page, Study

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.model.catalog import Node
    from napari_idr.model.search import Found, HitPage, SearchQuery

    from .base import Finder

MEMBERS = 200
"""Wells and images that are listed of what was found."""


def search_page(finder: Finder, query: SearchQuery | str) -> Page:
    """Return what matches as one list; see ``list_found``."""
    nodes = list_found(finder, finder.find(query))
    return Page(nodes, 0, len(nodes))


def list_found(finder: Finder, found: Found, members: int = MEMBERS) -> tuple[Node, ...]:
    """Return studies with their containers, then plates with wells (datasets with images) up to ``members`` of them.

    One request per container, until there are enough wells and images.
    """
    nodes: list[Node] = []
    for hits in found.studies:
        nodes += [hits.study, *hits.containers] if isinstance(hits.study, Study) else hits.containers
    return (*nodes, *_members(finder, found, members))


def _members(finder: Finder, found: Found, room: int) -> Iterator[Node]:
    containers = [node for hits in found.studies for node in hits.containers]
    counted = [node for node in containers if node.match_count is not None]
    for container in counted or (containers if found.note else []):
        if room <= 0:
            return
        page = finder.hits(found.query, container)
        yield from _first(page, room)
        room -= sum(len(group.members) for group in page.groups)


def _first(page: HitPage, room: int) -> Iterator[Node]:
    for group in page.groups:
        yield group.node
        yield from group.members[: max(0, room)]
        room -= len(group.members)
        if room <= 0:
            return
