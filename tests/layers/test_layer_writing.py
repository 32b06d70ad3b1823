"""File > Save of napari: layers to a file of any format, and back as the same layers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.layers import Image, Labels, Layer, Points, Shapes, Tracks
from npe2 import PluginManager

from annotated import image_layer
from napari_idr.errors import NapariIdrError, Unsupported
from napari_idr.formats.annotations.convert import read_any
from napari_idr.formats.annotations.registry import format_of_path
from napari_idr.layers.annotation_grid import grid_of_layer
from napari_idr.layers.annotations import read_layers, take_layer, to_layers
from napari_idr.layers.layer_writing import save_layers
from napari_idr.model.annotation import Ellipse, Line, Point, Polygon, Polyline, Rectangle
from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet, LabelImage, LabelPlace
from napari_idr.model.annotator import Annotator
from napari_idr.model.ontology import OntologyTerm, Phenotype

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    lost = {loss.uuid for loss in format_of_path(Path(name)).losses([was])}
    assert now.by_uuid().keys() == was.by_uuid().keys()
    for one in was.objects:
        other = now.by_uuid()[one.uuid]
        if one.uuid in lost:  # what became of its shapes is an edit of the object
            one = replace(one, shapes=other.shapes, modified=other.modified)
        assert replace(other, look=one.look) == one
    for label in was.labels:
        np.testing.assert_array_equal(now.label_image(label.name).pixels, label.pixels)


# -- what napari chooses


@pytest.fixture
def writers() -> PluginManager:
    found = PluginManager.instance()
    found.discover()
    return found


OURS = [
    (name, kind)
    for kinds, names in {
        "shapes points tracks": ("a.rois.ome.xml", "a.ome.xml", "a.geojson", "a.omero.json", "a.rois.zip"),
        "shapes points tracks labels": ("a.rois.csv", "a.rois.parquet", "a.omero_table.csv"),
        "shapes labels": ("a.coco.json", "a.tables.zarr"),
        "labels": ("a.masks.ome.xml", "a.labels.ome.tif", "a.labels.ome.zarr", "a.labels.ome.zarr.zip"),
        "shapes points": ("a.roi",),
        "tracks": ("a.tracks.csv",),
    }.items()
    for name in names
    for kind in kinds.split()
]


@pytest.mark.parametrize(("name", "kind"), OURS)
def test_napari_finds_the_writer_by_the_whole_ending(writers: PluginManager, name: str, kind: str) -> None:
    writer, path = writers.get_writer(name, [kind])
    assert writer is not None
    assert (writer.command.split(".")[0], path) == ("napari-idr", name)
    assert format_of_path(Path(name)).endings


@pytest.fixture(params=["napari first", "ours first"])
def either_way(request: pytest.FixtureRequest, writers: PluginManager) -> PluginManager:
    """In which order plugins are found is the file system's business."""
    found = PluginManager()
    manifests = [writers.get_manifest(name) for name in ("napari", "napari-idr")]
    for manifest in manifests if request.param == "napari first" else reversed(manifests):
        found.register(manifest)
    return found


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("a", kind) for kind in ("labels", "shapes", "points")),
        ("a.csv", "points"),
        ("a.csv", "shapes"),
        ("a.tif", "labels"),
        ("a.ome.tif", "labels"),
        ("a.zarr", "labels"),
        ("a.ome.zarr", "labels"),
        ("a.parquet", "points"),
        ("a.json", "shapes"),
        ("a.zip", "shapes"),
        ("a.xml", "shapes"),
    ],
)
def test_what_others_write_stays_theirs(either_way: PluginManager, name: str, kind: str) -> None:
    writer, _ = either_way.get_writer(name, [kind])
    assert writer is None or not writer.command.startswith("napari-idr")


def test_each_ending_of_a_writer_is_one_that_its_format_has_and_that_napari_opens(writers: PluginManager) -> None:
    from napari_idr.plugin import get_reader

    ours = [one for one in writers.get_manifest("napari-idr").contributions.writers or () if "view" not in one.command]
    for ending in (ending for one in ours for ending in one.filename_extensions):
        path = f"/nowhere/cells{ending}"
        assert format_of_path(Path(path)).reads
        assert get_reader(path) is not None
        assert "napari-idr" in {one.plugin_name for one in writers.iter_compatible_readers([path])}


