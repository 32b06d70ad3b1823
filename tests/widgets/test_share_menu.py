"""The button "Share": what it copies, opens and saves, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QFileDialog

from napari_idr.model.catalog import Node
from napari_idr.widgets import share_actions as actions
from napari_idr.widgets.share_menu import ShareMenu

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from qtpy.QtWidgets import QWidget

    from napari_idr.widgets.theme import Theme

pytestmark = pytest.mark.qt

SOURCE = "https://idr.openmicroscopy.org/webclient/?show=image-7"


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the user was told."""
    sentences: list[str] = []
    for name in ("show_info", "show_warning"):
        monkeypatch.setattr(actions, name, sentences.append)
    return sentences


@pytest.fixture
def viewer(make_napari_viewer: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """A window with one layer that says that it is an image of the IDR."""
    from napari_idr.layers.viewer_session import ViewerSession

    made = make_napari_viewer()
    monkeypatch.setattr(actions.napari, "current_viewer", lambda: made)
    yield made
    ViewerSession.for_viewer(made).close()


def add_ours(viewer: Any, address: str = SOURCE) -> Any:
    import numpy as np

    ours = {"address": address, "source": address, "channel": 0}
    return viewer.add_image(np.eye(9), axis_labels=("y", "x"), metadata={"napari_idr": ours}, contrast_limits=(0, 1))


def test_the_link_to_a_view_is_on_the_clipboard(viewer: Any, said: list[str]) -> None:
    add_ours(viewer)
    actions.copy_link()
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("https://idr.openmicroscopy.org/iviewer/?images=7&c=1|0:1$FFFFFF&x=4.5&y=4.5&zm=")
    assert said == ["Link copied. It opens in a browser, and here with Ctrl+N."]


def test_what_is_on_this_computer_only_is_said(viewer: Any, said: list[str]) -> None:
    add_ours(viewer, "/data/my.ome.zarr")
    actions.copy_link()
    actions.open_page()
    assert "It lies on this computer: only you can open it." in said[0]
    assert "has no page on the web" in said[1]


def test_python_of_the_window_and_of_a_node_is_copied(viewer: Any, said: list[str]) -> None:
    add_ours(viewer)
    actions.copy_python()
    assert f"addresses = [\n    {SOURCE!r},\n]" in QGuiApplication.clipboard().text()
    assert "Python copied" in actions.copy_python_of(Node("image", "idr", "7", "a\nimport os", SOURCE))
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[3] == f"address = {SOURCE!r}  # image a import os"


@pytest.mark.parametrize("act", [actions.copy_link, actions.copy_python, actions.open_page])
def test_an_empty_window_is_one_sentence(viewer: Any, said: list[str], act: Callable[[], None]) -> None:
    act()
    assert len(said) == 1
    assert "choose a layer that was opened from a repository" in said[0]


def test_a_view_is_saved_where_the_user_says(
    viewer: Any, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_ours(viewer)
    file = tmp_path / "mine.idrview.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    actions.save_view()
    assert file.is_file()
    assert said == ["The view is in mine.idrview.json."]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "no" / "x.idrview.json"), ""))
    actions.save_view()
    assert said[-1].startswith("The view could not be saved: No such file")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    actions.save_view()
    assert len(said) == 2


def test_every_entry_of_the_menu_is_there_and_its_keys_are_free(host: QWidget, theme: Theme) -> None:
    from napari._app_model import get_app_model
    from napari.settings import get_settings

    button = ShareMenu(theme, host)
    texts = [action.text() for action in button.menu().actions() if action.text()]
    assert texts == ["Copy link to this view", "Copy as Python", "Open in browser", "Save this view…", "Open a view…"]
    ours = {action.shortcut().toString() for action in button.menu().actions() if not action.shortcut().isEmpty()}
    taken = {str(key) for keys in get_settings().shortcuts.shortcuts.values() for key in keys}
    taken |= {str(entry.keybinding) for entry in get_app_model().keybindings}
    assert ours
    assert not ours & {key.replace("Meta", "Ctrl") for key in taken}
    assert button.accessibleName() == "Share this view"
