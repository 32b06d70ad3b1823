"""The dock "IDR" of a viewer, brought to the front."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import napari.viewer


def show_dock(viewer: napari.viewer.Viewer) -> Any:
    """Return the ``IdrDock`` of a viewer, opened, or brought to the front where it was hidden or behind another.

    napari hands out a dock that is there already as it is, hidden or not.
    """
    around, dock = viewer.window.add_plugin_dock_widget("napari-idr", "IDR")
    around.show()
    around.raise_()
    return dock


def show_dock_here() -> Any:
    """Return the ``IdrDock`` of the current viewer as ``show_dock`` does; None without a viewer."""
    import napari

    viewer = napari.current_viewer()
    return None if viewer is None else show_dock(viewer)
