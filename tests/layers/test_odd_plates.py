"""Plates whose fields differ from the first: nothing of them is lost, and no window waits for it."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from made_plate import Field, write_plate

from napari_idr.demo.server import EmbeddedServer
from napari_idr.layers.as_layer_data import close_lasting, layer_data
from napari_idr.layers.plates import plate_features

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from napari_idr.layers.viewer_session import OpenJob, ViewerSession

    Finished = Callable[[OpenJob], OpenJob]

pytestmark = pytest.mark.qt


def ours(layer: Any) -> dict[str, Any]:
    return layer.metadata["napari_idr"]  # type: ignore[no-any-return]


def images(session: ViewerSession) -> dict[int, Any]:
    """Layers of the plate that is shown, by channel."""
    viewer = session.viewer
    assert viewer is not None
    return {ours(layer)["channel"]: layer for layer in viewer.layers if "channel" in ours(layer)}


def open_whole(session: ViewerSession, finished: Finished, qtbot: QtBot, folder: Path) -> OpenJob:
    """Open a plate and wait until all of it is known and fits."""
    job = finished(session.open(str(folder)))
    assert job.state == "done", job.message
    plate = session.plates[-1]
    qtbot.waitUntil(lambda: plate.mosaic.fields.swept and not plate.mosaic.is_outgrown, timeout=20_000)
    qtbot.waitUntil(lambda: session.streams.missing == 0 and session.session.loader.in_flight() == 0, timeout=20_000)
    return job


def test_a_channel_that_only_later_fields_have_gets_its_layer(
    session: ViewerSession, finished: Finished, qtbot: QtBot, tmp_path: Path
) -> None:
    more = Field(shape=(3, 24, 32), start=5000)
    open_whole(session, finished, qtbot, write_plate(tmp_path / "plate", {"A/1": [Field()], "B/2": [more]}))
    qtbot.waitUntil(lambda: len(images(session)) == 3, timeout=20_000)
    third = images(session)[2]
    assert third.visible
    assert np.isin(more.plane(c=2), np.asarray(third.data[0])).all()


def test_fields_with_more_axes_than_the_first_are_shown_with_all_of_them(
    session: ViewerSession, finished: Finished, qtbot: QtBot, tmp_path: Path
) -> None:
    deep = Field(axes="tczyx", shape=(2, 2, 3, 24, 32), start=5000)
    folder = write_plate(tmp_path / "plate", {"A/1": [Field()], "B/2": [deep]})
    open_whole(session, finished, qtbot, folder)
    qtbot.waitUntil(lambda: all(layer.ndim == 4 for layer in images(session).values()), timeout=20_000)
    qtbot.waitUntil(lambda: len([name for name in map(str, session.viewer.layers) if "Channel" in name]) == 2)
    assert tuple(images(session)[1].axis_labels) == ("t", "z", "y", "x")
    assert np.isin(deep.plane(t=1, c=1, z=2), np.asarray(images(session)[1].data[0][1, 2])).all()
    assert sorted(layer.name for layer in images(session).values()) == ["a plate · Channel 0", "a plate · Channel 1"]


def test_a_plate_laid_out_anew_keeps_each_channel_where_one_was_removed(
    session: ViewerSession, finished: Finished, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = write_plate(tmp_path / "plate", {"A/1": [Field()], "B/2": [Field(shape=(2, 48, 64), start=5000)]})
    job = session.open(str(folder))
    job.finished.wait(0)
    finished(job)
    session.viewer.layers.remove(job.layers[0])
    plate = session.plates[-1]
    qtbot.waitUntil(lambda: plate.mosaic.fields.swept and not plate.mosaic.is_outgrown, timeout=20_000)
    assert list(images(session)) == [1]
    np.testing.assert_array_equal(np.asarray(images(session)[1].data[0])[:24, :32], Field().plane(c=1))


def test_a_reader_without_a_window_gives_all_of_a_plate(tmp_path: Path) -> None:
    deep = Field(axes="tczyx", shape=(2, 3, 2, 24, 32), start=5000)
    folder = write_plate(tmp_path / "plate", {"A/1": [Field()], "B/2": [deep]})
    try:
        data = [(levels, options) for levels, options, kind in layer_data(str(folder), None) if kind == "image"]
        assert len(data) == 3
        for _, options in data:
            assert len(options["scale"]) == len(options["axis_labels"]) == len(options["units"]) == 4
        levels, options = data[2]
        pixels = np.asarray(levels[0] if options["multiscale"] else levels)
        assert np.isin(deep.plane(t=1, c=2, z=1), pixels[1, 1]).all()
    finally:
        close_lasting()


def test_features_of_a_plate_say_well_and_field_whatever_the_file_calls_its_own(
    session: ViewerSession, finished: Finished, qtbot: QtBot, tmp_path: Path
) -> None:
    rows = ({"label-value": 3, "well": "x", "index": 7, "field": "y", "area": 5},)
    cells = Field(axes="yx", shape=(24, 32), properties=rows)
    folder = write_plate(tmp_path / "plate", {"A/1": [Field(labels={"cells": cells})]})
    open_whole(session, finished, qtbot, folder)
    qtbot.waitUntil(lambda: "cells" in session.plates[0].labels, timeout=20_000)
    labels, _ = session.plates[0].labels["cells"]
    table = plate_features(labels).to_dict("records")
    assert table == [{"index": labels.unique(("A/1", 0), 3), "well": "A1", "field": 0, "area": 5, "label": 3}]


def test_wells_chosen_in_the_grid_of_a_server_open_whatever_their_file_calls_them(
    session: ViewerSession, finished: Finished, shared: Path
) -> None:
    with EmbeddedServer(shared / "data" / "plates") as server:
        screen = session.session.children(session.session.add_repository(server.address).root()).nodes[0]
        plates = session.session.children(screen).nodes
        plate = next(node for node in plates if node.name.startswith("imx-9987"))
        for acquisition, axes, channels in (("3434", ("y", "x"), 3), ("3435", ("t", "y", "x"), 2)):
            job = finished(session.open(plate, acquisition=acquisition, wells=("B/2",)))
            assert job.state == "done", job.message
            assert tuple(job.layers[0].axis_labels) == axes
            assert len(job.layers) == channels + 1
            assert ours(job.layers[0])["acquisition"] == int(acquisition)
            assert [well.path for well in session.plates[-1].mosaic.source.wells.values()] == ["B/02"]
        job = finished(session.open(plate, acquisition="1"))
        assert "acquisition 1" in job.message


def test_closing_does_not_wait_for_a_server_that_does_not_answer(
    session: ViewerSession, server: EmbeddedServer, qtbot: QtBot
) -> None:
    import requests

    requests.post(f"{server.address}__fault?match=/api/&kind=hang&times=50", timeout=10).raise_for_status()
    session.session.http._timeout = (5, 3600)  # longer than a test may take
    job = session.open(f"{server.address}webclient/?show=plate-401")
    asked = f"{server.address}__requests"
    qtbot.waitUntil(lambda: "/api/" in requests.get(asked, timeout=10).text or job.state != "running", timeout=10_000)
    session.close()


def test_a_viewer_that_is_collected_on_the_loaders_thread_closes_its_session(
    make_napari_viewer: Callable[..., Any], qtbot: QtBot
) -> None:
    from napari_idr.layers.viewer_session import ViewerSession

    class Viewer:
        """What a session needs of a viewer, and nothing that keeps it alive."""

        def __init__(self, layers: Any, dims: Any, scene: Any) -> None:
            self.layers, self.dims, self.scene = layers, dims, scene

    kept = make_napari_viewer()
    viewer = Viewer(kept.layers, kept.dims, kept.scene)
    viewer.itself = viewer  # type: ignore[attr-defined]
    session = ViewerSession.for_viewer(viewer)
    loader, gone = session.session.loader, weakref.ref(viewer)
    closed: list[bool] = []

    async def collect() -> None:
        gc.collect()

    gc.disable()
    try:
        del viewer
        asyncio.run_coroutine_threadsafe(collect(), loader._loop).result(120)
    finally:
        gc.enable()
    assert gone() is None
    qtbot.waitUntil(lambda: closed.append(session._closed) or closed[-1], timeout=10_000)
    session.close()
