"""Buckets that forbid listing answer 403 for chunks that were never written: they are background, not failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import zarr
from rig import CHUNK, LAYOUTS, Control, Display, open_levels

from made_zarr import multiscales, write_group
from napari_idr.demo.server import EmbeddedServer
from napari_idr.session import Session
from napari_idr.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("layout", ["plain v2", "zstd", "sharded"])
@pytest.mark.parametrize("forbidden", [True, False])
def test_absent_chunk_is_the_fill_value_after_one_request(forbidden: bool, layout: str, tmp_path: Path) -> None:
    options = LAYOUTS[layout]
    image = {"multiscales": multiscales("yx", [[1, 1]])}
    attributes = image if options["zarr_format"] == 2 else {"ome": {"version": "0.5", **image}}
    folder = write_group(tmp_path / "data" / "image.ome.zarr", attributes, zarr_format=options["zarr_format"])
    array = zarr.create_array(
        store=str(folder / "0"),
        shape=(96, 160),
        dtype="uint16",
        chunks=CHUNK,
        fill_value=7,
        chunk_key_encoding={"name": "v2" if options["zarr_format"] == 2 else "default", "separator": "/"},
        **options,
    )
    array[:16, :16] = 1000
    with EmbeddedServer(tmp_path / "data", faults=True) as server, Session(Settings(disk_cache_mb=0)) as session:
        control = Control(server.address)
        (level,) = open_levels(session, f"{server.address}zarr/image.ome.zarr")
        control.forget()
        if forbidden:
            control.fail("/image.ome.zarr/", "forbid")
        display = Display(level)
        assert np.array_equal(display.rest(), np.asarray(array))
        assert display.failed == []
        assert np.array_equal(np.asarray(level), np.asarray(array))
        absent = [one for one in control.log("/0/") if one["status"] in (403, 404)]
        stored = options.get("shards", CHUNK)
        assert len(absent) == (96 // stored[0]) * (160 // stored[1]) - 1, "one request for each that is absent"
