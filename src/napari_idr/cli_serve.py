"""The embedded repository in the foreground: paints its data if need be, serves until it is stopped."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def serve_folder(
    folder: Path | None,
    port: int,
    latency: float,
    bandwidth: float,
    *,
    say_address: Callable[[str], None],
    stop_with_stdin: bool = False,
    private: bool = False,
) -> None:
    """Serve a folder, or the repository's own data, until interrupted or standard input ends.

    Its own data are at the same address each time, where nobody else has the port: so what was drawn is found again.

    Whoever started this as a child reads its progress from standard error, a line each; a person sees a
    counter, on a terminal only.
    """
    from napari_idr.demo.content import ensure_content
    from napari_idr.demo.server import serve
    from napari_idr.demo.usual_port import keep_port, usual_port

    root = folder if folder is not None else ensure_content(on_progress=_progress(stop_with_stdin))
    usual = usual_port(root) if folder is None and not private else 0

    def started(address: str) -> None:
        if folder is None and not (private or port or usual):
            keep_port(root, urlsplit(address).port or 0)
        say_address(address)

    serve(
        root,
        port,
        latency,
        bandwidth,
        usual_port=usual,
        on_started=started,
        stop_with_stdin=stop_with_stdin,
        private=private,
    )


def _progress(for_parent: bool) -> Callable[[int, int, str], None] | None:
    if for_parent:
        return _tell_parent
    return draw_progress if sys.stderr.isatty() else None


def _tell_parent(done: int, total: int, what: str) -> None:
    from napari_idr.embedded import progress_message

    sys.stderr.write(f"{progress_message(done, total, what)}\n")
    sys.stderr.flush()


def draw_progress(done: int, total: int, what: str) -> None:
    """Draw how far something is over the current line of the terminal."""
    sys.stderr.write(f"\r{what[:50]:50} {done}/{total}" + ("\n" if done >= total else ""))
    sys.stderr.flush()
