"""Memory that was let go is given back to the system, where the C library keeps it."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TRIM_BYTES = 64 << 20
"""Let go of so much before the next look: a look takes a few milliseconds then."""


def give_back() -> None:
    """Give free memory back to the system; nothing where the C library is another than glibc.

    glibc keeps what each thread freed for that thread. Chunks are decoded in several and let go in another: a cache
    of 256 MB grew a process by 770 MB, of which 570 were free.
    """
    _trim()()


@cache
def _trim() -> Callable[[], object]:
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            trim = ctypes.CDLL("libc.so.6").malloc_trim
            return lambda: trim(0)
    return lambda: None
