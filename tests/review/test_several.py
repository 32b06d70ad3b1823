"""Several people at one queue: who has what, disagreements and their end, agreement as a table, what a file brings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from reviewing import ADA, GRACE, Sitting, new_queue, sets

from napari_idr.errors import FormatError, NotFound
from napari_idr.model.annotator import NOBODY, Annotator
from napari_idr.review.agreement_table import HEADERS, agreement_rows, table_tsv
from napari_idr.review.candidates import person
from napari_idr.review.hand_over import write_review
from napari_idr.review.incoming import incoming
from napari_idr.review.queue_store import open_queue
from napari_idr.review.reviewed import reviewed_sets, summary
from napari_idr.review.team import (
    assign,
    claim,
    disputes_of,
    people_of,
    person_of,
    release,
    reviewers_of,
    shown_person,
    work_of,
)
from napari_idr.workspace.database import sqlite_address
from napari_idr.workspace.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

LIN = Annotator("Lin")


def who_has(sitting: Sitting) -> list[str]:
    return [work.claim.who.name if work.claim else "" for work in work_of(sitting.desk)]


def test_a_queue_says_what_its_objects_count_as_before_anybody_sits_down_at_it(workspace: Workspace) -> None:
    uuid = new_queue(workspace)
    sitting = Sitting(workspace, uuid)
    for status in ("accepted", "rejected"):
        sitting.desk.judge(status)  # type: ignore[arg-type]
        sitting.desk.step()
    sitting.desk.relabel("debris")
    sitting.confirm()
    opened = open_queue(workspace, uuid)
    assert opened.queue.counts("status") == sitting.desk.counts() == {"accepted": 1, "rejected": 1, "unreviewed": 10}
    assert opened.queue.counts("object_class")["debris"] == 1
    assert summary(workspace, opened).statuses == sitting.desk.counts()


def test_the_class_that_another_gave_is_hidden_from_a_second_opinion(workspace: Workspace) -> None:
    uuid = new_queue(workspace)
    ada = Sitting(workspace, uuid)
    ada.desk.relabel("debris")
    ada.confirm()
    grace = Sitting(workspace, uuid, GRACE)
    row = grace.desk.queue.row(ada.desk.uuid)
    assert grace.desk.queue.value("object_class", row) == "debris"
    grace.desk.look_blindly(True)
    assert grace.desk.queue.value("object_class", row) == "nucleus"


def test_images_are_given_claimed_and_let_go_and_everybody_sees_it(workspace: Workspace) -> None:
    queue = new_queue(workspace)
    ada = Sitting(workspace, queue)
    keys = [work.image.key for work in work_of(ada.desk)]
    assign(ada.desk, keys[1:], GRACE)
    ada.confirm()
    assert who_has(ada) == ["", "Grace Hopper", "Grace Hopper"]
    grace = Sitting(workspace, queue, GRACE)
    assert claim(grace.desk, keys) == []
    release(grace.desk, keys[2:])
    grace.confirm()
    assert who_has(grace) == ["Grace Hopper", "Grace Hopper", ""]
    again = Sitting(workspace, queue)
    assert claim(again.desk, keys) == keys[:2]
    again.confirm()
    assert who_has(again) == ["Grace Hopper", "Grace Hopper", "Ada Lovelace"]
    assert [one.name for one in people_of(again.desk)] == ["Ada Lovelace", "Grace Hopper"]


def test_an_image_that_was_given_away_is_passed_over_and_free_again_when_it_is_given_to_nobody(
    workspace: Workspace,
) -> None:
    queue = new_queue(workspace)
    ada = Sitting(workspace, queue)
    keys = [work.image.key for work in work_of(ada.desk)]
    assign(ada.desk, keys[1:2], GRACE)
    ada.confirm()
    ada.desk.step_image()
    assert ada.desk.image.name == "image 2"  # type: ignore[union-attr]
    ada.desk.step_image(-1)
    assert ada.desk.image.name == "image 0"  # type: ignore[union-attr]
    assign(ada.desk, keys[1:2], NOBODY)
    ada.confirm()
    ada.desk.step_image()
    assert ada.desk.image.name == "image 1"  # type: ignore[union-attr]
    assert "Grace" not in "".join(ada.heard)


def test_of_two_who_claim_at_once_the_first_in_the_history_has_it_for_both(workspace: Workspace) -> None:
    queue = new_queue(workspace)
    ada, grace = Sitting(workspace, queue), Sitting(workspace, queue, GRACE)
    keys = [work.image.key for work in work_of(ada.desk)][:1]
    claim(grace.desk, keys)
    claim(ada.desk, keys)
    ada.confirm()
    grace.confirm()
    place, news = workspace.news(0)
    for sitting in (ada, grace):
        sitting.desk.take_news(news)
    assert place > 0
    assert who_has(ada) == who_has(grace) == ["Grace Hopper", "", ""]


def test_progress_is_counted_image_by_image(workspace: Workspace) -> None:
    ada = Sitting(workspace, new_queue(workspace))
    ada.desk.judge("accepted")
    ada.confirm()
    assert [(work.done, work.total, sorted(work.classes)) for work in work_of(ada.desk)] == [
        (1, 4, ["cell", "nucleus"]),
        (0, 4, ["cell", "nucleus"]),
        (0, 4, ["cell", "nucleus"]),
    ]


def disputed(workspace: Workspace, **options: object) -> str:
    """A queue of twelve: on the first object two differ, on the second they do not."""
    queue = new_queue(workspace, **options)
    for who, first in ((ADA, "accepted"), (GRACE, "rejected")):
        sitting = Sitting(workspace, queue, who)
        uuids = sitting.desk.queue.uuids
        sitting.desk.judge(first, f"{who.name} says so", uuids[:1])  # type: ignore[arg-type]
        sitting.desk.judge("accepted", uuids=uuids[1:2])
        sitting.confirm()
    return queue


def test_a_disagreement_shows_both_and_ends_with_a_decision_of_its_own(workspace: Workspace) -> None:
    queue = disputed(workspace)
    lin = Sitting(workspace, queue, LIN)
    (one,) = disputes_of(lin.desk)
    assert reviewers_of([one]) == {person(ADA): "Ada Lovelace", person(GRACE): "Grace Hopper"}
    said = {who: one.verdict_of(who) for who in reviewers_of([one])}
    assert {who: event.detail("status") for who, event in said.items() if event} == {
        person(ADA): "accepted",
        person(GRACE): "rejected",
    }
    lin.desk.adjudicate("rejected", "it is debris", [one.uuid])
    lin.confirm()
    (one,) = disputes_of(Sitting(workspace, queue).desk)
    assert one.decision is not None
    assert (one.decision.who, one.decision.why, one.decision.kind) == (LIN, "it is debris", "adjudicate")
    opened = open_queue(workspace, queue)
    (reviewed,) = [
        each for found in reviewed_sets(workspace, opened) for each in found.objects if each.uuid == one.uuid
    ]
    assert (reviewed.status, reviewed.reviewer) == ("rejected", LIN)
    assert reviewed.comment.splitlines() == ["Ada Lovelace says so", "Grace Hopper says so", "it is debris"]


def test_who_looks_blindly_sees_a_disagreement_only_after_a_verdict_of_their_own(workspace: Workspace) -> None:
    queue = disputed(workspace, is_blind=True)
    lin = Sitting(workspace, queue, LIN)
    assert disputes_of(lin.desk) == []
    assert len(disputes_of(Sitting(workspace, queue, GRACE).desk)) == 1
    lin.desk.judge("flagged", uuids=lin.desk.queue.uuids[:1])
    lin.confirm()
    assert [len(one.verdicts) for one in disputes_of(lin.desk)] == [3]


def test_looking_blindly_is_kept_for_the_next_session(workspace: Workspace) -> None:
    queue = disputed(workspace)
    lin = Sitting(workspace, queue, LIN)
    assert lin.desk.counts() == {"accepted": 1, "rejected": 1, "unreviewed": 10}
    lin.desk.look_blindly(True)
    assert lin.desk.counts() == {"unreviewed": 12}
    lin.desk.stop()
    lin.confirm()
    again = Sitting(workspace, queue, LIN)
    assert again.desk.is_blind
    assert again.desk.counts() == {"unreviewed": 12}
    assert not Sitting(workspace, queue, GRACE).desk.is_blind


def test_agreement_is_a_table_with_one_kappa_for_two_and_another_for_more(workspace: Workspace) -> None:
    queue = disputed(workspace)
    rows = agreement_rows(summary(workspace, open_queue(workspace, queue)))
    both = "Ada Lovelace / Grace Hopper"
    assert rows[0] == ("all classes", both, "2", "50.0 %", "0.000", "-0.333", "", "")
    assert [row[:4] for row in rows[1:]] == [("cell", both, "1", "100.0 %"), ("nucleus", both, "1", "0.0 %")]
    lin = Sitting(workspace, queue, LIN)
    lin.desk.judge("accepted", uuids=lin.desk.queue.uuids[:2])
    lin.confirm()
    rows = agreement_rows(summary(workspace, open_queue(workspace, queue)))
    assert rows[0] == ("all classes", "everybody", "2", "66.7 %", "", "-0.200", "", "")
    assert [row[1:5] for row in rows[1:4]] == [
        (both, "2", "50.0 %", "0.000"),
        ("Ada Lovelace / Lin", "2", "100.0 %", ""),
        ("Grace Hopper / Lin", "2", "50.0 %", "0.000"),
    ]
    text = table_tsv(rows).splitlines()
    assert text[0].split("\t") == list(HEADERS)
    assert text[1].split("\t")[5] == "-0.200"


def test_no_cell_of_the_table_is_a_formula() -> None:
    row = ("=1+1\tx", "@me", "2", "50.0 %", "-0.5", "", "", "")
    assert table_tsv([row]).splitlines()[1] == "'=1+1 x\t'@me\t2\t50.0 %\t-0.5\t\t\t"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Grace Hopper", GRACE),
        ("Ada Lovelace (0000-0002-1825-0097)", ADA),
        ("O'Neil (lab B)", None),
        ("  ", None),
    ],
)
def test_a_person_is_read_as_they_are_shown(text: str, expected: Annotator | None) -> None:
    assert person_of(text) == expected
    if expected is not None:
        assert shown_person(expected) == text


def test_what_a_file_would_bring_is_told_and_nothing_is_taken(workspace: Workspace, tmp_path: Path) -> None:
    queue = new_queue(workspace)
    file = tmp_path / "q.idrreview"
    write_review(workspace, open_queue(workspace, queue), file)
    with Workspace(sqlite_address(tmp_path / "grace.sqlite"), tmp_path / "grace") as other:
        assert incoming(other, file).people == {"Ada Lovelace": incoming(other, file).events}
        other.merge(file)
        assert incoming(other, file).sentence == "Everything in it is here already."
        grace = Sitting(other, queue, GRACE)
        grace.desk.judge("rejected", uuids=grace.desk.queue.uuids[:2])
        grace.confirm()
        back = tmp_path / "back.idrreview"
        write_review(other, open_queue(other, queue), back)
    ada = Sitting(workspace, queue)
    ada.desk.judge("accepted", uuids=ada.desk.queue.uuids[:1])
    ada.confirm()
    with workspace.reading() as reader:
        before = len(reader.events())
    came = incoming(workspace, back)
    assert (came.events, came.people, came.queues, came.images) == (2, {"Grace Hopper": 2}, ((queue, "cells"),), 1)
    assert (came.disputes, came.corrections) == (1, 0)
    assert came.sentence == ("2 events would come in: 2 of Grace Hopper. On 1 object the reviewers differ then.")
    with workspace.reading() as reader:
        assert len(reader.events()) == before
    workspace.merge(back)
    assert len(disputes_of(Sitting(workspace, queue).desk)) == 1


def test_two_corrections_of_one_version_are_told(workspace: Workspace, tmp_path: Path) -> None:
    made = sets(1)
    queue, file = new_queue(workspace, made), tmp_path / "q.idrreview"
    write_review(workspace, open_queue(workspace, queue), file)
    first, second = made[0].objects[:2]
    with Workspace(sqlite_address(tmp_path / "grace.sqlite"), tmp_path / "grace") as other:
        other.merge(file)
        Sitting(other, queue, GRACE).desk.correct(first, replace(first, shapes=second.shapes), made[0].image.key)
        write_review(other, open_queue(other, queue), tmp_path / "back.idrreview")
    third = made[0].objects[2]
    Sitting(workspace, queue).desk.correct(first, replace(first, shapes=third.shapes), made[0].image.key)
    came = incoming(workspace, tmp_path / "back.idrreview")
    assert came.corrections == 1
    assert came.sentence.endswith(" 1 object was corrected by both: both versions are kept.")


def test_a_file_that_is_none_is_one_sentence(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no review file"):
        incoming(workspace, tmp_path / "none.idrreview")
    (tmp_path / "text.idrreview").write_text("no database")
    with pytest.raises(FormatError):
        incoming(workspace, tmp_path / "text.idrreview")
