"""Layers to annotation sets and back: exact, whatever they lie over. No window is needed for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from napari.layers import Labels, Points, Shapes, Tracks

from annotated import image_layer, plain_set
from napari_idr.errors import Unsupported
from napari_idr.layers.annotation_grid import grid_of_layer
from napari_idr.layers.annotation_layers import new_layer
from napari_idr.layers.annotations import read_layers, take_layer, to_layers
from napari_idr.layers.patched_pixels import PatchedPixels
from napari_idr.model.annotation import (
    Ellipse,
    Label,
    Line,
    Mask,
    Point,
    Polygon,
    Polyline,
    Rectangle,
    Shape,
    Style,
    Transform,
)
from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet, LabelImage, LabelPlace
from napari_idr.model.annotator import Annotator
from napari_idr.model.drawn_geometry import same_place
from napari_idr.model.ontology import OntologyTerm, Phenotype

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer


def read_one(layers: Sequence[Layer], *more: Any) -> AnnotationSet:
    read = read_layers(layers, more)
    assert not read.problems
    assert len(read.sets) == 1
    return read.sets[0]


def drawn_in(image: Any, data: list[np.ndarray], kinds: list[str]) -> Any:
    """Shapes drawn in a new layer over an image, one by one."""
    layer: Any = new_layer("shapes", image, grid_of_layer(image), "cells")
    for vertices, kind in zip(data, kinds, strict=True):
        layer.add(vertices, shape_type=kind)
    return layer


# -- new layers


def test_a_new_layer_lies_where_its_image_lies() -> None:
    image = image_layer("tzyx", (3, 4, 60, 80), scale=(2.0, 1.5, 0.5, 0.25), translate=(0, 3, 10, 20))
    layer: Any = new_layer("shapes", image, grid_of_layer(image), "cells")
    assert layer.ndim == 4
    assert tuple(layer.scale) == (2.0, 1.5, 0.5, 0.25)
    assert tuple(layer.translate) == (0, 3, 10, 20)
    assert tuple(layer.axis_labels) == ("t", "z", "y", "x")
    assert layer.units == image.units
    assert set(layer.features.columns) >= {"roi_uuid", "class", "status", "comment"}


# -- reading what was drawn


def test_half_a_pixel_lies_between_napari_and_ome() -> None:
    image = image_layer("yx", (60, 80))
    layer = drawn_in(image, [np.array([[9.5, 19.5], [9.5, 20.5], [10.5, 20.5], [10.5, 19.5]])], ["rectangle"])
    (one,) = read_one([layer], image).objects
    assert one.shapes == (Rectangle(x=20, y=10, width=1, height=1),)


def test_planes_are_the_indices_along_z_and_t() -> None:
    image = image_layer("tzyx", (3, 4, 60, 80), scale=(2.0, 1.5, 0.5, 0.25))
    corners = np.array([[2, 1, 5, 5], [2, 1, 5, 9], [2, 1, 9, 9]], float)
    (one,) = read_one([drawn_in(image, [corners], ["polygon"])], image).objects
    (shape,) = one.shapes
    assert (shape.t, shape.z) == (2, 1)
    assert isinstance(shape, Polygon)
    assert shape.points == ((5.5, 5.5), (9.5, 5.5), (9.5, 9.5))


def test_what_was_drawn_over_a_coarse_level_has_coordinates_of_the_finest() -> None:
    image = image_layer("yx", (64, 64), scale=(0.5, 0.5))
    coarse: Any = Shapes(
        [np.array([[-0.5, -0.5], [-0.5, 3.5], [1.5, 3.5], [1.5, -0.5]])],
        shape_type="rectangle",
        scale=(2.0, 2.0),
        translate=(0.75, 0.75),
    )
    take_layer(coarse, image)
    (one,) = read_one([coarse], image).objects
    assert one.shapes == (Rectangle(x=0, y=0, width=16, height=8, style=one.shapes[0].style),)


def test_an_image_that_was_moved_turned_and_stretched_keeps_what_lies_on_it() -> None:
    image = image_layer("yx", (60, 80), scale=(0.5, 0.25), translate=(7, -3))
    image.rotate = 30
    layer: Any = Shapes([np.array([[2.0, 3.0], [9.0, 3.0], [9.0, 8.0]])], shape_type="polygon")
    take_layer(layer, image)
    (one,) = read_one([layer], image).objects
    (shape,) = one.shapes
    assert isinstance(shape, Polygon)
    expected = [image.world_to_data(corner) for corner in layer.data[0]]
    np.testing.assert_allclose(np.array(shape.points)[:, ::-1] - 0.5, expected, atol=1e-4)


def test_the_place_of_the_image_is_kept_when_its_layer_is_gone() -> None:
    image = image_layer("yx", (60, 80), scale=(0.5, 0.25), translate=(7, -3))
    layer = drawn_in(image, [np.array([[1.0, 2.0], [8.0, 9.0]])], ["line"])
    (one,) = read_one([layer]).objects
    assert one.shapes == (Line(x1=2.5, y1=1.5, x2=9.5, y2=8.5),)


@pytest.mark.parametrize(
    ("corners", "said", "can_split"),
    [
        ([[0, 1, 2, 2], [0, 2, 9, 9]], "across 2 planes along z", True),
        ([[0, 9, 2, 2], [0, 9, 9, 9]], "plane along z that the image does not have", False),
        ([[-1, 1, 2, 2], [-1, 1, 9, 9]], "plane along t", False),
    ],
)
def test_what_lies_in_no_single_plane_is_refused_and_stays(corners: Any, said: str, can_split: bool) -> None:
    image = image_layer("tzyx", (3, 4, 60, 80))
    layer = drawn_in(image, [np.array(corners, float)], ["line"])
    read = read_layers([layer], [image])
    (problem,) = read.problems
    assert said in problem.what
    assert problem.can_split == can_split
    assert not read.sets
    assert len(layer.data) == 1


def test_every_shape_gets_a_uuid_of_its_own_also_a_copy() -> None:
    image = image_layer("yx", (60, 80))
    layer = drawn_in(image, [np.array([[1.0, 2], [8, 9]]), np.array([[4.0, 2], [8, 9]])], ["line", "line"])
    first = [one.uuid for one in read_one([layer], image).objects]
    layer.features.loc[0, "class"] = "nucleus"
    layer.selected_data = {0}
    layer._copy_data()
    layer._paste_data()
    objects = read_one([layer], image).objects
    assert [one.uuid for one in objects[:2]] == first
    assert objects[2].uuid not in first
    assert objects[2].object_class == "nucleus"


def test_a_layer_without_an_image_is_refused_in_one_sentence() -> None:
    with pytest.raises(Unsupported, match="Annotations belong to an image"):
        read_layers([Shapes([np.array([[1.0, 2], [8, 9]])], shape_type="line")])


# -- round trips

sizes = st.integers(6, 240).map(lambda eighths: eighths / 8)
places = st.integers(-40, 560).map(lambda eighths: eighths / 8)
angles = st.integers(0, 30).map(lambda tenths: tenths / 10)
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)
colors = st.tuples(*[st.integers(0, 255)] * 4)


@st.composite
def drawn_shapes(draw: st.DrawFn) -> tuple[str, np.ndarray]:
    """A shape of any kind as napari holds it, y and x only."""
    kind = draw(st.sampled_from(["rectangle", "ellipse", "line", "path", "polygon"]))
    if kind in ("rectangle", "ellipse"):
        (height, width), (y, x), angle = draw(st.tuples(sizes, sizes)), draw(st.tuples(places, places)), draw(angles)
        corners = np.array([[-height, -width], [-height, width], [height, width], [height, -width]]) / 2
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        return kind, corners @ turn.T + (y, x)
    if kind == "polygon":  # as a star round a place: napari cannot draw every polygon that crosses itself
        turns, (y, x) = np.arange(draw(st.integers(3, 6))), draw(st.tuples(places, places))
        reach = np.array([draw(sizes) for _ in turns])
        return kind, np.array([y, x]) + reach[:, None] * np.column_stack([np.sin(turns), np.cos(turns)])
    count = 2 if kind == "line" else draw(st.integers(2, 6))
    vertices = draw(st.lists(st.tuples(places, places), min_size=count, max_size=count, unique=True))
    return kind, np.array(vertices)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(drawn_shapes(), st.integers(0, 2), st.integers(0, 3), texts, colors), min_size=1, max_size=4))
def test_shapes_come_back_as_they_were_drawn(
    shapes: list[tuple[tuple[str, np.ndarray], int, int, str, Any]],
) -> None:
    image = image_layer("tzyx", (3, 4, 60, 80), scale=(2.0, 1.5, 0.5, 0.25), translate=(0, 3, 10, 20))
    data = [np.hstack([np.tile([t, z], (len(c), 1)), c]) for (_, c), t, z, _, _ in shapes]
    layer = drawn_in(image, data, [kind for (kind, _), *_ in shapes])
    layer.edge_color = np.array([color for *_, color in shapes]) / 255
    layer.features["comment"] = [text for *_, text, _ in shapes]
    made = read_one([layer], image)
    (back,), remarks = to_layers(made, image)
    assert not remarks
    assert back.name == layer.name
    assert list(back.shape_type) == list(layer.shape_type)
    for one, other, kind in zip(layer.data, back.data, layer.shape_type, strict=True):
        np.testing.assert_array_equal(one[:, :2], other[:, :2])
        assert same_place(kind, one[:, 2:], other[:, 2:])
    for name in ("edge_color", "face_color", "edge_width", "z_index"):
        np.testing.assert_allclose(getattr(back, name), getattr(layer, name), atol=1e-6)
    assert back.features.to_dict("list") == layer.features.to_dict("list")
    again = read_one([back], image)
    assert again.objects == made.objects


def test_points_come_back_with_symbol_size_and_colours() -> None:
    image = image_layer("zyx", (4, 60, 80), scale=(1.5, 0.5, 0.25))
    layer: Any = Points(
        [[1, 2.25, 3], [3, 8, 9.125]],
        symbol=["disc", "star"],
        size=[5, 11.5],
        face_color=[(1, 0, 0, 0.5), (0.1234, 0.5, 1, 1)],
        border_color="blue",
        border_width=[0.05, 0.0],
        shown=[True, False],
        features={"score": [0.5, 1.5]},
        scale=image.scale,
    )
    take_layer(layer, image)
    made = read_one([layer], image)
    assert [one.shapes[0] for one in made.objects] == [
        Point(x=3.5, y=2.75, z=1, style=made.objects[0].shapes[0].style),
        Point(x=9.625, y=8.5, z=3, style=made.objects[1].shapes[0].style),
    ]
    (back,), _ = to_layers(made, image)
    for name in ("data", "size", "face_color", "shown"):
        np.testing.assert_allclose(getattr(back, name), getattr(layer, name), atol=1e-6)
    assert [str(one) for one in back.symbol] == [str(one) for one in layer.symbol]
    assert back.features["score"].tolist() == [0.5, 1.5]
    assert back.border_width[0] == pytest.approx(0.05)


EVERY_SHAPE: tuple[Shape, ...] = (
    Rectangle(x=4, y=5, width=10, height=6, z=1, t=0, text="a", style=Style(stroke=(255, 255, 0, 255), font_size=12)),
    Rectangle(x=4, y=5, width=10, height=6, z=1, t=0, transform=Transform(0.8, 0.6, -0.6, 0.8, 3, 4), locked=True),
    Ellipse(x=30, y=20, radius_x=9, radius_y=4, z=2, t=2, transform=Transform(1.1, 0.3, 0.6, 0.9, -8.0, -6.0)),
    Line(x1=1, y1=2, x2=30, y2=40, z=0, t=0, marker_end="Arrow"),
    Polyline(points=((1, 2), (5, 6)), z=0, t=1),
    Polygon(points=((1, 2), (5, 6), (9, 1.25)), z=0, t=1, c=1, style=Style(stroke_width=3.5, fill=(9, 8, 7, 0))),
    Point(x=0.5, y=0.5, z=3, t=2, style=Style(stroke=(1, 2, 3, 4), fill=(4, 3, 2, 1), stroke_width=2)),
    Label(x=11.25, y=7, z=3, t=2, text="here", id="17"),
    Mask(x=4, y=2, width=3, height=2, bits=b"\xfc", z=0, t=0),
    Rectangle(x=4, y=5, width=10, height=6),
    Ellipse(x=30, y=20, radius_x=9, radius_y=4, z=2),
    Point(x=3, y=4, t=1),
)


@pytest.mark.parametrize("shape", EVERY_SHAPE, ids=lambda shape: f"{shape.kind}-z{shape.z}-t{shape.t}")
def test_every_shape_of_ome_comes_back_as_it_is_with_all_that_is_said_of_it(shape: Shape) -> None:
    image = image_layer("tzyx", (3, 4, 60, 80), scale=(2.0, 1.5, 0.5, 0.25))
    term = OntologyTerm("CMPO_0000077", "elongated cell phenotype")
    one = AnnotatedObject(
        uuid="u1",
        shapes=(shape,),
        name="n",
        object_class="cell",
        phenotypes=(Phenotype("long", term),),
        terms=(term,),
        key_values=(("Gene", "KIF11"),),
        comment="c",
        annotator=Annotator("A", "0000-0002-1825-0097"),
        status="accepted",
        layer="mine",
        level=2,
        features=(("score", 1), ("note", None)),
    )
    other = AnnotatedObject(uuid="u2", shapes=(replace(shape, text="other"),), layer="mine", features=(("area", "1"),))
    made = plain_set(image, one, other)
    layers, remarks = to_layers(made, image)
    assert not remarks
    assert read_one(layers, image).objects == (one, other)


def test_an_object_of_several_shapes_stays_one() -> None:
    image = image_layer("zyx", (4, 60, 80))
    shapes = (
        Rectangle(x=1, y=2, width=3, height=4, z=0),
        Point(x=5, y=6, z=1),
        Polygon(points=((1, 1), (5, 1), (1, 9)), z=3),
    )
    one = AnnotatedObject(uuid="u1", shapes=shapes, layer="mine")
    layers, _ = to_layers(plain_set(image, one), image)
    assert {type(layer) for layer in layers} == {Shapes, Points}
    assert read_one(layers, image).objects == (one,)


def test_what_lies_on_all_planes_is_one_object_and_seen_on_each() -> None:
    image = image_layer("tzyx", (3, 4, 60, 80))
    rectangle = Rectangle(x=1, y=2, width=3, height=4)
    everywhere = AnnotatedObject(uuid="u1", shapes=(rectangle,), layer="mine")
    of_a_time = AnnotatedObject(uuid="u2", shapes=(replace(rectangle, t=1),), layer="mine")
    of_a_plane = AnnotatedObject(uuid="u3", shapes=(replace(rectangle, z=2),), layer="mine")
    layers, _ = to_layers(plain_set(image, everywhere, of_a_time, of_a_plane), image)
    assert [layer.ndim for layer in layers] == [2, 4, 3]
    assert [len(layer.data) for layer in layers] == [1, 4, 1]
    assert len({layer.name for layer in layers}) == 3
    assert read_one(layers, image).objects == (everywhere, of_a_time, of_a_plane)


def test_of_a_shape_that_is_repeated_the_copy_that_was_moved_counts() -> None:
    image = image_layer("tzyx", (3, 4, 60, 80))
    one = AnnotatedObject(uuid="u1", shapes=(Rectangle(x=1, y=2, width=3, height=4, t=1),), layer="mine")
    (layer,), _ = to_layers(plain_set(image, one), image)
    data = [np.array(corners) for corners in layer.data]
    data[2][:, -1] += 5
    layer.data = data
    (moved,) = read_one([layer], image).objects
    assert moved.shapes == (Rectangle(x=6, y=2, width=3, height=4, t=1),)


# -- labels and tracks


@pytest.mark.parametrize("level", [0, 1])
def test_labels_come_back_with_their_objects_colours_and_origin(level: int) -> None:
    image = image_layer("zyx", (4, 60, 80), scale=(1.5, 0.5, 0.25), levels=2)
    pixels = np.zeros((2, 10, 12), np.uint16)
    pixels[:, 2:5, 3:8], pixels[1, 7:, 7:] = 3, 700
    label = LabelImage(
        name="nuclei", axes=("z", "y", "x"), pixels=pixels, origin=(1, 5, 6), colors=((3, (1, 2, 3, 255)),), level=level
    )
    objects = tuple(
        AnnotatedObject(
            uuid=f"u{value}", label=LabelPlace("nuclei", value), layer="nuclei", name=f"n{value}", level=level
        )
        for value in (3, 700)
    )
    made = AnnotationSet(image=plain_set(image).image, objects=objects, labels=(label,))
    (layer,), _ = to_layers(made, image)
    assert isinstance(layer, Labels)
    back = read_one([layer], image)
    assert back.objects == objects
    (image_back,) = back.labels
    np.testing.assert_array_equal(image_back.pixels, pixels)
    assert (image_back.axes, image_back.start, image_back.level) == (label.axes, label.start, level)
    assert image_back.colors == label.colors
    # A pixel of the layer lies on the pixels of the image that it stands for.
    corner = image.world_to_data(layer.data_to_world((0, -0.5, -0.5)))
    np.testing.assert_allclose(corner, (1, 5 * 2**level - 0.5, 6 * 2**level - 0.5), atol=1e-9)


def test_values_that_were_painted_become_objects() -> None:
    image = image_layer("yx", (60, 80))
    layer: Any = Labels(np.zeros((60, 80), np.uint8))
    take_layer(layer, image)
    layer.data[3:5, 3:5] = 7
    (one,) = read_one([layer], image).objects
    assert one.label == LabelPlace("Labels", 7)
    assert read_one([layer], image).objects == (one,)


@pytest.mark.parametrize("shift", [(0.3, 0), (0, 0.5)])
def test_labels_beside_the_pixels_of_their_image_are_refused(shift: tuple[float, float]) -> None:
    image = image_layer("yx", (60, 80))
    layer: Any = Labels(np.zeros((60, 80), np.uint8), translate=shift)
    take_layer(layer, image)
    with pytest.raises(Unsupported, match="between the pixels"):
        read_layers([layer], [image])


def test_a_part_that_was_painted_is_seen_in_its_place_in_the_whole() -> None:
    whole, patch = np.arange(60).reshape(5, 12), np.full((2, 3), 99)
    patched, expected = PatchedPixels(whole, patch, (3, 4)), whole.copy()
    expected[3:5, 4:7] = 99
    np.testing.assert_array_equal(patched[...], expected)
    np.testing.assert_array_equal(patched[4], expected[4])
    np.testing.assert_array_equal(patched[2:4, 5], expected[2:4, 5])
    np.testing.assert_array_equal(patched[-1, -8:], expected[-1, -8:])
    np.testing.assert_array_equal(np.asarray(patched), expected)
    assert patched[:2, :2].shape == (2, 2)
    with pytest.raises(IndexError):
        patched[::2]


def test_tracks_come_back_with_their_links_and_columns() -> None:
    image = image_layer("tzyx", (4, 3, 60, 80), scale=(2.0, 1.5, 0.5, 0.25))
    data = np.array(
        [[5, 0, 1, 10, 20], [5, 1, 1, 11.5, 21], [7, 2, 1, 12, 22], [7, 3, 2, 12, 25.25], [9, 2, 0, 1, 1]], float
    )
    layer: Any = Tracks(
        data,
        graph={7: [5], 9: [5]},
        features={"speed": [0.0, 1.5, 2.0, 2.5, 3.0], "parent": ["no", "no", "5", "5", "5"]},
        scale=image.scale,
        name="lineage",
    )
    take_layer(layer, image)
    made = read_one([layer], image)
    first, second, third = made.objects
    assert first.is_track
    assert first.shapes == (Point(x=20.5, y=10.5, z=1, t=0), Point(x=21.5, y=12, z=1, t=1))
    assert second.parents == third.parents == (first.uuid,)
    assert ("parent", "5") in second.features
    (back,), _ = to_layers(made, image)
    np.testing.assert_allclose(back.data, layer.data)
    assert back.graph == layer.graph
    assert back.features["speed"].tolist() == layer.features["speed"].tolist()
    assert read_one([back], image).objects == made.objects
