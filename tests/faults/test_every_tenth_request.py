"""Every tenth request goes wrong: nobody notices but the server, which is asked once more for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from rig import Display, Scene, open_levels

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("quick")

FAULTS = ["status500", "status502", "status504", "hang", "truncate", "byte", "short", "empty", "overlong", "html"]


@pytest.mark.parametrize("kind", FAULTS)
def test_display_becomes_right_by_itself(kind: str, scene: Scene) -> None:
    scene.control.fail("/image.ome.zarr/", kind, every=10)
    display = Display(scene.levels[0])
    assert np.array_equal(display.rest(), scene.truth[0])
    assert display.failed == []
    assert scene.check_caches() >= scene.chunk_count()


@pytest.mark.parametrize("kind", FAULTS)
def test_exact_read_is_right_and_costs_one_request_more_per_fault(kind: str, scene: Scene) -> None:
    scene.control.fail("/image.ome.zarr/0/", kind, every=10)
    assert scene.read_right_or_fail() is None
    scene.check_caches()
    chunks = scene.chunk_count()
    assert len(scene.control.log("/0/")) == chunks + 3, f"{chunks} chunks, of their requests the 10th, 20th and 30th"


@pytest.mark.parametrize("layout", ["blosc", "sharded", "one chunk per shard"])
@pytest.mark.parametrize("kind", [*FAULTS, "range", "whole"])
def test_exact_read_of_any_layout_is_right(layout: str, kind: str, make_scene: Callable[..., Scene]) -> None:
    scene = make_scene(layout)
    scene.control.fail("/image.ome.zarr/", kind, every=10)
    for level in (0, 1):
        assert scene.read_right_or_fail(level) is None
    assert scene.check_caches() == scene.chunk_count() + 9


def test_a_server_that_hangs_as_well_is_no_worse(scene: Scene) -> None:
    scene.control.fail("/image.ome.zarr/", "status500", every=10)
    scene.control.fail("/image.ome.zarr/", "hang", every=7)
    display = Display(scene.levels[0])
    assert np.array_equal(display.rest(), scene.truth[0])
    assert scene.read_right_or_fail() is None


def test_image_is_opened_though_every_third_request_for_metadata_fails(scene: Scene) -> None:
    scene.control.fail("zarr", "status500", every=3)
    levels = open_levels(scene.session, scene.address)
    assert np.array_equal(np.asarray(levels[1]), scene.truth[1])
