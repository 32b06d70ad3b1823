"""Figures beside what they are held against, as a table."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from figures import reason_for
from results import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HEAD = ("what", "measured", "processor", "aim", "met", "if not, why")


@dataclass(frozen=True, slots=True)
class Aim:
    """What is measured, and what it is held against."""

    key: str
    """Of its figures; those of the processor time spent on it are found under ``"<key> processor"``."""
    what: str
    aim: str = ""
    """As people read it; empty for a figure that is only told."""
    limit: float = float("inf")
    unit: str = ""
    """With the space before it: `` s``, `` ms``, `` MB``, or nothing for a number."""

    def is_met(self, values: Sequence[float]) -> bool:
        """Whether the median reaches it; what has no aim does."""
        return statistics.median(values) <= self.limit

    def row(self, work: str, values: Sequence[float], processor: Sequence[float]) -> tuple[str, ...]:
        """Return it as a row: the median, the worst in brackets where there are several, and the processor time."""
        digits = 2 if self.unit == " s" else 0
        worst = f" ({max(values):.{digits}f})" if len(values) > 1 else ""
        is_met = self.is_met(values)
        return (
            self.what,
            f"{statistics.median(values):.{digits}f}{self.unit}{worst}",
            f"{statistics.median(processor):.2f} s" if processor else "",
            self.aim,
            "" if not self.aim else "yes" if is_met else "**no**",
            "" if is_met else reason_for(f"{work}: {self.what}"),
        )


def aim_table(work: str, aims: Sequence[Aim], found: Mapping[str, Sequence[float]]) -> tuple[str, bool]:
    """Return the table of some figures, by the keys of their aims, and whether all aims are met."""
    rows = [aim.row(work, found[aim.key], found.get(f"{aim.key} processor", ())) for aim in aims]
    return table(HEAD, rows), all(aim.is_met(found[aim.key]) for aim in aims)
