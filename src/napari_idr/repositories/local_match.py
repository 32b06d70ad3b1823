"""Whether a node matches a query, told from what is known of it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.model.study_list import search_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.model.catalog import Node
    from napari_idr.model.search import Condition, SearchQuery


def matches(node: Node, query: SearchQuery) -> bool:
    """Return whether every word occurs in a node, and its key-values fulfil the conditions."""
    text = search_text(node) if query.words else ""
    if not all(word in text for word in query.words.casefold().split()):
        return False
    fold = str if query.case_sensitive else str.casefold
    alternatives = (*((one,) for one in query.all_of), *query.any_of)
    return all(any(_holds(node, one, fold) for one in group) for group in alternatives)


def _holds(node: Node, condition: Condition, fold: Callable[[str], str]) -> bool:
    """Return whether a condition holds; one that denies holds for whoever has the key at all."""
    if condition.operator.endswith("contains"):
        fold = str.casefold  # as a search engine does, which looks for parts among lower-case values only
    key = condition.key.casefold()
    own = [fold(value) for name, value in node.key_values if name.casefold() == key]
    own += [fold(node.name)] if key == "name" else []
    wanted = [fold(value) for value in condition.values]
    denied = condition.operator.startswith("not_")
    if condition.operator.endswith("contains"):
        found = any(text in value for value in own for text in wanted)
    else:
        found = any(value in wanted for value in own)
    return bool(own) and not found if denied else found
