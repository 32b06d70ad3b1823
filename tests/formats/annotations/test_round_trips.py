"""What is written comes back: every object but for what the format said it would lose."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from annotation_makers import IMAGE, label_sets, masks, object_sets, regions
from napari_idr.errors import FormatError
from napari_idr.formats.annotations import (
    coco,
    geojson,
    imagej_roi,
    ome_xml_masks,
    ome_xml_rois,
    omero_json,
    rois_rows,
    tracks_csv,
)
from napari_idr.formats.annotations.held import held_objects
from napari_idr.formats.annotations.registry import format_of_key
from napari_idr.formats.model_json import to_document
from napari_idr.model.annotation import Polygon, Polyline
from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet

HOLDS = {
    "ome-xml": lambda one: ome_xml_rois.hold,
    "ome-xml-masks": lambda one: ome_xml_masks.holding([one]),
    "omero-json": lambda one: omero_json.hold,
    "geojson": lambda one: geojson.hold,
    "imagej": lambda one: imagej_roi.hold,
    "coco": lambda one: coco.holding([one]),
    "rois-csv": lambda one: rois_rows.hold,
    "rois-parquet": lambda one: rois_rows.hold,
    "tracks-csv": lambda one: tracks_csv.hold,
}
quick = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def there_and_back(key: str, one: AnnotationSet, folder: str) -> tuple[AnnotationSet, ...]:
    chosen = format_of_key(key)
    path = Path(folder, f"made{chosen.endings[0]}")
    made = chosen.write([one], path)
    assert made == (path,)
    again = chosen.write([one], path.with_name(f"again{chosen.endings[0]}"))
    assert again[0].read_bytes() == path.read_bytes()
    return chosen.read(path)


def exactly(one: AnnotatedObject) -> str:
    """Text that tells 1 from 1.0 and from True, which == does not."""
    return json.dumps(to_document(one))


def check(key: str, one: AnnotationSet) -> None:
    """The set comes back as the format holds it, and exactly what does not was told of."""
    expected = held_objects(one, HOLDS[key](one))
    with tempfile.TemporaryDirectory() as folder:
        back = there_and_back(key, one, folder)
    found = back[0].objects if back else ()
    assert len(back) == 1 or not expected, key
    assert Counter(map(exactly, found)) == Counter(map(exactly, expected)), key
    assert [thing.uuid for thing in found] == [thing.uuid for thing in expected] or key == "coco"
    kept = {thing.uuid for thing in expected if thing in one.objects}
    told = {loss.uuid for loss in format_of_key(key).losses([one])} - {""}
    assert told == {thing.uuid for thing in one.objects} - kept
    if back and expected:
        assert back[0].image == one.image
        assert back[0].statements == one.statements


@quick
@given(one=object_sets(regions(masks())))
def test_objects_come_back_but_for_what_was_told(one: AnnotationSet) -> None:
    for key in HOLDS:
        check(key, one)


@settings(quick, max_examples=8)
@given(one=label_sets())
def test_objects_of_label_images_come_back_where_a_format_holds_pixels(one: AnnotationSet) -> None:
    for key in HOLDS:
        check(key, one)


@pytest.mark.parametrize("key", ["ome-xml-masks", "coco"])
@settings(quick, max_examples=10)
@given(one=label_sets())
def test_label_images_come_back_bit_by_bit(key: str, one: AnnotationSet) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (back,) = there_and_back(key, one, folder)
    (before,), (after,) = one.labels, back.labels
    assert before.pixels.dtype == after.pixels.dtype
    np.testing.assert_array_equal(before.pixels, after.pixels)
    assert (before.name, before.axes, before.origin, before.colors) == (
        after.name,
        after.axes,
        after.origin,
        after.colors,
    )


@pytest.mark.parametrize("key", ["rois-csv", "rois-parquet"])
@settings(quick, max_examples=5)
@given(one=object_sets(regions(masks())))
def test_the_table_loses_nothing(key: str, one: AnnotationSet) -> None:
    assert format_of_key(key).losses([one]) == ()


@pytest.mark.parametrize("kind", [Polygon, Polyline])
@pytest.mark.parametrize("key", ["ome-xml", "omero-json"])
def test_a_vertex_outside_that_omero_would_misread_is_refused_by_name(key: str, kind: type, tmp_path: Path) -> None:
    shape = kind(points=((-3.5, 10.0), (4.0, 4.0), (9.0, 1.0)))
    one = AnnotationSet(image=IMAGE, objects=(AnnotatedObject(uuid="u", name="edge cell", shapes=(shape,)),))
    with pytest.raises(FormatError, match=r"left of or above the image.*edge cell"):
        format_of_key(key).write([one], tmp_path / "a.ome.xml")
    assert not list(tmp_path.iterdir())
