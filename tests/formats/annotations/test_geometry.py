"""Half a pixel is right: what was written, rasterised by the target's convention, is what napari itself rasterises."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from typing import TYPE_CHECKING

import numpy as np
import pytest

from annotation_makers import IMAGE
from napari_idr.formats.annotations.registry import format_of_key
from napari_idr.model.annotation import Ellipse, Polygon, Rectangle, Shape, Transform
from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet
from napari_idr.model.shape_geometry import place

if TYPE_CHECKING:
    from pathlib import Path

SIZE = (140, 160)
COS, SIN = np.cos(0.5), np.sin(0.5)
TURNED = Transform(a00=COS, a10=SIN, a01=-SIN, a11=COS, a02=40.3, a12=-25.7)
SHAPES: dict[str, Shape] = {
    "rectangle": Rectangle(x=12.3, y=20.7, width=61.4, height=40.2),
    "turned rectangle": Rectangle(x=30.1, y=40.2, width=60.3, height=30.4, transform=TURNED),
    "ellipse": Ellipse(x=70.3, y=60.8, radius_x=31.3, radius_y=20.6),
    "turned ellipse": Ellipse(x=60.2, y=60.3, radius_x=38.4, radius_y=14.7, transform=TURNED),
    "polygon": Polygon(points=((10.3, 11.8), (80.7, 14.4), (95.2, 70.9), (50.1, 99.6), (13.4, 60.2))),
}


def napari_masks(shape: Shape) -> np.ndarray:
    """What napari itself makes of a shape that it shows."""
    from napari.layers import Shapes

    kind, corners = place(shape)
    masks: np.ndarray = Shapes([corners], shape_type=[kind]).to_masks(SIZE)
    return masks[0]


def corner_mask(points: np.ndarray) -> np.ndarray:
    """Pixels whose middle (x + 0.5, y + 0.5 from the corner) lies in a polygon, by counting crossings."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
    inside = np.zeros(SIZE, bool)
    for (x1, y1), (x2, y2) in zip(points, np.roll(points, -1, axis=0), strict=True):
        if y1 != y2:
            crosses = ((y1 > y) != (y2 > y)) & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
            inside ^= crosses
    return inside


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


def ome_mask(path: Path) -> np.ndarray:
    """Rasterise the only shape of an OME-XML file, read by hand."""
    (union,) = (one for one in ElementTree.parse(path).iter() if one.tag.endswith("Union"))
    shape = union[0]
    kind = shape.tag.rpartition("}")[2]
    at = {key: float(value) for key, value in shape.attrib.items() if key[0] in "XYWHR"}
    affine = np.eye(3)
    for transform in shape:
        affine[:2] = [[float(transform.attrib[f"A{row}{column}"]) for column in range(3)] for row in range(2)]
    y, x = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
    x, y = np.tensordot(np.linalg.inv(affine), np.array([x, y, np.ones(SIZE)]), 1)[:2]
    if kind == "Rectangle":
        return (x > at["X"]) & (x < at["X"] + at["Width"]) & (y > at["Y"]) & (y < at["Y"] + at["Height"])
    if kind == "Ellipse":
        return ((x - at["X"]) / at["RadiusX"]) ** 2 + ((y - at["Y"]) / at["RadiusY"]) ** 2 <= 1
    return corner_mask(np.array([[float(n) for n in pair.split(",")] for pair in shape.attrib["Points"].split(" ")]))


def geojson_mask(path: Path) -> np.ndarray:
    (feature,) = json.loads(path.read_text(encoding="utf-8"))["features"]
    return corner_mask(np.array(feature["geometry"]["coordinates"][0][:-1]))


def coco_mask(path: Path) -> np.ndarray:
    (annotation,) = json.loads(path.read_text(encoding="utf-8"))["annotations"]
    return corner_mask(np.array(annotation["segmentation"][0]).reshape(-1, 2))


def imagej_mask(path: Path) -> np.ndarray:
    """ImageJ covers a pixel whose middle is inside, coordinates counted from the corner."""
    import roifile

    roi = roifile.ImagejRoi.fromfile(path)
    if roi.roitype in (roifile.ROI_TYPE.RECT, roifile.ROI_TYPE.OVAL):
        radii, middle = (
            np.array([roi.widthd, roi.heightd]) / 2,
            np.array([roi.xd + roi.widthd / 2, roi.yd + roi.heightd / 2]),
        )
        y, x = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
        u, v = np.abs(x - middle[0]) / radii[0], np.abs(y - middle[1]) / radii[1]
        return np.maximum(u, v) <= 1 if roi.roitype is roifile.ROI_TYPE.RECT else u**2 + v**2 <= 1
    return corner_mask(np.array(roi.coordinates(), float))


def table_mask(path: Path) -> np.ndarray:
    """The table counts from pixel centres, as napari does: what it says goes into a layer as it is."""
    import pandas as pd
    from napari.layers import Shapes

    row = pd.read_csv(path, keep_default_na=False).iloc[0]
    masks: np.ndarray = Shapes([np.array(json.loads(row["vertices_yx"]))], shape_type=[row["shape_type"]]).to_masks(
        SIZE
    )
    return masks[0]


READERS = {
    "ome-xml": ome_mask,
    "geojson": geojson_mask,
    "coco": coco_mask,
    "imagej": imagej_mask,
    "rois-csv": table_mask,
}


@pytest.mark.parametrize("kind", list(SHAPES))
@pytest.mark.parametrize("key", list(READERS))
def test_written_shapes_cover_the_pixels_that_napari_covers(key: str, kind: str, tmp_path: Path) -> None:
    shape = SHAPES[kind]
    expected = napari_masks(shape)
    assert expected.sum() >= 1000
    one = AnnotationSet(image=IMAGE, objects=(AnnotatedObject(uuid="u", shapes=(shape,)),))
    path = tmp_path / ("one.roi" if key == "imagej" else "one" + format_of_key(key).endings[0])
    format_of_key(key).write([one], path)
    assert overlap(READERS[key](path), expected) >= 0.99


def test_a_rectangle_round_one_pixel_is_round_that_pixel_everywhere(tmp_path: Path) -> None:
    pixel = Rectangle(x=20, y=10, width=1, height=1)
    assert napari_masks(pixel)[10, 20]
    assert napari_masks(pixel).sum() == 1
    one = AnnotationSet(image=IMAGE, objects=(AnnotatedObject(uuid="u", shapes=(pixel,)),))
    for key, reader in READERS.items():
        path = tmp_path / ("one.roi" if key == "imagej" else "one" + format_of_key(key).endings[0])
        format_of_key(key).write([one], path)
        assert np.argwhere(reader(path)).tolist() == [[10, 20]], key