# -- without a window: what is written, and what is said


def test_what_a_layer_does_not_show_is_written_too(tmp_path: Path) -> None:
    made = drawn(image(), shapes(AREAS[0]))
    saved = save_layers(tmp_path / "a.rois.csv", as_data(made))
    (back,) = read_any(saved.paths[0])
    # layer data are not the layer: what is known beyond them comes with the viewer (see above)
    assert back.objects[0].uuid == shapes(AREAS[0])[0].uuid
    assert (saved.remarks, saved.losses) == ((), ())


def test_what_a_format_cannot_hold_is_named_object_by_object(tmp_path: Path) -> None:
    made = drawn(image(), (*selected("am")[0],), selected("am")[1])
    saved = save_layers(tmp_path / "a.coco.json", as_data(made))
    (line,) = [line for line in saved.losses if "cell 2" in line]
    assert "that it is an ellipse: it becomes a polygon of 64 corners" in line
    lines = save_layers(tmp_path / "a.rois.csv", as_data(made)).losses
    assert lines == ("lost of image image 17: the pixels of the label image nuclei",)


def test_an_object_that_is_lost_as_a_whole_is_said_to_be(tmp_path: Path) -> None:
    objects, labels = selected("am")
    saved = save_layers(tmp_path / "a.geojson", as_data(drawn(image(), objects, labels)))
    whole = [line for line in saved.losses if "all of it" in line]
    assert len(whole) == 2
    assert all("cell 4" in line for line in whole)
    (back,) = read_any(saved.paths[0])
    assert len(back.objects) == len(AREAS)


def test_what_lies_on_several_planes_is_named_and_left_out(tmp_path: Path) -> None:
    over = image()
    (layer,) = drawn(over, shapes(AREAS[0]))
    corners = np.array([[0, 0, 5, 5], [0, 1, 5, 9], [0, 2, 9, 9]], float)
    layer.add(corners, shape_type="polygon")  # type: ignore[attr-defined]
    saved = save_layers(tmp_path / "a.geojson", as_data([layer]))
    assert len(saved.losses) == 1
    assert "It lies across 3 planes along z" in saved.losses[0]
    assert len(read_any(saved.paths[0])[0].objects) == 1


def test_layers_of_several_images_are_a_file_each(tmp_path: Path) -> None:
    one, other = image(), image_layer("yx", (60, 80), image_id="18")
    flat = described(5, shapes=(Rectangle(x=1, y=2, width=3, height=4),))
    layers = [*drawn(one, shapes(AREAS[0])), *drawn(other, (flat,))]
    saved = save_layers(tmp_path / "a.geojson", as_data(layers))
    assert [path.name for path in saved.paths] == ["a-17__image_17.geojson", "a-18__image_18.geojson"]
    assert [len(read_any(path)[0].objects) for path in saved.paths] == [1, 1]


def test_a_file_that_cannot_be_written_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "a.rois.ome.xml"
    path.write_text("before")
    (layer,) = drawn(image(), (described(1, shapes=(Polygon(points=((-5, 2), (9, 4), (3, 8)), z=0, t=0),)),))
    with pytest.raises(NapariIdrError, match="cell 1"):
        save_layers(path, as_data([layer]))
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
    save_layers(path, as_data(drawn(image(), shapes(AREAS[0]))))
    assert len(read_any(path)[0].objects) == 1


def test_a_folder_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.labels.ome.zarr").mkdir()
    with pytest.raises(NapariIdrError, match="There is a folder of that name already"):
        save_layers(tmp_path / "a.labels.ome.zarr", as_data(drawn(image(), *selected("m"))))


def test_a_name_without_a_format_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match=r"use one of .*\.geojson"):
        save_layers(tmp_path / "cells", as_data(drawn(image(), shapes(AREAS[0]))))


