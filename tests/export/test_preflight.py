import math
from dataclasses import replace

import numpy as np
import pytest
from known_terms import GONE, SmallCmpo
from made_sets import WHEN, good, good_form, good_set, image, nuclei, region

from napari_idr.errors import Cancelled, NotFound, Unreachable
from napari_idr.export.checks_texts import file_name_fault
from napari_idr.export.fixes import apply_fix
from napari_idr.export.preflight import Preflight, ask_repository
from napari_idr.export.report import Acknowledgement, Report, key_of, report_as_json
from napari_idr.export.rules import RULES
from napari_idr.formats.documents.submitted_file import safe_name
from napari_idr.model.annotation import Ellipse, Line, Mask, Point, Polygon, Polyline, Rectangle, Roi
from napari_idr.model.annotation_set import AnnotationSet, LabelImage, LabelPlace, Spacing
from napari_idr.model.annotator import Annotator
from napari_idr.model.ontology import OntologyTerm, Phenotype
from napari_idr.model.submission import Submission

BOW_TIE = Polygon(points=((10, 10), (30, 30), (30, 10), (10, 30)), z=0)


def found(submission: Submission, target: str = "both") -> set[tuple[str, str]]:
    report = Preflight(target, SmallCmpo()).check(submission)  # type: ignore[arg-type]
    return {(one.id, one.severity) for one in report.findings}


def spoilt(one_set: AnnotationSet) -> Submission:
    return good(sets=(one_set,))


def with_object(one: object) -> Submission:
    return spoilt(good_set(objects=(*good_set().objects, one)))


def with_labels(pixels: np.ndarray, **changes: object) -> Submission:
    labels, objects = nuclei()
    return spoilt(good_set(labels=(replace(labels, pixels=pixels, **changes),), objects=objects))  # type: ignore[arg-type]


def test_a_good_submission_passes() -> None:
    report = Preflight("both", SmallCmpo()).check(good())
    assert report.findings == ()
    assert report.passes


@pytest.mark.parametrize(
    ("rule", "shape"),
    [
        ("P03", Rectangle(x=-1, y=0, width=5, height=5)),
        ("P03", Rectangle(x=92, y=0, width=5, height=5)),
        ("P03", Ellipse(x=4, y=30, radius_x=5, radius_y=3)),
        ("P03", Point(x=96.5, y=1)),
        ("P04", Rectangle(x=math.nan, y=0, width=5, height=5)),
        ("P04", Polygon(points=((1, 1), (5, math.inf), (2, 8)))),
        ("P05", Rectangle(x=1, y=1, width=5, height=5, z=3)),
        ("P05", Rectangle(x=1, y=1, width=5, height=5, t=1)),
        ("P05", Rectangle(x=1, y=1, width=5, height=5, z=1.5)),  # type: ignore[arg-type]
        ("P06", BOW_TIE),
        ("P06", Polygon(points=((1, 1), (2, 2), (1, 1)))),
        ("P06", Polygon(points=((1, 1), (2, 2), (3, 3)))),
        ("P06", Polygon(points=((1, 1), (1, 1), (3, 3), (9, 2)))),
        ("P06", Polyline(points=((1, 1), (1, 1)))),
        ("P07", Rectangle(x=1, y=1, width=0, height=5)),
        ("P07", Ellipse(x=30, y=30, radius_x=5, radius_y=-1)),
        ("P07", Line(x1=1, y1=1, x2=1, y2=1)),
    ],
)
def test_a_shape_that_is_wrong_is_found_once(rule: str, shape: object) -> None:
    assert found(with_object(region("x", shape))) == {(rule, "error")}


def test_an_object_on_planes_that_are_not_one_run_is_found_and_split() -> None:
    torn = region("x", shapes=tuple(Rectangle(x=1, y=1, width=5, height=5, z=z) for z in (0, 2)))
    assert found(with_object(torn)) == {("P05", "error")}
    whole = region("x", shapes=tuple(Rectangle(x=1, y=1, width=5, height=5, z=z) for z in (0, 1, 2)))
    assert found(with_object(whole)) == set()
    mended = fix(with_object(torn))
    assert [one.name for one in mended.sets[0].objects[-2:]] == ["cell x 1", "cell x 2"]
    assert found(mended) == set()


