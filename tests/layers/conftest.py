"""Viewers with a session of their own, that are closed at the end of a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from napari.settings import get_settings

from napari_idr.layers.viewer_session import ViewerSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot


@pytest.fixture(params=["sync", "async"])
def slicing(request: pytest.FixtureRequest) -> Iterator[str]:
    """Both ways in which napari slices."""
    experimental = get_settings().experimental
    before = experimental.async_
    experimental.async_ = request.param == "async"
    yield request.param
    experimental.async_ = before


@pytest.fixture
def session(make_napari_viewer: Callable[..., Any], qtbot: QtBot) -> Iterator[ViewerSession]:
    """A shown viewer's session."""
    viewer = make_napari_viewer(show=True)
    made = ViewerSession.for_viewer(viewer)
    yield made
    made.close()
