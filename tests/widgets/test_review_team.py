"""Several people at one queue, and what goes out and comes in, as the tab Review has it; files dropped on napari."""

# ruff: noqa: F811 - fixtures are imported

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QPushButton
from test_review_tab import ADA, signs, tab, viewer_session  # noqa: F401 - fixtures

from napari_idr.formats.annotations.convert import read_any
from napari_idr.layers.shown_dock import show_dock
from napari_idr.model.annotator import Annotator
from napari_idr.review.desk import Desk
from napari_idr.review.hand_over import write_review
from napari_idr.review.queue_store import open_queue
from napari_idr.widgets.review_disputes import NONE, NONE_BLIND
from napari_idr.widgets.review_team import AGREEMENT, DISPUTES, WORK, ReviewTeam
from napari_idr.widgets.review_waiting import waiting_text
from napari_idr.workspace.database import sqlite_address
from napari_idr.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from napari_idr.widgets.review_tab import ReviewTab

pytestmark = pytest.mark.qt
GRACE, LIN = Annotator("Grace Hopper"), Annotator("Lin")
PATIENCE = 20_000


def colleague(tab: ReviewTab, who: Annotator, verdicts: str, why: str = "") -> None:
    """Somebody else says, of the objects in the order of the list, accepted (a), rejected (r) or nothing (-)."""
    assert tab.desk is not None
    workspace = tab._session.session.workspace
    desk = desk_of(workspace, tab.desk.opened.uuid, who)
    listed = [tab.desk.queue.uuids[row] for row in tab.desk.rows]
    for uuid, letter in zip(listed, verdicts, strict=False):
        if letter != "-":
            desk.judge({"a": "accepted", "r": "rejected"}[letter], why, [uuid])  # type: ignore[arg-type]
    tab._ask_news()


def desk_of(workspace: Workspace, queue: str, who: Annotator) -> Desk:
    def record(_image: object, batch: Any, *, who: object = None) -> int:
        workspace.record(batch)
        return 0

    return Desk(open_queue(workspace, queue), who, record)


def team_of(tab: ReviewTab, page: int) -> ReviewTeam:
    tab.show_team(page)
    assert tab.team is not None
    return tab.team


def cells(table: Any) -> list[list[str]]:
    return [
        [table.item(row, column).text() for column in range(table.columnCount())] for row in range(table.rowCount())
    ]


def press(strip: Any, text: str) -> None:
    next(one for one in strip.findChildren(QPushButton) if one.text() == text and not one.isHidden()).click()


def test_an_image_is_given_claimed_and_let_go(tab: ReviewTab, qtbot: QtBot) -> None:
    team = team_of(tab, WORK)
    page = team.work
    assert cells(page.table) == [["image 17", "", "0 of 6"]]
    page.give.click()
    assert "Select images" in team.notices.text.text()
    page.which.setCurrentIndex(page.which.findText("All with spot"))
    page.who.setEditText("Ada (lab B)")
    page.give.click()
    assert team.notices.text.text().startswith("Name who gets them")
    page.who.setEditText("Grace Hopper")
    page.give.click()
    qtbot.waitUntil(lambda: cells(page.table)[0][1] == "Grace Hopper", timeout=PATIENCE)
    page.claim.click()
    assert team.notices.text.text() == "1 image is somebody else's, and stayed so."
    page.who.setCurrentText("(free)")
    page.give.click()
    qtbot.waitUntil(lambda: cells(page.table)[0][1] == "", timeout=PATIENCE)
    page.table.selectRow(0)
    page.which.setCurrentIndex(0)
    page.claim.click()
    qtbot.waitUntil(lambda: cells(page.table)[0][1].startswith("Ada Lovelace, until "), timeout=PATIENCE)
    page.release.click()
    qtbot.waitUntil(lambda: cells(page.table)[0][1] == "", timeout=PATIENCE)


