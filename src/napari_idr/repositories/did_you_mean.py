"""Values written nearly like a text that nothing was found for: a search engine looks for parts of values only."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_idr.model.search import Suggestion

    from .base import Finder

LIKENESS = 0.7
"""Part of the letters that must agree: KIFF11 and KIF11 have 0.91, KIF11 and KIF18 0.8, KIF11 and TP53 0."""
SHORTEST = 4
"""Letters below which everything is like everything."""
LONGEST = 60
_LOOKED_AT = 400
"""Values of each kind that are compared."""


def close_values(finder: Finder, text: str, limit: int = 3) -> tuple[Suggestion, ...]:
    """Return values that are nearly a text, the closest first, then those with more images: two requests at most.

    A slip leaves the beginning or the end of a word as it is: values that contain the one or the other are compared.
    """
    text = text.strip()
    if not SHORTEST <= len(text) <= LONGEST:
        return ()
    near: dict[str, tuple[float, Suggestion]] = {}
    for part in (text[: (len(text) + 1) // 2], text[len(text) // 2 :]):
        for group in finder.suggest(part, limit=_LOOKED_AT).groups:
            for one in group.suggestions:
                likeness = _likeness(text, one.value)
                known = near.get(one.value.casefold())
                if likeness >= LIKENESS and (known is None or (one.count or 0) > (known[1].count or 0)):
                    near[one.value.casefold()] = (likeness, one)
    ranked = sorted(near.values(), key=lambda pair: (-pair[0], -(pair[1].count or 0), pair[1].value))
    return tuple(one for _, one in ranked[:limit])


def _likeness(text: str, value: str) -> float:
    return SequenceMatcher(None, text.casefold(), value.casefold(), autojunk=False).ratio()
