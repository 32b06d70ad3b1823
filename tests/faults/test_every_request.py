"""A chunk whose every request goes wrong: a bounded number of requests, a coarse picture, an error, then recovery."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from rig import CHUNK, SHAPE, Display, Scene

from napari_idr.errors import AccessDenied, ChunkError, NapariIdrError, ServerFailure, TimedOut, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("quick")

BAD = "/image.ome.zarr/0/1/2"
"""A chunk of the finest level, in zarr v2."""

FAULTS: dict[str, type[NapariIdrError]] = {
    "status500": ServerFailure,
    "status502": ServerFailure,
    "status504": ServerFailure,
    "hang": TimedOut,
    "truncate": Unreachable,
    "overlong": Unreachable,
    "byte": ChunkError,
    "short": ChunkError,
    "empty": ChunkError,
    "html": ChunkError,
}


@pytest.mark.parametrize("kind", FAULTS)
def test_exact_read_raises_after_three_requests_and_is_right_when_the_fault_ends(kind: str, scene: Scene) -> None:
    scene.control.fail(BAD, kind)
    with pytest.raises(FAULTS[kind]):
        np.asarray(scene.levels[0])
    assert len(scene.control.log(BAD)) == 3
    scene.check_caches()
    scene.control.mend()
    assert scene.read_right_or_fail() is None


@pytest.mark.parametrize("kind", FAULTS)
def test_display_keeps_the_coarse_picture_there_and_a_later_visit_makes_it_right(kind: str, scene: Scene) -> None:
    np.asarray(scene.levels[1])
    scene.control.fail(BAD, kind)
    display = Display(scene.levels[0])
    display.draw()
    display.rest_until_failed()
    picture, missing = display.draw()
    bad = slice(CHUNK[0], 2 * CHUNK[0]), slice(2 * CHUNK[1], 3 * CHUNK[1])
    coarse = np.kron(scene.truth[1], np.ones((2, 2), "uint16"))
    expected = scene.truth[0].copy()
    expected[bad] = coarse[bad]
    assert missing == 1
    assert np.array_equal(picture, expected)
    assert isinstance(display.failed[0], FAULTS[kind])
    assert scene.check_caches() == scene.chunk_count() + 9 - 1
    scene.control.mend()
    display.look((SHAPE[0] - 8, SHAPE[0]), (0, 8))
    display.look((0, SHAPE[0]), (0, SHAPE[1]))
    assert np.array_equal(display.rest(), scene.truth[0])


def test_chunk_that_is_denied_is_asked_for_once(scene: Scene) -> None:
    """Nothing was read of this store yet, so 403 does not mean that it is absent."""
    from napari_idr.remote.object_store import Access, open_store

    scene.control.fail(BAD, "status403")
    store = open_store(scene.address, Access())
    with pytest.raises(AccessDenied):
        scene.loader.wait(store.get("0/1/2"))
    assert len(scene.control.log(BAD)) == 1


@pytest.mark.parametrize("kind", ["status500", "byte", "range"])
def test_index_of_a_shard_that_fails_costs_three_requests_however_many_chunks_wait(
    kind: str, make_scene: Callable[..., Scene]
) -> None:
    scene = make_scene("sharded")
    scene.control.fail("/image.ome.zarr/0/c/0/0", kind)
    assert isinstance(scene.read_right_or_fail(), ServerFailure | ChunkError)
    scene.wait_until_idle()
    # A chunk whose turn comes after the failure asks once more; those that wait for it do not.
    assert len(scene.control.log("/0/c/0/0")) in (3, 4, 5, 6)
    scene.control.mend()
    assert scene.read_right_or_fail() is None


@pytest.mark.parametrize("document", [".zattrs", "/0/.zarray"])
@pytest.mark.parametrize(("kind", "count"), [("status500", 3), ("truncate", 3), ("hang", 2)])
def test_metadata_are_asked_for_a_bounded_number_of_times(document: str, kind: str, count: int, scene: Scene) -> None:
    from rig import open_levels

    scene.control.fail(document, kind)
    with pytest.raises(NapariIdrError):
        open_levels(scene.session, scene.address)
    assert len(scene.control.log(document)) == count
