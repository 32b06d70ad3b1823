from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from labelled_sets import image, labelled_set, rich_object
from napari_idr.errors import FormatError
from napari_idr.formats.documents.idr_annotation import (
    annotation_csv,
    check_idr_annotation,
    processed_table,
    read_idr_annotation,
)
from napari_idr.formats.documents.idr_study import read_roi_import, roi_import_table, study_phenotype_block
from submitted import form, submission, submitted_files
from validate.validators import run_validator

if TYPE_CHECKING:
    from pathlib import Path

LABELS = {"CMPO_0000118": "round cell phenotype", "CMPO_0000128": "increased cell size phenotype"}


def rows(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "idr0062-experimentA-annotation.csv"
    path.write_text(annotation_csv(submission(), submitted_files()), encoding="utf-8", newline="")
    return path


def test_a_row_has_its_keys_organism_files_and_phenotypes() -> None:
    first, second, bare = rows(annotation_csv(submission(), submitted_files()))
    assert (first["Dataset Name"], first["Image Name"]) == ("Blastocysts", "B1_C1.tif")
    assert (first["Term Source 1 REF"], first["Term Source 1 Accession"]) == ("NCBITaxon", "NCBITaxon_10090")
    assert first["Comment [Annotation File]"].count(";") == 1
    assert first["Phenotype 1"] == "Large, spread"
    assert (first["Phenotype 1 Term Name"], first["Phenotype 1 Term Accession"]) == (
        "increased cell size phenotype",
        "CMPO_0000128",
    )
    assert first["Phenotype 2"] == "odd"
    assert (second["Has Phenotype"], second["Phenotype Annotation Level"]) == ("yes", "image")
    assert second["Phenotype 1"] == ""
    assert {name: second[name] for name in second if name.startswith("Phenotype 4")} == {
        "Phenotype 4": "round",
        "Phenotype 4 Term Name a": "round cell phenotype",
        "Phenotype 4 Term Accession a": "CMPO_0000118",
        "Phenotype 4 Term Name b": "increased cell size phenotype",
        "Phenotype 4 Term Accession b": "CMPO_0000128",
    }
    assert bare["Has Phenotype"] == bare["Phenotype Annotation Level"] == ""


def test_a_phenotype_of_the_study_alone_marks_no_image() -> None:
    found = rows(annotation_csv(submission()))
    assert [row["Phenotype 3"] for row in found] == ["", "", ""]
    assert "Phenotype 3 Term Name" not in found[0]


def test_what_is_written_passes_the_checks(written: Path) -> None:
    assert check_idr_annotation(written, LABELS) == ()
    assert run_validator("tables", written) == []
    assert run_validator("idr_annotation", written, needs_samples=True) == []


def test_the_second_opinion_sees_what_is_wrong(written: Path) -> None:
    written.write_text(written.read_text(encoding="utf-8").replace("CMPO_0000118", "CMPO_0000119"), encoding="utf-8")
    assert run_validator("idr_annotation", written, needs_samples=True)


def test_what_it_says_of_an_image_is_read_back(written: Path) -> None:
    statements, remarks = read_idr_annotation(written, submission().sets[1].image)
    assert [(one.on, one.phenotype.name, one.phenotype.term.accession) for one in statements] == [
        ("image", "round", "CMPO_0000118"),
        ("image", "round", "CMPO_0000128"),
    ]
    assert remarks == ()
    with pytest.raises(FormatError, match="0 rows"):
        read_idr_annotation(written, image(name="another.tif"))


def test_a_screen_has_a_row_per_well_with_the_phenotypes_of_all_its_fields() -> None:
    wells = [
        labelled_set(image=image(plate="P1", well="B7", field=str(n), image_id=str(n)), objects=(rich_object(n),))
        for n in (1, 2)
    ]
    (row,) = rows(annotation_csv(submission(form=form(is_screen=True), sets=tuple(wells))))
    assert (row["Plate"], row["Well"], row["Phenotype Annotation Level"]) == ("P1", "B7", "well")
    (counted,) = rows(processed_table(submission(form=form(is_screen=True), sets=tuple(wells))), "\t")
    assert counted["Number of Objects [nucleus]"] == "2"


def test_processed_data_count_objects(tmp_path: Path) -> None:
    text = processed_table(submission())
    first, second, _ = rows(text, "\t")
    assert (first["Number of Objects"], first["Number of Objects [nucleus]"]) == ("2", "1")
    assert first["Number of Objects With round"] == "1"
    assert (second["Number of Objects"], second["Phenotype 4"]) == ("0", "round")
    assert not any(" Term " in column for column in first)
    path = tmp_path / "idr0062-experimentA-processed.txt"
    path.write_text(text, encoding="utf-8", newline="")
    assert run_validator("tables", path) == []


def test_the_block_for_the_study_file_has_a_column_per_phenotype() -> None:
    lines = [line.split("\t") for line in study_phenotype_block(submission(), "processed.txt").splitlines()]
    by_key: dict[str, list[list[str]]] = {}
    for key, *cells in lines:
        by_key.setdefault(key, []).append(cells)
    assert by_key["Phenotype Name"] == [["Large, spread", "odd", "rare", "round"]]
    assert by_key["Phenotype Description"][0][0] == "Cells are larger."
    assert by_key["Phenotype Term Accession"] == [
        ["CMPO_0000128", "", "", "CMPO_0000118"],
        ["", "", "", "CMPO_0000128"],
    ]
    assert by_key["Processed Data Column Name"][0][:2] == ["Dataset Name", "Image Name"]
    assert len(by_key["Processed Data Column Type"][0]) == len(by_key["Processed Data Column Name"][0])


def test_the_keys_of_the_block_are_those_of_the_template(shared: Path) -> None:
    template = (shared / "formats/samples/idr/idr0000-template/idr0000-study_nonHCS.txt").read_text(encoding="utf-8")
    keys = {line.split("\t")[0].strip() for line in template.splitlines()}
    mine = {line.split("\t")[0] for line in study_phenotype_block(submission(), "processed.txt").splitlines()}
    assert {key for key in mine if not key.startswith("#")} <= keys


def test_each_file_of_rois_comes_with_its_command(tmp_path: Path) -> None:
    path = tmp_path / "roi_import.tsv"
    path.write_text(roi_import_table(submitted_files()), encoding="utf-8")
    found = read_roi_import(path)
    assert found == tuple((f.image.image_id, f.path) for f in submitted_files() if f.role == "rois")
    assert f"ome-omero-roitool import 6001247 {found[0][1]}" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"form": form(organism="")}, "organism"),
        ({"sets": (labelled_set(image=image(dataset="")),)}, "dataset name"),
        ({"sets": (labelled_set(), labelled_set())}, "one name"),
        ({"form": form(is_screen=True)}, "plate"),
    ],
)
def test_what_the_idr_cannot_find_is_refused(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(FormatError, match=complaint):
        annotation_csv(submission(**changes))


FAULTS = {
    "byte order mark": (lambda text: "\ufeff" + text, "P15"),
    "line ends": (lambda text: text.replace("\n", "\r\n"), "P15"),
    "semicolons": (lambda text: text.replace("Large, spread", "Large").replace(",", ";"), "P15"),
    "a gene became a date": (lambda text: text.replace("Mus musculus", "1-Sep", 1), "P15"),
    "a cell with a space": (lambda text: text.replace("Blastocysts", "Blastocysts ", 1), "P15"),
    "a column twice": (lambda text: text.replace("Image Name", "Dataset Name"), "P15"),
    "a row twice": (lambda text: text + text.splitlines()[-1] + "\n", "P11"),
    "another row with the name": (lambda text: text.replace("B1_C2.tif", "B1_C1.tif"), "P11"),
    "no organism": (lambda text: text.replace("Mus musculus", ""), "P25"),
    "no accession": (lambda text: text.replace("CMPO_0000128", "", 1), "P12"),
    "no phenotype": (lambda text: text.replace('"Large, spread"', "", 1), "P12"),
    "not said": (lambda text: text.replace(",yes,", ",,"), "P12"),
    "another label": (lambda text: text.replace("round cell phenotype", "abnormal nucleus shape phenotype"), "P12"),
    "an accession that does not exist": (lambda text: text.replace("CMPO_0000118", "CMPO_9999999"), "P12"),
    "a header of another file": (lambda text: text.replace("Image Name", "Something"), "P15"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_found(name: str, written: Path) -> None:
    spoil, identifier = FAULTS[name]
    before = written.read_text(encoding="utf-8")
    assert spoil(before) != before
    written.write_text(spoil(before), encoding="utf-8", newline="")
    assert identifier in {one.id for one in check_idr_annotation(written, LABELS)}


@pytest.mark.parametrize("name", ["idr0026-experimentA-annotation_subset.csv", "idr0028-screenA-annotation_subset.csv"])
def test_real_files_of_the_idr_pass_but_for_what_they_get_wrong(name: str, shared: Path) -> None:
    samples = shared / "formats/samples"
    with (samples / "cmpo_terms.tsv").open(encoding="utf-8") as file:
        labels = {row["accession"]: row["label"] for row in csv.DictReader(file, delimiter="\t")}
    assert [
        one for one in check_idr_annotation(samples / "idr" / name, labels) if one.id in ("P11", "P12", "P25")
    ] == []


def test_the_same_submission_gives_the_same_text() -> None:
    assert annotation_csv(submission(), submitted_files()) == annotation_csv(submission(), submitted_files())
    backwards = submission(sets=tuple(replace(one) for one in submission().sets[::-1]))
    columns = annotation_csv(backwards).splitlines()[0]
    assert columns == annotation_csv(submission()).splitlines()[0]
