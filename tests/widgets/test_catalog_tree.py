"""The catalogue: rows, item model, tree."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from fakes import BASE, FakeSession
from qtpy.QtCore import QModelIndex, QPersistentModelIndex, QPoint, Qt
from qtpy.QtGui import QGuiApplication

from napari_idr.errors import TimedOut
from napari_idr.model.catalog import Page, Screen
from napari_idr.widgets.catalog_model import CatalogModel
from napari_idr.widgets.catalog_tree import CatalogTree

if TYPE_CHECKING:
    from pytestqt.modeltest import ModelTester
    from pytestqt.qtbot import QtBot
    from qtpy.QtWidgets import QWidget

    from napari_idr.widgets.theme import Theme

pytestmark = pytest.mark.qt


@pytest.fixture
def tree(qtbot: QtBot, session: FakeSession, theme: Theme, host: QWidget) -> CatalogTree:
    tree = CatalogTree(session.children, theme, host)
    tree.resize(300, 400)
    host.show()
    tree.catalog.set_repositories([repository.root() for repository in session.repositories])
    return tree


def texts(tree: CatalogTree, parent: QModelIndex | None = None) -> list[str]:
    model, parent = tree.model(), parent or QModelIndex()
    return [str(model.index(row, 0, parent).data()) for row in range(model.rowCount(parent))]


def index_of(tree: CatalogTree, *path: int) -> QModelIndex:
    index = QModelIndex()
    for row in path:
        index = tree.model().index(row, 0, index)
    return index


def expand(qtbot: QtBot, tree: CatalogTree, *path: int) -> QModelIndex:
    index = index_of(tree, *path)
    with qtbot.waitSignal(tree.catalog.page_arrived):
        tree.expand(index)
    return index_of(tree, *path)


def test_the_model_keeps_the_rules_of_qt(
    qtbot: QtBot, session: FakeSession, theme: Theme, qtmodeltester: ModelTester
) -> None:
    model = CatalogModel(session.children, theme.icon, theme)
    model.set_repositories([repository.root() for repository in session.repositories])
    with qtbot.waitSignal(model.page_arrived):
        model.fetchMore(model.index(0, 0))
    model.show_found("“x”", Page((session._plates()[0],), 0, 1))
    qtmodeltester.check(model)


def test_a_theme_that_changes_leaves_the_tree_as_it_is(
    qtbot: QtBot, tree: CatalogTree, session: FakeSession, theme: Theme
) -> None:
    said: list[str] = []
    tree.catalog.layoutAboutToBeChanged.connect(lambda: said.append("about to"))
    tree.catalog.layoutChanged.connect(lambda: said.append("changed"))
    kept = QPersistentModelIndex(expand(qtbot, tree, 0).model().index(0, 0, index_of(tree, 0)))
    name = kept.data()
    theme.changed.emit()
    assert said == ["about to", "changed"]
    assert (kept.data(), kept.parent().data()) == (name, "IDR")
    tree.catalog.set_repositories([])  # looks at what the filter keeps
    assert not kept.isValid()


def test_nothing_is_asked_before_a_row_is_expanded(tree: CatalogTree, session: FakeSession) -> None:
    assert texts(tree) == ["IDR"]
    assert session.calls["children"] == 0


def test_expanding_says_that_it_loads_and_then_shows_the_children(
    qtbot: QtBot, tree: CatalogTree, session: FakeSession
) -> None:
    release = threading.Event()
    session.hold = lambda method: release.wait(120)
    tree.expand(index_of(tree, 0))
    qtbot.waitUntil(lambda: texts(tree, index_of(tree, 0)) == ["Loading…"])
    with qtbot.waitSignal(tree.catalog.page_arrived):
        release.set()
    assert texts(tree, index_of(tree, 0)) == ["idr0013-neumann-mitocheck", "idr0052-walther-condensinmap"]


def test_a_large_container_comes_page_by_page_as_far_as_one_scrolls(
    qtbot: QtBot, tree: CatalogTree, session: FakeSession
) -> None:
    expand(qtbot, tree, 0)
    expand(qtbot, tree, 0, 1)
    before = session.calls["children"]
    dataset = expand(qtbot, tree, 0, 1, 0)
    assert session.calls["children"] == before + 1
    assert tree.model().rowCount(dataset) == 201
    assert texts(tree, dataset)[-1] == "200 of 450 shown, more…"
    with qtbot.waitSignal(tree.catalog.page_arrived):
        tree.scrollToBottom()
    dataset = index_of(tree, 0, 1, 0)
    assert texts(tree, dataset)[399:] == ["cell 400.lsm", "400 of 450 shown, more…"]
    with qtbot.waitSignal(tree.catalog.page_arrived):
        tree.scrollToBottom()
    assert texts(tree, index_of(tree, 0, 1, 0))[-1] == "cell 450.lsm"
    assert session.calls["children"] == before + 3


def test_a_failure_is_a_row_that_tries_again_when_clicked(
    qtbot: QtBot, tree: CatalogTree, session: FakeSession
) -> None:
    session.failures["children"] = TimedOut("IDR did not answer within 10 s", "idr.example.org")
    tree.expand(index_of(tree, 0))
    qtbot.waitUntil(lambda: "Retry" in "".join(texts(tree, index_of(tree, 0))))
    assert texts(tree, index_of(tree, 0)) == ["IDR did not answer within 10 s, idr.example.org · Retry"]
    with qtbot.waitSignal(tree.catalog.page_arrived):
        at = tree.visualRect(index_of(tree, 0, 0)).center()
        qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert len(texts(tree, index_of(tree, 0))) == 2


def test_an_empty_container_says_so(qtbot: QtBot, tree: CatalogTree) -> None:
    tree.show_found("found", Page((FakeSession()._plates()[0],), 0, 1))
    tree.expand(index_of(tree, 0, 0))
    qtbot.waitUntil(lambda: texts(tree, index_of(tree, 0, 0)) == ["Nothing in here"])


def test_counts_stand_at_the_right_with_thousands_separators(tree: CatalogTree, session: FakeSession) -> None:
    session.rows, session.columns = 32, 48
    tree.show_found("found", Page((session._plates()[0],), 0, 1))
    assert index_of(tree, 0, 0).siblingAtColumn(1).data() == "1,534"
    assert index_of(tree, 0, 0).data(Qt.ItemDataRole.AccessibleTextRole) == "LT0001_02, plate, 1,534 wells"


def test_a_container_that_only_names_a_study_is_shown_as_such(tree: CatalogTree) -> None:
    umbrella = Screen("screen", "idr", "9", "idr0022-koedoot", accession="idr0022", child_count=0)
    tree.show_found("found", Page((umbrella,), 0, 1))
    assert index_of(tree, 0, 0).siblingAtColumn(1).data() == "no images"


def test_typing_narrows_to_what_contains_the_text_and_what_is_above_and_below_it(
    qtbot: QtBot, tree: CatalogTree
) -> None:
    expand(qtbot, tree, 0)
    expand(qtbot, tree, 0, 0)
    expand(qtbot, tree, 0, 0, 0)
    tree.set_filter("lt0002")
    assert texts(tree) == ["IDR"]
    assert texts(tree, index_of(tree, 0)) == ["idr0013-neumann-mitocheck"]
    assert texts(tree, index_of(tree, 0, 0, 0)) == ["LT0002_02"]
    tree.set_filter("IDR0013")
    assert len(texts(tree, index_of(tree, 0, 0, 0))) == 5
    tree.set_filter("nothing like it")
    assert tree.is_empty
    tree.set_filter("")
    assert len(texts(tree, index_of(tree, 0))) == 2


def test_a_filter_never_asks_for_further_pages(qtbot: QtBot, tree: CatalogTree, session: FakeSession) -> None:
    expand(qtbot, tree, 0)
    expand(qtbot, tree, 0, 1)
    expand(qtbot, tree, 0, 1, 0)
    asked = session.calls["children"]
    tree.set_filter("cell 199")
    qtbot.wait(50)
    assert session.calls["children"] == asked


def test_plates_and_images_open_containers_expand(qtbot: QtBot, tree: CatalogTree) -> None:
    opened: list[tuple[str, bool]] = []
    tree.open_requested.connect(lambda node, beside: opened.append((node.name, beside)))
    expand(qtbot, tree, 0)
    expand(qtbot, tree, 0, 0)
    tree.setCurrentIndex(index_of(tree, 0, 0, 0))
    with qtbot.waitSignal(tree.catalog.page_arrived):
        qtbot.keyClick(tree, Qt.Key.Key_Return)
    assert opened == []
    tree.setCurrentIndex(index_of(tree, 0, 0, 0, 1))
    qtbot.keyClick(tree, Qt.Key.Key_Return)
    qtbot.keyClick(tree, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    tree.scrollTo(index_of(tree, 0, 0, 0, 2))
    at = tree.visualRect(index_of(tree, 0, 0, 0, 2)).center()
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=at)
    qtbot.mouseDClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert opened == [("LT0001_09", False), ("LT0001_09", True), ("LT0001_12", False)]


def test_what_was_found_stands_at_the_top_and_replaces_what_was_found_before(
    qtbot: QtBot, tree: CatalogTree, session: FakeSession
) -> None:
    chosen: list[str] = []
    tree.node_selected.connect(lambda node: chosen.append(node.name))
    plates = session._plates()
    tree.show_found("“LT0001”", Page(tuple(plates[:3]), 0, 3))
    tree.show_found("“LT0002”", Page((plates[3],), 0, 1))
    assert texts(tree) == ["“LT0002”", "IDR"]
    assert texts(tree, index_of(tree, 0)) == ["LT0002_02"]
    assert chosen == ["LT0001_02", "LT0002_02"]
    tree.show_found("“x”", Page(()), "Nothing matches “x”.")
    assert texts(tree, index_of(tree, 0)) == ["Nothing matches “x”."]


def test_rows_are_copied_as_a_table(qtbot: QtBot, tree: CatalogTree, session: FakeSession) -> None:
    tree.show_found("found", Page(tuple(session._plates()[:2]), 0, 2))
    tree.setCurrentIndex(index_of(tree, 0, 0))
    tree.selectAll()
    with qtbot.waitSignal(tree.copied) as copied:
        qtbot.keyClick(tree, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0] == f"LT0001_02\tplate\t\t94\t{BASE}?show=plate-1"
    assert copied.args[0].endswith("rows copied")


def test_the_menu_offers_what_a_node_can_do(tree: CatalogTree, session: FakeSession) -> None:
    plate, study = session._plates()[0], session._studies("idr")[0]
    offered = {
        node.kind: [one.text().split("\t")[0] for one in tree.menu_for(node).actions()] for node in (plate, study)
    }
    assert offered["plate"][:2] == ["Open", "Open beside"]
    assert "Open" not in offered["study"]
    assert {"Copy link", "Open in browser", "Copy as table", "Sort by name"} <= set(offered["study"])


def test_sorting_by_name_counts_as_people_do_and_can_be_undone(
    qtbot: QtBot, tree: CatalogTree, session: FakeSession
) -> None:
    images = session._images(12)
    tree.show_found("found", Page((images[9], images[1], images[10]), 0, 3))
    tree._toggle_sorted()
    assert texts(tree, index_of(tree, 0)) == ["cell 2.lsm", "cell 10.lsm", "cell 11.lsm"]
    tree._toggle_sorted()
    assert texts(tree, index_of(tree, 0)) == ["cell 10.lsm", "cell 2.lsm", "cell 11.lsm"]


def test_a_repository_that_goes_takes_its_question_with_it(
    qtbot: QtBot, tree: CatalogTree, session: FakeSession
) -> None:
    release = threading.Event()
    session.hold = lambda method: release.wait(120)
    tree.expand(index_of(tree, 0))
    tree.catalog.set_repositories([])
    release.set()
    session.hold = lambda method: None
    tree.catalog.set_repositories([session.repositories[0].root()])
    expand(qtbot, tree, 0)
    assert len(texts(tree, index_of(tree, 0))) == 2


def test_a_node_is_shown_where_it_is_loaded_and_only_there(
    qtbot: QtBot, tree: CatalogTree, session: FakeSession
) -> None:
    expand(qtbot, tree, 0)
    study, plate = session._studies("idr")[1], session._plates()[0]
    assert tree.show_node(study)
    assert tree.currentIndex() == index_of(tree, 0, 1)
    assert not tree.show_node(plate)
    assert tree.indexAt(QPoint(1, 1)).isValid()
