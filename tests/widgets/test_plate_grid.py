"""The plate grid: skeleton, thumbnails, keys, mouse, choosers."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from fakes import FakeSession, picture
from qtpy.QtCore import QBuffer, QEvent, QIODevice, QPoint, QPointF, Qt
from qtpy.QtGui import QImage, QMouseEvent
from qtpy.QtWidgets import QApplication

from napari_idr.errors import ServerFailure
from napari_idr.widgets.notice_strip import NoticeStrip
from napari_idr.widgets.plate_grid import HINT, PlateGridPanel
from napari_idr.widgets.progress_strip import ProgressStrip, Task
from napari_idr.widgets.selection import Selection
from napari_idr.widgets.thumbnails import BATCH, decoded

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot
    from qtpy.QtGui import QColor
    from qtpy.QtWidgets import QWidget

    from napari_idr.widgets.theme import Theme

pytestmark = pytest.mark.qt
LEFT = Qt.MouseButton.LeftButton
CONTROL, SHIFT, NONE = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)


@pytest.fixture
def selection() -> Selection:
    return Selection()


@pytest.fixture
def notices(theme: Theme, host: QWidget) -> NoticeStrip:
    return NoticeStrip(theme, host)


@pytest.fixture
def panel(
    session: FakeSession, selection: Selection, theme: Theme, notices: NoticeStrip, host: QWidget
) -> PlateGridPanel:
    progress = ProgressStrip(theme, host)
    panel = PlateGridPanel(session, selection, theme, progress, notices, host)
    panel.resize(300, 300)
    host.show()
    selection.changed.connect(panel.show_selected)
    return panel


def show(qtbot: QtBot, panel: PlateGridPanel, selection: Selection, number: int = 0) -> None:
    with qtbot.waitSignal(panel._loader.finished):
        selection.select(panel._session._plates()[number])
    qtbot.waitUntil(lambda: not panel._loader._grid.is_running)


def middle(panel: PlateGridPanel, cell: tuple[int, int]) -> QPoint:
    x, y, width, height = panel.view.geometry_now.place(cell)
    return QPoint(x + width // 2, y + height // 2)


def drag_to(widget: QWidget, at: QPoint) -> None:
    """Move with the left button held; QTest's own does not send that on every platform."""
    there = QPointF(widget.mapToGlobal(at))
    QApplication.sendEvent(
        widget, QMouseEvent(QEvent.Type.MouseMove, QPointF(at), there, Qt.MouseButton.NoButton, LEFT, NONE)
    )


def test_the_skeleton_is_there_before_any_answer(
    qtbot: QtBot, panel: PlateGridPanel, selection: Selection, session: FakeSession
) -> None:
    release = threading.Event()
    session.hold = lambda method: release.wait(120)
    selection.select(session._plates()[0])
    assert panel.view.wells.row_labels == tuple("ABCDEFGH")
    assert not panel.view.wells.is_known
    with qtbot.waitSignal(panel._loader.finished):
        release.set()
    assert panel.view.wells.is_known


def test_every_well_with_an_image_gets_its_thumbnail_in_batches(
    qtbot: QtBot, panel: PlateGridPanel, selection: Selection, session: FakeSession
) -> None:
    show(qtbot, panel, selection)
    asked = [image for batch in session.asked_thumbnails for image in batch]
    assert len(asked) == len(set(asked)) == 94
    assert all(len(batch) <= BATCH for batch in session.asked_thumbnails)
    assert not any(panel.view.lacks(image) for image in asked)


def test_wells_in_view_come_first(
    qtbot: QtBot, panel: PlateGridPanel, selection: Selection, session: FakeSession
) -> None:
    session.rows, session.columns = 32, 48
    release, asked = threading.Event(), threading.Event()

    def hold(method: str) -> None:
        if method == "thumbnails":
            asked.set()
            assert release.wait(120)

    session.hold = hold
    selection.select(session._plates()[0])
    qtbot.waitUntil(asked.is_set)
    panel.view.zoom(8)
    panel.view.verticalScrollBar().setValue(panel.view.verticalScrollBar().maximum())
    in_view = set(panel.view.wells.image_ids(panel.view.visible_cells()))
    assert 0 < len(in_view) < BATCH
    session.hold = lambda method: None
    release.set()
    with qtbot.waitSignal(panel._loader.finished, timeout=60000):
        pass
    assert in_view <= set(session.asked_thumbnails[1])


