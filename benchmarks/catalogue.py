"""What it takes to find things: studies, suggestions, the wells of a plate, ten thousand ROIs, and to change one.

``scripts/bench.sh catalogue`` walks in the window as a user would, over 50 ms and 100 Mbit/s, each case in a fresh
process with an empty disk; the requests are those that the server counted. ``--cases rois`` measures some of it, and
writes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

from aims import Aim, aim_table
from results import write_section
from runs import environment_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gui import Heartbeat
    from napari import Viewer

TESTS = Path(__file__).resolve().parents[1] / "tests"
SLOW = ("--latency", "50", "--bandwidth", "100")
TIME_LIMIT = 240.0
"""Seconds for one run."""
MANY = "colon-section-1, 10,000 ROIs"
STUDIES, WELLS = 143, 384


AIMS = (
    Aim("studies dock", "the dock, from its command, imports included", "<= 0.3 s", 0.3, " s"),
    Aim("studies", "250 containers in 143 studies as text, from pressing the repository", "<= 1.0 s", 1.0, " s"),
    Aim("studies requests", "requests until then", "<= 8", 8, ""),
    Aim("studies stall", "longest gap of the heartbeat meanwhile", unit=" ms"),
    Aim("again", "the same at the second start", unit=" s"),
    Aim("again requests", "requests until then", "0", 0, ""),
    Aim("suggestions", "suggestions, from the last key", "<= 0.35 s", 0.35, " s"),
    Aim("suggestions requests", "requests for them", "1", 1, ""),
    Aim("grid", "384 wells named, from selecting the plate", unit=" s"),
    Aim("thumbnails", "with all thumbnails", "<= 5 s", 5.0, " s"),
    Aim("plate requests", "requests for wells and thumbnails", "1 + 8 = 9", 9, ""),
    Aim("rois", "10,000 ROIs shown", "<= 5 s", 5.0, " s"),
    Aim("rois stall", "longest gap of the heartbeat meanwhile", unit=" ms"),
    Aim("edit", "a drag of one of 1,000 drawn polygons, a step until it is drawn", "<= 100 ms", 100, " ms"),
    Aim("edit stall", "longest gap of the heartbeat in 20 such steps", "<= 100 ms", 100, " ms"),
    Aim("edit alone stall", "the same in napari alone, without a dock", unit=" ms"),
    Aim("edit end", "longest gap when the mouse is let go, and the change is taken over", "<= 100 ms", 100, " ms"),
)


class Window:
    """A viewer, and what its server was asked."""

    def __init__(self, address: str) -> None:
        import napari
        from gui import Heartbeat, rest

        self.address = address
        self.viewer: Viewer = napari.Viewer()
        self.viewer.window.resize(1366, 768)
        rest(3)
        self.heart: Heartbeat = Heartbeat()
        self.found: dict[str, float] = {}

    def open_dock(self) -> Any:
        """Open the dock."""
        return self.viewer.window.add_plugin_dock_widget("napari-idr")[1]

    @contextmanager
    def timed(self, key: str) -> Iterator[None]:
        """Time the body; it runs the event loop until something has come."""
        began, spent = time.perf_counter(), time.process_time()
        with self.heart.phase(key):
            yield
        self.found[key] = time.perf_counter() - began
        self.found[f"{key} processor"] = time.process_time() - spent
        self.found[f"{key} stall"] = self.heart.gaps[key]

    def reset(self) -> None:
        """Forget what the server was asked."""
        urlopen(Request(f"{self.address}__requests/reset", method="POST"), timeout=20).close()

    def asked(self) -> list[str]:
        """Return the paths that the server was asked for."""
        with urlopen(f"{self.address}__requests", timeout=20) as answer:
            return [one["path"] for one in json.load(answer)["requests"]]

    def close(self) -> dict[str, float]:
        """Close the window; return what was measured."""
        from gui import rest

        self.heart.stop()
        self.viewer.close()
        rest(1)
        return self.found


def list_studies(window: Window, key: str) -> None:
    """Open the dock and press the repository."""
    from gui import rest, wait_until

    window.reset()
    with window.timed(f"{key} dock"):
        tab = window.open_dock().browse
        rest(0.05)
    with window.timed(key):
        tab.start.repository_requested.emit(tab._session.repositories[0].key)  # noqa: SLF001 - the dock offers none
        wait_until(lambda: len(tab.page.studies.rows.nodes) == STUDIES)
        counted = window.asked()
    pictures = ("get_thumbnail", "gallery-api")
    window.found[f"{key} requests"] = sum(not any(one in path for one in pictures) for path in counted)


def suggest(window: Window) -> None:
    """Type a gene."""
    from gui import rest, wait_until
    from qtpy.QtTest import QTest

    tab = window.open_dock().browse
    rest(1)
    tab.box.setFocus()
    QTest.keyClicks(tab.box, "KIF1")
    wait_until(tab.line.suggestions.isVisible)
    rest(1)
    window.reset()
    tab.line.suggestions.hide()
    with window.timed("suggestions"):
        QTest.keyClicks(tab.box, "1")
        wait_until(tab.line.suggestions.isVisible)
    window.found["suggestions requests"] = len(window.asked())


def plate(window: Window) -> None:
    """Select a plate of 384 wells."""
    from gui import rest, wait_until

    session_tab = window.open_dock().browse
    session, grid = session_tab._session, session_tab.page.grid  # noqa: SLF001 - the dock offers none
    nodes = [session.repositories[0].root()]
    while nodes[0].kind != "plate":
        nodes = list(session.children(nodes[0]).nodes)
    rest(1)
    window.reset()
    with window.timed("thumbnails"):
        began = time.perf_counter()
        session_tab.show_node(nodes[0])
        wait_until(lambda: grid.view.wells.is_known)
        window.found["grid"] = time.perf_counter() - began
        images = [cell.image_id for cell in grid.view.wells.cells.values()]
        wait_until(lambda: len(images) == WELLS and not any(grid.view.lacks(image) for image in images))
    paths = [path for path in window.asked() if "/webgateway/plate/" in path or "get_thumbnails" in path]
    window.found["plate requests"] = len(paths) + sum("plateacquisitions" in path for path in window.asked())


def rois(window: Window) -> None:
    """Show ten thousand ROIs of an image that is open."""
    from gui import rest, wait_until

    from napari_idr.layers.viewer_session import ViewerSession

    viewers = ViewerSession.for_viewer(window.viewer)
    window.open_dock()
    with urlopen(f"{window.address}api/v0/m/images/?limit=1000", timeout=20) as answer:
        number = next(one["@id"] for one in json.load(answer)["data"] if one["Name"] == MANY)
    opened = viewers.open(f"{window.address}webclient/?show=image-{number}")
    wait_until(lambda: opened.state != "running" and viewers.streams.missing == 0)
    rest(2)
    with window.timed("rois"):
        job = viewers.show_rois(opened.layers[0])
        wait_until(lambda: job.state != "running")
        rest(0.1)
    if job.error is not None:
        raise job.error


def edit(window: Window) -> None:
    """Drag one of a thousand polygons of an annotation layer with the mouse, a step at a time."""
    from gui import rest, wait_until

    from napari_idr.layers.roi_layers import LARGEST_SHAPES
    from napari_idr.layers.viewer_session import ViewerSession

    viewers = ViewerSession.for_viewer(window.viewer)
    job = viewers.open("idr-demo://tiny")
    wait_until(lambda: job.state != "running")
    window.open_dock().annotate.start("shapes")
    wait_until(lambda: bool(viewers.annotations.book.watches))
    took, release = drag(window, viewers.annotations.book.watches[0].layer, LARGEST_SHAPES, "edit")
    with window.heart.phase("edit end"):
        release()
        rest(0.5)
    window.found.update({"edit": took, "edit stall": window.heart.gaps["edit"]})
    window.found["edit end"] = window.heart.gaps["edit end"]


def edit_alone(window: Window) -> None:
    """Do the same in a window without a dock, over an image of napari's own: its share of the gap."""
    import numpy as np

    from napari_idr.layers.roi_layers import LARGEST_SHAPES

    window.viewer.add_image(np.zeros((512, 512), np.uint8))
    drag(window, window.viewer.add_shapes(), LARGEST_SHAPES, "edit alone")
    window.found["edit alone stall"] = window.heart.gaps["edit alone"]


