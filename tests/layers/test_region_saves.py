"""A box becomes a file: exact pixels, in the right place, with source and licence, marked on its image, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
import zarr

from box_stack import stored, write_stack
from made_zarr import write_image
from napari_idr.errors import Unsupported
from napari_idr.layers.region_saves import LAYER, plan_region
from napari_idr.model.annotation import Rectangle
from napari_idr.model.annotator import Annotator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from napari_idr.demo.server import EmbeddedServer
    from napari_idr.layers.region_saves import RegionJob
    from napari_idr.layers.viewer_session import OpenJob, ViewerSession

    Finished = Callable[[OpenJob], OpenJob]

pytestmark = pytest.mark.qt
REGION = {"z": slice(1, 4), "y": slice(33, 101), "x": slice(3, 122)}


@pytest.fixture
def saved(session: ViewerSession, finished: Finished) -> Callable[..., RegionJob]:
    """Save a box and wait until that has ended."""
    return lambda layers, region, level, path: finished(session.save_box(layers, region, level, path))  # type: ignore[return-value]


def pixels_of(path: Path) -> np.ndarray:
    if path.name.endswith(".zarr"):
        return np.asarray(zarr.open_array(str(path / "0"), mode="r")[...])
    return tifffile.imread(path)


def part(folder: Path, level: int) -> np.ndarray:
    """The stored pixels that REGION touches at a level."""
    whole = stored(folder, level)
    height, width = whole.shape[-2:]
    y = slice(33 * height // 101, -(-101 * height // 101))
    x = slice(3 * width // 155, -(-122 * width // 155))
    return whole[:, 1:4, y, x]


@pytest.mark.parametrize("name", ["a.ome.tif", "a.ome.zarr"])
@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("translated", ["none", "centres"])
def test_the_pixels_are_those_stored_and_lie_beside_their_image(
    session: ViewerSession,
    finished: Finished,
    saved: Callable[..., RegionJob],
    tmp_path: Path,
    name: str,
    level: int,
    translated: str,
) -> None:
    folder = write_stack(tmp_path / "stack.ome.zarr", translated=translated)
    layers = finished(session.open(str(folder))).layers
    job = saved(layers, REGION, level, tmp_path / name)
    assert job.state == "done", job.message
    expected = part(folder, level)
    found = pixels_of(job.path)
    assert np.array_equal(found, expected)
    assert found.dtype == expected.dtype
    reopened = finished(session.open(str(job.path))).layers
    boxes = session.load_box(layers, REGION, level)
    finished(boxes)
    for box, one in zip(boxes.layers, reopened, strict=True):
        assert np.allclose(one.scale, box.scale)
        for corner in np.ndindex(2, 2, 2):
            index = np.array(corner) * (np.array(box.data.shape) - 1)
            away = np.subtract(one.data_to_world(index), box.data_to_world(index))
            assert np.all(np.abs(away) <= np.asarray(box.scale) / 2 + 1e-9)


def test_only_the_channels_that_are_meant_are_in_the_file(
    session: ViewerSession, finished: Finished, saved: Callable[..., RegionJob], tmp_path: Path
) -> None:
    folder = write_image(tmp_path / "stack.zarr", "cyx", (4, 64, 80), levels=1)
    layers = finished(session.open(str(folder))).layers
    plan = plan_region([layers[2], layers[1]], {"y": slice(0, 10)}, 0)
    assert (plan.region["c"], plan.nbytes) == (slice(1, 3), 2 * 10 * 80 * stored(folder, 0).dtype.itemsize)
    job = saved([layers[2], layers[1]], {"y": slice(0, 10)}, 0, tmp_path / "a.ome.zarr")
    assert np.array_equal(pixels_of(job.path), stored(folder, 0)[1:3, :10])


def test_labels_are_saved_as_labels(
    session: ViewerSession, finished: Finished, saved: Callable[..., RegionJob], tmp_path: Path
) -> None:
    folder = write_stack(tmp_path / "stack.ome.zarr", labels=True)
    layers = finished(session.open(str(folder))).layers
    (labels,) = [layer for layer in layers if "label" in layer.metadata["napari_idr"]]
    job = saved([labels], {"z": slice(0, 2), "y": slice(0, 32)}, 0, tmp_path / "a.ome.zarr")
    assert job.state == "done", job.message
    whole = np.asarray(zarr.open_array(str(folder / "labels" / "cells" / "0"), mode="r")[...])
    assert np.array_equal(pixels_of(job.path), whole[:2, :32])


def test_the_region_is_an_object_of_its_image(
    session: ViewerSession, finished: Finished, saved: Callable[..., RegionJob], tmp_path: Path
) -> None:
    folder = write_stack(tmp_path / "stack.ome.zarr")
    layers = finished(session.open(str(folder))).layers
    viewer: Any = session.viewer
    viewer.layers.selection.active = layers[0]
    session.annotations.book.annotator = Annotator("Josiah Carberry")
    job = saved(layers, {**REGION, "z": slice(0, 5)}, 1, tmp_path / "a.ome.tif")
    (held,) = session.annotations.book.held.values()
    assert (held.one.uuid, held.one.object_class, held.one.name) == (job.uuid, "saved region", "a.ome.tif")
    assert held.one.annotator.name == "Josiah Carberry"
    assert held.one.shapes == (Rectangle(x=2, y=32, width=120, height=68, style=held.one.shapes[0].style),)
    assert ("Pyramid level", "1") in held.one.key_values
    assert not any(str(tmp_path) in value for _, value in held.one.key_values)
    assert viewer.layers[-1].name == LAYER
    assert viewer.layers.selection.active is layers[0]
    other = saved(layers, {**REGION, "z": slice(2, 3)}, 0, tmp_path / "b.ome.tif")
    assert other.state == "done"
    assert set(session.annotations.book.held) == {job.uuid, other.uuid}
    assert [one.path.name for one in session.saves.files.values()] == ["a.ome.tif", "b.ome.tif"]
    assert session.kept.flush(30)


def test_source_and_licence_are_in_the_file(
    demo: ViewerSession,
    server: EmbeddedServer,
    finished: Finished,
    tmp_path: Path,
) -> None:
    address = f"{server.address}webclient/?show=image-100001"
    layers = finished(demo.open(address)).layers
    job = finished(demo.save_box([layers[0]], {"y": slice(0, 32), "x": slice(8, 40)}, 0, tmp_path / "a.ome.tif"))
    assert job.state == "done", job.message
    with tifffile.TiffFile(job.path) as file:  # type: ignore[attr-defined]
        text = file.ome_metadata or ""
    for said in (address.replace("&", "&amp;"), "CC0 1.0", "y=0:32,x=8:40"):
        assert said in text


def test_cancel_leaves_nothing(
    demo: ViewerSession, server: EmbeddedServer, finished: Finished, tmp_path: Path, qtbot: QtBot
) -> None:
    layers = finished(demo.open(f"{server.address}webclient/?show=image-100001")).layers
    for name in ("a.ome.tif", "a.ome.zarr"):
        job = demo.save_box(layers, {}, 0, tmp_path / name)
        job.cancel()
        assert finished(job).state == "cancelled"
    assert list(tmp_path.glob("*a.ome*")) == []
    assert not demo.annotations.book.held


def test_cancelling_while_it_is_written_leaves_nothing(
    session: ViewerSession, finished: Finished, tmp_path: Path
) -> None:
    layers = finished(session.open(str(write_stack(tmp_path / "stack.ome.zarr")))).layers
    cancelled: list[Any] = []

    def cancel(job: RegionJob) -> None:
        if job.total and job.done == job.total:
            cancelled.append(job)
            job.cancel()

    session.saves.progressed.connect(cancel)
    job = session.save_box(layers, REGION, 0, tmp_path / "a.ome.zarr")
    original, job.check = job.check, lambda: original() if not job.done else _cancel_late(job, original)  # type: ignore[method-assign]
    assert finished(job).state == "cancelled"
    assert not (tmp_path / "a.ome.zarr").exists()
    assert list(tmp_path.glob(".*part*")) == []


def _cancel_late(job: RegionJob, check: Callable[[], None]) -> None:
    if job.done == job.total:
        job.cancel()
    check()


def test_what_comes_to_the_place_meanwhile_is_not_replaced_either(
    session: ViewerSession,
    finished: Finished,
    saved: Callable[..., RegionJob],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layers = finished(session.open(str(write_stack(tmp_path / "stack.ome.zarr")))).layers
    path = tmp_path / "a.ome.tif"
    write = type(session.session).write

    def slowly(self: Any, *arguments: Any, **options: Any) -> Any:
        path.write_text("of somebody else")
        return write(self, *arguments, **options)

    monkeypatch.setattr(type(session.session), "write", slowly)
    job = saved(layers, REGION, 0, path)
    assert (job.state, job.message.split(",")[0]) == ("failed", "There is something of that name already")
    assert path.read_text() == "of somebody else"


def test_what_is_there_is_never_replaced(
    session: ViewerSession, finished: Finished, saved: Callable[..., RegionJob], tmp_path: Path
) -> None:
    layers = finished(session.open(str(write_stack(tmp_path / "stack.ome.zarr")))).layers
    path = tmp_path / "a.ome.tif"
    path.write_text("mine")
    job = saved(layers, REGION, 0, path)
    assert job.state == "failed"
    assert job.message == "There is something of that name already, a.ome.tif, choose another name"
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", ["nowhere/a.ome.tif", "a.png"])
def test_what_cannot_be_written_is_one_sentence(
    session: ViewerSession, finished: Finished, saved: Callable[..., RegionJob], tmp_path: Path, name: str
) -> None:
    layers = finished(session.open(str(write_stack(tmp_path / "stack.ome.zarr")))).layers
    job = saved(layers, REGION, 0, tmp_path / name)
    assert job.state == "failed"
    assert job.message
    assert "\n" not in job.message


def test_chunks_that_do_not_come_leave_nothing(
    session: ViewerSession, finished: Finished, saved: Callable[..., RegionJob], tmp_path: Path
) -> None:
    folder = write_stack(tmp_path / "stack.ome.zarr")
    layers = finished(session.open(str(folder))).layers
    for chunk in (folder / "0").rglob("*"):
        if chunk.is_file() and not chunk.name.startswith("."):
            chunk.write_bytes(b"broken")
    job = saved(layers, {"z": slice(4, 5), "y": slice(0, 101)}, 0, tmp_path / "a.ome.tif")
    assert job.state == "failed"
    assert not job.path.exists()


def test_a_plate_is_told_to_open_a_field(demo: ViewerSession, finished: Finished) -> None:
    layers = finished(demo.open("idr-demo://tiny")).layers
    with pytest.raises(Unsupported, match="open a field"):
        plan_region(layers, {}, 0)
