"""Hypothesis strategies of annotations: every kind of shape, plane, text and value that the model can hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from hypothesis import strategies as st

from napari_idr.formats.annotations.label_masks import pack
from napari_idr.model.annotation import (
    Ellipse,
    Label,
    Line,
    Mask,
    Point,
    Polygon,
    Polyline,
    Rectangle,
    Shape,
    Style,
    Transform,
)
from napari_idr.model.annotation_set import (
    STATUSES,
    AnnotatedImage,
    AnnotatedObject,
    AnnotationSet,
    ImageStatement,
    LabelImage,
    LabelPlace,
    Spacing,
)
from napari_idr.model.annotator import Annotator
from napari_idr.model.ontology import OntologyTerm, Phenotype

WIDTH, HEIGHT = 96, 64
IMAGE = AnnotatedImage(
    address="https://idr.openmicroscopy.org/webclient/?show=image-6001247",
    name="B1_C1.tif",
    repository="idr",
    accession="idr0062",
    image_id="6001247",
    dataset="Blastocysts",
    size_x=WIDTH,
    size_y=HEIGHT,
    size_z=3,
    size_t=4,
    dtype="uint16",
    spacing=(("x", Spacing(0.25, "micrometer")), ("y", Spacing(0.25, "micrometer")), ("z", Spacing(1.0))),
)

texts = st.text(max_size=12) | st.sampled_from(
    ["Größe", "细胞核", "نواة", "NA", "=1+1", '"quoted"', "a\r\nb", "1", "true", "; "]
)
names = st.text(min_size=1, max_size=10)
coordinates = st.floats(0, 60, allow_nan=False).map(abs)
signed = st.floats(-50, 200, allow_nan=False).map(lambda number: number + 0.0)  # -0.0 is the same place
lengths = st.floats(0.25, 40)
points = st.tuples(coordinates, coordinates)
indices = st.none() | st.integers(0, 3)
colors = st.none() | st.tuples(*[st.integers(0, 255)] * 4)
styles = st.builds(
    Style,
    stroke=colors,
    fill=colors,
    stroke_width=st.none() | st.floats(0, 1e5),
    font_size=st.none() | st.floats(0, 2000),
)
transforms = st.none() | st.builds(
    Transform, *[st.floats(0.25, 3)] * 1, *[st.floats(-0.1, 0.1)] * 2, *[st.floats(0.25, 3)] * 1, *[st.floats(0, 9)] * 2
)
times = st.none() | st.datetimes(datetime(1980, 1, 1), datetime(2200, 1, 1)).map(lambda time: time.replace(tzinfo=UTC))
annotators = st.builds(Annotator, texts, st.sampled_from(["", "0000-0002-1825-0097"]))
terms = st.builds(
    OntologyTerm,
    st.sampled_from(["CMPO_0000077", "GO_0005634", "CMPO_0000128"]),
    texts,
    iri=st.sampled_from(["", "http://purl.obolibrary.org/obo/GO_0005634"]),
    synonyms=st.lists(texts, max_size=2).map(tuple),
    is_obsolete=st.booleans(),
)
phenotypes = st.builds(Phenotype, names, st.none() | terms, no_term=st.booleans())
values = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | texts
features = st.lists(st.tuples(names, values), max_size=3, unique_by=lambda pair: pair[0]).map(tuple)


def _common(**fixed: Any) -> dict[str, Any]:
    made = {"id": st.sampled_from(["", "17"]), "text": texts, "z": indices, "t": indices, "c": indices, "style": styles}
    return {**made, "transform": transforms, "locked": st.booleans(), **fixed}


def shapes(**fixed: Any) -> st.SearchStrategy[Shape]:
    """Every kind of shape but masks; ``fixed`` are strategies that take the place of a field's own."""
    more = _common(**fixed)
    marks = {"marker_start": st.sampled_from(["", "Arrow"]), "marker_end": st.sampled_from(["", "Arrow"])}
    return st.one_of(
        st.builds(Rectangle, x=signed, y=signed, width=lengths, height=lengths, **more),
        st.builds(Ellipse, x=signed, y=signed, radius_x=lengths, radius_y=lengths, **more),
        st.builds(Line, x1=signed, y1=signed, x2=signed, y2=signed, **marks, **more),
        st.builds(Polyline, points=st.lists(points, min_size=2, max_size=6).map(tuple), **marks, **more),
        st.builds(Polygon, points=st.lists(points, min_size=3, max_size=8, unique=True).map(tuple), **more),
        st.builds(Point, x=signed, y=signed, **more),
        st.builds(Label, x=signed, y=signed, **more),
    )


