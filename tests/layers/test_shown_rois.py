"""ROIs as layers of a viewer: where they lie, how they look, what is said, and what many of them cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import requests
from napari.layers import Labels, Points, Shapes

from napari_idr.errors import NapariIdrError
from napari_idr.formats.omero_rois import parse_rois
from napari_idr.layers import roi_layers, roi_plan
from napari_idr.layers.roi_plan import plan_rois
from napari_idr.layers.roi_rows import Frame
from napari_idr.model.annotation import (
    Ellipse,
    Label,
    Mask,
    Point,
    Polygon,
    Polyline,
    Rectangle,
    Roi,
    RoiSet,
    Shape,
    Style,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Layer
    from pytestqt.qtbot import QtBot

    from napari_idr.demo.server import EmbeddedServer
    from napari_idr.layers.viewer_session import OpenJob, ViewerSession
    from napari_idr.model.catalog import Node

    Finished = Callable[[OpenJob], OpenJob]

pytestmark = pytest.mark.qt

EVERY, MANY = "embryo-1, every kind of ROI", "colon-section-1, 10,000 ROIs"
STACK = Frame(("t", "z", "y", "x"), (3, 4, 64, 96), (1.5, 2.0, 0.4, 0.4), (0.0, 1.0, 0.2, 0.2), ("pixel",) * 4)
FLAT = STACK.kept(("y", "x"))


@pytest.fixture
def image_of(demo: ViewerSession, server: EmbeddedServer) -> Callable[[str], Node]:
    """Find an image of the embedded repository by its name."""

    def find(name: str) -> Node:
        found = requests.get(f"{server.address}api/v0/m/images/?limit=1000", timeout=20).json()["data"]
        number = next(one["@id"] for one in found if one["Name"] == name)
        return demo.session.resolve(f"{server.address}webclient/?show=image-{number}")

    return find


def of(*shapes: Shape) -> RoiSet:
    return RoiSet(
        tuple(
            Roi(str(n), (shape,), f"object {n}", key_values=(("Phenotype", "round"),)) for n, shape in enumerate(shapes)
        )
    )


def plan(rois: RoiSet, frame: Frame, at: tuple[int, int] = (0, 0)) -> tuple[list[Layer], list[str]]:
    made = plan_rois(rois, frame, "image", {"address": "here"}, at)
    return made.layers, made.remarks


def seen(layer: Layer, t: int, z: int) -> set[str]:
    """Names of the ROIs of a layer that napari shows in a plane of the stack."""
    places = {"t": t, "z": z}
    names = tuple(layer.axis_labels)
    shown = set()
    for index, data in enumerate(layer.data):
        corners = np.atleast_2d(data)
        if all((corners[:, axis] == places[name]).all() for axis, name in enumerate(names[:-2])):
            shown.add(layer.features["roi"][index])
    return shown


# -- where they lie


def test_shapes_are_where_the_mask_of_the_same_pixels_is() -> None:
    """napari's own rasteriser marks the pixels of the shape as the definition does."""
    shapes = (
        Rectangle(x=20.25, y=15.75, width=21.5, height=9.25),
        Polygon(points=((5.7, 40.8), (20.9, 42.6), (24.8, 55.7), (9.6, 58.9))),
        Ellipse(x=58.1, y=24.3, radius_x=14.7, radius_y=6.2),
    )
    (layer,), _ = plan(of(*shapes), FLAT)
    rows, columns = np.mgrid[:64, :96] + 0.5
    truth = [
        (columns > 20.25) & (columns < 41.75) & (rows > 15.75) & (rows < 25),
        None,
        ((columns - 58.1) / 14.7) ** 2 + ((rows - 24.3) / 6.2) ** 2 <= 1,
    ]
    for index, (mask, expected) in enumerate(zip(layer.to_masks((64, 96)), truth, strict=True)):
        if expected is not None:
            assert (mask & expected).sum() / (mask | expected).sum() > 0.98, index
    assert layer.shape_type == ["rectangle", "polygon", "ellipse"]
    assert layer.data[0].min(axis=0).tolist() == [15.25, 19.75]


