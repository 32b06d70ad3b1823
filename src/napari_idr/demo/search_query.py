"""How the IDR's search engine reads a query, with the ways that its clients have to know.

Keys and values count without regard to case unless asked; ``contains`` compares with the text in lower case whatever
was asked; a quote or backslash in any value but those of ``in`` breaks the query.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .objects import Json
    from .search_index import IndexedContainer, IndexedImage, SearchIndex
    from .served import Pairs

BROKEN = "Something went wrong, please check your query and try again later."
HALF = "Each Filter needs to have, name, value and operator keywords."
NOTHING = "Your query returns no results"
OPERATORS = ("equals", "not_equals", "contains", "not_contains", "in", "not_in")

Test = Callable[["Pairs"], bool]


class QueryError(Exception):
    """What the engine answers under ``Error``, with status 200."""


@dataclass(frozen=True, slots=True)
class EngineQuery:
    """The details of a query."""

    and_filters: Sequence[Json]
    or_filters: Sequence[Sequence[Json]]
    case_sensitive: bool

    @classmethod
    def of(cls, document: Any) -> EngineQuery:
        """Read the document of a POST. Raises ``QueryError``."""
        details = document.get("query_details") if isinstance(document, dict) else None
        if not isinstance(details, dict):
            raise QueryError("No query is provided")
        case = details.get("case_sensitive")
        return cls(details.get("and_filters") or [], details.get("or_filters") or [], bool(case))

    def images(self, index: SearchIndex) -> list[IndexedImage]:
        """Return the images that match. Raises ``QueryError``."""
        found = index.images
        for group in ([one] for one in self.and_filters):
            found = self._narrowed(index, found, group)
        for alternatives in self.or_filters:
            found = self._narrowed(index, found, alternatives)
        return found

    def _narrowed(self, index: SearchIndex, images: list[IndexedImage], group: Sequence[Json]) -> list[IndexedImage]:
        """Return the images that fulfil one of a group of filters."""
        tests = [self._test(index, one) for one in group]
        return [image for image in images if any(test(image) for test in tests)]

    def _test(self, index: SearchIndex, one: Json) -> Callable[[IndexedImage], bool]:
        test = filter_test(one, case_sensitive=self.case_sensitive)
        kind = one.get("resource", "image")
        if kind == "image":
            return lambda image: test(image.values)
        kinds = ("project", "screen") if kind == "container" else (kind,)
        matching = [each for each in index.containers if each.kind in kinds and test(_values(each))]
        if not matching:
            raise QueryError(NOTHING)
        return lambda image: image.container in matching


def filter_test(one: Json, *, case_sensitive: bool) -> Test:
    """Return the test that one filter stands for. Raises ``QueryError``."""
    key, operator, value = one.get("name"), one.get("operator"), one.get("value")
    if not isinstance(key, str) or not key.strip() or operator not in OPERATORS or value is None:
        raise QueryError(HALF)
    fold: Callable[[str], str] = str if case_sensitive else str.lower
    holds = _holds(operator.removeprefix("not_"), value, fold)
    denied = operator.startswith("not_")

    def test(pairs: Pairs) -> bool:
        own = [text for name, text in pairs if fold(name) == fold(key.strip())]
        return bool(own) and any(map(holds, own)) != denied

    return test


def _holds(operator: str, value: Any, fold: Callable[[str], str]) -> Callable[[str], bool]:
    if operator == "in":
        listed = value if isinstance(value, list) else str(value).split(",")
        wanted = {fold(text.strip()) for text in listed}
        return lambda text: fold(text) in wanted
    if not isinstance(value, str):
        raise QueryError(HALF)
    if operator == "contains":
        part = value.strip().lower()
        return lambda text: part in fold(text)
    if '"' in value or "\\" in value:
        raise QueryError(BROKEN)
    return lambda text: fold(text) == fold(value.strip())


def _values(container: IndexedContainer) -> Pairs:
    """Return the key-values of a container; its name is one of them."""
    return (("name", container.name), ("Name (IDR number)", container.name), *container.values)
