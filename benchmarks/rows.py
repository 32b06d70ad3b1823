"""The rows of the table: which runs they need, and which figures they make of them."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from figures import NEVER, Line, Measurements, at_most, seconds
from sides import PLATES

if TYPE_CHECKING:
    from collections.abc import Callable

    import runs

Answers = dict[str, list[dict[str, Any]]]
"""Of each side, what its runs measured."""
Found = tuple[list[Line], dict[str, Answers]]
"""Lines of the table, and what they were made of, by the work that was done."""
CHANNELS = 2
RAM_CACHE_MB = 256
GROWTH_MB = 300
PEERS = ("peer", "peer async")
LEAST_RATIO = 12


def plate96(bench: runs.Runs) -> Found:
    """Open a plate of 96 wells, first fields only, then both."""
    first = bench.several("plate", "plate96-1", ("ours", "memory", "peer"))
    both = bench.several("plate", "plate96", ("ours", "memory"))
    both["peer"] = first["peer"]
    one, two = "96-well plate, first field", "96-well plate, both fields"
    lines = [
        *opening_lines(one, first, "plate96-1", fields=1),
        *opening_lines(two, both, "plate96", fields=2, peer_note=" (first field only)"),
    ]
    return lines, {one: first, two: both}


def plate384(bench: runs.Runs) -> Found:
    """Open a plate of 384 wells; the peer takes more than a minute each time."""
    answers = bench.several("plate", "plate384", ("ours", "memory"))
    answers.update(bench.several("plate", "plate384", ("peer",), repeats=min(2, bench.repeats)))
    lines = opening_lines("384-well plate", answers, "plate384", fields=1)
    ours, peer = Measurements(answers["ours"], "opening"), Measurements(answers["peer"], "opening")
    ratio = peer.median("complete") / ours.median("complete") if ours and peer else float("nan")
    aim = f">= {LEAST_RATIO}"
    lines.append(Line("384-well plate", "times faster than the peer", f"{ratio:.1f}", aim, at_most(LEAST_RATIO, ratio)))
    return lines, {"384-well plate": answers}


def opening_lines(work: str, answers: Answers, data: str, *, fields: int, peer_note: str = "") -> list[Line]:
    """Return the figures of opening a plate."""
    ours, floor, peer = (Measurements(answers[side], "opening") for side in ("ours", "memory", "peer"))
    wells = PLATES[data][0] * PLATES[data][1]
    limit, quickest = ours.median("limit"), floor.median("first")
    complete = 1.25 * limit + floor.median("complete")
    chunks, needed = ours.median("chunks"), wells * fields * CHANNELS
    before = ours.median("metadata_before")
    after = ours.median(lambda phase: (phase["metadata"] - phase["metadata_before"]) / wells)
    return [
        Line(
            work,
            "first pixels",
            ours.seconds("first"),
            f"<= floor + 0.35 s = {seconds(quickest + 0.35)}",
            at_most(ours.median("first"), quickest + 0.35),
            peer.seconds("first") + peer_note,
            floor.seconds("first"),
        ),
        Line(
            work,
            "overview complete",
            ours.seconds("complete"),
            f"<= 1.25 x limit + floor = {seconds(complete)}",
            at_most(ours.median("complete"), complete),
            peer.seconds("complete") + peer_note,
            floor.seconds("complete"),
            seconds(limit),
            ours.right,
        ),
        Line(
            work,
            "metadata requests before the first pixels",
            f"{before:.0f}",
            "<= 12",
            at_most(before, 12),
            f"{peer.median('metadata_before'):.0f}",
        ),
        Line(
            work,
            "metadata requests per well after",
            f"{after:.2f}",
            "<= 3",
            at_most(after, 3),
        ),
        Line(
            work,
            "chunk requests",
            f"{chunks:.0f}",
            f"= {needed}",
            chunks == needed,
            f"{peer.median('chunks'):.0f}",
        ),
    ]


def slide(bench: runs.Runs) -> Found:
    """Zoom into a slide, and jump about in it."""
    answers = bench.several("slide", "wsi", ("ours", "memory", *PEERS))
    lines = [
        *zoom_lines("slide: zoom to full resolution", answers),
        *jump_lines("slide: five jumps in a second", answers),
    ]
    return lines, {"slide": answers}


def sharded(bench: runs.Runs) -> Found:
    """Zoom into the slide in shards."""
    answers = bench.several("sharded", "sharded", ("ours", "memory", "peer"))
    return zoom_lines("slide in shards: zoom to full resolution", answers), {"slide in shards": answers}


def zoom_lines(work: str, answers: Answers) -> list[Line]:
    """Return the figures of going to full resolution at a new place.

    The peer asks for nothing but what it shows, so its log tells best which parts of a shard are needed.
    """
    ours, floor, peer = (Measurements(answers[side], "zooming") for side in ("ours", "memory", "peer"))
    limit = min(ours.median("limit"), peer.median("limit")) if peer else ours.median("limit")
    coarse, complete = floor.median("coarse") + 0.05, 1.15 * limit + floor.median("complete")
    return [
        Line(
            work,
            "coarse picture",
            ours.seconds("coarse"),
            f"<= floor + 0.05 s = {seconds(coarse)}",
            at_most(ours.median("coarse"), coarse),
            of_peers(answers, "zooming", "coarse"),
            floor.seconds("coarse"),
        ),
        Line(
            work,
            "complete",
            ours.seconds("complete"),
            f"<= 1.15 x limit + floor = {seconds(complete)}",
            at_most(ours.median("complete"), complete),
            of_peers(answers, "zooming", "complete"),
            floor.seconds("complete"),
            seconds(limit),
            ours.right,
        ),
    ]


def jump_lines(work: str, answers: Answers) -> list[Line]:
    """Return the figures of five jumps in a second."""
    ours, floor = (Measurements(answers[side], "jumping") for side in ("ours", "memory"))
    complete, stale = 1.25 * ours.median("limit") + floor.median("complete"), ours.median("stale")
    peers = [Measurements(answers.get(side, ()), "jumping") for side in PEERS]
    return [
        Line(
            work,
            "bytes of views that were left, later than a round trip",
            f"{stale:.1%}",
            "<= 10 % of the last view's",
            at_most(stale, 0.1),
            " / ".join(f"{peer.median('stale'):.0%}" for peer in peers if peer),
        ),
        Line(
            work,
            "last view complete",
            ours.seconds("complete"),
            f"<= 1.25 x limit + floor = {seconds(complete)}",
            at_most(ours.median("complete"), complete),
            of_peers(answers, "jumping", "complete"),
            floor.seconds("complete"),
            seconds(ours.median("limit")),
            ours.right,
        ),
    ]


def of_peers(answers: Answers, phase: str, what: str) -> str:
    """Return a time of the peer, as it is and with asynchronous slicing."""
    found = [(side, Measurements(answers.get(side, ()), phase)) for side in PEERS]
    said = [runs.seconds(what) + (" (async)" if side.endswith("async") else "") for side, runs in found if runs]
    return " / ".join(said) or "–"


def movie(bench: runs.Runs) -> Found:
    """Step through a time-lapse of stacks."""
    answers = bench.several("movie", "tczyx", ("ours", "memory", "peer"))
    return [line for axis in "zt" for line in step_lines(axis, answers)], {"5-D": answers}


def step_lines(axis: str, answers: Answers) -> list[Line]:
    """Return the figures of stepping along an axis: the slowest step after the second, and the typical one."""
    phase, work = f"stepping {axis}", f"5-D: steps of {axis}, two per second"
    ours, floor, peer = (Measurements(answers[side], phase) for side in ("ours", "memory", "peer"))
    lines = []
    for what, take in (("slowest after the second step", slowest), ("median after the second step", typical)):
        lines.append(
            Line(
                work,
                what,
                ours.seconds(take),
                "<= 0.1 s",
                at_most(ours.median(take), 0.1),
                peer.seconds(take),
                floor.seconds(take),
                right=f"{count_right(ours)} planes",
            )
        )
    return lines


def slowest(phase: dict[str, Any]) -> float | None:
    """Return the longest of the steps after the second, None where one of them never came."""
    steps = phase["steps"][2:]
    return None if None in steps or not steps else max(steps)


def typical(phase: dict[str, Any]) -> float | None:
    """Return the median of the steps after the second; one that was never shown counts as infinite."""
    steps = [NEVER if step is None else step for step in phase["steps"][2:]]
    return statistics.median(steps) if steps else None


def count_right(found: Measurements) -> str:
    """Return how many planes of how many were seen complete."""
    steps = [step for phase in found.phases for step in phase["steps"]]
    return f"{sum(step is not None for step in steps)}/{len(steps)}"


def disk(bench: runs.Runs) -> Found:
    """Open a plate again from the cache on disk, with the server switched off."""
    folder = bench.scratch / "disk-cache"
    cached = {"NAPARI_IDR_CACHE_DIR": str(folder)}
    bench.one("plate", "plate96", "ours", cached)
    bench.server.stop()
    try:
        found = [bench.one("plate", "plate96", "ours", cached, online=False) for _ in range(bench.repeats)]
    finally:
        bench.server.start()
        bench.server.wire.shape()
    again = Measurements([answer for answer in found if answer], "opening")
    complete = again.median("complete")
    line = Line(
        "96-well plate, both fields, again with the server switched off",
        "overview complete",
        again.seconds("complete") if again else "never",
        "<= 1.5 s",
        at_most(complete, 1.5),
        "impossible",
        right=again.right,
    )
    return [line], {}


def memory(bench: runs.Runs) -> Found:
    """Change the view 2,000 times; a run takes minutes, so there is one, and the peer has a minute."""
    ours = bench.one("roam", "wsi", "ours", {"NAPARI_IDR_RAM_CACHE_MB": str(RAM_CACHE_MB)})
    peer = bench.one("roam for a minute", "wsi", "peer")
    growth = ours["growth"] if ours else float("nan")
    line = Line(
        "slide: 2,000 random views",
        "growth of resident memory",
        said_growth(ours),
        f"<= {RAM_CACHE_MB} MB of cache + {GROWTH_MB} MB",
        at_most(growth, RAM_CACHE_MB + GROWTH_MB) and bool(ours and ours["changes"] >= 2000),
        said_growth(peer),
    )
    return [line], {}


def said_growth(answer: dict[str, Any] | None) -> str:
    """Return by how much a process has grown, and after how many views where they were not all made."""
    if answer is None:
        return "failed"
    changes = "" if answer["changes"] >= 2000 else f" after {answer['changes']} views in {answer['seconds']:.0f} s"
    return f"{answer['growth']:.0f} MB, at most {answer['peak']:.0f} MB{changes} (n = 1)"


ROWS: dict[str, Callable[[runs.Runs], Found]] = {
    "plate96": plate96,
    "plate384": plate384,
    "slide": slide,
    "sharded": sharded,
    "movie": movie,
    "disk": disk,
    "memory": memory,
}
BESIDE = ("sharded",)
"""Rows that are measured only when they are asked for: they are no part of the table."""
