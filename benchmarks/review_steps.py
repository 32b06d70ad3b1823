"""From a key of the curator's desk to the frame on the screen: within an image, across planes, at image borders.

``python benchmarks/review_steps.py`` streams fields of the sample plate and the sample time-lapse over 50 ms and
100 Mbit/s. A frame counts when it is painted after the next object's outline and all pixels of the view were handed
to napari, and napari asks for no other picture of that view. The floor is napari alone: the same layers in memory,
data, outlines and camera set by hand. Both wall time and the time of the processor, since others share the machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from figures import reason_for
from results import table, write_section
from runs import environment_in

from napari_idr.embedded import EmbeddedRepository
from napari_idr.repositories.annotated_image import annotated_image
from napari_idr.review.queue_file import QueueDefinition
from napari_idr.review.queue_store import make_queue
from napari_idr.review.reviewer import save_reviewer
from napari_idr.session import Session
from napari_idr.settings import Settings
from review import ADA, Window, outlined_images, outlines, signs_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.model.annotation_set import AnnotationSet

LATENCY_MS, BANDWIDTH_MBIT = 50, 100
AIM_MS = 150
PER_IMAGE = 12
CASES = {
    "same image": "next object in the same image",
    "plane": "next object in another plane (z, t)",
    "border": "next object in the next image, opened ahead",
    "back": "back to the image before",
    "cold": "an object in an image that nobody opened ahead",
    "sign": "the sign of a verdict",
    "floor same": "napari alone: the same image",
    "floor border": "napari alone: the next image in memory",
}
AIMS = {"same image": AIM_MS, "plane": AIM_MS, "border": AIM_MS, "back": AIM_MS, "sign": 50}


@dataclass
class Steps:
    """What was measured: seconds until a frame with the outline, until it is complete, and of the processor."""

    first: list[float] = field(default_factory=list)
    complete: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def row(self, name: str) -> tuple[str, ...]:
        """Return the figures as a row of a table."""

        def said(values: list[float]) -> str:
            return f"{statistics.median(values) * 1000:.0f} ms ({max(values) * 1000:.0f})" if values else "–"

        aim, is_met = AIMS.get(name), self.is_met(name)
        met = "" if aim is None else "yes" if is_met else "**no**"
        figures = (said(self.first), said(self.complete), said(self.processor))
        reason = "" if is_met else reason_for(f"review steps: {CASES[name]}")
        return (CASES[name], str(len(self.complete)), *figures, f"<= {aim} ms" if aim else "", met, reason)

    def is_met(self, name: str) -> bool:
        """Whether the median reaches the aim of a case; one without an aim does."""
        return statistics.median(self.complete) * 1000 <= AIMS.get(name, float("inf"))


class Frames:
    """Watches the canvas of a viewer: when a frame was painted in which something holds."""

    def __init__(self, viewer: Any) -> None:
        self.viewer = viewer
        self.first = self.complete = 0.0
        self._is_there: Callable[[], bool] = lambda: False
        self._is_complete: Callable[[], bool] = lambda: False
        self._sliced = False
        self._ready = (False, False)
        self._watched: set[int] = set()
        draw = viewer.window._qt_viewer.canvas._scene_canvas.events.draw  # noqa: SLF001 - where frames are painted
        draw.connect(self._before, position="first")
        draw.connect(self._after, position="last")

    def expect(self, is_there: Callable[[], bool], is_complete: Callable[[], bool]) -> None:
        """Look from now on for a frame in which the one holds, and one in which the other does, too."""
        self.first = self.complete = 0.0
        self._is_there, self._is_complete = is_there, is_complete
        for layer in self.viewer.layers:
            self._watch(layer)

    def _watch(self, layer: Any) -> None:
        if hasattr(layer, "multiscale") and id(layer) not in self._watched:
            self._watched.add(id(layer))
            layer.events.set_data.connect(self._on_sliced)

    def _on_sliced(self, event: object = None) -> None:
        self._sliced = True

    def _before(self, event: object = None) -> None:
        for layer in self.viewer.layers:
            self._watch(layer)
        there = self._is_there()
        self._ready = (there, there and self._is_complete())
        self._sliced = False

    def _after(self, event: object = None) -> None:
        there, complete = self._ready
        now = time.perf_counter()
        if there and not self.first:
            self.first = now
        if complete and not self._sliced and not self.complete:
            self.complete = now


class Desk:
    """The curator's desk in a window, and how long each of its steps takes."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.frames = Frames(window.viewer)
        self.shown = ""
        window.tab.review.shown.connect(self._on_shown)

    def _on_shown(self, uuid: str) -> None:
        self.shown = uuid

    def step(self, act: Callable[[], object], wanted: str, steps: Steps, look: float) -> None:
        """Do something that leads to an object, and measure until its frame."""
        self.shown = ""
        streams = self.window.session.streams
        self.frames.expect(lambda: self.shown == wanted, lambda: not streams.missing)
        begin, processor = time.perf_counter(), time.process_time()
        act()
        self.window.wait(lambda: self.frames.complete, "the frame")
        steps.first.append(self.frames.first - begin)
        steps.complete.append(self.frames.complete - begin)
        steps.processor.append(time.process_time() - processor)
        self.window.settle(look)

    def uuid_at(self, position: int) -> str:
        """Return the object at a position of the list."""
        desk = self.window.tab.desk
        return desk.queue.uuids[int(desk.rows[position])]

    def image_at(self, position: int) -> str:
        """Return the image at a position of the list."""
        desk = self.window.tab.desk
        return desk.queue.image_of(int(desk.rows[position]))

    def next(self, found: dict[str, Steps], look: float, case: str = "") -> None:
        """Accept by key, and measure the next object and the sign of this one."""
        desk = self.window.tab.desk
        at, uuid = desk.position, desk.uuid
        name = case or ("same image" if self.image_at(at) == self.image_at(at + 1) else "border")
        begin = time.perf_counter()
        signed, stop = signs_of(desk, uuid)
        self.step(lambda: self.window.press("G"), self.uuid_at(at + 1), found.setdefault(name, Steps()), look)
        self.window.wait(lambda: signed, "the sign")
        stop()
        sign = found.setdefault("sign", Steps())
        sign.first.append(signed[0] - begin)
        sign.complete.append(signed[0] - begin)


