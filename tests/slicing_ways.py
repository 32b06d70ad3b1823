"""The two ways in which napari slices, for tests that have to hold in both."""

from __future__ import annotations

from typing import Any

WAYS = ("sync", "async")


def slice_in_way(viewer: Any, way: str) -> None:
    """Have a viewer slice in the GUI thread, or in a thread of its own; what makes a viewer resets the setting."""
    from napari.settings import get_settings

    get_settings().experimental.async_ = way == "async"
    assert viewer._layer_slicer._force_sync == (way == "sync")
