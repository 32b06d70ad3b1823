"""The small button that says whether servers answer, and its menu."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import Qt

from napari_idr.errors import Offline
from napari_idr.remote.cache_entry import NO_VERSION, Entry
from napari_idr.remote.disk_cache import DiskCache, entry_name
from napari_idr.remote.network_state import HostState, NetworkState
from napari_idr.widgets.network_chip import FULL, NetworkChip
from napari_idr.widgets.network_words import saved_ago, short_state
from napari_idr.widgets.notice_strip import NoticeStrip

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot
    from qtpy.QtWidgets import QWidget

    from napari_idr.widgets.theme import Theme

pytestmark = pytest.mark.qt

HOST = "idr.example.org"
DAY = 86_400


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[DiskCache]:
    opened = DiskCache(tmp_path / "answers", 64 << 20)
    yield opened
    opened.close()


class Chip:
    def __init__(self, cache: DiskCache, theme: Theme, host: QWidget) -> None:
        self.network, self.notices = NetworkState(), NoticeStrip(theme, host)
        self.chip = NetworkChip(self.network, cache, self.notices, host)
        host.show()

    def go_offline(self, *, saved: float = 0, missing: bool = False) -> None:
        self.network.note_failure(HOST, Offline("gone", HOST, "wait"), time.monotonic())
        if saved:
            self.network.note_old(HOST, saved)
        if missing:
            self.network.note_missing(HOST)


@pytest.fixture
def shown(cache: DiskCache, theme: Theme, host: QWidget) -> Chip:
    return Chip(cache, theme, host)


def test_state_is_a_sign_and_words(shown: Chip) -> None:
    assert shown.chip.text() == "◌ No server asked yet"
    shown.network.note_answer(HOST, 0.1)
    assert (shown.chip.text(), shown.chip.accessibleName()) == ("● Online", "Online")
    shown.network.note_answer(HOST, 60.0)
    assert shown.chip.text() == "● Online"  # one of them may be a large file
    for _ in range(4):
        shown.network.note_answer(HOST, 60.0)
    assert shown.chip.text() == "◐ Slow"
    shown.go_offline(saved=time.time() - 3.5 * DAY)
    assert shown.chip.text() == "○ Offline · saved 3 days ago"
    assert HOST in shown.chip.states.text()
    for _ in range(4):
        shown.network.note_answer(HOST, 0.1)
    assert shown.chip.text() == "● Online"


@pytest.mark.parametrize(
    ("ago", "said"),
    [(5, "just now"), (90, "1 minute ago"), (7300, "2 hours ago"), (DAY * 1.5, "1 day ago"), (-50, "just now")],
)
def test_age_is_said_in_words(ago: float, said: str) -> None:
    assert saved_ago(time.time() - ago) == f"saved {said}"


def test_the_worst_host_is_shown() -> None:
    assert short_state(HostState("x", "slow", saved=time.time())) == "◐ Slow · saved just now"


def test_what_is_missing_is_said_once_until_the_server_answers(shown: Chip) -> None:
    for _ in range(50):
        shown.go_offline(saved=time.time() - 3 * DAY, missing=True)
    said = shown.notices.text.text()
    assert said == f"{HOST} does not answer. What was saved 3 days ago is shown, the rest stays empty until it does."
    shown.notices.clear()
    shown.go_offline(missing=True)
    assert shown.notices.isHidden()
    shown.network.note_answer(HOST, 0.1)
    shown.go_offline(missing=True)
    assert not shown.notices.isHidden()


def test_asking_again_asks_at_once_and_believes_nothing_older(shown: Chip, cache: DiskCache) -> None:
    shown.go_offline()
    assert not shown.network.may_ask(HOST, has_copy=True)
    shown.chip.retry.trigger()
    assert shown.network.may_ask(HOST, has_copy=True)
    assert cache.distrusted == pytest.approx(time.time(), abs=60)


def test_menu_shows_how_full_the_cache_is_and_empties_it(qtbot: QtBot, shown: Chip, cache: DiskCache) -> None:
    filled = DiskCache(cache.folder, 64 << 20)
    for number in range(16):
        filled.keep(entry_name(str(number)), Entry(bytes(1_000_000), NO_VERSION, time.time()))
    filled.close()
    shown.chip.look()
    qtbot.waitUntil(lambda: "16 MB of 67 MB" in shown.chip.usage.text())
    assert shown.chip.bar.value() == pytest.approx(FULL * 16 / 67, abs=FULL * 0.02)
    shown.chip.clear.trigger()
    qtbot.waitUntil(lambda: "0 MB of" in shown.chip.usage.text())
    assert not shown.chip.clear.isEnabled()
    assert "16 MB were freed" in shown.notices.text.text()
    assert cache.usage().entries == 0


def test_new_version_on_the_server_is_said(shown: Chip) -> None:
    shown.network.content_changed.emit("https://server/plates/p.ome.zarr")
    assert shown.notices.text.text().startswith("p.ome.zarr has changed on its server")


def test_chip_is_reached_and_opened_by_keyboard(shown: Chip) -> None:
    assert shown.chip.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert shown.chip.menu() is not None
