"""Rendered images: shown as the server draws them, said to be so, asked for tile by tile."""

from __future__ import annotations

import asyncio
import io
import json
import time
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from napari_idr.errors import Busy, ChunkError, ProtocolError, Unsupported
from napari_idr.formats.omero_rendering import parse_rendering
from napari_idr.model.image import ImageReference
from napari_idr.readers.rendered_tiles import RenderedStore, decode_tile, image_metadata, is_rendered
from napari_idr.session import Session
from napari_idr.settings import Settings
from spoiling_server import SpoilingServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_idr.model.catalog import Node
    from repository_server import Served

HERE = "http://host/webgateway/imgData/5/"


@pytest.fixture
def session(served: Served, tmp_path: Path) -> Iterator[Session]:
    with Session(Settings(server=served.address, cache_dir=tmp_path)) as opened:
        yield opened


@pytest.fixture
def images(session: Session, served: Served) -> dict[str, Node]:
    root = session.resolve(served.address)
    projects = [one for study in session.children(root).nodes for one in session.children(study).nodes]
    datasets = [one for project in projects for one in session.children(project).nodes if one.kind == "dataset"]
    return {image.name: image for dataset in datasets for image in session.children(dataset).nodes}


def document(**changes: Any) -> dict[str, Any]:
    window = {"min": 0.0, "max": 4095.0, "start": 12.5, "end": 300.0}
    channel = {"label": "DNA", "color": "00ff00", "active": True, "window": window}
    made = {
        "id": 5,
        "meta": {"imageName": "cells"},
        "tiles": False,
        "size": {"width": 700, "height": 520, "z": 3, "t": 2, "c": 1},
        "pixel_size": {"x": 0.5, "y": 0.5, "z": None},
        "channels": [channel],
        "rdefs": {"defaultZ": 1, "defaultT": 9},
    }
    return {**made, **changes}


TILED = {
    "tiles": True,
    "tile_size": {"width": 256, "height": 256},
    "levels": 3,
    "resolutions": {
        "0": {"sizeX": 700, "sizeY": 520},
        "1": {"sizeX": 350, "sizeY": 260},
        "2": {"sizeX": 175, "sizeY": 130},
    },
}


def jpeg(width: int, height: int, shade: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (shade,) * 3).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["idr_webclient_imgData_122770", "idr_webclient_imgData_9762957"])
def test_recorded_answers_are_understood(shared: Path, name: str) -> None:
    recorded = json.loads((shared / "protocols" / "samples" / f"{name}.json").read_text())
    rendering = parse_rendering(recorded, HERE)
    assert rendering.levels[0] == (recorded["size"]["width"], recorded["size"]["height"])
    assert [channel.name for channel in rendering.channels] == [one["label"] for one in recorded["channels"]]
    assert len(rendering.levels) == recorded.get("levels", 1)


def test_a_rendered_channel_is_what_the_server_draws_of_the_pixels(
    session: Session, images: dict[str, Node], served: Served
) -> None:
    """The tile is the window of the channel spread over 0 to 255; JPEG may be off by a few."""
    rendered, metadata = session.read(images["embryo-1, rendered"].address, region="t=2,z=2")
    stored, original = session.read(images["embryo-1"].address, region="t=2,z=2")
    assert metadata.source_kind == "rendered"
    assert (rendered.shape, rendered.dtype) == (stored.shape, np.uint8)
    for index, channel in enumerate(original.channels):
        assert channel.window is not None
        span = channel.window.end - channel.window.start
        truth = np.clip((stored[0, index, 0] - channel.window.start) / span, 0, 1) * 255
        error = np.abs(rendered[0, index, 0] - truth)
        assert truth.std() > 8
        assert error.mean() < 3
        assert error.max() < 40


def test_every_level_shows_the_same_picture_in_its_place(session: Session, images: dict[str, Node]) -> None:
    reference = session.reference(images["colon-section-1, rendered"])
    assert isinstance(reference, ImageReference)
    pyramid = session.open_image(reference)
    levels = pyramid.metadata.levels
    assert [level.shape[-1] for level in levels] == sorted({level.shape[-1] for level in levels}, reverse=True)
    fine, coarse = (np.asarray(pyramid.levels[n][0, 1, 0], float) for n in (0, 1))
    halved = fine.reshape(coarse.shape[0], 2, coarse.shape[1], 2).mean(axis=(1, 3))
    assert np.abs(halved - coarse).mean() < 4
    assert levels[1].translation[-1] == pytest.approx((levels[1].scale[-1] - levels[0].scale[-1]) / 2)


