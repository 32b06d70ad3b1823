"""The term picker: three actions per term, by keys alone, with what is kept first and what the service adds below."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_idr.errors import Unreachable
from napari_idr.model.ontology import OntologyTerm
from napari_idr.repositories.ontologies import OntologyRelease
from napari_idr.widgets.term_picker import TermPicker
from napari_idr.workspace.term_index import TermHit, TermIndex
from napari_idr.workspace.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot
    from qtpy.QtWidgets import QWidget

pytestmark = pytest.mark.qt

ROUND = OntologyTerm("CMPO_0000118", "round cell phenotype", definition="A cell that is <b>round</b>.")
NUCLEUS = OntologyTerm("CMPO_0000119", "round nucleus phenotype")
ARREST = OntologyTerm("CMPO_0000196", "M phase arrested phenotype", synonyms=("mitotic arrest",))
ONLINE = OntologyTerm("GO_0000278", "mitotic cell cycle")
GONE = Unreachable("The ontology service does not answer", "ols.example.org", "try again later")


class FakeService:
    """CMPO with three terms, and one term of GO."""

    address = "https://ols.example.org/"

    def __init__(self) -> None:
        self.is_away = False
        self.hold = threading.Event()
        self.hold.set()
        self.asked: list[str] = []

    def whole(self, ontology: str) -> OntologyRelease:
        self._answer(ontology)
        return OntologyRelease(ontology, "2017-12-19", (ROUND, NUCLEUS, ARREST))

    def complete(self, text: str, ontologies: tuple[str, ...], *, rows: int) -> tuple[OntologyTerm, ...]:
        self._answer(text)
        return (ONLINE,)

    def _answer(self, what: str) -> None:
        self.asked.append(what)
        self.hold.wait(120)
        if self.is_away:
            raise GONE


class FakeSession:
    def __init__(self, terms: Terms) -> None:
        self.terms = terms


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def picker(tmp_path: Path, host: QWidget, qtbot: QtBot, service: FakeService) -> Iterator[TermPicker]:
    terms = Terms(TermIndex(tmp_path / "terms.sqlite"), service)  # type: ignore[arg-type]
    picker = TermPicker(FakeSession(terms), host)
    picker._pause.setInterval(0)
    host.show()
    picker.show()
    yield picker
    service.hold.set()
    for job in (picker._preparing, picker._finding, picker._asking):
        qtbot.waitUntil(lambda job=job: not job.is_running)
    terms.close()


def begin(picker: TermPicker, qtbot: QtBot) -> None:
    """Give it the focus, and wait until CMPO is there."""
    picker._begin()
    qtbot.waitUntil(lambda: "CMPO" in picker.status.text() and not picker._preparing.is_running)


def rows(picker: TermPicker) -> list[str]:
    return [row.hit.term.accession if row.hit else "none" for row in picker._model.rows]


def typed(picker: TermPicker, qtbot: QtBot, text: str, expected: list[str]) -> None:
    qtbot.keyClicks(picker.line, text)
    qtbot.waitUntil(lambda: rows(picker) == expected and not picker._finding.is_running)


def test_typing_and_enter_choose_the_best_term(picker: TermPicker, qtbot: QtBot) -> None:
    begin(picker, qtbot)
    assert "release 2017-12-19, 3 terms" in picker.status.text()
    typed(picker, qtbot, "round c", [ROUND.accession, ONLINE.accession, "none"])
    assert picker.definition.text() == ROUND.definition
    with qtbot.waitSignal(picker.chosen) as chosen:
        qtbot.keyClick(picker.line, Qt.Key.Key_Return)
    assert chosen.args == [ROUND]
    assert picker.line.text() == ""
    assert picker.list.isHidden()


def test_arrows_choose_another_and_what_was_chosen_comes_first_next_time(picker: TermPicker, qtbot: QtBot) -> None:
    begin(picker, qtbot)
    typed(picker, qtbot, "round", [ROUND.accession, NUCLEUS.accession, ONLINE.accession, "none"])
    qtbot.keyClick(picker.line, Qt.Key.Key_Down)
    with qtbot.waitSignal(picker.chosen) as chosen:
        qtbot.keyClick(picker.line, Qt.Key.Key_Enter)
    assert chosen.args == [NUCLEUS]
    qtbot.waitUntil(lambda: bool(picker._session.terms.kept("")))
    picker._begin()
    qtbot.waitUntil(lambda: rows(picker) == [NUCLEUS.accession])
    assert "used before" in picker._model.rows[0].text


@pytest.mark.parametrize("again", [False, True], ids=["before", "twice"])
def test_what_the_service_answered_stays_when_what_is_kept_comes_after_it(
    picker: TermPicker, qtbot: QtBot, service: FakeService, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    begin(picker, qtbot)
    expected = [ROUND.accession, ONLINE.accession, "none"]
    if again:
        typed(picker, qtbot, "round c", expected)
    gate, kept = threading.Event(), picker._session.terms.kept

    def late(text: str, *limit: int) -> list[TermHit]:
        if not limit:  # for the list, not for the question to the service
            gate.wait(120)
        return kept(text, *limit)

    monkeypatch.setattr(picker._session.terms, "kept", late)
    if again:
        picker._on_prepared(())
        picker._find(picker.line.text())
    else:
        qtbot.keyClicks(picker.line, "round c")
        qtbot.waitUntil(lambda: "round c" in service.asked and not picker._asking.is_running)
    gate.set()
    qtbot.waitUntil(lambda: not picker._finding.is_running)
    assert rows(picker) == expected


def test_a_synonym_finds_a_term_and_is_shown_and_markup_is_only_text(picker: TermPicker, qtbot: QtBot) -> None:
    begin(picker, qtbot)
    typed(picker, qtbot, "mitotic a", [ARREST.accession, ONLINE.accession, "none"])
    index = picker._model.index(0)
    assert "also “mitotic arrest”" in index.data()
    picker._show([*picker._session.terms.kept("round cell")], "round cell")
    assert "&lt;b&gt;" in picker._model.index(0).data(Qt.ItemDataRole.ToolTipRole)


def test_no_term_has_to_be_gone_to(picker: TermPicker, qtbot: QtBot, service: FakeService) -> None:
    begin(picker, qtbot)
    service.is_away = True
    typed(picker, qtbot, "fluffy", ["none"])
    chosen: list[object] = []
    picker.chosen.connect(chosen.append)
    qtbot.keyClick(picker.line, Qt.Key.Key_Return)
    assert picker.line.text() == "fluffy"
    qtbot.keyClick(picker.line, Qt.Key.Key_Down)
    with qtbot.waitSignal(picker.no_term_chosen) as said:
        qtbot.keyClick(picker.line, Qt.Key.Key_Return)
    assert said.args == ["fluffy"]
    assert chosen == []


def test_off_line_what_is_kept_is_found_and_it_is_said(picker: TermPicker, qtbot: QtBot, service: FakeService) -> None:
    begin(picker, qtbot)
    service.is_away = True
    typed(picker, qtbot, "round n", [NUCLEUS.accession, "none"])
    qtbot.waitUntil(lambda: "Only terms that are kept here" in picker.status.text())


def test_what_could_not_be_fetched_is_said_and_can_be_tried_again(
    picker: TermPicker, qtbot: QtBot, service: FakeService
) -> None:
    service.is_away = True
    picker._begin()
    qtbot.waitUntil(lambda: not picker.again.isHidden())
    assert "does not answer" in picker.status.text()
    service.is_away = False
    picker.again.click()
    qtbot.waitUntil(lambda: "3 terms" in picker.status.text())
    assert picker.again.isHidden()


def test_escape_empties_the_line_and_a_late_answer_is_not_shown(
    picker: TermPicker, qtbot: QtBot, service: FakeService
) -> None:
    begin(picker, qtbot)
    service.hold.clear()
    qtbot.keyClicks(picker.line, "round")
    qtbot.waitUntil(lambda: "round" in service.asked)
    qtbot.keyClick(picker.line, Qt.Key.Key_Escape)
    service.hold.set()
    for thread in [one for one in threading.enumerate() if one.name == "napari-idr worker"]:
        thread.join(120)
    QApplication.processEvents()
    assert rows(picker) == []
    assert picker.line.text() == ""
