from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from napari_idr.errors import FormatError
from napari_idr.formats.documents.bia_file_list import annotation_section, bia_file_list, check_bia_file_list
from napari_idr.formats.documents.mifa import check_mifa, mifa_yaml, read_mifa
from napari_idr.formats.documents.ro_crate import ro_crate_file_list, ro_crate_metadata
from napari_idr.formats.documents.ro_crate_check import check_ro_crate
from napari_idr.formats.documents.submitted_file import source_path, sources
from submitted import form, submission, submitted_files
from validate.validators import run_validator

if TYPE_CHECKING:
    from pathlib import Path

IMAGES = tuple(sources(submitted_files()))


@pytest.fixture
def file_list(tmp_path: Path) -> Path:
    path = tmp_path / "file_list_annotations.tsv"
    path.write_text(bia_file_list(submitted_files()), encoding="utf-8", newline="")
    return path


@pytest.fixture
def mifa(tmp_path: Path) -> Path:
    path = tmp_path / "mifa_annotations.yaml"
    path.write_text(mifa_yaml(submission(), submitted_files()), encoding="utf-8", newline="")
    return path


@pytest.fixture
def crate(tmp_path: Path) -> Path:
    files = submitted_files(tmp_path)
    (tmp_path / "ro-crate-metadata.json").write_text(
        ro_crate_metadata(submission(), files), encoding="utf-8", newline=""
    )
    (tmp_path / "file_list.tsv").write_text(ro_crate_file_list(files), encoding="utf-8", newline="")
    return tmp_path


def test_the_list_has_the_columns_of_the_archive(file_list: Path) -> None:
    header, first, *_ = file_list.read_text(encoding="utf-8").splitlines()
    assert header.split("\t")[:3] == ["Files", "Source Image", "Annotation Type"]
    assert first.split("\t")[:4] == [
        "annotations/rois/6001247__B1_C1.rois.ome.xml",
        "images/idr0062__6001247__B1_C1.tif",
        "geometrical_annotations,class_labels",
        "none",
    ]
    assert check_bia_file_list(file_list, IMAGES) == ()
    assert run_validator("tables", file_list) == []


def test_the_section_of_the_form_is_a_line_per_attribute() -> None:
    lines = dict(line.split("\t") for line in annotation_section(submission(), submitted_files(), "f.tsv").splitlines())
    assert lines["Annotation Type"] == "class_labels,geometrical_annotations,point_annotations,segmentation_mask"
    assert lines["Annotation Method"] == "Drawn by one person, reviewed by another"


LIST_FAULTS = {
    "another spelling": (lambda text: text.replace("Source Image\t", "source_image\t", 1), "P17"),
    "no source": (lambda text: text.replace(IMAGES[0], "", 1), "P17"),
    "an image that is not listed": (lambda text: text.replace(IMAGES[0], "images/x.tif", 1), "P17"),
    "an invented type": (lambda text: text.replace("point_annotations", "polygons"), "P18"),
    "a path upwards": (lambda text: text.replace("annotations/tables", "../tables"), "P16"),
    "a space in a path": (lambda text: text.replace("rois.csv", "my rois.csv"), "P16"),
    "an absolute path": (lambda text: text.replace("annotations/tables", "/tables"), "P16"),
    "a file twice": (lambda text: text + text.splitlines()[1] + "\n", "P11"),
    "no time": (lambda text: text.replace("2025-11-20T12:00:00.005000Z", "", 1), "P19"),
    "a time without a zone": (lambda text: text.replace("005000Z", "005000", 1), "P19"),
    "another first column": (lambda text: text.replace("Files\t", "File\t", 1), "P25"),
    "commas": (lambda text: text.replace(",class_labels", "").replace("\t", ","), "P15"),
}


@pytest.mark.parametrize("name", LIST_FAULTS)
def test_each_fault_of_a_list_is_found(name: str, file_list: Path) -> None:
    spoil, identifier = LIST_FAULTS[name]
    before = file_list.read_text(encoding="utf-8")
    assert spoil(before) != before
    file_list.write_text(spoil(before), encoding="utf-8", newline="")
    assert identifier in {one.id for one in check_bia_file_list(file_list, IMAGES)}


