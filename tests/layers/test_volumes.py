"""3-D display: the level that fits is locked, streamed, said; nothing absurd is drawn; 2-D is as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fake_source import FakeSource, counting, settle
from napari.layers import Image

from napari_idr.layers.images import LayerPlan
from napari_idr.streaming.chunks import ChunkedArray
from napari_idr.streaming.pyramid import ArrayLevel, array_levels

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from napari_idr.layers.viewer_session import OpenJob, ViewerSession

pytestmark = [pytest.mark.qt, pytest.mark.usefixtures("slicing")]

LABELS = ("t", "z", "y", "x")
FINE = 8 * 256 * 320 * 2
"""Bytes of the finest level of a stack; each coarser one has a quarter."""


class Stack:
    """A streamed layer of three levels, of which no pixel is below 100."""

    def __init__(
        self, session: ViewerSession, shape: tuple[int, ...] = (8, 256, 320), kind: str = "image", count: int = 3
    ) -> None:
        self.session = session
        pixels = counting(shape) % 50_000 + 100
        parts = [pixels[..., :: 2**level, :: 2**level].astype("uint16") for level in range(count)]
        self.sources = [FakeSource(part, (*[1] * (len(shape) - 2), 128, 160), gated=True) for part in parts]
        levels = array_levels([ChunkedArray(source) for source in self.sources], session.session.loader)
        options: dict[str, Any] = {"axis_labels": LABELS[-len(shape) :]}
        if kind == "image":
            options |= {"contrast_limits": (0, 60_000), "rgb": False}
        self.layer: Any = session.add(LayerPlan(levels, kind, options))

    def let_through(self, *levels: int) -> None:
        for level in levels or range(len(self.sources)):
            self.sources[level].let_through(self.session.session.loader)


def drawn(layer: Any) -> np.ndarray:
    return np.asarray(layer._slice.image.raw)


def until_complete(session: ViewerSession, qtbot: QtBot) -> None:
    def complete() -> bool:
        loaded = all(layer.loaded for layer in session.viewer.layers)
        return loaded and session.streams.missing == 0 and session.session.loader.in_flight() == 0

    qtbot.waitUntil(complete, timeout=30_000)


def until_asked(session: ViewerSession, qtbot: QtBot) -> None:
    """Wait until all is drawn that was to be drawn, and what it lacks was asked for."""
    qtbot.waitUntil(lambda: all(layer.loaded for layer in session.viewer.layers))
    settle(session.session.loader)


@pytest.fixture
def said(session: ViewerSession) -> list[str]:
    heard: list[str] = []
    session.said.connect(heard.append)
    return heard


@pytest.fixture
def exact_reads(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Boxes that were read exactly, by whomever."""
    seen: list[Any] = []
    begin = ArrayLevel.begin

    def counted(self: ArrayLevel, box: Any) -> Any:
        seen.append(box)
        return begin(self, box)

    monkeypatch.setattr(ArrayLevel, "begin", counted)
    return seen


def in_three_dimensions(session: ViewerSession, on: bool = True) -> None:
    session.viewer.dims.ndisplay = 3 if on else 2


def test_the_level_that_fits_fills_in_coarse_first_and_is_said(
    session: ViewerSession, qtbot: QtBot, said: list[str], exact_reads: list[Any]
) -> None:
    stack = Stack(session)
    stack.let_through(2)
    np.asarray(stack.layer.data[2])
    exact_reads.clear()
    session.volumes.card_bytes = FINE - 1
    in_three_dimensions(session)
    assert stack.layer.locked_data_level == 1
    qtbot.waitUntil(lambda: drawn(stack.layer).shape == (8, 128, 160), timeout=10_000)
    assert drawn(stack.layer).min() >= 100, "the coarse volume stands in"
    assert not np.array_equal(drawn(stack.layer), stack.sources[1].pixels)
    stack.let_through()
    qtbot.waitUntil(lambda: np.array_equal(drawn(stack.layer), stack.sources[1].pixels), timeout=30_000)
    until_complete(session, qtbot)
    assert exact_reads == []
    assert len({index[0] for index in stack.sources[0].asked}) <= 1, "but for the plane shown before"
    sentence = "Showing level 1 of 3 in 3-D, 320 kB; for more detail draw a box and load it at a finer level."
    assert said == [sentence]
    assert session.viewer.status == sentence


def test_back_in_two_dimensions_nothing_is_locked(session: ViewerSession, qtbot: QtBot, said: list[str]) -> None:
    stack = Stack(session)
    stack.let_through()
    in_three_dimensions(session)
    assert stack.layer.locked_data_level == 0
    assert said == ["Showing the finest level in 3-D, 1.2 MB."]
    in_three_dimensions(session, on=False)
    assert "3-D" not in session.viewer.status
    assert stack.layer.locked_data_level is None
    session.viewer.scene.camera.zoom = 0.1
    qtbot.waitUntil(lambda: stack.layer.data_level == 2, timeout=10_000)
    in_three_dimensions(session)
    assert len(said) == 2, "it is said each time"


def test_channels_share_the_card_and_hidden_ones_take_no_room(session: ViewerSession, said: list[str]) -> None:
    one, other = Stack(session), Stack(session)
    one.let_through()
    other.let_through()
    session.volumes.card_bytes = FINE + FINE // 2
    in_three_dimensions(session)
    assert (one.layer.locked_data_level, other.layer.locked_data_level) == (1, 1)
    other.layer.visible = False
    assert one.layer.locked_data_level == 0
    other.layer.visible = True
    assert (one.layer.locked_data_level, other.layer.locked_data_level) == (1, 1)
    session.viewer.layers.remove(other.layer)
    assert one.layer.locked_data_level == 0
    session.viewer.add_layer(Image(np.zeros((8, 256, 320), "uint8")))
    assert one.layer.locked_data_level == 0
    session.viewer.add_layer(Image(np.zeros((8, 256, 320), "uint8")))
    assert one.layer.locked_data_level == 1, "what others show lies on the card, too"


