"""napari draws what is known and never waits; everybody else reads exactly. On every napari we support."""

from __future__ import annotations

import copy
import gc
import time
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fake_source import FakeSource, counting
from napari.layers import Image, Labels
from napari.settings import get_settings
from qtpy.QtWidgets import QApplication

from napari_idr.layers import napari_seam as seam
from napari_idr.layers import stream
from napari_idr.layers.images import LayerPlan
from napari_idr.layers.motion import Motion
from napari_idr.layers.stream import LayerStream, Streams
from napari_idr.streaming.chunks import ChunkedArray
from napari_idr.streaming.level import LastAxisLevel
from napari_idr.streaming.pyramid import ArrayLevel, array_levels

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from napari_idr.layers.viewer_session import ViewerSession
    from napari_idr.streaming.level import Wishes

pytestmark = [pytest.mark.qt, pytest.mark.usefixtures("slicing")]

Sources = list[FakeSource]


def pyramid(session: ViewerSession, shape: tuple[int, ...], count: int = 3) -> tuple[Sources, tuple[ArrayLevel, ...]]:
    """A gated pyramid: y and x halve from level to level by striding, every pixel is at least 100."""
    pixels = counting(shape) % 50_000 + 100
    sources = []
    for level in range(count):
        step = 2**level
        part = pixels[..., ::step, ::step].astype("uint16")
        chunks = (*(1 for _ in shape[:-2]), *(min(64, size) for size in part.shape[-2:]))
        sources.append(FakeSource(part, chunks, gated=True))
    return sources, array_levels([ChunkedArray(source) for source in sources], session.session.loader)


def image(levels: tuple[ArrayLevel, ...], **options: Any) -> LayerPlan:
    return LayerPlan(levels, "image", {"contrast_limits": (0, 60_000), "rgb": False, **options})


def let_all_through(session: ViewerSession, sources: Sources) -> None:
    for source in sources:
        source.let_through(session.session.loader)


def until_complete(session: ViewerSession, qtbot: QtBot) -> None:
    def complete() -> bool:
        streams = session.streams
        rests = not streams._dirty and not streams._due and session.session.loader.in_flight() == 0
        return rests and streams.missing == 0 and all(layer.loaded for layer in session.viewer.layers)

    qtbot.waitUntil(complete)


def look_from_afar(session: ViewerSession, qtbot: QtBot, layer: Any) -> None:
    session.viewer.scene.camera.zoom = 0.2
    qtbot.waitUntil(lambda: layer.data_level > 0, timeout=10_000)
    until_complete(session, qtbot)


def drawn(layer: Any) -> np.ndarray:
    return np.asarray(layer._slice.image.raw)


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


SHAPES = {"2-D": (512, 640), "3-D": (6, 256, 320), "5-D": (2, 3, 128, 192)}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_napari_reads_nothing_exactly_from_add_to_complete(
    session: ViewerSession, qtbot: QtBot, exact_reads: list[Any], shape: tuple[int, ...]
) -> None:
    sources, levels = pyramid(session, shape)
    layer = session.add(image(levels))
    assert session.streams.stream_of(layer).hooked
    qtbot.waitUntil(lambda: session.streams.missing > 0)
    let_all_through(session, sources)
    until_complete(session, qtbot)
    assert exact_reads == []
    assert drawn(layer).min() >= 100


def test_the_window_goes_on_while_nothing_comes(session: ViewerSession, qtbot: QtBot) -> None:
    sources, levels = pyramid(session, (512, 640))
    session.add(image(levels))
    beats: list[float] = []
    for _ in range(20):
        qtbot.wait(5)
        beats.append(time.perf_counter())
    assert len(beats) == 20, "napari waited for a chunk that never comes"
    let_all_through(session, sources)