@pytest.mark.parametrize(
    "change",
    [
        {"path": "a b.csv"},
        {"path": "/x"},
        {"path": "a/../b"},
        {"path": "a/"},
        {"annotation_types": ("polygons",)},
        {"annotation_types": ()},
        {"path": submitted_files()[1].path},
    ],
)
def test_what_the_archive_refuses_is_not_written(change: dict[str, Any]) -> None:
    files = (replace(submitted_files()[0], **change), *submitted_files()[1:])
    for write in (bia_file_list, ro_crate_file_list, lambda some: mifa_yaml(submission(), some)):
        with pytest.raises(FormatError):
            write(files)


def test_an_image_is_named_alike_in_all_lists(file_list: Path, mifa: Path, crate: Path) -> None:
    path = source_path(submission().sets[0].image)
    assert all(path in file.read_text(encoding="utf-8") for file in (file_list, mifa, crate / "file_list.tsv"))


def test_mifa_follows_its_schema(mifa: Path) -> None:
    document = yaml.safe_load(mifa.read_text(encoding="utf-8"))
    assert document == read_mifa(mifa)
    assert document["authors"][0]["orcid_id"] == "ORCID:0000-0002-1825-0097"
    assert document["authors"][1] == {
        "author_first_name": "Cher",
        "author_last_name": "Cher",
        "role": ["data annotation"],
    }
    assert [one["annotation_id"] for one in document["file_metadata"]] == [file.path for file in submitted_files()]
    assert check_mifa(mifa) == ()
    assert run_validator("mifa", mifa, needs_samples=True) == []


def test_the_archives_own_examples_are_judged_alike(shared: Path) -> None:
    folder = shared / "formats/samples/mifa"
    found = check_mifa(folder / "Annotations_S-BIAD634.yaml")
    assert {one.id for one in found} == {"P18", "P19"}  # annotation_type as a text: both published schemas refuse it
    assert run_validator("mifa", folder / "Annotations_S-BIAD634.yaml", needs_samples=True)
    assert check_mifa(shared / "formats/samples/generated/mifa_annotations.yaml") == ()


