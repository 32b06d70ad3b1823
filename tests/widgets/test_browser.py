"""The Browse tab as a whole, over a fake session."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from fakes import BASE, FakeJob, FakeSession, FakeViewerSession
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QAbstractButton, QLineEdit, QTabBar, QTableWidget, QToolButton, QVBoxLayout, QWidget

from napari_idr.errors import Cancelled, NotFound
from napari_idr.widgets.browser_tab import SMALLEST, BrowserTab
from napari_idr.widgets.examples import EXAMPLES
from napari_idr.widgets.progress_strip import Task

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from napari_idr.widgets.theme import Theme

pytestmark = pytest.mark.qt


@pytest.fixture
def tab(viewer_session: FakeViewerSession, theme: Theme, host: QWidget) -> BrowserTab:
    tab = BrowserTab(viewer_session, theme)
    layout = QVBoxLayout(host)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(tab)
    host.resize(300, 660)
    host.show()
    return tab


def arrive(qtbot: QtBot, tab: BrowserTab, address: str) -> None:
    tab.go_to(address)
    qtbot.waitUntil(lambda: tab._selection.current.node is not None and not tab._going.is_running)


def test_the_start_page_asks_nobody(tab: BrowserTab, session: FakeSession) -> None:
    assert tab.pages.currentIndex() == 0
    assert sum(session.calls.values()) == 0


def test_everything_fits_300_pixels(qtbot: QtBot, tab: BrowserTab) -> None:
    arrive(qtbot, tab, f"{BASE}?show=plate-5")
    for page in (0, 1):
        tab.pages.setCurrentIndex(page)
        assert tab.minimumSizeHint().width() <= SMALLEST.width() - 12
    visible = [one for one in tab.page.findChildren(QWidget) if one.isVisible() and one.width() > 0]
    assert len(visible) > 20
    for widget in visible:
        right = widget.mapTo(tab, widget.rect().topRight()).x()
        inside_scrolled = any(name in type(widget.parent()).__name__ for name in ("QTabBar", "QLineEdit"))
        assert right < tab.width() or inside_scrolled, widget


def test_every_button_that_is_only_an_icon_has_a_name(qtbot: QtBot, tab: BrowserTab) -> None:
    arrive(qtbot, tab, f"{BASE}?show=plate-1")
    tab.notices.fail(NotFound("x"))
    qts_own = (QTabBar, QLineEdit, QTableWidget)
    ours = [one for one in tab.findChildren(QAbstractButton) if not isinstance(one.parent(), qts_own)]
    assert len(ours) > 12
    for button in ours:
        assert button.accessibleName() or button.text(), button
        assert button.toolTip() or not isinstance(button, QToolButton)


def test_a_link_to_a_plate_is_shown_in_tree_and_grid_and_opened(
    qtbot: QtBot, tab: BrowserTab, viewer_session: FakeViewerSession
) -> None:
    qtbot.keyClicks(tab.box, f"{BASE}?show=plate-2")
    qtbot.keyClick(tab.box, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(viewer_session.asked))
    assert viewer_session.asked[0]["what"].name == "LT0001_09"
    assert viewer_session.asked[0]["wells"] == ()
    assert tab.pages.currentIndex() == 1
    assert tab.page.header.name.text() == "LT0001_09"
    with qtbot.waitSignal(tab.page.grid._loader.finished):
        pass
    assert tab.page.stack.currentWidget() is tab.page.grid


def test_a_link_to_a_study_is_shown_and_not_opened(
    qtbot: QtBot, tab: BrowserTab, viewer_session: FakeViewerSession
) -> None:
    arrive(qtbot, tab, f"{BASE}study/1/")
    assert tab.page.header.name.text() == "idr0013-neumann-mitocheck"
    assert viewer_session.asked == []
    assert tab.page.tabs.isHidden()


def test_a_link_that_leads_nowhere_is_said_once_and_what_was_shown_stays(
    qtbot: QtBot, tab: BrowserTab, session: FakeSession
) -> None:
    arrive(qtbot, tab, f"{BASE}?show=plate-1")
    tab.go_to(f"{BASE}?show=plate-999")
    qtbot.waitUntil(lambda: not tab.notices.isHidden())
    assert tab.notices.text.text() == f"Nothing was found, {BASE}?show=plate-999, check the link"
    assert tab.page.header.name.text() == "LT0001_02"


def test_enter_searches_and_hands_the_keyboard_to_what_was_found(
    qtbot: QtBot, tab: BrowserTab, session: FakeSession
) -> None:
    qtbot.keyClicks(tab.box, "KIFF11")
    qtbot.keyClick(tab.box, Qt.Key.Key_Return)
    assert tab.page.view_stack.currentWidget() is tab.page.found
    assert tab.focusWidget() is tab.page.found.tree
    qtbot.waitUntil(lambda: "Nothing is annotated with “KIFF11”" in tab.page.found.said.text())
    assert session.calls["find"] == 1


def test_typing_what_no_loaded_name_contains_says_what_to_do(qtbot: QtBot, tab: BrowserTab) -> None:
    tab.show_browse()
    qtbot.keyClicks(tab.box, "zebra")
    assert tab.page.no_match.text().startswith("No name that is loaded contains “zebra”.")
    assert not tab.page.no_match.isHidden()
    tab.box.clear()
    assert tab.page.no_match.isHidden()


def test_wells_chosen_in_the_grid_are_opened_together(
    qtbot: QtBot, tab: BrowserTab, viewer_session: FakeViewerSession
) -> None:
    arrive(qtbot, tab, f"{BASE}?show=plate-1")
    with qtbot.waitSignal(tab.page.grid._loader.finished):
        pass
    tab._selection.update(wells=("B/7", "C/1"), acquisition="2")
    qtbot.waitUntil(lambda: len(tab.page.grid.view.selection.chosen) == 2)
    qtbot.keyClick(tab.page.grid.view, Qt.Key.Key_Return)
    asked = viewer_session.asked[-1]
    assert (asked["wells"], asked["acquisition"], asked["beside"]) == (("B/7", "C/1"), "2", False)


def test_back_and_forward_walk_through_what_was_selected(qtbot: QtBot, tab: BrowserTab) -> None:
    arrive(qtbot, tab, f"{BASE}?show=plate-1")
    arrive(qtbot, tab, f"{BASE}study/2/")
    assert tab.back.isEnabled()
    assert not tab.forward.isEnabled()
    tab.back.click()
    assert tab.page.header.name.text() == "LT0001_02"
    qtbot.keyClick(tab, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    tab.forward.click()
    assert tab.page.header.name.text() == "idr0052-walther-condensinmap"


def test_an_example_starts_the_demonstration_and_opens(
    qtbot: QtBot, tab: BrowserTab, viewer_session: FakeViewerSession, session: FakeSession
) -> None:
    assert tab.start.repositories.count() == 2
    tab.start.example_requested.emit(EXAMPLES[0])
    qtbot.waitUntil(lambda: bool(viewer_session.asked))
    assert session.calls["start_embedded"] == 1
    assert viewer_session.asked[0]["what"].kind == "plate"
    assert tab.page.tree.model().rowCount() == 3
    names = [tab.start.repositories.itemAt(row).widget().accessibleName() for row in range(2)]
    assert names == ["IDR", "Demonstration"]


def test_the_tiny_plate_needs_no_server(
    qtbot: QtBot, tab: BrowserTab, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(session, "resolve", lambda address: asked.append(address) or session._plates()[0])
    tab.start.example_requested.emit(EXAMPLES[3])
    qtbot.waitUntil(lambda: bool(asked))
    assert session.calls["start_embedded"] == 0


def test_starting_the_demonstration_shows_progress_and_can_be_cancelled(
    qtbot: QtBot, tab: BrowserTab, viewer_session: FakeViewerSession, session: FakeSession
) -> None:
    release = threading.Event()
    session.hold = lambda method: release.wait(120)
    tab.start_demonstration()
    task = tab.progress.findChild(Task)
    assert task.text.startswith("Starting the demonstration")
    task.cancel()
    release.set()
    assert not tab._starting.is_running
    assert viewer_session.asked == []


def test_the_link_on_the_clipboard_is_opened(qtbot: QtBot, tab: BrowserTab) -> None:
    QGuiApplication.clipboard().setText(f" {BASE}study/1/\n")
    tab.paste()
    qtbot.waitUntil(lambda: tab._selection.current.node is not None)
    QGuiApplication.clipboard().clear()
    tab.paste()
    assert tab.notices.text.text().startswith("The clipboard is empty.")


def test_a_folder_that_was_added_is_shown(qtbot: QtBot, tab: BrowserTab) -> None:
    tab.add_repository("/data")
    qtbot.waitUntil(lambda: tab.page.header.name.text() == "Demonstration")
    assert tab.pages.currentIndex() == 1


def test_whatever_is_opened_is_shown_until_it_is_there(
    qtbot: QtBot, tab: BrowserTab, viewer_session: FakeViewerSession
) -> None:
    job = viewer_session.open("idr://image/1")
    task = tab.progress.findChild(Task)
    qtbot.waitUntil(task.isVisible)
    assert task.text == "Opening idr://image/1"
    job.message = "The file names no unit."
    viewer_session.opened.emit(job)
    assert task.isHidden()
    assert tab.notices.text.text() == "The file names no unit."


def test_cancelling_reaches_the_job(qtbot: QtBot, tab: BrowserTab, viewer_session: FakeViewerSession) -> None:
    job = viewer_session.open("idr://image/1")
    tab.progress.findChild(Task).cancel()
    assert job.cancelled
    job.state = "cancelled"
    viewer_session.failed.emit(job, Cancelled("Opening was stopped"))
    assert tab.notices.isHidden()


def test_what_could_not_be_opened_can_be_tried_again(
    qtbot: QtBot, tab: BrowserTab, viewer_session: FakeViewerSession
) -> None:
    job = FakeJob("plate 1", "idr://plate/1", state="failed")
    viewer_session.failed.emit(job, NotFound("Plate 1 was not found", "IDR", "search for it"))
    assert tab.notices.text.text() == "Plate 1 was not found, IDR, search for it"
    retry = next(one for one in tab.notices.findChildren(QAbstractButton) if one.text() == "Retry")
    retry.click()
    assert viewer_session.asked[-1]["what"] == "idr://plate/1"


def test_tiles_to_come_are_counted_down(tab: BrowserTab, viewer_session: FakeViewerSession) -> None:
    viewer_session.streaming_changed.emit(1200, 8)
    assert tab.watch.text() == "1,200 tiles to come"
    viewer_session.streaming_changed.emit(1, 1)
    assert tab.watch.text() == "1 tile to come"
    viewer_session.streaming_changed.emit(0, 0)
    assert tab.watch.isHidden()


def test_recent_things_follow_the_session(tab: BrowserTab, viewer_session: FakeViewerSession) -> None:
    viewer_session.recent.entries.insert(0, ("LT0001_02", "idr://plate/1"))
    viewer_session.recent.changed.emit()
    assert tab.start.recent.itemAt(0).widget().accessibleName() == "LT0001_02"


def test_a_dock_that_is_gone_hears_nothing(
    qtbot: QtBot, viewer_session: FakeViewerSession, session: FakeSession, theme: Theme
) -> None:
    tab = BrowserTab(viewer_session, theme)
    with qtbot.waitSignal(tab.destroyed):
        tab.deleteLater()
    viewer_session.streaming_changed.emit(3, 3)
    viewer_session.open("x")
    session.add_repository("http://127.0.0.1:1/")
    viewer_session.recent.changed.emit()
    tab._selection.select(session._plates()[0])
