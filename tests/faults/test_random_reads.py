"""Random windows of random arrays, in random order, from several threads, over a server that fails at random.

Each read is equal to numpy's on the array, or an error of the family; a display that looks on becomes right when the
server is mended; what memory and disk hold is right. ``NAPARI_IDR_EXAMPLES`` sets how many arrays (``make soak``).
"""

from __future__ import annotations

import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_arrays import array_plans, fault_plans, windows
from rig import Control, Display, open_levels

from napari_idr.demo.server import EmbeddedServer
from napari_idr.errors import NapariIdrError
from napari_idr.readers.zarr_group import open_group
from napari_idr.remote.chunk_fetcher import ZarrChunks
from napari_idr.remote.object_store import open_store
from napari_idr.session import Session
from napari_idr.settings import Settings
from napari_idr.streaming.chunks import ChunkedArray
from napari_idr.streaming.pyramid import ArrayLevel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXAMPLES = int(os.environ.get("NAPARI_IDR_EXAMPLES", "30"))
numbers = itertools.count()


@pytest.fixture(scope="module", autouse=True)
def _without_long_pauses() -> Iterator[None]:
    """The number of attempts stays."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("napari_idr.remote.attempts.PAUSES", (0.001, 0.002))
        patch.setattr("napari_idr.streaming.loader.TRY_AGAIN_SECONDS", (0.05,))
        patch.setattr("napari_idr.streaming.host_lane.PAUSES", (0.001, 0.01))
        patch.setattr("napari_idr.remote.retry_after.SILENT", 0.1)
        yield


@pytest.fixture(scope="module")
def served_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Control]]:
    folder = tmp_path_factory.mktemp("arrays")
    with EmbeddedServer(folder, faults=True) as server:
        yield folder, Control(server.address)


@pytest.fixture(scope="module", params=["in memory", "on disk"])
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    disk_mb = 64 if request.param == "on disk" else 0
    with Session(
        Settings(read_timeout=0.3, ram_cache_mb=16, disk_cache_mb=disk_mb, cache_dir=tmp_path_factory.mktemp("cache"))
    ) as opened:
        yield opened


def open_level(session: Session, address: str, ndim: int) -> ArrayLevel:
    """Open an image's only level; OME-Zarr knows no arrays of one axis, the engine does."""
    if ndim > 1:
        return open_levels(session, address)[0]
    group = session.loader.wait(open_group(open_store(address, session._access()), address))
    array = session.loader.wait(group.array("0"))
    return ArrayLevel(ChunkedArray(ZarrChunks(array, f"{address}/0")), session.loader, None)


def same(left: np.ndarray, right: np.ndarray) -> bool:
    return left.shape == right.shape and np.array_equal(left, right)


def read(level: ArrayLevel, window: tuple[Any, ...], inner: slice, truth: np.ndarray) -> None:
    """Read a window, and part of it again by a second index, exactly: right or an error of the family."""
    again = (..., inner) if truth[window].ndim else ()
    try:
        assert same(np.asarray(level[window]), truth[window])
        assert same(np.asarray(level[window][again]), truth[window][again])
    except NapariIdrError:
        return


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="NAPARI_IDR_EXAMPLES" not in os.environ,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(plan=array_plans(), faults=st.lists(fault_plans, max_size=3), data=st.data())
def test_every_read_is_right_or_an_error_and_the_display_becomes_right(
    served_folder: tuple[Path, Control], session: Session, plan: Any, faults: list[Any], data: st.DataObject
) -> None:
    folder, control = served_folder
    name = f"{next(numbers)}.ome.zarr"
    truth = plan.write(folder / name)
    control.mend()
    level = open_level(session, f"{control.address}zarr/{name}", truth.ndim)
    assert level.shape == truth.shape
    assert level.dtype == truth.dtype.newbyteorder("=")
    asked = data.draw(st.lists(st.tuples(windows(truth.shape), st.slices(3)), min_size=1, max_size=6), "windows")
    for fault in faults:
        control.fail(f"/{name}/0/", fault.kind, fault.times, every=fault.every, retry_after=fault.retry_after)
    display = Display(level)
    display.draw()
    with ThreadPoolExecutor(3) as pool:
        reads = [pool.submit(read, level, window, inner, truth) for window, inner in asked]
        display.draw()
        for done in reads:
            done.result()
    control.mend()
    assert same(display.rest(), truth)
    assert same(np.asarray(level), truth)
    session.loader.cache.clear()
    assert same(np.asarray(level), truth), "from disk, where that is on"
    display.close()