def plate_steps(address: str, found: dict[str, Steps], look: float, count: int) -> None:
    """Go through the queue of a plate's fields."""
    window = Window(address)
    window.open()
    window.settle(2.0)
    desk = Desk(window)
    for _ in range(count):
        desk.next(found, look)
    for key, case in (("K", "back"), ("J", "border")) * 3:
        at = window.tab.desk.position
        if desk.image_at(at) == desk.image_at(at - 1) and case == "back":
            window.tab.desk.go(next(p for p in range(at, 0, -1) if desk.image_at(p) != desk.image_at(p - 1)))
            window.settle(look)
            at = window.tab.desk.position
        to = at - 1 if case == "back" else at + 1
        desk.step(lambda key=key: window.press(key), desk.uuid_at(to), found.setdefault(case, Steps()), look)
    far = window.tab.desk.position // PER_IMAGE + 4
    for image in range(far, far + 15, 3):
        at = image * PER_IMAGE
        desk.step(lambda at=at: window.tab.desk.go(at), desk.uuid_at(at), found.setdefault("cold", Steps()), look)
    window.close()


def plane_steps(address: str, found: dict[str, Steps], look: float) -> None:
    """Go through the queue of a time-lapse, each object in another plane than the last one."""
    window = Window(address)
    window.open()
    window.settle(2.0)
    desk = Desk(window)
    for _ in range(len(window.tab.desk.rows) - 1):
        desk.next(found, look, "plane")
    window.close()