@pytest.mark.parametrize(
    ("spoil", "rule", "severity"),
    [
        (lambda p: p.astype(np.float32), "P08", "error"),
        (lambda p: p[:, :-1], "P08", "error"),
        (lambda p: p[0], "P08", "error"),
        (lambda p: p.astype(np.int16) - 3, "P08", "error"),
        (lambda p: np.where(p == 2, 2, 1).astype(np.uint16), "P08", "error"),
        (lambda p: p * 0, "P09", "error"),
        (lambda p: np.where(p == 2, 3, p), "P09", "error"),
        (lambda p: np.where(p == 2, 0, p), "P09", "error"),
    ],
)
def test_a_label_image_that_does_not_fit_is_found(spoil: object, rule: str, severity: str) -> None:
    pixels = nuclei()[0].pixels
    assert (rule, severity) in found(with_labels(spoil(pixels)))  # type: ignore[operator]


def test_labels_in_pieces_at_the_border_or_over_others_are_looked_at_again() -> None:
    pixels = nuclei()[0].pixels.copy()
    pixels[0, 60:64, 0:3] = 1
    report = Preflight("both", SmallCmpo()).check(with_labels(pixels))
    assert [one.what for one in report.findings] == ["label 1 is at the border", "label 1 is in several pieces"]
    labels, objects = nuclei()
    other = LabelImage(name="cytoplasm", axes=labels.axes, pixels=labels.pixels)
    owners = tuple(
        replace(one, uuid=f"c{one.uuid}", name=f"c {one.name}", label=LabelPlace("cytoplasm", one.label.value))
        for one in objects
    )  # type: ignore[union-attr]
    both = good_set(labels=(labels, other), objects=(*objects, *owners))
    assert found(spoilt(both)) == {("P10", "warning")}


def test_an_object_of_a_label_image_that_is_not_there_is_found() -> None:
    assert ("P09", "error") in found(with_object(region("x", shapes=(), label=LabelPlace("gone", 1))))


def test_names_and_ids_that_are_there_twice_are_found_and_mended() -> None:
    twice = spoilt(good_set(objects=(region("a"), region("a", name="other"), region("b", name="cell a"))))
    assert found(twice) == {("P11", "error"), ("P09", "error")}
    mended = spoilt(good_set(labels=(), objects=(region("a"), region("a", name="other"), region("b", name="cell a"))))
    for _ in range(2):
        mended = fix(mended)
    assert found(mended) == set()
    assert [one.name for one in mended.sets[0].objects] == ["cell a", "other", "cell a 2"]


@pytest.mark.parametrize(
    ("phenotype", "severity"),
    [
        (Phenotype("round nucleus phenotype"), "error"),
        (Phenotype("odd", no_term=True), "warning"),
        (Phenotype("", OntologyTerm("CMPO_0000123", "round nucleus phenotype")), "error"),
        (Phenotype("round", OntologyTerm("CMPO_0000123", "round nuclei")), "error"),
        (Phenotype("round", OntologyTerm("CMPO_0999999", "round nuclei")), "error"),
        (Phenotype("round", OntologyTerm("round", "round nuclei")), "error"),
        (Phenotype("gone", GONE), "error"),
    ],
)
def test_a_phenotype_that_the_ontology_does_not_bear_out_is_found(phenotype: Phenotype, severity: str) -> None:
    assert ("P12", severity) in found(with_object(region("x", phenotypes=(phenotype,))))


def test_the_accession_of_a_phenotype_with_an_ontologys_name_is_filled_in() -> None:
    mended = fix(with_object(region("x", phenotypes=(Phenotype("round nucleus phenotype"),))))
    assert found(mended) == set()


def test_an_ontology_that_is_old_or_not_kept_is_a_warning() -> None:
    other = region("x", terms=(OntologyTerm("EFO_0000400", "diabetes mellitus"),))
    assert found(with_object(other)) == {("P13", "warning")}
    for release, said in (("2016-01-01", "is of 2016-01-01"), ("", "is not known")):
        (old,) = Preflight("both", SmallCmpo(release)).check(good()).findings
        assert (old.id, old.severity) == ("P13", "warning")
        assert old.what.endswith(said)