def test_layers_lie_in_the_space_of_the_image_and_all_planes_are_all_planes() -> None:
    shapes = (
        Rectangle(x=1, y=1, width=5, height=5, t=1, z=2),
        Rectangle(x=11, y=1, width=5, height=5, z=2),
        Rectangle(x=21, y=1, width=5, height=5, t=1),
        Rectangle(x=31, y=1, width=5, height=5),
    )
    layers, remarks = plan(of(*shapes), STACK)
    assert remarks == []
    assert {tuple(layer.axis_labels) for layer in layers} == {("t", "z", "y", "x"), ("z", "y", "x"), ("y", "x")}
    for layer in layers:
        assert tuple(layer.scale) == STACK.scale[-layer.ndim :]
        assert tuple(layer.translate) == STACK.translate[-layer.ndim :]
        assert layer.metadata["napari_idr"]["address"] == "here"
    for t in range(3):
        for z in range(4):
            expected = {"object 3"} | ({"object 2"} if t == 1 else set()) | ({"object 1"} if z == 2 else set())
            expected |= {"object 0"} if (t, z) == (1, 2) else set()
            assert set().union(*(seen(layer, t, z) for layer in layers)) == expected


def test_colours_widths_texts_and_features_are_those_of_the_server() -> None:
    style = Style((255, 0, 0, 255), (0, 0, 255, 128), 3.0, 14.0)
    rois = of(
        Rectangle(id="17", x=1, y=1, width=5, height=5, text="mitotic", style=style), Polyline(points=((1, 1), (9, 9)))
    )
    (layer,), _ = plan(rois, FLAT)
    assert np.allclose(layer.edge_color[0], (1, 0, 0, 1))
    assert np.allclose(layer.face_color[0], (0, 0, 1, 128 / 255))
    assert layer.edge_width == [3.0, 1.0]
    assert np.allclose(layer.edge_color[1], (1, 1, 0, 1))
    assert layer.face_color[1][3] == 0
    row = layer.features.iloc[0]
    assert row.to_dict() == {
        "roi_id": "0", "shape_id": "17", "roi": "object 0", "text": "mitotic", "kind": "Rectangle",
        "z": "", "t": "", "c": "", "Phenotype": "round",
    }  # fmt: skip
    assert layer.text.size == 14


def test_points_and_labels_are_points_and_a_label_is_only_its_text() -> None:
    layers, _ = plan(of(Point(x=20.5, y=10.5), Label(x=5.5, y=6.5, text="note")), FLAT)
    (layer,) = layers
    assert isinstance(layer, Points)
    assert layer.data.tolist() == [[10, 20], [6, 5]]
    assert layer.face_color[1][3] == 0
    assert layer.face_color[0][3] == 1
    assert list(layer.text.values) == ["", "note"]


def mask(x: float, y: float, pixels: np.ndarray, **more: Any) -> Mask:
    height, width = pixels.shape
    return Mask(x=x, y=y, width=width, height=height, bits=np.packbits(pixels).tobytes(), **more)


def test_masks_are_labels_pixel_by_pixel_and_overlapping_ones_are_kept_apart() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.random((9, 13)) < 0.6, rng.random((20, 7)) < 0.6
    layers, remarks = plan(of(mask(4, 6, first, t=1, z=2), mask(8, 2, second, t=1, z=2)), STACK)
    assert remarks == []
    assert all(isinstance(layer, Labels) for layer in layers)
    assert [layer.data.shape for layer in layers] == [STACK.sizes] * 2
    for layer, pixels, (y, x) in zip(layers, (first, second), ((6, 4), (2, 8)), strict=True):
        assert np.array_equal(layer.data[1, 2, y : y + pixels.shape[0], x : x + pixels.shape[1]], pixels)
        assert layer.data.sum() == pixels.sum()
        assert layer.features["index"].tolist() == [1]
        assert tuple(layer.scale) == STACK.scale