def test_a_disagreement_is_seen_side_by_side_and_decided(tab: ReviewTab, qtbot: QtBot) -> None:
    tab.act("next")
    tab.act("accept")
    team = team_of(tab, DISPUTES)
    page = team.disputes
    assert page.empty.text() == NONE
    colleague(tab, GRACE, "-r", "only half of it")
    qtbot.waitUntil(lambda: page.table.rowCount() == 1, timeout=PATIENCE)
    heads = [page.table.horizontalHeaderItem(n).text() for n in range(page.table.columnCount())]
    assert heads == ["Object", "Ada Lovelace", "Grace Hopper", "Decided"]
    assert cells(page.table) == [["image 17 · nucleus", "✓ accepted", "✗ rejected", ""]]
    assert not page.why.isEnabled()
    tab.act("next")
    page.table.selectRow(0)
    assert tab.desk is not None
    assert tab.desk.position == 1
    assert "Grace Hopper: ✗ rejected (only half of it)" in page.opinions.text()
    page.why.setText("it is debris")
    page.buttons["rejected"].click()
    qtbot.waitUntil(lambda: cells(page.table)[0][3] == "✗ rejected", timeout=PATIENCE)
    assert "Ada Lovelace decided: ✗ rejected (it is debris)" in page.opinions.text()
    assert signs(tab)[1] == "✗"
    (event,) = [one for one in tab.desk.opened.said[page.uuid] if one.kind == "adjudicate"]
    assert (event.who, event.why) == (ADA, "it is debris")


def test_a_second_opinion_hides_the_first_until_one_has_said_something(
    tab: ReviewTab,
    qtbot: QtBot,
) -> None:
    colleague(tab, GRACE, "ar")
    colleague(tab, LIN, "rr")
    qtbot.waitUntil(lambda: signs(tab).startswith("✗✗"), timeout=PATIENCE)
    team = team_of(tab, DISPUTES)
    assert team.disputes.table.rowCount() == 1
    team.blind.click()
    assert signs(tab) == "○○○○○○"
    assert "second opinion" in tab.numbers.text()
    assert (team.disputes.table.rowCount(), team.disputes.empty.text()) == (0, NONE_BLIND)
    tab.act("accept")
    qtbot.waitUntil(lambda: team.disputes.table.rowCount() == 1, timeout=PATIENCE)
    assert signs(tab) == "✓○○○○○"
    assert tab.desk is not None
    uuid = tab.desk.opened.uuid
    tab.stop_review()
    tab.show_queue(open_queue(tab._session.session.workspace, uuid))
    assert signs(tab) == "✓○○○○○"
    team.blind.click()
    assert signs(tab) == "✓✗○○○○"


def test_agreement_is_a_table_that_is_copied(tab: ReviewTab, qtbot: QtBot) -> None:
    tab.act("accept")
    tab.act("reject")
    colleague(tab, GRACE, "aa")
    tab.write_all()
    team = team_of(tab, AGREEMENT)
    page = team.agreement
    qtbot.waitUntil(lambda: page.table.rowCount() == 2, timeout=PATIENCE)
    assert cells(page.table)[0][:5] == ["all classes", "Ada Lovelace / Grace Hopper", "2", "50.0 %", "0.000"]
    page.copy.click()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t")[4] == "Cohen's kappa"
    assert [line.split("\t")[0] for line in lines[1:]] == ["all classes", "nucleus"]


def test_all_pages_fit_300_pixels(tab: ReviewTab) -> None:
    team = team_of(tab, WORK)
    assert team.minimumSizeHint().width() <= 300
    assert tab.minimumSizeHint().width() <= 300


def test_a_queue_goes_out_and_a_colleagues_comes_in_after_a_look(
    tab: ReviewTab,
    qtbot: QtBot,
    tmp_path: Path,
) -> None:
    assert tab.desk is not None
    file, back, queue = tmp_path / "cells.idrreview", tmp_path / "back.idrreview", tab.desk.opened.uuid
    tab.queues.current = tab.desk.opened
    tab.act("accept")
    tab.files.ask_place = lambda title, name, kinds: (str(tmp_path / "cells"), "")
    tab.files.hand_over.click()
    qtbot.waitUntil(file.is_file, timeout=PATIENCE)
    qtbot.waitUntil(lambda: tab.notices.text.text() == "Written: cells.idrreview.", timeout=PATIENCE)
    with Workspace(sqlite_address(tmp_path / "grace.sqlite"), tmp_path / "grace") as other:
        other.merge(file)
        desk_of(other, queue, GRACE).judge("rejected", "", tab.desk.queue.uuids[:1])
        write_review(other, open_queue(other, queue), back)
    tab.files.ask_file = lambda: str(back)
    tab.files.take.click()
    said = "1 event would come in: 1 of Grace Hopper. On 1 object the reviewers differ then."
    qtbot.waitUntil(lambda: said in tab.notices.text.text(), timeout=PATIENCE)
    assert signs(tab)[0] == "✓"
    press(tab.notices, "Take it in")
    qtbot.waitUntil(lambda: signs(tab)[:1] == "✗", timeout=PATIENCE)
    assert tab._session.recent.entries[0] == ("back.idrreview", str(back))
    qtbot.waitUntil(lambda: not tab.progress.is_busy, timeout=PATIENCE)


