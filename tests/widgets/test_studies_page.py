"""The list of studies over a large archive: text first, pictures after, exact numbers of requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QItemSelectionModel, Qt

from large_catalogue import STUDIES, write_large_archive
from napari_idr.demo.server import EmbeddedServer
from napari_idr.session import Session
from napari_idr.settings import Settings
from napari_idr.widgets.progress_strip import ProgressStrip
from napari_idr.widgets.studies_model import PICTURE_ROLE
from napari_idr.widgets.studies_page import StudiesPage
from repository_server import Served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot
    from qtpy.QtWidgets import QWidget

    from napari_idr.widgets.theme import Theme

pytestmark = pytest.mark.qt
PATIENCE = 30_000
Open = "Callable[[Session], StudiesPage]"


@pytest.fixture(scope="module")
def large_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with EmbeddedServer(write_large_archive(tmp_path_factory.mktemp("large")), faults=True) as server:
        yield Served(server.address)


@pytest.fixture
def archive(large_server: Served) -> Iterator[Served]:
    large_server.reset()
    yield large_server
    large_server.mend()


@pytest.fixture
def open_page(theme: Theme, host: QWidget) -> Iterator[Callable[[Session], StudiesPage]]:
    pages: list[StudiesPage] = []

    def show(session: Session) -> StudiesPage:
        page = StudiesPage(session, theme, ProgressStrip(theme, host), host)
        page.set_repositories([(one.key, one.name) for one in session.repositories])
        page.resize(300, 500)
        host.show()
        pages.append(page)
        return page

    yield show
    for page in pages:
        page.stop()


@pytest.fixture
def real(archive: Served, tmp_path: Path) -> Iterator[Session]:
    with Session(Settings(server=archive.address, cache_dir=tmp_path)) as session:
        yield session


@pytest.fixture
def page(qtbot: QtBot, open_page: Callable[[Session], StudiesPage], real: Session) -> StudiesPage:
    page = open_page(real)
    page.show_any()
    qtbot.waitUntil(lambda: len(page.rows.nodes) == STUDIES, timeout=PATIENCE)
    return page


def test_text_rows_of_a_large_archive_cost_six_requests_and_none_at_the_next_start(
    qtbot: QtBot, open_page: Callable[[Session], StudiesPage], archive: Served, tmp_path: Path
) -> None:
    for expected in (6, 0):
        archive.reset()
        with Session(Settings(server=archive.address, cache_dir=tmp_path)) as session:
            page = open_page(session)
            asked: list[int] = []
            page.loader.arrived.connect(lambda _, asked=asked: asked.append(_but_pictures(archive)))
            page.show_any()
            qtbot.waitUntil(lambda page=page: len(page.rows.nodes) == STUDIES, timeout=PATIENCE)
            qtbot.waitUntil(lambda page=page: not page.loader._pictures.is_running, timeout=PATIENCE)
            page.stop()
        assert asked == [expected]


def _but_pictures(archive: Served) -> int:
    return len([one for one in archive.requests() if "gallery-api" not in one])


def test_the_page_asks_nobody_until_it_is_shown(
    open_page: Callable[[Session], StudiesPage], real: Session, archive: Served
) -> None:
    open_page(real)
    assert archive.requests() == []


def test_every_word_narrows_and_what_is_left_is_counted(qtbot: QtBot, page: StudiesPage) -> None:
    assert page.said.text() == "143 studies"
    page.filter.setText("danio  LIGHT sheet")
    qtbot.waitUntil(lambda: len(page.rows.nodes) < STUDIES, timeout=PATIENCE)
    assert page.said.text() == f"{len(page.rows.nodes)} of 143 studies"
    assert all("Danio rerio" in node.facts.organisms for node in page.rows.nodes)
    page.filter.setText("no such thing")
    qtbot.waitUntil(lambda: not page.rows.nodes, timeout=PATIENCE)
    assert page.said.text().startswith("No study matches.")
    page.said.linkActivated.emit("clear")
    qtbot.waitUntil(lambda: len(page.rows.nodes) == STUDIES, timeout=PATIENCE)


def test_ticks_narrow_and_say_how_many_each_would_leave(qtbot: QtBot, page: StudiesPage, archive: Served) -> None:
    archive.reset()
    page.narrow.setChecked(True)
    heads = [page.facets.topLevelItem(row).text(0) for row in range(page.facets.topLevelItemCount())]
    assert heads == ["Organism", "Imaging method", "Licence", "Study type", "Format"]
    first = page.facets.topLevelItem(0).child(0)
    assert (first.text(0), first.text(1)) == ("Danio rerio", "29")
    first.setCheckState(0, Qt.CheckState.Checked)
    qtbot.waitUntil(lambda: len(page.rows.nodes) == 29, timeout=PATIENCE)
    light = page.facets.topLevelItem(1).child(0)
    assert int(light.text(1)) + int(page.facets.topLevelItem(1).child(1).text(1)) == 29
    assert "Danio rerio ✕" in page.said.text()
    page.said.linkActivated.emit("organism:Danio rerio")
    qtbot.waitUntil(lambda: len(page.rows.nodes) == STUDIES, timeout=PATIENCE)
    assert [one for one in archive.requests() if "gallery-api" not in one] == []


def test_order_and_its_direction(page: StudiesPage) -> None:
    page.order.setCurrentIndex(2)
    page.order.activated.emit(2)
    dates = [node.facts.release_date for node in page.rows.nodes]
    assert dates == sorted(dates)
    page.direction.click()
    assert next(node.facts.release_date for node in page.rows.nodes) == max(dates)


def test_a_study_is_gone_to_by_arrows_and_into_by_enter(qtbot: QtBot, page: StudiesPage) -> None:
    flags = QItemSelectionModel.SelectionFlag
    with qtbot.waitSignal(page.node_selected, timeout=PATIENCE) as gone_to:
        page.list.selectionModel().setCurrentIndex(page.rows.index(4), flags.ClearAndSelect)
    assert gone_to.args[0].accession == "idr0005"
    with qtbot.waitSignal(page.study_requested, timeout=PATIENCE) as entered:
        qtbot.keyClick(page.list, Qt.Key.Key_Return)
    assert entered.args[0].accession == "idr0005"


def test_the_study_that_was_chosen_stays_chosen_while_the_list_is_narrowed(qtbot: QtBot, page: StudiesPage) -> None:
    page.list.setCurrentIndex(page.rows.index(7))
    page.filter.setText("idr0008")
    qtbot.waitUntil(lambda: len(page.rows.nodes) == 1, timeout=PATIENCE)
    assert page.list.currentIndex().row() == 0


def test_a_list_that_fails_says_so_and_is_asked_for_again(
    qtbot: QtBot, open_page: Callable[[Session], StudiesPage], real: Session, archive: Served
) -> None:
    archive.fail("/api/v0/m/screens/", "html", 4)
    page = open_page(real)
    with qtbot.waitSignal(page.failed, timeout=PATIENCE):
        page.show_any()
    assert page.said.text().startswith("The studies could not be listed.")
    archive.mend()
    page.said.linkActivated.emit("retry")
    qtbot.waitUntil(lambda: len(page.rows.nodes) == STUDIES, timeout=PATIENCE)


def test_listing_can_be_stopped(open_page: Callable[[Session], StudiesPage], real: Session) -> None:
    page = open_page(real)
    page.show_any()
    assert page._task is not None
    page._task.cancel()
    assert not page.loader.is_running
    assert page.said.text().startswith("Listing was stopped.")


def test_pictures_come_after_the_text(
    qtbot: QtBot, open_page: Callable[[Session], StudiesPage], served: Served
) -> None:
    with Session(Settings(server=served.address)) as session:
        page = open_page(session)
        arrived: list[tuple[int, int]] = []
        page.loader.arrived.connect(lambda *_: arrived.append((len(page.rows.nodes), page.rows.picture_count)))
        page.show_any()
        qtbot.waitUntil(lambda: len(page.rows.nodes) == 3, timeout=PATIENCE)
        assert arrived == [(3, 0)], "the text is shown before any picture"
        qtbot.waitUntil(lambda: page.rows.index(0).data(PICTURE_ROLE) is not None, timeout=PATIENCE)
        page.grab()
        page.stop()


def test_what_a_row_says_has_what_one_chooses_by(page: StudiesPage) -> None:
    said = page.rows.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said.startswith("idr0001, Title of study 1, Homo sapiens")
    assert "images" in said
    page.grab()
