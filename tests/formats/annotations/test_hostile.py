"""Files that are broken, mangled or meant to harm: one sentence, or a remark; never a traceback, never half a set."""

from __future__ import annotations

import json
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation_makers import IMAGE
from napari_idr.errors import FormatError, NapariIdrError
from napari_idr.formats.annotations.registry import format_of_key
from napari_idr.model.annotation import Mask, Polygon, Rectangle
from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet

if TYPE_CHECKING:
    from pathlib import Path

NS = "http://www.openmicroscopy.org/Schemas/OME/2016-06"


def ome(shape: str, more: str = "") -> str:
    return f'<OME xmlns="{NS}">{more}<ROI ID="ROI:0" Name="a"><Union>{shape}</Union></ROI></OME>'


def feature(geometry: str, properties: str = "{}") -> str:
    one = f'{{"type":"Feature","geometry":{geometry},"properties":{properties}}}'
    return f'{{"type":"FeatureCollection","features":[{one}]}}'


PLACE = '{"type":"Point","coordinates":[1,2]}'
POINT = '<Point ID="Shape:0" X="1" Y="2"/>'
BROKEN = {
    "no xml": ("ome-xml", "<OME"),
    "wrong namespace": ("ome-xml", '<OME xmlns="http://example.org/"/>'),
    "entities": ("ome-xml", '<!DOCTYPE a [<!ENTITY b "c">]>' + ome(POINT)),
    "a shape without a width": ("ome-xml", ome('<Rectangle ID="Shape:0" X="1" Y="1" Height="2"/>')),
    "no numbers": ("ome-xml", ome('<Point ID="Shape:0" X="NaN" Y="2"/>')),
    "vertices of garbage": ("ome-xml", ome('<Polygon ID="Shape:0" Points="1,2 3"/>')),
    "no shape": ("ome-xml", ome("")),
    "a shape nobody knows": ("ome-xml", ome('<Blob ID="Shape:0"/>')),
    "an annotation that is missing": (
        "ome-xml",
        ome(POINT).replace("</Union>", '</Union><AnnotationRef ID="Annotation:9"/>'),
    ),
    "a compressed mask": (
        "ome-xml",
        ome('<Mask ID="Shape:0" X="0" Y="0" Width="2" Height="2"><BinData Compression="zlib">AA</BinData></Mask>'),
    ),
    "another size": ("ome-xml", ome(POINT, '<Image ID="Image:0"><Pixels SizeX="5"/></Image>')),
    "no list": ("omero-json", '{"data": 3}'),
    "no json": ("omero-json", "[{"),
    "deep json": ("geojson", "[" * 100_000),
    "not a number": ("geojson", feature('{"type":"Point","coordinates":[NaN,1]}')),
    "three dimensions": ("geojson", feature('{"type":"Point","coordinates":[1,2,3]}')),
    "an unknown geometry": ("geojson", feature('{"type":"Circle","coordinates":[1,2]}')),
    "far outside": ("geojson", feature('{"type":"Point","coordinates":[1e300,2]}')),
    "a ring of two": ("geojson", feature('{"type":"Polygon","coordinates":[[[0,0],[1,1]]]}')),
    "a plane of text": ("geojson", feature('{"type":"Point","coordinates":[1,2],"plane":{"z":"a"}}')),
    "broken details": ("geojson", feature(PLACE, '{"metadata":{"uuid":"u","level":"x"}}')),
    "no selection": ("imagej", "not a zip"),
    "no coco": ("coco", "{}"),
    "an image that is missing": ("coco", '{"images":[],"annotations":[{"image_id":1}]}'),
    "run lengths too long": (
        "coco",
        '{"images":[{"id":1}],"annotations":[{"image_id":1,"segmentation":{"size":[2,2],"counts":[9]}}]}',
    ),
    "run lengths of garbage": (
        "coco",
        '{"images":[{"id":1}],"annotations":[{"image_id":1,"segmentation":{"size":[2,2],"counts":"~~"}}]}',
    ),
    "a mask as large as a country": (
        "coco",
        '{"images":[{"id":1}],"annotations":[{"image_id":1,"segmentation":{"size":[99999999,99999999],"counts":"1"}}]}',
    ),
    "a column too few": ("rois-csv", "roi_uuid,shape_type\na,point\n"),
    "a cell too many": ("rois-csv", "shape_type,vertices_yx\npoint,[[1 2]],3\n"),
    "a column twice": ("rois-csv", "shape_type,vertices_yx,z,z\npoint,\"[[1,2]]\",1,2\n"),
    "another convention": ("rois-csv", 'shape_type,vertices_yx,coord_convention\npoint,"[[1,2]]",corner\n'),
    "no vertices": ("rois-csv", "shape_type,vertices_yx\npolygon,abc\n"),
    "no time": ("rois-csv", 'shape_type,vertices_yx,created\npoint,"[[1,2]]",yesterday\n'),
    "no parquet": ("rois-parquet", "PAR1"),
    "no place in time": ("tracks-csv", "track_id,t,y,x\n1,,2,3\n"),
    "two places at once": ("tracks-csv", "track_id,t,y,x\n1,0,2,3\n1,0,4,5\n"),
}  # fmt: skip