def moved(one: AnnotationSet) -> AnnotationSet:
    """Return objects of a time-lapse, each in a plane of its own."""
    from dataclasses import replace

    sizes = one.image.size_z or 1, one.image.size_t or 1
    objects = [
        replace(each, shapes=tuple(replace(s, z=n % sizes[0], t=n // 3 % sizes[1]) for s in each.shapes))
        for n, each in enumerate(one.objects)
    ]
    return one.with_objects(objects)


def floor_steps(found: dict[str, Steps], look: float, count: int) -> None:
    """Make the same changes in napari alone, over layers in memory."""
    import napari
    from qtpy.QtTest import QTest
    from qtpy.QtWidgets import QApplication

    random = np.random.default_rng(0)
    images = [
        [[random.integers(0, 4096, (512 >> n, 512 >> n), np.uint16) for n in range(4)] for _ in range(3)]
        for _ in range(2)
    ]
    viewer = napari.Viewer()
    viewer.window.resize(1366, 768)
    layers = [viewer.add_image(one, blending="additive", contrast_limits=(0, 4096)) for one in images[0]]
    lines = random.uniform(0, 512, (PER_IMAGE * 48, 2, 2))
    vectors = viewer.add_vectors(lines, vector_style="line", edge_color=random.uniform(0, 1, (len(lines), 4)))
    frames = Frames(viewer)

    def move() -> None:
        viewer.scene.camera.center = (0, *random.uniform(100, 400, 2))
        vectors.edge_color = random.uniform(0, 1, (len(lines), 4))

    def swap() -> None:
        images.reverse()
        for layer, data in zip(layers, images[0], strict=True):
            layer.data = data
        vectors.data = random.uniform(0, 512, lines.shape)
        move()

    QTest.qWait(1000)
    viewer.scene.camera.zoom = 3
    for name, act in (("floor same", move), ("floor border", swap)):
        steps = found.setdefault(name, Steps())
        for _ in range(count):
            frames.expect(lambda: True, lambda: True)
            begin, processor = time.perf_counter(), time.process_time()
            act()
            while not frames.complete:
                QApplication.processEvents()
            steps.first.append(frames.first - begin)
            steps.complete.append(frames.complete - begin)
            steps.processor.append(time.process_time() - processor)
            QTest.qWait(int(look * 300))
    viewer.close()


def make_plate_queue(address: str, images: int) -> None:
    """Queue outlines on fields of the sample plate."""
    with Session(Settings()) as session:
        save_reviewer(session.settings.config_dir, ADA)
        sets = outlined_images(session, address, images, images * PER_IMAGE)
        make_queue(session.workspace, sets, QueueDefinition(name="fields"), ADA)


def make_movie_queue(address: str) -> None:
    """Queue outlines on the sample time-lapse."""
    from napari_idr.layers.samples import first_openable

    with Session(Settings()) as session:
        node = first_openable(session, address, "idr9903")
        image = annotated_image(session.reference(node), session.info(node), session.describe(node))
        make_queue(session.workspace, [moved(outlines(image, PER_IMAGE))], QueueDefinition(name="movie"), ADA)


def main() -> int:
    """Measure all of it, and write it down; return 1 where an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--look", type=float, default=0.8, help="seconds between two keys")
    parser.add_argument("--count", type=int, default=40, help="keys through the plate")
    parser.add_argument("--print", action="store_true", help="and leave RESULTS.md as it is")
    options = parser.parse_args()
    found: dict[str, Steps] = {}
    repository = EmbeddedRepository(options=("--latency", str(LATENCY_MS), "--bandwidth", str(BANDWIDTH_MBIT)))
    address = repository.start()
    try:
        with TemporaryDirectory() as folder:
            os.environ.update(environment_in(folder, "ours"))
            make_plate_queue(address, 30)
            plate_steps(address, found, options.look, options.count)
            make_movie_queue(address)
            plane_steps(address, found, options.look)
            floor_steps(found, options.look, 15)
    finally:
        repository.stop()
    report(found, options.look, write=not options.print)
    return 0 if all(found[name].is_met(name) for name in found) else 1


def report(found: dict[str, Steps], look: float, *, write: bool) -> None:
    """Print the figures, or write them into RESULTS.md."""
    head = ("step", "n", "first frame with its outline", "complete frame", "processor", "aim", "met", "if not, why")
    body = table(head, [found[name].row(name) for name in CASES if name in found])
    said = (
        f"`python benchmarks/review_steps.py`: from the key to the frame, median and worst in brackets; server "
        f"with {LATENCY_MS} ms and {BANDWIDTH_MBIT} Mbit/s, {look} s between two keys, window 1366 x 768, software "
        f"OpenGL, load of the machine at the end {os.getloadavg()[0]:.1f}. The aim is held against the median of "
        "the complete frame; that of the sign against when it is durable and handed to the window."
    )
    if write:
        write_section("Review: from key to frame", f"{said}\n\n{body}")
    else:
        print(f"{said}\n\n{body}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
