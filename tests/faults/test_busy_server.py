"""A server that asks for a pause gets it, and then the picture and the pixels come."""

from __future__ import annotations

import email.utils
import time

import numpy as np
import pytest
from rig import Display, Scene, open_levels

from napari_idr.errors import Busy
from napari_idr.remote.chunk_fetcher import ZarrChunks
from napari_idr.remote.retry_after import LONGEST, parse_retry_after

IMAGE = "/image.ome.zarr/"


def source_of(scene: Scene) -> ZarrChunks:
    source = scene.levels[0].array.source
    assert isinstance(source, ZarrChunks)
    return source


@pytest.mark.parametrize("kind", ["status429", "status503"])
def test_busy_reaches_the_loader_at_once_with_the_pause_the_server_asks_for(kind: str, scene: Scene) -> None:
    scene.control.fail(IMAGE, kind, retry_after="7")
    with pytest.raises(Busy) as caught:
        scene.loader.wait(source_of(scene).fetch((1, 2)))
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 7
    assert len(scene.control.log(IMAGE)) == 2, "the chunk, and the question how long"


def test_busy_without_a_pause_says_none(scene: Scene) -> None:
    scene.control.fail(IMAGE, "status503")
    with pytest.raises(Busy) as caught:
        scene.loader.wait(source_of(scene).fetch((1, 2)))
    assert caught.value.retry_after is None


def test_many_who_meet_a_busy_server_ask_once_how_long(scene: Scene) -> None:
    scene.control.fail(IMAGE, "status429", retry_after="20")
    source = source_of(scene)
    futures = [scene.loader.run(source.fetch((row, column))) for row in range(6) for column in range(5)]
    pauses = [future.exception() for future in futures]
    assert all(isinstance(pause, Busy) and pause.retry_after and pause.retry_after <= 20 for pause in pauses)
    assert len(scene.control.log(IMAGE)) == 30 + 1


def test_pause_may_be_given_as_a_date() -> None:
    header = email.utils.formatdate(time.time() + 30, usegmt=True)
    seconds = parse_retry_after(header)
    assert seconds is not None
    assert 0 < seconds <= 30


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        (" 5 ", 5.0),
        ("86400", LONGEST),
        ("9" * 5000, LONGEST),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("1e3", None),
        ("٣", None),
        ("Wed, 21 Oct 99999 07:28:00 GMT", None),
    ],
)
def test_pause_is_bounded_and_nonsense_is_none(header: str, seconds: float | None) -> None:
    assert parse_retry_after(header) == seconds


@pytest.mark.parametrize("kind", ["status429", "status503"])
@pytest.mark.parametrize("pause", ["1", ""])
def test_display_recovers_when_the_server_has_had_its_pause(kind: str, pause: str, scene: Scene) -> None:
    scene.control.fail(IMAGE, kind, times=20, retry_after=pause)
    display = Display(scene.levels[0])
    assert np.array_equal(display.rest(), scene.truth[0])
    assert display.failed == []
    assert scene.check_caches() >= scene.chunk_count()


def test_server_is_left_alone_during_its_pause(scene: Scene) -> None:
    """What was sent before the first refusal came back may still arrive; then nothing until the pause is over."""
    scene.control.fail("/0/0/0", "status429", times=2, retry_after="2")
    assert scene.read_right_or_fail() is None
    log = scene.control.log("/0/")
    refused = max(one["start"] for one in log if one["status"] == 429)
    late = [one for one in log if one["start"] > refused + 0.5]
    assert all(one["start"] > refused + 1.9 for one in late)
    assert [one["status"] for one in late if one["path"].endswith("/0/0/0")] == [200]
    assert len(log) == scene.chunk_count() + 2, "the chunk once more, and the question how long"


def test_exact_read_of_a_server_that_stays_busy_raises_in_the_end(scene: Scene) -> None:
    scene.control.fail(IMAGE, "status429", retry_after="0")
    with pytest.raises(Busy):
        np.asarray(scene.levels[0][:16, :16])
    scene.wait_until_idle()
    scene.control.mend()
    assert scene.read_right_or_fail() is None


@pytest.mark.parametrize("kind", ["status429", "status503"])
def test_metadata_wait_as_long_as_the_server_asks(kind: str, scene: Scene) -> None:
    # Of the two answers one is for the question how long.
    scene.control.fail("/0/.zarray", kind, times=2, retry_after="1")
    levels = open_levels(scene.session, scene.address)
    assert levels[0].shape == scene.levels[0].shape
    first, *others = [one["start"] for one in scene.control.log("/0/.zarray")]
    assert len(others) == 2
    assert others[-1] - first >= 1


def test_metadata_of_a_server_that_stays_busy_raise_in_the_end(scene: Scene) -> None:
    scene.control.fail(".zattrs", "status503", retry_after="0")
    with pytest.raises(Busy):
        open_levels(scene.session, scene.address)
    assert len(scene.control.log(".zattrs")) == 6, "three attempts, and each time the question how long"
