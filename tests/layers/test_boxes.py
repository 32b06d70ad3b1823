"""A box becomes ordinary layers: exact pixels, in the right place, all or nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fake_source import FakeSource, counting
from napari.layers import Image, Labels, Shapes

from box_stack import stored, write_stack
from made_zarr import axes, ramp, write_array, write_group, write_image
from napari_idr.errors import AddressError, Unsupported
from napari_idr.layers import box_parts
from napari_idr.layers.box_parts import choices, layers_of_image, part_of
from napari_idr.layers.box_places import region_in_view, region_of_shapes, whole_region
from napari_idr.layers.images import LayerPlan
from napari_idr.streaming.chunks import ChunkedArray
from napari_idr.streaming.pyramid import array_levels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from napari_idr.layers.box_loads import BoxJob
    from napari_idr.layers.viewer_session import OpenJob, ViewerSession

    Finished = Callable[[OpenJob], OpenJob]

pytestmark = pytest.mark.qt


@pytest.fixture
def loaded(session: ViewerSession, qtbot: QtBot) -> Callable[..., BoxJob]:
    """Load a box and wait until that has ended."""

    def load(layers: list[Any], region: Any, level: int) -> BoxJob:
        job = session.load_box(layers, region, level)
        qtbot.waitUntil(lambda: job.state != "running", timeout=30_000)
        return job

    return load


@pytest.mark.parametrize("translated", ["none", "same", "centres"])
@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_box_is_exact_and_lies_where_its_image_lies(
    session: ViewerSession,
    finished: Finished,
    loaded: Callable[..., BoxJob],
    tmp_path: Path,
    translated: str,
    level: int,
) -> None:
    folder = write_stack(tmp_path / "stack.zarr", translated=translated)
    layers = finished(session.open(str(folder))).layers
    job = loaded(layers, {"z": slice(1, 4), "y": slice(33, 101), "x": slice(3, 122)}, level)
    assert job.state == "done", job.message
    sizes = stored(folder, level).shape[-2:]
    y = slice(33 * sizes[0] // 101, sizes[0])
    x = slice(3 * sizes[1] // 155, -(-122 * sizes[1] // 155))
    for channel, (source, made) in enumerate(zip(layers, job.layers, strict=True)):
        assert isinstance(made, Image)
        assert isinstance(made.data, np.ndarray)
        assert not made.multiscale
        assert np.array_equal(made.data, stored(folder, level)[channel, 1:4, y, x])
        assert made.units == source.units
        assert tuple(made.axis_labels) == tuple(source.axis_labels)
        assert np.array_equal(made.colormap.colors, source.colormap.colors)
        assert tuple(made.contrast_limits) == tuple(source.contrast_limits)
        for corner in np.ndindex(2, 2, 2):
            index = np.array(corner) * (np.array(made.data.shape) - 1)
            # in pixels of the finest level, by the factors that the file states
            step = 2.0**level
            fine = [
                1 + index[0],
                *((start.start + i + 0.5) * step - 0.5 for start, i in zip((y, x), index[1:], strict=True)),
            ]
            expected = source.data_to_world(fine)
            assert np.all(np.abs(np.subtract(made.data_to_world(index), expected)) <= np.asarray(made.scale) / 2)
        if level == 0:
            assert np.allclose(made.data_to_world((0, 0, 0)), source.data_to_world((1, 33, 3)))


def test_a_box_lies_on_its_image_when_the_user_turned_and_moved_it(
    session: ViewerSession, finished: Finished, loaded: Callable[..., BoxJob], tmp_path: Path
) -> None:
    layer = finished(session.open(str(write_stack(tmp_path / "stack.zarr")))).layers[0]
    layer.translate = (3, 20, -5)
    layer.rotate = 30
    layer.affine = np.array([[1, 0, 0, 4], [0, 1, 0.2, 5], [0, 0, 1, 6], [0, 0, 0, 1]])
    (made,) = loaded([layer], "z=2:4,y=40:80,x=20:90", 1).layers
    first = ((40 * 50 // 101) * 2 + 0.5, (20 * 77 // 155) * 2 + 0.5)
    assert np.allclose(made.data_to_world((0, 0, 0)), layer.data_to_world((2, *first)))
    step = np.subtract(made.data_to_world((0, 1, 0)), made.data_to_world((0, 0, 0)))
    assert np.allclose(step, np.subtract(layer.data_to_world((0, 2, 0)), layer.data_to_world((0, 0, 0))))


def test_labels_of_the_image_come_along_and_can_be_painted(
    session: ViewerSession, finished: Finished, loaded: Callable[..., BoxJob], tmp_path: Path
) -> None:
    folder = write_stack(tmp_path / "stack.zarr", labels=True)
    layers = finished(session.open(str(folder))).layers
    labels = layers[-1]
    assert layers_of_image(session.viewer.layers, layers[0]) == layers[:2], "labels are hidden at first"
    labels.visible = True
    assert layers_of_image(session.viewer.layers, layers[0]) == layers
    job = loaded(layers, {"y": slice(10, 50), "x": slice(10, 50)}, 1)
    assert job.state == "done", job.message
    made: Any = job.layers[-1]
    assert isinstance(made, Labels)
    y, x = slice(10 * 50 // 101, -(-50 * 50 // 101)), slice(10 * 77 // 155, -(-50 * 77 // 155))
    assert np.array_equal(made.data, stored(folder / "labels" / "cells", 1)[:, y, x])
    made.paint((0, 3, 3), 7)
    assert (made.data == 7).any()


def test_what_a_box_is_a_part_of_is_kept_as_json(
    session: ViewerSession, finished: Finished, loaded: Callable[..., BoxJob], tmp_path: Path
) -> None:
    layer = finished(session.open(str(write_stack(tmp_path / "stack.zarr")))).layers[1]
    (made,) = loaded([layer], {"y": slice(10, 50)}, 1).layers
    ours = made.metadata["napari_idr"]
    assert json.loads(json.dumps(ours)) == ours
    assert ours["box"] == {"level": 1, "region": {"z": [0, 5], "y": [10, 50], "x": [0, 155]}}
    assert (ours["address"], ours["channel"]) == (layer.metadata["napari_idr"]["address"], 1)
    assert made.name.endswith("· box level 1")
    assert len(made.name) <= 28


def test_boxes_stay_when_what_was_opened_goes(
    session: ViewerSession, finished: Finished, loaded: Callable[..., BoxJob], qtbot: QtBot, tmp_path: Path
) -> None:
    layers = finished(session.open(str(write_stack(tmp_path / "stack.zarr")))).layers
    boxes = loaded(layers, {}, 2).layers
    session.close_all()
    qtbot.waitUntil(lambda: list(session.viewer.layers) == boxes, timeout=10_000)


def test_a_box_of_a_plate_reaches_across_fields(
    demo: ViewerSession, finished: Finished, loaded: Callable[..., BoxJob], qtbot: QtBot
) -> None:
    job = finished(demo.open("idr-demo://plate"))
    qtbot.waitUntil(lambda: all(plate.mosaic.fields.swept for plate in demo.plates), timeout=30_000)
    mosaic, layer = demo.plates[0].mosaic, demo.plates[0].channels[0]
    slots = [slot for found in mosaic.layout.slots.values() for slot in found][:2]
    y = slice(min(s.y for s in slots) + 5, max(s.y + s.height for s in slots) - 5)
    x = slice(min(s.x for s in slots) + 7, max(s.x + s.width for s in slots) - 7)
    for level in (0, 1):
        (made,) = loaded([layer], {"y": y, "x": x}, level).layers
        factor = mosaic.factors[level]
        part = layer.data[level][
            ..., int(y.start // factor) : int(-(-y.stop // factor)), int(x.start // factor) : int(-(-x.stop // factor))
        ]
        assert np.array_equal(made.data, np.asarray(part))
        first = (np.floor(np.array([y.start, x.start]) / factor) + 0.5) * factor - 0.5
        assert np.allclose(made.data_to_world((0, 0)), layer.data_to_world(first))
    assert job.state == "done"


def test_a_box_of_a_stained_slide_is_a_picture(
    session: ViewerSession, finished: Finished, loaded: Callable[..., BoxJob], tmp_path: Path
) -> None:
    folder = tmp_path / "slide.zarr"
    transforms = [[{"type": "scale", "scale": [1.0, f, f]}] for f in (1.0, 2.0)]
    datasets = [{"path": str(i), "coordinateTransformations": t} for i, t in enumerate(transforms)]
    channels = [
        {"label": c, "color": rgb, "window": {"start": 0, "end": 255, "min": 0, "max": 255}}
        for c, rgb in zip(("Red", "Green", "Blue"), ("FF0000", "00FF00", "0000FF"), strict=True)
    ]
    attributes = {
        "multiscales": [{"version": "0.4", "axes": axes("cyx"), "datasets": datasets}],
        "omero": {"channels": channels},
    }
    write_group(folder, attributes)
    for level, side in enumerate((200, 100)):
        write_array(folder / str(level), ramp((3, side, side), "uint8"), chunks=(1, 64, 64))
    (layer,) = finished(session.open(str(folder))).layers
    assert layer.rgb
    (made,) = loaded([layer], {"y": slice(50, 150), "x": slice(20, 160)}, 1).layers
    assert made.rgb
    assert np.array_equal(made.data, np.moveaxis(stored(folder, 1), 0, -1)[25:75, 10:80])


# -- what goes wrong


def test_cancelling_leaves_nothing(session: ViewerSession, qtbot: QtBot) -> None:
    source = FakeSource(counting((300, 300)), (10, 10), gated=True)
    level = array_levels([ChunkedArray(source)], session.session.loader)
    layer = session.add(LayerPlan(level, "image", {"contrast_limits": (0, 60_000), "rgb": False}, visible=False))
    job = session.load_box([layer], {}, 0)
    qtbot.waitUntil(lambda: bool(source.asked), timeout=10_000)
    job.cancel()
    qtbot.waitUntil(lambda: job.state != "running", timeout=10_000)
    source.let_through(session.session.loader)
    assert (job.state, job.layers) == ("cancelled", [])
    assert list(session.viewer.layers) == [layer]
    assert len(source.asked) <= 64 < 900


def test_a_session_that_closes_ends_what_is_on_its_way(session: ViewerSession, qtbot: QtBot) -> None:
    source = FakeSource(counting((300, 300)), (10, 10), gated=True)
    level = array_levels([ChunkedArray(source)], session.session.loader)
    layer = session.add(LayerPlan(level, "image", {"contrast_limits": (0, 60_000), "rgb": False}, visible=False))
    job = session.load_box([layer], {}, 0)
    qtbot.waitUntil(lambda: bool(source.asked), timeout=10_000)
    session.close()
    qtbot.waitUntil(lambda: job.state == "cancelled", timeout=10_000)
    assert session.load_box([layer], {}, 0).state == "cancelled"


def test_a_chunk_that_cannot_be_read_gives_one_sentence_and_no_layer(
    session: ViewerSession, finished: Finished, loaded: Callable[..., BoxJob], tmp_path: Path
) -> None:
    folder = write_stack(tmp_path / "stack.zarr")
    layers = finished(session.open(str(folder))).layers
    (folder / "0" / "1" / "2" / "3" / "4").write_bytes(b"short")
    before = list(session.viewer.layers)
    job = loaded(layers, {}, 0)
    assert job.state == "failed"
    assert "\n" not in job.message
    assert job.message
    assert list(session.viewer.layers) == before


def test_what_takes_more_than_half_of_the_free_memory_is_refused(
    session: ViewerSession,
    finished: Finished,
    loaded: Callable[..., BoxJob],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layers = finished(session.open(str(write_stack(tmp_path / "stack.zarr")))).layers
    whole = 2 * 5 * 101 * 155 * 2
    monkeypatch.setattr(box_parts, "free_memory", lambda: 2 * whole - 2)
    job = loaded(layers, {}, 0)
    assert isinstance(job.error, Unsupported)
    assert (
        "more than half of the 619 kB of memory that are free" in job.message or "memory that are free" in job.message
    )
    found = choices(layers, {})
    assert [bool(choice.refusal) for choice in found] == [True, False, False]
    assert found[0].text.startswith("level 0 · 155 × 101 × 5 · 153 kB per channel · needs")
    assert loaded(layers, {}, 1).state == "done"


def test_a_box_outside_the_image_or_of_no_level_is_refused(
    session: ViewerSession, finished: Finished, loaded: Callable[..., BoxJob], tmp_path: Path
) -> None:
    layers = finished(session.open(str(write_stack(tmp_path / "stack.zarr")))).layers
    for region, level in (({"x": slice(150, 400)}, 0), ({"q": 1}, 0), ({}, 3), ({"x": slice(5, 5)}, 0)):
        assert isinstance(loaded(layers, region, level).error, AddressError)
    other = session.viewer.add_image(np.zeros((4, 4)))
    with pytest.raises(AddressError, match="does not come from a repository"):
        part_of(other, {}, 0)


# -- where


def test_what_is_in_view_is_what_the_canvas_shows(session: ViewerSession, finished: Finished, tmp_path: Path) -> None:
    layer = finished(session.open(str(write_stack(tmp_path / "stack.zarr")))).layers[0]
    viewer: Any = session.viewer
    viewer.reset_view()
    assert region_in_view(viewer, layer) == {"y": slice(0, 101), "x": slice(0, 155)}
    height, width = viewer.canvas.size
    viewer.scene.camera.zoom = min(height, width) / 10  # ten micrometers across the shorter side
    viewer.scene.camera.center = (0, 25, 20)
    region = region_in_view(viewer, layer)
    half = np.array([height, width]) / (2 * viewer.scene.camera.zoom)
    assert (region["y"].start, region["y"].stop) == (
        int((25 - half[0]) / 0.5 + 0.5),
        int(np.ceil((25 + half[0]) / 0.5 + 0.5)),
    )
    viewer.scene.camera.center = (0, 5000, 5000)
    with pytest.raises(AddressError, match="Nothing of it lies there"):
        region_in_view(viewer, layer)
    viewer.dims.ndisplay = 3
    with pytest.raises(AddressError, match="3-D"):
        region_in_view(viewer, layer)


def test_a_rectangle_means_the_pixels_that_it_touches(
    session: ViewerSession, finished: Finished, tmp_path: Path
) -> None:
    layer = finished(session.open(str(write_stack(tmp_path / "stack.zarr", translated="same")))).layers[0]
    corner, opposite = layer.data_to_world((0, 10.2, 20.2))[1:], layer.data_to_world((0, 29.8, 59.8))[1:]
    rectangle = np.array([corner, (corner[0], opposite[1]), opposite, (opposite[0], corner[1])])
    shapes = Shapes([rectangle, rectangle + 5], shape_type="rectangle")
    session.viewer.add_layer(shapes)
    shapes.selected_data = {0}
    assert region_of_shapes(session.viewer, layer, shapes) == {"y": slice(10, 31), "x": slice(20, 61)}
    assert whole_region(session.viewer, layer) == {}


def test_a_rectangle_over_a_turned_image_means_all_that_lies_in_it(
    session: ViewerSession, finished: Finished, tmp_path: Path
) -> None:
    layer = finished(session.open(str(write_stack(tmp_path / "stack.zarr")))).layers[0]
    layer.rotate = 30
    middle = np.array(layer.data_to_world((0, 50, 77))[1:])
    half = np.array([3, 7])
    low, high = middle - half, middle + half
    shapes = session.viewer.add_shapes([[low, (low[0], high[1]), high, (high[0], low[1])]], shape_type="rectangle")
    region = region_of_shapes(session.viewer, layer, shapes)
    for y in np.linspace(low[0], high[0], 9):
        for x in np.linspace(low[1], high[1], 9):
            place = np.round(layer.world_to_data((0, y, x))[1:])
            assert region["y"].start <= place[0] < region["y"].stop
            assert region["x"].start <= place[1] < region["x"].stop


def test_a_part_is_of_the_time_point_that_is_shown(
    session: ViewerSession, finished: Finished, loaded: Callable[..., BoxJob], tmp_path: Path
) -> None:
    folder = write_image(tmp_path / "movie.zarr", "tzyx", (3, 4, 64, 64))
    (layer,) = finished(session.open(str(folder))).layers
    session.viewer.dims.set_current_step(0, 2)
    region = whole_region(session.viewer, layer)
    assert region == {"t": slice(2, 3)}
    (made,) = loaded([layer], region, 1).layers
    assert np.array_equal(made.data, stored(folder, 1)[2:3])
    assert made.data_to_world((0, 0, 0, 0))[0] == layer.data_to_world((2, 0, 0, 0))[0]