def test_it_is_said_wherever_it_shows(session: Session, images: dict[str, Node], tmp_path: Path) -> None:
    metadata = session.info(images["embryo-1, rendered"])
    assert metadata.name == "embryo-1, rendered (rendered, 8-bit)"  # type: ignore[union-attr]
    assert [channel.name for channel in metadata.channels] == [  # type: ignore[union-attr]
        "H2B-mCherry (rendered)",
        "membrane-GFP (rendered)",
    ]
    said: list[str] = []
    address, output = images["embryo-1, rendered"].address, tmp_path / "part.ome.zarr"
    session.write(address, output, region="t=0,z=0", warn=said.append)
    assert "not those that were measured" in said[0]
    written = json.loads((output / ".zattrs").read_text())
    assert "rendered, 8-bit" in written["multiscales"][0]["name"]


def test_requests_are_one_for_each_tile_and_always_spelt_alike(
    session: Session, images: dict[str, Node], served: Served
) -> None:
    reference = session.reference(images["embryo-1, rendered"])
    pyramid = session.open_image(reference)  # type: ignore[arg-type]
    np.asarray(pyramid.levels[0][0, 0, 0])
    served.reset()
    for _ in range(2):
        np.asarray(pyramid.levels[0][1, 1, 2])
    image = images["embryo-1, rendered"].id
    (asked,) = served.requests()
    assert (
        asked == f"/webgateway/render_image_region/{image}/2/1/?c=2%7C18%3A330%24FFFFFF&m=g&tile=0%2C0%2C0%2C512%2C512"
    )


def test_where_nothing_is_rendered_it_is_one_sentence_and_asked_once(
    session: Session, images: dict[str, Node], served: Served
) -> None:
    image = images["embryo-1, rendered"]
    served.fail("imgData", "status403", 100)
    session.describe(image)
    served.reset()
    for _ in range(3):
        with pytest.raises(Unsupported) as caught:
            session.reference(image)
    assert [one for one in served.requests() if "imgData" in one] == [f"/webgateway/imgData/{image.id}/"]
    assert "neither offered as OME-Zarr nor rendered" in caught.value.what
    assert image.address in caught.value.hint


