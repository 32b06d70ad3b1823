"""What menus and the command palette do, besides opening the dock."""

from __future__ import annotations

from typing import Any

from napari.utils.notifications import show_info

from .viewer_session import ViewerSession


def open_from_clipboard(viewer: Any, text: str) -> None:
    """Open the address that lies on the clipboard, or say that there is none."""
    address = text.strip().splitlines()[0].strip() if text.strip() else ""
    if viewer is None:
        show_info("There is no napari window to open it in.")
    elif not address:
        show_info("The clipboard holds no link. Copy the address of an image or plate first.")
    else:
        ViewerSession.for_viewer(viewer).open(address)
