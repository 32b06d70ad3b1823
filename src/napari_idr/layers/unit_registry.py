"""The units napari knows, safe to ask from any thread."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

_lock = threading.Lock()
_loaded = threading.Event()

PATIENCE = 10.0
"""Seconds for the registry to be loaded by whoever began it."""


def load_units() -> None:
    """Have the registry of units loaded, which takes pint half a second at its first use. May block.

    pint loads it in whichever thread asks first, and one that asks meanwhile finds it without units: a second
    thread would take every unit for unknown. napari itself may be the one that asks.
    """
    with _lock:
        until = time.monotonic() + PATIENCE
        while not _loaded.is_set() and time.monotonic() < until:
            if _is_known("micrometer"):
                _loaded.set()
            else:
                time.sleep(0.02)


def is_unit(name: str) -> bool:
    """Whether napari can show lengths or times in a unit. May block at first use."""
    if not _loaded.is_set():
        load_units()
    return _is_known(name)


def _is_known(name: str) -> bool:
    with suppress(Exception):  # pint raises many kinds; a unit it cannot read is no unit
        import pint

        pint.get_application_registry().Unit(name)  # type: ignore[no-untyped-call]
        return True
    return False
