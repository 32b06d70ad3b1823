"""The command that opens the link on the clipboard."""

from __future__ import annotations

from napari_idr.layers import commands

from .desktop import clipboard_text


def open_from_clipboard() -> None:
    """Open the link that lies on the clipboard in the current viewer."""
    from napari import current_viewer

    commands.open_from_clipboard(current_viewer(), clipboard_text())
