"""The dock in a real viewer: a real session, the embedded repository, the command of the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication

from napari_idr.demo.server import EmbeddedServer
from napari_idr.layers.samples import first_openable
from napari_idr.layers.viewer_session import ViewerSession
from napari_idr.widgets.browser import IdrDock
from napari_idr.widgets.browser_tab import SMALLEST
from napari_idr.widgets.clipboard import open_from_clipboard
from napari_idr.widgets.examples import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.qt
PATIENCE = 30_000


@pytest.fixture
def viewer_session(make_napari_viewer: Callable[..., Any], qtbot: QtBot) -> Iterator[ViewerSession]:
    made, jobs = ViewerSession.for_viewer(make_napari_viewer()), []
    made.opening.connect(jobs.append)
    yield made
    qtbot.waitUntil(lambda: all(job.state != "running" for job in jobs), timeout=PATIENCE)
    made.close()


@pytest.fixture
def server(demo_content: Path) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(demo_content) as running:
        yield running


@pytest.fixture
def dock(viewer_session: ViewerSession, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> IdrDock:
    monkeypatch.setattr(viewer_session, "start_embedded", lambda on_progress=None: server.address)
    dock = IdrDock(viewer_session.viewer)
    viewer_session.viewer.window.add_dock_widget(dock, name="IDR")
    return dock


@pytest.mark.smoke
def test_an_example_is_found_shown_as_a_grid_with_thumbnails_and_opened(
    qtbot: QtBot, dock: IdrDock, viewer_session: ViewerSession
) -> None:
    tab = dock.browse
    tab.start.example_requested.emit(EXAMPLES[0])
    grid = tab.page.grid
    with qtbot.waitSignal(grid._loader.finished, timeout=PATIENCE) as finished:
        pass
    assert finished.args[0] == frozenset()
    assert grid.view.wells.column_labels == ("1", "2", "3", "4")
    assert not any(grid.view.lacks(cell.image_id) for cell in grid.view.wells.cells.values())
    qtbot.waitUntil(lambda: bool(viewer_session.viewer.layers), timeout=PATIENCE)
    qtbot.waitUntil(lambda: bool(grid.view.wells.key_values), timeout=PATIENCE)
    assert "negative control" in grid.view.wells.describe((0, 0))


def test_walking_from_the_list_of_studies_down_the_tree_reaches_the_plate(qtbot: QtBot, dock: IdrDock) -> None:
    tab, tree, studies = dock.browse, dock.browse.page.tree, dock.browse.page.studies
    tab.start_demonstration()
    qtbot.waitUntil(lambda: len(studies.rows.nodes) == 3, timeout=PATIENCE)
    studies.list.setCurrentIndex(studies.rows.index(0))
    assert tab.page.header.name.text() == "idr9901-demo-knockdown"
    qtbot.keyClick(studies.list, Qt.Key.Key_Return)
    assert tab.page.view_stack.currentIndex() == 1
    for _level in range(2):
        index = tree.currentIndex()
        qtbot.waitUntil(lambda index=index: tree.model().index(0, 0, index).data() not in (None, "Loading…"))
        tree.setCurrentIndex(tree.model().index(0, 0, index))
        if tab._selection.current.node.kind != "plate":
            qtbot.keyClick(tree, Qt.Key.Key_Return)
    assert tab._selection.current.node.kind == "plate"
    assert tab.page.stack.currentWidget() is tab.page.grid


def test_wells_chosen_in_the_grid_open_alone(qtbot: QtBot, dock: IdrDock, viewer_session: ViewerSession) -> None:
    tab = dock.browse
    tab.start.example_requested.emit(EXAMPLES[0])
    qtbot.waitUntil(lambda: bool(viewer_session.viewer.layers), timeout=PATIENCE)
    view = tab.page.grid.view
    qtbot.waitUntil(lambda: view.wells.is_known, timeout=PATIENCE)
    view.choose(view.selection.at((0, 0)))
    with qtbot.waitSignal(tab.page.grid.open_requested) as asked:
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert asked.args == [("A/1",), False]
    opened: list[Any] = []
    viewer_session.opened.connect(opened.append)
    qtbot.waitUntil(lambda: bool(opened), timeout=PATIENCE)
    assert opened[0].state == "done"


def test_the_dock_of_the_manifest_gets_a_proxy_and_finds_the_same_session(viewer_session: ViewerSession) -> None:
    _, widget = viewer_session.viewer.window.add_plugin_dock_widget("napari-idr", "IDR")
    assert isinstance(widget, IdrDock)
    assert widget.browse._viewer_session is viewer_session
    assert widget.minimumWidth() == SMALLEST.width()
    assert widget.tabs.tabText(0) == "Browse"


def test_icons_follow_the_theme_of_napari(qtbot: QtBot, dock: IdrDock, viewer_session: ViewerSession) -> None:
    viewer_session.viewer.theme = "dark"
    qtbot.waitUntil(lambda: dock.theme.colors.base.lightness() < 100)
    with qtbot.waitSignal(dock.theme.changed):
        viewer_session.viewer.theme = "light"
    assert dock.theme.colors.base.lightness() > 150


def test_a_dock_that_is_closed_while_it_loads_leaves_nothing_running(
    qtbot: QtBot, dock: IdrDock, viewer_session: ViewerSession
) -> None:
    tab = dock.browse
    tab.start.example_requested.emit(EXAMPLES[0])
    assert tab._going.is_running
    dock.close()
    assert not tab._going.is_running


def test_the_command_opens_what_lies_on_the_clipboard(
    qtbot: QtBot, dock: IdrDock, viewer_session: ViewerSession, server: EmbeddedServer
) -> None:
    opening: list[Any] = []
    viewer_session.opening.connect(opening.append)
    address = first_openable(viewer_session.session, server.address, "idr9902").address
    QGuiApplication.clipboard().setText(f" {address}\n")
    open_from_clipboard()
    qtbot.waitUntil(lambda: bool(opening) and opening[0].state != "running", timeout=PATIENCE)
    assert (opening[0].state, opening[0].error) == ("done", None)
