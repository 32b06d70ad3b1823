"""When Python looks through all of its objects: at rest, by its own rule, and never for want of an end."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from napari_idr.layers import full_collections as module
from napari_idr.layers.full_collections import NEVER, FullCollections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from napari_idr.layers.viewer_session import ViewerSession

pytestmark = pytest.mark.qt


@pytest.fixture
def collections(monkeypatch: pytest.MonkeyPatch) -> Iterator[FullCollections]:
    monkeypatch.setattr(module, "LOOK_MS", 5)
    monkeypatch.setattr(module, "REST_SECONDS", 0.05)
    module.full_collections.release()  # that of the process may hold them since an earlier window
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 7)
    made = FullCollections()
    yield made
    made.release()
    gc.set_threshold(*before)


def test_none_while_something_comes_and_as_before_at_rest(collections: FullCollections, qtbot: QtBot) -> None:
    collections.stir()
    collections.stir()
    assert collections.are_held
    assert gc.get_threshold() == (700, 10, NEVER)
    qtbot.waitUntil(lambda: not collections.are_held)
    assert gc.get_threshold() == (700, 10, 7)


def test_one_that_is_due_is_made_at_rest(collections: FullCollections, qtbot: QtBot) -> None:
    gc.set_threshold(700, 1, 1)
    gc.collect()
    collections.stir()
    before = gc.get_stats()[2]["collections"]
    kept = [[] for _ in range(100_000 + 2 * len(gc.get_objects()))]  # more than Python's rule asks for
    assert gc.get_stats()[2]["collections"] == before
    qtbot.waitUntil(lambda: not collections.are_held)
    qtbot.waitUntil(lambda: gc.get_stats()[2]["collections"] > before)
    assert kept


def test_a_viewer_that_never_rests_does_not_put_them_off_for_ever(
    collections: FullCollections, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REST_SECONDS", 3600)
    monkeypatch.setattr(module, "LONGEST_SECONDS", 0.05)
    collections.stir()
    qtbot.waitUntil(lambda: not collections.are_held)
    assert gc.get_threshold() == (700, 10, 7)


def test_a_threshold_that_somebody_sets_meanwhile_stays(collections: FullCollections) -> None:
    collections.stir()
    gc.set_threshold(500, 5, 5)
    collections.release()
    assert gc.get_threshold() == (500, 5, 5)


def test_a_collector_that_is_switched_off_is_left_alone(collections: FullCollections) -> None:
    gc.disable()
    try:
        collections.stir()
        assert not collections.are_held
        assert gc.get_threshold() == (700, 10, 7)
    finally:
        gc.enable()


def test_a_view_that_moves_holds_them_and_a_closed_session_does_not(session: ViewerSession) -> None:
    module.full_collections.release()
    before = gc.get_threshold()
    session.viewer.scene.camera.zoom *= 2  # type: ignore[union-attr]
    assert module.full_collections.are_held
    session.close()
    assert not module.full_collections.are_held
    assert gc.get_threshold() == before