def test_what_is_drawn_at_last_is_what_is_stored(session: ViewerSession, qtbot: QtBot) -> None:
    sources, levels = pyramid(session, (4, 256, 320))
    let_all_through(session, sources)
    layer = session.add(image(levels))
    session.viewer.dims.set_current_step(0, 2)
    until_complete(session, qtbot)
    level = layer.data_level
    y, x = (slice(int(a), int(b) + 1) for a, b in layer.corner_pixels[:, -2:].T)
    qtbot.waitUntil(lambda: np.array_equal(drawn(layer), sources[level].pixels[2, y, x]), timeout=10_000)


def test_a_coarse_picture_stands_in_until_the_fine_one_comes(session: ViewerSession, qtbot: QtBot) -> None:
    sources, levels = pyramid(session, (1024, 1024))
    sources[-1].let_through(session.session.loader)
    layer = session.add(image(levels))
    session.viewer.scene.camera.zoom = 4
    qtbot.waitUntil(lambda: layer.data_level == 0 and drawn(layer).min() >= 100, timeout=10_000)
    assert sources[0].asked
    let_all_through(session, sources)
    until_complete(session, qtbot)


def test_everybody_else_reads_exactly_while_the_picture_is_coarse(session: ViewerSession, qtbot: QtBot) -> None:
    sources, levels = pyramid(session, (512, 512))
    layer = session.add(image(levels))
    qtbot.waitUntil(lambda: session.streams.missing > 0)
    let_all_through(session, sources)
    assert np.array_equal(np.asarray(layer.data[0]), sources[0].pixels)
    assert np.array_equal(np.asarray(layer.data[0][10:90:7, ::-3]), sources[0].pixels[10:90:7, ::-3])


def test_labels_stream_and_cannot_be_painted(session: ViewerSession, qtbot: QtBot, exact_reads: list[Any]) -> None:
    sources, levels = pyramid(session, (256, 256))
    layer = session.add(LayerPlan(levels, "labels", {}))
    assert isinstance(layer, Labels)
    assert not layer.editable
    let_all_through(session, sources)
    until_complete(session, qtbot)
    assert exact_reads == []


def test_a_single_level_streams_too(session: ViewerSession, qtbot: QtBot, exact_reads: list[Any]) -> None:
    sources, levels = pyramid(session, (3, 128, 128), count=1)
    layer = session.add(image(levels))
    let_all_through(session, sources)
    until_complete(session, qtbot)
    assert exact_reads == []
    assert not layer.multiscale


def test_a_layer_somebody_else_adds_is_hooked(session: ViewerSession, qtbot: QtBot, exact_reads: list[Any]) -> None:
    sources, levels = pyramid(session, (512, 512))
    options = {"contrast_limits": (0, 60_000), "visible": False, "metadata": {"napari_idr": {"show": True}}}
    (layer,) = session.viewer._add_layer_from_data(list(levels), options, "image")
    assert layer.visible
    assert session.streams.stream_of(layer) is not None
    let_all_through(session, sources)
    until_complete(session, qtbot)
    assert exact_reads == []


def test_a_duplicate_streams_and_shares_the_pixels(session: ViewerSession, qtbot: QtBot) -> None:
    sources, levels = pyramid(session, (256, 256))
    let_all_through(session, sources)
    layer = session.add(image(levels))
    assert copy.deepcopy(levels[0]) is levels[0]
    data, options, kind = layer.as_layer_data_tuple()
    (other,) = session.viewer._add_layer_from_data(data, {**options, "visible": False}, kind)
    assert session.streams.stream_of(other) is not None
    until_complete(session, qtbot)


def test_data_that_are_replaced_keep_streaming(session: ViewerSession, qtbot: QtBot) -> None:
    sources, levels = pyramid(session, (256, 256))
    let_all_through(session, sources)
    layer = session.add(image(levels))
    until_complete(session, qtbot)
    others, fresh = pyramid(session, (512, 512))
    let_all_through(session, others)
    layer.data = list(fresh)
    assert getattr(layer, "_level_materializer", None) is None
    until_complete(session, qtbot)
    assert layer.data[0].shape == (512, 512)


