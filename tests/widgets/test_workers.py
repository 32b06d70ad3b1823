"""Background jobs."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QObject, Qt
from qtpy.QtWidgets import QWidget

from napari_idr.errors import Cancelled, NotFound
from napari_idr.widgets.workers import Latest, run, run_reporting, while_alive

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.qt


@pytest.fixture
def parent(qtbot: QtBot) -> QObject:
    return QObject()


def test_the_answer_arrives_in_the_gui_thread(qtbot: QtBot, parent: QObject) -> None:
    answers: list[object] = []

    def work(number: int) -> tuple[int, threading.Thread]:
        return number + 1, threading.current_thread()

    run(work, 41, on_done=lambda answer: answers.append((answer, threading.current_thread())), parent=parent)
    qtbot.waitUntil(lambda: bool(answers))
    (number, worker), receiver = answers[0]
    assert number == 42
    assert receiver is threading.main_thread() is not worker


def test_progress_arrives_in_order_and_before_the_answer(qtbot: QtBot, parent: QObject) -> None:
    seen: list[object] = []

    def work(job: object, count: int) -> str:
        for step in range(count):
            job.report(step, count)
        return "done"

    run_reporting(work, 3, on_progress=lambda *step: seen.append(step), on_done=seen.append, parent=parent)
    qtbot.waitUntil(lambda: "done" in seen)
    assert seen == [(0, 3), (1, 3), (2, 3), "done"]


def test_an_error_of_the_family_goes_to_on_error(qtbot: QtBot, parent: QObject) -> None:
    errors: list[Exception] = []

    def work() -> None:
        raise NotFound("Plate 7 was not found", "idr.example.org")

    run(work, on_error=errors.append, parent=parent)
    qtbot.waitUntil(lambda: bool(errors))
    assert isinstance(errors[0], NotFound)


def test_any_other_error_reaches_the_hook_where_napari_listens_with_its_traceback(
    qtbot: QtBot, parent: QObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooked: list[tuple[object, ...]] = []
    monkeypatch.setattr("sys.excepthook", lambda *args: hooked.append(args))

    def work() -> None:
        raise KeyError("bug")

    run(work, on_error=lambda error: pytest.fail("not an expected failure"), parent=parent)
    qtbot.waitUntil(lambda: bool(hooked))
    kind, _error, traceback = hooked[0]
    assert kind is KeyError
    assert traceback.tb_frame.f_code.co_name == "_run"


def test_being_cancelled_is_no_error(qtbot: QtBot, parent: QObject) -> None:
    ended = threading.Event()
    seen: list[object] = []

    def work() -> None:
        try:
            raise Cancelled("Opening was stopped")
        finally:
            ended.set()

    job = run(work, on_done=seen.append, on_error=seen.append, parent=parent)
    qtbot.waitUntil(lambda: ended.is_set() and not job.is_running)
    assert seen == []


def test_a_cancelled_job_delivers_nothing_and_the_function_sees_it(qtbot: QtBot, parent: QObject) -> None:
    cancelled, seen = threading.Event(), []
    stopped: list[bool] = []

    def work(job: object) -> str:
        assert cancelled.wait(120)
        stopped.append(job.is_cancelled())
        job.report("late")
        return "late"

    job = run_reporting(work, on_done=seen.append, on_progress=seen.append, parent=parent)
    job.cancel()
    cancelled.set()
    after: list[object] = []
    run(lambda: None, on_done=lambda _: after.append(1), parent=parent)
    qtbot.waitUntil(lambda: bool(stopped) and bool(after))
    assert stopped == [True]
    assert seen == []


def test_nothing_is_delivered_to_a_destroyed_parent_and_its_job_is_cancelled(qtbot: QtBot) -> None:
    release, seen = threading.Event(), []
    parent = QWidget()
    job = run(lambda: release.wait(120), on_done=seen.append, parent=parent)
    parent.deleteLater()
    qtbot.waitUntil(job.is_cancelled)
    release.set()
    witness, after = QObject(), []
    run(lambda: None, on_done=after.append, parent=witness)
    qtbot.waitUntil(lambda: bool(after))
    assert seen == []


def test_the_latest_question_wins(qtbot: QtBot, parent: QObject) -> None:
    first_may_answer, seen = threading.Event(), []
    latest = Latest(parent)
    first = latest.run(lambda: first_may_answer.wait(120) and "first", on_done=seen.append)
    latest.run(lambda: "second", on_done=seen.append)
    assert first.is_cancelled()
    qtbot.waitUntil(lambda: seen == ["second"])
    first_may_answer.set()
    assert not latest.is_running
    latest.run(lambda: "third", on_done=seen.append)
    qtbot.waitUntil(lambda: seen == ["second", "third"])


def test_a_finished_job_leaves_no_connection_to_its_parent(qtbot: QtBot, parent: QObject) -> None:
    done: list[object] = []
    job = run(lambda: 1, on_done=done.append, parent=parent)
    qtbot.waitUntil(lambda: bool(done))
    parent.destroyed.emit()
    assert not job.is_cancelled()


def test_a_guarded_slot_does_nothing_once_qt_destroyed_its_object(qtbot: QtBot) -> None:
    class Counter(QWidget):
        count = 0

        @while_alive
        def add(self, by: int) -> None:
            self.setWindowTitle(str(by))
            Counter.count += by

    widget = Counter()
    widget.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    widget.add(1)
    with qtbot.waitSignal(widget.destroyed):
        widget.close()
    widget.add(1)
    assert Counter.count == 1
