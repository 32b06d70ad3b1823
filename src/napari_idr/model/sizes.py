"""Amounts of memory as people say them."""

from __future__ import annotations

_STEPS = (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10))


def said_bytes(count: int) -> str:
    """Return a number of bytes in words: ``310 MB``, ``1.2 GB``."""
    for unit, step in _STEPS:
        if count >= step:
            amount = count / step
            return f"{amount:.1f} {unit}" if amount < 10 else f"{amount:,.0f} {unit}"
    return f"{count} bytes"
