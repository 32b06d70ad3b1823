"""What a history comes to, in whatever order it arrives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import IMAGE, ME, OTHER, rectangle

from napari_idr.formats.model_json import encode
from napari_idr.workspace.changes import ObjectChange, coalesced, object_events, undo_event, verdict_event
from napari_idr.workspace.events import Batch, Document, Event, LamportClock, joined, new_event
from napari_idr.workspace.history import fold, object_now
from napari_idr.workspace.rows import numbered

if TYPE_CHECKING:
    import random

    from napari_idr.model.annotation_set import AnnotatedObject

KEY = IMAGE.key


def placed(*batches: Batch) -> list[Event]:
    """Events of batches in the order they are given."""
    return list(numbered(joined(batches), range(1, 1000)).events)


def changed(before: AnnotatedObject | None, after: AnnotatedObject | None) -> Batch:
    return object_events(KEY, [ObjectChange(before, after)], ME)


def now(events: list[Event], documents: Batch) -> AnnotatedObject:
    one = next(iter(fold(events).objects.values()))
    texts = {document.digest: document.text for document in documents.documents}
    return object_now(one, texts[one.version])


def test_an_object_is_what_it_was_made_last() -> None:
    first = rectangle()
    second = replace(first, name="nucleus")
    batches = changed(None, first), changed(first, second)
    assert now(placed(*batches), joined(batches)) == second


def test_a_deleted_object_is_gone_and_restored_it_is_there() -> None:
    one = rectangle()
    made, gone = changed(None, one), changed(one, None)
    assert not fold(placed(made, gone)).objects[one.uuid].is_there
    back = object_events(KEY, [ObjectChange(None, one)], ME, gone=frozenset({one.uuid}))
    assert back.events[0].kind == "restored"
    assert fold(placed(made, gone, back)).objects[one.uuid].is_there


def test_undo_takes_back_a_verdict_and_undone_itself_brings_it_again() -> None:
    one = rectangle()
    made, verdict = changed(None, one), verdict_event(KEY, one.uuid, "rejected", OTHER, why="blurred")
    undo = undo_event(verdict.events[0], OTHER)
    redo = undo_event(undo.events[0], OTHER)
    assert now(placed(made, verdict), made).status == "rejected"
    assert now(placed(made, verdict, undo), made).status == "unreviewed"
    again = now(placed(made, verdict, undo, redo), made)
    assert (again.status, again.reviewer) == ("rejected", OTHER)


def test_undoing_what_made_an_object_leaves_none() -> None:
    made = changed(None, rectangle())
    assert fold(placed(made, undo_event(made.events[0], ME))).objects == {}


def test_a_verdict_holds_over_a_correction_that_says_nothing_of_it() -> None:
    one = rectangle()
    corrected = replace(one, name="moved")
    batches = changed(None, one), verdict_event(KEY, one.uuid, "flagged", OTHER), changed(one, corrected)
    assert now(placed(*batches), joined(batches)) == replace(
        corrected, status="flagged", reviewer=OTHER, reviewed=batches[1].events[0].at
    )
    accepted = replace(one, status="accepted", reviewer=ME)
    batches = changed(None, one), verdict_event(KEY, one.uuid, "flagged", OTHER), changed(one, accepted)
    assert now(placed(*batches), joined(batches)) == accepted


def test_a_class_given_in_review_is_the_class() -> None:
    one = replace(rectangle(), object_class="cell")
    relabel = Batch((new_event("relabel", image=KEY, object=one.uuid, details=(("class", "nucleus"),)),))
    made = changed(None, one)
    assert now(placed(made, relabel), made).object_class == "nucleus"


def test_two_corrections_of_the_same_version_are_disputed_until_somebody_settles_it() -> None:
    one = rectangle()
    mine, theirs = replace(one, name="mine"), replace(one, name="theirs")
    batches = [changed(None, one), changed(one, mine), changed(one, theirs)]
    versions = {Document("object", encode(made)).digest for made in (mine, theirs)}
    assert set(fold(placed(*batches)).objects[one.uuid].disputed) == versions
    assert now(placed(*batches), joined(batches)) == theirs
    batches.append(changed(theirs, replace(theirs, comment="settled")))
    assert fold(placed(*batches)).objects[one.uuid].disputed == ()


def test_order_is_that_of_the_counter_whatever_the_clock_said() -> None:
    one = rectangle()
    late = datetime.now(UTC) + timedelta(days=9000)
    first = replace(verdict_event(KEY, one.uuid, "accepted", ME).events[0], at=late)
    second = verdict_event(KEY, one.uuid, "rejected", ME).events[0]
    events = placed(changed(None, one), Batch((first, second)))
    assert fold(events).objects[one.uuid].verdict == events[-1]


@settings(max_examples=50, deadline=None)
@given(st.randoms(use_true_random=False))
def test_arrival_does_not_matter_and_twice_is_once(chance: random.Random) -> None:
    events = _long_history()
    shuffled = events + chance.sample(events, 5)
    chance.shuffle(shuffled)
    assert fold(shuffled) == fold(events)


def _long_history() -> list[Event]:
    one, two = rectangle(), rectangle()
    batches = [changed(None, one), changed(None, two)]
    for name in "abc":
        batches.append(changed(one, one := replace(one, name=name)))
        batches.append(verdict_event(KEY, two.uuid, "flagged", OTHER))
    batches.append(undo_event(batches[-1].events[0], OTHER))
    events = placed(*batches, changed(two, None))
    events[3] = replace(events[3], lamport=events[4].lamport)  # two people at once
    return events


def test_clock_goes_on_after_whatever_it_saw() -> None:
    clock = LamportClock()
    assert clock.tick() == 1
    clock.witness(40)
    clock.witness(7)
    assert clock.tick() == 41


def test_dragging_is_one_change() -> None:
    places = [replace(rectangle(), uuid="a", name=str(step)) for step in range(50)]
    other = rectangle()
    dragged = [ObjectChange(before, after) for before, after in pairwise(places)]
    changes = [ObjectChange(None, places[0]), ObjectChange(None, other), *dragged]
    assert coalesced(changes) == [ObjectChange(None, places[-1]), ObjectChange(None, other)]


def test_changes_that_do_not_continue_one_another_are_kept_apart() -> None:
    one = rectangle()
    other = replace(one, name="other")
    changes = [ObjectChange(one, other), ObjectChange(one, replace(one, comment="elsewhere")), ObjectChange(one, None)]
    assert coalesced(changes) == changes


@pytest.mark.parametrize("status", ["", "perhaps"])
def test_a_verdict_of_no_known_status_counts_for_nothing(status: str) -> None:
    event = new_event("verdict", image=KEY, object="a", details=(("status", status),), lamport=1)
    assert fold([event]).objects == {}