def test_the_version_of_ome_zarr_is_chosen(tmp_path: Path) -> None:
    made = as_data(drawn(image(), *selected("m")))
    save_layers(tmp_path / "a.labels.ome.zarr", made)
    save_layers(tmp_path / "b.labels.ome.zarr", made, key="ome-zarr-labels-0.5")
    assert (tmp_path / "a.labels.ome.zarr" / ".zattrs").is_file()
    assert (tmp_path / "b.labels.ome.zarr" / "zarr.json").is_file()
    for name in "ab":
        (back,) = read_any(tmp_path / f"{name}.labels.ome.zarr")
        np.testing.assert_array_equal(back.labels[0].pixels[...], nuclei()[0].pixels)


# -- layers that nobody tied to an image


SQUARE = np.array([[9.5, 19.5], [9.5, 20.5], [10.5, 20.5], [10.5, 19.5]])


@pytest.mark.qt
def test_a_layer_of_the_users_own_lies_on_the_image_below_it(session: ViewerSession, tmp_path: Path) -> None:
    viewer: Any = session.viewer
    viewer.add_layer(image_layer("yx", (64, 80), scale=(0.5, 0.25), translate=(3, 4)))
    foreign = viewer.add_shapes([SQUARE], shape_type="rectangle", scale=(0.5, 0.25), translate=(3, 4), name="mine")
    viewer.layers.selection = {foreign}
    viewer.layers.save(str(tmp_path / "a.geojson"), selected=True, plugin="napari-idr")
    (back,) = read_any(tmp_path / "a.geojson")
    assert back.image.image_id == "17"
    (shape,) = back.objects[0].shapes
    assert (shape.x, shape.y, shape.width, shape.height) == (20, 10, 1, 1)  # type: ignore[union-attr]
    assert back.objects[0].layer == "mine"
    assert "roi_uuid" not in foreign.features.columns
    assert "napari_idr" not in foreign.metadata


@pytest.mark.qt
def test_an_image_of_naparis_own_counts_too(session: ViewerSession, tmp_path: Path) -> None:
    viewer: Any = session.viewer
    viewer.add_image(np.zeros((64, 80), np.uint8), name="blobs", scale=(0.5, 0.5))
    viewer.add_points([[5.0, 6.0]], scale=(1.0, 1.0), name="spots")
    viewer.layers.selection = {viewer.layers["spots"]}
    viewer.layers.save(str(tmp_path / "a.rois.csv"), selected=True, plugin="napari-idr")
    (back,) = read_any(tmp_path / "a.rois.csv")
    assert (back.image.address, back.image.size_x, back.image.size_y) == ("blobs", 80, 64)
    (shape,) = back.objects[0].shapes
    assert (shape.y, shape.x) == (10.5, 12.5)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "name", ["a.rois.ome.xml", "a.rois.csv", "a.geojson", "a.rois.zip", "a.omero.json", "a.coco.json", "a.rois.parquet"]
)
def test_layers_on_no_image_are_saved_in_their_own_pixels_and_open_on_any(tmp_path: Path, name: str) -> None:
    bare = Shapes([SQUARE], shape_type="rectangle", scale=(0.5, 0.25), name="mine")
    saved = save_layers(tmp_path / name, as_data([bare]))
    assert saved.remarks == ("mine lies on no image that is open: it is saved in pixels of mine.",)
    (alone,) = read_any(saved.paths[0])
    assert alone.image.address == name
    over = grid_of_layer(image_layer("yx", (64, 80)))
    (placed,) = read_any(saved.paths[0], over.image)  # type: ignore[union-attr]
    (shape,) = placed.objects[0].shapes
    assert (shape.x, shape.y, shape.width, shape.height) == (20, 10, 1, 1)  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["a.labels.ome.tif", "a.labels.ome.zarr", "a.masks.ome.xml", "a.coco.json"])
def test_labels_on_no_image_are_their_own_pixels(tmp_path: Path, name: str) -> None:
    pixels = np.zeros((64, 80), np.int32)
    pixels[5:9, 6:20] = 7
    saved = save_layers(tmp_path / name, as_data([Labels(pixels, name="mine", scale=(0.5, 0.5))]))
    over = grid_of_layer(image_layer("yx", (64, 80)))
    (back,) = read_any(saved.paths[0], over.image)  # type: ignore[union-attr]
    np.testing.assert_array_equal(back.labels[0].pixels[...].squeeze(), pixels)
    assert [one.label and one.label.value for one in back.objects] == [7]


