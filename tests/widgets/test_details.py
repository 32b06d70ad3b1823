"""Details of the selected node: header, facts, links, annotations, thumbnail."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fakes import BASE, FakeSession
from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QDesktopServices, QGuiApplication

from napari_idr.errors import AccessDenied
from napari_idr.widgets.details import DetailsPanel
from napari_idr.widgets.node_header import NodeHeader

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot
    from qtpy.QtWidgets import QWidget

    from napari_idr.widgets.theme import Theme

pytestmark = pytest.mark.qt


@pytest.fixture
def details(session: FakeSession, theme: Theme, host: QWidget) -> DetailsPanel:
    details = DetailsPanel(session, theme, host)
    details.resize(300, 400)
    host.show()
    return details


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses handed to the browser."""
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()) or True)
    return opened


def test_what_the_tree_knows_is_there_at_once_and_the_rest_follows(
    qtbot: QtBot, details: DetailsPanel, session: FakeSession
) -> None:
    release = threading.Event()
    session.hold = lambda method: release.wait(120)
    details.show_node(session._studies("idr")[0])
    assert details.description.text() == "Live imaging after siRNA of every human gene"
    assert details.empty.text() == "Loading annotations…"
    with qtbot.waitSignal(details.described) as described:
        release.set()
    assert details.table.rowCount() == 7
    assert details.empty.isHidden()
    assert described.args[0].key_values[0] == ("Organism", "Homo sapiens")


def test_the_same_node_is_described_once(qtbot: QtBot, details: DetailsPanel, session: FakeSession) -> None:
    plate = session._plates()[0]
    with qtbot.waitSignal(details.described) as described:
        details.show_node(plate)
    details.show_node(described.args[0])
    assert session.calls["describe"] == 1


def test_what_a_server_says_is_shown_as_it_is_and_only_web_links_are_links(
    qtbot: QtBot, details: DetailsPanel, session: FakeSession
) -> None:
    with qtbot.waitSignal(details.described):
        details.show_node(session._plates()[0])
    assert details.table.item(2, 1).text().count("<b>") == 1
    assert "&lt;b&gt;" in details.table.item(2, 1).toolTip()
    assert "Study page" in details.links.text()
    assert "javascript" not in details.links.text()
    assert details.description.textFormat() == Qt.TextFormat.PlainText


def test_links_open_in_the_browser(
    qtbot: QtBot, details: DetailsPanel, session: FakeSession, browser: list[str]
) -> None:
    with qtbot.waitSignal(details.described):
        details.show_node(session._plates()[0])
    details.table.setCurrentCell(1, 1)
    qtbot.keyClick(details.table, Qt.Key.Key_Return)
    details.table.setCurrentCell(0, 1)
    qtbot.keyClick(details.table, Qt.Key.Key_Return)
    details.links.linkActivated.emit(f"{BASE}study/1/")
    details.links.linkActivated.emit("file:///etc/passwd")
    assert browser == ["https://creativecommons.org/licenses/by/4.0/", f"{BASE}study/1/"]


def test_annotations_are_copied_as_a_table(qtbot: QtBot, details: DetailsPanel, session: FakeSession) -> None:
    with qtbot.waitSignal(details.described):
        details.show_node(session._plates()[0])
    details.table.selectRow(0)
    with qtbot.waitSignal(details.table.copied):
        qtbot.keyClick(details.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "Organism\tHomo sapiens"


def test_an_image_shows_its_thumbnail_and_sizes(qtbot: QtBot, details: DetailsPanel, session: FakeSession) -> None:
    with qtbot.waitSignal(details._thumbnails.arrived):
        details.show_node(session._images(1)[0])
    assert details.facts.text().startswith("2,048 × 2,048 px · 3 channels")
    assert details.picture.pixmap().size() == QSize(96, 96)
    details.show_node(session._studies("idr")[0])
    assert details.picture.isHidden()


def test_the_answer_about_a_node_that_was_left_is_not_shown(
    qtbot: QtBot, details: DetailsPanel, session: FakeSession
) -> None:
    release, started = threading.Event(), threading.Event()

    def hold(method: str) -> None:
        started.set()
        assert release.wait(120)

    session.hold = hold
    details.show_node(session._plates()[0])
    qtbot.waitUntil(started.is_set)
    session.hold = lambda method: None
    with qtbot.waitSignal(details.described) as described:
        details.show_node(session._plates()[1])
    release.set()
    assert described.args[0].id == "2"


def test_a_failure_is_handed_on_with_what_tries_again(
    qtbot: QtBot, details: DetailsPanel, session: FakeSession
) -> None:
    session.failures["describe"] = AccessDenied("This plate is private", "plate 1", "sign in")
    with qtbot.waitSignal(details.failed) as failed:
        details.show_node(session._plates()[0])
    assert details.empty.text() == "Annotations could not be loaded."
    with qtbot.waitSignal(details.described):
        failed.args[1]()


@pytest.fixture
def header(theme: Theme, host: QWidget) -> NodeHeader:
    header = NodeHeader(theme, host)
    header.resize(300, 60)
    host.show()
    return header


def test_the_header_says_kind_and_licence_and_offers_what_is_possible(header: NodeHeader, session: FakeSession) -> None:
    header.show_node(session.describe(session._plates()[0]))
    assert (header.name.text(), header.kind.text(), header.licence.text()) == ("LT0001_02", "Plate", "CC BY 4.0")
    assert not header.open.isHidden()
    header.show_node(replace(session._studies("idr")[0], address="/data/plate.ome.zarr"))
    assert header.kind.text() == "Study · idr0013"
    assert header.open.isHidden()
    assert header.browse.isHidden()
    assert header.licence.isHidden()


def test_the_link_is_copied_or_opened(
    qtbot: QtBot, header: NodeHeader, session: FakeSession, browser: list[str]
) -> None:
    header.show_node(session._plates()[0])
    with qtbot.waitSignal(header.copied):
        header.copy.click()
    assert QGuiApplication.clipboard().text() == f"{BASE}?show=plate-1"
    header.browse.click()
    assert browser == [f"{BASE}?show=plate-1"]


def test_markup_in_a_name_is_text(theme: Theme, host: QWidget, session: FakeSession) -> None:
    header = NodeHeader(theme, host)
    name = "<b>bold</b> <img src='file:///a.png'>"
    header.show_node(replace(session._plates()[0], name=name))
    assert header.name.text() == name
    assert header.name.textFormat() == Qt.TextFormat.PlainText
    assert "<img" not in header.name.toolTip()
    assert "&lt;img" in header.name.toolTip()
