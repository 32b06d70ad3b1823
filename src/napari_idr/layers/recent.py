"""What was opened lately: names and addresses, newest first, kept on disk. No secret ever gets here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

from napari_idr.kept_list import load_list, save_list
from napari_idr.remote.safe_address import to_keep

if TYPE_CHECKING:
    from pathlib import Path

MOST = 12


class RecentList:
    """The last things opened, shared by all viewers of this user."""

    changed = Signal()

    def __init__(self, file: Path) -> None:
        self._file = file
        self.entries: list[tuple[str, str]] = _load(file)

    def add(self, name: str, address: str) -> None:
        """Put something first; the same address is listed once, and without a password or token."""
        address = to_keep(address)
        others = [entry for entry in self.entries if entry[1] != address]
        self.entries = [(name, address), *others][:MOST]
        self._save()
        self.changed.emit()

    def clear(self) -> None:
        """Forget everything."""
        self.entries = []
        self._save()
        self.changed.emit()

    def _save(self) -> None:
        save_list(self._file, list(self.entries))


def _load(file: Path) -> list[tuple[str, str]]:
    try:
        return [(str(name), str(address)) for name, address in load_list(file)][:MOST]
    except (ValueError, TypeError):
        return []
