"""Background work that is asked for often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.layers.coalesced import Coalesced

if TYPE_CHECKING:
    from collections.abc import Callable


def test_work_is_done_once_at_a_time_and_once_more_if_asked_for_meanwhile() -> None:
    posted: list[Callable[[], None]] = []
    done: list[int] = []

    def work() -> None:
        done.append(len(done))
        if len(done) == 1:
            coalesced.ask()
            coalesced.ask()

    coalesced = Coalesced(posted.append, work)
    coalesced.ask()
    coalesced.ask()
    assert len(posted) == 1
    posted.pop()()
    assert len(posted) == 1, "asked for while it ran"
    posted.pop()()
    assert not posted
    assert done == [0, 1]


def test_work_that_fails_can_be_asked_for_again() -> None:
    posted: list[Callable[[], None]] = []
    coalesced = Coalesced(posted.append, lambda: [][0])
    coalesced.ask()
    try:
        posted.pop()()
    except IndexError:
        pass
    coalesced.ask()
    assert len(posted) == 1
