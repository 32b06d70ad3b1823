"""The tab Annotate in a real viewer: drawing starts, table and canvas follow one another, all can be taken back."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.layers import Image, Labels, Shapes
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QStyle

from annotated import image_layer, plain_set
from napari_idr.layers.annotations import to_layers
from napari_idr.layers.kept_offers import Offer
from napari_idr.layers.viewer_session import ViewerSession
from napari_idr.model.annotation import Point, Polygon
from napari_idr.model.annotation_set import AnnotatedObject
from napari_idr.model.ontology import OntologyTerm, Phenotype
from napari_idr.widgets.annotate_tab import AnnotateTab
from napari_idr.widgets.object_model import ObjectModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot
    from qtpy.QtWidgets import QWidget

    from napari_idr.widgets.theme import Theme

pytestmark = pytest.mark.qt
BOX = np.array([[4.5, 4.5], [4.5, 14.5], [9.5, 14.5], [9.5, 4.5]])


@pytest.fixture
def viewer_session(make_napari_viewer: Callable[..., Any]) -> Iterator[ViewerSession]:
    made = ViewerSession.for_viewer(make_napari_viewer())
    yield made
    made.close()


@pytest.fixture
def image(viewer_session: ViewerSession) -> Image:
    viewer: Any = viewer_session.viewer
    layer: Image = viewer.add_layer(image_layer("zyx", (4, 60, 80), scale=(2.0, 0.5, 0.5), name="cells · DNA"))
    return layer


@pytest.fixture
def tab(viewer_session: ViewerSession, image: Image, host: QWidget, theme: Theme) -> AnnotateTab:
    made = AnnotateTab(viewer_session, theme, host)
    made.resize(300, 700)
    return made


def start(tab: AnnotateTab, qtbot: QtBot, kind: Any) -> Any:
    """Click a tool; return the layer that comes."""
    book = tab._annotations.book
    count = len(book.watches)
    qtbot.mouseClick(tab.bar.tools[kind], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(book.watches) > count, timeout=10_000)
    return book.watches[-1].layer


def draw(layer: Any, corners: np.ndarray, z: int) -> None:
    layer.add(np.hstack([np.full((len(corners), 1), z), corners]), shape_type="rectangle")


def test_an_offer_goes_with_its_image_and_takes_no_other_words_with_it(tab: AnnotateTab, image: Image) -> None:
    offer = Offer("cells", image, ("key",), 2, 0, datetime.now(UTC))
    tab._offers.offered.emit(offer)
    assert tab.notices.text.text().startswith("cells was annotated before: 2 objects, saved ")
    tab._offers.withdrawn.emit(offer)
    assert tab.notices.isHidden()
    tab._offers.offered.emit(offer)
    tab.notices.inform("Choose an object first.")
    tab._offers.withdrawn.emit(offer)
    assert not tab.notices.isHidden()


@pytest.mark.smoke
def test_regions_points_and_labels_begin_with_the_tool_in_hand(tab: AnnotateTab, qtbot: QtBot) -> None:
    assert tab.bar.target.text() == "Draw on cells"
    shapes = start(tab, qtbot, "shapes")
    assert (shapes.mode, shapes.ndim, tuple(shapes.scale)) == ("add_polygon", 3, (2.0, 0.5, 0.5))
    assert start(tab, qtbot, "points").mode == "add"
    labels = start(tab, qtbot, "labels")
    assert isinstance(labels, Labels)
    assert (labels.mode, labels.data.shape) == ("paint", (4, 60, 80))
    assert len(tab._annotations.book.watches) == 3


def test_it_fits_beside_a_scroll_bar_at_300_pixels(tab: AnnotateTab, qtbot: QtBot) -> None:
    draw(start(tab, qtbot, "shapes"), BOX, 0)
    tab.table.view.selectRow(0)
    tab.terms.picker.chosen.emit(OntologyTerm("CMPO_0000077", "elongated cell phenotype"))
    assert tab.minimumSizeHint().width() <= 300 - tab.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)


def test_table_and_canvas_follow_one_another(tab: AnnotateTab, qtbot: QtBot, viewer_session: ViewerSession) -> None:
    layer = start(tab, qtbot, "shapes")
    tab.classes.add_class("nucleus")
    for z in range(3):
        draw(layer, BOX + z, z)
    layer.mode = "select"
    assert tab.table.model.rowCount() == 3
    assert tab.table.note.text() == "3 objects"
    assert tab.table.model.index(2, 3).data() == "z 2"
    tab.table.view.selectRow(1)
    assert layer.selected_data == {1}
    layer.selected_data = {2}
    qtbot.waitUntil(lambda: tab.table.chosen_uuids() == [tab.table.model.uuid(2)], timeout=5_000)
    assert tab.details.object_class.currentText() == "nucleus"
    viewer: Any = viewer_session.viewer
    tab.table.go_requested.emit(tab.table.model.uuid(2))
    assert viewer.dims.current_step[0] == 2
    np.testing.assert_allclose(viewer.scene.camera.center[-2:], (0.5 * 9, 0.5 * 11.5))


def test_what_is_edited_of_many_is_one_step_and_undone_by_a_button(tab: AnnotateTab, qtbot: QtBot) -> None:
    layer = start(tab, qtbot, "shapes")
    for z in range(3):
        draw(layer, BOX, z)
    tab.table.view.selectAll()
    assert tab.details.title.text() == "3 objects"
    tab.details.comment.setText("odd")
    tab.details.comment.setModified(True)
    tab.details.comment.editingFinished.emit()
    term = OntologyTerm("CMPO_0000077", "elongated cell phenotype")
    tab.terms.kind.setCurrentIndex(1)
    tab.terms.picker.chosen.emit(term)
    tab.details.status.setCurrentIndex(1)
    tab.details.status.activated.emit(1)
    held = [one.one for one in tab._annotations.book.held.values()]
    assert {(one.comment, one.status, one.terms) for one in held} == {("odd", "accepted", (term,))}
    assert "elongated" in tab.terms.list.item(0).text()
    for _ in range(3):
        qtbot.mouseClick(tab.bar.undo, Qt.MouseButton.LeftButton)
    assert {one.one.comment for one in tab._annotations.book.held.values()} == {""}
    assert set(layer.features["comment"]) == {""}


def test_phenotypes_are_said_of_objects_and_images_and_taken_back(tab: AnnotateTab, qtbot: QtBot) -> None:
    term = OntologyTerm("CMPO_0000077", "elongated cell phenotype")
    tab.terms.picker.chosen.emit(term)
    assert "Select objects" in tab.notices.text.text()
    draw(start(tab, qtbot, "shapes"), BOX, 0)
    tab.table.view.selectRow(0)
    tab.terms.picker.chosen.emit(term)
    tab.terms.picker.no_term_chosen.emit("long cell")
    (held,) = tab._annotations.book.held.values()
    assert held.one.phenotypes == (Phenotype(term.label, term), Phenotype("long cell", no_term=True))
    tab.terms.list.setCurrentRow(0)
    tab.terms.remove.click()
    (held,) = tab._annotations.book.held.values()
    assert held.one.phenotypes == (Phenotype("long cell", no_term=True),)
    tab.terms.place.setCurrentIndex(1)
    tab.terms.place.activated.emit(1)
    tab.terms.picker.chosen.emit(term)
    (statement,) = tab._kept.statements[held.image.key]
    assert (statement.on, statement.phenotype) == ("image", Phenotype(term.label, term))
    assert tab._draft.sets()[0].statements == (statement,)
    tab.terms.list.setCurrentRow(0)
    tab.terms.remove.click()
    assert tab._kept.statements[held.image.key] == ()


def test_what_is_deleted_is_listed_and_restored(tab: AnnotateTab, qtbot: QtBot) -> None:
    layer = start(tab, qtbot, "shapes")
    draw(layer, BOX, 0)
    draw(layer, BOX, 1)
    tab.table.view.selectRow(0)
    tab.table.view.setFocus()
    qtbot.keyClick(tab.table.view, Qt.Key.Key_Delete)
    assert tab.table.model.rowCount() == 1
    assert tab.bar.deleted.text() == "1 deleted …"
    menu = tab.bar.deleted_menu()
    menu.actions()[2].trigger()
    assert tab.table.model.rowCount() == 2
    assert len(layer.data) == 2


def test_what_lies_across_planes_is_told_with_a_button_to_split(tab: AnnotateTab, qtbot: QtBot) -> None:
    layer = start(tab, qtbot, "shapes")
    layer.add(np.array([[0, 4, 4], [1, 4, 9], [1, 9, 9.0]]), shape_type="polygon")
    assert "across 2 planes" in tab.notices.text.text()
    tab._annotations.split()
    assert tab.table.model.rowCount() == 2
    assert not tab.notices.isVisibleTo(tab)


def test_planes_offer_what_the_image_has(tab: AnnotateTab, qtbot: QtBot) -> None:
    draw(start(tab, qtbot, "shapes"), BOX, 0)
    tab.table.view.selectAll()
    acts = {act.text(): act for act in tab.details.planes_menu().actions()}
    assert list(acts) == ["Copy to the next z", "Copy to every z", "Lay on all z, as one object"]
    acts["Copy to every z"].trigger()
    assert tab.table.model.rowCount() == 4


def test_ten_thousand_rows_open_at_once_and_are_filtered(tab: AnnotateTab, image: Image, qtbot: QtBot) -> None:
    made = [
        AnnotatedObject(uuid=f"u{n}", shapes=(Point(x=n % 80, y=n % 60, z=0),), name=f"n{n}", layer="spots")
        for n in range(10_000)
    ]
    (layer,), _ = to_layers(plain_set(image, *made), image)
    tab._annotations.add_layer(layer)
    started = time.thread_time()
    model = ObjectModel(tab._annotations)
    took = time.thread_time() - started
    assert model.rowCount() == 10_000
    assert took < 2  # 0.1 s on the machine this was written on; the issue asks for 0.5
    tab.table.filter.setText("n77")
    assert tab.table.model.rowCount() == 111
    assert tab.table.note.text() == "111 of 10,000 objects"


def test_a_layer_of_ones_own_is_taken_over(tab: AnnotateTab, viewer_session: ViewerSession) -> None:
    viewer: Any = viewer_session.viewer
    own = viewer.add_layer(Shapes([np.hstack([np.zeros((4, 1)), BOX])], shape_type="rectangle", scale=(2, 0.5, 0.5)))
    assert tab.table.model.rowCount() == 0
    viewer.layers.selection.active = viewer.layers[0]
    (act,) = tab.bar.more_menu().actions()
    assert act.text() == f"Take over the layer {own.name}"
    act.trigger()
    assert tab.table.model.rowCount() == 1


def test_objects_of_a_set_bring_their_classes(tab: AnnotateTab, image: Image) -> None:
    one = AnnotatedObject(
        uuid="u1", shapes=(Polygon(points=((1, 1), (9, 1), (1, 9)), z=0),), object_class="gland", layer="mine"
    )
    for layer in to_layers(plain_set(image, one), image)[0]:
        tab._annotations.add_layer(layer)
    assert tab.classes.names() == ["gland"]
    assert tab.table.model.index(0, 2).data() == "gland"