def test_tracks_on_no_image_keep_their_time(tmp_path: Path) -> None:
    data = np.array([[1, 0, 5, 6], [1, 1, 6, 7], [2, 1, 9, 9]], float)
    saved = save_layers(tmp_path / "a.tracks.csv", as_data([Tracks(data, name="mine")]))
    (back,) = read_any(saved.paths[0])
    assert [[(p.t, p.y, p.x) for p in one.shapes] for one in back.objects] == [  # type: ignore[union-attr]
        [(0, 5.5, 6.5), (1, 6.5, 7.5)],
        [(1, 9.5, 9.5)],
    ]


def test_a_mixed_selection_lies_in_the_pixels_of_its_labels(tmp_path: Path) -> None:
    labels = Labels(np.ones((32, 32), np.uint8), name="cells", scale=(2.0, 2.0))
    points = Points([[4.0, 6.0]], name="spots")
    saved = save_layers(tmp_path / "a.rois.csv", as_data([points, labels]))
    (back,) = read_any(saved.paths[0])
    (spot,) = [one for one in back.objects if one.shapes]
    assert (spot.shapes[0].y, spot.shapes[0].x) == (2.5, 3.5)  # type: ignore[union-attr]
    assert back.image.size_x == 32


def test_a_layer_whose_image_is_closed_is_named(tmp_path: Path) -> None:
    layer = Shapes([SQUARE], shape_type="rectangle", name="mine")
    over = image_layer("yx", (64, 80))
    take_layer(layer, over)
    del layer.metadata["napari_idr"]["grid"]
    with pytest.raises(Unsupported, match="mine"):
        save_layers(tmp_path / "a.geojson", as_data([layer]))


def test_ngio_gets_the_boxes(tmp_path: Path) -> None:
    over = image_layer("zyx", (3, 64, 80), scale=(1.0, 0.25, 0.25), units=("micrometer",) * 3)
    made = drawn(over, (described(1, shapes=(replace(AREAS[0], z=1),)),))
    saved = save_layers(tmp_path / "a.tables.zarr", as_data(made))
    (back,) = read_any(saved.paths[0], grid_of_layer(over).image)  # type: ignore[union-attr]
    assert [(one.x, one.y, one.z) for one in back.objects[0].shapes] == [(10.5, 12.25, 1)]  # type: ignore[union-attr]


def test_a_table_of_features_says_that_it_knows_no_places(tmp_path: Path) -> None:
    saved = save_layers(tmp_path / "a.omero_table.csv", as_data(drawn(image(), shapes(AREAS[0]))))
    assert saved.losses == ("lost of image 17, cell 1: where it lies",)
    assert "330.5" in saved.paths[0].read_text()


@pytest.mark.qt
def test_napari_tells_what_is_lost_and_why_nothing_was_written(
    session: ViewerSession, tmp_path: Path, capsys: pytest.CaptureFixture[str], qtbot: QtBot
) -> None:
    from napari.utils.notifications import notification_manager

    viewer: Any = session.viewer
    viewer.add_layer(image_layer("yx", (64, 80)))
    layer = viewer.add_shapes([SQUARE - 30], shape_type="polygon", name="mine")
    viewer.layers.selection = {layer}
    with pytest.raises(NapariIdrError, match=r"^[^\n]+$"):
        viewer.layers.save(str(tmp_path / "a.rois.ome.xml"), selected=True, plugin="napari-idr")
    assert list(tmp_path.iterdir()) == []
    layer.data = [SQUARE]
    said: list[str] = []
    notification_manager.notification_ready.connect(lambda one: said.append(one.message))
    viewer.layers.save(str(tmp_path / "a.omero_table.csv"), selected=True, plugin="napari-idr")
    assert said[0] == "mine is saved as drawn on image 17."
    assert said[1].startswith("a.omero_table.csv does not hold everything:\nlost of image 17")