def test_thumbnails_do_not_wait_for_what_there_is_to_choose_from(
    qtbot: QtBot, panel: PlateGridPanel, selection: Selection, session: FakeSession
) -> None:
    listed = threading.Event()
    session.hold = lambda method: listed.wait(30) if method == "acquisitions" else None
    with qtbot.waitSignal(panel._loader.finished):
        selection.select(session._plates()[0])
    assert not any(panel.view.lacks(cell.image_id) for cell in panel.view.wells.cells.values())
    assert panel.fields.isHidden()
    listed.set()
    qtbot.waitUntil(lambda: not panel.fields.isHidden())
    assert [panel.acquisitions.itemText(index) for index in range(panel.acquisitions.count())] == ["Day 1", "Day 2"]
    assert not any(panel.view.lacks(cell.image_id) for cell in panel.view.wells.cells.values())


def test_thumbnails_that_do_not_come_are_said_once_and_can_be_asked_for_again(
    qtbot: QtBot, panel: PlateGridPanel, selection: Selection, session: FakeSession, notices: NoticeStrip
) -> None:
    session.without_thumbnail = {"1/0/0/0", "1/0/1/0"}
    show(qtbot, panel, selection)
    assert notices.text.text() == "2 of 94 thumbnails could not be loaded."
    session.without_thumbnail = set()
    with qtbot.waitSignal(panel._loader.finished):
        panel._loader.retry_missing()
    assert session.asked_thumbnails[-1] == ("1/0/0/0", "1/0/1/0")


def test_a_server_that_fails_is_said_with_retry_and_what_is_shown_stays(
    qtbot: QtBot, panel: PlateGridPanel, selection: Selection, session: FakeSession, notices: NoticeStrip
) -> None:
    session.failures["thumbnails"] = ServerFailure("IDR failed to answer", "thumbnails", "try again later")
    with qtbot.waitSignal(panel._loader.failed) as failed:
        selection.select(session._plates()[0])
    assert notices.text.text() == "IDR failed to answer, thumbnails, try again later"
    assert len(panel.view.wells.cells) == 94
    with qtbot.waitSignal(panel._loader.finished):
        failed.args[1]()


def test_a_plate_without_wells_says_so(
    qtbot: QtBot, panel: PlateGridPanel, selection: Selection, session: FakeSession
) -> None:
    session.empty_wells = {(row, column) for row in range(8) for column in range(12)}
    show(qtbot, panel, selection)
    assert panel._hint.text() == "This plate has no wells with images."
    assert session.calls["thumbnails"] == 0


def test_another_plate_replaces_the_one_that_is_loading(
    qtbot: QtBot, panel: PlateGridPanel, selection: Selection, session: FakeSession
) -> None:
    release, started = threading.Event(), threading.Event()

    def hold(method: str) -> None:
        started.set()
        assert release.wait(120)

    session.hold = hold
    selection.select(session._plates()[0])
    qtbot.waitUntil(started.is_set)
    session.hold = lambda method: None
    show(qtbot, panel, selection, number=1)
    release.set()
    assert {image.split("/")[0] for batch in session.asked_thumbnails for image in batch} == {"2"}
    assert panel._shown[0] == session._plates()[1].key


def test_leaving_the_plate_stops_loading_and_coming_back_goes_on(
    qtbot: QtBot, panel: PlateGridPanel, selection: Selection, session: FakeSession
) -> None:
    with qtbot.waitSignal(panel._loader.grid_arrived):
        selection.select(session._plates()[0])
    selection.select(session._images(1)[0])
    assert not panel._loader._thumbnails.is_running
    with qtbot.waitSignal(panel._loader.finished):
        selection.back()
    assert not panel.view.lacks("1/7/11/0")


def test_choosing_a_field_and_an_acquisition_asks_for_just_that(
    qtbot: QtBot, panel: PlateGridPanel, selection: Selection, session: FakeSession
) -> None:
    show(qtbot, panel, selection)
    assert not panel.fields.isHidden()
    assert [panel.fields.itemText(n) for n in range(2)] == ["Field 1", "Field 2"]
    with qtbot.waitSignal(panel._loader.finished):
        panel.fields.setCurrentIndex(1)
        panel.fields.activated.emit(1)
    assert selection.current.field == 1
    assert session.asked_thumbnails[-1][0].endswith("/1")
    with qtbot.waitSignal(panel._loader.grid_arrived):
        panel.acquisitions.setCurrentIndex(1)
        panel.acquisitions.activated.emit(1)
    assert selection.current.acquisition == "2"
    assert panel.acquisitions.currentText() == "Day 2"
    assert session.calls["well_key_values"] == 1