def test_a_plane_too_large_for_memory_holds_the_part_with_masks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_idr.layers.roi_labels.LARGEST_PLANE", 2000)
    pixels = np.random.default_rng(3).random((9, 13)) < 0.6
    (layer,), remarks = plan(of(mask(40, 30, pixels)), FLAT)
    assert remarks == []
    value = layer.get_value(((30 + 4) * 0.4 + 0.2, (40 + 5) * 0.4 + 0.2), world=True)
    assert bool(value) == bool(pixels[4, 5])
    for row, column in np.ndindex(pixels.shape):
        world = ((30 + row) * 0.4 + 0.2, (40 + column) * 0.4 + 0.2)
        assert bool(layer.get_value(world, world=True)) == bool(pixels[row, column])


# -- many of them


def grid(count: int, **more: Any) -> list[Polygon]:
    corners = [(x, y) for y in range(0, 64, 4) for x in range(0, 96, 4)][:count]
    return [
        Polygon(points=((x + 0.6, y + 0.6), (x + 3.4, y + 0.6), (x + 3.4, y + 3.4), (x + 0.6, y + 3.4)), **more)
        for x, y in corners
    ]


def test_more_outlines_than_can_be_moved_are_labels_with_the_same_table_and_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (roi_plan, roi_layers):
        monkeypatch.setattr(module, "LARGEST_SHAPES", 100)
    shapes = grid(150)
    (layer, *rest), remarks = plan(of(*shapes, Polyline(points=((1, 1), (5, 5)))), FLAT)
    assert isinstance(layer, Labels)
    assert isinstance(rest[0], Points)
    assert "151 outlines are more than the 100" in " ".join(remarks)
    for index, shape in enumerate(shapes):
        x, y = (int(part) for part in shape.points[0])
        assert (layer.data[y + 1 : y + 3, x + 1 : x + 3] == index + 1).all()
        assert layer.features["roi"][index] == f"object {index}"
    assert not layer.editable or layer.data.any()


def test_a_coarser_picture_of_many_outlines_lies_in_the_same_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roi_plan, "LARGEST_SHAPES", 10)
    monkeypatch.setattr("napari_idr.layers.roi_labels.LARGEST_PLANE", 64 * 96 // 3)
    big = [Rectangle(x=x, y=y, width=12, height=12) for x in (8, 40, 72) for y in (4, 24, 44)]
    (layer,), remarks = plan(of(*big, *big), FLAT)
    assert "1/2 of the image's resolution" in " ".join(remarks)
    for number, shape in enumerate(big):
        middle = ((shape.y + 6) * 0.4, (shape.x + 6) * 0.4)
        assert layer.get_value(middle, world=True) == 10 + number
        outside = ((shape.y - 2) * 0.4 + 0.2, (shape.x - 3) * 0.4 + 0.2)
        assert not layer.get_value(outside, world=True)


def test_many_outlines_of_several_planes_are_those_of_the_plane_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roi_plan, "LARGEST_SHAPES", 20)
    rois = of(*[shape for z in range(4) for shape in grid(z + 6, z=z)], Rectangle(x=1, y=1, width=4, height=4))
    for z in range(4):
        made = plan_rois(rois, STACK, "image", {}, (z, 1))
        assert made.one_plane
        (layer,) = made.layers
        assert isinstance(layer, Shapes)
        assert len(layer.data) == z + 7
        assert layer.ndim == 2
        assert not layer.editable


def test_shapes_outside_of_the_planes_are_said() -> None:
    layers, remarks = plan(
        of(Rectangle(x=1, y=1, width=5, height=5, z=4), Point(x=1, y=1, t=3), Point(x=1, y=1)), STACK
    )
    assert [len(layer.data) for layer in layers] == [1]
    assert remarks == ["2 shapes were left out: they are in planes that the image does not have."]


