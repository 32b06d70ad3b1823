"""Small lists that are kept between sessions, each a JSON file of its own: complete, or as it was before."""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)

LARGEST = 1 << 20
"""Bytes of a list that is read."""


def load_list(file: Path) -> list[Any]:
    """Return the entries of a file, none where it is not there or is no list."""
    try:
        with file.open("rb") as opened:
            entries = json.loads(opened.read(LARGEST))
    except (OSError, ValueError, RecursionError):
        return []
    return entries if isinstance(entries, list) else []


def save_list(file: Path, entries: list[Any]) -> bool:
    """Write the entries beside the file and move them there; False, and a warning in the log, where that fails."""
    beside = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps(entries, ensure_ascii=False, indent=1), encoding="utf-8")
        beside.replace(file)
    except OSError as error:  # a full or read-only disk must not keep anything from going on
        _log.warning("%s could not be saved: %s", file, error)
        return False
    return True
