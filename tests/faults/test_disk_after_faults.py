"""What a failing server sent is not found again on disk: a later session without it is right, or says so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from rig import Display, Scene, open_levels

from napari_idr.errors import ChunkError, NapariIdrError
from napari_idr.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("quick")

FAULTS = ["status500", "truncate", "overlong", "byte", "short", "empty", "html", "range", "whole", "forbid"]


def without_the_server(scene: Scene) -> Scene:
    """Open the same image in a new session when nobody serves it any more."""
    scene.session.close()
    scene.server.stop()
    session = Session(scene.session.settings)
    return replace(scene, session=session, levels=open_levels(session, scene.address))


@pytest.mark.parametrize("layout", ["blosc", "sharded"])
@pytest.mark.parametrize("kind", FAULTS)
def test_disk_holds_all_that_was_shown_and_nothing_else_though_every_third_request_failed(
    kind: str, layout: str, make_scene: Callable[..., Scene]
) -> None:
    scene = make_scene(layout, disk_mb=256)
    scene.control.fail("/image.ome.zarr/0/c/", kind, every=3)
    assert np.array_equal(Display(scene.levels[0]).rest(), scene.truth[0])
    later = without_the_server(scene)
    try:
        assert later.read_right_or_fail() is None
    finally:
        later.session.close()


@pytest.mark.parametrize("kind", ["byte", "html"])
def test_disk_that_holds_what_cannot_be_decoded_gives_an_error_and_not_pixels(
    kind: str, make_scene: Callable[..., Scene]
) -> None:
    scene = make_scene("zstd", disk_mb=256)
    scene.control.fail("/image.ome.zarr/0/c/1/2", kind)
    assert isinstance(scene.read_right_or_fail(), ChunkError)
    later = without_the_server(scene)
    try:
        assert isinstance(later.read_right_or_fail(), NapariIdrError)
        later.check_caches()
    finally:
        later.session.close()
