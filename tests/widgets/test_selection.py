"""The one selection of a viewer."""

from __future__ import annotations

import gc
from dataclasses import replace

import pytest
from fakes import FakeSession

from napari_idr.widgets.selection import MAX_HISTORY, Selected, Selection

pytestmark = pytest.mark.qt


@pytest.fixture
def plates() -> list:
    return FakeSession()._plates()


def test_every_listener_hears_of_a_new_node_once(plates: list) -> None:
    selection, heard = Selection(), []
    selection.changed.connect(heard.append)
    selection.select(plates[0])
    selection.select(plates[0])
    assert heard == [Selected(plates[0])]


def test_what_is_learned_about_the_node_is_taken_over_without_a_step_in_the_history(plates: list) -> None:
    selection = Selection()
    selection.select(plates[0])
    selection.update(wells=("B/7",))
    described = replace(plates[0], description="now known")
    selection.select(described)
    assert selection.current == Selected(described, wells=("B/7",))
    selection.back()
    assert selection.current == Selected()


def test_back_and_forward_bring_wells_and_field_with_them(plates: list) -> None:
    selection = Selection()
    selection.select(plates[0])
    selection.update(wells=("A/1", "A/2"), field=1)
    selection.select(plates[1])
    assert selection.current.wells == ()
    selection.back()
    assert selection.current == Selected(plates[0], 1, "", ("A/1", "A/2"))
    assert selection.can_go_forward
    selection.forward()
    assert selection.current.node == plates[1]
    assert not selection.can_go_forward
    selection.forward()
    assert selection.current.node == plates[1]


def test_going_elsewhere_after_back_forgets_what_was_ahead(plates: list) -> None:
    selection = Selection()
    for plate in plates[:3]:
        selection.select(plate)
    selection.back()
    selection.select(plates[3])
    assert not selection.can_go_forward
    selection.back()
    assert selection.current.node == plates[1]


def test_the_history_is_bounded(plates: list) -> None:
    selection = Selection()
    for step in range(2 * MAX_HISTORY):
        selection.select(plates[step % 2])
    steps = 0
    while selection.can_go_back:
        selection.back()
        steps += 1
    assert steps == MAX_HISTORY - 1


def test_each_owner_has_one_selection_that_ends_with_it() -> None:
    class Owner:
        pass

    one, other = Owner(), Owner()
    assert Selection.for_owner(one) is Selection.for_owner(one)
    assert Selection.for_owner(one) is not Selection.for_owner(other)
    del one
    gc.collect()
    assert Selection.for_owner(other) is Selection.for_owner(other)
