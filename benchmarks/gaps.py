"""How long the window was deaf in each piece of work, beside napari's own time for the same layers in memory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from figures import Line, Measurements, at_most
from results import table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rows import Answers

AIM_MS = 50
SIDES = ("ours", "memory", "peer", "peer async")
HEAD = ("what", "ours", "napari, in memory", "difference", "napari-ome-zarr", "its async")


def gap_table(groups: dict[str, Answers]) -> tuple[str, Line | None]:
    """Return the table of longest gaps (median, and worst in brackets), and the line of all together."""
    rows, found = [], []
    for title, answers in groups.items():
        for phase in phases_of(answers["ours"]):
            sides = [Measurements(answers.get(side, ()), phase) for side in SIDES]
            gaps = [side.median("gap") for side in sides]
            found.append(gaps)
            texts = [said(side) for side in sides]
            rows.append((f"{title}, {phase}", *texts[:2], f"{gaps[0] - gaps[1]:+.0f} ms", *texts[2:]))
    return table(HEAD, rows), total(found) if found else None


def total(found: list[list[float]]) -> Line:
    """Return the line of the longest gap over all work; each piece of work must keep to the aim."""
    ours, memory, peer = (
        max((gaps[side] for gaps in found if not math.isnan(gaps[side])), default=math.nan) for side in range(3)
    )
    differences = [gaps[0] - gaps[1] for gaps in found]
    return Line(
        "longest gap of the heartbeat",
        "over all of the above",
        f"{ours:.0f} ms; largest difference {max(differences):+.0f} ms",
        f"nowhere more than {AIM_MS} ms above the floor",
        all(at_most(difference, AIM_MS) for difference in differences),
        f"{peer / 1000:.1f} s",
        f"{memory:.0f} ms",
    )


def phases_of(answers: Iterable[dict[str, Any]]) -> list[str]:
    """Return the names of all phases that were measured."""
    return list(dict.fromkeys(phase["name"] for answer in answers for phase in answer["phases"]))


def said(side: Measurements) -> str:
    """Return the median gap and the worst."""
    return f"{side.median('gap'):.0f} ms ({side.worst('gap'):.0f})" if side else "–"
