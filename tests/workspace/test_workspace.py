"""What was recorded is there: reopened, beside others, merged; and what becomes of it when the database fails."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING

import pytest
from made import IMAGE, ME, OTHER, rectangle
from sqlalchemy import text

from napari_idr.errors import AccessDenied, AddressError, FormatError, NotFound, NotKept, Unreachable, Unsupported
from napari_idr.model.annotation_set import ImageStatement
from napari_idr.model.ontology import OntologyTerm
from napari_idr.workspace import workspace as module
from napari_idr.workspace.changes import (
    ObjectChange,
    described_event,
    object_events,
    stated_event,
    undo_event,
    verdict_event,
)
from napari_idr.workspace.database import sqlite_address
from napari_idr.workspace.events import Batch, QueuedObject, joined, new_event
from napari_idr.workspace.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotatedObject

KEY = IMAGE.key
EVENT, NEW, REST = "INSERT INTO events SELECT 99,", "lower(hex(randomblob(18)))", "'', '', '', '', ''"
STATEMENT = ImageStatement(on="well", term=OntologyTerm("CMPO_0000118", "round cell phenotype"), annotator=ME)


@pytest.fixture(autouse=True)
def _tried_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.0)
    monkeypatch.setattr("napari_idr.workspace.database.BUSY_SECONDS", 0.05)


def made(one: AnnotatedObject) -> Batch:
    return joined([described_event(IMAGE, ME), object_events(KEY, [ObjectChange(None, one)], ME)])


def opened(file: Path) -> Workspace:
    return Workspace(sqlite_address(file), file.parent)


def uuids(workspace: Workspace) -> list[str]:
    return [event.uuid for event in workspace.history(KEY).events]


def test_a_workspace_is_made_without_asking_and_holds_what_was_recorded(file: Path, workspace: Workspace) -> None:
    one, two = rectangle("nucleus"), rectangle("cell")
    assert workspace.state(KEY) is None
    assert workspace.images() == []
    workspace.record(made(one))
    workspace.record(object_events(KEY, [ObjectChange(None, two)], ME))
    workspace.record(stated_event(KEY, STATEMENT, ME))
    workspace.close()
    with opened(file) as again:
        state = again.state(KEY)
        assert state is not None
        assert (state.image, state.objects, state.statements) == (IMAGE, (one, two), (STATEMENT,))
        assert again.images() == [IMAGE]
        again.record(stated_event(KEY, STATEMENT, ME, taken_back=True))
        state = again.state(KEY)
        assert state is not None
        assert state.statements == ()


def test_events_come_back_as_they_were_recorded_whatever_their_characters(workspace: Workspace) -> None:
    odd = "\ud800 \0 \\ \" ' é 漢字 \U0001f52c"
    who = replace(ME, name=odd)
    event = new_event("note", who=who, image=odd, object=odd, queue=odd, why=odd, details=((odd, odd), ("n", 1.5)))
    recorded = workspace.record(Batch((event,)))
    assert workspace.history(odd).events == list(recorded.events)


def test_others_are_told_of_what_is_durable(workspace: Workspace) -> None:
    told: list[str] = []
    workspace.recorded.connect(lambda events: told.extend(event.kind for event in events))
    workspace.record(made(rectangle()))
    assert told == ["described", "created"]


@pytest.mark.parametrize("table", ["events", "documents", "chunks", "label_chunks", "queue_objects"])
@pytest.mark.parametrize("change", ["UPDATE {} SET rowid = rowid + 1000", "DELETE FROM {}"])
def test_nothing_is_changed_or_deleted_in_place(file: Path, workspace: Workspace, table: str, change: str) -> None:
    event = made(rectangle())
    workspace.record(event)
    workspace.close()
    rows = {
        "chunks": "INSERT INTO chunks VALUES ('a', 'b')",
        "label_chunks": f"INSERT INTO label_chunks VALUES ('{event.events[0].uuid}', '0.0', 'a')",
        "queue_objects": "INSERT INTO queue_objects VALUES ('a', 1, 'b', 'c', '')",
    }
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(rows.get(table, "SELECT 1"))
        with pytest.raises(sqlite3.IntegrityError, match="only added"):
            connection.execute(change.format(table))


def test_all_of_a_batch_is_recorded_or_nothing(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise NotKept("There is no room", "disk", "free some")

    workspace.record(made(rectangle()))
    before = uuids(workspace)
    from napari_idr.workspace import rows

    add = rows.add_rows
    monkeypatch.setattr(
        rows,
        "add_rows",
        lambda connection, table, given: fail() if table.name == "events" else add(connection, table, given),
    )
    monkeypatch.setattr(workspace._journal, "append", fail)
    with pytest.raises(NotKept):
        workspace.record(object_events(KEY, [ObjectChange(None, rectangle())], ME))
    monkeypatch.undo()
    assert uuids(workspace) == before
    with workspace.reading() as reader:
        assert reader.connection.execute(text("SELECT count(*) FROM documents")).scalar() == 2


def test_two_programs_write_at_once_and_see_each_other(
    file: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_idr.workspace.database.BUSY_SECONDS", 30)
    workspace.close()
    workspace.record(made(rectangle()))
    with opened(file) as other:
        place, news = other.news(0)
        assert len(news) == 2
        threads = [
            threading.Thread(
                target=lambda into=into: [into.record(Batch((new_event("note", image=KEY),))) for _ in range(50)]
            )
            for into in (workspace, other)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert workspace.waiting == other.waiting == 0
        events = workspace.history(KEY).events
        assert len(events) == 102
        assert [event.lamport for event in events] == list(range(1, 103))
        assert len(other.news(place)[1]) == 100


def test_what_a_locked_database_does_not_take_waits_and_is_sent_once_in_order(file: Path, workspace: Workspace) -> None:
    one = rectangle()
    workspace.record(made(one))
    waiting: list[int] = []
    workspace.waiting_changed.connect(waiting.append)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        verdicts = [verdict_event(KEY, one.uuid, status, OTHER) for status in ("flagged", "rejected", "accepted")]
        for verdict in verdicts:
            workspace.record(verdict)
        assert workspace.waiting == 3
        assert "Another program" in str(workspace.problem)
        state = workspace.state(KEY)  # what waits is seen all the same
        assert state is not None
        assert state.objects[0].status == "accepted"
        other.execute("ROLLBACK")
    assert workspace.send_waiting() == 0
    assert workspace.problem is None
    assert waiting == [1, 2, 3, 0]
    assert [event.uuid for event in workspace.news(0)[1]][2:] == [one.events[0].uuid for one in verdicts]
    assert not list(file.parent.glob("pending*"))


def test_what_waits_is_sent_before_what_comes_after_it(file: Path, workspace: Workspace) -> None:
    workspace.record(made(rectangle()))
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        first = workspace.record(Batch((new_event("note", image=KEY),)))
        other.execute("ROLLBACK")
    second = workspace.record(Batch((new_event("note", image=KEY),)))
    assert uuids(workspace)[2:] == [first.events[0].uuid, second.events[0].uuid]
    assert workspace.waiting == 0


def test_what_waits_when_a_session_ends_is_sent_by_the_next(file: Path, workspace: Workspace) -> None:
    one = rectangle()
    workspace.record(made(one))
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        workspace.record(verdict_event(KEY, one.uuid, "rejected", OTHER))
        workspace.close()
        other.execute("ROLLBACK")
    journal = next(iter(file.parent.glob("pending*")))
    kept = journal.read_bytes()
    for _ in range(2):  # the second time as if the first had been cut off before it deleted the journal
        with opened(file) as again:
            assert again.waiting == 0
            assert [event.kind for event in again.history(KEY).events] == ["described", "created", "verdict"]
        assert not journal.exists()
        journal.write_bytes(kept)


def test_half_a_line_of_a_journal_was_never_confirmed(file: Path, workspace: Workspace) -> None:
    one = rectangle()
    workspace.record(made(one))
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(2):
            workspace.record(verdict_event(KEY, one.uuid, "rejected", OTHER))
        workspace.close()
        other.execute("ROLLBACK")
    journal = next(iter(file.parent.glob("pending*")))
    journal.write_bytes(journal.read_bytes()[:-5])
    with opened(file) as again:
        assert len(again.history(KEY).events) == 3


def test_the_journal_of_a_program_that_runs_is_left_to_it(file: Path, workspace: Workspace) -> None:
    workspace.record(made(rectangle()))
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        workspace.record(Batch((new_event("note", image=KEY),)))
        with opened(file) as beside:
            assert beside.waiting == 0
        other.execute("ROLLBACK")
    assert workspace.send_waiting() == 0
    assert len(uuids(workspace)) == 3


def test_a_full_disk_is_one_sentence_and_what_was_made_waits(file: Path, workspace: Workspace) -> None:
    workspace.record(made(rectangle()))
    for connection in _connections(workspace):
        connection.execute("PRAGMA max_page_count = 1")
    big = replace(rectangle(), comment="x" * 200_000)
    workspace.record(object_events(KEY, [ObjectChange(None, big)], ME))
    assert str(workspace.problem).startswith("There is no room for the workspace, ")
    assert workspace.waiting == 1
    for connection in _connections(workspace):
        connection.execute("PRAGMA max_page_count = 1000000")
    assert workspace.send_waiting() == 0
    state = workspace.state(KEY)
    assert state is not None
    assert big in state.objects


def _connections(workspace: Workspace) -> list[sqlite3.Connection]:
    assert workspace._database is not None
    pool = workspace._database.engine
    with pool.connect() as one, pool.connect() as two:
        return [one.connection.driver_connection, two.connection.driver_connection]  # type: ignore[list-item]


def test_a_journal_that_cannot_be_written_either_leaves_what_was_made_with_its_maker(
    file: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.record(made(rectangle()))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    late = Batch((new_event("note", image=KEY),))
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(
            NotKept, match=r"could not be written to disk: No space left on device, .+, free some space"
        ):
            workspace.record(late)
        other.execute("ROLLBACK")
    monkeypatch.undo()
    workspace.record(late)
    assert [event.kind for event in workspace.history(KEY).events] == ["described", "created", "note"]


def test_a_workspace_of_a_newer_release_is_left_as_it_is_and_what_is_made_waits(
    file: Path, workspace: Workspace
) -> None:
    workspace.record(made(rectangle()))
    workspace.close()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
    before = file.read_bytes()
    with opened(file) as again:
        assert isinstance(again.problem, Unsupported)
        assert "newer napari-idr (revision 0999)" in str(again.problem)
        again.record(Batch((new_event("note", image=KEY),)))
        with pytest.raises(Unsupported):
            again.state(KEY)
        assert again.waiting == 1
    assert file.read_bytes() == before
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    with opened(file) as again:
        assert (again.problem, again.waiting) == (None, 0)
        assert [event.kind for event in again.history(KEY).events] == ["described", "created", "note"]


def test_a_workspace_that_may_only_be_read_says_so(file: Path, workspace: Workspace) -> None:
    one = rectangle()
    workspace.record(made(one))
    for connection in _connections(workspace):
        connection.execute("PRAGMA query_only = ON")
    workspace.record(verdict_event(KEY, one.uuid, "rejected", OTHER))
    assert isinstance(workspace.problem, AccessDenied)
    assert "may only be read" in str(workspace.problem)
    state = workspace.state(KEY)
    assert state is not None
    assert state.objects[0].status == "rejected"
    for connection in _connections(workspace):
        connection.execute("PRAGMA query_only = OFF")
    assert workspace.send_waiting() == 0


@pytest.mark.parametrize("damage", ["nothing left", "first page", "in the middle"])
def test_a_damaged_file_is_set_aside_and_what_can_be_read_is_taken_over(
    file: Path, workspace: Workspace, damage: str
) -> None:
    one = rectangle()
    workspace.record(made(one))
    reasons = [f"reason {number} " + "x" * 300 for number in range(200)]
    workspace.record(joined(verdict_event(KEY, one.uuid, "flagged", OTHER, why=why) for why in reasons))
    workspace.close()
    content = bytearray(file.read_bytes())
    if damage == "nothing left":
        content[:] = b"not a database at all " * 100
    elif damage == "first page":
        content[:100] = bytes(100)
    else:
        middle = len(content) // 2 // 4096 * 4096
        content[middle : middle + 8192] = b"\xff" * 8192
    file.write_bytes(bytes(content))
    with opened(file) as again:
        assert len(again.remarks) == 1
        assert "damaged" in again.remarks[0]
        kept = len(uuids(again))
        assert f" {kept} events" in again.remarks[0]
        assert kept > (100 if damage == "in the middle" else -1)
        again.record(made(rectangle()))
        assert again.waiting == 0
    aside = next(iter(file.parent.glob("*damaged*.sqlite")))
    assert aside.read_bytes() == bytes(content)


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "bookmarks.sqlite"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE bookmarks (address)")
    before = file.read_bytes()
    with pytest.raises(FormatError, match="no workspace"):
        opened(file)
    assert file.read_bytes() == before


@pytest.mark.parametrize("address", ["mysql://host/x", "nonsense", "sqlite://", "oracle+none://x"])
def test_an_address_that_is_none_is_one_sentence(tmp_path: Path, address: str) -> None:
    with pytest.raises(AddressError):
        Workspace(address, tmp_path)


def test_three_review_files_merge_to_the_same_history_in_whatever_order(tmp_path: Path, workspace: Workspace) -> None:
    one = rectangle()
    workspace.record(made(one))
    parts = []
    for name in "abc":
        part = tmp_path / f"{name}.idrreview"
        workspace.export(part)
        with opened(part) as copy:
            verdict = copy.record(verdict_event(KEY, one.uuid, "rejected" if name == "b" else "accepted", OTHER))
            copy.record(undo_event(verdict.events[0], OTHER) if name == "a" else verdict)
        parts.append(part)
    histories = []
    for order in permutations(parts):
        target = tmp_path / f"merged-{len(histories)}.sqlite"
        with opened(target) as merged:
            for part in order:
                merged.merge(part)
            assert merged.merge(order[0]).events == 0
            histories.append(merged.history(KEY))
    assert len(histories[0].events) == 2 + 4
    assert all(history == histories[0] for history in histories)


def test_a_review_file_is_one_file_and_holds_the_images_that_were_asked_for(
    tmp_path: Path, workspace: Workspace
) -> None:
    other = replace(IMAGE, image_id="102")
    workspace.record(made(rectangle()))
    workspace.record(described_event(other, ME))
    target = workspace.export(tmp_path / "one.idrreview", [other.key])
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {"one.idrreview"}
    with opened(target) as handed:
        assert handed.images() == [other]
        with handed.reading() as reader:
            assert reader.connection.execute(text("SELECT count(*) FROM documents")).scalar() == 1
    with pytest.raises(FormatError, match="file of that name"):
        workspace.export(target)


@pytest.mark.parametrize(
    "spoil",
    [
        "INSERT INTO documents VALUES ('abc', 'object', '{}')",
        f"{EVENT} 'x', 9, at, kind, {REST}, body FROM events",
        f"{EVENT} {NEW}, 9, 'soon', kind, {REST}, body FROM events",
        f"{EVENT} {NEW}, 9, at, 'explode', {REST}, body FROM events",
        f"{EVENT} {NEW}, -9, at, kind, {REST}, body FROM events",
        f"{EVENT} {NEW}, 9, at, kind, {REST}, '[' FROM events",
        "INSERT INTO label_chunks SELECT uuid, '../..', '' FROM events",
        "INSERT INTO chunks VALUES ('', zeroblob(9))",
        "INSERT INTO chunks VALUES ('a', 'text')",
        "INSERT INTO documents VALUES ('a', 'b', x'00ff')",
        f"{EVENT} {NEW}, 'many', at, kind, {REST}, body FROM events",
        f"{EVENT} {NEW}, 9, x'00', kind, {REST}, body FROM events",
        f"{EVENT} {NEW}, 9, at, kind, '\\', '', '', '', '', body FROM events",
        f"{EVENT} {NEW}, 9, at, kind, x'5c00', '', '', '', '', body FROM events",
        f"{EVENT} {NEW}, 9, at, kind, {REST}, x'7b7d' FROM events",
        "INSERT INTO queue_objects VALUES ('a', 1, '', '', '')",
        "DROP TABLE queue_objects; CREATE VIEW queue_objects AS SELECT 1",
        "DROP TABLE queue_objects",
    ],
)
def test_nothing_is_taken_of_a_review_file_that_was_tampered_with(
    tmp_path: Path, workspace: Workspace, spoil: str
) -> None:
    workspace.record(described_event(IMAGE, ME))
    part = workspace.export(tmp_path / "part.idrreview")
    with closing(sqlite3.connect(part)) as connection, connection:
        connection.executescript(spoil)
    with opened(tmp_path / "mine.sqlite") as mine:
        with pytest.raises(FormatError):
            mine.merge(part)
        assert mine.news(0) == (0, [])


def test_merging_what_is_not_there_or_no_workspace_is_one_sentence(tmp_path: Path, workspace: Workspace) -> None:
    with pytest.raises(NotFound):
        workspace.merge(tmp_path / "none.idrreview")
    (tmp_path / "text.idrreview").write_text("hello")
    with pytest.raises(FormatError):
        workspace.merge(tmp_path / "text.idrreview")


def test_tables_are_those_that_the_migrations_make(workspace: Workspace) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from napari_idr.workspace.schema import metadata

    with workspace.reading() as reader:
        assert compare_metadata(MigrationContext.configure(reader.connection), metadata) == []


def test_a_queue_is_kept_in_its_order_also_while_it_waits(file: Path, workspace: Workspace) -> None:
    queue = new_event("queued").uuid
    places = tuple(QueuedObject(queue, position, KEY, f"object {position}", "a" * 64) for position in range(5))
    event = new_event("queued", queue=queue, who=ME)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        workspace.record(Batch((event,), queued=places[::-1]))
        with workspace.reading() as reader:
            assert reader.queue(queue) == list(places)
        other.execute("ROLLBACK")
    workspace.send_waiting()
    with workspace.reading() as reader:
        assert reader.queue(queue) == list(places)
        assert [one.kind for one in reader.history(queue=queue).events] == ["queued"]


def test_what_a_file_does_not_take_that_is_damaged_while_it_is_open_waits(file: Path, workspace: Workspace) -> None:
    workspace.record(made(rectangle()))
    assert workspace._database is not None
    workspace._database.engine.dispose()
    file.write_bytes(b"damaged" * 1000)
    workspace.record(Batch((new_event("note", image=KEY),)))
    assert isinstance(workspace.problem, FormatError)
    assert workspace.waiting == 1
    workspace.close()
    with opened(file) as again:
        assert "damaged" in again.remarks[0]
        assert (again.problem, again.waiting) == (None, 0)
        assert [event.kind for event in again.history(KEY).events] == ["note"]


def test_what_waits_from_an_earlier_session_comes_before_what_is_made_now(
    file: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = rectangle()
    workspace.record(made(one))
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        workspace.record(verdict_event(KEY, one.uuid, "rejected", OTHER))
        workspace.close()
        with opened(file) as again:
            assert again.waiting == 1
            again.record(verdict_event(KEY, one.uuid, "accepted", OTHER))
            for _ in range(2):  # while both wait, and when both were sent
                assert [event.lamport for event in again.history(KEY).events] == [1, 2, 3, 4]
                state = again.state(KEY)
                assert state is not None
                assert state.objects[0].status == "accepted"
                if other.in_transaction:
                    other.execute("ROLLBACK")
                    assert again.send_waiting() == 0


def test_what_was_made_before_the_database_was_seen_comes_after_what_was_in_it(
    file: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = rectangle()
    workspace.record(made(one))
    workspace.close()

    def away(_: str) -> None:
        raise Unreachable("The team's database does not answer", "host", "check the network")

    with monkeypatch.context() as patch:
        patch.setattr(module, "open_database", away)
        late = opened(file)
        late.record(object_events(KEY, [ObjectChange(one, replace(one, name="late"))], ME))
        late.record(object_events(KEY, [ObjectChange(one, replace(one, name="latest"))], ME))
    assert late.send_waiting() == 0
    state = late.state(KEY)
    late.close()
    assert state is not None
    assert state.objects[0].name == "latest"
