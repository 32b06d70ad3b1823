"""What is read from layers that people drew in, and what is written into them once it is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.layers import Image, Points, Shapes

from napari_idr.layers.annotation_grid import map_to, world_matrix
from napari_idr.layers.known_rois import image_of, is_edited, known_of, note_known
from napari_idr.layers.roi_edits import Edits, collect, sendable_layers, write_ids
from napari_idr.layers.roi_layers import build_vectors
from napari_idr.layers.roi_rows import Frame, place_rows
from napari_idr.layers.shown_rois import RoiImage
from napari_idr.model.annotation import Ellipse, Label, Line, Point, Polygon, Rectangle, Roi, Shape, Style, Transform
from napari_idr.model.drawn_geometry import is_same
from napari_idr.model.roi_changes import KnownShape, RoiChanges, plan_changes

if TYPE_CHECKING:
    from napari.layers import Layer

pytestmark = pytest.mark.qt

KEY = ("omero", "7")
SIZES = {"t": 2, "z": 3, "y": 64, "x": 64}
SCALE = (1.0, 2.0, 0.5, 0.5)
BLUE = Style(stroke=(0, 114, 178, 255))
TURNED = Transform(0.8, 0.6, -0.6, 0.8, 3, 4)


def image(names: str = "tzyx") -> tuple[RoiImage, Layer]:
    scale = SCALE[-len(names) :]
    sizes = tuple(SIZES[name] for name in names)
    translate = tuple(range(1, len(names) + 1))
    frame = Frame(tuple(names), sizes, scale, translate, ("pixel",) * len(names))
    layer = Image(np.zeros(sizes, np.uint8), scale=scale, translate=translate, axis_labels=tuple(names))
    metadata = {"repository": KEY[0], "image_id": KEY[1], "rois": True}
    return RoiImage(KEY, frame, "embryo", metadata), layer


def placed(*corners: list[float]) -> np.ndarray:
    """Corners of something drawn beside the image's origin in world coordinates."""
    return np.array(corners, float) + np.array([1, 2, 3, 4])


def read_layers(shown: RoiImage, *shapes: Shape) -> list[Layer]:
    rois = [Roi(f"1{number}", (replace(shape, id=str(number)),)) for number, shape in enumerate(shapes, 1)]
    rows, _ = place_rows(rois, shown.frame)
    return build_vectors(rows, shown.frame, "embryo", shown.metadata)


def changes(layers: list[Layer], names: str = "tzyx") -> RoiChanges:
    edits = collect(layers, *image(names))
    return replace(plan_changes(edits.known, edits.drawn), remarks=tuple(edits.remarks))


EVERY = (
    Rectangle(x=1, y=2, width=10, height=5, z=1, t=0, text="box", style=BLUE),
    Rectangle(x=1, y=2, width=10, height=5, z=2, transform=TURNED),
    Ellipse(x=30, y=30, radius_x=5, radius_y=9, style=replace(BLUE, fill=(9, 8, 7, 60), stroke_width=3)),
    Ellipse(x=30, y=30, radius_x=5, radius_y=9, t=1, transform=TURNED),
    Line(x1=3, y1=3, x2=9, y2=20, marker_end="Arrow"),
    Polygon(points=((1, 1), (9, 2), (4, 8)), z=0, t=1),
    Point(x=5.5, y=6.5, z=1),
    Label(x=20, y=20, text="note", style=Style(font_size=10)),
)


def test_what_nobody_touched_is_unchanged_whatever_its_kind_planes_and_colours() -> None:
    shown, _ = image()
    found = changes(read_layers(shown, *EVERY))
    assert (found.count, found.unchanged, found.remarks) == (0, len(EVERY), ())


def test_a_moved_shape_is_modified_by_exactly_that() -> None:
    shown, _ = image()
    (layer,) = read_layers(shown, EVERY[0])
    corners = layer.data[0].copy()
    corners[:, -1] += 3.5
    layer.data = [corners]
    (one,) = changes([layer]).modified
    assert one.roi_id == "11"
    assert is_same(one.after, replace(EVERY[0], x=4.5))
    assert one.after.style == EVERY[0].style


def test_a_shape_moved_to_another_plane_is_modified_by_that() -> None:
    shown, _ = image()
    (layer,) = read_layers(shown, EVERY[0])
    corners = layer.data[0].copy()
    corners[:, 1] = 2
    layer.data = [corners]
    (one,) = changes([layer]).modified
    assert (one.after.z, one.after.t) == (2, 0)


