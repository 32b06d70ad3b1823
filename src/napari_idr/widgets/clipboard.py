"""The command "open the link on the clipboard"."""

from __future__ import annotations

import napari
from napari.utils.notifications import show_info

from napari_idr.layers.viewer_session import ViewerSession

from .desktop import clipboard_text


def open_from_clipboard() -> None:
    """Open the address that lies on the clipboard in the current viewer, or say that there is none."""
    viewer = napari.current_viewer()
    address = clipboard_text()
    if viewer is None:
        show_info("There is no napari window to open it in.")
    elif not address:
        show_info("The clipboard holds no link. Copy the address of an image or plate first.")
    else:
        ViewerSession.for_viewer(viewer).open(address)
