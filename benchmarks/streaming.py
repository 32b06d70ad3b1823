"""Opening, zooming, jumping and stepping over 50 ms and 100 Mbit/s: our plugin beside what a user would pick instead.

``python benchmarks/streaming.py`` measures every row of the table and writes its section of RESULTS.md. In
development, ``--rows plate96 slide --repeats 1`` measures and prints some. It needs a display (``make bench`` brings a
virtual one), the environment ``.venv-peer`` that scripts/peer.sh makes, and 4 GB for data in the user's cache folder.

Three sides do the same in fresh processes, in turns: our plugin, napari-ome-zarr, and napari with the layers that our
plugin makes held in memory, which is the floor. A picture counts as complete when what every layer shows equals what
the files hold. The limit is what the line alone takes: the round trips that depend on one another, and the bytes that
the last picture needs, as the server's log has them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from bench_data import MAKERS, ensure_data
from ceiling import ceiling
from figures import HEAD, Line
from gaps import gap_table
from results import table, write_section
from rows import BESIDE, ROWS
from runs import PEER_PYTHON, Runs
from wire import BANDWIDTH_MBIT, LATENCY_MS, ShapedServer

if TYPE_CHECKING:
    from rows import Answers

REPEATS = 5
METHOD = """Server on loopback, {latency} ms before each answer, {bandwidth} Mbit/s shared; medians of {repeats} fresh
processes of each side unless said otherwise, in turns. Peer: {peer}, newest on PyPI. Floor: napari with the same
layers as numpy arrays. Limit: dependent round trips x latency + needed bytes / bandwidth, from the server's log.
Right: runs in which every pixel looked at was what the files hold. Imports are done and the window is up before."""


def peer_version() -> str:
    """Return name and version of the peer, and of the napari it runs in."""
    code = "from importlib.metadata import version as v; print('napari-ome-zarr', v('napari-ome-zarr'), v('napari'))"
    said = subprocess.run([PEER_PYTHON, "-c", code], check=True, stdout=subprocess.PIPE, text=True).stdout
    name, own, of_napari = said.split()
    if of_napari != version("napari"):
        raise SystemExit(f"{PEER_PYTHON} has napari {of_napari}, not {version('napari')}: run scripts/peer.sh")
    return f"{name} {own}"


def measure(rows: list[str], repeats: int) -> tuple[list[Line], str, str, list[str]]:
    """Return the lines of some rows, the table of gaps, what the server can do, and which runs failed."""
    lines: list[Line] = []
    answers: dict[str, Answers] = {}
    with tempfile.TemporaryDirectory(prefix="napari-idr-bench-") as scratch:
        server = ShapedServer(ensure_data(tuple(MAKERS)))
        bench = Runs(server, server.folder, Path(scratch), repeats)
        server.start()
        try:
            carried = ceiling(server.wire)
            server.wire.shape()
            for name in rows:
                print(name, file=sys.stderr, flush=True)
                more, found = ROWS[name](bench)
                lines += more
                answers.update(found)
        finally:
            server.stop()
    gaps, total = gap_table(answers)
    return [*lines, *([total] if total else [])], gaps, carried, bench.failures


def report(lines: list[Line], gaps: str, carried: str, failures: list[str], method: str) -> str:
    """Return the section."""
    parts = [
        method,
        table(HEAD, [line.cells() for line in lines]),
        "Longest gap of a 5 ms heartbeat in the GUI thread, median of the runs, and the worst of them in brackets:",
        gaps,
        f"What the server itself carries: {carried}",
    ]
    if failures:
        parts.append("Runs that failed: " + "; ".join(failures) + ".")
    return "\n\n".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="+", choices=tuple(ROWS), help="measure and print these only")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    chosen = parser.parse_args()
    method = METHOD.format(
        latency=LATENCY_MS, bandwidth=BANDWIDTH_MBIT, repeats=chosen.repeats, peer=peer_version()
    ).replace("\n", " ")
    lines, gaps, carried, failures = measure(
        chosen.rows or [name for name in ROWS if name not in BESIDE], chosen.repeats
    )
    section = report(lines, gaps, carried, failures, method)
    if chosen.rows:
        print(section)
    else:
        write_section("Streaming", section)
    return 0 if all(line.met for line in lines) and not failures else 1


if __name__ == "__main__":
    sys.exit(main())
