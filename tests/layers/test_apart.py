"""What is opened beside something else: below it, with everything that belongs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from napari_idr.layers.viewer_session import OpenJob, ViewerSession

pytestmark = pytest.mark.qt
Finished = "Callable[[OpenJob], OpenJob]"


def span(layer: Any) -> tuple[float, float]:
    """First and last y of a layer in the world."""
    first, last = layer.extent.world[:, -2]
    return float(first), float(last)


def test_a_second_plate_lies_below_the_first_with_its_wells_and_labels(
    demo: ViewerSession, qtbot: QtBot, finished: Callable[[OpenJob], OpenJob]
) -> None:
    first = finished(demo.open("idr-demo://plate", wells=("A/1",)))
    second = finished(demo.open("idr-demo://plate", wells=("A/4", "B/3"), beside=True, apart=True))
    assert second.state == "done", second.message
    bottom = max(span(layer)[1] for layer in first.layers)
    assert all(span(layer)[0] > bottom for layer in second.layers)
    assert len({layer.translate[-2] for layer in second.layers}) == 1
    qtbot.waitUntil(lambda: all("nuclei" in plate.labels for plate in demo.plates), timeout=30_000)
    labels = demo.plates[1].labels["nuclei"][1]
    assert labels.translate[-2] == second.layers[0].translate[-2]
    assert demo.plates[0].labels["nuclei"][1].translate[-2] == 0


def test_an_image_lies_below_what_is_there_and_alone_where_its_file_says(
    demo: ViewerSession, finished: Callable[[OpenJob], OpenJob]
) -> None:
    alone = finished(demo.open("idr-demo://slide", apart=True))
    assert span(alone.layers[0])[0] == pytest.approx(0, abs=1)
    below = finished(demo.open("idr-demo://movie", apart=True))
    assert span(below.layers[0])[0] > span(alone.layers[0])[1]