HOSTILE = [
    {"@type": "#Polygon", "Points": "1,1 1,1 1,1"},
    {"@type": "#Polygon", "Points": "1e8,1e8 -1e8,1e8 0,-1e8"},
    {"@type": "#Polygon", "Points": "1,1 9,9 1,9 9,1 1,1"},
    {"@type": "#Polyline", "Points": "5,5"},
    {"@type": "#Ellipse", "X": 5, "Y": 5, "RadiusX": 0, "RadiusY": 0},
    {"@type": "#Ellipse", "X": 5, "Y": 5, "RadiusX": 1e8, "RadiusY": 1e-9},
    {"@type": "#Rectangle", "X": 5, "Y": 5, "Width": -3, "Height": 1e-300},
    {"@type": "#Rectangle", "X": 5, "Y": 5, "Width": 3, "Height": 3, "Transform": "matrix(0 0 0 0 5 5)"},
    {"@type": "#Rectangle", "X": 5, "Y": 5, "Width": 3, "Height": 3, "Transform": "matrix(1e8 1e8 1e8 1e8 5 5)"},
    {"@type": "#Rectangle", "X": 5, "Y": 5, "Width": 3, "Height": 3, "Text": "{roi} {0} \x00 %s"},
    {"@type": "#Line", "X1": 5, "Y1": 5, "X2": 5, "Y2": 5, "StrokeWidth": 0},
    {"@type": "#Mask", "X": 5, "Y": 5, "Width": 3, "Height": 3},
    {"@type": "#Mask", "X": 5, "Y": 5, "Width": 3, "Height": 3, "Bytes": ""},
    {"@type": "#Mask", "X": 5, "Y": 5, "Width": 1e8, "Height": 1e8, "Bytes": "AAAA"},
    {"@type": "#Label", "X": 5, "Y": 5, "Text": "x" * 100_000},
]


def test_hostile_shapes_are_drawn_as_what_is_left_of_them(session: ViewerSession, qtbot: QtBot) -> None:
    answers = [{"@id": n, "shapes": [{"@id": n, **shape}]} for n, shape in enumerate(HOSTILE)]
    assert session.viewer is not None
    session.viewer.add_image(np.zeros((64, 96)), name="image")
    layers, remarks = plan(parse_rois(answers, ""), FLAT)
    for layer in layers:
        session.viewer.add_layer(layer)
        qtbot.wait(30)
    assert sum(len(layer.features) for layer in layers) == len(HOSTILE) - 5
    assert "4 shapes were left out: they lie far outside" in " ".join(remarks)


# -- in a viewer


@pytest.mark.smoke
def test_every_kind_of_roi_of_an_image_is_shown(
    demo: ViewerSession, image_of: Callable[[str], Node], finished: Finished, qtbot: QtBot
) -> None:
    node = image_of(EVERY)
    image = finished(demo.open(node)).layers[0]
    assert demo.viewer is not None
    active = demo.viewer.layers.selection.active
    job = finished(demo.show_rois(image))
    assert (job.state, job.message) == ("done", "")
    kinds = sorted(kind for layer in job.layers for kind in layer.features["kind"].unique())
    assert set(kinds) == {"Rectangle", "Ellipse", "Polygon", "Polyline", "Line", "Point", "Label", "Mask"}
    assert demo.viewer.layers.selection.active is active
    for layer in job.layers:
        assert tuple(layer.scale) == tuple(image.scale[-layer.ndim :])
        assert [str(unit) for unit in layer.units] == [str(unit) for unit in image.units[-layer.ndim :]]
    again = finished(demo.show_rois(image))
    assert again.state == "done"
    shown = [layer for layer in demo.viewer.layers if "rois" in layer.metadata["napari_idr"]]
    assert shown == again.layers
    demo.close_all()
    qtbot.waitUntil(lambda: demo.viewer is not None and not demo.viewer.layers, timeout=30_000)


def test_an_image_that_is_not_open_is_opened_first(
    demo: ViewerSession, image_of: Callable[[str], Node], finished: Finished
) -> None:
    job = finished(demo.show_rois(image_of(EVERY)))
    assert job.state == "done"
    assert demo.viewer is not None
    assert len(demo.viewer.layers) == 2 + len(job.layers)
    assert finished(demo.show_rois(demo.viewer.layers[0].metadata["napari_idr"]["address"])).state == "done"
    assert len(demo.viewer.layers) == 2 + len(job.layers)


def test_ten_thousand_rois_are_labels_that_know_whose_they_are(
    demo: ViewerSession, image_of: Callable[[str], Node], finished: Finished
) -> None:
    node = image_of(MANY)
    finished(demo.open(node))
    job = finished(demo.show_rois(node))
    assert job.state == "done", job.message
    (layer,) = job.layers
    assert isinstance(layer, Labels)
    assert len(layer.features) == 10_000
    assert "10000 outlines are more than the 1000" in job.message