def test_a_new_text_or_colour_is_a_change() -> None:
    shown, _ = image()
    (layer,) = read_layers(shown, EVERY[0], replace(EVERY[0], x=30.0))
    table = layer.features.copy()
    table.loc[0, "text"] = "mitotic"
    layer.features = table
    colors = layer.edge_color.copy()
    colors[1] = (1, 0, 0, 1)
    layer.edge_color = colors
    first, second = changes([layer]).modified
    assert first.after.text == "mitotic"
    assert second.after.style.stroke == (255, 0, 0, 255)


def test_a_removed_shape_is_deleted_and_one_of_a_layer_that_is_not_sent_is_not() -> None:
    shown, _ = image()
    first, second = read_layers(shown, EVERY[0], replace(EVERY[0], x=30.0)), read_layers(shown, EVERY[0])
    first[0].selected_data = {0}
    first[0].remove_selected()
    found = changes(first)
    assert [one.shape.id for one in found.deleted] == ["1"]
    assert changes(second).count == 0


def test_a_shape_drawn_in_a_layer_of_rois_is_new_although_napari_copies_the_ids_along() -> None:
    shown, _ = image()
    (layer,) = read_layers(shown, EVERY[0])
    layer.selected_data = {0}
    corners = layer.data[0] + np.array([0, 0, 20, 20])
    layer.add(corners, shape_type="rectangle")
    assert list(layer.features["shape_id"]) == ["1", "1"]
    found = changes([layer])
    (new,) = found.new
    assert (found.unchanged, new.shape.id, new.shape.z) == (1, "", 1)
    assert isinstance(new.shape, Rectangle)
    assert (new.shape.x, new.shape.y) == (21, 22)


def test_a_shape_of_every_plane_of_an_axis_between_is_one_shape() -> None:
    """Its z is every plane and its t is one: napari then has it once per z."""
    shown, _ = image()
    (layer,) = read_layers(shown, replace(EVERY[0], z=None))
    assert len(layer.data) == 3
    assert changes([layer]).unchanged == 1
    data = [corners.copy() for corners in layer.data]
    data[1][:, -1] += 2
    layer.data = data
    found = changes([layer])
    assert found.modified[0].after.x == 3.0  # type: ignore[attr-defined]
    assert found.modified[0].after.z is None
    assert "sent for all" in found.remarks[0]


@pytest.mark.parametrize(("spread", "why"), [(1, "over several planes"), (0, "outside of the image")])
def test_what_cannot_be_sent_is_said_and_not_deleted(spread: int, why: str) -> None:
    shown, _ = image()
    (layer,) = read_layers(shown, EVERY[0])
    corners = layer.data[0].copy()
    corners[:, 1] = (0, spread, 0, 0) if spread else 9
    layer.data = [corners]
    found = changes([layer])
    assert found.count == 0
    assert why in found.remarks[0]


def test_shapes_of_a_drawn_layer_are_new_in_the_image_s_pixels() -> None:
    """A layer drawn in world coordinates, of other scale and place than the image's."""
    data = np.array([[0, 0, 11.0, 12], [0, 0, 11, 16], [0, 0, 15, 16], [0, 0, 15, 12]])
    data += np.array([1, 4, 0, 0])
    layer = Shapes([data], shape_type="rectangle", edge_color="#ff0000", scale=(1, 1, 0.25, 0.5))
    (one,) = changes([layer]).new
    assert one.shape == Rectangle(
        x=(6 - 4) / 0.5 + 0.5,
        y=(2.75 - 3) / 0.5 + 0.5,
        width=4,
        height=2,
        z=1,
        t=0,
        style=Style(stroke=(255, 0, 0, 255), fill=None, stroke_width=1.0),
    )


def test_a_layer_of_two_axes_belongs_to_every_plane() -> None:
    layer = Points([[5.0, 6.0]], features={"label": ["spot"]})
    (one,) = changes([layer]).new
    assert (one.shape.z, one.shape.t, one.shape.text) == (None, None, "spot")
    assert isinstance(one.shape, Point)
    assert (one.shape.x, one.shape.y) == ((6 - 4) / 0.5 + 0.5, (5 - 3) / 0.5 + 0.5)


def test_white_that_nobody_chose_is_no_filling() -> None:
    layer = Shapes([placed([0, 0, 1, 1], [0, 0, 9, 1], [0, 0, 9, 9])], shape_type="polygon")
    (one,) = changes([layer]).new
    assert one.shape.style.fill is None
    assert one.shape.style.stroke is not None


def _arrive(edits: Edits, roi_id: int = 500) -> dict[str, KnownShape]:
    return {
        one.key: KnownShape(str(roi_id + n), replace(one.shape, id=str(900 + n)))
        for n, one in enumerate(edits.drawn)
        if not one.shape.id
    }


