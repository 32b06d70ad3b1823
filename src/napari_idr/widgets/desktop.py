"""The desktop around the window: its clipboard and its browser."""

from __future__ import annotations

from qtpy.QtCore import QUrl
from qtpy.QtGui import QDesktopServices, QGuiApplication

from .wording import is_web_address


def open_in_browser(address: str) -> bool:
    """Open an http or https address in the user's browser; anything else is refused (False)."""
    return is_web_address(address) and QDesktopServices.openUrl(QUrl(address))


def open_folder(folder: str) -> None:
    """Show a folder of this computer."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(folder))


def copy_text(text: str) -> None:
    """Put a text on the clipboard."""
    QGuiApplication.clipboard().setText(text)


def clipboard_text() -> str:
    """Return the text on the clipboard, without blanks around it."""
    return QGuiApplication.clipboard().text().strip()
