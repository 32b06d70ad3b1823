from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelled_sets import drawn_object, image, labelled_set, rich_object
from napari_idr.errors import FormatError, NapariIdrError
from napari_idr.formats.annotations.ngio_tables import FORMAT, write_ngio_tables
from napari_idr.model.annotation import Ellipse, Polygon, Rectangle, Style
from napari_idr.model.annotation_set import LabelImage, Spacing

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotatedObject


def box(**changes: Any) -> AnnotatedObject:
    shapes = (Rectangle(x=1.1, y=2.3, width=7.7, height=5, z=1),)
    return replace(rich_object(9), label=None, **({"shapes": shapes} | changes))


def written(one: Any, tmp_path: Path, **options: Any) -> Path:
    path = tmp_path / "a.tables.zarr"
    write_ngio_tables(path, one, **options)
    return path


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("backend", ["csv", "json"])
def test_boxes_and_what_is_said_of_all_objects_come_back(zarr_format: Any, backend: Any, tmp_path: Path) -> None:
    one = labelled_set(objects=(box(), drawn_object(), *labelled_set().objects))
    path = written(one, tmp_path, zarr_format=zarr_format, backend=backend)
    again = FORMAT.read(path, one.image)[0]
    assert again.objects == one.objects
    assert again.remarks == ()
    assert [loss.uuid for loss in FORMAT.losses([one])] == [""]  # the pixels of the label image


