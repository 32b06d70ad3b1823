"""Walk the ways from a question to the wells, as a user would, and say how long each step takes.

``python scripts/walk_journeys.py`` wants a display (``xvfb-run`` brings one). The embedded repository answers
50 ms late over 100 Mbit/s; ``QT_API`` chooses the Qt. A table for the documentation goes to standard output.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from take_pictures import Photographer, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.widgets.browser_tab import BrowserTab

SLOW = ("--latency", "50", "--bandwidth", "100")
TESTS = Path(__file__).resolve().parents[1] / "tests"


class Walk:
    """Steps with their times."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, float]] = []
        self._began = time.monotonic()

    def begin(self) -> None:
        """Start the clock: the user does something."""
        self._began = time.monotonic()

    def reach(self, journey: str, step: str, done: Callable[[], bool]) -> None:
        """Wait until a step is reached, and note the time since the user did something."""
        wait_until(done, step)
        self.rows.append((journey, step, time.monotonic() - self._began))

    def table(self) -> str:
        """Return the steps as a table."""
        lines = ["| way | step | seconds |", "| --- | --- | --- |"]
        return "\n".join([*lines, *(f"| {way} | {step} | {seconds:.2f} |" for way, step, seconds in self.rows)])


def search(camera: Photographer, tab: BrowserTab, walk: Walk) -> None:
    """Type a gene, Enter, choose all, Enter."""
    from qtpy.QtCore import Qt
    from qtpy.QtTest import QTest

    found = tab.page.found
    tab.show_start()
    tab.box.setFocus()
    QTest.keyClicks(tab.box, "KIF11")
    walk.begin()
    walk.reach("search", "type `KIF11`: suggestions after the last key", tab.line.suggestions.isVisible)
    QTest.keyClick(tab.box, Qt.Key.Key_Return)
    walk.begin()
    walk.reach("search", "Enter: studies with counts", lambda: not found.run.hits.is_empty)
    walk.reach("search", "the wells of the plate", lambda: "wells" in found.run.hits.said)
    walk.reach("search", "the thumbnails in view", lambda: not found.tree.lacking_in_view())
    QTest.keyClick(found.tree, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(found.tree, Qt.Key.Key_Return)
    walk.begin()
    walk.reach("search", "Ctrl+A, Enter: the first channel is shown", lambda: bool(camera.viewer.layers))
    walk.reach(
        "search", "all wells sharp, side by side", lambda: bool(camera.jobs) and camera.session.streams.missing == 0
    )


def plate(tab: BrowserTab, walk: Walk) -> None:
    """Go into a study, and to the grid of its plate."""
    from qtpy.QtCore import Qt
    from qtpy.QtTest import QTest

    tree, grid = tab.page.tree, tab.page.grid
    tab.page.enter(tab.page.studies.rows.nodes[0])
    for _ in range(2):
        index = tree.currentIndex()
        wait_until(lambda index=index: tree.model().index(0, 0, index).data() not in (None, "Loading…"), "a branch")
        index = tree.model().index(0, 0, index)
        if "knockdown-1" == index.data():
            walk.begin()
        tree.setCurrentIndex(index)
        if index.data() != "knockdown-1":
            QTest.keyClick(tree, Qt.Key.Key_Return)
    walk.reach("plate", "select the plate: its empty grid", lambda: bool(grid.view.wells.row_labels))
    walk.reach("plate", "the wells", lambda: grid.view.wells.is_known)
    images = [cell.image_id for cell in grid.view.wells.cells.values()]
    walk.reach("plate", f"{len(images)} thumbnails", lambda: not any(grid.view.lacks(image) for image in images))


def rois(camera: Photographer, walk: Walk) -> None:
    """Select an image, and press the button that shows its ROIs."""
    from qtpy.QtCore import Qt
    from qtpy.QtTest import QTest

    tab, button = camera.dock.browse, camera.dock.browse.page.details.rois
    _empty(camera)
    image = camera.image("embryo-1, every kind of ROI")
    walk.begin()
    tab.show_node(image)
    walk.reach("rois", "select an image: how many ROIs it has", button.isVisible)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    walk.begin()
    walk.reach("rois", "press Show ROIs: the image", lambda: bool(camera.viewer.layers))
    walk.reach("rois", "its ROIs", lambda: any("ROIs" in layer.name for layer in camera.viewer.layers))
    camera.settle()


def share(camera: Photographer, walk: Walk) -> None:
    """Copy a link to what is shown, empty the window, and paste it."""
    from qtpy.QtCore import Qt
    from qtpy.QtTest import QTest

    from napari_idr.widgets.desktop import clipboard_text

    viewer, tab = camera.viewer, camera.dock.browse
    _empty(camera)
    tab.open(camera.image("embryo-1, every kind of ROI"), (), False)
    wait_until(lambda: bool(viewer.layers), "the image")
    camera.settle()
    viewer.dims.set_current_step(0, 3)
    camera.look_at(0.4, 0.6, 3)
    seen = (viewer.dims.current_step[:2], viewer.scene.camera.center[-2:], viewer.scene.camera.zoom)
    button = camera.dock.boxes.share
    menu = button.menu()
    menu.popup(button.mapToGlobal(button.rect().topLeft()))
    walk.begin()
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(menu.actions()[0]).center())
    walk.reach("share", "Share, Copy link: it is on the clipboard", lambda: "/iviewer/?" in clipboard_text())
    _empty(camera)
    tab.box.clear()
    tab.box.setFocus()
    walk.begin()
    QTest.keyClick(tab.box, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(tab.box, Qt.Key.Key_Return)
    walk.reach("share", "Ctrl+V, Enter in another window: the image", lambda: bool(viewer.layers))

    def same() -> bool:
        there = (viewer.dims.current_step[:2], viewer.scene.camera.center[-2:], viewer.scene.camera.zoom)
        near = [abs(a - b) < 0.02 * abs(a) for a, b in zip(seen[1], there[1], strict=True)]
        return there[0] == seen[0] and all(near) and abs(there[2] / seen[2] - 1) < 0.02

    walk.reach("share", "the same plane, place and zoom", same)


def own_server(camera: Photographer, walk: Walk) -> None:
    """Add a private server by a link of it, and see what it holds."""
    from qtpy.QtCore import Qt
    from qtpy.QtTest import QTest

    from napari_idr.embedded import EmbeddedRepository

    private = EmbeddedRepository(options=(*SLOW, "--private"))
    address = private.start()
    tab = camera.dock.browse
    dialog = tab.servers.show()
    for field, text in (
        (dialog.form.address, f"{address}webclient/?show=project-102"),
        (dialog.form.user, "ada"),
        (dialog.form.password, "analytical"),
    ):
        field.clear()
        QTest.keyClicks(field, text)
    walk.begin()
    QTest.mouseClick(dialog.form.test, Qt.MouseButton.LeftButton)
    walk.reach("own server", "three fields, Test: what the server says", dialog.notices.isVisible)
    QTest.mouseClick(dialog.form.add, Qt.MouseButton.LeftButton)
    walk.begin()
    walk.reach("own server", "Sign in", dialog.isHidden)
    session = camera.session.session
    key = next(one.key for one in session.repositories if one.address == address)
    rows = tab.page.studies.rows
    walk.reach("own server", "what it holds", lambda: any(node.repository == key for node in rows.nodes))
    private.stop()


def _empty(camera: Photographer) -> None:
    camera.session.close_all()
    wait_until(lambda: not camera.viewer.layers, "an empty window")
    camera.jobs.clear()


def studies(tab: BrowserTab, walk: Walk, what: str, key: str, count: int) -> None:
    """Press a repository on the start page."""
    walk.begin()
    tab.start.repository_requested.emit(key)
    rows = tab.page.studies.rows
    walk.reach(what, f"press the repository: {count} studies as text", lambda: len(rows.nodes) == count)
    if count > 3:
        return
    walk.reach(what, "all pictures", lambda: rows.picture_count == count)


def walk_some(camera: Photographer, ways: list[str]) -> str:
    """Walk the ways that were named and return their table."""
    walk = Walk()
    for way in ways:
        WAYS[way](camera, walk)
        camera.settle()
    return walk.table()


def walk_all(camera: Photographer, archive: str) -> str:
    """Walk every way and return the table."""
    tab, walk = camera.dock.browse, Walk()
    session = camera.session.session
    key, large = session.repositories[0].key, session.add_repository(archive).key
    studies(tab, walk, "250 containers in 143 studies", large, 143)
    studies(tab, walk, "three studies", key, 3)
    plate(tab, walk)
    camera.settle()
    search(camera, tab, walk)
    camera.settle()
    rois(camera, walk)
    share(camera, walk)
    own_server(camera, walk)
    return walk.table()


WAYS = {"rois": rois, "share": share, "own-server": own_server}
"""Ways that need nothing of the others."""


def main() -> None:
    """Walk, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ways", nargs="*", choices=[*WAYS, []], help="only these")
    chosen = parser.parse_args()
    sys.path.insert(0, str(TESTS))
    from large_catalogue import write_large_archive
    from napari_idr.embedded import EmbeddedRepository

    with tempfile.TemporaryDirectory() as fresh:
        os.environ.update(
            NAPARI_IDR_CACHE_DIR=fresh,
            NAPARI_IDR_CONFIG_DIR=f"{fresh}/config",
            NAPARI_IDR_DATA_DIR=f"{fresh}/data",
            NAPARI_CONFIG=f"{fresh}/napari.yaml",
        )
        own = EmbeddedRepository(options=SLOW)
        large = EmbeddedRepository(write_large_archive(Path(fresh) / "large"), options=SLOW)
        os.environ["NAPARI_IDR_SERVER"] = own.start()
        camera = Photographer(Path(fresh), "dark")
        camera.session.embedded_address = os.environ["NAPARI_IDR_SERVER"]  # no other one, which would not be slow
        table = walk_some(camera, chosen.ways) if chosen.ways else walk_all(camera, large.start())
        camera.viewer.close()
        for server in (own, large):
            server.stop()
    print(table)


if __name__ == "__main__":
    main()
