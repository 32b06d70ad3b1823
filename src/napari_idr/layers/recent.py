"""What was opened lately: names and addresses, newest first, kept on disk. No secret ever gets here."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_idr.remote.safe_address import to_keep

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)

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
        beside = self._file.with_suffix(".part")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(json.dumps(self.entries, ensure_ascii=False, indent=1), encoding="utf-8")
            beside.replace(self._file)
        except OSError as error:  # a full or read-only disk must not keep an image from opening
            _log.warning("The list of recent images could not be saved: %s", error)


def _load(file: Path) -> list[tuple[str, str]]:
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
        return [(str(name), str(address)) for name, address in entries][:MOST]
    except (OSError, ValueError, TypeError):
        return []
