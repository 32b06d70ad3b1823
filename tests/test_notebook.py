"""The half-dozen names of the package, as a notebook calls them."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

import napari_idr
from made_zarr import ramp, write_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_session() -> Iterator[None]:
    napari_idr._shared.clear()
    yield
    for session in napari_idr._shared.values():
        session.close()
    napari_idr._shared.clear()


def test_threads_that_call_at_once_share_one_session() -> None:
    together = threading.Barrier(8)
    made: list[int] = []

    def call() -> None:
        together.wait()
        made.append(id(napari_idr._session()))

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 1


def test_arrays_open_where_an_event_loop_runs(tmp_path: Path) -> None:
    image = write_image(tmp_path / "image", "cyx", (2, 16, 24))

    async def cell() -> np.ndarray:
        return np.asarray(napari_idr.open_arrays(str(image))[0][0])

    np.testing.assert_array_equal(asyncio.run(cell()), ramp((2, 16, 24)))
