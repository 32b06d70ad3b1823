"""A review sent back from the window: what would change, one button, what arrived, and nothing a second time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr
from qtpy.QtWidgets import QWidget

from napari_idr.layers.viewer_session import ViewerSession
from napari_idr.model.annotator import Annotator
from napari_idr.review.queue_file import QueueDefinition
from napari_idr.review.queue_store import make_queue, open_queue
from napari_idr.review.reviewer import save_reviewer
from napari_idr.review.sending import NAMESPACE
from napari_idr.review.sources import sets_of
from napari_idr.widgets.review_send import NOTHING, ReviewSend
from napari_idr.widgets.theme import Theme

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from repository_server import Served

pytestmark = pytest.mark.qt
ADA = Annotator("Ada Lovelace", "0000-0002-1825-0097")
PATIENCE = 30_000


def test_what_would_change_is_shown_sent_and_read_back(
    make_napari_viewer: Callable[..., Any], writable: Served, qtbot: QtBot
) -> None:
    session = ViewerSession.for_viewer(make_napari_viewer())
    own = session.session
    save_reviewer(own.settings.config_dir, ADA)
    repository = own.servers.sign_in(writable.address, "ada", SecretStr("analytical"))
    listed = own.http.get_json(f"{writable.address}api/v0/m/images/", [("limit", "1000")])["data"]
    number = next(str(one["@id"]) for one in listed if one["Name"] == "embryo-1, every kind of ROI")
    found = list(sets_of(own, f"{writable.address}webclient/?show=image-{number}"))
    queue = make_queue(own.workspace, found, QueueDefinition(name="embryos"), ADA)
    host = QWidget()
    qtbot.addWidget(host)
    dialog = ReviewSend(session, Theme(host), host)
    calls: list[str] = []
    dialog.open_here(queue, lambda: calls.append("written down"))
    qtbot.waitUntil(lambda: dialog.said.text() == NOTHING, timeout=PATIENCE)
    assert not dialog.send.isEnabled()
    assert calls == ["written down"]

    from napari_idr.review.desk import Desk

    opened = open_queue(own.workspace, queue)

    def record(_image: object, batch: Any, *, who: object = None) -> int:
        own.workspace.record(batch)
        return 0

    Desk(opened, ADA, record).judge("rejected", "half of it", opened.queue.uuids[:2])
    dialog.again.click()
    qtbot.waitUntil(dialog.send.isEnabled, timeout=PATIENCE)
    item = dialog.images.topLevelItem(0)
    assert item is not None
    assert item.text(0) == "embryo-1, every kind of ROI: new verdicts on 2 objects"
    assert dialog.minimumSizeHint().width() <= 300
    dialog.send.click()
    said = "Arrived and read back, on 1 image: verdicts on 2 objects"
    qtbot.waitUntil(lambda: dialog.notices.text.text().startswith(said), timeout=PATIENCE)
    qtbot.waitUntil(lambda: dialog.said.text() == NOTHING, timeout=PATIENCE)
    assert not dialog.send.isEnabled()
    (stored,) = repository.key_values.stored(number, NAMESPACE)  # type: ignore[union-attr]
    assert ("Rejected", "2") in stored.values
    qtbot.waitUntil(lambda: not dialog.progress.is_busy, timeout=PATIENCE)
    dialog.close()
    session.close()
