"""Medians over runs, and the lines of the table they make."""

from __future__ import annotations

import math
import statistics
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

REASONS = Path(__file__).with_name("reasons.toml")
"""Why an aim is missed, kept by hand: ``"work: what" = "the reason"``, of all benchmarks."""
HEAD = ("work", "what", "napari-ome-zarr", "ours", "floor", "limit", "aim", "met", "right", "if not, why")
NEVER = math.inf
"""Of what did not come."""


@dataclass(frozen=True, slots=True)
class Line:
    """One figure: what it is, what the peer and we reach, and what is aimed at."""

    work: str
    what: str
    ours: str
    aim: str
    met: bool
    peer: str = "–"
    floor: str = "–"
    limit: str = "–"
    right: str = "–"

    def cells(self) -> tuple[str, ...]:
        """Return it as a row of the table."""
        met = "yes" if self.met else "**no**"
        why = "" if self.met else reason_for(f"{self.work}: {self.what}")
        return (
            self.work,
            self.what,
            self.peer,
            self.ours,
            self.floor,
            self.limit,
            self.aim,
            met,
            self.right,
            why,
        )


def reason_for(key: str) -> str:
    """Return why a figure is missed, as written down; that nobody has yet, else."""
    known = tomllib.loads(REASONS.read_text(encoding="utf-8")) if REASONS.is_file() else {}
    return str(known.get(key, "not explained yet"))


class Measurements:
    """What one side measured in one phase, over all its runs."""

    def __init__(self, answers: Iterable[dict[str, Any]], phase: str) -> None:
        self.phases = [found for answer in answers for found in answer["phases"] if found["name"] == phase]

    def __bool__(self) -> bool:
        return bool(self.phases)

    def median(self, what: str | Callable[[dict[str, Any]], float | None]) -> float:
        """Return the median of a figure; what never came counts as infinite."""
        take = what if callable(what) else lambda phase: phase[what]
        values = [NEVER if (value := take(phase)) is None else value for phase in self.phases]
        return statistics.median(values) if values else math.nan

    def worst(self, what: str) -> float:
        """Return the largest value of a figure."""
        return max((phase[what] for phase in self.phases), default=math.nan)

    def seconds(self, what: str | Callable[[dict[str, Any]], float | None]) -> str:
        """Return the median of a time, with the number of runs where there are fewer than five."""
        return f"{seconds(self.median(what))}{self.few}"

    @property
    def few(self) -> str:
        """Return how many there were, where that is fewer than five."""
        return f" (n = {len(self.phases)})" if 0 < len(self.phases) < 5 else ""

    @property
    def right(self) -> str:
        """Return in how many runs the picture became what the files hold."""
        return f"{sum(phase['complete'] is not None for phase in self.phases)}/{len(self.phases)}"


def seconds(value: float) -> str:
    """Return a time for people to read."""
    if math.isnan(value):
        return "–"
    return "never" if math.isinf(value) else f"{value:.2f} s" if value < 20 else f"{value:.1f} s"


def at_most(value: float, bound: float) -> bool:
    """Whether a figure was measured, and reaches its aim; nothing is rounded."""
    return value <= bound
