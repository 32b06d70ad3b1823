"""A curator at work: verdicts count once they are durable, are taken back, resumed, and blind to those of others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import TYPE_CHECKING

import pytest
from reviewing import ADA, GRACE, Sitting, Typist, new_queue, sets, square

from napari_idr.errors import FormatError, NotFound
from napari_idr.model.annotation_set import AnnotationSet
from napari_idr.review.claims import CLAIM_TIME, assign_event, claims_of
from napari_idr.review.desk import Desk
from napari_idr.review.queue import QueueFilter
from napari_idr.review.queue_file import QueueDefinition
from napari_idr.review.queue_store import find_queue, list_queues, make_queue, open_queue
from napari_idr.workspace.changes import verdict_event
from napari_idr.workspace.database import sqlite_address
from napari_idr.workspace.events import Document, new_event
from napari_idr.workspace.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path


def test_a_queue_comes_back_as_it_was_made(workspace: Workspace) -> None:
    made = sets()
    uuid = new_queue(workspace, made, order="random", seed=3)
    opened = open_queue(workspace, uuid)
    assert opened.queue.uuids == [one.uuid for each in made for one in each.objects]
    assert opened.definition == QueueDefinition(name="cells", order="random", seed=3, classes=("nucleus", "cell"))
    assert [opened.images[key] for key in opened.queue.images] == [one.image for one in made]
    assert opened.queue.size(1) == 121
    assert workspace.state(made[0].image.key).objects == made[0].objects  # type: ignore[union-attr]
    assert [one.uuid for one in list_queues(workspace)] == [uuid]
    assert find_queue(workspace, "cells").uuid == uuid


def test_a_verdict_counts_only_once_it_is_durable(workspace: Workspace) -> None:
    sitting = Sitting(workspace, new_queue(workspace))
    desk, uuid = sitting.desk, sitting.desk.uuid
    seen: list[tuple[str, ...]] = []
    desk.changed.connect(seen.append)
    desk.judge("accepted")
    assert (desk.status(uuid), seen, desk.unconfirmed) == ("unreviewed", [], 1)
    sitting.confirm()
    assert (desk.status(uuid), seen, desk.unconfirmed) == ("accepted", [(uuid,)], 0)


def test_undo_takes_back_the_last_thing_one_by_one(workspace: Workspace) -> None:
    sitting = Sitting(workspace, new_queue(workspace))
    desk, uuid = sitting.desk, sitting.desk.uuid
    desk.judge("accepted")
    desk.judge("rejected", "cut off")
    desk.relabel("cell")
    sitting.confirm()
    row = desk.queue.row(uuid)
    assert (desk.status(uuid), desk.queue.value("object_class", row)) == ("rejected", "cell")
    expected = [("rejected", "nucleus"), ("accepted", "nucleus"), ("unreviewed", "nucleus")]
    for status, name in expected:
        desk.step()
        assert desk.undo()
        sitting.confirm()
        assert (desk.uuid, desk.status(uuid), desk.queue.value("object_class", row)) == (uuid, status, name)
    assert not desk.undo()
    assert len(workspace.history(desk.image.key).events) == 1 + 4 + 1 + 6  # type: ignore[union-attr]


def test_tomorrow_goes_on_where_today_stopped(workspace: Workspace) -> None:
    uuid = new_queue(workspace)
    today = Sitting(workspace, uuid).desk
    wanted = QueueFilter(classes=frozenset({"cell"}))
    today.show(wanted, "random", 5)
    today.step(3)
    today.stop()
    tomorrow = Sitting(workspace, uuid).desk
    assert (tomorrow.filter, tomorrow.order, tomorrow.seed) == (wanted, "random", 5)
    assert (tomorrow.uuid, list(tomorrow.rows)) == (today.uuid, list(today.rows))
    assert Sitting(workspace, uuid, GRACE).desk.filter == QueueFilter()


def test_who_was_cut_off_goes_on_after_the_last_verdict(workspace: Workspace) -> None:
    uuid = new_queue(workspace)
    desk = Sitting(workspace, uuid).desk
    for _ in range(3):
        desk.judge("accepted")
        desk.step()
    assert Sitting(workspace, uuid).desk.position == 3
    assert Sitting(workspace, uuid).desk.undo()


def test_a_second_opinion_does_not_see_the_first(workspace: Workspace) -> None:
    uuid = new_queue(workspace, is_blind=True)
    first = Sitting(workspace, uuid)
    first.desk.judge("rejected", "blurred")
    second = Sitting(workspace, uuid, GRACE)
    one = second.desk.uuid
    assert (second.desk.status(one), second.desk.comments(one)) == ("unreviewed", [])
    second.desk.judge("accepted")
    second.confirm()
    assert second.desk.status(one) == "accepted"
    second.desk.look_blindly(False)
    assert [event.why for event in second.desk.comments(one)] == ["blurred"]
    second.desk.show(QueueFilter(disputed_only=True))
    assert second.desk.uuid == one
    second.desk.adjudicate("rejected", "both looked")
    second.confirm()
    assert second.desk.status(one) == "rejected"
    assert second.desk.opinions(one).disagreement == 0


def test_news_of_others_are_taken_over_and_ones_own_only_once(workspace: Workspace) -> None:
    uuid = new_queue(workspace)
    mine, theirs = Sitting(workspace, uuid), Sitting(workspace, uuid, GRACE)
    place, _ = workspace.news(0)
    one = mine.desk.uuid
    mine.desk.judge("accepted")
    mine.confirm()
    theirs.desk.judge("flagged", "really?")
    _, news = workspace.news(place)
    mine.desk.take_news(news)
    assert mine.desk.opinions(one).said == {ADA.orcid: "accepted", "Grace Hopper": "flagged"}
    assert len(mine.desk.opened.said[one]) == 2
    assert mine.desk.opinions(one).disagreement == 1


def test_an_object_that_somebody_changed_meanwhile_is_said(workspace: Workspace) -> None:
    uuid = new_queue(workspace)
    mine, theirs = Sitting(workspace, uuid), Sitting(workspace, uuid, GRACE)
    state = workspace.state(mine.desk.image.key)  # type: ignore[union-attr]
    assert state is not None
    before = state.objects[0]
    mine.desk.versions[before.uuid] = "what I saw"
    place, _ = workspace.news(0)
    theirs.desk.correct(before, replace(before, name="better"), state.image.key)
    edited: list[str] = []
    mine.desk.edited.connect(edited.append)
    mine.desk.take_news(workspace.news(place)[1])
    assert edited == [state.image.key]
    assert mine.heard == ["Grace Hopper changed an object that you look at; go to it again to see it as it is now."]
    assert workspace.state(state.image.key).objects[0].name == "better"  # type: ignore[union-attr]


def test_a_correction_supersedes_and_is_taken_back(workspace: Workspace) -> None:
    made = sets()
    sitting = Sitting(workspace, new_queue(workspace, made))
    before, key = made[0].objects[0], made[0].image.key
    after = replace(before, shapes=square(3).shapes)
    sitting.desk.correct(before, after, key, "moved")
    history = workspace.history(key).objects[before.uuid]
    assert [event.supersedes for event in history.made] == ["", history.made[0].version]
    assert workspace.state(key).objects[0].shapes == after.shapes  # type: ignore[union-attr]
    sitting.desk.undo()
    assert workspace.state(key).objects[0] == before  # type: ignore[union-attr]


def test_the_next_images_are_those_one_comes_to_in_the_order_of_the_list(workspace: Workspace) -> None:
    desk = Sitting(workspace, new_queue(workspace)).desk
    assert desk.next_images(5) == [4, 8]
    assert (desk.next_image_position(), desk.next_image_position(-1)) == (4, -1)
    desk.go(5)
    assert desk.next_images(1) == [8]
    assert desk.next_image_position(-1) == 0
    desk.show(desk.filter, "random", seed=3)
    codes = desk.queue.image_codes[desk.rows][desk.position :]
    expected = [desk.position + codes.tolist().index(code) for code in dict.fromkeys(codes.tolist())][1:]
    assert desk.next_images(9) == expected


def test_the_next_image_is_one_that_nobody_else_works_on(workspace: Workspace) -> None:
    uuid = new_queue(workspace)
    mine = Sitting(workspace, uuid, claims=True)
    theirs = Sitting(workspace, uuid, GRACE, claims=True)
    assert theirs.desk.opened.work[-1].who == ADA
    theirs.desk.step_image()
    theirs.confirm()
    assert theirs.desk.image.name == "image 1"  # type: ignore[union-attr]
    mine = Sitting(workspace, uuid, claims=True)
    mine.desk.step_image()
    assert mine.desk.image.name == "image 2"  # type: ignore[union-attr]
    mine.desk.step_image()
    assert mine.heard[-1] == "There is no further image in this direction that is free."


def test_a_claim_ends_after_its_time_and_an_assignment_does_not() -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    early, late = now - 2 * CLAIM_TIME, now + timedelta(days=400)
    events = [
        new_event("claim", who=ADA, image="a", at=early, lamport=1),
        new_event("claim", who=ADA, image="b", at=now, lamport=2),
        new_event("claim", who=GRACE, image="b", at=now, lamport=3),
        new_event("claim", who=ADA, image="jumped", at=late, lamport=4),
        replace(assign_event("c", "q", ADA, GRACE).events[0], at=early, lamport=5),
    ]
    held = claims_of(events, now)
    assert {image: claim.who.name for image, claim in held.items()} == {
        "b": ADA.name,
        "jumped": ADA.name,
        "c": GRACE.name,
    }
    assert held["jumped"].until == now + CLAIM_TIME
    released = new_event("release", who=GRACE, image="c", lamport=6)
    assert "c" not in claims_of([*events, released], now)


def test_two_files_come_to_the_same_history_whichever_is_merged_first(workspace: Workspace, tmp_path: Path) -> None:
    made = sets()
    uuid = new_queue(workspace, made)
    workspace.export(tmp_path / "queue.idrreview", images=[one.image.key for one in made], queues=[uuid])
    for name, who, status in (("ada", ADA, "accepted"), ("grace", GRACE, "rejected")):
        with Workspace(sqlite_address(tmp_path / f"{name}.sqlite"), tmp_path / name) as own:
            own.merge(tmp_path / "queue.idrreview")
            Sitting(own, uuid, who).desk.judge(status)  # type: ignore[arg-type]
            own.export(tmp_path / f"{name}.idrreview")
    told = []
    for order in (("ada", "grace"), ("grace", "ada")):
        with Workspace(sqlite_address(tmp_path / f"{order[0]}-first.sqlite"), tmp_path / "j") as both:
            for name in order:
                both.merge(tmp_path / f"{name}.idrreview")
            opened = open_queue(both, uuid)
            told.append((both.history(made[0].image.key), opened.opinions))
    assert told[0] == told[1]
    assert {event.who.name for event in told[0][1][made[0].objects[0].uuid].verdicts} == {ADA.name, GRACE.name}


def test_a_file_of_one_queue_holds_nothing_of_another(workspace: Workspace, tmp_path: Path) -> None:
    made = sets(2)
    first = make_queue(workspace, made[:1], QueueDefinition(name="one"), ADA)
    make_queue(workspace, made[1:], QueueDefinition(name="two"), ADA)
    workspace.export(tmp_path / "one.idrreview", images=[made[0].image.key], queues=[first])
    with Workspace(sqlite_address(tmp_path / "other.sqlite"), tmp_path / "o") as other:
        other.merge(tmp_path / "one.idrreview")
        assert [one.definition.name for one in list_queues(other)] == ["one"]
        assert [one.name for one in other.images()] == ["image 0"]


def test_nothing_to_review_is_said_and_leaves_nothing_behind(workspace: Workspace) -> None:
    with pytest.raises(FormatError, match="There is nothing to review, cells, choose what has ROIs or labels"):
        new_queue(workspace, [])
    with pytest.raises(FormatError, match="or other conditions"):
        make_queue(workspace, sets(), QueueDefinition(name="x"), ADA, wanted=QueueFilter(classes=frozenset({"no"})))
    assert workspace.images() == []
    with pytest.raises(NotFound, match=r"no such queue of review, tomorrow, queues are: none"):
        find_queue(workspace, "tomorrow")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"uuid": [1]}', "[" * 100_000, '{"uuid": "abc"}'])
def test_a_list_that_was_tampered_with_is_one_sentence(workspace: Workspace, text: str) -> None:
    uuid = new_queue(workspace)
    document = Document("queue", text)
    event = new_event("queued", image=sets()[0].image.key, queue=uuid, version=document.digest)
    workspace.record(type(verdict_event("", "", "accepted", ADA))((event,), (document,)))
    with pytest.raises(FormatError, match="The list of a queue of review cannot be read, idr/0, get the file again"):
        open_queue(workspace, uuid)


@pytest.mark.parametrize("name", ["", "\ud800", "a/b\\c\0", "<script>alert(1)</script>", "漢字 ' \" %20", "x" * 5000])
def test_a_name_of_any_character_goes_through(workspace: Workspace, name: str) -> None:
    one = square(1, name, name)
    made = [AnnotationSet(image=replace(sets()[0].image, name=name), objects=(one,))]
    sitting = Sitting(workspace, new_queue(workspace, made))
    sitting.desk.judge("rejected", name)
    sitting.desk.comment(name)
    sitting.desk.relabel(name)
    sitting.confirm()
    opened = open_queue(workspace, sitting.desk.opened.uuid)
    assert opened.queue.values("object_class") == [name]
    assert opened.opinions[one.uuid].verdicts[0].why == name


def test_a_clock_that_jumps_changes_no_order(workspace: Workspace) -> None:
    uuid = new_queue(workspace)
    jumps = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC), datetime(2001, 1, 1, tzinfo=UTC))
    times = cycle(jumps)
    desk = Desk(open_queue(workspace, uuid), ADA, Typist(workspace), now=lambda: next(times))
    desk.judge("accepted")
    desk.judge("rejected")
    assert Sitting(workspace, uuid).desk.status(desk.uuid) == "rejected"


def test_samples_of_each_class_are_drawn_with_a_seed(workspace: Workspace) -> None:
    made = sets(3, 10)
    chosen = []
    for _ in range(2):
        uuid = make_queue(workspace, made, QueueDefinition(name="s", seed=4), ADA, per_class=3)
        chosen.append(open_queue(workspace, uuid).queue)
    assert chosen[0].counts("object_class") == {"nucleus": 3, "cell": 3}
    assert chosen[0].uuids == chosen[1].uuids
