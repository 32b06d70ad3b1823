"""How far reviewers agree: percent, Cohen's and Fleiss' kappa, and how far corrected shapes overlap. Pure.

Cohen, J. (1960) Educational and Psychological Measurement 20, 37-46; Fleiss, J. L. (1971) Psychological Bulletin 76,
378-382. Where kappa is not defined (everybody always says the same, so that chance alone would agree) it is None.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Verdicts = dict[str, dict[str, str]]
"""By object, what each reviewer says of it."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far reviewers agree on some objects."""

    objects: int
    """Objects that at least two reviewers gave a verdict."""
    percent: float | None
    """Share of pairs of verdicts on one object that are the same, 0 to 100; None without any pair."""
    cohen: tuple[tuple[str, str, float | None, int], ...] = ()
    """Of each two reviewers: names, kappa, and on how many objects."""
    same: tuple[float | None, ...] = ()
    """Of each two reviewers, in the order of ``cohen``, the share of objects of which they say the same, 0 to 100."""
    fleiss: float | None = None
    """Of all reviewers, over the objects that each of them gave a verdict; None below two reviewers."""


def agreement(verdicts: Mapping[str, Mapping[str, str]]) -> Agreement:
    """Return how far the reviewers agree on all objects."""
    shared = {uuid: said for uuid, said in verdicts.items() if len(said) > 1}
    reviewers = sorted({name for said in shared.values() for name in said})
    return Agreement(
        len(shared),
        _percent(shared.values()),
        tuple((one, other, *_cohen_of(shared.values(), one, other)) for one, other in combinations(reviewers, 2)),
        tuple(_same_of(shared.values(), one, other) for one, other in combinations(reviewers, 2)),
        _fleiss_of(shared.values(), reviewers),
    )


def agreement_per_class(verdicts: Mapping[str, Mapping[str, str]], classes: Mapping[str, str]) -> dict[str, Agreement]:
    """Return how far the reviewers agree on the objects of each class."""
    parts: defaultdict[str, dict[str, Mapping[str, str]]] = defaultdict(dict)
    for uuid, said in verdicts.items():
        parts[classes.get(uuid, "")][uuid] = said
    return {name: agreement(part) for name, part in sorted(parts.items())}


def disagreement(said: Mapping[str, str]) -> float:
    """Return how far reviewers differ on one object: 0 where all say the same, up to 1 where all differ."""
    if len(said) < 2:
        return 0.0
    pairs = list(combinations(said.values(), 2))
    return sum(one != other for one, other in pairs) / len(pairs)


def cohen_kappa(one: Sequence[str], other: Sequence[str]) -> float | None:
    """Return Cohen's kappa of two lists of verdicts on the same objects, in the same order."""
    count = len(one)
    if not count:
        return None
    observed = sum(a == b for a, b in zip(one, other, strict=True)) / count
    first, second = Counter(one), Counter(other)
    expected = sum(first[name] * second[name] for name in first) / count**2
    return None if expected == 1 else (observed - expected) / (1 - expected)


def fleiss_kappa(table: Sequence[Mapping[str, int]]) -> float | None:
    """Return Fleiss' kappa; each row says how many raters chose each category, and all rows have as many raters."""
    if not table:
        return None
    raters = sum(table[0].values())
    if raters < 2:
        return None
    per_object = [(sum(n * n for n in row.values()) - raters) / (raters * (raters - 1)) for row in table]
    totals: Counter[str] = Counter()
    for row in table:
        totals.update(row)
    expected = sum((n / (len(table) * raters)) ** 2 for n in totals.values())
    observed = sum(per_object) / len(table)
    return None if expected == 1 else (observed - expected) / (1 - expected)


def _percent(said: Iterable[Mapping[str, str]]) -> float | None:
    pairs = [one == other for each in said for one, other in combinations(each.values(), 2)]
    return 100 * sum(pairs) / len(pairs) if pairs else None


def _cohen_of(said: Iterable[Mapping[str, str]], one: str, other: str) -> tuple[float | None, int]:
    both = [(each[one], each[other]) for each in said if one in each and other in each]
    return cohen_kappa([a for a, _ in both], [b for _, b in both]), len(both)


def _same_of(said: Iterable[Mapping[str, str]], one: str, other: str) -> float | None:
    return _percent({one: each[one], other: each[other]} for each in said if one in each and other in each)


def _fleiss_of(said: Iterable[Mapping[str, str]], reviewers: Sequence[str]) -> float | None:
    complete = [Counter(each.values()) for each in said if len(each) == len(reviewers)]
    return fleiss_kappa(complete) if len(reviewers) > 1 else None
