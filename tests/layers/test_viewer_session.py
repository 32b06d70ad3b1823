"""What opens, as what, and what is said when it does not: against the embedded repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import requests

from napari_idr.errors import Cancelled
from napari_idr.layers import napari_seam as seam
from napari_idr.layers.recent import RecentList

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from napari_idr.demo.server import EmbeddedServer
    from napari_idr.layers.viewer_session import OpenJob, ViewerSession

    Finished = Callable[[OpenJob], OpenJob]

pytestmark = pytest.mark.qt


def settled(demo: ViewerSession, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: all(plate.mosaic.fields.swept for plate in demo.plates), timeout=30_000)
    qtbot.waitUntil(lambda: demo.streams.missing == 0 and demo.session.loader.in_flight() == 0, timeout=30_000)


def asked(server: EmbeddedServer) -> list[dict[str, Any]]:
    requests_: list[dict[str, Any]] = requests.get(f"{server.address}__requests", timeout=10).json()["requests"]
    return requests_


def ours(layer: Any) -> dict[str, Any]:
    return layer.metadata["napari_idr"]  # type: ignore[no-any-return]


@pytest.mark.smoke
def test_a_plate_opens_as_a_layer_per_channel_with_its_wells(
    demo: ViewerSession, qtbot: QtBot, finished: Finished
) -> None:
    job = finished(demo.open("idr-demo://plate"))
    assert job.state == "done", job.message
    settled(demo, qtbot)
    names = [layer.name for layer in job.layers]
    assert names == [
        "knockdown-1 · DNA",
        "knockdown-1 · alpha-tubulin",
        "knockdown-1 · phospho-H3",
        "knockdown-1 · wells",
    ]
    dna, wells = job.layers[0], job.layers[-1]
    assert [str(unit) for unit in dna.units] == ["micrometer", "micrometer"]
    assert tuple(dna.axis_labels) == ("y", "x")
    assert dna.scale[0] < 1
    assert dna.blending == "additive"
    assert ours(dna)["kind"] == "plate"
    assert len(wells.data) == len(wells.features) == len(demo.plates[0].mosaic.metadata.wells)
    assert np.asarray(dna.data[-1]).max() > 0


def test_each_field_of_a_plate_is_where_it_belongs(demo: ViewerSession, qtbot: QtBot, finished: Finished) -> None:
    job = finished(demo.open("idr-demo://plate"))
    settled(demo, qtbot)
    plate = demo.plates[0]
    source = plate.reference.source
    for row, column in list(plate.mosaic.source.wells)[::5]:
        for slot in plate.mosaic.layout.slots[(row, column)]:
            field, _ = demo.session.read(f"{source}/{slot.key[0]}/{slot.key[1]}", region={"c": 1})
            tile = job.layers[1].data[0][slot.y : slot.y + slot.height, slot.x : slot.x + slot.width]
            assert np.array_equal(np.asarray(tile), field[0])


def test_what_is_opened_is_seen_whole_though_what_was_drawn_before_stays(
    demo: ViewerSession, finished: Finished
) -> None:
    finished(demo.open("idr-demo://plate"))
    viewer = demo.viewer
    corners = [[0.0, 0.0], [0.0, 5.0], [5.0, 0.0]]
    viewer.add_shapes([corners], shape_type="polygon", units=viewer.layers[0].units)
    viewer.scene.camera.zoom *= 40
    job = finished(demo.open("idr-demo://slide", beside=False))
    assert len(viewer.layers) == 1 + len(job.layers)
    size = np.multiply(job.layers[0].data[0].shape[:2], job.layers[0].scale[-2:])
    assert np.allclose(viewer.scene.camera.center[-2:], size / 2, rtol=0.02)
    assert (size * viewer.scene.camera.zoom < (*viewer.window._qt_viewer.canvas.size,)).all()


def test_no_chunk_of_a_plate_is_fetched_twice(
    demo: ViewerSession, server: EmbeddedServer, qtbot: QtBot, finished: Finished
) -> None:
    finished(demo.open("idr-demo://plate"))
    settled(demo, qtbot)
    paths = [entry["path"] for entry in asked(server) if entry["path"].startswith("/zarr/")]
    assert len(paths) > 100
    twice = {path for path in paths if paths.count(path) > 1 and ".z" not in path}
    assert not twice


def test_the_wells_are_read_after_the_first_picture_was_drawn(
    demo: ViewerSession, server: EmbeddedServer, qtbot: QtBot, finished: Finished
) -> None:
    viewer: Any = demo.viewer
    before: list[list[str]] = []

    def note(event: Any) -> None:
        drawn = [layer._slice.image.raw for layer in viewer.layers if hasattr(layer, "data_level")]
        if not before and any(picture.any() for picture in drawn):
            before.append([entry["path"] for entry in asked(server) if entry["path"].startswith("/zarr/")])

    viewer.window._qt_viewer.canvas._scene_canvas.events.draw.connect(note, position="first")
    finished(demo.open("idr-demo://plate"))
    settled(demo, qtbot)
    metadata = [path for path in before[0] if path.rsplit("/", 1)[-1].startswith(".z")]
    wells = {path.split("/")[3] + path.split("/")[4] for path in before[0] if path.count("/") > 5}
    assert 0 < len(metadata) <= 12
    assert len(wells) == 1  # the first one's


def test_a_window_that_is_not_drawn_is_not_waited_for(
    session: ViewerSession, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seam, "UNSEEN_MS", 20)
    called: list[str] = []
    seam.when_drawn(object(), lambda: called.append("no window"))
    qtbot.waitUntil(lambda: called == ["no window"])
    session.viewer.window._qt_window.hide()  # type: ignore[union-attr]
    seam.when_drawn(session.viewer, lambda: called.append("hidden"))
    qtbot.waitUntil(lambda: called == ["no window", "hidden"])


def test_the_labels_of_a_plate_say_whose_they_are(demo: ViewerSession, qtbot: QtBot, finished: Finished) -> None:
    finished(demo.open("idr-demo://plate"))
    qtbot.waitUntil(lambda: "nuclei" in demo.plates[0].labels, timeout=30_000)
    labels, layer = demo.plates[0].labels["nuclei"]
    assert not layer.visible
    layer.visible = True
    settled(demo, qtbot)
    pixels = np.asarray(layer.data[0])
    for unique in np.unique(pixels)[1:50]:
        (well, field), value = labels.origin(int(unique))
        slot = next(s for slots in demo.plates[0].mosaic.layout.slots.values() for s in slots if s.key == (well, field))
        shown = pixels[slot.y : slot.y + slot.height, slot.x : slot.x + slot.width] == unique
        stored, _ = demo.session.read(f"{demo.plates[0].reference.source}/{well}/{field}", label="nuclei")
        assert np.array_equal(shown, stored == value)
    qtbot.waitUntil(lambda: len(layer.features) > 10, timeout=10_000)
    row = layer.features.iloc[-1]
    assert labels.origin(int(row["index"])) == ((f"{row['well'][0]}/{row['well'][1:]}", row["field"]), row["label"])


def test_the_status_bar_says_well_field_and_gene(demo: ViewerSession, qtbot: QtBot, finished: Finished) -> None:
    job = finished(demo.open("idr-demo://plate"))
    plate = demo.plates[0]
    qtbot.waitUntil(lambda: bool(plate.mosaic.source.annotations), timeout=30_000)
    well = next(w for w in plate.mosaic.source.wells.values() if plate.mosaic.source.key_values(w))
    y, x, height, width = plate.mosaic.box_of(well)
    world = job.layers[0].data_to_world((y + height / 4, x + width / 4))
    said = job.layers[0].get_status(world, world=True)["coordinates"]
    assert said.startswith(f"{well.name} · field 1")
    gene = dict(plate.mosaic.source.key_values(well)).get("Gene Symbol")
    assert gene is None or gene in said


def test_a_slide_opens_in_colour_and_a_movie_at_its_own_plane(
    demo: ViewerSession, qtbot: QtBot, finished: Finished
) -> None:
    (slide,) = finished(demo.open("idr-demo://slide")).layers
    assert slide.rgb
    demo.close_all()
    qtbot.waitUntil(lambda: not demo.viewer.layers)
    movie = finished(demo.open("idr-demo://movie")).layers
    settled(demo, qtbot)
    assert [tuple(layer.axis_labels) for layer in movie] == [("t", "z", "y", "x")] * 2
    assert [str(unit) for unit in movie[0].units][1:] == ["micrometer"] * 3


def test_the_tiny_plate_opens_without_any_server(session: ViewerSession, qtbot: QtBot, finished: Finished) -> None:
    job = finished(session.open("idr-demo://tiny"))
    assert job.state == "done", job.message
    settled(session, qtbot)
    assert np.asarray(job.layers[0].data[0]).any()


def test_some_wells_open_side_by_side(demo: ViewerSession, qtbot: QtBot, finished: Finished) -> None:
    job = finished(demo.open("idr-demo://plate", wells=("A/1", "C/4")))
    settled(demo, qtbot)
    mosaic = demo.plates[0].mosaic
    assert (mosaic.shape.plate.rows, mosaic.shape.plate.columns) == (2, 2)
    assert job.layers[0].data[0].shape == (mosaic.layout.height, mosaic.layout.width)


FAULTS = {
    "status403": "not",
    "status404": "not found",
    "status500": "",
    "html": "",
}


@pytest.mark.parametrize("kind", FAULTS)
def test_what_cannot_be_opened_is_said_in_one_sentence_and_nothing_shown_is_lost(
    demo: ViewerSession, server: EmbeddedServer, finished: Finished, kind: str
) -> None:
    shown = list(finished(demo.open("idr-demo://movie")).layers)
    requests.post(f"{server.address}__fault?match=/zarr/plates&kind={kind}&times=1000", timeout=10).raise_for_status()
    failures: list[Exception] = []
    demo.failed.connect(lambda job, error: failures.append(error))
    job = finished(demo.open("idr-demo://plate"))
    assert job.state == "failed"
    assert "\n" not in job.message
    assert job.error is not None
    assert job.error.hint, "nothing to try is said"  # type: ignore[attr-defined]
    assert failures == [job.error]
    assert list(demo.viewer.layers) == shown


def test_chunks_that_fail_stay_coarse_and_are_told_once(
    demo: ViewerSession, server: EmbeddedServer, qtbot: QtBot, finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_idr.remote.attempts.PAUSES", (0.0,))
    requests.post(f"{server.address}__fault?match=colon.ome.zarr/0/0&kind=short&times=100000", timeout=10)
    said: list[str] = []
    demo.said.connect(said.append)
    (slide,) = finished(demo.open("idr-demo://slide")).layers
    qtbot.waitUntil(lambda: bool(said), timeout=60_000)
    qtbot.waitUntil(lambda: demo.session.loader.in_flight() == 0, timeout=60_000)
    assert len(said) == 1
    assert "coarse" in said[0]
    assert np.asarray(slide._slice.image.raw).any(), "the coarse picture is gone"


def test_opening_can_be_cancelled(demo: ViewerSession, server: EmbeddedServer, finished: Finished) -> None:
    requests.post(f"{server.address}__shape?latency=300&bandwidth=0", timeout=10)
    job = demo.open("idr-demo://plate")
    job.cancel()
    finished(job)
    assert job.state == "cancelled"
    assert isinstance(job.error, Cancelled)
    assert not demo.viewer.layers


def test_only_what_we_opened_is_closed(demo: ViewerSession, qtbot: QtBot, finished: Finished) -> None:
    mine = demo.viewer.add_image(np.zeros((8, 8)))
    finished(demo.open("idr-demo://movie"))
    demo.close_all()
    qtbot.waitUntil(lambda: list(demo.viewer.layers) == [mine])


def test_what_was_opened_is_remembered_newest_first(tmp_path: Path) -> None:
    recent = RecentList(tmp_path / "recent.json")
    for number in range(20):
        recent.add(f"image {number}", f"idr://image/{number}")
    recent.add("image 18", "idr://image/18")
    again = RecentList(tmp_path / "recent.json")
    assert again.entries[:2] == [("image 18", "idr://image/18"), ("image 19", "idr://image/19")]
    assert len(again.entries) == 12


@pytest.mark.parametrize("text", ["", "not JSON", "[[1]]", '{"a": 1}', "[1, 2]"])
def test_a_spoilt_list_of_recent_images_is_begun_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / "recent.json").write_text(text)
    assert RecentList(tmp_path / "recent.json").entries == []