def test_a_hidden_layer_asks_for_nothing(session: ViewerSession, qtbot: QtBot) -> None:
    sources, levels = pyramid(session, (512, 512))
    layer = session.add(image(levels))
    qtbot.waitUntil(lambda: session.streams.missing > 0)
    layer.visible = False
    qtbot.waitUntil(lambda: session.streams.missing == 0)
    let_all_through(session, sources)
    before = [len(source.asked) for source in sources]
    session.viewer.scene.camera.zoom *= 8
    qtbot.wait(50)
    assert [len(source.asked) for source in sources] == before


def test_a_removed_layer_is_let_go_of(session: ViewerSession, qtbot: QtBot) -> None:
    sources, levels = pyramid(session, (512, 512))
    layer = session.add(image(levels))
    qtbot.waitUntil(lambda: session.streams.missing > 0)
    ref = weakref.ref(layer)
    session.viewer.layers.remove(layer)
    del layer
    let_all_through(session, sources)
    qtbot.waitUntil(lambda: session.session.loader.in_flight() == 0)

    def gone() -> bool:
        gc.collect()
        return ref() is None

    qtbot.waitUntil(gone, timeout=10_000)


def test_no_value_is_told_where_a_coarser_pixel_stands_in(session: ViewerSession, qtbot: QtBot) -> None:
    sources, levels = pyramid(session, (1024, 1024))
    sources[-1].let_through(session.session.loader)
    layer = session.add(image(levels))
    session.viewer.scene.camera.zoom = 4
    qtbot.waitUntil(lambda: layer.data_level == 0 and drawn(layer).min() >= 100, timeout=10_000)
    centre = (512.0, 512.0)
    assert layer.get_value(centre) == (0, None)
    let_all_through(session, sources)
    until_complete(session, qtbot)
    qtbot.waitUntil(lambda: layer.get_value(centre) == (0, sources[0].pixels[512, 512]), timeout=10_000)