@pytest.mark.parametrize("kind", ["status404", "html", "truncate", "short", "empty"])
def test_a_tile_that_fails_is_never_black(session: Session, images: dict[str, Node], served: Served, kind: str) -> None:
    reference = session.reference(images["embryo-1, rendered"])
    pyramid = session.open_image(reference)  # type: ignore[arg-type]
    served.fail("render_image_region", kind, 1000)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whichever of the family
        np.asarray(pyramid.levels[0][0, 0, 1])
    assert "\n" not in str(caught.value)
    served.mend()
    assert np.asarray(pyramid.levels[0][0, 0, 1]).any()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"id": 5, "meta": {}, "perms": {}}, Unsupported),
        ({"id": 5, "Exception": "no pixels\nhere"}, Unsupported),
        ({"ConcurrencyException": {"backOff": 3000}}, Busy),
        ([], ProtocolError),
        (document(size=5), ProtocolError),
        (document(size={"width": 10**12, "height": 5, "z": 1, "t": 1, "c": 1}), ProtocolError),
        (document(size={"width": 0, "height": 5, "z": 1, "t": 1, "c": 1}), ProtocolError),
        (document(size={"width": 9, "height": 5, "z": 1, "t": 1, "c": 10**9}), ProtocolError),
        (document(channels=[]), ProtocolError),
        (document(channels=5), ProtocolError),
        (document(**TILED | {"resolutions": {"1": 5}}), ProtocolError),
    ],
)
def test_answers_that_promise_no_picture_are_errors_of_the_family(answer: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_rendering(answer, HERE)


def test_a_server_that_prepares_an_image_is_asked_again_after_the_pause_it_names(
    images: dict[str, Node], served: Served, tmp_path: Path
) -> None:
    answers: list[float] = []

    def prepare(found: dict[str, Any]) -> dict[str, Any]:
        answers.append(time.monotonic())
        return found if len(answers) > 2 else {"ConcurrencyException": {"backOff": 200}}

    with SpoilingServer(served.address) as busy, Session(Settings(cache_dir=tmp_path / "own")) as session:
        busy.spoil_json("imgData/", prepare)
        address = f"{busy.address}webclient/?show=image-{images['embryo-1, rendered'].id}"
        pyramid = session.open_image(session.reference(session.resolve(address)))  # type: ignore[arg-type]
    assert pyramid.metadata.source_kind == "rendered"
    _, early, late = answers  # whether it is rendered, and twice how
    assert late - early >= 0.2


def test_odd_answers_are_taken_as_far_as_they_go() -> None:
    odd = document(**deepcopy(TILED) | {"tile_size": {"width": 700, "height": 1}, "rdefs": None, "pixel_size": None})
    odd["channels"][0] |= {"label": 461, "color": "red", "window": {"start": 5, "end": 5}}
    odd["resolutions"]["2"] = {"sizeX": 9999, "sizeY": 1}
    rendering = parse_rendering(odd, HERE)
    assert rendering.levels == ((700, 520), (350, 260))
    assert rendering.tile == (700, 512)
    assert (rendering.channels[0].name, rendering.channels[0].color, rendering.channels[0].window) == (
        "461",
        None,
        None,
    )
    assert {axis.unit for axis in image_metadata(rendering, HERE).axes} == {None}


def test_planes_and_sizes_are_those_of_the_image() -> None:
    metadata = image_metadata(parse_rendering(document(**TILED), HERE), HERE)
    assert [level.shape for level in metadata.levels] == [(2, 1, 3, 520, 700), (2, 1, 3, 260, 350), (2, 1, 3, 130, 175)]
    assert (metadata.default_t, metadata.default_z) == (1, 1)
    assert metadata.levels[1].scale == (1, 1, 1, 1, 1)
    assert [axis.unit for axis in metadata.axes] == [None, None, None, "micrometer", "micrometer"]


def test_images_without_levels_are_asked_for_by_region() -> None:
    store = RenderedStore("http://host/", "5", parse_rendering(document(), HERE), None)  # type: ignore[arg-type]
    url, params = store.request(0, (1, 0, 2), 1, 1)
    assert url == "http://host/webgateway/render_image_region/5/2/1/"
    assert params == [("c", "1|12.5:300$FFFFFF"), ("m", "g"), ("region", "512,512,188,8")]


@pytest.mark.parametrize(
    "key", ["", "zarr.json", "3/zarr.json", "0/c/0/0/0/0", "0/c/0/0/0/0/x", "../0/zarr.json", "99/c/0/0/0/0/0"]
)
def test_keys_that_are_none_of_the_store_have_no_value(key: str) -> None:
    store = RenderedStore("http://host/", "5", parse_rendering(document(**TILED), HERE), None)  # type: ignore[arg-type]
    assert asyncio.run(store.get(key)) is None


def test_tiles_are_filled_up_at_the_edge_and_checked() -> None:
    pixels = np.frombuffer(decode_tile(jpeg(40, 30, 200), (40, 30), (64, 48), HERE), np.uint8).reshape(48, 64)
    assert np.abs(pixels[:30, :40].astype(int) - 200).max() < 3
    assert not pixels[30:].any()
    for wrong in (jpeg(41, 30, 9), b"", b"<html>", jpeg(40, 30, 9)[:50], b"GIF89a" + bytes(50)):
        with pytest.raises(ChunkError):
            decode_tile(wrong, (40, 30), (64, 48), HERE)


def test_addresses_of_rendered_images_are_told_from_all_others() -> None:
    assert is_rendered(HERE)
    for other in (
        "http://host/webgateway/imgData/5",
        "/webgateway/imgData/5/",
        HERE + "x.zarr",
        "ftp://h/webgateway/imgData/5/",
    ):
        assert not is_rendered(other)