def test_a_level_that_the_user_chose_stays(session: ViewerSession) -> None:
    before, within = Stack(session), Stack(session)
    before.let_through()
    within.let_through()
    before.layer.locked_data_level = 2
    in_three_dimensions(session)
    assert before.layer.locked_data_level == 2
    assert within.layer.locked_data_level == 0
    within.layer.locked_data_level = 1
    before.layer.visible = False
    assert within.layer.locked_data_level == 1
    within.layer.locked_data_level = None
    assert within.layer.locked_data_level is None, "the user asked for napari's own choice"
    in_three_dimensions(session, on=False)
    assert (before.layer.locked_data_level, within.layer.locked_data_level) == (2, None)


@pytest.mark.parametrize("ndisplay", [2, 3])
def test_a_level_chosen_by_the_user_that_does_not_fit_is_not_drawn_but_said(
    session: ViewerSession, qtbot: QtBot, said: list[str], ndisplay: int
) -> None:
    stack = Stack(session, (8, 512, 512))
    stack.let_through(2)
    session.volumes.card_bytes = 512 * 512 * 2 - 1
    session.viewer.dims.ndisplay = ndisplay
    said.clear()
    other = Stack(session, (8, 64, 64))
    other.let_through()
    until_asked(session, qtbot)
    asked = len(stack.sources[0].asked)
    stack.layer.locked_data_level = 0
    qtbot.waitUntil(lambda: drawn(stack.layer).size == 1, timeout=10_000)
    assert len(stack.sources[0].asked) == asked
    assert f"{stack.layer.name} is not drawn" in said[-1]
    assert stack.layer.locked_data_level == 0
    assert other.layer.locked_data_level == (0 if ndisplay == 3 else None), "it takes no room from the others"
    stack.let_through()
    stack.layer.locked_data_level = 2
    qtbot.waitUntil(lambda: drawn(stack.layer).shape[-2:] == (128, 128), timeout=10_000)


def test_a_volume_of_which_not_even_the_coarsest_fits_is_never_made(
    session: ViewerSession, qtbot: QtBot, said: list[str]
) -> None:
    stack = Stack(session)
    stack.let_through(2)
    session.volumes.card_bytes = 1000
    until_asked(session, qtbot)
    asked = [len(source.asked) for source in stack.sources]
    in_three_dimensions(session)
    qtbot.waitUntil(lambda: drawn(stack.layer).shape == (1, 1, 1), timeout=10_000)
    assert [len(source.asked) for source in stack.sources][:2] == asked[:2]
    assert len(said) == 1
    assert "is not drawn: it needs 80 kB, more than the 1000 bytes of graphics memory" in said[0]
    in_three_dimensions(session, on=False)
    stack.let_through()
    qtbot.waitUntil(lambda: drawn(stack.layer).ndim == 2 and drawn(stack.layer).size > 1, timeout=10_000)


def test_no_texture_is_longer_than_the_card_takes(
    session: ViewerSession, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_idr.layers import napari_seam

    stack = Stack(session)
    stack.let_through()
    monkeypatch.setattr(napari_seam, "longest_volume_side", lambda viewer: 100)
    in_three_dimensions(session)
    assert stack.layer.locked_data_level == 2
    monkeypatch.setattr(napari_seam, "longest_volume_side", lambda viewer: 79)
    stack.layer.visible = False
    stack.layer.visible = True
    assert stack.layer.locked_data_level is None
    assert "longer than the 79 pixels" in said[-1]


def test_what_has_no_depth_or_only_time_is_left_to_napari(session: ViewerSession, said: list[str]) -> None:
    flat, movie = Stack(session, (256, 320)), Stack(session, (8, 256, 320))
    movie.layer.axis_labels = ("t", "y", "x")
    for stack in (flat, movie):
        stack.let_through()
    in_three_dimensions(session)
    assert (flat.layer.locked_data_level, movie.layer.locked_data_level) == (None, None)
    assert said == []


def test_labels_are_volumes_too(session: ViewerSession, qtbot: QtBot) -> None:
    stack = Stack(session, kind="labels")
    stack.let_through()
    in_three_dimensions(session)
    qtbot.waitUntil(lambda: np.array_equal(drawn(stack.layer), stack.sources[0].pixels), timeout=30_000)


def test_another_time_point_is_shown_at_the_same_level(session: ViewerSession, qtbot: QtBot) -> None:
    stack = Stack(session, (3, 8, 128, 192))
    stack.let_through()
    in_three_dimensions(session)
    qtbot.waitUntil(lambda: np.array_equal(drawn(stack.layer), stack.sources[0].pixels[1]), timeout=30_000)
    session.viewer.dims.set_current_step(0, 2)
    qtbot.waitUntil(lambda: np.array_equal(drawn(stack.layer), stack.sources[0].pixels[2]), timeout=30_000)
    assert stack.layer.locked_data_level == 0


def test_a_layer_that_comes_while_3d_is_shown_is_locked_at_once(session: ViewerSession) -> None:
    Stack(session, (8, 64, 64)).let_through()
    in_three_dimensions(session)
    stack = Stack(session)
    stack.let_through()
    assert stack.layer.locked_data_level == 0


def test_a_demonstration_plate_stays_flat(
    demo: ViewerSession, finished: Callable[[OpenJob], OpenJob], said: list[str]
) -> None:
    job = finished(demo.open("idr-demo://plate"))
    in_three_dimensions(demo)
    assert [layer.locked_data_level for layer in job.layers[:-1]] == [None] * (len(job.layers) - 1)
