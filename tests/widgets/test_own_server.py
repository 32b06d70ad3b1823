"""Journey (j) in a real window: sign in, see what is private, draw, send back; the session ends and nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_idr.layers.viewer_session import ViewerSession
from napari_idr.remote import login as login_module
from napari_idr.widgets.browser import IdrDock
from napari_idr.widgets.change_tree import ChangeTree
from napari_idr.widgets.send_rois_dialog import NO_IMAGE, NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from napari_idr.layers.open_job import OpenJob
    from repository_server import Served

pytestmark = pytest.mark.qt
PATIENCE = 30_000


@pytest.fixture
def owner(make_napari_viewer: Callable[..., Any], qtbot: QtBot) -> Iterator[ViewerSession]:
    made, jobs = ViewerSession.for_viewer(make_napari_viewer()), list[Any]()
    made.opening.connect(jobs.append)
    yield made
    qtbot.waitUntil(lambda: all(job.state != "running" for job in jobs), timeout=PATIENCE)
    made.close()


@pytest.fixture
def dock(owner: ViewerSession) -> IdrDock:
    dock = IdrDock(owner.viewer)  # type: ignore[arg-type]
    owner.viewer.window.add_dock_widget(dock, name="IDR")  # type: ignore[union-attr]
    return dock


def sign_in(qtbot: QtBot, dock: IdrDock, served: Served) -> None:
    dialog = dock.browse.servers.show()
    dialog.form.fill(f"{served.address}webclient/", "ada")
    dialog.form.password.setText("analytical")
    with qtbot.waitSignal(dialog.added, timeout=PATIENCE):
        qtbot.keyClick(dialog.form.password, Qt.Key.Key_Return)


def wait(qtbot: QtBot, job: OpenJob) -> None:
    qtbot.waitUntil(lambda: job.state != "running", timeout=PATIENCE)
    assert job.state == "done", job.error


def test_from_the_login_to_rois_that_are_sent_and_back(
    qtbot: QtBot, dock: IdrDock, owner: ViewerSession, writable: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_module, "BELIEVED_SECONDS", -1.0)
    viewer: Any = owner.viewer
    assert dock.sending.isHidden()
    sign_in(qtbot, dock, writable)
    studies, root = dock.browse.page.studies, owner.session.repositories[-1].root()
    qtbot.waitUntil(lambda: len(studies.rows.nodes) == 3, timeout=PATIENCE)
    assert {study.repository for study in studies.rows.nodes} == {root.repository}
    assert root.name.endswith(" · ada")
    images = owner.session.http.get_json(f"{writable.address}api/v0/m/images/", [("limit", "1000")])["data"]
    number = next(one["@id"] for one in images if one["Name"] == "embryo-1, every kind of ROI")
    node = owner.session.resolve(f"{writable.address}webclient/?show=image-{number}")
    wait(qtbot, owner.show_rois(node))
    known = {one["@id"] for one in owner.session.rois(node)}
    (box,) = (layer for layer in viewer.layers if layer.name.endswith(" · ROIs"))
    first, *others = box.data
    box.data = [first + np.array([0, 0, 0, 2]), *others]
    drawn = viewer.add_points([[20.0, 30.0]], name="mine")
    qtbot.waitUntil(lambda: not dock.sending.isHidden(), timeout=PATIENCE)
    writable.expire()

    dock.sending.click()
    dialog = dock.send_dialog
    assert dialog is not None
    qtbot.waitUntil(dialog.send.isEnabled, timeout=PATIENCE)
    assert dialog.send.text() == "Send 1 new, 1 changed"
    dialog.send.click()
    qtbot.waitUntil(lambda: "Read back" in dialog.notices.text.text(), timeout=PATIENCE)
    assert dialog.notices.text.text() == "Read back from the server: 1 shape added, 1 shape changed."
    qtbot.waitUntil(lambda: dialog.said.text() == NOTHING, timeout=PATIENCE)
    assert not dialog.send.isEnabled()

    (added,) = (one for one in owner.session.rois(node) if one["@id"] not in known)
    assert list(drawn.features["roi_id"]) == [str(added["@id"])]
    assert (added["shapes"][0]["X"], added["shapes"][0]["Y"]) == _pixels(viewer, (20.0, 30.0))
    dialog.close()


def _pixels(viewer: Any, place: tuple[float, float]) -> tuple[float, float]:
    """Pixels of the image, counted from the corner of the first, of a place in the world."""
    image = viewer.layers[0]
    y, x = image.world_to_data((0,) * (image.ndim - 2) + place)[-2:]
    return round(float(x) + 0.5, 6), round(float(y) + 0.5, 6)


def test_without_an_image_the_dialog_says_what_to_do(qtbot: QtBot, dock: IdrDock) -> None:
    dock.send_rois()
    dialog = dock.send_dialog
    assert dialog is not None
    assert dialog.said.text() == NO_IMAGE
    assert not dialog.send.isEnabled()
    assert isinstance(dialog.changes, ChangeTree)
    dialog.close()


def test_what_is_open_when_a_session_ends_stays_and_goes_on(
    qtbot: QtBot, dock: IdrDock, owner: ViewerSession, private: Served
) -> None:
    viewer: Any = owner.viewer
    sign_in(qtbot, dock, private)
    images = owner.session.http.get_json(f"{private.address}api/v0/m/images/", [("limit", "1000")])["data"]
    number = next(one["@id"] for one in images if one["Name"] == "embryo-1")
    wait(qtbot, owner.open(f"{private.address}webclient/?show=image-{number}"))
    layers = list(viewer.layers)
    login = owner.session.servers.login(private.address)
    assert login is not None
    login._confirmed = 0.0
    owner.session.http.logins._passwords.clear()
    private.expire()
    dock.browse.go_to(f"{private.address}webclient/?show=image-{number + 1}")
    qtbot.waitUntil(lambda: not dock.browse.notices.isHidden(), timeout=PATIENCE)
    qtbot.waitUntil(lambda: "ended" in dock.browse.notices.text.text(), timeout=PATIENCE)
    sign_in(qtbot, dock, private)
    assert list(viewer.layers) == layers
    assert np.asarray(layers[0].data[0][-1]).any(), "chunks that were not there yet are read in the new session"