def large_from_afar(session: ViewerSession, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> tuple[Sources, Any, bool]:
    """A complete pyramid of which any finer picture is large, looked at from afar; whether a redraw brings that."""
    monkeypatch.setattr(seam, "LARGE", 1)
    sources, levels = pyramid(session, (1024, 1024))
    let_all_through(session, sources)
    layer = session.add(image(levels))
    look_from_afar(session, qtbot, layer)
    return sources, layer, not get_settings().experimental.async_


class MotionThatLasts(Motion):
    """A camera that moves until it is told otherwise."""

    lasts = True


class Slices:
    """What the streams were told of each slice."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[Wishes] = []
        on_sliced = LayerStream._on_sliced

        def noted(one: LayerStream, wishes: Wishes, request: int) -> None:
            on_sliced(one, wishes, request)
            self.seen.append(wishes)

        monkeypatch.setattr(LayerStream, "_on_sliced", noted)


@pytest.mark.parametrize("slicing", ["sync"], indirect=True)  # else napari slices, and fails, outside of the redraw
def test_a_listener_that_fails_stops_no_redraw(session: ViewerSession, qtbot: QtBot) -> None:
    sources, levels = pyramid(session, (512, 640))
    layer = session.add(image(levels))
    qtbot.waitUntil(lambda: session.streams.missing > 0)
    failed = []

    def fail(event: Any) -> None:
        if not failed:
            failed.append(event)
            raise RuntimeError("a listener of another plugin")

    with qtbot.capture_exceptions() as raised:
        layer.events.set_data.connect(fail)
        let_all_through(session, sources)
        qtbot.waitUntil(lambda: bool(failed))
        until_complete(session, qtbot)
    assert raised
    assert not session.streams.stream_of(layer).is_redrawn
    assert drawn(layer).min() >= 100


def test_a_view_passed_through_asks_for_no_metadata_however_slow_the_window_is(
    session: ViewerSession, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    best = ArrayLevel.best

    def lacking(self: ArrayLevel, box: Any, wishes: Wishes) -> np.ndarray:
        wishes.metadata["field"] = lambda: asked.append(box[0])
        return best(self, box, wishes)

    monkeypatch.setattr(ArrayLevel, "best", lacking)
    sources, levels = pyramid(session, (8, 64, 64), count=1)
    let_all_through(session, sources)
    session.add(image(levels))
    for plane in range(6):
        session.viewer.dims.set_current_step(0, plane)
        QApplication.processEvents()
        time.sleep(1.5 * stream.REST_MS / 1000)  # as if drawing the window took so long
        QApplication.processEvents()
    assert asked == []
    qtbot.waitUntil(lambda: len(asked) > 0)
    assert asked[0] == (5, 6)


def test_a_large_finer_picture_follows_in_a_redraw_of_its_own(
    session: ViewerSession, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    slices = Slices(monkeypatch)
    sources, layer, follows = large_from_afar(session, qtbot, monkeypatch)
    told: list[Any] = []
    monkeypatch.setattr(Streams, "_redraw_one", lambda streams, one: told.append(layer.get_value((512.0, 512.0))))
    session.viewer.scene.camera.zoom = 4
    qtbot.waitUntil(lambda: layer.data_level == 0 and (len(told) > 0 or not follows), timeout=10_000)
    stood_in = [wishes for wishes in slices.seen if seam.STANDS_IN in wishes.unpainted]
    assert len(stood_in) == int(follows)
    assert stood_in == [] or told[0] == (0, None), "a coarser pixel was told as a value"
    monkeypatch.undo()
    session.streams.touch([layer])
    until_complete(session, qtbot)
    y, x = (slice(int(a), int(b) + 1) for a, b in layer.corner_pixels[:, -2:].T)
    qtbot.waitUntil(lambda: np.array_equal(drawn(layer), sources[0].pixels[y, x]), timeout=10_000)


def test_a_part_that_is_not_on_screen_is_drawn_at_once(
    session: ViewerSession, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seam, "LARGE", 1)
    sources, levels = pyramid(session, (1024, 1024))
    let_all_through(session, sources)
    layer = session.add(image(levels))
    session.viewer.scene.camera.zoom = 4
    until_complete(session, qtbot)
    slices = Slices(monkeypatch)
    look_from_afar(session, qtbot, layer)
    assert [wishes for wishes in slices.seen if seam.STANDS_IN in wishes.unpainted] == []


def test_a_redraw_slices_a_layer_once_also_for_its_thumbnail(
    session: ViewerSession, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    slices = Slices(monkeypatch)
    sources, levels = pyramid(session, (256, 256))
    let_all_through(session, sources)
    layer = session.add(image(levels))
    until_complete(session, qtbot)
    slices.seen.clear()
    layer.thumbnail = np.zeros_like(layer.thumbnail)
    session.streams._redraw_one(session.streams.stream_of(layer))
    qtbot.waitUntil(lambda: layer.thumbnail[..., :3].any(), timeout=10_000)
    assert len(slices.seen) == 1


def test_a_turn_that_took_long_leaves_other_layers_to_the_next(
    session: ViewerSession, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "TURN_SECONDS", 0.0)
    layers = []
    for _ in range(3):
        sources, levels = pyramid(session, (128, 128))
        let_all_through(session, sources)
        layers.append(session.add(image(levels)))
    until_complete(session, qtbot)
    turns: list[int] = []
    turn, redraw_one = Streams._turn, Streams._redraw_one

    def counted_turn(streams: Streams, began: float | None) -> None:
        turns.append(0)
        turn(streams, began)

    def counted_redraw(streams: Streams, one: LayerStream) -> None:
        turns[-1] += 1
        redraw_one(streams, one)

    monkeypatch.setattr(Streams, "_turn", counted_turn)
    monkeypatch.setattr(Streams, "_redraw_one", counted_redraw)
    session.streams.touch(list(layers))
    qtbot.waitUntil(lambda: sum(turns) >= 3, timeout=10_000)
    assert max(turns) == 1


def test_a_slow_redraw_waits_until_the_camera_rests(
    session: ViewerSession, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "TURN_SECONDS", -1.0)  # any redraw is slow
    redrawn: list[LayerStream] = []
    redraw = Streams._redraw_one
    monkeypatch.setattr(Streams, "_redraw_one", lambda streams, one: (redrawn.append(one), redraw(streams, one)))
    sources, levels = pyramid(session, (512, 640))
    layer = session.add(image(levels))
    sources[-1].let_through(session.session.loader)
    qtbot.waitUntil(lambda: redrawn != [])
    moving = MotionThatLasts()
    session.streams.motion = moving
    qtbot.waitUntil(lambda: session.session.loader.in_flight() > 0)
    qtbot.wait(2 * stream.SLOWEST_MS)  # a redraw that began before has ended
    redrawn.clear()
    let_all_through(session, sources)
    qtbot.waitUntil(lambda: session.session.loader.in_flight() == 0)
    qtbot.wait(2 * stream.SLOWEST_MS)
    assert redrawn == []
    assert session.streams.missing > 0
    moving.lasts = False
    until_complete(session, qtbot)
    assert drawn(layer).min() >= 100


def test_a_large_finer_picture_waits_until_the_camera_rests(
    session: ViewerSession, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources, layer, follows = large_from_afar(session, qtbot, monkeypatch)
    moving = MotionThatLasts()
    session.streams.motion = moving
    session.viewer.scene.camera.zoom = 4
    qtbot.waitUntil(lambda: layer.data_level == 0, timeout=10_000)
    qtbot.wait(2 * stream.SLOWEST_MS)
    assert session.streams.stream_of(layer).stands_in == follows
    moving.lasts = False
    until_complete(session, qtbot)
    assert not session.streams.stream_of(layer).stands_in
    assert layer.get_value((512.0, 512.0)) == (0, sources[0].pixels[512, 512])


def test_fitting_the_contrast_waits_for_what_is_shown(session: ViewerSession, qtbot: QtBot) -> None:
    sources, levels = pyramid(session, (512, 512))
    layer = session.add(image(levels, contrast_limits=(0, 10)))
    qtbot.waitUntil(lambda: session.streams.missing > 0)
    layer.reset_contrast_limits("slice")
    assert tuple(layer.contrast_limits) == (0, 10)
    let_all_through(session, sources)
    until_complete(session, qtbot)
    qtbot.waitUntil(lambda: layer.contrast_limits[0] >= 100, timeout=10_000)


def test_what_is_to_come_is_told_until_the_picture_is_there(session: ViewerSession, qtbot: QtBot) -> None:
    told: list[int] = []
    session.streaming_changed.connect(lambda to_come, in_flight: told.append(to_come))
    sources, levels = pyramid(session, (512, 640))
    session.add(image(levels))
    qtbot.waitUntil(lambda: session.streams.missing > 0)
    session.streams.touch(list(session.viewer.layers))
    qtbot.waitUntil(lambda: bool(told) and told[-1] > 0)
    let_all_through(session, sources)
    until_complete(session, qtbot)
    qtbot.waitUntil(lambda: told[-1] == 0)


def test_an_unknown_napari_reads_exactly_and_says_so(
    session: ViewerSession, qtbot: QtBot, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seam, "_DATA_FIELDS", ("a_name_of_another_napari",))
    sources, levels = pyramid(session, (64, 64))
    let_all_through(session, sources)
    layer = Image(list(levels), multiscale=True, contrast_limits=(0, 60_000), visible=False)
    assert seam.install(layer, lambda wishes, request: None, lambda: False) is False
    session.streams.watch(layer)
    assert "is read completely first" in caplog.text
    layer.visible = True
    session.viewer.add_layer(layer)
    qtbot.waitUntil(lambda: drawn(layer).min() >= 100)


def test_a_view_larger_than_the_memory_is_fetched_as_far_as_it_fits_and_then_rests(
    session: ViewerSession, qtbot: QtBot
) -> None:
    chunk = 64 * 64 * 2
    session.session.loader.cache.limit = chunk * 20
    said: list[str] = []
    session.said.connect(said.append)
    sources, levels = pyramid(session, (2048, 2048))
    layer = session.add(image(levels))
    layer.locked_data_level = 0
    stream = session.streams.stream_of(layer)
    qtbot.waitUntil(lambda: stream.missing >= 1024, timeout=10_000)
    assert 0 < stream.to_come <= 20
    let_all_through(session, sources)
    qtbot.waitUntil(lambda: bool(said) and not stream.to_come, timeout=10_000)
    qtbot.waitUntil(lambda: not session.session.loader.in_flight() and not session.streams._dirty, timeout=10_000)
    for _again in range(5):
        drawn_before = stream._newest
        layer.refresh()
        qtbot.waitUntil(lambda before=drawn_before: stream._newest > before, timeout=10_000)
        qtbot.waitUntil(lambda: not session.session.loader.in_flight(), timeout=10_000)
    asked = sources[0].asked
    assert len(asked) == len(set(asked)) <= 20, "what was fetched drove out what is in view, and was fetched again"
    assert len(said) == 1
    assert "memory" in said[0]


def test_other_data_in_a_layer_are_not_waited_for(session: ViewerSession, qtbot: QtBot) -> None:
    sources, levels = pyramid(session, (512, 512))
    let_all_through(session, sources)
    layer = session.add(image(levels))
    until_complete(session, qtbot)
    others, other_levels = pyramid(session, (1024, 1024))
    layer.data = list(other_levels)  # would wait for ever if napari read the coarsest level at once
    qtbot.waitUntil(lambda: session.streams.missing > 0)
    let_all_through(session, others)
    until_complete(session, qtbot)
    assert drawn(layer).min() >= 100


def three_dimensions(session: ViewerSession) -> None:
    session.viewer.dims.ndisplay = 3


@pytest.mark.parametrize("kind", ["image", "labels", "rgb"])
def test_a_flat_layer_comes_hidden_beside_a_volume_and_is_shown(
    session: ViewerSession, qtbot: QtBot, exact_reads: list[Any], kind: str
) -> None:
    """napari 0.9.1 cannot do it by itself; 0.9.2 and 0.10.0rc1 can."""
    sources, levels = pyramid(session, (8, 64, 64), count=1)
    let_all_through(session, sources)
    session.add(image(levels))
    three_dimensions(session)
    others, flat = pyramid(session, (4, 128, 96) if kind == "rgb" else (128, 96))
    let_all_through(session, others)
    data = tuple(LastAxisLevel(level, 0) for level in flat) if kind == "rgb" else flat
    options = {} if kind == "labels" else {"contrast_limits": (0, 60_000), "rgb": kind == "rgb"}
    layer = session.add(LayerPlan(data, "labels" if kind == "labels" else "image", options, visible=False))
    assert layer.ndim == 2
    layer.visible = True
    until_complete(session, qtbot)
    assert drawn(layer).min() >= 100
    session.viewer.dims.ndisplay = 2
    layer.visible = False
    three_dimensions(session)
    session.viewer.layers.remove(layer)
    assert exact_reads == []


def transposed(session: ViewerSession) -> None:
    session.viewer.dims.order = (1, 0, 2)


def grid(session: ViewerSession) -> None:
    session.viewer.canvas.grid.enabled = True


@pytest.mark.parametrize("change", [three_dimensions, transposed, grid])
def test_other_ways_of_looking_never_wait_and_complete(
    session: ViewerSession, qtbot: QtBot, exact_reads: list[Any], change: Callable[[ViewerSession], None]
) -> None:
    sources, levels = pyramid(session, (16, 128, 128))
    layer = session.add(image(levels))
    change(session)
    let_all_through(session, sources)
    until_complete(session, qtbot)
    assert exact_reads == []
    qtbot.waitUntil(lambda: drawn(layer).min() >= 100, timeout=10_000)
