"""Windows that the command opens: the demonstration, and any addresses."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from napari_idr.errors import TimedOut

from .shown_dock import show_dock
from .viewer_session import ViewerSession

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from .open_job import OpenJob

PATIENCE_SECONDS = 120.0
"""How long a picture waits for the plate to be complete before it gives up."""


def open_window(addresses: Sequence[str]) -> None:
    """Open napari with the dock and some addresses; returns when the window is closed."""
    import napari

    viewer, _ = viewer_with_dock()
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
        Of the embedded repository, which runs.
    screenshot
        Where to save a picture of the window, which is closed then; None leaves the window to the user.
    say
        Told a line per step.

    Raises
    ------
    NapariIdrError
        The plate could not be opened, or did not become complete in time.
    """
    import napari

    started = time.perf_counter()

    def tell(what: str) -> None:
        say(f"{time.perf_counter() - started:6.2f} s  {what}")

    viewer, dock = viewer_with_dock()
    viewer.window.resize(1366, 768)
    tell(f"napari {napari.__version__} is open, the dock beside it")
    session = ViewerSession.for_viewer(viewer)
    session.embedded_address = address
    session.session.ontologies = f"{address}ols4/"
    session.session.add_repository(address, name="Demonstration")
    dock.browse.page.tree.expand_node(session.session.add_repository(address).root())
    job = demonstrate(session, tell)
    if screenshot is None:
        napari.run()
    else:
        wait_until(lambda: _is_complete(session, dock, job), "The plate did not become complete")
        tell("everything in view is here")
        wait(2.0)  # for the thumbnails and the last notification
        viewer.window.screenshot(str(screenshot), canvas_only=False, flash=False)
        tell(f"a picture of the window is in {screenshot}")
        viewer.close()
    session.close()
    if job.error is not None:
        raise job.error


def viewer_with_dock() -> tuple[Any, Any]:
    """Return a new viewer and the dock in it."""
    import napari

    viewer = napari.Viewer()
    return viewer, show_dock(viewer)


def demonstrate(session: ViewerSession, tell: Callable[[str], None]) -> OpenJob:
    """Open the demonstration's plate and tell of each step."""
    began = time.perf_counter()
    seen: list[str] = []

    def once(name: str, what: str) -> None:
        if name not in seen:
            seen.append(name)
            tell(what)

    def on_opened(opened: OpenJob) -> None:
        layers = ", ".join(layer.name for layer in opened.layers)
        once("opened", f"opened {opened.title} from {opened.address} as {layers}")

    def on_progress(missing: int, in_flight: int) -> None:
        if session.session.loader.cache.nbytes:
            once("first", f"first pixels {time.perf_counter() - began:.2f} s after it was asked for")
        if not missing and not in_flight and session.plates and session.plates[-1].mosaic.fields.swept:
            once("all", f"the whole plate {time.perf_counter() - began:.2f} s after it was asked for")

    session.opened.connect(on_opened)
    session.streaming_changed.connect(on_progress)
    return session.open("idr-demo://plate")


def _is_complete(session: ViewerSession, dock: Any, job: OpenJob) -> bool:
    if job.state == "failed":
        return True
    swept = bool(session.plates) and all(plate.mosaic.fields.swept for plate in session.plates)
    quiet = session.streams.missing == 0 and session.session.loader.in_flight() == 0
    return job.state == "done" and swept and quiet and not dock.browse.progress.is_busy


def wait_until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Run the event loop until something is true. Raises ``TimedOut`` when it does not become true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimedOut(what, f"after {seconds:.0f} s", "look at the messages in the window")
        wait(0.02)


def wait(seconds: float) -> None:
    """Run the event loop for a while."""
    from qtpy.QtTest import QTest

    QTest.qWait(int(seconds * 1000))
