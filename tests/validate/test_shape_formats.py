"""What is written passes the validators of other projects, and they see the same pixels."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from annotation_makers import IMAGE, WIDTH
from napari_idr.formats.annotations.label_masks import pack
from napari_idr.formats.annotations.registry import format_of_key
from napari_idr.model.annotation import (
    Ellipse,
    Label,
    Line,
    Mask,
    Point,
    Polygon,
    Polyline,
    Rectangle,
    Style,
    Transform,
)
from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet, ImageStatement, LabelImage, LabelPlace
from napari_idr.model.annotator import Annotator
from napari_idr.model.ontology import OntologyTerm, Phenotype
from validate.validators import run_validator

if TYPE_CHECKING:
    from pathlib import Path

LARGE = Phenotype("large cells", OntologyTerm("CMPO_0000128", "increased cell size phenotype"))
STYLE = Style(stroke=(255, 0, 0, 255), fill=(0, 0, 255, 64), stroke_width=1.5, font_size=10.5)
TURNED = Transform(a00=0.9, a10=0.4, a01=-0.4, a11=0.9, a02=20.5)
SHAPES = (
    Rectangle(x=6.7, y=5.8, width=20.2, height=9.8, z=0, t=0, style=STYLE, text="<&>\x01"),
    Rectangle(x=16.7, y=15.8, width=12.2, height=9.8, transform=TURNED, id="12"),
    Ellipse(x=60.5, y=15.5, radius_x=10, radius_y=5, z=1, locked=True),
    Ellipse(x=55.5, y=25.5, radius_x=15, radius_y=5, transform=TURNED),
    Polygon(points=((5.7, 40.8), (20.9, 42.6), (24.8, 55.7), (9.6, 58.9)), c=0),
    Polyline(points=((80.5, 5.5), (85.5, 20.5), (82.5, 30.5)), marker_end="Arrow"),
    Line(x1=2.5, y1=60.5, x2=40.5, y2=1e-7, marker_start="Arrow"),
    Point(x=40.5, y=12.5),
    Label(x=1, y=2, text="细胞核"),
)


@pytest.fixture
def everything() -> AnnotationSet:
    """One object of each kind of shape, a label image, and something said of each and of the image."""
    objects = tuple(
        AnnotatedObject(
            uuid=f"{number:08d}-c191-5fc2-80f7-79dc3c455796",
            name="the same" if number < 3 else "",
            object_class="nucleus",
            shapes=(shape,),
            phenotypes=(LARGE,),
            key_values=(("Größe", "12\r\n"),),
            comment="] ]> \x00",
            annotator=Annotator("Ada", "0000-0002-1825-0097"),
            created=datetime(2026, 11, 30, tzinfo=UTC),
            features=(("area", 12.5), ("ok", True)),
        )
        for number, shape in enumerate(SHAPES)
    )
    marked = np.ones((5, 7), bool)
    marked[0, 0] = False
    mask = Mask(x=3, y=4, width=7, height=5, bits=pack(marked), z=1)
    pixels = np.random.default_rng(1).integers(0, 5, (3, 20, WIDTH)).astype(np.uint16)
    labels = LabelImage(name="nuclei", axes=("z", "y", "x"), pixels=pixels, colors=((1, (9, 8, 7, 255)),))
    more = (AnnotatedObject(uuid="mask", shapes=(mask,)), AnnotatedObject(uuid="one", label=LabelPlace("nuclei", 1)))
    return AnnotationSet(
        image=IMAGE,
        objects=(*objects, *more),
        labels=(labels,),
        statements=(ImageStatement(on="image", phenotype=LARGE),),
    )


def test_ome_xml_is_valid_by_the_schema(everything: AnnotationSet, tmp_path: Path) -> None:
    files = [tmp_path / "a.ome.xml", tmp_path / "a.masks.ome.xml"]
    format_of_key("ome-xml").write([everything], files[0])
    format_of_key("ome-xml-masks").write([everything], files[1])
    assert run_validator("ome_xsd", *files, needs_samples=True) == []


def test_geojson_is_valid_for_others(everything: AnnotationSet, tmp_path: Path) -> None:
    format_of_key("geojson").write([everything], tmp_path / "a.geojson")
    assert run_validator("geojson_shapely", tmp_path / "a.geojson") == []


def test_pycocotools_finds_the_pixels_that_were_written(everything: AnnotationSet, tmp_path: Path) -> None:
    format_of_key("coco").write([everything], tmp_path / "a.coco.json")
    assert run_validator("coco_masks", tmp_path / "a.coco.json") == []
