"""Finding in a local folder of data, by the names of what lies in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.formats.search_text import parse_query
from napari_idr.model.search import Found, HitPage, StudyHits, Suggestions

from .local_match import matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from napari_idr.model.catalog import Node
    from napari_idr.model.search import SearchQuery


class FolderFinder:
    """Finds among the nodes that ``listed`` gives; there is nothing inside them to be found."""

    def __init__(self, listed: Callable[[], Iterable[Node]]) -> None:
        self._listed = listed

    def suggest(self, text: str, *, limit: int = 8) -> Suggestions:
        """Return nothing: a folder has no key-values."""
        return Suggestions(text)

    def find(self, query: SearchQuery | str) -> Found:
        """Return what has every word in its name."""
        query = parse_query(query) if isinstance(query, str) else query
        found = [node for node in self._listed() if matches(node, query)] if query else []
        return Found(query, tuple(StudyHits(node, (node,)) for node in found))

    def hits(self, query: SearchQuery, container: Node, *, bookmark: int | None = None) -> HitPage:
        """Return nothing more than was found."""
        return HitPage(container)
