"""Take the pictures of the documentation: napari on the embedded repository, driven as a user would drive it.

``python scripts/take_pictures.py [FOLDER] [--theme light] [--search-only | --review-only]`` wants a display;
``make screenshots`` brings one. ``QT_API`` chooses the Qt. Every picture waits until nothing is missing in it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari import Viewer
    from qtpy.QtWidgets import QWidget

    from napari_idr.model.catalog import Node


PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
PATIENCE = 120
"""Seconds for the slowest step: painting the samples on first start."""


def wait_until(done: Callable[[], bool], what: str) -> None:
    """Run the event loop until ``done``. Raises ``TimeoutError`` that names what did not come."""
    from qtpy.QtCore import QEventLoop, QTimer

    deadline = time.monotonic() + PATIENCE
    loop, timer = QEventLoop(), QTimer()
    timer.timeout.connect(lambda: loop.quit() if done() or time.monotonic() > deadline else None)
    timer.start(10)
    loop.exec()
    timer.stop()
    if not done():
        raise TimeoutError(f"{what} did not come within {PATIENCE} s")


def draw() -> None:
    """Let what has come be drawn."""
    end = time.monotonic() + 0.7
    wait_until(lambda: time.monotonic() > end, "the time")


class Photographer:
    """A viewer with its dock, and the folder its pictures go to."""

    def __init__(self, folder: Path, theme: str) -> None:
        import napari

        from napari_idr.layers.viewer_session import ViewerSession

        self.folder = folder
        self.viewer: Viewer = napari.Viewer()
        self.viewer.theme = theme
        self.viewer.window.resize(1366, 768)
        _, self.dock = self.viewer.window.add_plugin_dock_widget("napari-idr")
        self.session = ViewerSession.for_viewer(self.viewer)
        self.jobs: list[object] = []
        self.session.opened.connect(self.jobs.append)
        draw()

    def settle(self) -> None:
        """Wait until nothing is missing in the canvas, and the dock waits for nothing."""
        from napari_idr.widgets.progress_strip import Task

        draw()
        wait_until(lambda: self.session.streams.missing == 0, "the pixels")
        wait_until(lambda: not self.dock.browse.progress.findChildren(Task), "the thumbnails")
        draw()

    def show_study(self, accession: str) -> None:
        """Unfold the embedded repository down to the screen of a study, and select the study's screen."""
        tree = self.dock.browse.page.tree
        root = self.session.session.add_repository(self.session.start_embedded()).root()
        self.dock.browse.show_browse()
        wait_until(lambda: tree.show_node(root), root.name)
        path = [root]
        while path[-1].kind != "plate":
            tree.expand_node(path[-1])
            children = self.session.session.children(path[-1]).nodes
            path.append(next(node for node in children if len(path) > 1 or accession in node.name))
            wait_until(lambda: tree.show_node(path[-1]), path[-1].name)
        tree.show_node(path[-2])
        self.settle()

    def open_example(self, title: str) -> None:
        """Click a picture card of the start page, in an empty viewer."""
        self.session.close_all()
        draw()
        self.jobs.clear()
        next(card for card in self.dock.browse.start.cards if card.example.title == title).click()
        wait_until(lambda: bool(self.jobs), title)
        self.settle()

    def find(self, text: str) -> None:
        """Type a search and press Enter; then choose everything that was found."""
        from qtpy.QtCore import Qt
        from qtpy.QtTest import QTest

        tab = self.dock.browse
        tab.box.setFocus()
        tab.box.clear()
        QTest.keyClicks(tab.box, text)
        wait_until(tab.line.suggestions.isVisible, "suggestions")
        draw()
        self.widget(self.dock, "suggestions")
        QTest.keyClick(tab.box, Qt.Key.Key_Return)
        wait_until(lambda: "wells" in tab.page.found.run.hits.said, text)
        QTest.keyClick(tab.page.found.tree, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        self.settle()

    def image(self, name: str) -> Node:
        """Find an image of the embedded repository."""
        session = self.session.session
        nodes = [session.add_repository(self.session.start_embedded()).root()]
        while not any(node.kind == "image" for node in nodes):
            held = (session.children(node).nodes for node in nodes if node.kind not in ("screen", "plate"))
            nodes = [child for children in held for child in children]
        return next(node for node in nodes if node.name == name)

    def show_rois(self, name: str) -> None:
        """Open an image of the embedded repository and show its ROIs, in an empty viewer."""
        self.session.close_all()
        draw()
        image = self.image(name)
        self.dock.browse.show_node(image)
        self.settle()
        job = self.session.show_rois(image)
        wait_until(lambda: job.state != "running", "the ROIs")
        self.settle()

    def open_without_server(self, accession: str) -> None:
        """Open a plate of a server, switch the server off, and open it once more, in an empty viewer."""
        from napari_idr.embedded import EmbeddedRepository
        from napari_idr.layers.samples import first_openable

        repository = EmbeddedRepository()
        plate = first_openable(self.session.session, repository.start(), accession)
        for turn in ("with", "without"):
            self.session.close_all()
            draw()
            self.jobs.clear()
            self.dock.browse.show_node(plate)
            self.dock.browse.open(plate, (), False)
            wait_until(lambda: bool(self.jobs), f"{plate.name} {turn} its server")
            self.settle()
            repository.stop()
            self.session.session.cache.distrust()

    def sign_in(self) -> None:
        """Sign in to a server of one's own as a user does it, with a picture of the form before."""
        from napari_idr.embedded import EmbeddedRepository

        self.private = EmbeddedRepository(options=("--private",))
        address = self.private.start()
        dialog = self.dock.browse.servers.show()
        dialog.form.fill(f"{address}webclient/?show=project-102", "ada")
        dialog.form.password.setText("analytical")
        dialog.form.test.click()
        wait_until(dialog.notices.isVisible, "the answer")
        draw()
        self.widget(dialog, "servers")
        dialog.form.add.click()
        wait_until(dialog.isHidden, "the login")
        self.settle()

    def draw_rois(self, name: str) -> None:
        """Show the ROIs of an image of the private server, change them, and look at what would be sent."""
        import numpy as np

        session = self.session.session
        root = session.add_repository(self.private.address).root()
        study = next(node for node in session.children(root).nodes if node.accession == "idr9903")
        (project,) = session.children(study).nodes
        images = [one for held in session.children(project).nodes for one in session.children(held).nodes]
        image = next(node for node in images if node.name == name)
        self.dock.browse.show_node(image)
        job = self.session.show_rois(image)
        wait_until(lambda: job.state != "running", "the ROIs")
        self.settle()
        vectors = next(layer for layer in self.viewer.layers if layer.name.endswith("ROIs, every t and z"))
        vectors.data = [vectors.data[0] + np.array([0, 12]), *vectors.data[1:]]
        vectors.selected_data = {1}
        vectors.remove_selected()
        place = {"scale": vectors.scale, "translate": vectors.translate, "units": vectors.units}
        looks = {"edge_color": "cyan", "face_color": "transparent", "edge_width": 2}
        drawn = self.viewer.add_shapes(ndim=2, name="mitosis", **place, **looks)
        drawn.add_ellipses(np.array([[60, 150], [60, 190], [100, 190], [100, 150]]))
        self.dock.sending.click()
        wait_until(self.dock.send_dialog.send.isEnabled, "the comparison")
        self.settle()
        self.widget(self.dock.send_dialog, "send-rois")
        self.window("own-server")
        self.dock.send_dialog.close()

    def show_files(self, name: str) -> None:
        """Select an image of the embedded repository, and list its original files."""
        self.dock.browse.show_node(self.image(name))
        self.settle()
        self.dock.browse.page.details.files.list_files()
        self.settle()

    def share_menu(self, name: str) -> None:
        """Take the menu of the button Share."""
        menu = self.dock.boxes.share.menu()
        menu.popup(self.dock.boxes.share.mapToGlobal(self.dock.boxes.share.rect().topLeft()))
        draw()
        self.widget(menu, name)
        menu.close()
        draw()

    def window(self, name: str) -> None:
        """Take the whole window."""
        self.viewer.window.screenshot(str(self.folder / f"{name}.png"), flash=False)

    def widget(self, widget: QWidget, name: str) -> None:
        """Take one part of the dock."""
        widget.grab().save(str(self.folder / f"{name}.png"))

    def look_at(self, y: float, x: float, zoom: float) -> None:
        """Centre a place, given as fractions of what is shown, ``zoom`` times nearer than the whole."""
        first, last = self.viewer.layers.extent.world[:, -2:]
        self.viewer.reset_view()
        self.viewer.scene.camera.center = (0.0, *(first + (last - first) * (y, x)))
        self.viewer.scene.camera.zoom *= zoom
        draw()
        self.settle()


def annotate(camera: Photographer) -> None:
    """Draw on what is shown, as somebody would by hand, and select one object."""
    import numpy as np

    dock, annotations = camera.dock, camera.session.annotations
    tab = dock.annotate
    dock.show_tab(tab)
    for name in ("nucleus", "gland"):
        tab.classes.add_class(name)
    tab.start("shapes")
    wait_until(lambda: bool(annotations.book.watches), "the layer")
    layer = annotations.book.watches[0].layer
    middle = np.array(camera.viewer.layers[0].world_to_data(camera.viewer.scene.camera.center[-2:]))
    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    ring = np.column_stack([np.sin(angles), np.cos(angles)])
    for name, place, reach in (("gland", (-60, -120), 90), ("nucleus", (30, 40), 26), ("nucleus", (-40, 90), 30)):
        tab.classes.choose(name)
        bumps = 1 + 0.15 * np.cos(3 * angles)[:, None]
        layer.add(middle + place + reach * ring * bumps, shape_type="polygon")
    layer.mode = "select"
    chosen = list(annotations.book.held)[1]
    tab.table.choose([chosen])
    tab.details.name.setText("dividing")
    tab.details.name.setModified(True)
    tab.details.name.editingFinished.emit()
    layer.selected_data = {1}
    camera.settle()


def export(camera: Photographer) -> None:
    """Open the export of what was drawn, once in each of its tabs that the documentation shows."""
    from napari_idr.model.annotator import Annotator

    dialog = camera.dock.annotate.open_export()
    dialog.form.annotators.show_annotators((Annotator("Josiah Carberry", "0000-0002-1825-0097"),))
    dialog.form.lines["title"].setText("Glands and nuclei")
    dialog.form.changed.emit()
    wait_until(lambda: dialog.is_checked, "the findings")
    camera.widget(dialog, "export-about")
    dialog.tabs.setCurrentIndex(1)
    draw()
    camera.widget(dialog, "export-findings")
    dialog.close()


def save_box(camera: Photographer) -> None:
    """Save what is in view as a file, as somebody would with the panel that is open."""
    boxes = camera.dock.boxes
    with tempfile.TemporaryDirectory() as folder:
        boxes.panel.choose_file = lambda name: Path(folder) / name
        boxes.panel.save.click()
        wait_until(lambda: "is written" in boxes.notices.text.text(), "the saved box")
        camera.settle()
        camera.window("saved-box")
    boxes.notices.clear()
    for layer in [layer for layer in camera.viewer.layers if "annotations" in layer.metadata.get("napari_idr", {})]:
        camera.viewer.layers.remove(layer)
    camera.settle()


def take_all(camera: Photographer) -> None:
    """Take every picture that the documentation shows."""
    camera.widget(camera.dock, "start")
    camera.show_study("idr9901")
    camera.widget(camera.dock, "tree")
    camera.open_example("Knock-down plate")
    camera.window("plate")
    camera.widget(camera.dock.browse.page.grid, "grid")
    camera.look_at(0.44, 0.21, 16)
    camera.window("cells")
    camera.open_example("Whole slide")
    camera.window("slide")
    camera.look_at(0.5, 0.5, 20)
    camera.window("slide-detail")
    annotate(camera)
    camera.window("annotate")
    camera.widget(camera.dock.annotate, "annotate-tab")
    export(camera)
    camera.dock.show_tab(camera.dock.browse)
    for layer in [layer for layer in camera.viewer.layers if "annotations" in layer.metadata.get("napari_idr", {})]:
        camera.viewer.layers.remove(layer)
    camera.open_example("Time-lapse")
    camera.window("time-lapse")
    camera.show_rois("embryo-1, every kind of ROI")
    camera.window("rois")
    camera.share_menu("share")
    camera.show_files("embryo-1, only its files")
    camera.widget(camera.dock.browse.page.details, "original-files")
    camera.viewer.dims.ndisplay = 3
    camera.viewer.scene.camera.angles = (0, -30, 40)
    camera.settle()
    camera.window("volume")
    camera.viewer.dims.ndisplay = 2
    camera.look_at(0.5, 0.5, 2)
    camera.dock.boxes.open()
    camera.settle()
    camera.window("load-box")
    save_box(camera)
    take_own_server(camera)
    camera.open_without_server("idr9901")
    camera.window("offline")


def take_own_server(camera: Photographer) -> None:
    """Take the pictures of a server that wants a login."""
    camera.viewer.dims.ndisplay = 2
    camera.session.close_all()
    draw()
    camera.sign_in()
    camera.draw_rois("embryo-1, every kind of ROI")
    camera.private.stop()
    for layer in list(camera.viewer.layers):
        camera.viewer.layers.remove(layer)
        draw()


def take_search(camera: Photographer) -> None:
    """Take the pictures of studies, search and key-values; the embedded repository is the only one."""
    from napari_idr.widgets.selection import Selection

    page = camera.dock.browse.page
    repository = camera.session.session.repositories[0]
    repository.name = "Demonstration"
    camera.dock.browse.start.repository_requested.emit(repository.key)
    wait_until(lambda: page.studies.rows.picture_count == 3, "the studies")
    page.studies.narrow.setChecked(True)
    page.splitter.setSizes([380, 260])
    page.studies.list.setCurrentIndex(page.studies.rows.index(0))
    camera.settle()
    camera.widget(camera.dock, "studies")
    camera.find("KIF11")
    camera.widget(camera.dock, "found")
    page.found.open.click()
    wait_until(lambda: bool(camera.jobs), "the wells")
    page.found.on_plate.click()
    page.splitter.setSizes([260, 380])
    camera.settle()
    camera.window("found-on-plate")
    page.tabs.setCurrentIndex(1)
    page.show_view(1)
    page.splitter.setSizes([120, 520])
    Selection.for_owner(camera.session).update(wells=("A/4",))
    wait_until(lambda: bool(page.details.table.accessions), "the key-values")
    camera.settle()
    camera.widget(camera.dock, "key-values")


def take_with(take: Callable[[Photographer], None], folder: Path, theme: str) -> None:
    """Take pictures in a window of their own."""
    camera = Photographer(folder, theme)
    take(camera)
    camera.viewer.close()


def main() -> None:
    """Take the pictures that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=PICTURES)
    parser.add_argument("--theme", choices=("dark", "light"), default="dark")
    parser.add_argument("--search-only", action="store_true", help="only those of studies, search and key-values")
    parser.add_argument("--review-only", action="store_true", help="only those of a review by two")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    from review_pictures import take_review

    from napari_idr.embedded import EmbeddedRepository

    with tempfile.TemporaryDirectory() as fresh:
        # As somebody sees it who has just installed it: nothing recent, no settings of one's own.
        os.environ.update(
            NAPARI_IDR_CACHE_DIR=fresh,
            NAPARI_IDR_CONFIG_DIR=f"{fresh}/config",
            NAPARI_IDR_DATA_DIR=f"{fresh}/data",
            NAPARI_CONFIG=f"{fresh}/napari.yaml",
        )
        if not chosen.search_only:
            take_with(take_review, chosen.folder, chosen.theme)
        if chosen.review_only:
            return
        if not chosen.search_only:
            os.environ.update(NAPARI_IDR_CONFIG_DIR=f"{fresh}/all-config", NAPARI_IDR_DATA_DIR=f"{fresh}/all-data")
            take_with(take_all, chosen.folder, chosen.theme)
        own = EmbeddedRepository()
        os.environ["NAPARI_IDR_SERVER"] = own.start()
        os.environ["NAPARI_IDR_ONTOLOGIES"] = f"{os.environ['NAPARI_IDR_SERVER']}ols4/"
        os.environ["NAPARI_IDR_CONFIG_DIR"] = f"{fresh}/search-config"  # without the private server of before
        take_with(take_search, chosen.folder, chosen.theme)
        own.stop()
    print(f"the pictures are in {chosen.folder}")


if __name__ == "__main__":
    main()
