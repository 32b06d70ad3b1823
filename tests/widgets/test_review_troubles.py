"""A database that is locked, full, read-only, newer or damaged: a banner, nothing is lost, and the rest goes on."""

# ruff: noqa: F811 - fixtures are imported

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from test_review_tab import ADA, signs, tab, viewer_session  # noqa: F401 - fixtures

from annotated import image_layer, plain_set
from napari_idr.layers.viewer_session import ViewerSession
from napari_idr.review.queue_file import QueueDefinition
from napari_idr.review.queue_store import make_queue
from napari_idr.widgets.review_tab import ReviewTab
from napari_idr.workspace.database import file_of, sqlite_address
from napari_idr.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot
    from qtpy.QtWidgets import QWidget

    from napari_idr.widgets.theme import Theme

pytestmark = pytest.mark.qt
PATIENCE = 30_000


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace of the test's own."""
    monkeypatch.setenv("NAPARI_IDR_DATA_DIR", str(tmp_path))
    return tmp_path


def connections(tab: ReviewTab) -> list[Any]:
    """The pool's connections."""
    database = tab._session.session.workspace._database
    assert database is not None
    with database.engine.connect() as one, database.engine.connect() as two:
        return [one.connection.driver_connection, two.connection.driver_connection]


def said(tab: ReviewTab) -> list[str]:
    with tab._session.session.workspace.reading() as reader:
        return [event.why for event in reader.events(kind="comment")]


@pytest.mark.parametrize(
    ("broken", "mended", "why"),
    [
        ("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000", "There is no room for the workspace"),
        ("PRAGMA query_only = ON", "PRAGMA query_only = OFF", "may only be read"),
    ],
)
def test_a_database_that_takes_nothing_is_a_banner_and_verdicts_wait_in_order(
    tab: ReviewTab,
    qtbot: QtBot,
    broken: str,
    mended: str,
    why: str,
) -> None:
    assert tab.waiting.isHidden()
    for connection in connections(tab):
        connection.execute(broken)
    assert tab.desk is not None
    for number in range(3):
        tab.desk.comment(f"{number} " + "x" * 9000)
    tab.act("accept")
    qtbot.waitUntil(lambda: signs(tab)[0] == "✓", timeout=PATIENCE)
    qtbot.waitUntil(lambda: "4 things you said wait safely on this computer" in tab.waiting.text(), timeout=PATIENCE)
    assert why in tab.waiting.text()
    assert not tab.waiting.isHidden()
    tab.act("reject")
    qtbot.waitUntil(lambda: signs(tab)[:2] == "✓✗", timeout=PATIENCE)
    for connection in connections(tab):
        connection.execute(mended)
    qtbot.waitUntil(tab.waiting.isHidden, timeout=PATIENCE)
    assert [text[0] for text in said(tab)] == ["0", "1", "2"]


def test_a_database_that_another_program_holds_is_a_banner(tab: ReviewTab, qtbot: QtBot) -> None:
    file = file_of(tab._session.session.workspace.address)
    assert file is not None
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        tab.act("accept")
        qtbot.waitUntil(lambda: "Another program holds the workspace" in tab.waiting.text(), timeout=PATIENCE)
        assert tab.waiting.text().startswith("1 thing you said waits safely")
        other.execute("ROLLBACK")
    qtbot.waitUntil(tab.waiting.isHidden, timeout=PATIENCE)
    assert signs(tab)[0] == "✓"


def empty_tab(make_napari_viewer: Callable[..., Any], theme: Theme, host: QWidget) -> tuple[ReviewTab, ViewerSession]:
    session = ViewerSession.for_viewer(make_napari_viewer())
    tab = ReviewTab(session, theme, host)
    host.show()
    tab.queues.look()
    return tab, session


@pytest.fixture
def file(folder: Path) -> Iterator[Path]:
    """The file of a workspace with one queue, closed."""
    path = folder / "workspace.sqlite"
    with Workspace(sqlite_address(path), folder / "journal") as made:
        from test_review_tab import objects

        layer = image_layer("zyx", (3, 60, 80))
        make_queue(made, [plain_set(layer, *objects())], QueueDefinition(name="cells"), ADA)
    yield path
    assert path.is_file()


def test_a_database_of_a_newer_release_is_one_sentence_and_stays_as_it_is(
    file: Path, make_napari_viewer: Callable[..., Any], theme: Theme, host: QWidget, qtbot: QtBot
) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
    before = file.read_bytes()
    tab, session = empty_tab(make_napari_viewer, theme, host)
    qtbot.waitUntil(lambda: not tab.notices.isHidden(), timeout=PATIENCE)
    assert tab.notices.text.text().startswith("The workspace is from a newer napari-idr (revision 0999)")
    assert not tab.empty.isHidden()
    assert file.read_bytes() == before
    tab.stop()
    session.close()


def test_a_damaged_database_is_set_aside_and_it_is_said(
    file: Path, make_napari_viewer: Callable[..., Any], theme: Theme, host: QWidget, qtbot: QtBot
) -> None:
    content = b"not a database at all " * 100
    file.write_bytes(content)
    tab, session = empty_tab(make_napari_viewer, theme, host)
    qtbot.waitUntil(lambda: not tab.notices.isHidden(), timeout=PATIENCE)
    assert "damaged" in tab.notices.text.text()
    (aside,) = file.parent.glob("*damaged*.sqlite")
    assert aside.read_bytes() == content
    qtbot.waitUntil(lambda: tab.queues.box.currentText() == "No queue yet", timeout=PATIENCE)
    tab.stop()
    session.close()


def test_a_clock_that_jumps_changes_neither_order_nor_what_counts(tab: ReviewTab, qtbot: QtBot) -> None:
    desk = tab.desk
    assert desk is not None
    uuid = desk.uuid
    for year, status in ((2040, "accepted"), (1999, "rejected")):
        desk._now = lambda year=year: datetime(year, 1, 1, tzinfo=UTC)  # type: ignore[misc]
        desk.judge(status, uuids=[uuid])  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: desk.status(uuid) == "rejected", timeout=PATIENCE)
    desk._now = lambda: datetime.now(UTC)
    tab.show_team()
    assert tab.team is not None
    assert tab.team.work.table.item(0, 2).text() == "1 of 6"


@pytest.mark.parametrize(
    "name", ["<b>x</b>", "a\tb\nc", "\U0001f9ec שלום", "=1+1", "'; DROP TABLE events; --", "x" * 300]
)
def test_a_name_of_any_character_goes_through(tab: ReviewTab, qtbot: QtBot, name: str) -> None:
    tab.show_team()
    team = tab.team
    assert team is not None
    assert tab.desk is not None
    team.work.which.setCurrentIndex(1)
    team.work.who.setEditText(name)
    team.work.give.click()
    meant = " ".join(name.split()) if "\n" in name else name
    qtbot.waitUntil(
        lambda: " ".join(team.work.table.item(0, 1).text().split()) == " ".join(meant.split()), timeout=PATIENCE
    )
    tab.desk.relabel(name)
    tab.act("accept")
    qtbot.waitUntil(lambda: signs(tab)[0] == "✓", timeout=PATIENCE)
    assert tab.desk.queue.value("object_class", int(tab.desk.rows[0])) == name