def test_keys_walk_choose_and_open(qtbot: QtBot, panel: PlateGridPanel, selection: Selection) -> None:
    show(qtbot, panel, selection)
    view, opened = panel.view, []
    panel.open_requested.connect(lambda wells, beside: opened.append((wells, beside)))
    for key, modifiers in ((Qt.Key.Key_Right, NONE), (Qt.Key.Key_Down, NONE), (Qt.Key.Key_Right, SHIFT)):
        qtbot.keyClick(view, key, modifiers)
    assert selection.current.wells == ("B/2", "B/3")
    qtbot.keyClick(view, Qt.Key.Key_Return)
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    qtbot.keyClick(view, Qt.Key.Key_Return, CONTROL)
    assert opened == [(("B/2", "B/3"), False), ((), True)]
    qtbot.keyClick(view, Qt.Key.Key_A, CONTROL)
    assert len(selection.current.wells) == 94
    qtbot.keyClick(view, Qt.Key.Key_End, CONTROL)
    assert selection.current.wells == ("H/12",)
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert selection.current.wells == ()


def test_clicks_and_the_rubber_band_choose(qtbot: QtBot, panel: PlateGridPanel, selection: Selection) -> None:
    show(qtbot, panel, selection)
    viewport = panel.view.viewport()
    qtbot.mouseClick(viewport, LEFT, pos=middle(panel, (0, 0)))
    qtbot.mouseClick(viewport, LEFT, CONTROL, pos=middle(panel, (2, 2)))
    assert selection.current.wells == ("A/1", "C/3")
    qtbot.mouseClick(viewport, LEFT, SHIFT, pos=middle(panel, (3, 3)))
    assert selection.current.wells == ("C/3", "D/3", "D/4")
    qtbot.mousePress(viewport, LEFT, pos=middle(panel, (0, 4)))
    drag_to(viewport, middle(panel, (1, 5)))
    assert not panel.view.band.isNull()
    qtbot.mouseRelease(viewport, LEFT, pos=middle(panel, (1, 5)))
    assert selection.current.wells == ("A/5", "A/6", "B/5", "B/6")
    assert panel.view.band.isNull()


def test_labels_choose_their_row_or_column_and_the_corner_everything(
    qtbot: QtBot, panel: PlateGridPanel, selection: Selection
) -> None:
    show(qtbot, panel, selection)
    viewport = panel.view.viewport()
    qtbot.mouseClick(viewport, LEFT, pos=QPoint(3, middle(panel, (2, 0)).y()))
    assert len(selection.current.wells) == 11
    assert all(well.startswith("C/") for well in selection.current.wells)
    qtbot.mouseClick(viewport, LEFT, pos=QPoint(middle(panel, (0, 1)).x(), 3))
    assert selection.current.wells == tuple(f"{row}/2" for row in "ABCDEFGH")
    qtbot.mouseClick(viewport, LEFT, pos=QPoint(2, 2))
    assert len(selection.current.wells) == 94


def test_a_double_click_opens_the_well(qtbot: QtBot, panel: PlateGridPanel, selection: Selection) -> None:
    show(qtbot, panel, selection)
    at = middle(panel, (1, 6))
    with qtbot.waitSignal(panel.open_requested) as opened:
        qtbot.mouseClick(panel.view.viewport(), LEFT, pos=at)
        qtbot.mouseDClick(panel.view.viewport(), LEFT, pos=at)
    assert opened.args == [("B/7",), False]
    with qtbot.assertNotEmitted(panel.open_requested):
        qtbot.mouseDClick(panel.view.viewport(), LEFT, pos=middle(panel, (2, 3)))


