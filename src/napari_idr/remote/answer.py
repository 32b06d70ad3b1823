"""What an object store answered: bytes, and what it says about their version and how long they hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .cache_entry import DAY, LONGEST_FRESH, NO_VERSION, Version

if TYPE_CHECKING:
    from collections.abc import Mapping

NOT_TO_KEEP = -1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a server."""

    data: bytes | None
    """None where there is no such object, or where it is unchanged."""
    version: Version = NO_VERSION
    fresh_for: float = DAY
    """Seconds for which it holds; below zero for what is not to be kept."""
    unchanged: bool = False
    """The version asked about is the present one."""


def version_of(meta: Mapping[str, Any]) -> Version:
    """Return the version that obstore's metadata of an object tell."""
    modified = meta.get("last_modified")
    seconds = modified.timestamp() if modified is not None else 0.0
    return Version(str(meta.get("e_tag") or ""), max(0.0, seconds), int(meta.get("size") or 0))


def fresh_seconds(cache_control: str) -> float:
    """Return how long an answer holds by its ``Cache-Control`` (RFC 9111, RFC 8246), a day where it does not say."""
    said = {word.strip().lower() for word in cache_control.split(",")}
    if "no-store" in said or "private" in said:
        return NOT_TO_KEEP
    if "immutable" in said:
        return LONGEST_FRESH
    if "no-cache" in said:
        return 0.0
    ages = [float(match[1]) for word in said if (match := re.fullmatch(r"max-age=(\d{1,10})", word))]
    return min([*ages, LONGEST_FRESH]) if ages else DAY
