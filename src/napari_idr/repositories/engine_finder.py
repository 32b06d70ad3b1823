"""Finding through a server's search engine, and through its list of studies for what the engine does not look at."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from napari_idr.errors import AccessDenied, NotFound, ProtocolError
from napari_idr.formats.search_text import parse_query
from napari_idr.model.catalog import Study
from napari_idr.model.search import Condition, Found, SearchQuery, StudyHits, Suggestions
from napari_idr.model.study_list import filter_studies

from .studies import ACCESSION, group_studies, study_node
from .suggesting import group_suggestions, known_suggestions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from napari_idr.formats.search_answers import ContainerRows
    from napari_idr.model.catalog import Node
    from napari_idr.model.search import HitPage, Suggestion

    from .base import Finder
    from .search_engine import SearchEngine
    from .study_listing import StudyListing

LOG = logging.getLogger(__name__)
T = TypeVar("T")

SHORTEST = 2
"""Letters below which a suggestion would be a list of everything."""
LONGEST = 200
"""Letters above which a text is nobody's value, but something pasted."""
MOST_KEYS = 20
"""Keys that free text is looked for under, those with the most images first."""


class EngineFinder:
    """Suggestions, counts and hits of a server's search engine; of ``without`` where it turns out to have none.

    A server that answers that there is no such page is not asked again. One that answers with a web page, or lets
    nobody in, is asked again the next time: it may be down for maintenance.
    """

    def __init__(self, engine: SearchEngine, listing: StudyListing, without: Finder) -> None:
        self._engine, self._listing, self._without = engine, listing, without
        self._is_there: bool | None = None
        self._found_without: frozenset[tuple[str, str, str]] = frozenset()

    def suggest(self, text: str, *, limit: int = 8) -> Suggestions:
        """Return what a text may mean: one request; none for less than two letters, or where there is no engine."""
        text = text.strip()
        if not SHORTEST <= len(text) <= LONGEST:
            return Suggestions(text)
        values = None if self._is_there is False else self._ask_values(text)
        if values is None:
            return self._without.suggest(text, limit=limit)
        found = (*values, *known_suggestions(text, self._listing.known, values))
        return Suggestions(text, group_suggestions(text, found, limit))

    def find(self, query: SearchQuery | str) -> Found:
        """Return the studies with images that match, and how many.

        Conditions cost one request. Words cost two, and those of the list of studies where it is not known yet.
        """
        query = parse_query(query) if isinstance(query, str) else query
        self._found_without = frozenset()
        if not query:
            return Found(query)
        if query.words:
            return self._find_words(query)
        rows = self._ask_containers(query)
        return self._find_without(query) if rows is None else self._found(query, rows)

    def hits(self, query: SearchQuery, container: Node, *, bookmark: int | None = None) -> HitPage:
        """Return a page of the images of a container that match: one request.

        Of a container that was found by what it says of itself (it has no ``match_count``), all images.
        """
        if self._is_there is False or container.key in self._found_without:
            return self._without.hits(query, container, bookmark=bookmark)
        conditions = SearchQuery() if container.match_count is None else replace(query, words="")
        page = self._unless_absent(lambda: self._engine.hits(conditions, container, bookmark))
        return self._without.hits(query, container, bookmark=bookmark) if page is None else page

    def _find_words(self, query: SearchQuery) -> Found:
        words = query.words.strip()
        studies = self._listing.studies()
        if ACCESSION.fullmatch(words.lower()):
            named = [node for node in studies if node.accession == words.lower()]
            return Found(SearchQuery(), _by_name(named))
        values = None if self._is_there is False else self._ask_values(words)
        if values is None:
            return self._find_without(query)
        resolved = replace(_under_keys(words, values, studies), case_sensitive=query.case_sensitive)
        rows = self._ask_containers(resolved) if resolved else None
        found = Found(resolved, image_count=0) if rows is None else self._found(resolved, rows)
        matching = {hit.study.key for hit in found.studies}
        named = [node for node in filter_studies(studies, words) if node.key not in matching]
        return replace(found, studies=(*found.studies, *_by_name(named)))

    def _find_without(self, query: SearchQuery) -> Found:
        """Return what is found without the engine; hits in it are then looked for in the same way."""
        found = self._without.find(query)
        self._found_without = frozenset(node.key for hits in found.studies for node in hits.containers)
        return found

    def _found(self, query: SearchQuery, rows: ContainerRows) -> Found:
        """Return containers grouped into studies, the most matches first."""
        groups = group_studies(_with_counts(rows.nodes, self._listing.known))
        known = {node.accession: node for node in self._listing.known if node.accession}
        source = self._engine.source
        hits = []
        for group in groups:
            study = known.get(group.accession)
            if study is None:
                study = study_node(group, rows.annotations, source.repository, source.base)
            count = sum(node.match_count or 0 for node in group.containers)
            most_first = sorted(group.containers, key=lambda node: -(node.match_count or 0))
            hits.append(StudyHits(replace(study, match_count=count), tuple(most_first)))
        hits.sort(key=lambda hit: -(hit.study.match_count or 0))
        return Found(query, tuple(hits), sum(node.match_count or 0 for node in rows.nodes))

    def _ask_values(self, text: str) -> tuple[Suggestion, ...] | None:
        return self._unless_absent(lambda: self._engine.values(text))

    def _ask_containers(self, query: SearchQuery) -> ContainerRows | None:
        return self._unless_absent(lambda: self._engine.containers(query))

    def _unless_absent(self, ask: Callable[[], T]) -> T | None:
        """Return the engine's answer, None where the server seems to have no engine. An engine's failures rise."""
        try:
            answer = ask()
        except (NotFound, AccessDenied, ProtocolError) as error:
            if self._is_there:
                raise
            LOG.info("No search engine: %s", error)
            self._is_there = False if isinstance(error, NotFound) else None
            return None
        self._is_there = True
        return answer


def _with_counts(rows: Iterable[Node], known: Iterable[Node]) -> list[Node]:
    """Return the containers as they were listed, if they were, with the counts of the rows."""
    listed = {one.key: one for node in known for one in (node.containers if isinstance(node, Study) else (node,))}
    return [replace(listed.get(row.key, row), match_count=row.match_count) for row in rows]


def _by_name(studies: Iterable[Node]) -> tuple[StudyHits, ...]:
    """Return studies that match by what they say of themselves; nothing of their images is known."""
    return tuple(StudyHits(node, node.containers if isinstance(node, Study) else (node,)) for node in studies)


def _under_keys(words: str, values: Iterable[Suggestion], studies: Iterable[Node]) -> SearchQuery:
    """Return the conditions that free text stands for: the value of any key, else a part of the value of any.

    The engine does not tell organisms among the values of images: the list of studies does.
    """
    folded = words.casefold()
    rows = sorted(values, key=lambda row: -(row.count or 0))
    exact = dict.fromkeys(row.key for row in rows if row.value.casefold() == folded)
    organisms = {name.casefold() for node in studies if isinstance(node, Study) for name in node.facts.organisms}
    keys = [*exact, *(["Organism"] if folded in organisms and "Organism" not in exact else [])]
    found = [Condition(key, words) for key in keys]
    if not found:
        found = [Condition(key, words, "contains") for key in dict.fromkeys(row.key for row in rows)]
    return SearchQuery(all_of=tuple(found)) if len(found) == 1 else SearchQuery(any_of=_group(found[:MOST_KEYS]))


def _group(conditions: list[Condition]) -> tuple[tuple[Condition, ...], ...]:
    return (tuple(conditions),) if conditions else ()