def test_a_pixel_without_size_blocks_the_bioimage_archive_and_warns_the_idr() -> None:
    for spacing in ((), (("x", Spacing(1.0)), ("y", Spacing(1.0)), ("z", Spacing(1.0)))):
        submission = spoilt(good_set(image=image(spacing=spacing)))
        assert found(submission, "bia") == {("P14", "error")}
        assert found(submission, "idr") == {("P14", "warning")}


@pytest.mark.parametrize("name", ["", " area", "area ", "a\nb", "roi_uuid"])
def test_a_column_that_no_table_holds_is_found_and_renamed(name: str) -> None:
    spoilt_one = with_object(region("x", features=((name, 1.0),)))
    assert found(spoilt_one) == {("P15", "error")}
    mended = fix(spoilt_one)
    assert found(mended) == set()
    assert mended.sets[0].objects[-1].features[0][1] == 1.0


def test_a_cell_that_is_too_long_is_found() -> None:
    assert found(with_object(region("x", comment="x" * 70_000))) == {("P15", "error")}


@pytest.mark.parametrize(
    ("path", "right"),
    [
        ("annotations/rois/1__B1.rois.ome.xml", True),
        ("a b.csv", False),
        ("../x.csv", False),
        ("/x.csv", False),
        ("x//y.csv", False),
        ("µ.csv", False),
        ("x" * 256, False),
    ],
)
def test_a_file_name_is_accepted_or_not(path: str, right: bool) -> None:
    assert (file_name_fault(path) == "") is right


@pytest.mark.parametrize("text", ["B1_C1.tif", "µ-Bild (3)", "../..", "細胞", "a/b"])
def test_any_text_makes_an_accepted_file_name(text: str) -> None:
    assert file_name_fault(safe_name(text)) == ""


@pytest.mark.parametrize(
    ("changes", "rule", "severity"),
    [
        ({"method_types": ("polygons",)}, "P18", "error"),
        ({"authors": ()}, "P19", "error"),
        ({"authors": (Annotator("A", "0000-0002-1825-0098"),)}, "P19", "error"),
        ({"authors": (Annotator("A"),)}, "P19", "error"),
        ({"license": ""}, "P19", "error"),
        ({"license": "CC BY-NC 4.0"}, "P19", "error"),
        ({"method": " "}, "P19", "error"),
        ({"created": None}, "P19", "error"),
        ({"organism": ""}, "P25", "error"),
        ({"title": ""}, "P25", "error"),
        ({"description": ""}, "P25", "error"),
        ({"coverage": "see /home/me/notes.txt"}, "P23", "warning"),
        ({"is_screen": True}, "P02", "error"),
    ],
)
def test_a_form_that_lacks_something_is_found(changes: dict[str, object], rule: str, severity: str) -> None:
    assert found(good(form=good_form(**changes))) == {(rule, severity)}


def test_an_image_of_a_plate_names_where_it_lies() -> None:
    assert found(spoilt(good_set(image=image(plate="P1", well="B7")))) == {("P02", "error")}
    assert found(spoilt(good_set(image=image(plate="P1", well="B7", field="1")))) == set()


def test_an_image_without_dataset_has_no_row_in_the_table() -> None:
    assert found(spoilt(good_set(image=image(dataset="")))) == {("P25", "error")}
    assert found(spoilt(good_set(image=image(dataset=""))), "bia") == set()


@pytest.mark.parametrize("text", ["mail me@uni.edu", "DOE^JOHN", "from /home/me/x.tif", r"C:\data\x.tif", r"\\nas\x"])
def test_what_looks_private_is_looked_at_again(text: str) -> None:
    assert found(with_object(region("x", comment=text))) == {("P23", "warning")}


