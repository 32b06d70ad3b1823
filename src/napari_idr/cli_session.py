"""The session that a command works in."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.session import Session


@contextmanager
def session() -> Iterator[Session]:
    """Open a session for the length of a command; on a terminal it asks for the passwords of the user's servers."""
    from napari_idr.cli_login import ask_for_passwords
    from napari_idr.session import Session

    with Session() as opened:
        ask_for_passwords(opened)
        yield opened