def test_the_status_bar_says_what_lies_under_the_pointer(
    demo: ViewerSession, image_of: Callable[[str], Node], finished: Finished
) -> None:
    job = finished(demo.show_rois(image_of(EVERY)))
    layer = next(one for one in job.layers if isinstance(one, Shapes) and "box" in list(one.features["roi"]))
    box = layer.data[list(layer.features["roi"]).index("box")].mean(axis=0)
    assert demo.viewer is not None
    demo.viewer.dims.set_point(range(2), layer.data_to_world(box)[:2])
    said = layer.get_status(layer.data_to_world(box), view_direction=None, dims_displayed=[2, 3], world=True)
    assert said["coordinates"].startswith("box · Rectangle")


def test_those_of_another_plane_come_when_the_sliders_move(
    demo: ViewerSession,
    server: EmbeddedServer,
    image_of: Callable[[str], Node],
    finished: Finished,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("napari_idr.layers.shown_rois.MANY", 3)
    image = finished(demo.open(image_of(EVERY))).layers[0]
    job = finished(demo.show_rois(image))
    assert "change with the sliders" in job.message

    def shown() -> set[str]:
        assert demo.viewer is not None
        ours = [layer for layer in demo.viewer.layers if "rois" in layer.metadata["napari_idr"]]
        return {name for layer in ours for name in layer.features["roi"]}

    assert {"box", "nucleus", "path"} <= shown()
    assert "polygon" not in shown()
    assert demo.viewer is not None
    demo.viewer.dims.set_current_step(0, 1)
    qtbot.waitUntil(lambda: {"polygon", "place"} <= shown() and "box" not in shown(), timeout=20_000)
    said: list[str] = []
    demo.said.connect(said.append)
    requests.post(f"{server.address}__fault?match=iviewer&kind=status500&times=9", timeout=10).raise_for_status()
    demo.viewer.dims.set_current_step(0, 2)
    qtbot.waitUntil(lambda: bool(said), timeout=20_000)
    assert said[0].startswith("The ROIs of this plane could not be read")
    for layer in [one for one in demo.viewer.layers if "rois" in one.metadata["napari_idr"]]:
        demo.viewer.layers.remove(layer)
        qtbot.wait(40)
    demo.viewer.dims.set_current_step(0, 0)
    qtbot.wait(300)
    assert shown() == set()


def test_what_has_no_rois_is_one_sentence(
    demo: ViewerSession, image_of: Callable[[str], Node], finished: Finished
) -> None:
    failures: list[Exception] = []
    demo.failed.connect(lambda job, error: failures.append(error))
    image = finished(demo.open(image_of("embryo-1, rendered"))).layers[0]
    assert image.name.endswith("(rendered)")
    job = finished(demo.show_rois(image))
    assert job.state == "failed"
    assert demo.viewer is not None
    other = finished(demo.show_rois(demo.viewer.add_image(np.zeros((8, 8)), name="mine")))
    plate = finished(demo.open("idr-demo://plate")).layers[0]
    third = finished(demo.show_rois(plate))
    assert [one.state for one in (job, other, third)] == ["failed"] * 3
    assert all(isinstance(error, NapariIdrError) and error.hint for error in failures)
    assert len(failures) == 3


@pytest.mark.parametrize("kind", ["status500", "html", "truncate"])
def test_a_server_that_fails_is_one_sentence_and_retry_brings_them(
    demo: ViewerSession,
    server: EmbeddedServer,
    image_of: Callable[[str], Node],
    finished: Finished,
    kind: str,
) -> None:
    image = finished(demo.open(image_of(EVERY))).layers[0]
    requests.post(f"{server.address}__fault?match=/rois/&kind={kind}&times=100", timeout=10).raise_for_status()
    job = finished(demo.show_rois(image))
    assert job.state == "failed"
    assert "\n" not in job.message
    assert job.again is not None
    requests.delete(f"{server.address}__fault", timeout=10)
    again: Any = job.again()
    assert finished(again).state == "done"
