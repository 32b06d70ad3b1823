"""Original files of an image: asked for when wanted, downloaded with progress, stopped and gone on with."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from fakes import BASE
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QFileDialog, QPushButton, QToolButton

from napari_idr.errors import Cancelled, Unreachable
from napari_idr.model.catalog import ImageNode, Node
from napari_idr.model.original_file import OriginalFile
from napari_idr.widgets.original_files import OriginalFiles
from napari_idr.widgets.progress_strip import Task

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot
    from qtpy.QtWidgets import QWidget

    from napari_idr.widgets.theme import Theme

pytestmark = pytest.mark.qt

IMAGE, OTHER = (ImageNode("image", "idr", number, "cells", BASE) for number in ("101", "102"))
FILE = OriginalFile("cells.ome.tif", f"{BASE}cells.ome.tif")


class Files:
    """A session that has files of one image."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.error: Exception | None = None
        self.go = threading.Event()
        self.go.set()

    def original_files(self, node: Node) -> tuple[OriginalFile, ...]:
        self.asked.append(node.id)
        return (FILE,) if node.id == "101" else ()

    def download(self, file: OriginalFile, target: Path, *, on_progress: Any, is_cancelled: Any) -> Path:
        on_progress(1 << 20, 2 << 20)
        while not self.go.wait(0.01):
            if is_cancelled():
                raise Cancelled("stopped")
        if self.error is not None:
            raise self.error
        target.write_bytes(b"II*")
        return target


@pytest.fixture
def files() -> Files:
    return Files()


@pytest.fixture
def panel(files: Files, theme: Theme, host: QWidget) -> OriginalFiles:
    panel = OriginalFiles(files, theme, host)  # type: ignore[arg-type]
    host.show()
    return panel


@pytest.fixture
def listed(panel: OriginalFiles, qtbot: QtBot) -> OriginalFiles:
    panel.offer(IMAGE)
    panel.button.click()
    qtbot.waitUntil(lambda: "1 original file" in panel.said.text())
    return panel


def test_nothing_is_asked_before_it_is_wanted(panel: OriginalFiles, files: Files, qtbot: QtBot) -> None:
    assert panel.isHidden()
    panel.offer(Node("plate", "idr", "1", "plate", BASE))
    assert panel.isHidden()
    panel.offer(OTHER)
    assert not panel.isHidden()
    assert files.asked == []
    panel.button.click()
    qtbot.waitUntil(lambda: "No original files" in panel.said.text())
    assert files.asked == ["102"]


def test_each_file_has_its_link_and_its_download(listed: OriginalFiles) -> None:
    names = {button.accessibleName() for button in listed.rows.findChildren(QToolButton)}
    assert names == {"Copy the link of cells.ome.tif", "Download in the browser of cells.ome.tif"}
    next(one for one in listed.rows.findChildren(QToolButton) if "link" in one.accessibleName()).click()
    assert QGuiApplication.clipboard().text() == FILE.address


def test_a_file_is_downloaded_where_the_user_says(
    listed: OriginalFiles, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "x.tif"), ""))
    next(one for one in listed.rows.findChildren(QPushButton) if one.text() == "Download…").click()
    qtbot.waitUntil(lambda: "x.tif is in" in listed.notices.text.text())
    assert (tmp_path / "x.tif").read_bytes() == b"II*"
    assert not listed.progress.is_busy


def test_a_download_can_be_stopped(listed: OriginalFiles, files: Files, qtbot: QtBot, tmp_path: Path) -> None:
    files.go.clear()
    listed.download(FILE, tmp_path / "x.tif")
    (task,) = listed.progress.findChildren(Task)
    qtbot.waitUntil(lambda: "1,024 of 2,048" in task.text)
    task.cancel()
    assert "goes on where it was" in listed.notices.text.text()
    listed.stop()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Unreachable("The server is gone", "h"), "The server is gone"),
        (PermissionError(13, "Permission denied"), "could not be written (Permission denied)"),
    ],
)
def test_what_goes_wrong_is_said_with_retry(
    listed: OriginalFiles, files: Files, qtbot: QtBot, tmp_path: Path, error: Exception, said: str
) -> None:
    files.error = error
    listed.download(FILE, tmp_path / "x.tif")
    qtbot.waitUntil(lambda: said in listed.notices.text.text())
    files.error = None
    next(one for one in listed.notices.findChildren(QPushButton) if one.text() == "Retry").click()
    qtbot.waitUntil(lambda: "x.tif is in" in listed.notices.text.text())