@pytest.mark.parametrize(
    ("content", "identifier"),
    [
        ("a: &a [x, x]\nb: *a\n", "P22"),
        ("a: !!python/object/apply:os.system ['true']\n", "P22"),
        ("- a\n", "P22"),
        ("a: [", "P22"),
        ("[" * 5000, "P22"),
        ("annotation_method: x\n", "P19"),
        ("annotation_overview: x\nannotation_method: y\nannotation_type: [polygons]\n", "P18"),
    ],
)
def test_broken_mifa_is_a_finding(content: str, identifier: str, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(content, encoding="utf-8")
    assert identifier in {one.id for one in check_mifa(tmp_path / "m.yaml")}


def test_the_crate_passes_the_profiles_rules(crate: Path) -> None:
    assert check_ro_crate(crate) == ()
    assert run_validator("tables", crate / "file_list.tsv") == []


def test_crates_that_passed_the_archives_validator_pass_and_its_bad_one_does_not(shared: Path) -> None:
    samples = shared / "formats/samples"
    assert check_ro_crate(samples / "package_example") == ()
    bad = check_ro_crate(samples / "bia/test_file_list_self_reference_mismatch")
    assert "P17" in {one.id for one in bad}


def test_the_terms_stand_for_what_the_archives_context_says(crate: Path, shared: Path) -> None:
    official = json.loads((shared / "formats/samples/bia/bia_ro_crate_context.jsonld").read_text())["@context"]
    document = json.loads((crate / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    mine = document["@context"][1]
    assert {name: official.get(name) for name in mine} == mine
    used = {key for one in document["@graph"] for key in one} - {"@id", "@type", "conformsTo", "about"}
    assert used <= set(mine)


def _entity(document: Any, identifier: str) -> Any:
    return next(one for one in document["@graph"] if one["@id"] == identifier)


CRATE_FAULTS = {
    "no study": (lambda d: _entity(d, "./").update({"@type": "Dataset"}), "P22"),
    "no licence": (lambda d: _entity(d, "./").pop("license"), "P19"),
    "a contributor that is not there": (lambda d: _entity(d, "./").update(contributor=[{"@id": "#x"}]), "P22"),
    "two file lists": (lambda d: d["@graph"].append({"@id": "b.tsv", "@type": ["bia:FileList"]}), "P22"),
    "an id twice": (lambda d: d["@graph"].append({"@id": "./"}), "P22"),
    "two classes": (lambda d: _entity(d, "#method").update({"@type": ["bia:AnnotationMethod", "bia:Dataset"]}), "P22"),
    "no protocol": (lambda d: _entity(d, "#method").pop("protocolDescription"), "P19"),
    "an invented type": (lambda d: _entity(d, "#method").update(methodType=["polygons"]), "P18"),
    "no path column": (lambda d: _entity(d, "_:col0").pop("propertyUrl"), "P17"),
    "another version": (lambda d: _entity(d, "ro-crate-metadata.json").update(conformsTo={"@id": "x"}), "P22"),
    "no graph": (lambda d: d.pop("@graph"), "P22"),
}


@pytest.mark.parametrize("name", CRATE_FAULTS)
def test_each_fault_of_a_crate_is_found(name: str, crate: Path) -> None:
    spoil, identifier = CRATE_FAULTS[name]
    path = crate / "ro-crate-metadata.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    spoil(document)
    path.write_text(json.dumps(document), encoding="utf-8")
    assert identifier in {one.id for one in check_ro_crate(crate)}


ROW_FAULTS = {
    "the source has no row": (lambda lines: [lines[0], *lines[2:]], "P17"),
    "a file is gone": (lambda lines: [line.replace("rois.csv", "other.csv") for line in lines], "P22"),
    "a dataset that is not there": (lambda lines: [line.replace("#annotations", "#x") for line in lines], "P22"),
    "a method that is not there": (lambda lines: [line.replace("#method", "#x") for line in lines], "P22"),
    "a file twice": (lambda lines: [*lines, lines[-1]], "P11"),
    "a path upwards": (lambda lines: [line.replace("annotations/tables", "../../tables") for line in lines], "P16"),
    "an annotation is its own source": (
        lambda lines: [line.replace(f"{IMAGES[0]}\t#method", f"{line.split(chr(9))[0]}\t#method") for line in lines],
        "P17",
    ),
}


@pytest.mark.parametrize("name", ROW_FAULTS)
def test_each_fault_of_a_crates_list_is_found(name: str, crate: Path) -> None:
    spoil, identifier = ROW_FAULTS[name]
    path = crate / "file_list.tsv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(spoil(lines)) + "\n", encoding="utf-8")
    assert identifier in {one.id for one in check_ro_crate(crate)}


def test_a_file_that_changed_is_found(crate: Path) -> None:
    (crate / submitted_files()[0].path).write_text("edited")
    assert ["another size" in one.what for one in check_ro_crate(crate)] == [True]


@pytest.mark.parametrize("missing", ["title", "description", "authors", "license", "created", "method"])
def test_what_the_profile_requires_is_asked_for(missing: str) -> None:
    empty = () if missing == "authors" else None if missing == "created" else ""
    with pytest.raises(FormatError, match="needs"):
        ro_crate_metadata(submission(form=form(**{missing: empty})), submitted_files())


def test_no_path_of_a_machine_and_no_local_address_gets_in(crate: Path, mifa: Path, file_list: Path) -> None:
    for file in (crate / "ro-crate-metadata.json", crate / "file_list.tsv", mifa, file_list):
        assert str(crate) not in file.read_text(encoding="utf-8")


def test_the_same_submission_gives_the_same_documents() -> None:
    for write in (ro_crate_metadata, mifa_yaml):
        assert write(submission(), submitted_files()) == write(submission(), submitted_files())
