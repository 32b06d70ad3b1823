from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from napari_idr.model.annotation import Point, Rectangle
from napari_idr.model.annotation_set import (
    AnnotatedImage,
    AnnotatedObject,
    AnnotationSet,
    LabelImage,
    LabelPlace,
    difference,
    merge,
    new_uuid,
)
from napari_idr.model.annotator import bare_orcid, is_orcid
from napari_idr.model.ontology import OntologyTerm, accession_of, is_accession

IMAGE = AnnotatedImage(address="idr://image/1", repository="idr", image_id="1", size_x=10, size_y=8)
EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def an_object(name: str, **changes: object) -> AnnotatedObject:
    made = AnnotatedObject(uuid=name, name=name, shapes=(Rectangle(x=1, y=2, width=3, height=4),), modified=EARLY)
    return replace(made, **changes)  # type: ignore[arg-type]


def a_set(*objects: AnnotatedObject, labels: tuple[LabelImage, ...] = ()) -> AnnotationSet:
    return AnnotationSet(image=IMAGE, objects=objects, labels=labels)


def labels(value: int, name: str = "nuclei") -> LabelImage:
    return LabelImage(name=name, axes=("y", "x"), pixels=np.full((8, 10), value, np.uint16))


def test_two_sets_differ_in_what_is_new_modified_and_gone() -> None:
    before = a_set(an_object("a"), an_object("b"), labels=(labels(1),))
    after = a_set(an_object("b", comment="odd"), an_object("c"), labels=(labels(2),))
    change = difference(before, after)
    assert (change.new, change.modified, change.deleted, change.labels) == (("c",), ("b",), ("a",), ("nuclei",))
    assert not difference(before, a_set(*before.objects, labels=(labels(1),)))


def test_a_merge_keeps_the_later_change_and_names_the_dispute() -> None:
    mine, theirs = an_object("a", comment="mine"), an_object("a", comment="theirs", modified=LATE)
    for one, other in ((mine, theirs), (theirs, mine)):
        merged, disputed = merge(a_set(one), a_set(other, an_object("b")))
        assert merged.by_uuid()["a"].comment == "theirs"
        assert set(merged.by_uuid()) == {"a", "b"}
        assert disputed == ("a",)


def test_label_images_of_one_name_are_both_kept() -> None:
    place = AnnotatedObject(uuid="n", label=LabelPlace("nuclei", 2))
    merged, _ = merge(a_set(labels=(labels(1),)), a_set(place, labels=(labels(2),)))
    assert [image.name for image in merged.labels] == ["nuclei", "nuclei 2"]
    assert merged.objects[0].label == LabelPlace("nuclei 2", 2)
    assert int(merged.label_image("nuclei 2").pixels[0, 0]) == 2


def test_sets_of_different_images_do_not_merge() -> None:
    other = AnnotationSet(image=replace(IMAGE, image_id="2"))
    with pytest.raises(ValueError, match="another image"):
        merge(a_set(), other)


def test_an_object_says_how_its_place_is_given() -> None:
    assert an_object("a").kind == "region"
    assert AnnotatedObject(uuid="b", label=LabelPlace("nuclei", 1)).kind == "label"
    assert AnnotatedObject(uuid="c", is_track=True, shapes=(Point(x=1, y=1, t=0),)).kind == "track"
    assert AnnotatedObject(uuid="d", shapes=(Point(x=1, y=1),)).is_point
    assert new_uuid() != new_uuid()


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("0000-0002-1825-0097", True),
        ("0000-0001-5109-3700", True),
        ("0000-0002-1694-233X", True),
        ("0000-0002-1825-0098", False),
        ("0000000218250097", False),
        ("", False),
    ],
)
def test_an_orcid_has_a_check_digit(text: str, right: bool) -> None:
    assert is_orcid(text) is right


def test_accessions_are_read_from_what_people_paste() -> None:
    assert bare_orcid("https://orcid.org/0000-0002-1694-233x") == "0000-0002-1694-233X"
    assert accession_of("http://www.ebi.ac.uk/cmpo/CMPO_0000077") == "CMPO_0000077"
    assert accession_of("CMPO:0000077") == "CMPO_0000077"
    assert accession_of("mitosis") == ""
    assert is_accession("NCBITaxon_9606")
    assert OntologyTerm("CMPO_0000077", "x").ontology == "CMPO"
