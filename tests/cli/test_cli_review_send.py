"""``review send``: what would change is told, then sent and read back, and nothing a second time."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from napari_idr.model.annotator import Annotator
from napari_idr.remote import passwords
from napari_idr.review.desk import Desk
from napari_idr.review.queue_store import find_queue, open_queue
from napari_idr.session import Session
from test_servers import Keyring

if TYPE_CHECKING:
    import pytest

    from command import Run
    from repository_server import Served

ADA = Annotator("Ada Lovelace", "0000-0002-1825-0097")


def judge_first() -> None:
    """Reject the first object of the queue, in the workspace of the command."""
    with Session() as session:
        workspace = session.workspace
        opened = open_queue(workspace, find_queue(workspace).uuid)

        def record(_image: object, batch: Any, *, who: object = None) -> int:
            workspace.record(batch)
            return 0

        Desk(opened, ADA, record).judge("rejected", "half of it", opened.queue.uuids[:1])


def test_verdicts_are_told_sent_and_read_back(run: Run, writable: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Keyring()
    monkeypatch.setattr(passwords, "_keyring", lambda: kept)
    monkeypatch.setattr("sys.stdin", io.StringIO("analytical\n"))
    monkeypatch.setenv("NAPARI_IDR_SERVER", writable.address)
    assert run("login", writable.address, "--user", "ada", "--keep")[0] == 0
    with Session() as session:
        listed = session.http.get_json(f"{writable.address}api/v0/m/images/", [("limit", "1000")])["data"]
    number = next(one["@id"] for one in listed if one["Name"] == "embryo-1, every kind of ROI")
    assert run("review", "add", f"{writable.address}webclient/?show=image-{number}", "--name", "embryos")[0] == 0
    name = "embryo-1, every kind of ROI"
    assert run("review", "send")[:2] == (0, f"{name}\tas it is here\n")
    judge_first()
    told = f"{name}\tnew verdicts on 1 object\n"
    assert run("review", "send", "embryos", "--look")[:2] == (0, told)
    sent = "Arrived and read back, on 1 image: verdicts on 1 object; shapes: 0 new, 0 changed, 0 deleted.\n"
    assert run("review", "send", "embryos")[:2] == (0, told + sent)
    assert run("review", "send")[:2] == (0, f"{name}\tas it is here\n")
