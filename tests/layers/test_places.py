"""Links that stand for no pixels, by Ctrl+N, drop and the command: the dock shows what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from napari_idr.demo.server import EmbeddedServer
    from napari_idr.layers.viewer_session import ViewerSession
    from napari_idr.widgets.browser import IdrDock

pytestmark = pytest.mark.qt
PATIENCE = 30_000
IDR = "https://idr.openmicroscopy.org/"


def dock_of(session: ViewerSession) -> IdrDock:
    """Return the dock; it must have been opened before."""
    assert "IDR (napari-idr)" in session.viewer.window.dock_widgets
    dock: IdrDock = session.viewer.window.add_plugin_dock_widget("napari-idr", "IDR")[1]
    return dock


@pytest.fixture
def known(demo: ViewerSession, server: EmbeddedServer) -> ViewerSession:
    """A viewer whose only repository is the embedded one."""
    for repository in demo.session.repositories:
        demo.session.remove_repository(repository.address)
    demo.session.add_repository(server.address)
    return demo


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (f"{IDR}search/?key=Gene+Symbol&value=KIF11", '"Gene Symbol" = "KIF11"'),
        (f"{IDR}mapr/gene/?value=KIF11", '"Gene Symbol" = "KIF11"'),
    ],
)
def test_the_link_of_a_search_opens_the_dock_with_what_it_finds(
    known: ViewerSession, qtbot: QtBot, address: str, text: str
) -> None:
    assert known.viewer.open(address, plugin="napari-idr") == []
    tab = dock_of(known).browse
    assert tab.box.text() == text
    qtbot.waitUntil(lambda: "well" in tab.page.found.run.hits.said, timeout=PATIENCE)
    assert not known.viewer.layers
    tab.stop()


def test_the_link_of_a_study_is_shown_in_the_catalogue_and_the_dock_comes_to_the_front(
    known: ViewerSession, server: EmbeddedServer, qtbot: QtBot
) -> None:
    dock = known.viewer.window.add_plugin_dock_widget("napari-idr", "IDR")[1]
    dock.show_tab(dock.annotate)
    job = known.open(f"{server.address}study/idr9901/")
    qtbot.waitUntil(lambda: job.state != "running", timeout=PATIENCE)
    assert (job.state, job.node.accession) == ("done", "idr9901")
    assert dock.browse._selection.current.node.accession == "idr9901"
    assert dock.browse.isVisible()
    assert not known.viewer.layers
    dock.browse.stop()


def test_a_dock_that_was_hidden_is_shown_with_what_was_found(
    known: ViewerSession, server: EmbeddedServer, qtbot: QtBot
) -> None:
    around, dock = known.viewer.window.add_plugin_dock_widget("napari-idr", "IDR")
    around.hide()
    assert not dock.browse.isVisible()
    job = known.open(f"{server.address}study/idr9901/")
    qtbot.waitUntil(lambda: job.state != "running", timeout=PATIENCE)
    assert job.state == "done"
    assert dock.browse.isVisible()
    dock.browse.stop()
