"""The curator's desk in figures: 100,000 objects in a queue, and 500 over 40 images gone through by keys.

python benchmarks/review.py [--objects 100000] [--folder KEPT] [--headless]

The window is asked for with a display (``xvfb-run``); the server answers after 50 ms. Keys are those of a keyboard,
sent to the canvas. The walk stops in the middle, goes on in a second window, is reviewed blindly by a colleague, and
written.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aims import Aim, aim_table
from results import write_section
from runs import environment_in

from napari_idr.demo.many_rois import ManyRois
from napari_idr.embedded import EmbeddedRepository
from napari_idr.model.annotation import Polygon
from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, AnnotationSet, new_uuid
from napari_idr.model.annotator import Annotator
from napari_idr.model.image import ImageMetadata, ImageReference
from napari_idr.repositories.annotated_image import annotated_image
from napari_idr.review.desk import Desk
from napari_idr.review.hand_over import write_review
from napari_idr.review.queue import QueueFilter
from napari_idr.review.queue_file import QueueDefinition
from napari_idr.review.queue_store import find_queue, make_queue, open_queue
from napari_idr.review.reviewer import save_reviewer
from napari_idr.session import Session
from napari_idr.settings import Settings
from napari_idr.workspace.database import sqlite_address
from napari_idr.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

ADA, GRACE = Annotator("Ada Lovelace", "0000-0002-1825-0097"), Annotator("Grace Hopper")
IMAGES, ROIS = 40, 500
PATIENCE = 120.0
AIMS = (
    Aim("made", "making a queue of 100,000 objects", unit=" s"),
    Aim("open", "opening it", "<= 1.0 s", 1.0, " s"),
    Aim("filter", "filter and order", "<= 200 ms", 200, " ms"),
    Aim("verdict", "a verdict until it is durable", "<= 50 ms", 50, " ms"),
    Aim("within", "walk: from the key until the next object in the image is gone to", "<= 150 ms", 150, " ms"),
    Aim("border", "walk: the same at the border of an image", "<= 150 ms", 150, " ms"),
    Aim("sign", "walk: from the key until the sign of the verdict is there", "<= 50 ms", 50, " ms"),
)
"""When the frame is painted that one goes to, review_steps.py measures."""


def outlines(image: AnnotatedImage, count: int) -> AnnotationSet:
    """Return a set of outlines as of cells."""
    many = ManyRois(1, count, image.size_x or 2048, image.size_y or 2048)
    objects = tuple(
        AnnotatedObject(
            uuid=new_uuid(),
            shapes=(Polygon(points=tuple(many.outline(number)), z=0, t=0),),
            object_class=("nucleus", "cell", "debris")[number % 3],
            annotator=GRACE,
        )
        for number in range(count)
    )
    return AnnotationSet(image=image, objects=objects)


Found = dict[str, list[float]]
"""Figures by the keys of their aims, in the units of those."""


def timed(what: str, act: Callable[[], Any], times: int = 1) -> tuple[Any, list[float]]:
    """Run something and say how long it took; return what it gave, and the seconds."""
    took, result = [], None
    for _ in range(times):
        begin = time.perf_counter()
        result = act()
        took.append(time.perf_counter() - begin)
    say(what, took)
    return result, took


def in_ms(seconds: list[float]) -> list[float]:
    """Return seconds as milliseconds."""
    return [1000 * one for one in seconds]


def say(what: str, seconds: list[float]) -> None:
    """Print the median and the worst."""
    median, worst = statistics.median(seconds) * 1000, max(seconds) * 1000
    print(f"{what}: median {median:.1f} ms, worst {worst:.1f} ms of {len(seconds)}", flush=True)


def headless(folder: Path, count: int) -> Found:
    """Measure a queue of many objects."""
    found: Found = {}
    sets = [
        outlines(AnnotatedImage(address=f"https://example.org/{n}", repository="x", image_id=str(n)), count // IMAGES)
        for n in range(IMAGES)
    ]
    with Workspace(sqlite_address(folder / "many.sqlite"), folder) as kept:
        make = partial(make_queue, kept, sets, QueueDefinition(name="m"), ADA)
        uuid, found["made"] = timed(f"make a queue of {count} objects", make)

        def record(image: AnnotatedImage, batch: Any, *, who: Annotator | None = None) -> int:
            kept.record(batch)
            return 1

        opened, found["open"] = timed("open it", lambda: open_queue(kept, uuid), 5)
        desk, _ = timed("sit down at it", lambda: Desk(opened, ADA, record))
        wanted = QueueFilter(classes=frozenset({"cell"}), statuses=frozenset({"unreviewed"}))
        found["filter"] = in_ms(timed("filter and order", lambda: desk.show(wanted, "random"), 5)[1])
        desk.show(QueueFilter(), "image")

        def judge() -> None:
            desk.judge("accepted")
            desk.confirm(1)
            desk.step()

        found["verdict"] = in_ms(timed("a verdict, durable", judge, 50)[1])
    return found


def outlined_images(session: Session, address: str, images: int, rois: int) -> list[AnnotationSet]:
    """Return outlines on the first fields of some wells of the embedded plate."""
    node = session.add_repository(address).root()
    while node.kind != "plate":
        node = next(one for one in session.children(node).nodes if one.kind in ("study", "screen", "plate"))
    grid = session.plate_grid(node)
    found = []
    for number, cell in enumerate(grid.cells[:images]):
        sample = session.resolve(f"{address}webclient/?show=image-{cell.image_id}")
        reference, metadata = session.reference(sample), session.info(sample)
        assert isinstance(reference, ImageReference)
        assert isinstance(metadata, ImageMetadata)
        image = annotated_image(reference, metadata, session.describe(sample))
        found.append(outlines(image, rois // images + (number < rois % images)))
    return found


def signs_of(desk: Desk, uuid: str) -> tuple[list[float], Callable[[], None]]:
    """Return when what counts of an object changes, filled as it does, and how to stop listening."""
    found: list[float] = []

    def note(changed: tuple[str, ...]) -> None:
        if uuid in changed:
            found.append(time.perf_counter())

    desk.changed.connect(note)
    return found, partial(desk.changed.disconnect, note)


class Window:
    """A viewer with its dock at the tab Review, driven by keys."""

    def __init__(self, address: str) -> None:
        import napari
        from qtpy.QtTest import QTest

        from napari_idr.layers.viewer_session import ViewerSession

        self._test = QTest
        self.viewer = napari.Viewer()
        self.viewer.window.resize(1366, 768)
        _, self.dock = self.viewer.window.add_plugin_dock_widget("napari-idr")
        self.session = ViewerSession.for_viewer(self.viewer)
        self.session.session.add_repository(address)
        self.tab = self.dock.review
        self.dock.show_tab(self.tab)

    def wait(self, done: Callable[[], object], what: str) -> float:
        """Run the event loop until something holds; return the seconds it took."""
        from qtpy.QtWidgets import QApplication

        begin = time.perf_counter()
        while not done():
            QApplication.processEvents()
            if time.perf_counter() - begin > PATIENCE:
                raise TimeoutError(f"{what}: {self.tab.notices.text.text()}")
            time.sleep(0.0005)
        return time.perf_counter() - begin

    def press(self, key: str) -> None:
        """Press a key with the pointer on the canvas."""
        from qtpy.QtCore import Qt

        canvas = self.viewer.window._qt_viewer.canvas.native  # noqa: SLF001 - where the keyboard is
        self._test.keyClick(canvas, getattr(Qt.Key, f"Key_{key}"))

    def open(self) -> None:
        """Open the latest queue."""
        shown: list[str] = []
        uuid = find_queue(self.session.session.workspace).uuid
        self.tab.queues.open(uuid)
        self.wait(lambda: self.tab.review is not None, "the queue")
        self.tab.review.shown.connect(shown.append)
        self.wait(lambda: self.tab.review.outlines is not None, "the first image")
        self.settle(0.5)

    def settle(self, seconds: float) -> None:
        """Look for a while, as a person does."""
        end = time.perf_counter() + seconds
        self.wait(lambda: time.perf_counter() > end, "time")

    def go(self, keys: str, count: int, look: float) -> tuple[list[float], list[float], list[float]]:
        """Give verdicts; return how long the next object took within an image, at its border, and a sign."""
        within, border, signs = [], [], []
        for number in range(count):
            desk = self.tab.desk
            uuid, image, position = desk.uuid, desk.image.key, desk.position
            if position + 1 >= len(desk.rows):
                break
            shown: list[str] = []
            self.tab.review.shown.connect(shown.append)
            signed, stop = signs_of(desk, uuid)
            begin = time.perf_counter()
            self.press(keys[number % len(keys)])
            following = desk.queue.uuids[int(desk.rows[position + 1])]
            self.wait(lambda shown=shown, following=following: following in shown, "the next object")
            took = time.perf_counter() - begin
            (border if desk.image.key != image else within).append(took)
            self.wait(lambda signed=signed: signed, "the sign")
            if desk.status(uuid) == "unreviewed":
                raise RuntimeError("a verdict is not there")
            signs.append(signed[0] - begin)
            stop()
            self.tab.review.shown.disconnect(shown.append)
            self.settle(look)
        return within, border, signs

    def close(self) -> None:
        """Close the window as a person does."""
        self.viewer.close()


def walk(folder: Path, look: float, images: int, rois: int) -> Found:
    """Go through ROIs over images of the embedded repository, half of them in a second window."""
    repository = EmbeddedRepository(options=("--latency", "50"))
    address = repository.start()  # before the folders change: what it serves was painted into the user's own
    os.environ.update(environment_in(str(folder), "ours"))
    try:
        with Session(Settings()) as session:
            save_reviewer(session.settings.config_dir, ADA)
            sets = outlined_images(session, address, images, rois)
            make_queue(session.workspace, sets, QueueDefinition(name="images of a plate"), ADA)
        figures: list[list[float]] = [[], [], []]
        for half in range(2):
            window = Window(address)
            window.open()
            print(f"begins at object {window.tab.desk.position + 1}", flush=True)
            for kept, new in zip(figures, window.go("GGGW", rois // 2, look), strict=True):
                kept += new
            if not half:
                window.viewer.window.screenshot(str(folder / "review.png"), canvas_only=False)
            window.close()
        for name, values in zip(("next object", "next object at an image border", "sign"), figures, strict=True):
            say(name, values)
        finish(folder)
    finally:
        repository.stop()
    return dict(zip(("within", "border", "sign"), map(in_ms, figures), strict=True))


def finish(folder: Path) -> None:
    """Have a colleague review some of it blindly, and write all there is to write."""
    with Session(Settings()) as session:
        kept = session.workspace
        listed = find_queue(kept)
        desk = Desk(open_queue(kept, listed.uuid), GRACE, lambda image, batch, who=None: len(kept.record(batch).events))
        desk.look_blindly(True)
        for number in range(50):
            desk.judge("rejected" if number % 5 == 0 else "accepted", "" if number % 5 else "cut off")
            desk.step()
        opened = open_queue(kept, listed.uuid)
        for name in ("queue.idrreview", "report.html", "table.review.csv", "all.geojson"):
            (folder / name).unlink(missing_ok=True)
            timed(
                f"write {name}",
                lambda name=name: write_review(kept, opened, folder / name, archive=session, warn=print),
            )


def main() -> int:
    """Measure all of it, and write it down; return 1 where an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--headless", action="store_true")
    parser.add_argument("--window", action="store_true")
    parser.add_argument("--look", type=float, default=0.3, help="seconds between two verdicts")
    parser.add_argument("--images", type=int, default=IMAGES)
    parser.add_argument("--rois", type=int, default=ROIS)
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="napari-idr-review-"))
    folder.mkdir(parents=True, exist_ok=True)
    found: Found = {}
    if not options.window:
        found |= headless(folder, options.objects)
    if not options.headless:
        found |= walk(folder, options.look, options.images, options.rois)
    measured = [aim for aim in AIMS if aim.key in found]
    told, is_met = aim_table("review", measured, found)
    method = (
        f"`python benchmarks/review.py`: a queue of {options.objects:,} objects over {IMAGES} images without a window, "
        f"then {options.rois} ROIs over {options.images} images of the embedded repository, each answer 50 ms late, by "
        f"keys in a window, {options.look} s between two keys; in the middle the window is closed and the next one "
        "goes on. Medians, and the worst in brackets."
    )
    if len(measured) == len(AIMS):
        write_section("Review: a queue, and a walk through it", f"{method}\n\n{told}")
    else:
        print(told)
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
