"""What a viewer shows as lines of Python. GUI thread only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.errors import Unsupported
from napari_idr.formats.python_lines import lines_of_view

from .view_link import NOTHING

if TYPE_CHECKING:
    from napari.viewer import Viewer


def python_of(viewer: Viewer) -> str:
    """Return the lines that open the images that are shown. Raises ``Unsupported`` where none is from a repository."""
    ours = [layer.metadata.get("napari_idr", {}) for layer in viewer.layers]
    addresses = [str(one["address"]) for one in ours if one.get("address")]
    if not addresses:
        raise Unsupported("Nothing that is shown comes from a repository", viewer.title, NOTHING)
    dims, camera = viewer.dims, viewer.scene.camera
    sliders = {str(dims.axis_labels[axis]): float(dims.point[axis]) for axis in dims.not_displayed}
    return lines_of_view(addresses, sliders, camera.center, camera.zoom, dims.ndisplay)
