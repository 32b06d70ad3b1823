"""Every change is durable at once, in a thread; nothing that was handed over is lost, whatever fails meanwhile."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import replace
from statistics import quantiles
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from made import IMAGE, ME, OTHER, rectangle

from napari_idr.errors import NapariIdrError, NotKept
from napari_idr.model.annotation_set import LabelImage
from napari_idr.workspace import autosave as module
from napari_idr.workspace.autosave import Autosave
from napari_idr.workspace.changes import ObjectChange, verdict_event
from napari_idr.workspace.database import sqlite_address
from napari_idr.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotationSet

KEY = IMAGE.key


@pytest.fixture
def autosave(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Autosave]:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.02)
    monkeypatch.setattr("napari_idr.workspace.workspace.AGAIN_SECONDS", 0.0)
    with Autosave(workspace, ME) as autosave:
        yield autosave


def state(workspace: Workspace) -> AnnotationSet:
    found = workspace.state(KEY)
    assert found is not None
    return found


def test_what_is_confirmed_is_there_for_whoever_opens_the_file(
    file: Path, workspace: Workspace, autosave: Autosave
) -> None:
    one, two = rectangle("one"), rectangle("two")
    confirmed = threading.Event()
    autosave.saved.connect(lambda ticket: confirmed.set())
    ticket = autosave.save(IMAGE, [ObjectChange(None, one), ObjectChange(None, two)], why="drawn")
    assert confirmed.wait(120)
    assert autosave.saved_up_to == ticket
    with Workspace(sqlite_address(file), file.parent) as beside:
        assert beside.state(KEY) == state(workspace) or beside.state(KEY).objects == (one, two)  # type: ignore[union-attr]
        events = beside.history(KEY).events
    assert [(event.kind, event.who, event.why) for event in events] == [
        ("described", ME, ""),
        ("created", ME, "drawn"),
        ("created", ME, "drawn"),
    ]


def test_a_change_is_durable_within_a_blink(autosave: Autosave) -> None:
    one = rectangle()
    autosave.save(IMAGE, [ObjectChange(None, one)])
    assert autosave.flush(120)
    took, worked = [], []
    for step in range(30):
        began, work = time.perf_counter(), time.process_time()
        autosave.save(IMAGE, [ObjectChange(one, one := replace(one, name=str(step)))])
        assert autosave.flush(120)
        took.append(time.perf_counter() - began)
        worked.append(time.process_time() - work)
    assert quantiles(worked)[0] < 0.05  # most are a tenth of this
    assert min(took) < 0.05, "it waits for something, or the computer does nothing but other things"


def test_changes_of_one_object_that_come_faster_than_the_disk_are_one(
    workspace: Workspace, autosave: Autosave, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, taken, go = workspace.record, threading.Event(), threading.Event()
    monkeypatch.setattr(workspace, "record", lambda batch: (taken.set(), go.wait(120), record(batch))[2])
    one = rectangle()
    autosave.save(IMAGE, [ObjectChange(None, one)])
    assert taken.wait(120)
    for step in range(40):
        autosave.save(IMAGE, [ObjectChange(one, one := replace(one, name=str(step)))])
    go.set()
    assert autosave.flush(120)
    assert [event.kind for event in workspace.history(KEY).events] == ["described", "created", "modified"]
    assert state(workspace).objects == (one,)


def test_an_image_is_described_once_and_again_when_it_changed(workspace: Workspace, autosave: Autosave) -> None:
    for image in (IMAGE, IMAGE, replace(IMAGE, name="other name")):
        autosave.save(image, [ObjectChange(None, rectangle())])
        assert autosave.flush(120)
    assert [event.kind for event in workspace.history(KEY).events].count("described") == 2
    assert state(workspace).image.name == "other name"


def test_deleted_objects_come_back_as_restored(workspace: Workspace, autosave: Autosave) -> None:
    one = rectangle()
    for change in (ObjectChange(None, one), ObjectChange(one, None), ObjectChange(None, one)):
        autosave.save(IMAGE, [change])
        assert autosave.flush(120)
    assert [event.kind for event in workspace.history(KEY).events][1:] == ["created", "deleted", "restored"]
    assert state(workspace).objects == (one,)


def test_painting_writes_what_was_painted_at_that_moment(workspace: Workspace, autosave: Autosave) -> None:
    pixels = np.zeros((500, 600), np.uint16)
    label = LabelImage(name="nuclei", axes=("y", "x"), pixels=pixels)
    pixels[10:20, 10:20] = 5
    autosave.paint(IMAGE, label)
    pixels[400:, 520:] = 6
    autosave.paint(IMAGE, label, ((400, 500), (520, 600)), why="brush")
    autosave.paint(IMAGE, label)  # nothing new
    assert autosave.flush(120)
    assert np.array_equal(state(workspace).labels[0].pixels, pixels)
    events = [event for event in workspace.history(KEY).events if event.kind == "painted"]
    assert [event.why for event in events] == ["", "brush"]
    with workspace.reading() as reader:
        assert len(reader.painted([events[1].uuid])[events[1].uuid]) == 1


def test_a_second_session_paints_on_what_the_first_left(file: Path, workspace: Workspace, autosave: Autosave) -> None:
    pixels = np.ones((500, 600), np.uint16)
    label = LabelImage(name="nuclei", axes=("y", "x"), pixels=pixels)
    autosave.paint(IMAGE, label)
    autosave.close()
    pixels[0, 0] = 9
    with Autosave(workspace, OTHER) as again:
        again.paint(IMAGE, label)
    assert np.array_equal(state(workspace).labels[0].pixels, pixels)
    last = workspace.history(KEY).events[-1]
    with workspace.reading() as reader:
        assert [chunk.place for chunk in reader.painted([last.uuid])[last.uuid]] == [(0, 0)]


def test_verdicts_go_the_same_way_and_keep_their_order(workspace: Workspace, autosave: Autosave) -> None:
    one = rectangle()
    autosave.save(IMAGE, [ObjectChange(None, one)])
    for status in ("flagged", "rejected", "accepted"):
        autosave.record(IMAGE, verdict_event(KEY, one.uuid, status, OTHER))  # type: ignore[arg-type]
    autosave.save(IMAGE, [ObjectChange(one, replace(one, name="after"))])
    assert autosave.flush(120)
    kinds = [event.kind for event in workspace.history(KEY).events]
    assert kinds == ["described", "created", "verdict", "verdict", "verdict", "modified"]
    assert (state(workspace).objects[0].status, state(workspace).objects[0].name) == ("accepted", "after")


def test_what_cannot_be_written_is_said_once_and_tried_until_it_is(
    workspace: Workspace, autosave: Autosave, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[NapariIdrError] = []
    autosave.failed.connect(said.append)
    tried = threading.Semaphore(0)

    def full(batch: Any) -> Any:
        tried.release()
        raise NotKept("There is no room", "disk", "free some space")

    monkeypatch.setattr(workspace, "record", full)
    one, two = rectangle("one"), rectangle("two")
    autosave.save(IMAGE, [ObjectChange(None, one)])
    for _ in range(3):
        assert tried.acquire(timeout=10)
    autosave.save(IMAGE, [ObjectChange(None, two)])
    assert tried.acquire(timeout=10)
    assert autosave.unsaved == 2
    monkeypatch.undo()
    assert autosave.flush(120)
    assert len(said) == 1
    assert state(workspace).objects == (one, two)


def test_what_waits_in_the_journal_is_sent_without_anybody_asking(
    file: Path, workspace: Workspace, autosave: Autosave, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = threading.Event()
    autosave.save(IMAGE, [ObjectChange(None, rectangle())])
    assert autosave.flush(120)
    monkeypatch.setattr("napari_idr.workspace.database.BUSY_SECONDS", 0.05)
    workspace.close()
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        autosave.save(IMAGE, [ObjectChange(None, rectangle())])
        assert autosave.flush(120)
        assert workspace.waiting
        workspace.waiting_changed.connect(lambda waiting: sent.set() if not waiting else None)
        other.execute("ROLLBACK")
    assert sent.wait(120)
    assert len(state(workspace).objects) == 2


def test_one_object_that_cannot_be_kept_does_not_take_others_with_it(workspace: Workspace, autosave: Autosave) -> None:
    refused: list[NapariIdrError] = []
    autosave.refused.connect(refused.append)
    good, bad = rectangle("good"), replace(rectangle(), name=np.zeros(3))
    autosave.save(IMAGE, [ObjectChange(None, good), ObjectChange(None, bad)])
    assert autosave.flush(120)
    assert state(workspace).objects == (good,)
    assert [error.on for error in refused] == [bad.uuid]


def test_closing_writes_what_there_is(workspace: Workspace) -> None:
    autosave = Autosave(workspace, ME)
    objects = [rectangle(str(number)) for number in range(500)]
    for one in objects:
        autosave.save(IMAGE, [ObjectChange(None, one)])
    assert autosave.close()
    assert state(workspace).objects == tuple(objects)
    with pytest.raises(RuntimeError):
        autosave.save(IMAGE, [])


def test_a_listener_that_fails_keeps_nothing_from_being_written(
    workspace: Workspace, autosave: Autosave, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a bug elsewhere")

    for signal in (autosave.saved, workspace.recorded):
        signal.connect(fail)
    objects = [rectangle(str(number)) for number in range(3)]
    for one in objects:
        autosave.save(IMAGE, [ObjectChange(None, one)])
        assert autosave.flush(120)
    assert state(workspace).objects == tuple(objects)
    assert "a bug elsewhere" in caplog.text
