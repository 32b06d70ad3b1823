from dataclasses import replace
from pathlib import Path

import pytest
from made_sets import CARBERRY, good_form

from napari_idr.export.remembered_forms import NAME, RememberedForms
from napari_idr.model.submission import SubmissionForm


def test_a_form_is_remembered_per_study(tmp_path: Path) -> None:
    forms = RememberedForms(tmp_path / "new")
    forms.remember("idr0062", good_form(is_screen=True))
    assert RememberedForms(tmp_path / "new").form("idr0062") == replace(good_form(is_screen=True), created=None)


def test_a_new_study_begins_with_the_annotators_of_the_last(tmp_path: Path) -> None:
    forms = RememberedForms(tmp_path)
    assert forms.form("idr0001") == SubmissionForm(accession="idr0001")
    forms.remember("idr0062", good_form())
    assert forms.form("idr0001") == SubmissionForm(accession="idr0001", authors=(CARBERRY,), license="CC BY 4.0")


@pytest.mark.parametrize("text", ["{", "[]", '{"idr0062": 3}', '{"idr0062": {"title": 3, "authors": [1]}}', "\udcff"])
def test_a_file_that_cannot_be_read_loses_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / NAME
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    before = path.read_bytes()
    forms = RememberedForms(tmp_path)
    assert forms.form("idr0062").title == ""
    forms.remember("idr0001", good_form())
    kept = [one.read_bytes() for one in tmp_path.iterdir() if one.suffix == ".json"]
    assert forms.form("idr0001").title == good_form().title
    assert before in kept or b"idr0062" in path.read_bytes()
