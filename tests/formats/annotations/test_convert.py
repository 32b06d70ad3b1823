"""From format to format: what is lost is what was told, and files are complete or not there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from annotation_makers import IMAGE, object_sets
from napari_idr.errors import FormatError, Unsupported
from napari_idr.formats.annotations.convert import carry_out, image_stem, plan, read_any
from napari_idr.model.annotation import Polygon, Rectangle
from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet

if TYPE_CHECKING:
    from pathlib import Path

ENDINGS = (".ome.xml", ".omero.json", ".geojson", ".rois.zip", ".rois.csv", ".rois.parquet")
CELL = AnnotatedObject(uuid="u", shapes=(Rectangle(x=1, y=2, width=3, height=4),))


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(one=object_sets())
def test_there_and_back_loses_only_what_was_told(one: AnnotationSet, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("convert")
    for ending in ENDINGS:
        (there,) = carry_out(plan([one], folder / f"there{ending}"))
        told = {loss.uuid for loss in plan([one], there).losses}
        (back,) = carry_out(plan(read_any(there) or [one.with_objects(())], folder / "back.rois.csv"))
        found = {thing.uuid: thing for thing in read_any(back)[0].objects}
        for thing in one.objects:
            assert found.get(thing.uuid) == thing or thing.uuid in told, ending


def test_images_that_a_format_keeps_apart_get_a_file_each(tmp_path: Path) -> None:
    images = [IMAGE, replace(IMAGE, image_id="2", name="a b/ü.tif"), replace(IMAGE, image_id="2", name="a b/ü.tif")]
    sets = [AnnotationSet(image=image, objects=(CELL,)) for image in images]
    files = carry_out(plan(sets, tmp_path / "plate.ome.xml"))
    assert [path.name for path in files] == [
        "plate-6001247__B1_C1.tif.ome.xml",
        "plate-2__a_b_.tif-2.ome.xml",
        "plate-2__a_b_.tif-3.ome.xml",
    ]
    assert [path.name for path in carry_out(plan(sets[:2], tmp_path / "plate.rois.csv"))] == ["plate.rois.csv"]
    assert len(read_any(tmp_path / "plate.rois.csv")) == 2
    (chosen,) = read_any(tmp_path / "plate.rois.csv", images[1])
    assert chosen.image == images[1]
    assert "other images" in chosen.remarks[0]


def test_what_cannot_be_written_leaves_the_file_of_before(tmp_path: Path) -> None:
    output = tmp_path / "a.ome.xml"
    output.write_text("of before")
    outside = replace(CELL, shapes=(Polygon(points=((-1, 0), (2, 2), (3, 0))),))
    with pytest.raises(FormatError):
        carry_out(plan([AnnotationSet(image=IMAGE, objects=(outside,))], output))
    assert output.read_text() == "of before"
    assert [path.name for path in tmp_path.iterdir()] == ["a.ome.xml"]


def test_an_ending_that_no_format_has_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match=r"\.doc"):
        plan([AnnotationSet(image=IMAGE)], tmp_path / "a.doc")
    with pytest.raises(FormatError, match="no annotations"):
        plan([], tmp_path / "a.geojson")


def test_image_stems_are_names_that_archives_take() -> None:
    assert image_stem(replace(IMAGE, image_id="", name="../e\tvil")) == "e_vil"
