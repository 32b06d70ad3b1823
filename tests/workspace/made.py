"""What the tests of this room make, and strategies that make more."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from hypothesis import strategies as st

from napari_idr.model import annotation
from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, LabelPlace, Spacing, new_uuid
from napari_idr.model.annotator import Annotator
from napari_idr.model.ontology import OntologyTerm, Phenotype

ME, OTHER = Annotator("Ada Lovelace", "0000-0002-1825-0097"), Annotator("Grace Hopper")
IMAGE = AnnotatedImage(
    address="https://idr.example.org/webclient/?show=image-101",
    name="cells",
    repository="idr",
    image_id="101",
    size_x=600,
    size_y=500,
    spacing=(("x", Spacing(0.25, "micrometer")),),
)


def rectangle(name: str = "", x: float = 1.5) -> AnnotatedObject:
    """A new object."""
    return AnnotatedObject(
        uuid=new_uuid(), shapes=(annotation.Rectangle(x=x, y=2.25, width=3, height=4),), name=name, annotator=ME
    )


texts = st.text(st.characters(), max_size=8)
numbers = st.floats(allow_nan=False) | st.integers(-(10**9), 10**9)
values = texts | st.integers() | st.floats() | st.booleans() | st.none()
times = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
pairs = st.lists(st.tuples(texts, texts), max_size=2).map(tuple)
points = st.lists(st.tuples(numbers, numbers), max_size=4).map(tuple)
styles = st.builds(
    annotation.Style,
    stroke=st.none() | st.tuples(*[st.integers(0, 255)] * 4),
    stroke_width=st.none() | numbers,
)
transforms = st.none() | st.builds(annotation.Transform, a00=numbers, a12=numbers)
planes = st.none() | st.integers(0, 99)
common = {"id": texts, "text": texts, "z": planes, "t": planes, "style": styles, "transform": transforms}
shapes = st.one_of(
    st.builds(annotation.Rectangle, x=numbers, y=numbers, width=numbers, height=numbers, **common),
    st.builds(annotation.Ellipse, x=numbers, y=numbers, radius_x=numbers, radius_y=numbers, **common),
    st.builds(
        annotation.Line,
        x1=numbers,
        y1=numbers,
        x2=numbers,
        y2=numbers,
        marker_end=st.sampled_from(["", "Arrow"]),
        **common,
    ),
    st.builds(annotation.Polyline, points=points, **common),
    st.builds(annotation.Polygon, points=points, **common),
    st.builds(annotation.Point, x=numbers, y=numbers, **common),
    st.builds(annotation.Label, x=numbers, y=numbers, **common),
    st.builds(
        annotation.Mask,
        x=numbers,
        y=numbers,
        width=numbers,
        height=numbers,
        bits=st.none() | st.binary(max_size=5),
        **common,
    ),
)
people = st.builds(Annotator, texts, texts)
terms = st.builds(
    OntologyTerm, texts, texts, synonyms=st.lists(texts, max_size=2).map(tuple), is_obsolete=st.booleans()
)
objects = st.builds(
    AnnotatedObject,
    uuid=texts,
    shapes=st.lists(shapes, max_size=3).map(tuple),
    label=st.none() | st.builds(LabelPlace, texts, st.integers(1, 2**31)),
    is_track=st.booleans(),
    name=texts,
    object_class=texts,
    phenotypes=st.lists(st.builds(Phenotype, texts, st.none() | terms, st.booleans()), max_size=2).map(tuple),
    terms=st.lists(terms, max_size=2).map(tuple),
    key_values=pairs,
    comment=texts,
    annotator=people,
    created=st.none() | times,
    status=st.sampled_from(["unreviewed", "accepted", "rejected", "flagged"]),
    reviewer=st.none() | people,
    parents=st.lists(texts, max_size=2).map(tuple),
    features=st.lists(st.tuples(texts, values), max_size=3).map(tuple),
    look=st.lists(st.tuples(texts, values), max_size=2).map(tuple),
)


def same(one: object, other: object) -> bool:
    """Whether two values are equal, not-a-number and types of numbers included."""
    if isinstance(one, float) and math.isnan(one):
        return isinstance(other, float) and math.isnan(other)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if hasattr(one, "__dataclass_fields__"):
        names = one.__dataclass_fields__
        return type(one) is type(other) and all(same(getattr(one, name), getattr(other, name)) for name in names)
    return type(one) is type(other) and one == other
