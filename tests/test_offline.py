"""A study seen once opens again: without a question while it is fresh, and with the server switched off."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
import requests

from made_zarr import multiscales, ramp, write_array, write_group
from napari_idr.demo.content import ContentSize, ensure_content
from napari_idr.demo.plate_content import PlateShape
from napari_idr.demo.server import EmbeddedServer
from napari_idr.errors import NapariIdrError, NotFound
from napari_idr.layers.samples import first_openable
from napari_idr.session import Session
from napari_idr.settings import Settings
from patience import PATIENCE
from versioned_server import VersionedServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from command import Run


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    small = ContentSize.small()
    size = ContentSize(PlateShape(rows=1), small.slide, small.movie)
    return ensure_content(tmp_path_factory.mktemp("wide"), size=size)


@pytest.fixture
def two_days_later(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 2 * 86_400)


class Looked:
    """What one session sees of a plate: its grid, its annotations, a picture of a well, all pixels of a channel."""

    def __init__(self, address: str) -> None:
        with Session() as session:
            plate = first_openable(session, address, "idr9901")
            self.grid = session.plate_grid(plate)
            self.key_values = session.well_key_values(plate)
            self.thumbnails = session.thumbnails(plate.repository, [self.grid.cells[0].image_id or ""])
            level = session.open_plate(session.reference(plate)).channel(0)[-1]
            self.pixels = level.read(tuple((0, size) for size in level.shape))
            self.hosts = session.network.hosts

    def equals(self, other: Looked) -> bool:
        words = (self.grid, self.key_values, self.thumbnails) == (other.grid, other.key_values, other.thumbnails)
        return words and np.array_equal(self.pixels, other.pixels)


def asked(server: EmbeddedServer) -> list[int]:
    """Return the statuses of what was asked since the last call."""
    entries = requests.get(f"{server.address}__requests", timeout=10).json()["requests"]
    requests.post(f"{server.address}__requests/reset", timeout=10).raise_for_status()
    return [entry["status"] for entry in entries]


def test_plate_seen_today_asks_nothing(content: Path) -> None:
    with EmbeddedServer(content) as server:
        first = Looked(server.address)
        assert len(asked(server)) > 50
        assert Looked(server.address).equals(first)
        assert asked(server) == []


def test_plate_seen_the_day_before_only_asks_whether_it_changed(content: Path, request: pytest.FixtureRequest) -> None:
    with EmbeddedServer(content) as server:
        first = Looked(server.address)
        before = asked(server)
        request.getfixturevalue("two_days_later")
        assert Looked(server.address).equals(first)
        after = asked(server)
        assert len(after) == len(before)
        documents = before.count(200) - after.count(304)
        assert after.count(200) == documents < 20  # OMERO's JSON has no ETag; what is absent has none either
        assert after.count(404) == before.count(404)


@pytest.mark.parametrize("later", [False, True])
def test_plate_opens_with_the_server_switched_off(later: bool, content: Path, request: pytest.FixtureRequest) -> None:
    with EmbeddedServer(content) as server:
        address = server.address
        first = Looked(address)
    if later:
        request.getfixturevalue("two_days_later")
    second = Looked(address)
    assert second.equals(first)
    if later:
        (host,) = second.hosts
        assert host.status == "offline"
        assert time.time() - host.saved > 86_400
        assert not host.missing


def test_what_was_not_seen_is_said_in_one_sentence(content: Path) -> None:
    with EmbeddedServer(content) as server, Session() as session:
        address = server.address
        first_openable(session, address, "idr9901")
    with Session() as session:
        plate = first_openable(session, address, "idr9901")
        with pytest.raises(NapariIdrError, match=r"Nobody answers at .*, .*, check that"):
            session.plate_grid(plate)
        assert session.network.worst.missing >= 1
        assert session.network.worst.status == "offline"


def test_cache_that_is_switched_off_asks_each_time(content: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAPARI_IDR_DISK_CACHE_MB", "0")
    with EmbeddedServer(content) as server:
        Looked(server.address)
        before = asked(server)
        Looked(server.address)
        assert sorted(asked(server)) == sorted(before)


# -- what was kept and is wrong


def image(tmp_path: Path, *, shards: bool = False) -> dict[str, bytes]:
    """The files of an image of 64 x 64 pixels in four chunks."""
    folder = tmp_path / "i.zarr"
    write_group(folder, {"multiscales": multiscales("yx", [[1, 1]])}, zarr_format=2)
    write_array(folder / "0", ramp((64, 64)), zarr_format=2, chunks=(32, 32))
    return {str(path.relative_to(tmp_path)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[VersionedServer]:
    with VersionedServer(image(tmp_path)) as running:
        yield running


def pixels(server: VersionedServer) -> np.ndarray:
    with Session(Settings(read_timeout=PATIENCE)) as session:
        return session.read(f"{server.address}/i.zarr")[0]


def test_chunk_that_was_kept_short_is_asked_for_anew(server: VersionedServer) -> None:
    key = next(key for key in server.objects if key.split("/")[-1] in ("0.0", "0"))
    whole, server.says = server.objects[key], "same e_tag"
    server.objects[key] = whole[:-1]
    with pytest.raises(NapariIdrError):
        pixels(server)
    server.objects[key] = whole
    assert np.array_equal(pixels(server), ramp((64, 64)))


def test_image_that_was_absent_this_morning_opens(server: VersionedServer) -> None:
    objects, server.objects = server.objects, {}
    with pytest.raises(NotFound):
        pixels(server)
    server.objects = objects
    assert np.array_equal(pixels(server), ramp((64, 64)))


def test_image_that_was_mended_opens(server: VersionedServer) -> None:
    right = server.objects["i.zarr/.zattrs"]
    server.objects["i.zarr/.zattrs"] = b'{"multiscales": 7}'
    with pytest.raises(NapariIdrError):
        pixels(server)
    server.objects["i.zarr/.zattrs"] = right
    assert np.array_equal(pixels(server), ramp((64, 64)))


def test_command_reads_what_it_read_before_without_the_server(
    run: Run, server: VersionedServer, tmp_path: Path
) -> None:
    address = f"{server.address}/i.zarr"
    assert run("info", address)[0] == 0
    server.switch_off()
    first = run("info", address)
    assert first[0] == 0
    assert run("read", address, "-o", str(tmp_path / "x.npy"))[0] == 1
    server.switch_on()
    assert run("read", address, "-o", str(tmp_path / "x.npy"))[0] == 0
    server.switch_off()
    assert run("read", address, "-o", str(tmp_path / "y.npy"))[0] == 0
    assert np.array_equal(np.load(tmp_path / "y.npy"), np.load(tmp_path / "x.npy"))
