"""The button that offers ROIs: there only where there are some, and asks for those of the right image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes import BASE, FakeSession

from napari_idr.errors import Unreachable
from napari_idr.model.catalog import ImageNode, Node, WellSample
from napari_idr.widgets.roi_button import RoiButton

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot
    from qtpy.QtWidgets import QWidget

pytestmark = pytest.mark.qt

WITH, WITHOUT = (ImageNode("image", "idr", number, "cells", BASE) for number in ("101", "102"))
FIELD = WellSample("field", "idr", "102", "Field 1", BASE, image_id="101")
PLATE = Node("plate", "idr", "101", "plate", BASE)


@pytest.fixture
def button(session: FakeSession, host: QWidget) -> RoiButton:
    button = RoiButton(session, host)  # type: ignore[arg-type]
    host.show()
    return button


def test_rois_are_offered_with_their_number(qtbot: QtBot, button: RoiButton) -> None:
    assert button.isHidden()
    button.offer(WITH)
    qtbot.waitUntil(lambda: not button.isHidden())
    assert button.text() == "Show 12 ROIs"
    with qtbot.waitSignal(button.requested) as asked:
        button.click()
    assert asked.args == [WITH]


def test_a_field_is_counted_by_its_image(qtbot: QtBot, button: RoiButton) -> None:
    button.offer(FIELD)
    qtbot.waitUntil(lambda: not button.isHidden())


@pytest.mark.parametrize("node", [WITHOUT, PLATE], ids=["no ROIs", "no image"])
def test_nothing_is_offered_where_there_is_nothing(qtbot: QtBot, button: RoiButton, node: Node) -> None:
    button.offer(WITH)
    qtbot.waitUntil(lambda: not button.isHidden())
    button.offer(node)
    assert button.isHidden()
    qtbot.waitUntil(lambda: not button._counting.is_running)
    assert button.isHidden()


def test_nothing_is_offered_where_they_cannot_be_counted(
    qtbot: QtBot, button: RoiButton, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: str) -> int:
        raise Unreachable("host does not answer", BASE, "try again")

    monkeypatch.setattr(session, "roi_count", fail)
    button.offer(WITH)
    qtbot.waitUntil(lambda: not button._counting.is_running)
    assert button.isHidden()