def test_what_was_sent_has_its_ids_and_is_not_sent_again() -> None:
    shown, over = image()
    layer = Shapes([placed([0, 0, 5, 5], [0, 0, 9, 5], [0, 0, 9, 9])], shape_type="polygon")
    layer.add([placed([0, 0, 5, 5], [0, 0, 9, 9])], shape_type="line")
    edits = collect([layer], shown, over)
    assert write_ids(edits, _arrive(edits), set(), [layer], KEY) == 0
    assert list(layer.features["roi_id"]) == ["500", "501"]
    assert list(layer.features["shape_id"]) == ["900", "901"]
    assert image_of(layer) == KEY
    found = changes([layer])
    assert (found.count, found.unchanged) == (0, 2)
    layer.selected_data = {0}
    layer.remove_selected()
    assert [one.shape.id for one in changes([layer]).deleted] == ["900"]


def test_a_shape_changed_while_it_was_sent_gets_no_ids_of_another() -> None:
    shown, over = image()
    layer = Points(placed([0, 0, 1, 1], [0, 0, 2, 2]))
    edits = collect([layer], shown, over)
    layer.selected_data = {0}
    layer.remove_selected()
    assert write_ids(edits, _arrive(edits), set(), [layer], KEY) == 1
    assert list(layer.features["shape_id"]) == ["901"]
    assert known_of(layer).keys() == {"901"}


def test_deleted_shapes_are_forgotten() -> None:
    shown, over = image()
    (layer,) = read_layers(shown, EVERY[0], replace(EVERY[0], x=30.0))
    layer.selected_data = {0}
    layer.remove_selected()
    write_ids(collect([layer], shown, over), {}, {"1"}, [layer], KEY)
    assert changes([layer]).count == 0


def test_layers_of_this_image_and_drawn_ones_can_be_sent_and_no_others() -> None:
    shown, over = image()
    (mine,) = read_layers(shown, EVERY[0])
    (other,) = read_layers(replace(shown, metadata={**shown.metadata, "image_id": "8"}), EVERY[0])
    (fixed,) = read_layers(shown, EVERY[0])
    fixed.editable = False
    drawn, ours = Points(ndim=4), Shapes(ndim=4, metadata={"napari_idr": {"box": True}})
    layers: list[Any] = [over, mine, other, fixed, drawn, ours]
    assert sendable_layers(layers, KEY) == [mine, drawn]


def test_a_layer_that_was_changed_is_the_user_s_until_it_is_sent() -> None:
    shown, over = image()
    (layer,) = read_layers(shown, EVERY[0], replace(EVERY[0], x=30.0))
    assert not is_edited(layer)
    layer.selected_data = {0}
    layer.remove_selected()
    assert is_edited(layer)
    write_ids(collect([layer], shown, over), {}, {"1"}, [layer], KEY)
    assert not is_edited(layer)
    table = layer.features.copy()
    table["text"] = ["mitotic"]
    layer.features = table
    assert is_edited(layer)
    assert not is_edited(Points(ndim=2))


@pytest.mark.parametrize("edited_first", [True, False])
def test_an_edited_layer_and_the_one_that_was_read_anew_are_one_change(edited_first: bool) -> None:
    shown, _ = image()
    (edited,), (fresh,) = read_layers(shown, EVERY[0]), read_layers(shown, EVERY[0])
    edited.data = [edited.data[0] + np.array([0, 0, 0, 2])]
    found = changes([edited, fresh] if edited_first else [fresh, edited])
    assert (len(found.modified), found.count, found.remarks) == (1, 1, ())
    fresh.data = [fresh.data[0] + np.array([0, 0, 0, 5])]
    found = changes([edited, fresh])
    assert found.modified[0].after.x == 3.0  # type: ignore[attr-defined]
    assert "in two layers" in found.remarks[0]


def test_the_same_place_needs_no_arithmetic() -> None:
    _, over = image()
    points = np.array([[0.1, 0.2, 1e8 + 0.3, 0.7]])
    same = Points(points, scale=over.scale, translate=over.translate)
    assert np.array_equal(map_to(same, over.axis_labels, world_matrix(over)).to_grid(points), points)


def test_a_turned_layer_is_mapped_too() -> None:
    _, over = image("yx")
    layer = Points([[1.0, 0.0]], rotate=90, translate=over.translate)
    mapped = map_to(layer, over.axis_labels, world_matrix(over)).to_grid(np.array([[1.0, 0.0]]))
    expected = np.asarray(over.world_to_data(layer.data_to_world([1.0, 0.0])))
    assert np.allclose(mapped, expected)


def test_notes_stay_with_a_layer_that_is_duplicated() -> None:
    layer = Points(ndim=2)
    note_known(layer, KEY, {"1": KnownShape("11", EVERY[0])})
    again = Points(**{k: v for k, v in layer._get_state().items() if k in ("data", "ndim", "metadata")})
    assert image_of(again) == KEY
