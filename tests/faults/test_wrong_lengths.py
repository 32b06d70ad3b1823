"""Lengths that lie on the wire: no chunk of wrong pixels is ever kept, compressed or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from rig import CHUNK, LAYOUTS, Scene, open_levels, write_image

from faulty_server import FolderServer
from napari_idr.errors import ChunkError, Unreachable
from napari_idr.session import Session
from napari_idr.settings import Settings
from patience import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(Settings(read_timeout=PATIENCE, disk_cache_mb=0)) as opened:
        yield opened


WHOLE = [layout for layout, options in LAYOUTS.items() if "shards" not in options]


@pytest.mark.parametrize("layout", WHOLE)
@pytest.mark.parametrize("fault", ["excess", "truncate", "html"])
def test_chunk_of_another_length_than_was_said_is_an_error(
    fault: str, layout: str, session: Session, tmp_path: Path
) -> None:
    truth, _ = write_image(tmp_path / "image", layout)
    bad = "0/1/2" if LAYOUTS[layout]["zarr_format"] == 2 else "0/c/1/2"
    with FolderServer(tmp_path) as server:
        (level, _) = open_levels(session, f"{server.address}/image")
        server.requests.clear()
        server.faults[bad] = fault
        height, width = CHUNK
        with pytest.raises((ChunkError, Unreachable)):
            np.asarray(level[height : 2 * height, 2 * width : 3 * width])
        asked = [path for path, _ in server.requests].count(f"/image/{bad}")
        # What is too much is taken for the next answer of its connection: that try does not reach the server.
        assert asked in ((2, 3) if fault == "excess" else (3,))
        assert session.loader.cache.get(level.array.key((1, 2))) is None
        server.faults.clear()
        assert np.array_equal(np.asarray(level), truth)


@pytest.mark.parametrize("layout", ["sharded", "sharded plain"])
def test_part_of_a_shard_that_is_shorter_than_its_range_is_an_error(
    layout: str, session: Session, tmp_path: Path
) -> None:
    truth, _ = write_image(tmp_path / "image", layout)
    with FolderServer(tmp_path) as server:
        (level, _) = open_levels(session, f"{server.address}/image")
        np.asarray(level[:1, :1])  # its index is known
        session.loader.cache.clear()
        server.faults["0/c/0/0"] = "lying"
        with pytest.raises(ChunkError, match="called them"):
            np.asarray(level[: CHUNK[0], : CHUNK[1]])
        server.faults.clear()
        assert np.array_equal(np.asarray(level), truth)


@pytest.mark.parametrize("kind", ["status404", "status403"])
def test_part_of_a_shard_that_is_missing_once_is_not_shown_as_background(
    kind: str, make_scene: Callable[..., Scene]
) -> None:
    scene = make_scene("sharded plain")
    (level, _) = scene.levels
    np.asarray(level[:1, :1])  # its index is known
    scene.loader.cache.clear()
    scene.control.forget()
    scene.control.fail("/0/c/0/0", kind, times=1)
    assert np.array_equal(np.asarray(level[:16, 16:32]), scene.truth[0][:16, 16:32])
    assert len(scene.control.log("/0/c/0/0")) == 3, "the part, then the index and the part"


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("cut", [1, 2, 10, 100])
def test_file_that_lost_its_end_is_an_error_from_a_folder_too(
    cut: int, layout: str, session: Session, tmp_path: Path
) -> None:
    write_image(tmp_path / "image", layout)
    name = {2: "0/1/2", 3: "0/c/1/2"}[LAYOUTS[layout]["zarr_format"]]
    file = tmp_path / "image" / (name if (tmp_path / "image" / name).is_file() else "0/c/0/0")
    file.write_bytes(file.read_bytes()[:-cut])
    (level, _) = open_levels(session, str(tmp_path / "image"))
    with pytest.raises(ChunkError):
        np.asarray(level)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_empty_file_is_an_error_and_not_background(layout: str, session: Session, tmp_path: Path) -> None:
    write_image(tmp_path / "image", layout)
    for file in (tmp_path / "image/0").rglob("*"):
        if file.is_file() and not file.name.startswith((".", "zarr")):
            file.write_bytes(b"")
    (level, _) = open_levels(session, str(tmp_path / "image"))
    with pytest.raises(ChunkError):
        np.asarray(level)
