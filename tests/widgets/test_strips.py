"""Progress, notices, the address box, the start page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QFileDialog, QPushButton, QWidget

from napari_idr.errors import Unreachable
from napari_idr.widgets.address_box import PLACEHOLDER, AddressBox
from napari_idr.widgets.notice_strip import NoticeStrip
from napari_idr.widgets.progress_strip import BLINK, ProgressStrip, Task
from napari_idr.widgets.start_page import SUGGESTIONS, StartPage

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from napari_idr.widgets.theme import Theme

pytestmark = pytest.mark.qt


def buttons(widget: QWidget) -> dict[str, QPushButton]:
    return {one.text(): one for one in widget.findChildren(QPushButton) if one.isVisibleTo(widget)}


def test_what_is_quicker_than_a_blink_is_never_shown(qtbot: QtBot, theme: Theme, host: QWidget) -> None:
    strip = ProgressStrip(theme, host)
    host.show()
    quick, slow = strip.begin("Quick"), strip.begin("Slow", "IDR")
    assert quick.isHidden()
    quick.finish()
    qtbot.waitUntil(slow.isVisible, timeout=10 * BLINK)
    assert strip.findChildren(Task) == [slow]
    quick.update_amount(1, 2)
    quick.finish()
    slow.update_amount(1234, 5000)
    assert slow.text == "Slow · from IDR 1,234 of 5,000"
    slow.finish()
    assert slow.isHidden()


def test_cancelling_stops_it_and_stops_showing_it(qtbot: QtBot, theme: Theme, host: QWidget) -> None:
    strip, cancelled = ProgressStrip(theme, host), []
    host.show()
    task = strip.begin("Opening", on_cancel=lambda: cancelled.append(1))
    qtbot.waitUntil(task.isVisible, timeout=10 * BLINK)
    task.cancel()
    assert cancelled == [1]
    assert task.isHidden()


def test_a_failure_is_one_sentence_with_retry_and_details(qtbot: QtBot, theme: Theme, host: QWidget) -> None:
    notices, retried = NoticeStrip(theme, host), []
    host.show()
    error = Unreachable("Cannot connect to IDR", "idr.example.org", "check the network")
    notices.fail(error, lambda: retried.append(1))
    assert notices.text.text() == "Cannot connect to IDR, idr.example.org, check the network"
    buttons(notices)["Copy details"].click()
    assert QGuiApplication.clipboard().text() == f"Unreachable: {error}"
    assert notices.isHidden()
    notices.fail(error, lambda: retried.append(1))
    buttons(notices)["Retry"].click()
    assert retried == [1]
    assert notices.isHidden()


def test_a_notice_replaces_the_one_before_with_its_buttons(theme: Theme, host: QWidget) -> None:
    notices = NoticeStrip(theme, host)
    host.show()
    notices.inform("One", ("Do it", lambda: None))
    notices.inform("Two")
    assert notices.text.text() == "Two"
    assert "Do it" not in buttons(notices)


def test_markup_in_an_error_is_shown_as_it_is(theme: Theme, host: QWidget) -> None:
    notices = NoticeStrip(theme, host)
    notices.inform("<img src=x>")
    assert notices.text.textFormat() == Qt.TextFormat.PlainText


@pytest.mark.parametrize(
    "text",
    [
        "idr0013",
        "https://idr.openmicroscopy.org/webclient/?show=plate-4251",
        "idr://image/1884807",
        "/data/plate.ome.zarr",
        "what://ever",
    ],
)
def test_addresses_go_to_what_they_name(qtbot: QtBot, theme: Theme, host: QWidget, text: str) -> None:
    box, filters = AddressBox(theme, host), []
    box.filter_changed.connect(filters.append)
    with qtbot.waitSignal(box.address_entered) as entered:
        qtbot.keyClicks(box, text)
        qtbot.keyClick(box, Qt.Key.Key_Return)
    assert entered.args == [text]
    assert filters[-1] == ""


def test_other_text_narrows_while_typing_and_searches_on_enter(qtbot: QtBot, theme: Theme, host: QWidget) -> None:
    box, filters = AddressBox(theme, host), []
    box.filter_changed.connect(filters.append)
    with qtbot.waitSignal(box.search_entered) as searched:
        qtbot.keyClicks(box, "KIF")
        qtbot.keyClick(box, Qt.Key.Key_Return)
    assert searched.args == ["KIF"]
    assert filters == ["K", "KI", "KIF"]
    box.clear()
    assert filters[-1] == ""
    assert box.placeholderText() == PLACEHOLDER


@pytest.fixture
def start(theme: Theme, host: QWidget) -> StartPage:
    page = StartPage(theme, host)
    page.resize(280, 600)
    host.show()
    return page


def test_a_card_opens_its_example_by_mouse_and_by_keyboard(qtbot: QtBot, start: StartPage) -> None:
    assert [card.example.title for card in start.cards] == [
        "Knock-down plate",
        "Whole slide",
        "Time-lapse",
        "Tiny plate",
    ]
    with qtbot.waitSignal(start.example_requested) as asked:
        qtbot.mouseClick(start.cards[0], Qt.MouseButton.LeftButton)
    assert asked.args[0].address == "idr-demo://plate"
    with qtbot.waitSignal(start.example_requested) as asked:
        qtbot.keyClick(start.cards[3], Qt.Key.Key_Space)
    assert asked.args[0].title == "Tiny plate"
    assert all(card.accessibleName() and not card._picture.isNull() for card in start.cards)


def test_recent_things_are_listed_and_open_again(qtbot: QtBot, start: StartPage) -> None:
    assert start._recent_title.isHidden()
    start.show_recent([(f"plate {number}", f"idr://plate/{number}") for number in range(8)])
    rows = [start.recent.itemAt(number).widget() for number in range(start.recent.count())]
    assert [row.accessibleName() for row in rows] == [f"plate {number}" for number in range(5)]
    with qtbot.waitSignal(start.address_requested) as asked:
        rows[1].click()
    assert asked.args == ["idr://plate/1"]


def test_suggestions_can_be_clicked(qtbot: QtBot, start: StartPage) -> None:
    assert all(f'href="{text}"' in start.suggestions.text() for text in SUGGESTIONS)
    with qtbot.waitSignal(start.search_requested) as asked:
        start.suggestions.linkActivated.emit("KIF11")
    assert asked.args == ["KIF11"]


def test_repositories_and_the_demonstration_are_offered(qtbot: QtBot, start: StartPage) -> None:
    start.show_repositories([("idr", "IDR", "https://idr.example.org/")], demonstration=True)
    rows = [start.repositories.itemAt(number).widget() for number in range(2)]
    assert [row.accessibleName() for row in rows] == ["IDR", "Demonstration"]
    with qtbot.waitSignal(start.repository_requested) as asked:
        rows[1].click()
    assert asked.args == [""]


def test_a_folder_or_a_server_can_be_added(qtbot: QtBot, start: StartPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/data")
    with qtbot.waitSignal(start.repository_added) as added:
        buttons(start)["Add a folder…"].click()
    assert added.args == ["/data"]
    with qtbot.waitSignal(start.servers_requested):
        buttons(start)["Servers…"].click()


def test_markup_in_what_goes_on_is_text(theme: Theme, host: QWidget) -> None:
    task = ProgressStrip(theme, host).begin("Opening <b>bold</b>", on_cancel=lambda: None)
    assert task._label.textFormat() == Qt.TextFormat.PlainText
    tips = [button.toolTip() for button in task.findChildren(QWidget) if button.toolTip()]
    assert tips
    assert not [tip for tip in tips if "<b>bold" in tip]