def test_a_warning_needs_a_yes_and_an_error_blocks() -> None:
    check = Preflight("both", SmallCmpo())
    submission = with_object(region("x", comment="mail me@uni.edu"))
    report = check.check(submission)
    assert not report.passes
    said = Acknowledgement(key_of(report.findings[0]), Annotator("A"), WHEN)
    report = check.check(submission, acknowledged=(said,))
    assert report.passes
    as_json = report_as_json(report)
    assert as_json["status"] == "pass"
    assert as_json["checks"][0]["acknowledged"]["at"] == "2026-11-30T12:00:00Z"


def test_what_did_not_change_is_not_checked_again() -> None:
    check, submission = Preflight("both", SmallCmpo()), good()
    check.check(submission)
    one_set = submission.sets[0]
    first = check.check_object(one_set.image, one_set.objects[0])
    assert check.check_object(one_set.image, one_set.objects[0]) is first


def test_a_check_can_be_stopped() -> None:
    with pytest.raises(Cancelled):
        Preflight("both", SmallCmpo()).check(good(), is_cancelled=lambda: True)


def test_the_repository_is_asked_whether_it_is_the_same_image() -> None:
    report, submission = Report(), good()

    def gone(_: object) -> object:
        raise NotFound("Image 6001247 was not found", "IDR")

    asked = ask_repository(report, submission, lambda one: replace(one, size_x=95), lambda _: ())
    assert [one.id for one in asked.findings] == ["P01"]
    assert ask_repository(report, submission, lambda one: one, lambda _: ()).findings == ()
    assert [one.id for one in ask_repository(report, submission, gone, lambda _: ()).findings] == ["P01"]  # type: ignore[arg-type]


def test_a_repository_that_does_not_answer_is_said_and_no_finding() -> None:
    def silent(_: object) -> object:
        raise Unreachable("IDR did not answer")

    asked = ask_repository(Report(), good(), silent, lambda _: ())  # type: ignore[arg-type]
    assert asked.findings == ()
    assert "did not answer" in asked.unchecked[0]


def test_what_the_repository_has_already_is_a_warning() -> None:
    there = (Roi("1", (Rectangle(x=10.5, y=12.25, width=20.01, height=9, z=1, t=0),)), Roi("2", (Point(x=5.4, y=6.6),)))
    asked = ask_repository(Report(), good(), lambda one: one, lambda _: there)
    assert [(one.id, one.uuid) for one in asked.findings] == [("P24", "a"), ("P24", "d")]


def fix(submission: Submission) -> Submission:
    known = SmallCmpo()
    report = Preflight("both", known).check(submission)
    finding = next(one for one in report.findings if one.fix)
    return replace(submission, sets=tuple(apply_fix(finding, one, known) for one in submission.sets))


@pytest.mark.parametrize(
    "shape",
    [
        Rectangle(x=-1, y=-2, width=5, height=5),
        Ellipse(x=4, y=30, radius_x=5, radius_y=3),
        Polygon(points=((80, 1), (120, 5), (90, 60))),
        Polyline(points=((80, 1), (120, 5), (90, 60))),
        Line(x1=50, y1=50, x2=50, y2=70),
        Mask(x=-2, y=0, width=4, height=2, bits=bytes([0b10110111])),
        BOW_TIE,
        Polygon(points=((1, 1), (1, 1), (3, 3), (9, 2))),
    ],
)
def test_a_shape_beyond_the_image_or_crossing_itself_is_mended(shape: object) -> None:
    assert found(fix(with_object(region("x", shape)))) == set()


def test_a_mask_keeps_the_bits_that_lie_inside() -> None:
    mended = fix(with_object(region("x", Mask(x=-2, y=0, width=4, height=2, bits=bytes([0b10110111])))))
    (shape,) = mended.sets[0].objects[-1].shapes
    assert isinstance(shape, Mask)
    assert (shape.x, shape.width, shape.height, shape.bits) == (0.0, 2.0, 2.0, bytes([0b11110000]))


def test_an_object_wholly_outside_goes_when_it_is_cut() -> None:
    mended = fix(with_object(region("x", Rectangle(x=200, y=0, width=5, height=5))))
    assert "x" not in mended.sets[0].by_uuid()


def test_every_rule_is_named() -> None:
    assert sorted(RULES) == [f"P{number:02}" for number in range(1, 26)]