@settings(max_examples=60, deadline=None)
@given(
    x=st.floats(-20, 90, allow_subnormal=False),
    width=st.floats(0.001, 90),
    z=st.none() | st.integers(0, 2),
    t=st.none() | st.integers(0, 3),
    size=st.floats(0.01, 3),
)
def test_any_box_comes_back_exactly(
    x: float, width: float, z: int | None, t: int | None, size: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    owner = image(size_t=4, spacing=tuple((axis, Spacing(size, "micrometer")) for axis in "xyz"))
    one = labelled_set(
        image=owner, labels=(), objects=(box(shapes=(Rectangle(x=x, y=2, width=width, height=1, z=z, t=t),)),)
    )
    path = written(one, tmp_path_factory.mktemp("ngio"))
    assert FORMAT.losses([one]) == ()
    assert FORMAT.read(path, owner)[0].objects == one.objects


def test_the_numbers_are_micrometres_from_the_corner_of_the_image(tmp_path: Path) -> None:
    path = written(labelled_set(objects=(drawn_object(),), labels=()), tmp_path)
    lines = (path / "napari_idr_rois" / "table.csv").read_text(encoding="utf-8").splitlines()
    row = dict(zip((cell.strip('"') for cell in lines[0].split(",")), lines[1].split(","), strict=False))
    assert row["FieldIndex"] == '"box"'
    assert [float(row[f"{axis}_micrometer"]) for axis in "xyz"] == [0.625, 0.75, 1.0]
    assert [float(row[f"len_{axis}_micrometer"]) for axis in "xyz"] == [2.5, 1.3125, 1.0]
    attributes = json.loads((path / "napari_idr_rois" / ".zattrs").read_text())
    assert (attributes["type"], attributes["backend"], attributes["table_version"]) == ("roi_table", "csv", "1")


def test_boxes_round_labels_are_those_of_their_pixels(tmp_path: Path) -> None:
    part = LabelImage(name="cells", axes=("y", "x"), pixels=np.array([[5, 5, 0], [0, 5, 7]]), origin=(3, 10), level=1)
    path = written(labelled_set(labels=(*labelled_set().labels, part)), tmp_path, backend="json")
    assert json.loads((path / ".zattrs").read_text())["tables"] == [
        "nuclei_ROI_table",
        "cells_ROI_table",
        "nuclei_features",
        "cells_features",
    ]
    held = json.loads((path / "nuclei_ROI_table" / "table" / ".zattrs").read_text())
    assert held["label"] == [1, 2]
    assert held["x_micrometer"] == [2.0, 12.5]
    assert held["len_y_micrometer"] == [3.75, 5.0]
    assert held["z_micrometer"] == [0.0, 2.0]
    assert held["len_z_micrometer"] == [2.0, 1.0]
    coarse = json.loads((path / "cells_ROI_table" / "table" / ".zattrs").read_text())
    assert coarse["x_micrometer"] == [5.0, 6.0]
    assert coarse["len_x_micrometer"] == [1.0, 0.5]
    assert coarse["len_z_micrometer"] == [3.0, 3.0]
    attributes = json.loads((path / "cells_ROI_table" / ".zattrs").read_text())
    assert attributes["region"] == {"path": "../labels/cells"}
    assert attributes["instance_key"] == "label"


OUTLINES = {
    "ellipse": box(shapes=(Ellipse(x=20, y=30, radius_x=5, radius_y=7.5),)),
    "two shapes": box(
        shapes=(Rectangle(x=1, y=1, width=2, height=2, z=0), Rectangle(x=5, y=5, width=2, height=2, z=2))
    ),
    "polygon": box(shapes=(Polygon(points=((1, 1), (9, 2), (4, 8)), z=2),)),
    "styled": box(shapes=(Rectangle(x=1, y=1, width=2, height=2, style=Style(stroke=(1, 2, 3, 4))),)),
    "of one channel": box(shapes=(Rectangle(x=1, y=1, width=2, height=2, c=1),)),
}


@pytest.mark.parametrize("name", OUTLINES)
def test_an_outline_that_becomes_a_box_is_named_before(name: str, tmp_path: Path) -> None:
    one = labelled_set(objects=(OUTLINES[name], drawn_object()), labels=())
    assert [loss.uuid for loss in FORMAT.losses([one])] == [OUTLINES[name].uuid]
    again = FORMAT.read(written(one, tmp_path), one.image)[0].objects
    assert again[0] != OUTLINES[name]
    assert replace(again[0], shapes=()) == replace(OUTLINES[name], shapes=())
    assert again[1] == drawn_object()


def test_an_ellipse_becomes_the_box_round_it(tmp_path: Path) -> None:
    one = labelled_set(objects=(OUTLINES["ellipse"],), labels=())
    (shape,) = FORMAT.read(written(one, tmp_path), one.image)[0].objects[0].shapes
    assert (shape.x, shape.y, shape.width, shape.height, shape.z) == pytest.approx((15, 22.5, 10, 15, None))


def test_objects_of_one_name_are_told_apart(tmp_path: Path) -> None:
    twins = tuple(replace(drawn_object(), uuid=f"00000000-0000-4000-8000-00000000000{n}") for n in range(2))
    one = labelled_set(objects=twins, labels=())
    assert FORMAT.read(written(one, tmp_path), one.image)[0].objects == twins


def test_a_row_that_was_moved_lies_where_its_columns_say(tmp_path: Path) -> None:
    one = labelled_set(objects=(drawn_object(),), labels=())
    path = written(one, tmp_path)
    table = path / "napari_idr_rois" / "table.csv"
    table.write_text(table.read_text().replace("0.625", "5"))
    (shape,) = FORMAT.read(path, one.image)[0].objects[0].shapes
    assert shape.x == 20


@pytest.mark.parametrize("version", ["v04", "v05"])
def test_tables_that_ngio_wrote_are_read(version: str, shared: Path) -> None:
    path = shared / f"formats/samples/ngio/{version}/test_image_czyx.zarr"
    owner = image(
        size_x=64,
        size_y=64,
        size_z=10,
        spacing=(("x", Spacing(0.5, "micrometer")), ("y", Spacing(0.5, "micrometer")), ("z", Spacing(1, "micrometer"))),
    )
    (one,) = FORMAT.read(path, owner)[0].objects
    assert one.name == "image"
    assert one.shapes == (Rectangle(x=0, y=0, width=64, height=64),)


def test_tables_of_other_makers_are_read(shared: Path) -> None:
    path = shared / "formats/samples/generated/B1_C1.v0.5.tables"
    found = FORMAT.read(path, image(size_x=96))[0]
    assert [one.kind for one in found.objects] == ["region", "label", "label"]
    assert found.objects[1].phenotypes[0].term.accession == "CMPO_0000118"


def test_without_a_pixel_size_nothing_is_guessed(tmp_path: Path) -> None:
    one = labelled_set(image=image(spacing=(("x", Spacing(1.0)), ("y", Spacing(1.0)))))
    with pytest.raises(FormatError, match="size of a pixel"):
        FORMAT.write([replace(one, objects=(drawn_object(),))], tmp_path / "a.tables.zarr")
    with pytest.raises(FormatError, match="without the image"):
        FORMAT.read(written(labelled_set(), tmp_path))


def test_damaged_tables_are_refused_in_a_sentence(tmp_path: Path) -> None:
    one = labelled_set(objects=(box(), rich_object(1)))
    path = written(one, tmp_path)
    for file in sorted(path.rglob("*")):
        if file.is_dir():
            continue
        whole = file.read_bytes()
        for content in (
            b"",
            b'{"tables": 7}',
            b'"a","b"\n"c"\n',
            b"\xff\xfe",
            whole.replace(b'"', b"", 1),
            b"[" * 9000,
        ):
            file.write_bytes(content)
            try:
                FORMAT.read(path, one.image)
            except NapariIdrError:
                continue
        file.write_bytes(whole)
    assert FORMAT.read(path, one.image)[0].objects == one.objects


def test_the_same_set_gives_the_same_bytes(tmp_path: Path) -> None:
    trees = []
    for name in "ab":
        write_ngio_tables(tmp_path / name, labelled_set(objects=(box(), rich_object(1))))
        files = sorted(p for p in (tmp_path / name).rglob("*") if p.is_file())
        trees.append([(p.relative_to(tmp_path / name), p.read_bytes()) for p in files])
    assert trees[0] == trees[1]
