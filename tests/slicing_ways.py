"""The two ways in which napari slices, for tests that have to hold in both."""

from __future__ import annotations

from typing import Any

from patience import PATIENCE

WAYS = ("sync", "async")


def slice_in_way(viewer: Any, way: str) -> None:
    """Have a viewer slice in the GUI thread, or in a thread of its own; what makes a viewer resets the setting."""
    from napari.settings import get_settings

    get_settings().experimental.async_ = way == "async"
    assert viewer._layer_slicer._force_sync == (way == "sync")


def wait_for_slices(viewer: Any) -> None:
    """Wait for slices on their way, and have them shown: one that comes after its window was closed keeps it alive."""
    from qtpy.QtWidgets import QApplication

    viewer._layer_slicer.wait_until_idle(PATIENCE)
    QApplication.processEvents()