def test_the_report_and_every_format_are_written_by_buttons(
    tab: ReviewTab,
    qtbot: QtBot,
    tmp_path: Path,
) -> None:
    assert tab.desk is not None
    tab.queues.current = tab.desk.opened
    tab.act("accept")
    tab.act("reject")
    tab.files.ask_place = lambda title, name, kinds: (str(tmp_path / "r.html"), "")
    tab.files.report.click()
    qtbot.waitUntil((tmp_path / "r.html").is_file, timeout=PATIENCE)
    assert "✗" in (tmp_path / "r.html").read_text(encoding="utf-8")
    kinds: list[str] = []

    def ask(_title: str, _name: str, offered: str) -> tuple[str, str]:
        kinds.extend(offered.split(";;"))
        return str(tmp_path / "good"), next(one for one in kinds if "geojson" in one)

    tab.files.ask_place = ask
    tab.files.ask_format(("accepted",))
    qtbot.waitUntil((tmp_path / "good.geojson").is_file, timeout=PATIENCE)
    (one,) = [each for found in read_any(tmp_path / "good.geojson") for each in found.objects]
    assert (one.status, one.reviewer) == ("accepted", ADA)
    assert len(kinds) > 10
    qtbot.waitUntil(lambda: not tab.progress.is_busy, timeout=PATIENCE)


def test_a_file_that_is_damaged_is_one_sentence(tab: ReviewTab, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "bad.idrreview").write_bytes(b"SQLite format 3\0" + b"\0" * 4096)
    tab.files.look_into(tmp_path / "bad.idrreview")
    qtbot.waitUntil(lambda: not tab.notices.isHidden(), timeout=PATIENCE)
    assert "bad.idrreview" in tab.notices.text.text()
    assert "Traceback" not in tab.notices.text.text()
    assert signs(tab) == "○○○○○○"


@pytest.mark.parametrize(("count", "expected"), [(0, ""), (1, "1 thing you said waits"), (1200, "1,200 things you")])
def test_what_waits_is_said_with_why(count: int, expected: str) -> None:
    text = waiting_text(count, OSError("The team's database does not answer"))
    assert text.startswith(expected)
    assert ("does not answer" in text) == bool(count)


def test_a_review_file_that_is_dropped_opens_and_is_recent(
    make_napari_viewer: Callable[..., Any], qtbot: QtBot, tmp_path: Path
) -> None:
    from test_review_tab import objects

    from annotated import image_layer, plain_set
    from napari_idr.layers.viewer_session import ViewerSession
    from napari_idr.review.queue_file import QueueDefinition
    from napari_idr.review.queue_store import make_queue

    file = tmp_path / "cells.IDRreview"
    with Workspace(sqlite_address(tmp_path / "grace.sqlite"), tmp_path / "grace") as other:
        layer = image_layer("zyx", (3, 60, 80), name="cells · DNA")
        queue = make_queue(other, [plain_set(layer, *objects())], QueueDefinition(name="cells"), GRACE)
        write_review(other, open_queue(other, queue), file)
    viewer = make_napari_viewer()
    session = ViewerSession.for_viewer(viewer)
    viewer.add_layer(layer)
    assert viewer.open(str(file), plugin="napari-idr") == []
    dock = show_dock(viewer)
    qtbot.waitUntil(lambda: "would come in" in dock.review.notices.text.text(), timeout=PATIENCE)
    assert dock.tabs.currentIndex() == 2
    press(dock.review.notices, "Take it in")
    qtbot.waitUntil(lambda: signs(dock.review) == "○○○○○○", timeout=PATIENCE)
    assert session.recent.entries[0] == ("cells.IDRreview", str(file))
    dock.review.stop_review()
    session.open(session.recent.entries[0][1])
    qtbot.waitUntil(lambda: dock.review.desk is not None, timeout=PATIENCE)
    qtbot.waitUntil(lambda: not dock.review.progress.is_busy, timeout=PATIENCE)
    dock.close()
    session.close()
