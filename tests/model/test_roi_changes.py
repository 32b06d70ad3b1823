"""What is sent of what was drawn: new, modified, deleted, each once; what others changed stays theirs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from napari_idr.model.annotation import Point, Polygon, Rectangle, Roi
from napari_idr.model.roi_changes import Drawn, KnownShape, Rights, RoiChanges, meet_server, plan_changes

BOX = Rectangle(id="1", x=1, y=1, width=4, height=4, text="cell")
SPOT = Point(id="2", x=9, y=9)
KNOWN = {"1": KnownShape("10", BOX), "2": KnownShape("10", SPOT)}
SERVER = (Roi("10", (BOX, SPOT)),)
MOVED = replace(BOX, x=2.0)
EVERYTHING = Rights()


def test_what_did_not_change_is_not_sent() -> None:
    changes = plan_changes(KNOWN, [Drawn("a", BOX), Drawn("b", SPOT)])
    assert (changes.count, changes.unchanged) == (0, 2)


def test_new_modified_and_deleted_are_told_apart() -> None:
    fresh = Rectangle(x=5, y=5, width=1, height=1)
    changes = plan_changes(KNOWN, [Drawn("a", MOVED), Drawn("c", fresh)])
    assert [one.key for one in changes.new] == ["c"]
    assert [(one.key, one.roi_id, one.after) for one in changes.modified] == [("a", "10", MOVED)]
    assert [one.shape for one in changes.deleted] == [SPOT]
    assert changes.count == 3


def test_a_shape_of_another_kind_is_a_new_one_in_place_of_the_old() -> None:
    corner = Polygon(id="1", points=((0, 0), (1, 0), (1, 1)))
    changes = plan_changes(KNOWN, [Drawn("a", corner), Drawn("b", SPOT)])
    assert [one.shape.id for one in changes.new] == [""]
    assert [one.shape.id for one in changes.deleted] == ["1"]


def test_an_unknown_id_is_not_sent_as_if_it_were_known() -> None:
    changes = plan_changes({}, [Drawn("a", BOX)])
    assert changes.new[0].shape.id == ""


def meet(changes: RoiChanges, server: tuple[Roi, ...] = SERVER, rights: Rights = EVERYTHING) -> RoiChanges:
    return meet_server(changes, server, set(KNOWN), rights)


def test_what_nobody_else_touched_is_sent() -> None:
    changes = plan_changes(KNOWN, [Drawn("a", MOVED)])
    met = meet(changes)
    assert (met.modified, met.deleted, met.remarks) == (changes.modified, changes.deleted, ())


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ((Roi("10", (replace(BOX, text="mitotic"), SPOT)),), "changed here and by somebody else"),
        ((Roi("10", (SPOT,)),), "changed here and deleted on the server"),
    ],
)
def test_what_somebody_else_changed_is_not_overwritten(server: tuple[Roi, ...], said: str) -> None:
    met = meet(plan_changes(KNOWN, [Drawn("a", MOVED), Drawn("b", SPOT)]), server)
    assert met.count == 0
    assert said in met.remarks[0]


def test_what_somebody_else_changed_is_not_deleted() -> None:
    met = meet(plan_changes(KNOWN, [Drawn("a", BOX)]), (Roi("10", (BOX, replace(SPOT, x=10.0))),))
    assert met.deleted == ()
    assert "are kept there" in met.remarks[0]


def test_what_is_gone_already_needs_no_deleting_and_no_word() -> None:
    met = meet(plan_changes(KNOWN, [Drawn("a", BOX)]), (Roi("10", (BOX,)),))
    assert (met.deleted, met.remarks) == ((), ())


def test_what_is_not_allowed_is_not_tried_and_said() -> None:
    fresh = Drawn("c", Rectangle(x=5, y=5, width=1, height=1))
    rights = Rights(may_add=False, locked=frozenset({"10"}), kept=frozenset({"10"}))
    met = meet(plan_changes(KNOWN, [Drawn("a", MOVED), fresh]), rights=rights)
    assert met.count == 0
    assert len(met.remarks) == 3


def test_a_new_shape_that_arrived_before_is_recognised_and_not_sent_twice() -> None:
    fresh = Rectangle(x=5, y=5, width=1, height=1, text="x")
    there = (*SERVER, Roi("11", (replace(fresh, id="3", x=5.0002),)))
    met = meet(plan_changes({}, [Drawn("c", fresh), Drawn("d", fresh)]), there)
    assert [key for key, _ in met.adopted] == ["c"]
    assert [one.key for one in met.new] == ["d"], "two that are alike are two"
    assert "had arrived already" in met.remarks[0]


def test_what_was_read_before_is_no_twin_of_what_is_drawn() -> None:
    """Somebody who draws on top of a shape on purpose gets it sent."""
    met = meet(plan_changes({}, [Drawn("c", replace(BOX, id=""))]))
    assert len(met.new) == 1
