"""Compares JSON with a recorded sample: same keys, same JSON types."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

Types = dict[str, set[str]]
NAMES = {bool: "boolean", int: "number", float: "number", str: "string", dict: "object", list: "list"}


def types_of(document: Any, path: str = "", found: Types | None = None) -> Types:
    """JSON types by path; elements of a list share one path."""
    found = defaultdict(set) if found is None else found
    found[path].add(NAMES.get(type(document), "null"))
    if isinstance(document, dict):
        for key, value in document.items():
            types_of(value, f"{path}.{key}", found)
    elif isinstance(document, list):
        for value in document:
            types_of(value, f"{path}[]", found)
    return found


def differences(ours: Any, sample: Any, *, also: tuple[str, ...] = ()) -> list[str]:
    """What is wrong with a document: keys the sample does not have (``also`` are allowed), other types."""
    known, wrong = types_of(sample), []
    for path, types in types_of(ours).items():
        if any(extra in path for extra in also):
            continue
        if path not in known:
            wrong.append(f"{path} is not in the sample")
        elif "null" not in known[path] and not types <= known[path]:
            wrong.append(f"{path} is {types}, the sample's is {known[path]}")
    return wrong


def missing(ours: Any, sample: Any, *, optional: tuple[str, ...] = ()) -> list[str]:
    """Paths of the sample that a document does not have, but for the optional ones."""
    have = types_of(ours)
    return [path for path in types_of(sample) if path not in have and not any(name in path for name in optional)]
