"""What a text may mean: one request per pause, the latest text counts, keys choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_idr.session import Session
from napari_idr.settings import Settings
from napari_idr.widgets.search_line import SearchLine
from napari_idr.widgets.suggester import is_suggestible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from napari_idr.widgets.theme import Theme
    from repository_server import Served

pytestmark = pytest.mark.qt
PATIENCE = 30_000


@pytest.fixture
def line(served: Served, tmp_path: Path, theme: Theme, host: QWidget) -> Iterator[SearchLine]:
    with Session(Settings(server=served.address, cache_dir=tmp_path)) as session:
        line = SearchLine(session, theme, (), host)
        layout = QVBoxLayout(host)
        layout.addWidget(line)
        layout.addStretch(1)
        host.show()
        line.box.setFocus()
        yield line
        line.stop()


def listed(line: SearchLine) -> list[tuple[str, str]]:
    rows = (line.suggestions.topLevelItem(row) for row in range(line.suggestions.topLevelItemCount()))
    return [(row.text(0).strip(), row.text(1)) for row in rows]


def test_a_pause_costs_one_request_and_shows_groups_with_counts(qtbot: QtBot, line: SearchLine, served: Served) -> None:
    qtbot.keyClicks(line.box, "kif")
    qtbot.waitUntil(line.suggestions.isVisible, timeout=PATIENCE)
    assert listed(line)[:2] == [("Gene", ""), ("kif11", "2")]
    assert served.requests() == ["/searchengine/api/v1/resources/image/searchvalues/?data_source=idr&value=kif"]


def test_typing_on_replaces_the_question_on_its_way(qtbot: QtBot, line: SearchLine) -> None:
    qtbot.keyClicks(line.box, "arrest")
    line.suggester._ask()
    qtbot.keyClicks(line.box, "x")
    line.suggester._ask()
    qtbot.waitUntil(lambda: not any(job.is_running for job in line.suggester._jobs), timeout=PATIENCE)
    assert listed(line) == []
    assert line.suggestions.isHidden()


def test_down_and_enter_take_a_suggestion_as_a_condition(qtbot: QtBot, line: SearchLine) -> None:
    qtbot.keyClicks(line.box, "kif")
    qtbot.waitUntil(line.suggestions.isVisible, timeout=PATIENCE)
    qtbot.keyClick(line.box, Qt.Key.Key_Down)
    assert line.suggestions.currentItem().text(0).strip() == "kif11"
    with qtbot.waitSignal(line.box.search_entered, timeout=PATIENCE) as searched:
        qtbot.keyClick(line.box, Qt.Key.Key_Return)
    assert searched.args == ["Gene Symbol = kif11"]
    assert line.suggestions.isHidden()


def test_enter_without_a_choice_searches_the_text(qtbot: QtBot, line: SearchLine) -> None:
    qtbot.keyClicks(line.box, "kif")
    qtbot.waitUntil(line.suggestions.isVisible, timeout=PATIENCE)
    qtbot.keyClick(line.box, Qt.Key.Key_Down)
    qtbot.keyClick(line.box, Qt.Key.Key_Up)
    with qtbot.waitSignal(line.box.search_entered, timeout=PATIENCE) as searched:
        qtbot.keyClick(line.box, Qt.Key.Key_Return)
    assert searched.args == ["kif"]


def test_escape_puts_them_away_and_the_text_stays(qtbot: QtBot, line: SearchLine) -> None:
    qtbot.keyClicks(line.box, "kif")
    qtbot.waitUntil(line.suggestions.isVisible, timeout=PATIENCE)
    qtbot.keyClick(line.box, Qt.Key.Key_Escape)
    assert line.suggestions.isHidden()
    assert line.box.text() == "kif"


def test_a_study_is_gone_to_by_its_accession(qtbot: QtBot, line: SearchLine) -> None:
    session = line.suggester._session
    session.children(session.repositories[0].root())
    qtbot.keyClicks(line.box, "whole slide")
    qtbot.waitUntil(line.suggestions.isVisible, timeout=PATIENCE)
    assert [text for text, _ in listed(line)][-2:] == ["Study", "idr9902  Demonstration: a whole slide of colon"]
    qtbot.keyClick(line.box, Qt.Key.Key_Up)
    with qtbot.waitSignal(line.box.address_entered, timeout=PATIENCE) as entered:
        qtbot.keyClick(line.box, Qt.Key.Key_Return)
    assert entered.args == ["idr9902"]


@pytest.mark.parametrize("kind", ["html", "status404"])
def test_a_repository_that_cannot_suggest_is_no_error(
    qtbot: QtBot, line: SearchLine, served: Served, kind: str
) -> None:
    served.fail("searchvalues", kind, 9)
    qtbot.keyClicks(line.box, "kif")
    qtbot.waitUntil(
        lambda: bool(line.suggester._jobs) and not any(job.is_running for job in line.suggester._jobs), timeout=PATIENCE
    )
    assert line.suggestions.isHidden()


@pytest.mark.parametrize(
    ("text", "asked"),
    [("k", False), ("ki", True), ("Gene Symbol = K", False), ("https://x.org/", False), ("idr0013", False)],
)
def test_what_is_an_address_or_a_condition_is_not_asked_for(text: str, asked: bool) -> None:
    assert is_suggestible(text) is asked


def test_conditions_that_are_chosen_stand_in_the_box(qtbot: QtBot, line: SearchLine) -> None:
    line.box.setText("KIF11")
    line.build.setChecked(True)
    rows = line.conditions.rows
    assert (rows[0].key.currentText(), rows[0].value.text()) == ("Gene Symbol", "KIF11")
    line.conditions.add()
    rows[1].key.setEditText("Phenotype")
    rows[1].operator.setCurrentIndex(rows[1].operator.findData("in"))
    rows[1].join.setCurrentText("and")
    qtbot.keyClicks(rows[1].value, "mitotic arrest, large nuclei")
    text = "Gene Symbol = KIF11 AND Phenotype in (mitotic arrest, large nuclei)"
    assert line.box.text() == text
    rows[1].join.setCurrentText("or")
    rows[1].join.activated.emit(1)
    assert line.box.text() == "Gene Symbol = KIF11 OR Phenotype in (mitotic arrest, large nuclei)"
    with qtbot.waitSignal(line.box.search_entered, timeout=PATIENCE) as searched:
        qtbot.keyClick(rows[1].value, Qt.Key.Key_Return)
    assert searched.args == [line.box.text()]


@pytest.mark.parametrize(
    "text",
    [
        "Gene Symbol = KIF11",
        "Cell Line = HeLa AND Gene Symbol = KIF11 OR Gene Symbol = PLK1",
        "Organism not in (Homo sapiens, Mus musculus)",
        'Compound Name = "A = B"',
    ],
)
def test_a_text_of_conditions_becomes_rows_and_the_same_text_again(line: SearchLine, text: str) -> None:
    line.conditions.show_text(text)
    line.conditions.rows[0].changed.emit()
    assert line.box.text() == text


def test_a_row_that_is_removed_leaves_the_others_and_never_none(line: SearchLine) -> None:
    line.conditions.show_text("Gene Symbol = KIF11 AND Organism = Homo sapiens")
    line.conditions.rows[0].remove.click()
    assert line.box.text() == "Organism = Homo sapiens"
    line.conditions.rows[0].remove.click()
    assert len(line.conditions.rows) == 1
    assert not line.conditions.query
