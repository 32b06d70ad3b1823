"""What a search found, over real answers of the embedded server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QItemSelectionModel, QModelIndex, Qt
from qtpy.QtGui import QGuiApplication

from napari_idr.demo import search_engine
from napari_idr.errors import AddressError
from napari_idr.session import Session
from napari_idr.settings import Settings
from napari_idr.widgets import found_hits
from napari_idr.widgets.catalog_model import NODE_ROLE, ROW_KIND_ROLE
from napari_idr.widgets.found_page import FoundPage
from napari_idr.widgets.progress_strip import ProgressStrip

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot
    from qtpy.QtWidgets import QWidget

    from napari_idr.widgets.theme import Theme
    from repository_server import Served

pytestmark = pytest.mark.qt
PATIENCE = 30_000
ENGINE = "/searchengine/api/v1/resources"
ARREST = "Phenotype = mitotic arrest"
WELLS = ["    B3 · CDC20, mitotic arrest", "    A4 · KIF11, mitotic arrest"]
MORE = "  3 of 4 images looked at. More…"


@pytest.fixture
def real(served: Served, tmp_path: Path) -> Iterator[Session]:
    with Session(Settings(server=served.address, cache_dir=tmp_path)) as session:
        yield session


@pytest.fixture
def page(real: Session, theme: Theme, host: QWidget) -> Iterator[FoundPage]:
    page = FoundPage(real, theme, ProgressStrip(theme, host), host)
    page.resize(300, 500)
    host.show()
    yield page
    page.stop()


def find(qtbot: QtBot, page: FoundPage, text: str) -> None:
    page.search(text)
    qtbot.waitUntil(
        lambda: not page.run.is_running and not any(job.is_running for job in page.run._jobs), timeout=PATIENCE
    )


def choose(page: FoundPage, index: QModelIndex) -> None:
    """Choose one row, whatever keys an earlier test left down."""
    flags = QItemSelectionModel.SelectionFlag
    page.tree.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)


def texts(page: FoundPage, parent: QModelIndex | None = None, depth: int = 0) -> list[str]:
    """All rows, indented by their depth, counts behind them."""
    rows, found = page.tree.rows, []
    parent = parent or QModelIndex()
    for row in range(rows.rowCount(parent)):
        index = rows.index(row, 0, parent)
        count = rows.index(row, 1, parent).data()
        found.append(f"{'  ' * depth}{index.data()}{f' [{count}]' if count else ''}")
        found += texts(page, index, depth + 1)
    return found


def test_studies_with_counts_then_plates_then_wells(qtbot: QtBot, page: FoundPage) -> None:
    find(qtbot, page, ARREST)
    assert texts(page) == [
        "idr9901  Demonstration: genes and compounds that stop mitosis [4]",
        "  knockdown-1 [4]",
        *WELLS,
    ]
    assert page.said.text() == "“Phenotype = mitotic arrest”: 4 images in 1 study · 2 wells on 1 plate"
    assert page.tree.currentIndex().data(NODE_ROLE).kind == "study"


def test_a_search_by_a_condition_and_its_wells_cost_two_requests(qtbot: QtBot, page: FoundPage, served: Served) -> None:
    find(qtbot, page, ARREST)
    asked = [one for one in served.requests() if one.startswith(ENGINE)]
    assert asked == [
        f"{ENGINE}/image/search/?data_source=idr&key=Phenotype&operator=equals&return_containers=true&value=mitotic+arrest",
        f"{ENGINE}/submitquery/?data_source=idr",
    ]


def test_thumbnails_come_for_the_rows_in_view(qtbot: QtBot, page: FoundPage) -> None:
    find(qtbot, page, ARREST)
    qtbot.waitUntil(lambda: not page.tree.rows._pictured, timeout=PATIENCE)


def test_all_is_chosen_and_opened_with_two_keys(qtbot: QtBot, page: FoundPage) -> None:
    find(qtbot, page, ARREST)
    qtbot.keyClick(page.tree, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert page.open.text() == "Open 2 wells"
    with qtbot.waitSignal(page.open_requested, timeout=PATIENCE) as asked:
        qtbot.keyClick(page.tree, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    ((group,), beside) = asked.args
    assert (group.node.name, [well.name for well in group.members], beside) == ("knockdown-1", ["B3", "A4"], True)


def test_one_well_and_one_plate_can_be_chosen(qtbot: QtBot, page: FoundPage) -> None:
    find(qtbot, page, ARREST)
    plate = page.tree.rows.index(0, 0, page.tree.rows.index(0, 0))
    choose(page, page.tree.rows.index(1, 0, plate))
    assert page.open.text() == "Open 1 well"
    choose(page, plate)
    assert page.open.text() == "Open 2 wells"
    with qtbot.waitSignal(page.plate_requested, timeout=PATIENCE) as asked:
        page.on_plate.click()
    assert len(asked.args[0].members) == 2


def test_enter_on_a_study_folds_it(qtbot: QtBot, page: FoundPage) -> None:
    find(qtbot, page, ARREST)
    study = page.tree.rows.index(0, 0)
    assert page.tree.isExpanded(study)
    qtbot.keyClick(page.tree, Qt.Key.Key_Return)
    assert not page.tree.isExpanded(study)


def test_more_is_asked_for_by_a_row_and_never_by_itself(
    qtbot: QtBot, page: FoundPage, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_engine, "PAGE_SIZE", 3)
    find(qtbot, page, ARREST)
    plate = "  knockdown-1 [3]"
    assert texts(page)[1:] == [plate, *WELLS, MORE]
    served.reset()
    more = page.tree.rows.index(1, 0, page.tree.rows.index(0, 0))
    assert more.data(ROW_KIND_ROLE) == "more"
    page.tree.clicked.emit(more)
    qtbot.waitUntil(lambda: texts(page)[1:] == ["  knockdown-1 [4]", *WELLS], timeout=PATIENCE)
    assert len([one for one in served.requests() if one.startswith(ENGINE)]) == 1


def test_what_is_many_is_counted_and_looked_at_when_it_is_unfolded(
    qtbot: QtBot, page: FoundPage, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(found_hits, "AT_ONCE", 1)
    find(qtbot, page, "Organism = Homo sapiens")
    asked = [one for one in served.requests() if "submitquery/?" in one]
    assert len(asked) == 1, "the first study only"
    second = page.tree.rows.index(1, 0)
    assert [second.data(), page.tree.rows.index(0, 0, second).data()] == [
        "idr9902  Demonstration: a whole slide of colon",
        "Show what is in it",
    ]
    page.tree.expand(second)
    qtbot.waitUntil(lambda: page.tree.rows.index(0, 0, second).data() == "Whole slides", timeout=PATIENCE)


def test_images_of_datasets_are_opened_one_by_one(qtbot: QtBot, page: FoundPage) -> None:
    find(qtbot, page, "Organism = Danio rerio")
    page.tree.selectAll()
    assert page.open.text() == "Open 1 image"
    assert not page.on_plate.isEnabled()


def test_a_slip_of_the_finger_is_told_with_what_was_meant(qtbot: QtBot, page: FoundPage) -> None:
    find(qtbot, page, "KIFF11")
    assert page.said.text().startswith("Nothing is annotated with “KIFF11”. Did you mean <a")
    assert "<b>KIF11</b></a> (2 images)" in page.said.text()
    with qtbot.waitSignal(page.search_requested, timeout=PATIENCE) as asked:
        page.said.linkActivated.emit("Gene Symbol = kif11")
    find(qtbot, page, asked.args[0])
    assert len(texts(page)) == 3


def test_a_value_that_is_wrong_in_a_condition_is_looked_for_under_its_key(qtbot: QtBot, page: FoundPage) -> None:
    find(qtbot, page, "Gene Symbol = KIFF11")
    assert "Gene Symbol = kif11" in page.said.text()
    assert "siRNA" not in page.said.text()


def test_nothing_at_all_says_what_to_try(qtbot: QtBot, page: FoundPage) -> None:
    assert page.said.text().startswith("Try: <a")
    find(qtbot, page, "zzz <b>nothing</b>")
    assert "“zzz &lt;b&gt;nothing&lt;/b&gt;”" in page.said.text()
    assert "mitotic arrest" in page.said.text()


def test_half_a_condition_is_told_and_what_was_found_stays(qtbot: QtBot, page: FoundPage) -> None:
    find(qtbot, page, ARREST)
    with qtbot.waitSignal(page.failed, timeout=PATIENCE) as failed:
        page.search("Gene Symbol =")
    assert isinstance(failed.args[0], AddressError)
    assert len(texts(page)) == 4


def test_a_repository_that_fails_is_a_row_that_asks_again_and_hides_nothing(
    qtbot: QtBot, page: FoundPage, real: Session, served: Served
) -> None:
    real.add_repository("http://127.0.0.1:9/", name="Off")
    find(qtbot, page, ARREST)
    assert len(texts(page)) == 5
    assert texts(page)[-1].endswith("· Retry")
    failed = page.tree.rows.index(1, 0)
    page.tree.setCurrentIndex(failed)
    page.tree.clicked.emit(failed)
    qtbot.waitUntil(lambda: not page.run.is_running, timeout=PATIENCE)
    assert len(texts(page)) == 5


@pytest.mark.parametrize("kind", ["html", "status500"])
def test_hits_that_fail_are_a_row_that_tries_again(qtbot: QtBot, page: FoundPage, served: Served, kind: str) -> None:
    served.fail("submitquery/?", kind, times=9)
    find(qtbot, page, ARREST)
    study = page.tree.rows.index(0, 0)
    failed = page.tree.rows.index(0, 0, study)
    assert failed.data(ROW_KIND_ROLE) == "failed"
    served.mend()
    page.tree.setCurrentIndex(failed)
    qtbot.keyClick(page.tree, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.tree.rows.index(0, 0, study).data() == "knockdown-1", timeout=PATIENCE)


def test_another_search_replaces_the_one_before_and_late_answers_are_dropped(qtbot: QtBot, page: FoundPage) -> None:
    page.search("Organism = Homo sapiens")
    find(qtbot, page, ARREST)
    assert len(texts(page)) == 4


def test_a_server_without_an_engine_says_what_it_could_not_look_through(
    qtbot: QtBot, page: FoundPage, served: Served
) -> None:
    served.fail("searchengine", "status404", times=99)
    find(qtbot, page, ARREST)
    assert any("has no search engine" in text for text in texts(page))
    assert any("KIF11" in text for text in texts(page))


def test_rows_are_copied_as_a_table(qtbot: QtBot, page: FoundPage, served: Served) -> None:
    find(qtbot, page, ARREST)
    choose(page, page.tree.rows.index(0, 0))
    page.tree.copy_chosen()
    assert QGuiApplication.clipboard().text() == (
        f"idr9901-demo-knockdown\tstudy\tidr9901\t4\t{served.address}study/idr9901/"
    )


def test_the_menu_offers_what_can_be_done_with_what_is_chosen(qtbot: QtBot, page: FoundPage) -> None:
    find(qtbot, page, ARREST)
    study = page.tree.rows.index(0, 0)
    choose(page, page.tree.rows.index(0, 0, study))
    actions = page.tree.menu_for(study.data(NODE_ROLE)).actions()
    names = [one.text().partition("\t")[0] for one in actions if one.text()]
    assert names == ["Open", "Open beside", "Show on plate", "Copy link", "Open in browser", "Copy as table"]
    with qtbot.waitSignal(page.plate_requested, timeout=PATIENCE):
        actions[2].trigger()
    with qtbot.waitSignal(page.copied, timeout=PATIENCE):
        actions[4].trigger()
    assert QGuiApplication.clipboard().text() == study.data(NODE_ROLE).address


def test_a_search_that_is_stopped_says_so_and_offers_to_go_on(qtbot: QtBot, page: FoundPage, served: Served) -> None:
    page.search(ARREST)
    assert page._task is not None
    page._task.cancel()
    assert page.said.text().startswith("Searching was stopped: nothing yet.")
    with qtbot.waitSignal(page.search_requested, timeout=PATIENCE) as asked:
        page.said.linkActivated.emit(ARREST)
    assert asked.args == [ARREST]
