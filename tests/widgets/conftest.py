"""What every widget test needs: a fake session, a dressed dock, and nothing left behind."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from fakes import FakeSession, FakeViewerSession
from qtpy.QtCore import QCoreApplication, QEvent
from qtpy.QtWidgets import QApplication, QWidget

from napari_idr.widgets.theme import Theme

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot


@pytest.fixture(autouse=True)
def _nothing_left(qapp: QApplication) -> Iterator[None]:
    """No widget and no worker outlives its test."""
    before = set(QApplication.topLevelWidgets())
    yield
    for thread in [one for one in threading.enumerate() if one.name == "napari-idr worker"]:
        thread.join(120)
        assert not thread.is_alive(), "a worker is still running"
    qapp.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert set(QApplication.topLevelWidgets()) <= before


@pytest.fixture
def session() -> FakeSession:
    return FakeSession()


@pytest.fixture
def viewer_session(session: FakeSession) -> FakeViewerSession:
    return FakeViewerSession(session)


@pytest.fixture
def host(qtbot: QtBot) -> QWidget:
    """A window that holds what is tested."""
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.resize(320, 600)
    return widget


@pytest.fixture
def theme(host: QWidget) -> Theme:
    return Theme(host)
