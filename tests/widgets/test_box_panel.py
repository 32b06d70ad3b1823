"""Loading a box by hand: the button, the panel, the sizes it lists, and what goes on while the box comes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
import zarr
from npe2 import PluginManager

from made_zarr import write_image
from napari_idr.errors import ChunkError
from napari_idr.layers import box_parts
from napari_idr.layers.box_loads import BoxJob
from napari_idr.layers.viewer_session import ViewerSession
from napari_idr.widgets import box_panel
from napari_idr.widgets.browser import IdrDock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.qt
PATIENCE = 30_000


@pytest.fixture
def viewer_session(make_napari_viewer: Callable[..., Any]) -> Iterator[ViewerSession]:
    made = ViewerSession.for_viewer(make_napari_viewer(show=True))
    yield made
    made.close()


@pytest.fixture
def dock(viewer_session: ViewerSession) -> IdrDock:
    dock = IdrDock(viewer_session.viewer)
    viewer_session.viewer.window.add_dock_widget(dock, name="IDR")
    return dock


@pytest.fixture
def stack(dock: IdrDock, viewer_session: ViewerSession, qtbot: QtBot, tmp_path: Path) -> list[Any]:
    """Two channels of ten planes, shown."""
    job = viewer_session.open(str(write_image(tmp_path / "stack.zarr", "czyx", (2, 10, 128, 160), levels=3)))
    qtbot.waitUntil(lambda: job.state != "running", timeout=PATIENCE)
    assert job.state == "done", job.message
    viewer_session.viewer.reset_view()
    return job.layers


def texts(panel: Any) -> list[str]:
    return [panel.level.itemText(at) for at in range(panel.level.count())]


def choose(panel: Any, where: str) -> None:
    panel.where.setCurrentIndex(panel.where.findText(where))
    panel.where.activated.emit(panel.where.currentIndex())


def test_the_button_is_there_while_something_of_ours_is_shown(
    dock: IdrDock, viewer_session: ViewerSession, stack: list[Any], qtbot: QtBot
) -> None:
    assert dock.boxes.button.isVisible()
    layers = viewer_session.viewer.layers
    viewer_session.viewer.add_image(np.zeros((4, 4)))
    viewer_session.turns.add(*[partial(layers.remove, layer) for layer in stack])  # napari: see there
    qtbot.waitUntil(lambda: len(layers) == 1, timeout=PATIENCE)
    assert not dock.boxes.button.isVisible()


def test_a_box_is_chosen_and_loaded(
    dock: IdrDock, viewer_session: ViewerSession, stack: list[Any], qtbot: QtBot
) -> None:
    panel = dock.boxes.panel
    assert not panel.isVisible()
    dock.boxes.button.click()
    assert panel.isVisible()
    assert panel.image.text() == " + ".join(layer.name for layer in stack)
    assert texts(panel) == [
        "level 0 · 160 × 128 × 10 · 400 kB per channel",
        "level 1 · 80 × 64 × 10 · 100 kB per channel",
        "level 2 · 40 × 32 × 10 · 25 kB per channel",
    ]
    choose(panel, "The whole image")
    panel.depth.first.setValue(2)
    panel.depth.last.setValue(4)
    qtbot.waitUntil(lambda: "× 3 ·" in texts(panel)[0], timeout=PATIENCE)
    panel.level.setCurrentIndex(1)
    ended: list[BoxJob] = []
    viewer_session.boxes.ended.connect(ended.append)
    panel.load.click()
    assert not panel.isVisible()
    qtbot.waitUntil(lambda: bool(ended), timeout=PATIENCE)
    assert ended[0].state == "done", ended[0].message
    assert [layer.data.shape for layer in ended[0].layers] == [(3, 64, 80)] * 2
    assert np.array_equal(ended[0].layers[1].data, np.asarray(stack[1].data[1])[2:5])
    assert not dock.boxes.progress.is_busy


def test_the_sizes_follow_the_view(
    dock: IdrDock, viewer_session: ViewerSession, stack: list[Any], qtbot: QtBot
) -> None:
    dock.boxes.open()
    before = texts(dock.boxes.panel)
    viewer_session.viewer.scene.camera.zoom *= 4
    qtbot.waitUntil(lambda: texts(dock.boxes.panel) != before, timeout=PATIENCE)
    viewer_session.viewer.scene.camera.center = (0, 9000, 9000)
    qtbot.waitUntil(lambda: not dock.boxes.panel.load.isEnabled(), timeout=PATIENCE)
    assert "move the view" in dock.boxes.panel.why.text()


def test_a_rectangle_is_offered_first_when_it_is_being_drawn(
    dock: IdrDock, viewer_session: ViewerSession, stack: list[Any]
) -> None:
    dock.boxes.open()
    viewer_session.viewer.add_shapes([[[10, 20], [10, 59], [49, 59], [49, 20]]], shape_type="rectangle", name="box")
    panel = dock.boxes.panel
    assert panel.where.currentText() == "Inside box"
    assert panel.image.text().startswith(stack[0].name), "the image stays, though the shapes are active now"
    assert panel.region()["y"] == slice(10, 50)


def test_levels_that_are_too_large_cannot_be_chosen_and_say_why(
    dock: IdrDock, stack: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(box_parts, "free_memory", lambda: 500_000)
    panel = dock.boxes.panel
    dock.boxes.open()
    assert "of memory that are free" in texts(panel)[0]
    assert [panel.level.model().item(at).isEnabled() for at in range(3)] == [False, True, True]
    assert panel.level.currentIndex() == 1
    monkeypatch.setattr(box_parts, "free_memory", lambda: 1000)
    choose(panel, "The whole image")
    assert not panel.load.isEnabled()
    assert "take a smaller part" in panel.why.text()


def test_without_an_image_the_panel_says_what_to_do(dock: IdrDock) -> None:
    dock.boxes.open()
    assert "Choose a layer" in dock.boxes.panel.image.text()
    assert not dock.boxes.panel.load.isEnabled()


def test_progress_can_be_cancelled_and_failure_is_said(
    dock: IdrDock, viewer_session: ViewerSession, qtbot: QtBot
) -> None:
    boxes, foot = viewer_session.boxes, dock.boxes
    job = BoxJob("stack", "", level=1)
    boxes.started.emit(job)
    job.done, job.total = 3, 60
    boxes.progressed.emit(job)
    (task,) = foot._tasks.values()
    assert task.text == "Loading a box of stack at level 1 3 of 60"
    task.cancel()
    assert job._cancelled.is_set()
    job.end("failed", ChunkError("A chunk is truncated", "chunk 1", "try again"))
    boxes.ended.emit(job)
    assert foot.notices.text.text() == "A chunk is truncated, chunk 1, try again"
    assert not foot.progress.is_busy


def test_the_command_of_the_palette_opens_the_panel(
    viewer_session: ViewerSession, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    command = PluginManager.instance().get_manifest("napari-idr").contributions.commands
    assert "napari_idr.widgets.box_panel:show_box_panel" in [one.python_name for one in command]
    monkeypatch.setattr("napari.current_viewer", lambda: viewer_session.viewer)
    box_panel.show_box_panel()
    dock = next(iter(viewer_session.viewer.window._wrapped_dock_widgets.values())).inner_widget()
    assert dock.boxes.panel.isVisible()


# -- a box as a file


def test_a_box_is_saved_as_a_file_of_all_its_channels(
    dock: IdrDock, viewer_session: ViewerSession, stack: list[Any], qtbot: QtBot, tmp_path: Path
) -> None:
    panel = dock.boxes.panel
    dock.boxes.button.click()
    choose(panel, "The whole image")
    panel.level.setCurrentIndex(1)
    assert panel.why.text() == "level 1 · 80 × 64 × 10 · 100 kB per channel · as a file 200 kB in 2 channels"
    asked: list[str] = []
    panel.choose_file = lambda name: asked.append(name) or tmp_path / "a.ome.tif"  # type: ignore[func-returns-value]
    panel.save.click()
    assert asked == ["stack-level-1.ome.tif"]
    assert not panel.isVisible()
    qtbot.waitUntil(lambda: (tmp_path / "a.ome.tif").exists() and not dock.boxes.progress.is_busy, timeout=PATIENCE)
    expected = np.stack([np.asarray(layer.data[1]) for layer in stack])
    assert np.array_equal(tifffile.imread(tmp_path / "a.ome.tif"), expected)
    assert dock.boxes.notices.text.text() == "a.ome.tif is written. It is marked on its image."
    assert len(viewer_session.annotations.book.held) == 1


def test_nowhere_is_an_answer(dock: IdrDock, viewer_session: ViewerSession, stack: list[Any]) -> None:
    dock.boxes.open()
    dock.boxes.panel.choose_file = lambda name: None
    dock.boxes.panel.save.click()
    assert dock.boxes.panel.isVisible()
    assert not dock.boxes.progress.is_busy


def test_why_a_box_was_not_saved_is_said(dock: IdrDock, stack: list[Any], qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "a.ome.tif").write_text("mine")
    dock.boxes.open()
    dock.boxes.panel.choose_file = lambda name: tmp_path / "a.ome.tif"
    dock.boxes.panel.save.click()
    qtbot.waitUntil(lambda: "already" in dock.boxes.notices.text.text(), timeout=PATIENCE)
    assert (tmp_path / "a.ome.tif").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("a", "OME-TIFF (*.ome.tif)", "a.ome.tif"),
        ("a", "OME-Zarr (*.ome.zarr)", "a.ome.zarr"),
        ("a.ome.zarr", "OME-TIFF (*.ome.tif)", "a.ome.zarr"),
        ("a.OME.TIFF", "OME-Zarr (*.ome.zarr)", "a.OME.TIFF"),
        ("a.tif", "OME-TIFF (*.ome.tif)", "a.ome.tif"),
    ],
)
def test_a_name_gets_the_ending_of_the_kind_that_was_chosen(
    tmp_path: Path, name: str, kind: str, expected: str
) -> None:
    assert box_panel.with_ending(tmp_path / name, kind).name == expected


def test_time_points_are_the_one_shown_until_somebody_chooses(
    dock: IdrDock, viewer_session: ViewerSession, qtbot: QtBot, tmp_path: Path
) -> None:
    job = viewer_session.open(str(write_image(tmp_path / "film.zarr", "tyx", (6, 64, 80), levels=1)))
    qtbot.waitUntil(lambda: job.state != "running", timeout=PATIENCE)
    viewer: Any = viewer_session.viewer
    panel = dock.boxes.panel
    viewer.dims.set_current_step(0, 2)
    dock.boxes.open()
    assert panel.times.isVisible()
    assert not panel.depth.isVisible()
    assert panel.region()["t"] == slice(2, 3)
    viewer.dims.set_current_step(0, 4)
    assert panel.region()["t"] == slice(4, 5)
    panel.times.show_range(1, 3)
    viewer.dims.set_current_step(0, 0)
    assert panel.region()["t"] == slice(1, 4)
    choose(panel, "The whole image")
    panel.choose_file = lambda name: tmp_path / "part.ome.zarr"
    panel.save.click()
    qtbot.waitUntil((tmp_path / "part.ome.zarr").exists, timeout=PATIENCE)
    saved = np.asarray(zarr.open_array(str(tmp_path / "part.ome.zarr" / "0"), mode="r")[...])
    assert np.array_equal(saved, np.asarray(job.layers[0].data[1:4]))
    qtbot.waitUntil(lambda: not dock.boxes.progress.is_busy, timeout=PATIENCE)
