"""A review by a team on one PostgreSQL: two at once, and a connection that is cut while one works."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from reviewing import ADA, GRACE, Sitting, new_queue, sets

from napari_idr.review.desk import Desk
from napari_idr.review.queue_store import open_queue
from napari_idr.review.team import assign, work_of
from napari_idr.workspace import autosave as autosaving
from napari_idr.workspace import workspace as module
from napari_idr.workspace.autosave import Autosave
from napari_idr.workspace.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from private_postgresql import PrivatePostgresql

    from napari_idr.errors import NapariIdrError
    from napari_idr.model.annotator import Annotator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="PostgreSQL is tried where it has Unix sockets")


@pytest.fixture
def address(server: PrivatePostgresql, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(autosaving, "AGAIN_SECONDS", 0.05)
    return server.database(f"r{abs(hash(request.node.name))}")


def verdicts(kept: Workspace, queue: str) -> list[tuple[str, str]]:
    """Who said what, in the order of the history."""
    with kept.reading() as reader:
        return [(event.who.name, event.why) for event in reader.events(kind="verdict", queue=queue)]


def test_two_curators_at_once_lose_no_verdict(address: str, tmp_path: Path) -> None:
    """Two thousand verdicts each are the dose of ``make soak``."""
    count = int(os.environ.get("NAPARI_IDR_VERDICTS", "200"))
    problems: list[NapariIdrError] = []
    with Workspace(address, tmp_path / "made") as kept:
        queue = new_queue(kept, sets(4, 10))

    def review(who: Annotator) -> None:
        with Workspace(address, tmp_path / who.name) as own, Autosave(own, who) as autosave:
            autosave.failed.connect(problems.append)
            desk = Desk(open_queue(own, queue), who, autosave.record, claims=True)
            for number in range(count):
                desk.judge("accepted", str(number), [desk.queue.uuids[number % len(desk.queue)]])
            assert autosave.flush(300)
            assert own.problem is None

    threads = [threading.Thread(target=review, args=(who,)) for who in (ADA, GRACE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Workspace(address, tmp_path / "made") as kept:
        said = verdicts(kept, queue)
    assert problems == []
    assert len(said) == 2 * count
    for who in (ADA, GRACE):
        assert [why for name, why in said if name == who.name] == [str(number) for number in range(count)]


def test_verdicts_while_the_connection_is_cut_are_kept_and_sent_once_in_order(
    address: str, server: PrivatePostgresql, tmp_path: Path
) -> None:
    with Workspace(address, tmp_path) as kept, Autosave(kept, ADA) as autosave:
        queue = new_queue(kept)
        desk = Desk(open_queue(kept, queue), ADA, autosave.record)
        confirmed: list[int] = []
        autosave.saved.connect(confirmed.append)
        desk.judge("accepted", "before")
        assert autosave.flush(120)
        server.cut()
        for number in range(5):
            desk.judge("rejected", str(number))
        assert autosave.flush(60)
        assert kept.waiting == 5
        desk.confirm(confirmed[-1])
        assert desk.status(desk.uuid) == "rejected"
        server.start()
        desk.judge("flagged", "after")
        assert autosave.flush(60)
        kept.send_waiting()
        assert kept.waiting == 0
        assert [why for _, why in verdicts(kept, queue)] == ["before", *"01234", "after"]


def test_who_works_on_what_is_seen_by_the_other_and_given_images_are_passed_over(address: str, tmp_path: Path) -> None:
    with Workspace(address, tmp_path / "ada") as mine, Workspace(address, tmp_path / "grace") as theirs:
        queue = new_queue(mine, sets(3, 2))
        ada = Sitting(mine, queue, claims=True)
        grace = Sitting(theirs, queue, GRACE, claims=True)
        keys = ada.desk.queue.images
        assign(ada.desk, keys[1:2], ADA)
        ada.confirm()
        place, news = theirs.news(grace.desk.opened.place)
        assert place > grace.desk.opened.place
        grace.desk.take_news(news)
        assert [work.claim.who.name if work.claim else "" for work in work_of(grace.desk)] == [ADA.name, ADA.name, ""]
        grace.desk.step_image()
        grace.confirm()
        assert grace.desk.image.name == "image 2"  # type: ignore[union-attr]
        ada.desk.take_news(mine.news(ada.desk.opened.place)[1])
        assert [work.claim.who.name for work in work_of(ada.desk) if work.claim] == [ADA.name, ADA.name, GRACE.name]
