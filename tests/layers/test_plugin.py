"""The door napari knocks on: which addresses are ours, and that everything opens the one way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_idr import plugin

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from napari_idr.layers.viewer_session import ViewerSession

OURS = (
    "idr://image/123",
    "IDR://Image/123",
    "omero://omero.uni.edu/plate/7",
    "ome-zarr://https/host/path/a.zarr",
    "idr-demo://plate",
    "https://idr.openmicroscopy.org/webclient/?show=image-123",
    "https://IDR.openmicroscopy.org/study/idr0001/",
    "https://idr.openmicroscopy.org/search/?key=Gene+Symbol&value=KIF11",
    "https://idr.openmicroscopy.org/mapr/gene/?value=CDK5",
    "https://doi.org/10.17867/10000101",
    "https://livingobjects.ebi.ac.uk/idr/zarr/v0.4/idr0062A/6001240.zarr",
    "http://127.0.0.1:4080/webclient/?show=plate-1",
    "/data/Plate 1.OME.zarr",
    "/data/plate.ozx",
)
NOT_OURS = (
    "/data/image.zarr",
    "image.tif",
    "https://example.org/cat.png",
    "https://doi.org/10.1038/nature08869",
    "",
    "idr:123",
    "https://",
    "C:\\data\\a.zarr",
)


@pytest.mark.parametrize("address", OURS)
def test_our_addresses_are_claimed_in_any_case(address: str) -> None:
    assert plugin.get_reader(address) is plugin.read
    assert plugin.get_reader([address]) is plugin.read


@pytest.mark.parametrize("address", NOT_OURS)
def test_others_are_left_to_other_readers(address: str) -> None:
    assert plugin.get_reader(address) is None


def test_a_stack_with_a_foreign_path_is_refused() -> None:
    assert plugin.get_reader(["idr://image/1", "image.tif"]) is None
    assert plugin.get_reader([]) is None


@pytest.mark.qt
def test_the_reader_hands_over_to_the_viewer_where_its_event_loop_runs(
    session: ViewerSession, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin, "_event_loop_runs", lambda: True)
    assert session.viewer.open("idr-demo://tiny", plugin="napari-idr") == []
    qtbot.waitUntil(lambda: len(session.viewer.layers) >= 4, timeout=30_000)


@pytest.mark.qt
def test_the_reader_returns_complete_layers_in_a_script(session: ViewerSession, qtbot: QtBot) -> None:
    layers = session.viewer.open("idr-demo://tiny", plugin="napari-idr")
    assert [layer.visible for layer in layers] == [True, True, True, False]
    assert all(session.streams.stream_of(layer) is not None for layer in layers)
    assert np.asarray(layers[0].data[0]).any()
    qtbot.waitUntil(lambda: session.streams.missing == 0, timeout=30_000)


@pytest.mark.qt
def test_the_sample_data_of_the_menu_work_offline(session: ViewerSession, qtbot: QtBot) -> None:
    session.viewer.open_sample("napari-idr", "tiny_plate")
    qtbot.waitUntil(lambda: len(session.viewer.layers) >= 4, timeout=30_000)


@pytest.mark.qt
def test_without_a_viewer_a_reader_gives_layer_data_that_read_exactly(
    make_napari_viewer: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_idr.layers.as_layer_data import close_lasting

    monkeypatch.setattr(plugin, "_current_viewer", lambda: None)
    data = plugin.read("idr-demo://tiny")
    levels, options, kind = data[0]
    assert kind == "image"
    assert options["visible"]
    assert np.asarray(levels[0] if isinstance(levels, list) else levels).any()
    close_lasting()


@pytest.mark.qt
def test_the_command_opens_what_lies_on_the_clipboard(session: ViewerSession, qtbot: QtBot) -> None:
    from qtpy.QtWidgets import QApplication

    from napari_idr.widgets.clipboard import open_from_clipboard

    QApplication.clipboard().setText("  idr-demo://tiny \n")
    open_from_clipboard()
    qtbot.waitUntil(lambda: len(session.viewer.layers) >= 4, timeout=30_000)
    plugin.close_opened()
    qtbot.waitUntil(lambda: not session.viewer.layers, timeout=30_000)
