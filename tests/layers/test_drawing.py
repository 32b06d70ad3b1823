"""Where drawing begins: on which image, over which pixels, at which level; against the embedded repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.layers import Labels

from napari_idr.errors import Unsupported
from napari_idr.layers import drawing
from napari_idr.layers.annotations import read_layers
from napari_idr.layers.painting import PaintBox, paint_box
from napari_idr.layers.patched_pixels import PatchedPixels
from napari_idr.layers.samples import first_openable

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from napari_idr.layers.viewer_session import OpenJob, ViewerSession

    Finished = Callable[[OpenJob], OpenJob]


def test_a_small_image_is_painted_as_a_whole() -> None:
    box = paint_box(("z", "y", "x"), (4, 60, 80), (1.0, 2.0), {"y": slice(5, 9), "x": slice(3, 7)})
    assert box == PaintBox(0, (0, 0, 0), (4, 60, 80))


def test_of_a_slide_what_is_in_view_is_painted_at_the_finest_level_that_fits() -> None:
    sizes, factors = (100_000, 100_000), (1.0, 4.0, 16.0)
    near = paint_box(("y", "x"), sizes, factors, {"y": slice(50, 1050), "x": slice(7, 2007)})
    assert near == PaintBox(0, (50, 7), (1000, 2000))
    far = paint_box(("y", "x"), sizes, factors, {"y": slice(0, 50_001), "x": slice(10, 50_010)})
    assert far == PaintBox(1, (0, 2), (12_501, 12_501))


def test_what_is_too_large_at_every_level_is_refused() -> None:
    with pytest.raises(Unsupported, match="zoom in"):
        paint_box(("z", "y", "x"), (9000, 9000, 9000), (1.0, 2.0), {})


@pytest.mark.qt
def test_a_plate_is_drawn_on_once_its_images_are_known(demo: ViewerSession, qtbot: QtBot, finished: Finished) -> None:
    job = finished(demo.open("idr-demo://plate"))
    plate = demo.plates[0]
    qtbot.waitUntil(lambda: plate.mosaic.fields.swept and not plate.mosaic.is_outgrown, timeout=30_000)
    over: Any = drawing.target(list(demo.viewer.layers), job.layers[0])  # type: ignore[union-attr]
    with pytest.raises(Unsupported, match="not known yet"):
        drawing.start(demo.annotations, demo.viewer, over, "points")
    drawing.prepare(demo, over)
    layer = drawing.start(demo.annotations, demo.viewer, over, "points")
    slots = [slot for found in plate.mosaic.layout.slots.values() for slot in found]
    there = [slot for slot in slots if not plate.mosaic.fields.is_absent(slot.key)]
    layer.add([[slot.y + 2, slot.x + 3] for slot in there[:2]])
    images = [held.image for held in demo.annotations.book.held.values()]
    assert [held.one.shapes[0].x for held in demo.annotations.book.held.values()] == [3.5, 3.5]  # type: ignore[attr-defined]
    assert len({image.image_id for image in images}) == 2
    node = demo.session.resolve(images[0].address)
    assert (node.kind, node.id) == ("image", images[0].image_id)
    with pytest.raises(Unsupported, match="open the field"):
        drawing.start(demo.annotations, demo.viewer, over, "labels")
    demo.close_all()
    qtbot.waitUntil(lambda: over not in demo.viewer.layers, timeout=10_000)  # type: ignore[union-attr]
    assert layer in demo.viewer.layers  # type: ignore[union-attr]


@pytest.mark.qt
def test_stored_labels_are_painted_on_a_copy_that_belongs_to_the_whole(
    demo: ViewerSession, qtbot: QtBot, finished: Finished
) -> None:
    viewer: Any = demo.viewer
    plate = first_openable(demo.session, demo.start_embedded(), "idr9901")
    finished(demo.open(demo.session.children(plate).nodes[0]))
    stored = [layer for layer in viewer.layers if isinstance(layer, Labels)]
    job = drawing.paint_on_copy(demo, stored[0])
    qtbot.waitUntil(lambda: job.state != "running" and len(demo.annotations.book.watches) == 1, timeout=30_000)
    (copy,) = job.layers
    copy.data_setitem(tuple(np.array([0]) for _ in range(copy.ndim)), 250)
    (made,) = read_layers([copy], list(viewer.layers), demo.plates).sets
    assert isinstance(made.labels[0].pixels, PatchedPixels)
    assert (np.asarray(made.labels[0].pixels) == 250).sum() == 1