def drag(window: Window, layer: Any, count: int, phase: str) -> tuple[float, Callable[[], None]]:
    """Fill a Shapes layer with polygons and drag the last of them; return the median of a step, in ms, and the end."""
    import numpy as np
    from gui import rest, wait_until
    from qtpy.QtCore import QPoint, Qt
    from qtpy.QtTest import QTest

    viewer = window.viewer
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    ring = 4 * np.column_stack([np.sin(angles), np.cos(angles)])
    places = np.random.default_rng(1).uniform(0, 500, (count, 1, 2))
    layer.add(list(places + ring), shape_type="polygon")
    rest(2)
    layer.mode, viewer.layers.selection.active = "select", layer
    canvas = viewer.window._qt_viewer.canvas  # noqa: SLF001 - nothing public says when it was drawn
    native, drawn, took = canvas.native, [], []
    canvas._scene_canvas.events.draw.connect(lambda _: drawn.append(time.perf_counter()))  # noqa: SLF001
    viewer.scene.camera.center = (0.0, *layer.data_to_world(places[-1, 0])[-2:])
    viewer.scene.camera.zoom *= 8
    rest(1)
    at = QPoint(native.width() // 2, native.height() // 2)
    before = layer.data[-1].copy()
    QTest.mouseMove(native, at)
    QTest.mousePress(native, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    for turn in range(1, 21):
        drawn.clear()
        began = time.perf_counter()
        with window.heart.phase(phase):
            QTest.mouseMove(native, at + QPoint(turn, turn))
            wait_until(lambda: bool(drawn), 10)
            rest(0.1)
        took.append(1000 * (drawn[-1] - began))
    if np.allclose(before, layer.data[-1]):
        raise RuntimeError("the shape was not moved")
    end = at + QPoint(20, 20)
    release = partial(QTest.mouseRelease, native, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)
    return statistics.median(took), release


CASES: dict[str, Callable[[Window], None]] = {
    "studies": lambda window: list_studies(window, "studies"),
    "again": lambda window: list_studies(window, "again"),
    "suggestions": suggest,
    "plate": plate,
    "rois": rois,
    "edit": edit,
    "edit alone": edit_alone,
}
DATA = {"studies": "large", "again": "large", "plate": "wide"}


def run_child(case: str, address: str, folder: Path) -> dict[str, float]:
    """Return what a fresh process measured."""
    environment = {
        **os.environ,
        **environment_in(str(folder), "ours"),
        "NAPARI_IDR_SERVER": address,
        "NAPARI_IDR_ONTOLOGIES": f"{address}ols4/",
    }
    command = [sys.executable, "-X", "faulthandler", __file__, "--case", case, "--address", address]
    answer = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True, timeout=TIME_LIMIT)
    found: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return found


def measure(repeats: int, cases: list[str]) -> dict[str, list[float]]:
    """Return every figure of every run."""
    from napari_idr.embedded import EmbeddedRepository

    sys.path.insert(0, str(TESTS))
    from large_catalogue import write_large_archive
    from wide_plate import write_wide_plate

    found: dict[str, list[float]] = {}
    with TemporaryDirectory() as made:
        folder = Path(made)
        servers = {
            "": EmbeddedRepository(options=SLOW),
            "large": EmbeddedRepository(write_large_archive(folder / "large"), options=SLOW),
            "wide": EmbeddedRepository(write_wide_plate(folder / "wide"), options=SLOW),
        }
        addresses = {name: server.start() for name, server in servers.items()}
        for run in range(repeats):
            for case in cases:
                place = folder / str(run) / ("studies" if case == "again" else case)
                place.mkdir(parents=True, exist_ok=True)
                for key, value in run_child(case, addresses[DATA.get(case, "")], place).items():
                    found.setdefault(key, []).append(value)
        for server in servers.values():
            server.stop()
    return found


def report(found: dict[str, list[float]], repeats: int, *, is_whole: bool) -> int:
    """Write the section, or say what some cases measured; return the exit status."""
    told, is_met = aim_table("catalogue", [aim for aim in AIMS if aim.key in found], found)
    if not is_whole:
        print(told)
        return int(not is_met)
    load = os.getloadavg()[0]
    method = (
        f"Embedded repository, 50 ms before each answer, 100 Mbit/s; window 1366 x 768, software OpenGL. Median of "
        f"{repeats} runs, each in a fresh process, and the worst in brackets. Load of the machine at the end: "
        f"{load:.1f}. Processor: time that the window's process spent on it, all threads together."
    )
    write_section("Catalogue and ROIs", f"{method}\n\n{told}")
    return int(not is_met)


def main() -> int:
    """Measure, or be one of the runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", choices=tuple(CASES), help=argparse.SUPPRESS)
    parser.add_argument("--address", help=argparse.SUPPRESS)
    parser.add_argument("--cases", choices=tuple(CASES), nargs="+", default=list(CASES))
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
    if not chosen.case:
        is_whole = len(chosen.cases) == len(CASES)
        return report(measure(chosen.repeats, chosen.cases), chosen.repeats, is_whole=is_whole)
    window = Window(chosen.address)
    CASES[chosen.case](window)
    print(json.dumps(window.close()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
