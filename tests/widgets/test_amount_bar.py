"""A bar that says how much is done, and that something is done where nobody knows how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QEvent, QObject

from napari_idr.widgets.amount_bar import STEP_MS, AmountBar

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot
    from qtpy.QtWidgets import QWidget

    from napari_idr.widgets.theme import Theme

pytestmark = pytest.mark.qt


class Paints(QObject):
    """How often a widget was painted."""

    count = 0

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        self.count += event is not None and event.type() == QEvent.Type.Paint
        return False


@pytest.fixture
def bar(qtbot: QtBot, theme: Theme, host: QWidget) -> AmountBar:
    made = AmountBar(theme, "Loading")
    made.setParent(host)
    made.resize(160, 6)
    host.show()
    made.show()
    qtbot.waitExposed(host)
    return made


def mark(bar: AmountBar, theme: Theme) -> list[int]:
    """Columns in which the mark is painted."""
    picture = bar.grab().toImage()
    ratio = picture.width() / bar.width()
    columns = range(picture.width())
    return [int(x / ratio) for x in columns if picture.pixelColor(x, picture.height() // 2) == theme.colors.accent]


def test_a_mark_moves_where_it_is_not_known_how_much_there_is(qtbot: QtBot, bar: AmountBar, theme: Theme) -> None:
    assert bar.is_busy
    first = mark(bar, theme)
    assert first
    assert len(first) < bar.width() / 4
    qtbot.waitUntil(lambda: mark(bar, theme)[0] > first[0])


def test_no_mark_is_painted_where_it_is_known(bar: AmountBar, theme: Theme) -> None:
    bar.show_amount(3, 4)
    assert (bar.value(), bar.maximum(), bar.is_busy) == (3, 4, False)
    assert mark(bar, theme) == []
    bar.show_amount(9, 4)
    assert bar.value() == 4
    bar.show_amount(0, 0)
    assert bar.is_busy
    assert mark(bar, theme)


def test_it_is_painted_seldom(qtbot: QtBot, bar: AmountBar) -> None:
    paints = Paints()
    bar.installEventFilter(paints)
    qtbot.wait(3 * STEP_MS)
    bar.removeEventFilter(paints)
    assert paints.count <= 4, "each of them has the whole window put together anew"
