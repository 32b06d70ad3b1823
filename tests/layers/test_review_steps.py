"""The steps of a review in a window: the next image in the same layers, ready before one gets there, drawn once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from annotated import image_layer, plain_set
from napari_idr.layers.opening import open_node
from napari_idr.layers.review import ON_CANVAS, Review
from napari_idr.layers.review_ahead import views_of
from napari_idr.layers.review_offline import fetch, needs_of
from napari_idr.layers.samples import first_openable
from napari_idr.layers.viewer_session import ViewerSession
from napari_idr.model.annotation import Polygon, Rectangle
from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet, new_uuid
from napari_idr.model.annotator import Annotator
from napari_idr.repositories.annotated_image import annotated_image
from napari_idr.review.queue_file import QueueDefinition
from napari_idr.review.queue_store import make_queue, open_queue
from napari_idr.workspace.changes import ObjectChange, object_events
from slicing_ways import wait_for_slices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from napari_idr.demo.server import EmbeddedServer
    from napari_idr.model.annotation_set import AnnotatedImage
    from napari_idr.session import Session
    from repository_server import Served

pytestmark = pytest.mark.qt
ADA, GRACE = Annotator("Ada Lovelace", "0000-0002-1825-0097"), Annotator("Grace Hopper")
PATIENCE = 60_000


def square(x: float, y: float, z: int | None = 0, t: int | None = 0, side: float = 16) -> AnnotatedObject:
    return AnnotatedObject(uuid=new_uuid(), shapes=(Rectangle(x=x, y=y, width=side, height=side, z=z, t=t),))


def image_at(session: Session, address: str, number: int) -> AnnotatedImage:
    node = session.resolve(f"{address}webclient/?show=image-{number}")
    return annotated_image(session.reference(node), session.info(node), session.describe(node))  # type: ignore[arg-type]


def fields(session: Session, address: str, count: int) -> list[AnnotationSet]:
    """Two squares in each of the first fields of the sample plate."""
    grid = session.plate_grid(first_openable(session, address, "idr9901"))
    images = [image_at(session, address, int(cell.image_id or 0)) for cell in grid.cells[:count]]
    return [AnnotationSet(image=one, objects=(square(20, 30), square(70, 80))) for one in images]


def movie(session: Session, address: str) -> AnnotationSet:
    node = first_openable(session, address, "idr9903")
    image = annotated_image(session.reference(node), session.info(node), session.describe(node))  # type: ignore[arg-type]
    return AnnotationSet(image=image, objects=tuple(square(5 + 9 * k, 20, z=k, t=k // 2) for k in range(4)))


class Sitting:
    """A review in a window, and what it told."""

    def __init__(self, owner: ViewerSession, sets: list[AnnotationSet], qtbot: QtBot) -> None:
        self.owner, self.qtbot = owner, qtbot
        workspace = owner.session.workspace
        self.uuid = make_queue(workspace, sets, QueueDefinition(name="cells"), ADA)
        self.shown: list[str] = []
        self.heard: list[str] = []
        self.failed: list[Exception] = []
        self.begin()

    def begin(self) -> None:
        workspace = self.owner.session.workspace
        self.review = Review(self.owner, workspace, open_queue(workspace, self.uuid), ADA)
        self.review.shown.connect(self.shown.append)
        self.review.said.connect(self.heard.append)
        self.review.failed.connect(self.failed.append)
        self.review.start({})

    def until_shown(self) -> None:
        """Wait until the object that is looked at is on the screen, with all pixels of its view."""
        desk, streams = self.review.desk, self.owner.streams
        self.qtbot.waitUntil(lambda: self.shown[-1:] == [desk.uuid], timeout=PATIENCE)
        wait_for_slices(self.owner.viewer)
        self.qtbot.waitUntil(lambda: not streams.missing and not self.owner.turns._steps, timeout=PATIENCE)

    def until_ready(self) -> None:
        """Wait until what comes next is there."""
        review, loader = self.review, self.owner.session.loader
        images = [review.desk.queue.image_of(int(review.desk.rows[at])) for at in review.desk.next_images(2)]
        self.qtbot.waitUntil(lambda: all(review.images.ready(one) is not None for one in images), timeout=PATIENCE)
        self.qtbot.waitUntil(lambda: not loader.in_flight() and not self.owner.streams.missing, timeout=PATIENCE)

    @property
    def channels(self) -> list[Any]:
        viewer: Any = self.owner.viewer
        return [layer for layer in viewer.layers if hasattr(layer, "contrast_limits")]


@pytest.fixture
def sit(session: ViewerSession, qtbot: QtBot) -> Iterator[Callable[..., Sitting]]:
    made: list[Sitting] = []

    def begin(sets: list[AnnotationSet]) -> Sitting:
        made.append(Sitting(session, sets, qtbot))
        made[-1].until_shown()
        return made[-1]

    yield begin
    for one in made:
        one.review.close()


def test_the_next_image_comes_in_the_layers_of_the_last(
    session: ViewerSession, server: EmbeddedServer, sit: Callable[..., Sitting]
) -> None:
    sitting = sit(fields(session.session, server.address, 3))
    viewer: Any = session.viewer
    sitting.until_ready()
    before, names = list(viewer.layers), [layer.name for layer in viewer.layers]
    moved: list[object] = []
    viewer.layers.events.inserted.connect(moved.append)
    viewer.layers.events.removed.connect(moved.append)
    sitting.review.desk.step_image()
    assert sitting.shown[-1] == sitting.review.desk.uuid  # in the turn of the key
    assert not session.streams.missing
    assert list(viewer.layers) == before
    assert not moved
    assert [layer.name for layer in viewer.layers] != names
    opened = open_node(session.session, sitting.review.desk.image.address)
    plans = [plan for plan in opened.plans if plan.kind == "image"]
    for layer, plan in zip(sitting.channels, plans, strict=True):
        assert layer.name == plan.options["name"]
        assert layer.colormap.name == plan.options["colormap"].name
        np.testing.assert_array_equal(layer.contrast_limits, plan.options["contrast_limits"])
        np.testing.assert_array_equal(np.asarray(layer.data[0]), np.asarray(plan.levels[0]))
        assert layer.metadata["napari_idr"]["image_id"] == sitting.review.desk.image.image_id


def test_the_picture_changes_with_a_step_and_comes_back_with_the_step_back(
    slicing: str, session: ViewerSession, server: EmbeddedServer, sit: Callable[..., Sitting]
) -> None:
    sitting = sit(fields(session.session, server.address, 2))
    viewer: Any = session.viewer
    sitting.until_ready()
    sitting.until_shown()  # with the scale bar, which comes after the picture
    first = viewer.screenshot(flash=False).astype(int)
    sitting.review.desk.go(2)
    sitting.until_shown()
    stepped = viewer.screenshot(flash=False).astype(int)
    sitting.review.desk.go(0)
    sitting.until_shown()
    again = viewer.screenshot(flash=False).astype(int)
    assert stepped[..., :3].max() > 100
    assert np.mean(np.abs(stepped - first) > 8) > 0.05  # another picture than before ...
    assert np.mean(np.abs(again - first) > 8) < 0.005  # ... and the same as at first


def test_all_layers_can_go_right_after_a_review_was_closed(
    session: ViewerSession, server: EmbeddedServer, sit: Callable[..., Sitting], qtbot: QtBot
) -> None:
    sitting = sit(fields(session.session, server.address, 1))
    viewer: Any = session.viewer
    sitting.review.close()
    session.close_all()
    qtbot.waitUntil(lambda: not viewer.layers, timeout=PATIENCE)


def test_a_step_to_an_image_that_was_prepared_asks_the_server_nothing(
    session: ViewerSession, server: EmbeddedServer, sit: Callable[..., Sitting]
) -> None:
    import requests

    sitting = sit(fields(session.session, server.address, 3))
    sitting.until_ready()
    looked = sitting.review.desk.opened.images
    requests.post(f"{server.address}__requests/reset", timeout=10).raise_for_status()
    sitting.review.desk.step_image()
    image = sitting.review.desk.image
    assert image is list(looked.values())[1]
    sitting.until_shown()
    sitting.review.desk.step_image(-1)
    sitting.until_shown()
    assert requests.get(f"{server.address}__requests", timeout=10).json()["requests"] == []


def test_a_step_to_another_plane_reads_each_channel_once(
    session: ViewerSession, server: EmbeddedServer, sit: Callable[..., Sitting]
) -> None:
    sitting = sit([movie(session.session, server.address)])
    viewer: Any = session.viewer
    sitting.until_ready()
    sliced: list[str] = []
    for layer in viewer.layers:
        layer.events.set_data.connect(lambda event: sliced.append(event.source.name))
    sitting.review.desk.step()
    assert sorted(sliced) == sorted(layer.name for layer in viewer.layers)
    assert tuple(viewer.dims.current_step[:2]) == (0, 1)
    assert not session.streams.missing


def test_an_image_of_another_kind_gets_layers_of_its_own(
    session: ViewerSession, server: EmbeddedServer, sit: Callable[..., Sitting], qtbot: QtBot
) -> None:
    plate, film = fields(session.session, server.address, 1), movie(session.session, server.address)
    sitting = sit([*plate, film])
    before = sitting.channels
    sitting.review.desk.step_image()
    sitting.until_shown()
    qtbot.waitUntil(lambda: len(sitting.channels) == len(sitting.review.images.layers) == 2, timeout=PATIENCE)
    assert not set(before) & set(sitting.channels)
    assert {layer.ndim for layer in sitting.channels} == {4}


def test_of_many_objects_those_around_the_one_that_is_looked_at_are_drawn(
    session: ViewerSession, sit: Callable[..., Sitting]
) -> None:
    viewer: Any = session.viewer
    layer = viewer.add_layer(image_layer("yx", (900, 900), name="cells"))
    objects = [square(20 * (k % 40), 20 * (k // 40), z=None, t=None, side=8) for k in range(1200)]
    sitting = sit([plain_set(layer, *objects)])
    outlines = sitting.review.outlines
    assert outlines is not None
    assert len(outlines.rows) == ON_CANVAS
    assert objects[41].uuid in outlines.rows
    assert objects[1199].uuid not in outlines.rows
    sitting.review.desk.go(1199)
    sitting.until_shown()
    assert objects[1158].uuid in sitting.review.outlines.rows  # type: ignore[union-attr]
    assert len(sitting.review._layer.data) == ON_CANVAS * 16


def test_what_somebody_changed_meanwhile_is_drawn_as_it_is_now(
    session: ViewerSession, sit: Callable[..., Sitting]
) -> None:
    viewer: Any = session.viewer
    layer = viewer.add_layer(image_layer("yx", (100, 100), name="cells"))
    first, second = square(10, 10, None, None), square(60, 60, None, None)
    sitting = sit([plain_set(layer, first, second)])
    review, workspace = sitting.review, session.session.workspace
    place, _ = workspace.news(0)
    after = replace(second, shapes=(Polygon(points=((5, 5), (9, 5), (9, 9))),))
    key = review.desk.opened.queue.images[0]
    workspace.record(object_events(key, [ObjectChange(second, after)], GRACE))
    review.desk.take_news(workspace.news(place)[1])
    review.desk.step()
    sitting.until_shown()
    assert review.object_shown == after
    np.testing.assert_allclose(viewer.scene.camera.center[-2:], (7, 7), atol=1)


def test_an_image_that_has_another_size_now_is_said_and_shown(
    session: ViewerSession, server: EmbeddedServer, sit: Callable[..., Sitting]
) -> None:
    one, other = fields(session.session, server.address, 2)
    grown = replace(other, image=replace(other.image, size_x=4 * (other.image.size_x or 1)))
    sitting = sit([one, grown])
    sitting.review.desk.step_image()
    sitting.until_shown()
    assert any("pixels now, and had" in one for one in sitting.heard)
    assert not sitting.failed


def test_images_that_are_gone_or_need_a_login_are_told_in_a_sentence_and_the_rest_goes_on(
    session: ViewerSession, server: EmbeddedServer, private: Served, sit: Callable[..., Sitting], qtbot: QtBot
) -> None:
    one, last = fields(session.session, server.address, 2)
    gone = replace(one.image, address=f"{server.address}webclient/?show=image-77777", image_id="77777", name="gone")
    locked = replace(one.image, address=f"{private.address}webclient/?show=image-1", image_id="1", name="locked")
    session.session.add_repository(private.address)
    sets = [one, *(AnnotationSet(image=image, objects=(square(9, 9),)) for image in (gone, locked)), last]
    sitting = sit(sets)
    for number, word in enumerate(("77777", "ign in"), start=1):
        sitting.review.desk.step_image()
        qtbot.waitUntil(lambda number=number: len(sitting.failed) == number, timeout=PATIENCE)
        assert word in str(sitting.failed[-1])
        assert "\n" not in str(sitting.failed[-1])
    sitting.review.desk.step_image()
    sitting.until_shown()
    assert sitting.review.desk.image.name == last.image.name


def test_a_queue_that_was_fetched_is_reviewed_with_pixels_when_the_server_is_gone(
    make_napari_viewer: Callable[..., Any], server: EmbeddedServer, qtbot: QtBot
) -> None:
    from napari_idr.session import Session

    with Session() as before:
        sets = [*fields(before, server.address, 2), movie(before, server.address)]
        uuid = make_queue(before.workspace, sets, QueueDefinition(name="cells"), ADA)
        opened = open_queue(before.workspace, uuid)
        needs = needs_of(before, opened.images, opened.queue.uuids)
        assert [bool(one.missing) for one in needs.images] == [True] * 3
        assert needs.sentence.startswith("3 images, up to ")
        assert not fetch(before, needs.missing, lambda done, total: None).errors
        again = needs_of(before, opened.images, opened.queue.uuids)
        assert again.sentence == "3 images on this computer."
    server.stop()
    owner = ViewerSession.for_viewer(make_napari_viewer(show=True))
    sitting = Sitting(owner, sets, qtbot)
    seen = 0
    for _ in range(len(sitting.review.desk.rows)):
        sitting.until_shown()
        view: Any = owner.streams.stream_of(sitting.channels[0])
        level, box = view.seen
        pixels = level.read(box)
        seen += bool(pixels.any())
        sitting.review.desk.judge("accepted")
        sitting.review.desk.step()
    assert seen == len(sitting.review.desk.rows)
    assert not sitting.failed
    sitting.review.autosave.flush(10)
    qtbot.waitUntil(lambda: sitting.review.desk.counts() == {"accepted": 8}, timeout=PATIENCE)
    sitting.review.close()
    owner.close()


@pytest.mark.parametrize("side", [10.0, 300.0, 1500.0])
def test_what_is_fetched_ahead_covers_what_napari_shows(
    session: ViewerSession, sit: Callable[..., Sitting], side: float
) -> None:
    from napari_idr.layers.object_selection import look_at
    from napari_idr.streaming.level import in_memory

    viewer: Any = session.viewer
    levels = [in_memory(np.ones((4096 >> n, 4096 >> n), np.uint8)) for n in range(4)]
    layer = viewer.add_image(levels, multiscale=True, contrast_limits=(0, 1))
    ends = np.array([2000.0, 1000.0]), np.array([2000.0 + side, 1000.0 + side])
    look_at(viewer, np.array(ends))
    viewer.window._qt_viewer.canvas.on_draw()
    (level, box), (coarsest, plane) = views_of(levels, ends, tuple(viewer.canvas.size))
    assert level is layer.data[layer.data_level]
    corners = viewer.window._qt_viewer.canvas._viewbox_corners_in_world / layer.downsample_factors[layer.data_level]
    low, high = np.maximum(corners[0], 0), np.minimum(corners[1], np.array(level.shape))
    assert all(start <= at + 1e-6 for (start, _), at in zip(box, low, strict=True))
    assert all(stop >= at - 1e-6 for (_, stop), at in zip(box, high, strict=True))
    assert coarsest is levels[-1]
    assert plane == ((0, 512), (0, 512))
