"""How long the window is deaf while a plate, a slide and a time-lapse are opened and moved about.

``python benchmarks/heartbeat.py`` streams the samples of the embedded repository over 50 ms and 100 Mbit/s, and
makes the same moves over the same layers held in memory as numpy arrays, which is napari's own share. Each runs
in a fresh process, so that neither has a window or an import ahead of the other. The aim: no gap of a 5 ms heartbeat
more than 50 ms longer than napari's own.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from results import table, write_section
from runs import environment_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from gui import Heartbeat
    from napari import Viewer

    LayerData = tuple[Any, dict[str, Any], str]

CASES = ("plate", "slide", "time-lapse")
LATENCY_MS, BANDWIDTH_MBIT = 50, 100
AIM_MS = 50
REPEATS = 5
TIME_LIMIT = 180.0
"""Seconds for one run."""


def open_streamed(viewer: Viewer, address: str) -> None:
    """Open an address as the dock does, and wait until nothing is missing in the view."""
    from gui import wait_until

    from napari_idr.layers.viewer_session import ViewerSession

    session = ViewerSession.for_viewer(viewer)
    job = session.open(address)
    wait_until(lambda: job.state != "running")
    if job.error is not None:
        raise job.error
    wait_until(lambda: session.streams.missing == 0)


def keep_in_memory(address: str, file: Path) -> None:
    """Write the layers of an address to a file, every level read exactly."""
    import napari
    import numpy as np

    viewer = napari.Viewer(show=False)
    open_streamed(viewer, address)
    kept = []
    for layer in viewer.layers:
        data, options, kind = layer.as_layer_data_tuple()
        options.pop("metadata", None)
        if kind == "labels":
            options.pop("colormap")  # cannot be written; napari's own serves as well
        pixels = [np.asarray(level) for level in data] if layer.multiscale else np.asarray(data)
        kept.append((pixels, options, kind))
    viewer.close()
    with file.open("wb") as opened:
        pickle.dump(kept, opened, protocol=5)


def open_kept(viewer: Viewer, kept: list[LayerData]) -> None:
    """Add layers that are held in memory as numpy arrays."""
    from napari.layers import Layer

    for pixels, options, kind in kept:
        viewer.add_layer(Layer.create(pixels, options, kind))


def move_about(viewer: Viewer, heart: Heartbeat) -> None:
    """Zoom, pan and step through every slider, resting after each so that it is drawn."""
    from gui import pan_in_a_circle, perform, rest, sliders, step_through, zoom_in_and_out

    moves = {"zooming": zoom_in_and_out, "panning": pan_in_a_circle}
    for name, move in moves.items():
        viewer.reset_view()
        with heart.phase(name):
            perform(move(viewer))
            rest(1)
    viewer.reset_view()
    for name, axis in sliders(viewer).items():
        with heart.phase(f"stepping {name}"):
            perform(step_through(viewer, axis))
            rest(1)


def measure(opening: Callable[[Viewer], None]) -> dict[str, float]:
    """Return the longest gap of every phase, in ms, in a new window with the dock."""
    import napari
    from gui import Heartbeat, rest

    viewer = napari.Viewer()
    viewer.window.resize(1366, 768)
    viewer.window.add_plugin_dock_widget("napari-idr")
    rest(3)
    heart = Heartbeat()
    with heart.phase("opening"):
        opening(viewer)
        rest(1)
    move_about(viewer, heart)
    heart.stop()
    viewer.close()
    rest(1)
    return heart.gaps


def run_child(side: str, address: str, file: Path) -> dict[str, float]:
    """Return what a fresh process says: the gaps it measured, nothing from the one that keeps the layers."""
    command = [
        sys.executable,
        "-X",
        "faulthandler",
        __file__,
        "--side",
        side,
        "--address",
        address,
        "--file",
        str(file),
    ]
    with TemporaryDirectory() as fresh:
        environment = {**os.environ, **environment_in(fresh, side)}
        answer = subprocess.run(
            command, env=environment, check=True, stdout=subprocess.PIPE, text=True, timeout=TIME_LIMIT
        )
    return json.loads(answer.stdout.splitlines()[-1])


def act(side: str, address: str, file: Path) -> dict[str, float]:
    """Do what the parent asked this process for."""
    if side == "keep":
        keep_in_memory(address, file)
        return {}
    if side == "streamed":
        return measure(lambda viewer: open_streamed(viewer, address))
    kept = pickle.loads(file.read_bytes())
    return measure(lambda viewer: open_kept(viewer, kept))


@dataclass(frozen=True, slots=True)
class Row:
    """The longest gaps of one phase, in ms, a value of each run."""

    what: str
    streamed: list[float]
    memory: list[float]

    @property
    def difference(self) -> float:
        """By how much the median of ours is longer than that of napari alone."""
        return statistics.median(self.streamed) - statistics.median(self.memory)

    def cells(self) -> tuple[str, ...]:
        """Return it as a row of the table."""
        return (self.what, said(self.streamed), said(self.memory), f"{self.difference:+.0f} ms")


def said(gaps: list[float]) -> str:
    """Return the median, and the worst in brackets."""
    return f"{statistics.median(gaps):.0f} ms ({max(gaps):.0f})"


def compare(case: str, address: str, shape: Callable[[int, int], None]) -> list[Row]:
    """Return the phases of one case; the two sides take turns, so that both meet the same machine."""
    runs: dict[str, list[dict[str, float]]] = {"streamed": [], "memory": []}
    with TemporaryDirectory() as folder:
        file = Path(folder) / "layers"
        shape(0, 0)
        run_child("keep", address, file)
        shape(LATENCY_MS, BANDWIDTH_MBIT)
        for _ in range(REPEATS):
            for side, found in runs.items():
                found.append(run_child(side, address, file))
    return [
        Row(f"{case}, {phase}", *([run[phase] for run in found] for found in runs.values()))
        for phase in runs["streamed"][0]
    ]


def report(rows: list[Row]) -> int:
    """Write the section; return the exit status."""
    head = ("what", "streamed", "napari, in memory", "difference")
    body = table(head, [row.cells() for row in rows])
    largest = max(row.difference for row in rows)
    verdict = f"Largest difference {largest:+.0f} ms; the aim is at most {AIM_MS} ms."
    method = (
        f"Longest gap of a 5 ms heartbeat in the GUI thread: median of {REPEATS} runs of each in turns, and the worst "
        f"in brackets. Streamed from the embedded repository over {LATENCY_MS} ms and {BANDWIDTH_MBIT} Mbit/s; "
        "in memory: the same layers over numpy arrays, the same moves."
    )
    write_section("Heartbeat of the window", f"{method}\n\n{body}\n\n{verdict}")
    return 0 if largest <= AIM_MS else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", choices=("keep", "memory", "streamed"), help=argparse.SUPPRESS)
    parser.add_argument("--address", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--cases", nargs="+", default=CASES, choices=CASES)
    chosen = parser.parse_args()
    if chosen.side:
        print(json.dumps(act(chosen.side, chosen.address, chosen.file)))
        return 0
    from samples import sample_addresses, shaped_repository

    with shaped_repository() as (base, shape):
        addresses = sample_addresses(base)
        return report([row for case in chosen.cases for row in compare(case, addresses[case], shape)])


if __name__ == "__main__":
    sys.exit(main())
