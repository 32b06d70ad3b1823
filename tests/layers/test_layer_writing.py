"""File > Save of napari: layers to a file of any format, and back as the same layers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.layers import Image, Labels, Layer, Points, Shapes, Tracks
from npe2 import PluginManager

from annotated import image_layer
from napari_idr.errors import NapariIdrError, Unsupported
from napari_idr.formats.annotations.convert import plan, read_any
from napari_idr.formats.annotations.registry import format_of_path
from napari_idr.layers.annotation_grid import grid_of_layer
from napari_idr.layers.annotations import read_layers, take_layer, to_layers
from napari_idr.layers.layer_writing import save_layers
from napari_idr.model.annotation import Ellipse, Line, Point, Polygon, Polyline, Rectangle
from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet, LabelImage, LabelPlace
from napari_idr.model.annotator import Annotator
from napari_idr.model.ontology import OntologyTerm, Phenotype

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from napari_idr.layers.viewer_session import ViewerSession

WHEN = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
ME = Annotator("Josiah Carberry", "0000-0002-1825-0097")
ROUND = Phenotype("round", OntologyTerm("CMPO_0000118", "round cell phenotype"))
AREAS = (
    Rectangle(x=10.5, y=12.25, width=20, height=9, z=1),
    Ellipse(x=40, y=30, radius_x=8, radius_y=5, z=0),
    Polygon(points=((50, 10), (70.25, 12), (60, 30.5)), z=2),
)
PATHS = (Polyline(points=((5, 5), (9.5, 7), (12, 30)), z=0), Line(x1=1, y1=2, x2=30, y2=40.5, z=1))


def described(number: int, **changes: Any) -> AnnotatedObject:
    facts: dict[str, Any] = {
        "uuid": f"29594281-b6a8-4b7e-93ad-afb02c8c{number:04x}",
        "name": f"cell {number}",
        "object_class": "nucleus",
        "phenotypes": (ROUND,),
        "key_values": (("stain", "DAPI"),),
        "comment": "touches its neighbour",
        "annotator": ME,
        "created": WHEN,
        "modified": WHEN,
        "status": "accepted",
        "features": (("area", 330.5), ("gene", "SEPT1")),
    }
    return AnnotatedObject(**(facts | changes))


def image() -> Image:
    return image_layer("tzyx", (4, 3, 64, 80), scale=(2.0, 1.5, 0.5, 0.25), translate=(0, 3, 10, 20))


def shapes(*kinds: Any) -> tuple[AnnotatedObject, ...]:
    return tuple(
        described(number, shapes=(replace(shape, t=2),), layer="cells") for number, shape in enumerate(kinds, 1)
    )


def points() -> tuple[AnnotatedObject, ...]:
    return (described(20, shapes=(Point(x=5.5, y=6.5, z=1, t=0),), layer="spots"),)


def tracks() -> tuple[AnnotatedObject, ...]:
    path = tuple(Point(x=5.5 + t, y=6.5, z=1, t=t) for t in range(3))
    return (described(30, shapes=path, is_track=True, layer="paths", features=()),)


def nuclei(name: str = "nuclei", first: int = 40) -> tuple[LabelImage, tuple[AnnotatedObject, ...]]:
    pixels = np.zeros((4, 3, 64, 80), np.uint16)
    pixels[0, 0:2, 5:20, 8:30], pixels[3, 2, 40:60, 50:79] = 1, 2
    one, other = (described(first + n, label=LabelPlace(name, n), layer=name) for n in (1, 2))
    return LabelImage(name=name, axes=("t", "z", "y", "x"), pixels=pixels), (one, other)


def drawn(over: Image, objects: Sequence[AnnotatedObject], labels: Sequence[LabelImage] = ()) -> list[Layer]:
    """Layers of what lies on an image."""
    whole = AnnotationSet(image=grid_of_layer(over).image, objects=tuple(objects), labels=tuple(labels))  # type: ignore[union-attr]
    made, remarks = to_layers(whole, over)
    assert not remarks
    return made


def as_data(layers: Sequence[Layer]) -> list[Any]:
    return [layer.as_layer_data_tuple() for layer in layers]


def selected(kinds: str) -> tuple[tuple[AnnotatedObject, ...], tuple[LabelImage, ...]]:
    """What is drawn, by the first letters of kinds: areas, lines, points, tracks, labels."""
    made = {
        "a": shapes(*AREAS),
        "l": tuple(described(10 + n, shapes=(replace(s, t=2),), layer="lines") for n, s in enumerate(PATHS)),
        "p": points(),
        "t": tracks(),
        "m": nuclei()[1],
    }
    return tuple(one for kind in kinds for one in made[kind]), (nuclei()[0],) if "m" in kinds else ()


FORMATS = (
    ("a.rois.ome.xml", "alpt"),
    ("a.ome.xml", "al"),
    ("a.rois.csv", "alpt"),
    ("a.rois.parquet", "alpt"),
    ("a.geojson", "alpt"),
    ("a.rois.zip", "alpt"),
    ("a.omero.json", "alpt"),
    ("a.coco.json", "am"),
    ("a.tracks.csv", "t"),
    ("a.masks.ome.xml", "m"),
    ("a.labels.ome.tif", "m"),
    ("a.labels.ome.zarr", "m"),
    ("a.labels.ome.zarr.zip", "m"),
)


@pytest.mark.qt
@pytest.mark.parametrize(("name", "kinds"), FORMATS)
def test_layers_are_the_same_after_save_and_open(
    session: ViewerSession, tmp_path: Path, qtbot: QtBot, name: str, kinds: str
) -> None:
    viewer: Any = session.viewer
    over, path = viewer.add_layer(image()), tmp_path / name
    made = drawn(over, *selected(kinds))
    for layer in made:
        session.annotations.add_layer(layer)
    before = read_layers(made, list(viewer.layers)).sets
    viewer.layers.selection = set(made)
    assert viewer.layers.save(str(path), selected=True, plugin="napari-idr") == [str(path)]
    assert [one.name for one in tmp_path.iterdir()] == [name]
    for layer in made:
        viewer.layers.remove(layer)
    viewer.open(str(path), plugin="napari-idr")
    qtbot.waitUntil(lambda: len(viewer.layers) > 1, timeout=60_000)
    after = read_layers([layer for layer in viewer.layers if layer is not over], list(viewer.layers)).sets
    assert_same(before, after, name)


def assert_same(before: Sequence[AnnotationSet], after: Sequence[AnnotationSet], name: str) -> None:
    (was,), (now,) = before, after
    assert now.image.key == was.image.key
    lost = {loss.uuid: loss.what for loss in plan([was], Any, format_of_path_named(name)).losses}  # type: ignore[arg-type]
    assert now.by_uuid().keys() == was.by_uuid().keys()
    for one in was.objects:
        other = now.by_uuid()[one.uuid]
        assert replace(other, look=one.look) == one, (name, lost.get(one.uuid))
    for label in was.labels:
        np.testing.assert_array_equal(now.label_image(label.name).pixels, label.pixels)


def format_of_path_named(name: str) -> Any:
    from pathlib import Path

    return format_of_path(Path(name))
