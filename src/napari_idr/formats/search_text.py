"""The text of a search, as people write it, and the conditions it means. Pure.

``KIF11`` is free text. ``Gene Symbol = KIF11`` is a condition; its operators are ``=``, ``!=``, ``~`` (contains),
``!~``, ``in (a, b)`` and ``not in (a, b)``. ``AND`` and ``OR`` in capitals join conditions; an ``OR`` joins to the
condition before it: ``A = 1 AND B = 2 OR B = 3`` asks for A, and one of the two Bs. What is in double quotes is taken
as it is, with a backslash before a quote.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from napari_idr.errors import AddressError
from napari_idr.model.search import Condition, SearchQuery

if TYPE_CHECKING:
    from napari_idr.model.search import Operator

LONGEST = 2000
SIGNS: dict[str, Operator] = {
    "!=": "not_equals",
    "!~": "not_contains",
    "=": "equals",
    "~": "contains",
    "not in": "not_in",
    "in": "in",
}
LISTS: frozenset[Operator] = frozenset({"in", "not_in"})
_NAMES = {operator: sign for sign, operator in SIGNS.items()}
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_SIGN = re.compile(r"\s*(!=|!~|=|~)\s*|\s+(not\s+in|in)\s*(?=\(.*\)\s*$)", re.IGNORECASE)
_JOIN = re.compile(rf"({_QUOTED})|\s(AND|OR)(?=\s|$)")
_LISTED = re.compile(rf"\s*({_QUOTED}|[^,]*)\s*(?:,|$)")
HINT = "write conditions like Gene Symbol = KIF11 AND Organism = Homo sapiens"


def parse_query(text: str) -> SearchQuery:
    """Return what a text asks for.

    Raises ``AddressError`` where conditions are half-written; free text never is.
    """
    text = text.strip()
    if len(text) > LONGEST:
        raise AddressError("The search is too long", f"{len(text)} characters", f"use at most {LONGEST}")
    clauses = _clauses(text)
    if not any(_SIGN.search(_without_quotes(clause)) for _, clause in clauses):
        return SearchQuery(words=_unquoted(text))
    groups: list[list[Condition]] = []
    for join, clause in clauses:
        condition = _condition(clause, text)
        if join == "OR":
            groups[-1].append(condition)
        else:
            groups.append([condition])
    alone = tuple(group[0] for group in groups if len(group) == 1)
    return SearchQuery(all_of=alone, any_of=tuple(tuple(group) for group in groups if len(group) > 1))


def _clauses(text: str) -> list[tuple[str, str]]:
    """Return (word that joins it, clause) of each clause; what is in quotes joins nothing."""
    found, start, join = [], 0, ""
    for match in _JOIN.finditer(text):
        if match[2]:
            found.append((join, text[start : match.start()]))
            start, join = match.end(), match[2]
    return [*found, (join, text[start:])]


def _without_quotes(clause: str) -> str:
    return re.sub(_QUOTED, lambda match: "x" * len(match.group()), clause)


def _condition(clause: str, text: str) -> Condition:
    match = _SIGN.search(_without_quotes(clause))
    key = "" if match is None else _unquoted(clause[: match.start()])
    if match is None or not key:
        raise AddressError(f"There is no condition in {clause.strip()!r}", text[:200], HINT)
    operator = SIGNS[" ".join((match[1] or match[2]).lower().split())]
    rest = clause[match.end() :].strip()
    value: Any = _listed(rest) if operator in LISTS else _unquoted(rest)
    if not value:
        raise AddressError(f"There is no value in {clause.strip()!r}", text[:200], HINT)
    return Condition(key, value, operator)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (_unquoted(one) for one in _LISTED.findall(text[1:-1]))))


def _unquoted(text: str) -> str:
    text = text.strip()
    if re.fullmatch(_QUOTED, text):
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def query_text(query: SearchQuery) -> str:
    """Return the text that asks for a query; ``parse_query`` of it gives the conditions again."""
    if query.words:
        special = _SIGN.search(query.words) or query.words != _unquoted(query.words)
        return _quoted(query.words) if special else query.words
    parts = [_condition_text(condition) for condition in query.all_of]
    parts += [" OR ".join(map(_condition_text, group)) for group in query.any_of]
    return " AND ".join(parts)


def _condition_text(condition: Condition) -> str:
    value = ", ".join(map(_value_text, condition.values))
    value = f"({value})" if condition.operator in LISTS else value
    return f"{_value_text(condition.key)} {_NAMES[condition.operator]} {value}"


def _value_text(value: str) -> str:
    special = re.search(r'["=~!,()]|\b(AND|OR)\b', value) or value != value.strip()
    return _quoted(value) if special else value


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
