"""A file that somebody changed by hand or in another program: what they changed counts, the rest comes back."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from annotation_makers import IMAGE, NOW
from napari_idr.formats.annotations.registry import format_of_key
from napari_idr.model.annotation import Ellipse, Label, Polygon, Rectangle, Style
from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet
from napari_idr.model.ontology import OntologyTerm, Phenotype

if TYPE_CHECKING:
    from pathlib import Path

CELL = AnnotatedObject(
    uuid="4331bf75-c191-5fc2-80f7-79dc3c455796",
    name="cell",
    object_class="nucleus",
    shapes=(Rectangle(x=6.7, y=5.8, width=20.2, height=9.8, t=0, style=Style(stroke=(255, 0, 0, 128))),),
    phenotypes=(Phenotype("large cells", OntologyTerm("CMPO_0000128", "increased cell size phenotype")),),
    created=NOW,
    features=(("area", 197.96), ("count", 3), ("gene", "SEPT1")),
)
ROUND = AnnotatedObject(uuid="r", shapes=(Ellipse(x=30.1, y=20.2, radius_x=5.3, radius_y=3.1, z=1, t=1),))


def written(key: str, path: Path, *objects: AnnotatedObject) -> None:
    format_of_key(key).write([AnnotationSet(image=IMAGE, objects=objects)], path)


def read(key: str, path: Path) -> tuple[AnnotatedObject, ...]:
    (found,) = format_of_key(key).read(path)
    return found.objects


def change(path: Path, number: int, **changes: object) -> None:
    """Change members of a feature, as QuPath would."""
    document = json.loads(path.read_text(encoding="utf-8"))
    for key, value in changes.items():
        document["features"][number][key].update(value)
    path.write_text(json.dumps(document), encoding="utf-8")


def test_two_decimals_of_qupath_do_not_move_a_shape(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    written("geojson", path, CELL, ROUND)
    document = json.loads(path.read_text(encoding="utf-8"), parse_float=lambda text: round(float(text), 2))
    path.write_text(json.dumps(document), encoding="utf-8")
    cell, turned = read("geojson", path)
    assert cell.shapes == CELL.shapes
    assert turned.shapes == ROUND.shapes


def test_a_shape_that_was_moved_in_qupath_is_moved_and_keeps_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    written("geojson", path, CELL)
    moved = [[[30.0, 5.8], [50.2, 5.8], [50.2, 15.6], [30.0, 15.6], [30.0, 5.8]]]
    change(
        path, 0, geometry={"coordinates": moved}, properties={"name": "new name", "classification": {"name": "mitotic"}}
    )
    (cell,) = read("geojson", path)
    (shape,) = cell.shapes
    assert isinstance(shape, Polygon)
    assert shape.points[0] == (30.0, 5.8)
    assert (shape.z, shape.t, shape.style) == (None, 0, CELL.shapes[0].style)
    assert cell == replace(CELL, shapes=(shape,), name="new name", object_class="mitotic")


def test_cells_that_somebody_changed_in_a_spreadsheet_count(tmp_path: Path) -> None:
    path = tmp_path / "rois.csv"
    written("rois-csv", path, CELL)
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines(keepends=True)))
    rows[0] |= {
        "class": "mitotic",
        "feature:gene": "1",
        "annotator_orcid": "https://orcid.org/0000-0002-1825-0097",
        "z": "2.0",
    }
    rows[0] |= {"phenotype": "round", "phenotype_term_name": "", "phenotype_term_accession": ""}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    (cell,) = read("rois-csv", path)
    assert (cell.object_class, cell.annotator.orcid, cell.shapes[0].z) == ("mitotic", "0000-0002-1825-0097", 2)
    assert cell.phenotypes == (Phenotype("round"),)
    assert cell.features == (("area", 197.96), ("count", 3), ("gene", 1))
    assert replace(cell.shapes[0], z=None) == CELL.shapes[0]


def test_a_table_by_others_needs_only_kind_and_vertices(tmp_path: Path) -> None:
    path = tmp_path / "rois.csv"
    path.write_text('shape_type,vertices_yx,feature:gene\npolygon,"[[0, 0], [0, 4], [4, 4]]",NA\ntext,"[[1, 2]]",\n')
    first, second = read("rois-csv", path)
    assert first.shapes == (Polygon(points=((0.5, 0.5), (4.5, 0.5), (4.5, 4.5))),)
    assert first.features == (("gene", "NA"),)
    assert second.shapes == (Label(x=2.5, y=1.5),)
    assert second.features == ()
    assert read("rois-csv", path)[0].uuid == first.uuid


def test_geojson_of_qupath_alone_is_read(tmp_path: Path) -> None:
    path = tmp_path / "qupath.geojson"
    rectangle = {
        "type": "Polygon",
        "coordinates": [[[1, 2], [5, 2], [5, 4], [1, 4], [1, 2]]],
        "plane": {"c": -1, "z": 2, "t": 0},
    }
    many = {"type": "MultiPolygon", "coordinates": [rectangle["coordinates"], [[[9, 9], [12, 9], [12, 12], [9, 9]]]]}
    properties = {
        "objectType": "annotation",
        "classification": {"name": "Tumor", "color": [200, 0, 0]},
        "isLocked": True,
        "measurements": {"Area": 8.0},
        "metadata": {"ANNOTATION_DESCRIPTION": "seen twice"},
    }
    features = [
        {"type": "Feature", "id": CELL.uuid, "geometry": rectangle, "properties": properties},
        {"type": "Feature", "geometry": many, "properties": None},
    ]
    path.write_text(json.dumps(features))
    tumor, parts = read("geojson", path)
    assert (tumor.uuid, tumor.object_class, tumor.features) == (CELL.uuid, "Tumor", (("Area", 8.0),))
    assert tumor.key_values == (("ANNOTATION_DESCRIPTION", "seen twice"),)
    assert (tumor.shapes[0].z, tumor.shapes[0].t, tumor.shapes[0].locked) == (2, 0, True)
    assert len(parts.shapes) == 2


def test_ome_xml_of_others_keeps_tags_pairs_and_several_shapes(tmp_path: Path) -> None:
    path = tmp_path / "others.ome.xml"
    path.write_text(
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><StructuredAnnotations>'
        '<TagAnnotation ID="Annotation:1"><Value>odd</Value></TagAnnotation>'
        '<MapAnnotation ID="Annotation:2"><Value><M K="a">b</M><M K="a">c</M></Value></MapAnnotation>'
        '</StructuredAnnotations><ROI ID="ROI:7" Name="two"><Union><Point ID="Shape:1" X="1" Y="2" TheZ="0"/>'
        '<Ellipse ID="Shape:2" X="1e1" Y="2" RadiusX="3" RadiusY="4" StrokeColor="-16776961"/></Union>'
        '<AnnotationRef ID="Annotation:1"/><AnnotationRef ID="Annotation:2"/><Description>why</Description></ROI></OME>'
    )
    (one,) = read("ome-xml", path)
    assert (one.name, one.comment) == ("two", "why")
    assert one.key_values == (("Tag", "odd"), ("a", "b"), ("a", "c"))
    assert one.shapes[1] == Ellipse(x=10, y=2, radius_x=3, radius_y=4, style=Style(stroke=(255, 0, 0, 255)))


def test_tracks_of_napari_alone_are_read_in_the_order_of_time(tmp_path: Path) -> None:
    path = tmp_path / "a.tracks.csv"
    path.write_text("track_id,t,z,y,x,parent_ids\n1,1,0,3.5,2,\n1,0,0,1,2,\n2,2.0,0,4,4,1\n")
    mother, daughter = read("tracks-csv", path)
    assert [(point.t, point.x, point.y) for point in mother.shapes] == [(0, 2.5, 1.5), (1, 2.5, 4.0)]
    assert daughter.parents == (mother.uuid,)
    assert daughter.is_track