@st.composite
def masks(draw: Any, **fixed: Any) -> Mask:
    height, width = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    marked = np.array(draw(st.lists(st.booleans(), min_size=height * width, max_size=height * width)))
    marked[0] = True
    x, y = draw(st.integers(0, 40)), draw(st.integers(0, 40))
    more = {name: draw(one) for name, one in _common(transform=st.none(), **fixed).items()}
    return Mask(x=float(x), y=float(y), width=float(width), height=float(height), bits=pack(marked), **more)


def _said() -> dict[str, Any]:
    return {
        "name": texts,
        "object_class": texts,
        "phenotypes": st.lists(phenotypes, max_size=2).map(tuple),
        "terms": st.lists(terms, max_size=2).map(tuple),
        "key_values": st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
        "comment": texts,
        "annotator": annotators,
        "created": times,
        "modified": times,
        "status": st.sampled_from(STATUSES),
        "reviewer": st.none() | annotators,
        "reviewed": times,
        "layer": texts,
        "level": st.integers(0, 3),
        "features": features,
        "look": features,
    }


uuids = st.uuids().map(str)


def regions(one_shape: st.SearchStrategy[Shape] | None = None) -> st.SearchStrategy[AnnotatedObject]:
    """Objects of one to three shapes."""
    listed = st.lists(shapes() if one_shape is None else one_shape, min_size=1, max_size=3).map(tuple)
    return st.builds(AnnotatedObject, uuid=uuids, shapes=listed, **_said())


@st.composite
def tracks(draw: Any) -> AnnotatedObject:
    steps = sorted(draw(st.sets(st.integers(0, 3), min_size=1)))
    places = tuple(
        draw(st.builds(Point, x=signed, y=signed, z=indices, t=st.just(step), style=styles)) for step in steps
    )
    said = {name: draw(one) for name, one in _said().items()}
    return AnnotatedObject(
        uuid=draw(uuids), shapes=places, is_track=True, parents=tuple(draw(st.lists(uuids, max_size=1))), **said
    )


statements = st.builds(
    ImageStatement,
    on=st.sampled_from(["image", "well", "study"]),
    phenotype=phenotypes,
    annotator=annotators,
    created=times,
)


def object_sets(*extra: st.SearchStrategy[AnnotatedObject]) -> st.SearchStrategy[AnnotationSet]:
    """Sets of regions, tracks and whatever else."""
    things = st.one_of(regions(), tracks(), *extra)
    listed = st.lists(things, max_size=4, unique_by=lambda one: one.uuid).map(tuple)
    return st.builds(
        AnnotationSet, image=st.just(IMAGE), objects=listed, statements=st.lists(statements, max_size=2).map(tuple)
    )


@st.composite
def label_sets(draw: Any) -> AnnotationSet:
    """Sets with a label image of 3 planes, objects for some of its values, and one for a value that is not there."""
    seed = draw(st.integers(0, 99))
    pixels = (
        np.random.default_rng(seed)
        .integers(0, 4, (3, 12, 10))
        .astype(draw(st.sampled_from(["uint8", "uint16", "int32"])))
    )
    colored = (((1, (255, 0, 0, 255)),), ())[seed % 2]
    image = LabelImage(name="nuclei", axes=("z", "y", "x"), pixels=pixels, origin=(0, 5, 7), colors=colored)
    said = {name: draw(one) for name, one in _said().items()}
    objects = [AnnotatedObject(uuid=draw(uuids), label=LabelPlace("nuclei", value), **said) for value in (1, 3, 77)]
    return AnnotationSet(image=IMAGE, objects=(*objects, draw(regions(masks()))), labels=(image,))


NOW = datetime(2026, 11, 30, 12, tzinfo=UTC) + timedelta(microseconds=5)
