"""How the state of the network and of the cache on disk is said."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .wording import counted

if TYPE_CHECKING:
    from napari_idr.remote.disk_cache import CacheUsage
    from napari_idr.remote.network_state import HostState, Status

SHORT: dict[Status, str] = {
    "unasked": "◌ No server asked yet",
    "online": "● Online",
    "slow": "◐ Slow",
    "offline": "○ Offline",
}
"""A sign and a word each: the state never hangs on a colour."""


def short_state(state: HostState) -> str:
    """Return the state of a host as it fits on a button."""
    return SHORT[state.status] + (f" · {saved_ago(state.saved)}" if state.saved else "")


def long_state(state: HostState) -> str:
    """Return the state of a host as a line."""
    if state.status == "online":
        return f"{state.host} answers"
    said = f"{state.host} does not answer" if state.status == "offline" else f"{state.host} answers slowly, or fails"
    if state.saved:
        said += f"; what is shown was {saved_ago(state.saved)}"
    return said


def missing_note(state: HostState) -> str:
    """Return what to say where something was not saved."""
    shown = f"What was {saved_ago(state.saved)} is shown" if state.saved else "What was saved before is shown"
    return f"{state.host} does not answer. {shown}, the rest stays empty until it does."


def saved_ago(saved: float) -> str:
    """Return how long ago something was saved (seconds since the epoch): "saved 3 days ago"."""
    minutes = max(0.0, time.time() - saved) / 60
    for size, one, many in ((1440, "day", "days"), (60, "hour", "hours"), (1, "minute", "minutes")):
        if minutes >= size:
            return f"saved {counted(int(minutes // size), f'{one} ago', f'{many} ago')}"
    return "saved just now"


def usage_text(usage: CacheUsage) -> str:
    """Return how full the cache is, in a line."""
    if not usage.limit:
        return "Nothing is kept for offline reading"
    return f"Kept for offline reading: {_bytes(usage.bytes)} of {_bytes(usage.limit)}"


def _bytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"
