"""The line that says what of a queue is not on this computer: told, fetched, stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from napari_idr.demo.server import EmbeddedServer
from napari_idr.layers.samples import first_openable
from napari_idr.layers.viewer_session import ViewerSession
from napari_idr.model.annotation import Rectangle
from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet, new_uuid
from napari_idr.model.annotator import Annotator
from napari_idr.repositories.annotated_image import annotated_image
from napari_idr.review.queue_file import QueueDefinition
from napari_idr.review.queue_store import make_queue, open_queue
from napari_idr.widgets.progress_strip import ProgressStrip
from napari_idr.widgets.review_offline import OfflineLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot
    from qtpy.QtWidgets import QWidget

    from napari_idr.widgets.theme import Theme

pytestmark = pytest.mark.qt
PATIENCE = 60_000


@pytest.fixture
def viewer_session(make_napari_viewer: Callable[..., Any]) -> Iterator[ViewerSession]:
    made = ViewerSession.for_viewer(make_napari_viewer())
    yield made
    made.close()


@pytest.fixture
def line(viewer_session: ViewerSession, demo_content: Path, host: QWidget, theme: Theme) -> Iterator[OfflineLine]:
    """A queue of two squares in two planes of the sample time-lapse."""
    session = viewer_session.session
    with EmbeddedServer(demo_content) as server:
        node = first_openable(session, server.address, "idr9903")
        image = annotated_image(session.reference(node), session.info(node), session.describe(node))  # type: ignore[arg-type]
        shapes = [Rectangle(x=20, y=20, width=9, height=9, z=z, t=0) for z in range(2)]
        objects = tuple(AnnotatedObject(uuid=new_uuid(), shapes=(one,)) for one in shapes)
        sets = [AnnotationSet(image=image, objects=objects)]
        uuid = make_queue(session.workspace, sets, QueueDefinition(name="cells"), Annotator("Ada"))
        made = OfflineLine(viewer_session, theme, ProgressStrip(theme, host), host)
        host.show()
        made.show_queue(open_queue(session.workspace, uuid))
        yield made
        made.show_queue(None)


def test_what_is_missing_is_told_fetched_and_then_here(line: OfflineLine, qtbot: QtBot) -> None:
    assert line.text.text() == "Going offline?"
    qtbot.waitUntil(lambda: line.needs is not None, timeout=PATIENCE)  # by itself, after a moment
    assert line.text.text() == "1 image, up to 35 kB, to fetch."
    assert line.button.text() == "Fetch now"
    line.button.click()
    qtbot.waitUntil(lambda: line.text.text() == "1 image on this computer.", timeout=PATIENCE)
    assert line.button.isHidden()


def test_it_can_be_stopped_and_asked_again(line: OfflineLine, qtbot: QtBot) -> None:
    line.button.click()
    assert line._task is not None
    line._task.cancel()
    assert line.text.text() == "Stopped; what came until then is kept."
    assert line.button.text() == "Look what is missing"
    line.button.click()
    qtbot.waitUntil(lambda: line.button.text() == "Fetch now", timeout=PATIENCE)


def test_no_queue_takes_no_room(line: OfflineLine) -> None:
    line.show_queue(None)
    assert line.isHidden()
