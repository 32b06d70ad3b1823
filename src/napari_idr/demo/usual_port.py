"""The port at which content was served last. What somebody made of its images is known by their address."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

UNPRIVILEGED = range(1024, 65536)


def usual_port(root: Path) -> int:
    """Return the port that the content was served at last, 0 where that is not known."""
    try:
        port = int(_file(root).read_text(encoding="ascii")[:8])
    except (OSError, ValueError):
        return 0
    return port if port in UNPRIVILEGED else 0


def keep_port(root: Path, port: int) -> None:
    """Remember a port for the next time; where that cannot be written, the next time has another."""
    with suppress(OSError):
        _file(root).write_text(f"{port}\n", encoding="ascii")


def _file(root: Path) -> Path:
    return root.parent / f"{root.name}.port"
