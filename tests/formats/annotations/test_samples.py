"""Files that other programs made of one known scene: each says the same shapes in the same places."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_idr.formats.annotations.outlines import vertices
from napari_idr.formats.annotations.registry import format_of_key
from napari_idr.model.annotation import Ellipse, Mask, Point
from napari_idr.model.shape_geometry import place

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet

TOLERANCE = 1e-4
FILES = {
    "ome-xml": "B1_C1.rois.ome.xml",
    "omero-json": "B1_C1.omero_rois.json",
    "geojson": "B1_C1.qupath.geojson",
    "rois-csv": "rois.csv",
    "rois-parquet": "rois.parquet",
}


@pytest.fixture
def generated(shared: Path) -> Path:
    return shared / "formats" / "samples" / "generated"


def read(generated: Path, key: str) -> AnnotationSet:
    (found,) = format_of_key(key).read(generated / FILES[key])
    return found


def without_masks(one: AnnotationSet) -> dict[str, AnnotatedObject]:
    return {thing.name: thing for thing in one.objects if not isinstance(thing.shapes[0], Mask)}


@pytest.mark.parametrize("key", list(FILES))
def test_the_scene_is_the_same_in_every_format(generated: Path, key: str) -> None:
    expected, found = without_masks(read(generated, "omero-json")), without_masks(read(generated, key))
    assert list(found) == list(expected)
    for name, thing in expected.items():
        (before,), (after,) = thing.shapes, found[name].shapes
        if name in ("ell_1", "ell_rot") and key == "geojson":
            # 64 corners with four decimals
            assert np.allclose(np.mean(vertices(after), axis=0), place(before)[1].mean(axis=0)[::-1] + 0.5, atol=1e-3)
            continue
        corners, others = place(before)[1], place(after)[1]
        rounded = key == "ome-xml" and name == "ell_rot"  # its transform was written with four decimals
        assert np.abs(corners - others).max() <= (2e-3 if rounded else TOLERANCE), name
        planes = (before.z, before.t)
        assert (after.z, after.t) == planes


@pytest.mark.parametrize("key", ["ome-xml", "geojson", "rois-csv", "rois-parquet"])
def test_what_is_said_of_objects_is_read(generated: Path, key: str) -> None:
    found = without_masks(read(generated, key))
    assert found["rect_1"].uuid == "4331bf75-c191-5fc2-80f7-79dc3c455796"
    if key != "geojson":
        assert found["rect_1"].annotator.orcid == "0000-0002-1825-0097"
        (phenotype,) = found["rect_1"].phenotypes
        assert (phenotype.name, phenotype.term.accession if phenotype.term else "") == ("large cells", "CMPO_0000128")
    assert found["ell_1"].shapes[0].style.stroke == (0, 255, 0, 255) or key == "ome-xml"


def test_masks_of_the_sample_are_masks_of_three_dimensions(generated: Path) -> None:
    found = [thing for thing in read(generated, "ome-xml").objects if isinstance(thing.shapes[0], Mask)]
    tifffile = pytest.importorskip("tifffile")
    labels = tifffile.imread(generated / "B1_C1__nuclei.labels.ome.tif")
    assert len(found) == 2
    for thing in found:
        again = np.zeros(labels.shape, bool)
        for mask in thing.shapes:
            assert isinstance(mask, Mask)
            assert mask.bits is not None
            top, left, height, width = int(mask.y), int(mask.x), int(mask.height), int(mask.width)
            bits = np.unpackbits(np.frombuffer(mask.bits, np.uint8), count=height * width).reshape(height, width)
            again[mask.z, top : top + height, left : left + width] |= bits.astype(bool)
        np.testing.assert_array_equal(again, labels == int(thing.name.removeprefix("label_")))


def test_ours_has_the_numbers_of_the_sample(generated: Path, tmp_path: Path) -> None:
    one = read(generated, "ome-xml")
    shapes = [thing for thing in one.objects if not isinstance(thing.shapes[0], Mask)]
    path = tmp_path / "ours.ome.xml"
    format_of_key("ome-xml").write([one.with_objects(shapes)], path)
    theirs, ours = (_shape_attributes(file) for file in (generated / FILES["ome-xml"], path))
    assert ours == theirs[: len(ours)]


def _shape_attributes(path: Path) -> list[tuple[str, dict[str, object]]]:
    unions = [one for one in ElementTree.parse(path).iter() if one.tag.endswith("Union")]
    return [
        (shape.tag.rpartition("}")[2], {k: _value(v) for k, v in shape.attrib.items() if k not in ("ID", "Locked")})
        for union in unions
        for shape in union
    ]


def _value(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


def test_coco_of_others_is_read_plane_by_plane(generated: Path) -> None:
    sets = format_of_key("coco").read(generated / "coco.json")
    records = json.loads((generated / "coco.json").read_text())
    assert len(sets) == len(records["images"])
    assert sum(len(one.objects) for one in sets) == len(records["annotations"])
    mask = sets[0].objects[0].shapes[0]
    assert isinstance(mask, Mask)
    assert [mask.x, mask.y, mask.width, mask.height] == records["annotations"][0]["bbox"]
    assert sets[0].image.size_x == 96


def test_a_point_and_an_ellipse_are_what_they_were(generated: Path) -> None:
    found = without_masks(read(generated, "ome-xml"))
    assert found["pt_1"].is_point
    assert isinstance(found["pt_1"].shapes[0], Point)
    assert isinstance(found["ell_rot"].shapes[0], Ellipse)
