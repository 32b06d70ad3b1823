"""Whatever is said of objects, in any script, comes back from every format but for what ``losses`` named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labelled_sets import labelled_set
from napari_idr.formats.annotations import label_tiff, ngff_labels, ngio_tables, omero_table
from napari_idr.model.annotation import Ellipse, Point, Polygon, Polyline, Rectangle
from napari_idr.model.annotation_set import STATUSES, AnnotatedObject, LabelPlace
from napari_idr.model.annotator import Annotator
from napari_idr.model.ontology import OntologyTerm, Phenotype

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = st.text(max_size=12)
NAME = st.text(min_size=1, max_size=12)
PEOPLE = st.builds(Annotator, TEXT, st.sampled_from(["", "0000-0002-1825-0097"]))
TERMS = st.builds(
    OntologyTerm, st.sampled_from(["CMPO_0000118", "GO_1"]), NAME, TEXT, TEXT, st.lists(TEXT, max_size=2).map(tuple)
)
PHENOTYPES = st.builds(Phenotype, NAME, st.none() | TERMS, st.booleans())
VALUES = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | TEXT
COLUMNS = st.lists(st.tuples(TEXT, VALUES), max_size=4, unique_by=lambda pair: pair[0]).map(tuple)
TIMES = st.none() | st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
NUMBERS = st.floats(0, 60).map(lambda number: round(number, 3))
PLANES = st.none() | st.integers(0, 2)
CORNERS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=3, max_size=5).map(tuple)
SHAPES = st.one_of(
    st.builds(Rectangle, x=NUMBERS, y=NUMBERS, width=st.floats(0.5, 9), height=st.floats(0.5, 9), z=PLANES),
    st.builds(Ellipse, x=NUMBERS, y=NUMBERS, radius_x=st.floats(0.5, 9), radius_y=st.floats(0.5, 9), z=PLANES),
    st.builds(Polygon, points=CORNERS, z=PLANES),
    st.builds(Polyline, points=CORNERS, z=PLANES),
    st.builds(Point, x=NUMBERS, y=NUMBERS, z=PLANES),
)
FEATURES = COLUMNS.filter(lambda columns: len({name.replace("\r", "\n") for name, _ in columns}) == len(columns))
SAID = {
    "name": TEXT,
    "object_class": TEXT,
    "phenotypes": st.lists(PHENOTYPES, max_size=3).map(tuple),
    "terms": st.lists(TERMS, max_size=2).map(tuple),
    "key_values": st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple),
    "comment": TEXT,
    "annotator": PEOPLE,
    "created": TIMES,
    "modified": TIMES,
    "status": st.sampled_from(STATUSES),
    "reviewer": st.none() | PEOPLE,
    "reviewed": TIMES,
    "layer": TEXT,
    "level": st.integers(0, 5),
    "parents": st.lists(TEXT, max_size=2).map(tuple),
    "features": FEATURES,
    "look": COLUMNS,
}
LABELLED = st.builds(AnnotatedObject, uuid=st.uuids().map(str), label=st.just(LabelPlace("nuclei", 1)), **SAID)
DRAWN = st.builds(
    AnnotatedObject, uuid=st.uuids().map(str), shapes=st.lists(SHAPES, min_size=1, max_size=2).map(tuple), **SAID
)
BOTH = LABELLED | DRAWN

FORMATS = {
    "a.labels.ome.tif": (label_tiff.FORMAT, lambda one: one if one.label else None),
    "a.ome.zarr": (ngff_labels.FORMAT, lambda one: one if one.label else None),
    "a.tables.zarr": (ngio_tables.FORMAT, lambda one: one),
    "a.omero_table.csv": (omero_table.FORMAT, lambda one: replace(one, shapes=(), label=None)),
}


@pytest.mark.parametrize("file", FORMATS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_losses_does_not_name_comes_back(
    file: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    one = data.draw(BOTH)
    form, kept = FORMATS[file]
    path = tmp_path_factory.mktemp("trip") / file
    whole = labelled_set(objects=(one,))
    lost = {loss.uuid for loss in form.losses([whole])}
    form.write([whole], path)
    again = form.read(path, whole.image)[0]
    assert again.remarks == ()
    assert (one.uuid in lost) == (again.objects != (one,))
    if one.uuid in lost and file == "a.tables.zarr":
        assert replace(again.objects[0], shapes=()) == replace(one, shapes=())
    elif one.uuid in lost:
        expected: Callable[[AnnotatedObject], AnnotatedObject | None] = kept
        assert again.objects == tuple(found for found in [expected(one)] if found is not None)
