"""Undo, redo, soft delete and edits over all annotation layers of a viewer; no window is needed for it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from napari.components import ViewerModel
from napari.layers import Labels, Tracks
from psygnal import Signal

from annotated import image_layer, plain_set
from napari_idr.layers.annotation_book import AnnotationBook
from napari_idr.layers.annotation_grid import grid_of_layer
from napari_idr.layers.annotation_layers import new_layer
from napari_idr.layers.annotations import read_layers, take_layer, to_layers
from napari_idr.layers.history import Annotations
from napari_idr.model.annotation import Point, Polygon, Rectangle
from napari_idr.model.annotation_set import AnnotatedObject, LabelPlace
from napari_idr.model.annotator import Annotator

if TYPE_CHECKING:
    from napari_idr.model.edits import Edit

BOX = np.array([[4.5, 4.5], [4.5, 14.5], [9.5, 14.5], [9.5, 4.5]])
ME = Annotator("Me", "0000-0002-1825-0097")


class Window:
    """A viewer without a window, as the history sees one."""

    laid_out = Signal(object)

    def __init__(self) -> None:
        self.viewer, self.plates = ViewerModel(), []
        self.at = datetime(2026, 1, 1, tzinfo=UTC)
        self.edits: list[Edit] = []

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at

    def start(self, image: Any) -> Annotations:
        self.image = self.viewer.add_layer(image)
        self.annotations = Annotations(self, AnnotationBook(self.now))  # type: ignore[arg-type]
        self.annotations.book.annotator = ME
        self.annotations.changed.connect(self.edits.append)
        return self.annotations

    def draw_on(self, kind: Any = "shapes", name: str = "cells") -> Any:
        grid = grid_of_layer(self.image)
        return self.annotations.add_layer(new_layer(kind, self.image, grid, name))

    def state(self) -> dict[str, AnnotatedObject]:
        """What the layers show when they are read as a whole, to compare with what is kept edit by edit."""
        watched = [watch.layer for watch in self.annotations.book.watches]
        return {one.uuid: one for made in read_layers(watched, list(self.viewer.layers)).sets for one in made.objects}


@pytest.fixture
def window() -> Window:
    return Window()


@pytest.fixture
def flat(window: Window) -> Annotations:
    return window.start(image_layer("yx", (60, 80)))


def held(annotations: Annotations) -> dict[str, AnnotatedObject]:
    return {uuid: one.one for uuid, one in annotations.book.held.items()}


def test_what_is_drawn_is_an_edit_with_who_and_when(window: Window, flat: Annotations) -> None:
    layer = window.draw_on()
    layer.add(BOX, shape_type="rectangle")
    (edit,) = window.edits
    (change,) = edit.objects
    assert (edit.title, change.kind, change.before) == ("draw", "new", None)
    assert change.after is not None
    assert change.after.shapes == (Rectangle(x=5, y=5, width=10, height=5),)
    assert (change.after.annotator, change.after.layer) == (ME, "cells")
    assert change.after.created == change.after.modified == window.at
    assert change.image.key == "https://idr.example/17"
    assert held(flat) == {change.uuid: change.after}


def test_a_shape_that_is_moved_deleted_and_brought_back(window: Window, flat: Annotations) -> None:
    layer = window.draw_on()
    layer.add(BOX, shape_type="rectangle")
    layer.add(BOX + 20, shape_type="ellipse")
    first, second = held(flat)
    layer.data = [layer.data[0] + 3, layer.data[1]]
    assert held(flat)[first].shapes == (Rectangle(x=8, y=8, width=10, height=5),)
    layer.selected_data = {0}
    layer.remove_selected()
    assert list(held(flat)) == [second]
    assert list(flat.book.deleted) == [first]
    assert [edit.objects[0].kind for edit in window.edits] == ["new", "new", "modified", "deleted"]
    flat.undo()
    assert held(flat)[first].shapes == (Rectangle(x=8, y=8, width=10, height=5),)
    flat.undo()
    assert held(flat)[first].shapes == (Rectangle(x=5, y=5, width=10, height=5),)
    flat.undo()
    flat.undo()
    assert not held(flat)
    assert len(layer.data) == 0
    assert flat.undo_title == ""
    for _ in range(4):
        flat.redo()
    assert list(held(flat)) == [second]
    assert flat.redo_title == ""
    assert [edit.objects[0].kind for edit in window.edits[4:8]] == ["new", "modified", "deleted", "deleted"]


def test_one_order_over_shapes_points_and_labels(window: Window, flat: Annotations) -> None:
    shapes, points = window.draw_on(), window.draw_on("points", "spots")
    labels: Any = Labels(np.zeros((60, 80), np.uint8), name="nuclei")
    take_layer(labels, window.image)
    window.viewer.add_layer(labels)
    shapes.add(BOX, shape_type="polygon")
    points.add([[3, 4]])
    labels.data_setitem((np.array([5, 5]), np.array([6, 7])), 3)
    shapes.add(BOX + 5, shape_type="polygon")
    assert [edit.title for edit in window.edits] == ["draw", "draw", "paint", "draw"]
    flat.undo()
    flat.undo()
    assert not labels.data.any()
    assert len(points.data) == 1
    flat.undo()
    assert len(points.data) == 0
    flat.redo()
    flat.redo()
    assert labels.data[5, 6:8].tolist() == [3, 3]
    assert sorted(one.kind for one in held(flat).values()) == ["label", "region", "region"]


def test_painting_tells_the_pixels_of_the_box_and_the_new_object(window: Window, flat: Annotations) -> None:
    labels: Any = Labels(np.zeros((20, 20), np.uint8), name="nuclei", translate=(10, 30))
    take_layer(labels, window.image)
    window.viewer.add_layer(labels)
    flat.book.active_class = "nucleus"
    labels.data_setitem((np.array([2, 3]), np.array([5, 5])), 7)
    (edit,) = window.edits
    (painted,) = edit.labels
    assert painted.pixels.start == (12, 35)
    assert painted.pixels.pixels.tolist() == [[7], [7]]
    (one,) = (change.after for change in edit.objects)
    assert one is not None
    assert (one.label, one.object_class) == (LabelPlace("nuclei", 7), "nucleus")
    flat.undo()
    (back,) = window.edits[1].labels
    assert not back.pixels.pixels.any()
    assert not held(flat)


def test_deleting_a_label_erases_its_pixels_and_undo_paints_them(window: Window, flat: Annotations) -> None:
    labels: Any = Labels(np.zeros((60, 80), np.uint8), name="nuclei")
    labels.data[2:5, 2:5] = 4
    take_layer(labels, window.image)
    window.viewer.add_layer(labels)
    labels.data_setitem((np.array([20]), np.array([30])), 9)
    (value_4,) = (uuid for uuid, one in held(flat).items() if one.label == LabelPlace("nuclei", 4)) or ("",)
    flat.delete([value_4])
    assert not (labels.data == 4).any()
    flat.undo()
    assert (labels.data == 4).sum() == 9
    assert value_4 in held(flat)
    flat.delete([value_4])
    labels.data_setitem((np.array([2]), np.array([2])), 9)
    flat.restore([value_4])
    assert (labels.data == 4).sum() == 8
    assert labels.data[2, 2] == 9
    assert window.state() == held(flat)
    flat.undo()
    assert not (labels.data == 4).any()
    assert value_4 in flat.book.deleted


def test_what_is_drawn_gets_the_class_that_is_chosen_not_that_of_the_selection(
    window: Window, flat: Annotations
) -> None:
    layer = window.draw_on()
    layer.add(BOX, shape_type="rectangle")
    (first,) = held(flat).values()
    flat.modify([type(first)(**{**fields(first), "object_class": "cell", "comment": "odd", "name": "A"})])
    flat.book.active_class, flat.book.class_colors = "nucleus", {"nucleus": (10, 20, 30, 255)}
    layer.selected_data = {0}
    layer.mode = "add_rectangle"
    layer.selected_data = {0}
    layer.add(BOX + 9, shape_type="rectangle")
    drawn = list(held(flat).values())[-1]
    assert (drawn.object_class, drawn.comment, drawn.name) == ("nucleus", "", "")
    assert drawn.shapes[0].style.stroke == (10, 20, 30, 255)
    np.testing.assert_allclose(layer.edge_color[1][:3] * 255, (10, 20, 30), atol=1e-3)
    assert window.state() == held(flat)
    assert len(window.edits) == 3


def fields(one: AnnotatedObject) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}


def test_what_is_said_in_naparis_own_table_counts(window: Window, flat: Annotations) -> None:
    layer = window.draw_on()
    layer.add(BOX, shape_type="rectangle")
    table = layer.features.copy()
    table["class"] = ["nucleus"]
    table["score"] = [0.5]
    layer.features = table
    (one,) = held(flat).values()
    assert one.object_class == "nucleus"
    assert one.features == (("score", 0.5),)
    flat.undo()
    assert layer.features["class"].tolist() == [""]
    (one,) = held(flat).values()
    assert (one.object_class, one.features) == ("", ())


def test_a_change_of_many_is_one_step(window: Window, flat: Annotations) -> None:
    layer = window.draw_on("points")
    layer.add(np.random.default_rng(0).random((50, 2)) * 50)
    flat.modify([type(one)(**{**fields(one), "object_class": "spot"}) for one in held(flat).values()], "class")
    assert window.edits[-1].title == "class 50 objects"
    assert set(layer.features["class"]) == {"spot"}
    flat.undo()
    assert set(layer.features["class"]) == {""}
    assert window.state() == held(flat)


def test_a_layer_that_is_removed_deletes_nothing_and_comes_back(window: Window, flat: Annotations) -> None:
    layer = window.draw_on()
    layer.add(BOX, shape_type="rectangle")
    count = len(window.edits)
    window.viewer.layers.remove(layer)
    assert not held(flat)
    assert not flat.book.deleted
    assert len(window.edits) == count
    flat.undo()
    assert layer in window.viewer.layers
    assert len(held(flat)) == 1
    assert len(window.edits) == count


def test_objects_are_copied_to_planes_and_laid_on_all(window: Window) -> None:
    annotations = window.start(image_layer("tzyx", (3, 4, 60, 80)))
    layer = window.draw_on()
    layer.add(np.hstack([[[1, 2]] * 4, BOX]), shape_type="rectangle")
    (uuid,) = held(annotations)
    annotations.copy([uuid], z=[0, 1, 2])
    assert sorted((s.t, s.z) for one in held(annotations).values() for s in one.shapes) == [(1, 0), (1, 1), (1, 2)]
    annotations.lay_on_all([uuid], ["z", "t"])
    (shape,) = held(annotations)[uuid].shapes
    assert (shape.z, shape.t) == (None, None)
    sibling = window.viewer.layers[-1]
    assert sibling.ndim == 2
    assert held(annotations)[uuid].layer == "cells"
    assert window.state() == held(annotations)
    annotations.undo()
    annotations.lay_on_all([uuid], ["z"])
    (shape,) = held(annotations)[uuid].shapes
    assert (shape.z, shape.t) == (None, 1)
    assert window.state() == held(annotations)
    annotations.undo()
    annotations.undo()
    assert list(held(annotations)) == [uuid]
    assert window.state() == held(annotations)


def test_a_shape_across_planes_is_refused_until_it_is_split(window: Window) -> None:
    annotations = window.start(image_layer("zyx", (4, 60, 80)))
    said: list[str] = []
    annotations.said.connect(said.append)
    layer = window.draw_on()
    layer.add(np.array([[0, 4, 4], [1, 4, 9], [1, 9, 9.0]]), shape_type="polygon")
    assert not held(annotations)
    assert not window.edits
    (problem,) = annotations.book.problems.values()
    assert problem.can_split
    assert "across 2 planes along z" in said[0]
    annotations.split()
    assert not annotations.book.problems
    assert sorted(one.shapes[0].z or 0 for one in held(annotations).values()) == [0, 1]
    annotations.undo()
    assert len(layer.data) == 1
    assert not held(annotations)
    annotations.redo()
    assert len(held(annotations)) == 2
    assert window.state() == held(annotations)


def test_tracks_are_deleted_and_restored_as_a_whole(window: Window) -> None:
    annotations = window.start(image_layer("tyx", (4, 60, 80)))
    data = np.array([[1, 0, 5, 5], [1, 1, 6, 5], [2, 0, 9, 9], [2, 1, 9, 8]], float)
    tracks: Any = Tracks(data, name="lineage")
    take_layer(tracks, window.image)
    window.viewer.add_layer(tracks)
    first, second = held(annotations)
    annotations.delete([first])
    assert set(tracks.data[:, 0]) == {2}
    annotations.undo()
    np.testing.assert_allclose(tracks.data[np.argsort(tracks.data[:, 0], kind="stable")], data)
    assert set(held(annotations)) == {first, second}


steps = st.sampled_from(["draw", "point", "move", "delete", "class", "paint", "undo", "redo", "restore", "copy"])


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(steps, st.integers(0, 5)), min_size=1, max_size=14))
def test_whatever_is_done_all_of_it_can_be_taken_back_and_done_again(todo: list[tuple[str, int]]) -> None:
    window = Window()
    annotations = window.start(image_layer("yx", (60, 80)))
    shapes, points = window.draw_on(), window.draw_on("points", "spots")
    labels: Any = Labels(np.zeros((60, 80), np.uint8), name="nuclei")
    take_layer(labels, window.image)
    window.viewer.add_layer(labels)
    for what, number in todo:
        do(annotations, shapes, points, labels, what, number)
        assert without_times(window.state()) == without_times(held(annotations))
    end, pixels = held(annotations), labels.data.copy()
    count = 0
    while annotations.undo_title:
        annotations.undo()
        count += 1
    assert not held(annotations)
    assert not labels.data.any()
    assert len(shapes.data) == len(points.data) == 0
    for _ in range(count):
        annotations.redo()
    assert held(annotations) == end
    np.testing.assert_array_equal(labels.data, pixels)


def without_times(objects: dict[str, AnnotatedObject]) -> dict[str, tuple[Any, ...]]:
    return {uuid: (one.shapes, one.label, one.object_class, one.layer) for uuid, one in objects.items()}


def do(annotations: Annotations, shapes: Any, points: Any, labels: Any, what: str, number: int) -> None:
    """One thing that a person may do."""
    known = list(held(annotations).values())
    one = known[number % len(known)] if known else None
    if what == "draw":
        shapes.add(BOX + number, shape_type="ellipse" if number % 2 else "rectangle")
    elif what == "point":
        points.add([[number, 2.5]])
    elif what == "move" and len(shapes.data):
        data = list(shapes.data)
        data[number % len(data)] = data[number % len(data)] + 1
        shapes.data = data
    elif what == "delete" and one is not None:
        annotations.delete([one.uuid])
    elif what == "class" and one is not None:
        annotations.modify([AnnotatedObject(**{**fields(one), "object_class": f"class {number}"})])
    elif what == "paint":
        labels.data_setitem((np.array([number, number]), np.array([1, 2])), number + 1)
    elif what == "undo":
        annotations.undo()
    elif what == "redo":
        annotations.redo()
    elif what == "restore":
        gone = [uuid for uuid, held in annotations.book.deleted.items() if held.one.label is None]
        annotations.restore(gone[:1])
    elif what == "copy" and one is not None:
        annotations.copy([one.uuid])


def test_an_edit_among_ten_thousand_costs_no_more_than_it_must(window: Window, flat: Annotations) -> None:
    made = [AnnotatedObject(uuid=f"u{n}", shapes=(Point(x=n % 80, y=n % 60),), layer="spots") for n in range(10_000)]
    layers, _ = to_layers(plain_set(window.image, *made), window.image)
    (layer,) = (flat.add_layer(one) for one in layers)
    assert len(held(flat)) == 10_000
    assert not window.edits
    flat.book._read = counting(flat.book._read)  # type: ignore[method-assign]
    data = layer.data.copy()
    started = time.thread_time()
    layer.add([[3, 3]])
    took = time.thread_time() - started
    assert sum(counting.asked) == 1  # type: ignore[attr-defined]
    assert took < 1.0  # 40 ms on the machine this was written on; the limit only tells a whole conversion
    np.testing.assert_array_equal(layer.data[:-1], data)


def counting(read: Any) -> Any:
    """Note of how many objects a reading was asked."""
    counting.asked = []  # type: ignore[attr-defined]

    def counted(uuids: Any) -> Any:
        wanted = list(uuids)
        counting.asked.append(len(wanted))  # type: ignore[attr-defined]
        return read(wanted)

    return counted


def test_polygons_of_a_set_are_known_and_not_told_as_new(window: Window, flat: Annotations) -> None:
    one = AnnotatedObject(uuid="u1", shapes=(Polygon(points=((1, 1), (9, 1), (1, 9))),), layer="cells", comment="kept")
    layers, _ = to_layers(plain_set(window.image, one), window.image)
    for layer in layers:
        flat.add_layer(layer)
    assert held(flat) == {"u1": one}
    assert not window.edits
    assert flat.undo_title == ""
