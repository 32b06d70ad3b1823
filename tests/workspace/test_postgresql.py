"""A team on one PostgreSQL: the same promises as on a file, two at once, and a connection that is cut."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
from made import IMAGE, ME, OTHER, rectangle
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from napari_idr.errors import AccessDenied, Unreachable, Unsupported
from napari_idr.model.annotation_set import LabelImage
from napari_idr.workspace import autosave as autosaving
from napari_idr.workspace import workspace as module
from napari_idr.workspace.autosave import Autosave
from napari_idr.workspace.changes import ObjectChange, described_event, object_events, verdict_event
from napari_idr.workspace.events import Batch, joined, new_event
from napari_idr.workspace.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from private_postgresql import PrivatePostgresql

KEY = IMAGE.key
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="PostgreSQL is tried where it has Unix sockets")


@pytest.fixture
def address(server: PrivatePostgresql, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.0)
    return server.database(f"d{abs(hash(request.node.name))}")


def made() -> Batch:
    return joined([described_event(IMAGE, ME), object_events(KEY, [ObjectChange(None, rectangle())], ME)])


def test_a_workspace_on_a_server_holds_what_was_made(address: str, tmp_path: Path) -> None:
    odd = "\ud800 \0 \\ ' é 漢字"
    one = rectangle(odd)
    pixels = np.arange(500 * 600, dtype=np.uint32).reshape(500, 600)
    with Workspace(address, tmp_path) as kept, Autosave(kept, ME) as autosave:
        autosave.save(IMAGE, [ObjectChange(None, one)], why=odd)
        autosave.paint(IMAGE, LabelImage(name=odd, axes=("y", "x"), pixels=pixels))
        assert autosave.flush(120)
        assert kept.problem is None
        assert "hunter2" not in kept.shown
    with Workspace(address, tmp_path) as again:
        state = again.state(KEY)
        assert state is not None
        assert state.objects == (one,)
        assert np.array_equal(state.labels[0].pixels, pixels)
        exported = again.export(tmp_path / "team.idrreview")
        assert again.merge(exported).events == 0
        history = again.history(KEY)
    with Workspace(f"sqlite:///{tmp_path / 'mine.sqlite'}", tmp_path) as mine:
        mine.merge(exported)
        assert mine.history(KEY) == history


@pytest.mark.parametrize("change", ["UPDATE events SET kind = 'x'", "DELETE FROM documents", "TRUNCATE chunks"])
def test_nothing_is_changed_or_deleted_in_place(address: str, tmp_path: Path, change: str) -> None:
    with Workspace(address, tmp_path) as kept:
        kept.record(made())
    engine = create_engine(address)
    try:
        with engine.begin() as connection, pytest.raises(DBAPIError, match="only added"):
            connection.execute(text(change))
    finally:
        engine.dispose()


def test_tables_are_those_that_the_migrations_make(address: str, tmp_path: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from napari_idr.workspace.schema import metadata

    with Workspace(address, tmp_path) as kept, kept.reading() as reader:
        assert compare_metadata(MigrationContext.configure(reader.connection), metadata) == []


def test_several_open_an_empty_database_at_once(address: str, tmp_path: Path) -> None:
    problems: list[object] = []

    def open_it() -> None:
        with Workspace(address, tmp_path) as kept:
            kept.record(Batch((new_event("note", image=KEY),)))
            problems.append(kept.problem)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == [None] * 4
    with Workspace(address, tmp_path) as kept:
        assert len(kept.history(KEY).events) == 4


def test_two_curators_at_once_lose_nothing(address: str, tmp_path: Path) -> None:
    """Two thousand verdicts each are the dose of ``make soak``."""
    count = int(os.environ.get("NAPARI_IDR_VERDICTS", "200"))
    one = rectangle()
    with Workspace(address, tmp_path) as mine, Workspace(address, tmp_path) as theirs:
        mine.record(joined([described_event(IMAGE, ME), object_events(KEY, [ObjectChange(None, one)], ME)]))

        def judge(kept: Workspace, who: object) -> None:
            for number in range(count):
                kept.record(verdict_event(KEY, one.uuid, "accepted", who, why=str(number)))  # type: ignore[arg-type]

        threads = [threading.Thread(target=judge, args=pair) for pair in ((mine, ME), (theirs, OTHER))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (mine.problem, theirs.problem, mine.waiting, theirs.waiting) == (None, None, 0, 0)
        verdicts = mine.history(KEY).objects[one.uuid].verdicts
        for who in (ME, OTHER):
            assert [verdict.why for verdict in verdicts if verdict.who == who] == list(map(str, range(count)))
        assert [event.lamport for event in theirs.news(0)[1]] == list(range(1, 2 * count + 3))


def test_what_is_made_while_the_connection_is_cut_is_sent_once_in_order(
    server: PrivatePostgresql, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosaving, "AGAIN_SECONDS", 0.05)
    one, sent = rectangle(), threading.Event()
    with Workspace(address, tmp_path) as kept, Autosave(kept, OTHER) as autosave:
        kept.waiting_changed.connect(lambda waiting: None if waiting else sent.set())
        autosave.save(IMAGE, [ObjectChange(None, one)])
        assert autosave.flush(120)
        server.cut()
        try:
            for number in range(50):
                autosave.record(IMAGE, verdict_event(KEY, one.uuid, "flagged", OTHER, why=str(number)))
                if number % 10 == 0:
                    assert autosave.flush(120)  # confirmed: on this computer's disk
            assert autosave.flush(120)
            assert kept.waiting == 50
            assert isinstance(kept.problem, Unreachable)
            assert "hunter2" not in str(kept.problem)
        finally:
            server.start()
        assert sent.wait(120)
        assert kept.waiting == 0
        assert [verdict.why for verdict in kept.history(KEY).objects[one.uuid].verdicts] == list(map(str, range(50)))
        assert [event.why for event in kept.news(0)[1]][2:] == list(map(str, range(50)))


def test_a_session_that_begins_without_the_server_keeps_what_is_made(
    server: PrivatePostgresql, address: str, tmp_path: Path
) -> None:
    server.cut()
    try:
        with Workspace(address, tmp_path) as kept:
            assert isinstance(kept.problem, Unreachable)
            kept.record(made())
            with pytest.raises(Unreachable):
                kept.state(KEY)
    finally:
        server.start()
    with Workspace(address, tmp_path) as kept:
        assert (kept.problem, kept.waiting) == (None, 0)
        assert kept.state(KEY) is not None


def test_a_newer_or_read_only_database_is_one_sentence(address: str, tmp_path: Path) -> None:
    with Workspace(address, tmp_path) as kept:
        kept.record(made())
    engine = create_engine(address)
    try:
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
        with Workspace(address, tmp_path) as kept:
            assert isinstance(kept.problem, Unsupported)
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
            name = connection.execute(text("SELECT current_database()")).scalar_one()
            connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
        with Workspace(address, tmp_path) as kept:
            kept.record(made())
            assert isinstance(kept.problem, AccessDenied)
            assert kept.waiting == 2
    finally:
        engine.dispose()
