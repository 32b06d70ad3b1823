"""What is drawn over a plate belongs to its fields: told apart, split where it lies across, shown again."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.layers import Image, Points
from test_annotation_history import Window

from napari_idr.layers.annotation_layers import new_layer
from napari_idr.layers.annotations import read_layers, to_layers
from napari_idr.layers.plate_annotations import plate_grid
from napari_idr.layers.plates import plan_plate
from napari_idr.model.annotation import Line, Point, Polygon, Rectangle
from napari_idr.model.image import PlateReference
from napari_idr.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.layers.history import Annotations
    from napari_idr.readers.plate import PlateMosaic


class Shown:
    """A plate that is shown, as the annotations see one."""

    def __init__(self, mosaic: PlateMosaic, layer: Any) -> None:
        self.mosaic, self.channels = mosaic, [layer]
        wells = mosaic.source.wells.values()
        self.field_ids = {(w.row_index, w.column_index, 0): str(100 + n) for n, w in enumerate(wells)}


@pytest.fixture(scope="module")
def mosaic() -> Iterator[PlateMosaic]:
    with Session() as session:
        source = str(files("napari_idr") / "data" / "tiny-plate.ozx")
        reference = PlateReference(
            "https://omero.example", "", "7", source, "tiny", "https://omero.example/?show=plate-7"
        )
        yield session.open_plate(reference)


@pytest.fixture
def shown(mosaic: PlateMosaic) -> Shown:
    options = plan_plate(mosaic, mosaic.source.reference)[0].options
    kept = {name: options[name] for name in ("scale", "units", "axis_labels", "metadata", "name")}
    layer = Image(np.zeros((mosaic.layout.height, mosaic.layout.width), np.uint8), **kept)
    return Shown(mosaic, layer)


def slots(shown: Shown) -> list[Any]:
    """Where the fields lie that are there."""
    layout = shown.mosaic.layout
    every = [slot for found in layout.slots.values() for slot in found]
    return [slot for slot in every if not shown.mosaic.fields.is_absent(slot.key)]


def box(y: float, x: float, height: float = 6, width: float = 8) -> np.ndarray:
    return np.array([[y, x], [y, x + width], [y + height, x + width], [y + height, x]]) - 0.5


def test_each_field_gets_a_set_of_its_own_with_coordinates_of_its_own(shown: Shown) -> None:
    first, second = slots(shown)[:2]
    grid = plate_grid(shown.channels[0], [shown])
    layer: Any = new_layer("shapes", shown.channels[0], grid, "cells")
    for slot in (first, second, first):
        layer.add(box(slot.y + 3, slot.x + 4), shape_type="rectangle")
    read = read_layers([layer], [], [shown])
    assert [len(made.objects) for made in read.sets] == [2, 1]
    for made in read.sets:
        assert made.objects[0].shapes == (Rectangle(x=4, y=3, width=8, height=6),)
    image = read.sets[1].image
    assert (image.plate, image.well, image.field) == ("tiny", shown.mosaic.fields.wells[second.key[0]].name, "0")
    assert image.key == f"https://omero.example/{image.image_id}"
    assert image.address == f"https://omero.example/?show=image-{image.image_id}"
    assert image.size_x == second.width


def test_a_set_of_a_field_is_shown_on_it_again(shown: Shown) -> None:
    slot = slots(shown)[-1]
    over = shown.channels[0]
    layer: Any = new_layer("points", over, plate_grid(over, [shown]), "spots")
    layer.add([[slot.y + 2, slot.x + 5]])
    (made,) = read_layers([layer], [], [shown]).sets
    (one,) = made.objects
    assert isinstance(one.shapes[0], Point)
    assert (one.shapes[0].y, one.shapes[0].x) == (2.5, 5.5)
    (back,), remarks = to_layers(made, over, [], [shown])
    assert not remarks
    assert isinstance(back, Points)
    np.testing.assert_allclose(back.data, layer.data)


def test_what_reaches_over_the_edge_stays_its_fields_and_what_lies_in_a_gap_is_nobodys(shown: Shown) -> None:
    slot = slots(shown)[0]
    over = shown.channels[0]
    layer: Any = new_layer("points", over, plate_grid(over, [shown]), "spots")
    gap = shown.mosaic.layout.cell[1] + 1
    layer.add([[slot.y + 2, gap]])
    assert not read_layers([layer], [], [shown]).sets
    (problem,) = read_layers([layer], [], [shown]).problems
    assert "no field" in problem.what
    shapes: Any = new_layer("shapes", over, plate_grid(over, [shown]), "cells")
    shapes.add(np.array([[slot.y + 1, slot.x + 1], [slot.y + 1, slot.x - 3]]), shape_type="line")
    (made,) = read_layers([shapes], [], [shown]).sets
    assert made.objects[0].shapes == (Line(x1=1.5, y1=1.5, x2=-2.5, y2=1.5),)


@pytest.mark.parametrize("kind", ["rectangle", "ellipse", "polygon", "line"])
def test_a_shape_across_two_fields_is_refused_and_can_be_split(shown: Shown, kind: str) -> None:
    window = Window()
    window.plates = [shown]
    annotations: Annotations = window.start(shown.channels[0])
    first, second = slots(shown)[:2]
    layer = annotations.add_layer(
        new_layer("shapes", shown.channels[0], plate_grid(shown.channels[0], [shown]), "cells")
    )
    width = second.x + 5 - (first.x + first.width - 5)
    across = box(first.y + 4, first.x + first.width - 5, 6, width)
    layer.add(across[[0, 2]] if kind == "line" else across, shape_type=kind)
    assert not annotations.book.held
    (problem,) = annotations.book.problems.values()
    assert problem.can_split
    annotations.split()
    assert len(annotations.book.held) == 2
    assert len({held.image.key for held in annotations.book.held.values()}) == 2
    pieces = [held.one.shapes[0] for held in annotations.book.held.values()]
    if kind == "rectangle":
        assert pieces == [
            Rectangle(x=first.width - 5, y=4, width=5, height=6),
            Rectangle(x=0, y=4, width=5, height=6),
        ]
    elif kind != "line":
        assert all(isinstance(piece, Polygon) for piece in pieces)
        assert max(x for x, _ in pieces[0].points) == pytest.approx(first.width)  # type: ignore[union-attr]
        assert min(x for x, _ in pieces[1].points) == pytest.approx(0)  # type: ignore[union-attr]
    annotations.undo()
    assert len(layer.data) == 1
    assert not annotations.book.held


def test_copies_go_to_other_fields(shown: Shown) -> None:
    window = Window()
    window.plates = [shown]
    annotations = window.start(shown.channels[0])
    grid: Any = plate_grid(shown.channels[0], [shown])
    layer = annotations.add_layer(new_layer("shapes", shown.channels[0], grid, "cells"))
    every = slots(shown)
    layer.add(box(every[0].y + 3, every[0].x + 4), shape_type="rectangle")
    (uuid,) = annotations.book.held
    annotations.copy([uuid], fields=[grid.image(slot.key) for slot in every])
    assert len(annotations.book.held) == len(every)
    assert len({held.image.key for held in annotations.book.held.values()}) == len(every)
    assert {held.one.shapes for held in annotations.book.held.values()} == {annotations.book.held[uuid].one.shapes}


def test_what_is_dragged_into_another_field_is_deleted_here_and_new_there(shown: Shown) -> None:
    window = Window()
    window.plates = [shown]
    annotations = window.start(shown.channels[0])
    layer = annotations.add_layer(
        new_layer("shapes", shown.channels[0], plate_grid(shown.channels[0], [shown]), "cells")
    )
    first, second = slots(shown)[:2]
    layer.add(box(first.y + 3, first.x + 4), shape_type="rectangle")
    (here,) = annotations.book.held.values()
    step = np.array([second.y - first.y, second.x - first.x])
    layer.data = [layer.data[0] + step]
    (there,) = annotations.book.held.values()
    assert there.image.key != here.image.key
    assert there.one.shapes == here.one.shapes
    assert [change.kind for change in window.edits[-1].objects] == ["deleted", "new"]
    for held, corner in ((here, first), (there, second)):
        (annotations.undo if held is here else annotations.redo)()
        (now,) = annotations.book.held.values()
        assert now.image.key == held.image.key
        np.testing.assert_allclose(layer.data[0].min(axis=0), (corner.y + 2.5, corner.x + 3.5))
        assert not annotations.book.deleted
