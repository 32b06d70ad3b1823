"""From a gene to the wells where it is knocked down: type, Enter, choose all, Enter; and to their plate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fakes import FakeViewerSession
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractButton, QVBoxLayout, QWidget

from napari_idr.model.search import HitGroup
from napari_idr.session import Session
from napari_idr.settings import Settings
from napari_idr.widgets import hit_opener
from napari_idr.widgets.browser_tab import SMALLEST, BrowserTab

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from napari_idr.widgets.theme import Theme
    from repository_server import Served

pytestmark = pytest.mark.qt
PATIENCE = 30_000
ARREST = "Phenotype = mitotic arrest"


@pytest.fixture
def viewer(served: Served, tmp_path: Path) -> Iterator[FakeViewerSession]:
    settings = Settings(server=served.address, cache_dir=tmp_path, ontologies=f"{served.address}ols4/")
    with Session(settings) as session:
        yield FakeViewerSession(session)


@pytest.fixture
def tab(viewer: FakeViewerSession, theme: Theme, host: QWidget) -> Iterator[BrowserTab]:
    tab = BrowserTab(viewer, theme)
    layout = QVBoxLayout(host)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(tab)
    host.resize(300, 660)
    host.show()
    yield tab
    tab.stop()


def find(qtbot: QtBot, tab: BrowserTab, text: str) -> None:
    tab.box.setFocus()
    qtbot.keyClicks(tab.box, text)
    qtbot.keyClick(tab.box, Qt.Key.Key_Return)
    run = tab.page.found.run
    qtbot.waitUntil(lambda: not run.is_running and not any(job.is_running for job in run._jobs), timeout=PATIENCE)


def test_four_actions_open_the_wells_of_a_search_side_by_side(
    qtbot: QtBot, tab: BrowserTab, viewer: FakeViewerSession
) -> None:
    find(qtbot, tab, ARREST)
    qtbot.keyClick(tab.page.found.tree, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(tab.page.found.tree, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(viewer.asked), timeout=PATIENCE)
    (asked,) = viewer.asked
    assert (asked["what"].name, asked["wells"]) == ("knockdown-1", ("A/4", "B/3"))
    assert (asked["beside"], asked["apart"]) == (False, False)


def test_further_plates_come_below_the_first(qtbot: QtBot, tab: BrowserTab, viewer: FakeViewerSession) -> None:
    find(qtbot, tab, ARREST)
    (group,) = tab.page.found.run.hits.looked.popitem()[1].groups.values()
    tab.hits.open((group, group), False)
    qtbot.waitUntil(lambda: len(viewer.asked) == 2, timeout=PATIENCE)
    assert [(asked["beside"], asked["apart"]) for asked in viewer.asked] == [(False, False), (True, True)]


def test_many_plates_are_opened_only_when_asked_to(
    qtbot: QtBot, tab: BrowserTab, viewer: FakeViewerSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hit_opener, "MOST_AT_ONCE", 1)
    find(qtbot, tab, ARREST)
    (group,) = tab.page.found.run.hits.looked.popitem()[1].groups.values()
    tab.hits.open((group, HitGroup(group.node, ())), False)
    assert tab.notices.text.text() == "This opens 2 plates and images, each as layers of its own."
    next(one for one in tab.notices.findChildren(QAbstractButton) if one.text() == "Open all 2").click()
    qtbot.waitUntil(lambda: len(viewer.asked) == 2, timeout=PATIENCE)
    assert [asked["wells"] for asked in viewer.asked] == [("A/4", "B/3"), ()]


def test_wells_that_are_not_on_their_plate_open_nothing_else(
    qtbot: QtBot, tab: BrowserTab, viewer: FakeViewerSession
) -> None:
    find(qtbot, tab, ARREST)
    (group,) = tab.page.found.run.hits.looked.popitem()[1].groups.values()
    strangers = tuple(replace(well, id="999999") for well in group.members)
    tab.hits.open((HitGroup(group.node, strangers),), False)
    qtbot.waitUntil(lambda: not tab.notices.isHidden(), timeout=PATIENCE)
    assert tab.notices.text.text().startswith("None of the wells that were found has an image on its plate")
    assert viewer.asked == []


def test_a_plate_that_cannot_be_asked_is_said_and_can_be_tried_again(
    qtbot: QtBot, tab: BrowserTab, viewer: FakeViewerSession, served: Served
) -> None:
    find(qtbot, tab, ARREST)
    tab.page.found.tree.selectAll()
    served.fail("webgateway/plate", "html", 9)
    tab.page.found.open.click()
    qtbot.waitUntil(lambda: not tab.notices.isHidden(), timeout=PATIENCE)
    served.mend()
    next(one for one in tab.notices.findChildren(QAbstractButton) if one.text() == "Retry").click()
    qtbot.waitUntil(lambda: bool(viewer.asked), timeout=PATIENCE)


def test_the_plate_shows_what_was_found_and_the_controls(qtbot: QtBot, tab: BrowserTab) -> None:
    find(qtbot, tab, ARREST)
    tab.page.found.tree.selectAll()
    tab.page.found.on_plate.click()
    grid = tab.page.grid
    qtbot.waitUntil(lambda: bool(grid.view.marks.hits) and bool(grid.view.marks.controls), timeout=PATIENCE)
    assert grid.view.marks.hits == {(0, 3), (1, 2)}
    assert set(grid.view.marks.controls.values()) == {"negative"}
    assert grid._legend.text() == "▲ 2 wells found · \N{MINUS SIGN} 3 negative controls"
    assert grid.view.marks.describe((0, 3)) == "found"
    grid.grab()
    grid._choose_found.click()
    assert tab._selection.current.wells == ("A/4", "B/3")
    grid.outline.setChecked(False)
    assert not grid.view.marks
    assert grid._legend.isHidden()


def test_a_plate_without_hits_outlines_nothing_of_the_last_search(qtbot: QtBot, tab: BrowserTab) -> None:
    find(qtbot, tab, ARREST)
    tab.page.found.tree.selectAll()
    tab.page.found.on_plate.click()
    qtbot.waitUntil(lambda: bool(tab.page.grid.view.marks.hits), timeout=PATIENCE)
    find(qtbot, tab, "KIFF11")
    tab.page.show_selected(tab._selection.current)
    assert not tab.page.grid.view.marks.hits


def test_the_well_that_is_chosen_shows_its_key_values_where_they_hang(qtbot: QtBot, tab: BrowserTab) -> None:
    find(qtbot, tab, ARREST)
    tab.page.found.tree.selectAll()
    tab.page.found.on_plate.click()
    qtbot.waitUntil(lambda: bool(tab.page.grid.view.wells.cells), timeout=PATIENCE)
    tab.page.tabs.setCurrentIndex(1)
    tab._selection.update(wells=("A/4",))
    table = tab.page.details.table
    qtbot.waitUntil(lambda: any(line.where == "Image, well" for line in table._lines), timeout=PATIENCE)
    headings = [line.key for line in table._lines if line.is_heading]
    screen = "creen idr9901-demo-knockdown/screenA"
    assert headings == [f"Image, well, s{screen}", "Image, well", f"S{screen}"]
    term = next(line for line in table._lines if line.accession == "CMPO_0000196")
    assert (term.value, term.link) == ("M phase arrested phenotype", "http://www.ebi.ac.uk/cmpo/CMPO_0000196")
    with qtbot.waitSignal(table.search_requested, timeout=PATIENCE) as asked:
        next(one for one in table.menu_for(_row(table, "KIF11")).actions() if one.text() == "Search for this").trigger()
    assert asked.args == ["Gene Symbol = KIF11"]
    assert tab.box.text() == "Gene Symbol = KIF11"


def _row(table: object, value: str) -> int:
    return next(row for row, line in enumerate(table._lines) if line.value == value)  # type: ignore[attr-defined]


def test_hovering_a_term_says_what_its_ontology_says_of_it(qtbot: QtBot, tab: BrowserTab, served: Served) -> None:
    find(qtbot, tab, ARREST)
    tab._selection.select(tab.page.found.run.hits.group_of(_plate(tab)).members[1])
    table = tab.page.details.table
    qtbot.waitUntil(lambda: "CMPO_0000196" in table._definitions, timeout=PATIENCE)
    row = _row(table, "M phase arrested phenotype")
    hint = table.item(row, 1).toolTip()
    assert "M phase arrested phenotype: The cell has entered mitosis and does not leave it." in hint
    assert sum("short_form=CMPO_0000196" in one for one in served.requests()) == 1


def test_an_ontology_service_that_is_away_is_no_news(qtbot: QtBot, tab: BrowserTab) -> None:
    tab._session.ontologies = "http://127.0.0.1:9/ols4/"
    find(qtbot, tab, ARREST)
    tab._selection.select(tab.page.found.run.hits.group_of(_plate(tab)).members[1])
    details = tab.page.details
    qtbot.waitUntil(lambda: bool(details.table.accessions), timeout=PATIENCE)
    qtbot.waitUntil(lambda: not details._defining.is_running, timeout=PATIENCE)
    assert tab.notices.isHidden()
    assert "127.0.0.1:9" not in [state.host for state in tab._session.network.hosts]


@pytest.mark.parametrize("kind", ["status404", "html"])
def test_terms_that_nobody_defines_are_shown_without_a_word(
    qtbot: QtBot, tab: BrowserTab, served: Served, kind: str
) -> None:
    served.fail("ols4/api/terms", kind, times=20)
    find(qtbot, tab, ARREST)
    tab._selection.select(tab.page.found.run.hits.group_of(_plate(tab)).members[1])
    details = tab.page.details
    qtbot.waitUntil(lambda: any("short_form" in one for one in served.requests()), timeout=PATIENCE)
    qtbot.waitUntil(lambda: not details._defining.is_running, timeout=PATIENCE)
    assert "CMPO_0000196" in details.table.accessions
    assert tab.notices.isHidden()


def _plate(tab: BrowserTab):  # type: ignore[no-untyped-def]
    (looked,) = tab.page.found.run.hits.looked.values()
    return next(iter(looked.groups.values())).node


def test_searching_again_for_what_is_shown_keeps_what_was_learned(qtbot: QtBot, tab: BrowserTab) -> None:
    find(qtbot, tab, ARREST)
    plate = _plate(tab)
    tab._selection.select(plate)
    qtbot.waitUntil(lambda: bool(tab._selection.current.node.labelled), timeout=PATIENCE)
    tab._selection.select(plate)
    assert tab._selection.current.node.labelled
    assert tab.page.details.table.rowCount()


def test_a_repository_shows_its_studies_and_a_study_leads_into_the_tree(qtbot: QtBot, tab: BrowserTab) -> None:
    tab.start.repository_requested.emit(tab._session.repositories[0].key)
    studies = tab.page.studies
    qtbot.waitUntil(lambda: len(studies.rows.nodes) == 3, timeout=PATIENCE)
    assert tab.minimumSizeHint().width() <= SMALLEST.width() - 12
    studies.list.setCurrentIndex(studies.rows.index(1))
    assert tab.page.header.cite.isVisible()
    tab.page.header.cite.click()
    assert tab.notices.text.text() == "Citation copied"
    qtbot.waitUntil(lambda: "Released 2026-11-21" in tab.page.details.facts.text(), timeout=PATIENCE)
    qtbot.keyClick(studies.list, Qt.Key.Key_Return)
    assert tab.page.views.currentIndex() == 1
    assert tab.page.tree.currentIndex().data() == "idr9902-demo-histology"
