"""Queries -> the questions of the IDR's search engine (ome/omero_search_engine, 0.7 and 0.8). Pure.

Ways of the engine that shape the questions:

- ``case_sensitive=false`` in an address is a text that is not empty, so it means true: in addresses it is sent as
  ``true`` or not at all; documents carry real booleans.
- ``study`` and ``return_containers`` in one address lose the result: they are never sent together.
- Quotes and backslashes in a value break the engine's query of ``equals``; the value of ``in`` is escaped.
- ``contains`` looks among lower-case values whatever is asked: it is never asked with case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_idr.model.search import Condition, SearchQuery

if TYPE_CHECKING:
    from napari_idr.model.catalog import Node

Params = list[tuple[str, str]]

CONTAINER_NAME = "name"
_ESCAPED = frozenset('"\\')


def simple_params(query: SearchQuery) -> Params | None:
    """Return a query as the parameters of an address, None where it takes a document.

    An address carries one condition on images, with one value.
    """
    if query.any_of or len(query.all_of) != 1:
        return None
    (condition,) = query.all_of
    if condition.resource != "image" or condition.operator in ("in", "not_in") or _needs_escape(condition):
        return None
    case = query.case_sensitive and condition.operator in ("equals", "not_equals")
    params = [("case_sensitive", "true")] if case else []
    return [*params, ("key", condition.key), ("operator", condition.operator), ("value", condition.values[0])]


def question(query: SearchQuery, container: Node | None = None, bookmark: int | None = None) -> dict[str, Any]:
    """Return a query as a document; within one container where one is given, from a bookmark on."""
    conditions = [*query.all_of]
    if container is not None:
        conditions.append(Condition(CONTAINER_NAME, container.name, resource="container"))
    exact = all(one.operator not in ("contains", "not_contains") for one in query.conditions)
    document: dict[str, Any] = {
        "query_details": {
            "and_filters": [_filter(one) for one in conditions],
            "or_filters": [[_filter(one) for one in group] for group in query.any_of],
            "case_sensitive": query.case_sensitive and exact,
        }
    }
    return document if bookmark is None else document | {"bookmark": [bookmark]}


def _filter(condition: Condition) -> dict[str, Any]:
    value: str | list[str] = condition.values[0]
    operator = condition.operator
    if operator in ("in", "not_in"):
        value = list(condition.values)
    elif _needs_escape(condition) and operator in ("equals", "not_equals"):
        operator, value = ("in" if operator == "equals" else "not_in"), [condition.values[0]]
    return {"name": condition.key, "value": value, "operator": operator, "resource": condition.resource}


def _needs_escape(condition: Condition) -> bool:
    return not _ESCAPED.isdisjoint("".join(condition.values))
