"""The tab Review in a real viewer: one key per verdict, shown once it is durable; resumed, corrected, safe from 3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qtpy.QtCore import Qt

from annotated import image_layer, plain_set
from napari_idr.layers.viewer_session import ViewerSession
from napari_idr.model.annotation import Point, Rectangle
from napari_idr.model.annotation_set import AnnotatedObject, new_uuid
from napari_idr.model.annotator import Annotator
from napari_idr.review.queue_file import QueueDefinition
from napari_idr.review.queue_store import make_queue, open_queue
from napari_idr.review.reviewer import save_reviewer
from napari_idr.widgets.review_tab import ReviewTab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot
    from qtpy.QtWidgets import QWidget

    from napari_idr.widgets.theme import Theme

pytestmark = pytest.mark.qt
ADA = Annotator("Ada Lovelace", "0000-0002-1825-0097")


@pytest.fixture
def viewer_session(make_napari_viewer: Callable[..., Any]) -> Iterator[ViewerSession]:
    made = ViewerSession.for_viewer(make_napari_viewer())
    yield made
    made.close()


def objects() -> list[AnnotatedObject]:
    squares = [Rectangle(x=10.0 * k, y=10.0, width=8, height=8, z=k % 3) for k in range(5)]
    made = [AnnotatedObject(uuid=new_uuid(), shapes=(one,), object_class="nucleus") for one in squares]
    return [*made, AnnotatedObject(uuid=new_uuid(), shapes=(Point(x=30, y=40, z=1),), object_class="spot")]


@pytest.fixture
def tab(viewer_session: ViewerSession, host: QWidget, theme: Theme, qtbot: QtBot) -> Iterator[ReviewTab]:
    """A queue of six objects on one image of three planes, which is open."""
    viewer: Any = viewer_session.viewer
    layer = viewer.add_layer(image_layer("zyx", (3, 60, 80), scale=(2.0, 0.5, 0.5), name="cells · DNA"))
    workspace = viewer_session.session.workspace
    uuid = make_queue(workspace, [plain_set(layer, *objects())], QueueDefinition(name="cells"), ADA)
    save_reviewer(viewer_session.session.settings.config_dir, ADA)
    made = ReviewTab(viewer_session, theme, host)
    made.resize(300, 700)
    host.show()
    made.show_queue(open_queue(workspace, uuid))
    qtbot.waitUntil(lambda: shown(made) is not None, timeout=20_000)
    yield made
    made.stop()


def shown(tab: ReviewTab) -> Any | None:
    """The layer of outlines."""
    return None if tab.review is None else tab.review._layer


def signs(tab: ReviewTab) -> str:
    return "".join(tab.model.index(row, 0).data() for row in range(tab.model.rowCount()))


def press(qtbot: QtBot, tab: ReviewTab, key: str) -> None:
    """Press a key as it is bound on the layer that is active in the canvas."""
    viewer: Any = tab._session.viewer
    active = viewer.layers.selection.active
    bound = {str(combo): act for combo, act in active.keymap.items()}
    bound[key](active)


@pytest.mark.smoke
def test_one_key_per_verdict_and_its_sign_once_it_is_durable(tab: ReviewTab, qtbot: QtBot) -> None:
    viewer: Any = tab._session.viewer
    assert signs(tab) == "○○○○○○"
    np.testing.assert_allclose(viewer.scene.camera.center[-2:], (0.5 * 13.5, 0.5 * 3.5))
    press(qtbot, tab, "G")
    assert tab.desk is not None
    assert (tab.desk.position, viewer.dims.current_step[0]) == (1, 0)
    press(qtbot, tab, "W")
    assert (tab.desk.position, viewer.dims.current_step[0]) == (2, 1)
    qtbot.waitUntil(lambda: signs(tab) == "✓✗○○○○", timeout=5_000)
    press(qtbot, tab, "Q")
    qtbot.waitUntil(lambda: signs(tab) == "✓✗?○○○", timeout=5_000)
    assert tab.numbers.text() == "3 of 6   ✓ 1  ✗ 1  ? 1"
    press(qtbot, tab, "U")
    qtbot.waitUntil(lambda: signs(tab) == "✓✗○○○○", timeout=5_000)


def test_all_of_it_fits_300_pixels(tab: ReviewTab) -> None:
    assert tab.minimumSizeHint().width() <= 300


def test_3_and_delete_in_the_canvas_delete_nothing(tab: ReviewTab, qtbot: QtBot) -> None:
    review = tab.review
    assert review is not None
    review.correct()
    viewer: Any = tab._session.viewer
    active = viewer.layers.selection.active
    assert len(active.data) == 1
    press(qtbot, tab, "3")
    assert len(active.data) == 1
    press(qtbot, tab, "Delete")
    qtbot.waitUntil(lambda: signs(tab) == "✗○○○○○", timeout=5_000)
    image = tab.desk.opened.queue.images[0]  # type: ignore[union-attr]
    assert len(tab._session.session.workspace.state(image).objects) == 6  # type: ignore[union-attr]


def test_a_correction_is_a_new_version_and_is_taken_back(tab: ReviewTab, qtbot: QtBot) -> None:
    review = tab.review
    assert review is not None
    before = review.object_shown
    review.correct()
    layer = review.correction.layers[0]  # type: ignore[union-attr]
    layer.data = [np.add(layer.data[0], (0, 3, 0))]
    review.correct()
    review.autosave.flush(120)
    workspace, key = review.workspace, review.desk.opened.queue.images[0]
    after = workspace.state(key).by_uuid()[before.uuid]  # type: ignore[union-attr]
    assert after.shapes[0].y == before.shapes[0].y + 3  # type: ignore[union-attr]
    tab.act("undo")
    qtbot.waitUntil(lambda: review.object_shown == before, timeout=10_000)


def test_the_next_session_goes_on_where_this_one_stopped(tab: ReviewTab, qtbot: QtBot) -> None:
    tab.act("next")
    tab.act("next")
    desk = tab.desk
    assert desk is not None
    uuid, place = desk.opened.uuid, desk.uuid
    tab.stop_review()
    assert not tab.empty.isHidden()
    tab.show_queue(open_queue(tab._session.session.workspace, uuid))
    assert tab.desk.uuid == place  # type: ignore[union-attr]


def test_who_reviews_is_asked_at_the_first_verdict(tab: ReviewTab, qtbot: QtBot) -> None:
    review = tab.review
    assert review is not None
    opened = review.desk.opened
    tab.stop_review()
    tab._begin(opened, Annotator())
    tab.act("accept")
    assert not tab.reviewer.isHidden()
    tab.reviewer.name.setText("Grace")
    tab.reviewer.orcid.setText("0000-0002-1825-0098")
    qtbot.keyClick(tab.reviewer.orcid, Qt.Key.Key_Return)
    assert tab.reviewer.note.text() == "This is no ORCID iD: look at its last digit."
    tab.reviewer.orcid.clear()
    qtbot.keyClick(tab.reviewer.name, Qt.Key.Key_Return)
    tab.act("accept")
    qtbot.waitUntil(lambda: "✓" in signs(tab), timeout=5_000)
    assert tab.desk.who == Annotator("Grace")  # type: ignore[union-attr]


def test_classes_are_given_by_number_and_by_name(tab: ReviewTab, qtbot: QtBot) -> None:
    press(qtbot, tab, "2")
    qtbot.waitUntil(lambda: tab.model.index(0, 2).data() == "spot", timeout=5_000)
    tab.verdicts.object_class.setEditText("debris")
    qtbot.keyClick(tab.verdicts.object_class.lineEdit(), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: tab.model.index(0, 2).data() == "debris", timeout=5_000)


def test_letters_in_the_comment_are_no_verdicts(tab: ReviewTab, qtbot: QtBot) -> None:
    tab.verdicts.comment.setFocus()
    qtbot.keyClicks(tab.verdicts.comment, "wgq")
    assert tab.verdicts.comment.text() == "wgq"
    qtbot.keyClick(tab.verdicts.comment, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: tab.verdicts.history.text() == "Ada Lovelace: wgq", timeout=5_000)
    assert signs(tab) == "○○○○○○"


def test_the_filter_goes_through_what_it_says(tab: ReviewTab, qtbot: QtBot) -> None:
    box = tab.filter.object_class
    box.setCurrentIndex(box.findData("spot"))
    box.activated.emit(box.currentIndex())
    assert tab.model.rowCount() == 1
    assert tab.desk.queue.value("object_class", tab.desk.row) == "spot"  # type: ignore[union-attr]


def test_further_conditions_are_behind_a_button_and_never_hidden_while_they_hold(tab: ReviewTab, qtbot: QtBot) -> None:
    wanted, desk = tab.filter, tab.desk
    assert desk is not None
    assert wanted.narrowing.isHidden()
    qtbot.mouseClick(wanted.more, Qt.MouseButton.LeftButton)
    assert not wanted.narrowing.isHidden()
    sizes = sorted(desk.queue.size(row) for row in range(len(desk.queue)))
    wanted.narrowing.smallest.setValue(int(sizes[-1]))
    assert tab.model.rowCount() == sum(size >= int(sizes[-1]) for size in sizes) < len(sizes)
    qtbot.mouseClick(wanted.more, Qt.MouseButton.LeftButton)
    assert not wanted.narrowing.isHidden()
    wanted.narrowing.smallest.setValue(0)
    qtbot.mouseClick(wanted.more, Qt.MouseButton.LeftButton)
    assert wanted.narrowing.isHidden()
    assert tab.model.rowCount() == len(sizes)
    name = desk.queue.value("annotator", 0)
    wanted.narrowing.annotator.setCurrentIndex(wanted.narrowing.annotator.findData(name))
    wanted.narrowing.annotator.activated.emit(1)
    assert desk.filter.annotators == {name}


def test_an_image_that_cannot_be_opened_is_said_and_the_rest_goes_on(tab: ReviewTab, qtbot: QtBot) -> None:
    viewer: Any = tab._session.viewer
    layer = image_layer("zyx", (3, 60, 80), image_id="99")
    workspace = tab._session.session.workspace
    queued = [plain_set(layer, *objects()), plain_set(viewer.layers[0], *objects())]
    tab.show_queue(open_queue(workspace, make_queue(workspace, queued, QueueDefinition(name="two"), ADA)))
    qtbot.waitUntil(lambda: not tab.notices.isHidden(), timeout=20_000)
    assert "idr.example" in tab.notices.text.text()
    assert "Traceback" not in tab.notices.text.text()
    tab.act("next image")
    qtbot.waitUntil(lambda: shown(tab) is not None, timeout=20_000)
    assert tab.desk.position == 6  # type: ignore[union-attr]
