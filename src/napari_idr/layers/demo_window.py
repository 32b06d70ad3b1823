"""Windows that the command opens: the demonstration, and any addresses."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .viewer_session import OpenJob, ViewerSession

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

DOCK = ("napari-idr", "napari-idr")
PATIENCE_SECONDS = 60.0
"""How long the demonstration waits for its plate to be complete before it takes its picture all the same."""


def open_window(addresses: Sequence[str]) -> None:
    """Open napari with the dock and some addresses; returns when the window is closed."""
    import napari

    viewer = _viewer_with_dock()
    session = ViewerSession.for_viewer(viewer)
    for address in addresses:
        session.open(address)
    napari.run()
    session.close()


def show(address: str, *, screenshot: Path | None, say: Callable[[str], None]) -> None:
    """Show the demonstration: the dock on the embedded repository, and its plate.

    Parameters
    ----------
    address
        Of the embedded repository.
    screenshot
        Where to save a picture of the window; it closes then. None leaves the window to the user.
    say
        Told one line per step.
    """
    import napari
    from qtpy.QtWidgets import QApplication

    started = time.perf_counter()
    viewer = _viewer_with_dock()
    say(f"window: napari {napari.__version__} on {_binding()}, after {time.perf_counter() - started:.1f} s")
    session = ViewerSession.for_viewer(viewer)
    session.session.add_repository(address)
    watch = _Watch(session, say)
    job = session.open("idr-demo://plate")
    _select_in_dock(viewer, job)
    if screenshot is None:
        napari.run()
    else:
        watch.wait_complete(job)
        QApplication.processEvents()
        viewer.window.screenshot(str(screenshot), canvas_only=False, flash=False)
        say(f"picture: {screenshot}")
        viewer.close()
    session.close()
    if job.error is not None:
        raise job.error