def test_the_hint_says_what_can_be_done_what_is_chosen_and_what_is_below_the_pointer(
    qtbot: QtBot, panel: PlateGridPanel, selection: Selection
) -> None:
    with qtbot.waitSignals([panel._loader.finished, panel._loader.key_values_arrived]):
        selection.select(panel._session._plates()[0])
    assert panel._hint.text() == HINT
    assert panel._open.isHidden()
    panel.view.choose(panel.view.selection.at((0, 0)))
    assert panel._hint.text() == "Well A1 · KIF11, <i>mitotic arrest</i>"
    assert panel._open.text() == "Open A1"
    panel.view.choose(panel.view.selection.all())
    assert (panel._hint.text(), panel._open.text()) == ("94 wells selected", "Open 94 wells")
    panel.view.hovered.emit((2, 3))
    assert panel._hint.text() == "Well C4 has no image"
    assert "KIF11" in panel.view.tooltip_at((0, 0))
    assert "&lt;i&gt;" in panel.view.tooltip_at((0, 0))
    assert "C4 has no image" in panel.view.tooltip_at((2, 3))


def test_the_cursor_is_said_to_screen_readers(qtbot: QtBot, panel: PlateGridPanel, selection: Selection) -> None:
    show(qtbot, panel, selection)
    qtbot.waitUntil(lambda: bool(panel.view.wells.key_values))
    qtbot.keyClick(panel.view, Qt.Key.Key_Right)
    said = panel.view.accessibleDescription()
    assert said.startswith("Well A2 · ")
    assert said.endswith("1 of 94 wells chosen")


def test_a_whole_row_fits_until_one_zooms_and_zero_fits_again(
    qtbot: QtBot, panel: PlateGridPanel, selection: Selection
) -> None:
    show(qtbot, panel, selection)
    view = panel.view
    fitted = view.geometry_now.cell
    assert view.horizontalScrollBar().maximum() == 0
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.geometry_now.cell > fitted
    assert view.horizontalScrollBar().maximum() > 0
    view.choose(view.selection.moved("last"))
    x, y, side, _ = view.geometry_now.place((7, 11))
    assert x + side <= view.viewport().width() + 1
    assert y + side <= view.viewport().height() + 1
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.geometry_now.cell == fitted


def test_empty_wells_are_hatched_and_chosen_ones_framed(
    qtbot: QtBot, panel: PlateGridPanel, selection: Selection
) -> None:
    show(qtbot, panel, selection)

    def is_inked(cell: tuple[int, int], color: QColor) -> bool:
        picture = panel.view.viewport().grab().toImage()
        x, y, width, height = panel.view.geometry_now.place(cell)
        places = [(x + dx, y + dy) for dx in range(width - 1) for dy in range(height - 1)]
        return any(alike(picture.pixelColor(*place), color) for place in places)

    def alike(one: QColor, other: QColor) -> bool:
        """Whether two colours are the same on a screen of 16 bits, as virtual ones may be."""
        return all(abs(a - b) < 8 for a, b in zip(one.getRgb(), other.getRgb(), strict=True))

    colors = panel.view._theme.colors
    assert is_inked((2, 3), colors.line)
    assert is_inked((2, 3), colors.raised)
    assert not is_inked((0, 0), colors.accent)
    panel.view.choose(panel.view.selection.at((0, 0)))
    assert is_inked((0, 0), colors.accent)


def test_loading_shows_how_much_of_how_much_from_where_and_can_be_stopped(
    qtbot: QtBot, panel: PlateGridPanel, selection: Selection, session: FakeSession
) -> None:
    second, release = threading.Event(), threading.Event()

    def hold(method: str) -> None:
        if method == "thumbnails" and session.calls[method] == 2:
            second.set()
            assert release.wait(120)

    session.hold = hold
    selection.select(session._plates()[0])
    qtbot.waitUntil(second.is_set)
    task = panel._task
    assert isinstance(task, Task)
    qtbot.waitUntil(lambda: task.text == "Thumbnails · from IDR 48 of 94")
    task.cancel()
    release.set()
    assert session.calls["thumbnails"] == 2
    assert not panel._loader._thumbnails.is_running


def test_what_is_no_picture_or_absurdly_large_is_none() -> None:
    assert decoded(picture("x", 20)).width() == 20
    assert decoded(b"<html>").isNull()
    assert decoded(b"").isNull()
    huge, buffer = QImage(5000, 1, QImage.Format.Format_RGB32), QBuffer()
    huge.fill(0)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    huge.save(buffer, "PNG")
    assert decoded(bytes(buffer.data())).isNull()