@pytest.mark.parametrize("what", list(BROKEN))
def test_a_broken_file_gets_one_sentence_that_names_it(what: str, tmp_path: Path) -> None:
    key, content = BROKEN[what]
    path = tmp_path / f"broken{format_of_key(key).endings[0]}"
    path.write_bytes(content.encode("utf-8"))
    with pytest.raises(FormatError) as told:
        format_of_key(key).read(path, IMAGE)
    assert path.name in str(told.value)
    assert "\n" not in str(told.value)


@settings(max_examples=40, deadline=None)
@given(content=st.binary(max_size=300))
def test_noise_is_no_traceback(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("noise")
    for key in {key for key, _ in BROKEN.values()}:
        one = format_of_key(key)
        path = folder / f"noise{one.endings[-1]}"
        for prefix in (b"", b"Iout\x00\xe3\x00\x00"):
            path.write_bytes(prefix + content)
            with suppress(NapariIdrError):
                one.read(path, IMAGE)


@pytest.mark.parametrize("name", ["../outside.roi", "/etc/outside.roi", "a\\b.roi"])
def test_an_archive_does_not_lead_out_of_itself(name: str, tmp_path: Path) -> None:
    path = tmp_path / "evil.rois.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, b"Iout")
    with pytest.raises(FormatError, match="leads out"):
        format_of_key("imagej").read(path, IMAGE)


def test_an_archive_that_unpacks_to_too_much_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.rois.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("zeros.roi", "w", force_zip64=True) as member:
            for _ in range(260):
                member.write(bytes(1 << 20))
    with pytest.raises(FormatError, match="too much"):
        format_of_key("imagej").read(path, IMAGE)


@pytest.mark.parametrize(
    ("content", "remark"),
    [
        (b'\xef\xbb\xbfshape_type,vertices_yx\npoint,"[[1,2]]"\n', "byte order mark"),
        (b'shape_type,vertices_yx\r\npoint,"[[1,2]]"\r\n', "line ends of Windows"),
        (b"shape_type;vertices_yx\npoint;[[1,2]]\n", "where commas are due"),
        (b"shape_type\tvertices_yx\npoint\t[[1,2]]\n", "where commas are due"),
        (b'shape_type,vertices_yx,feature:gene\npoint,"[[1,2]]",1-Sep\n', "a spreadsheet had changed them"),
    ],
)
def test_what_a_spreadsheet_did_to_a_table_is_read_and_said(content: bytes, remark: str, tmp_path: Path) -> None:
    path = tmp_path / "rois.csv"
    path.write_bytes(content)
    (one,) = format_of_key("rois-csv").read(path, IMAGE)
    assert len(one.objects) == 1
    assert remark in " ".join(one.remarks)


def test_a_file_for_another_image_is_refused(tmp_path: Path) -> None:
    from dataclasses import replace

    other = replace(IMAGE, image_id="5")
    thing = AnnotatedObject(uuid="u", shapes=(Rectangle(x=1, y=1, width=3, height=3),))
    for key in ("ome-xml", "omero-json", "geojson", "imagej", "coco", "rois-csv", "rois-parquet"):
        path = tmp_path / f"a{format_of_key(key).endings[0]}"
        format_of_key(key).write([AnnotationSet(image=IMAGE, objects=(thing,))], path)
        with pytest.raises(FormatError, match="another image"):
            format_of_key(key).read(path, other)


def test_a_ring_that_is_not_closed_and_a_hole_are_read_and_said(tmp_path: Path) -> None:
    path = tmp_path / "qupath.geojson"
    path.write_text(feature('{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9],[0,9]]]}'))
    (one,) = format_of_key("geojson").read(path, IMAGE)
    assert one.objects[0].shapes == (Polygon(points=((0, 0), (9, 0), (9, 9), (0, 9)), z=0, t=0),)
    assert "not closed" in one.remarks[0]
    ring, hole = "[[0,0],[6,0],[6,6],[0,6],[0,0]]", "[[2,2],[4,2],[4,4],[2,4],[2,2]]"
    path.write_text(feature(f'{{"type":"Polygon","coordinates":[{ring},{hole}]}}'))
    (one,) = format_of_key("geojson").read(path, IMAGE)
    mask = one.objects[0].shapes[0]
    assert isinstance(mask, Mask)
    assert mask.bits is not None
    assert sum(byte.bit_count() for byte in mask.bits) == 36 - 4
    assert "holes" in one.remarks[0]


def test_details_of_ours_that_somebody_broke_name_the_object(tmp_path: Path) -> None:
    thing = AnnotatedObject(uuid="u", name="cell", level=2, shapes=(Rectangle(x=1, y=1, width=3, height=3),))
    path = tmp_path / "a.geojson"
    format_of_key("geojson").write([AnnotationSet(image=IMAGE, objects=(thing,))], path)
    document = json.loads(path.read_text())
    document["features"][0]["properties"]["metadata"]["level"] = '"two"'
    path.write_text(json.dumps(document))
    with pytest.raises(FormatError, match=r"level"):
        format_of_key("geojson").read(path)
