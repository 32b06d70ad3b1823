"""Key-values below headings that say where they hang; terms, links and odd texts."""

from __future__ import annotations

import pytest

from napari_idr.model.labelled_values import LabelledValue, Place
from napari_idr.widgets.key_value_lines import Line, labelled_lines, places_said, plain_lines

pytestmark = pytest.mark.qt
WELL, IMAGE, PLATE = Place("well"), Place("image", "plate1 [Well A1, Field 1]"), Place("plate", "knockdown-1")


def test_each_set_of_places_is_a_heading_with_its_lines_the_nearest_first() -> None:
    lines = labelled_lines(
        [
            LabelledValue("Gene Symbol", "KIF11", (IMAGE, WELL), "Gene"),
            LabelledValue("Dose", "1 µM", (WELL,)),
            LabelledValue("Phenotype", "mitotic arrest", (IMAGE, WELL)),
            LabelledValue("Operator", "A. Nonymous", (PLATE,)),
        ]
    )
    assert [(line.key, line.value) for line in lines] == [
        ("Image, well", ""),
        ("Gene Symbol", "KIF11"),
        ("Phenotype", "mitotic arrest"),
        ("Well", ""),
        ("Dose", "1 µM"),
        ("Plate knockdown-1", ""),
        ("Operator", "A. Nonymous"),
    ]


def test_keys_that_repeat_stay_apart() -> None:
    lines = labelled_lines([LabelledValue("Organism", name, (WELL,)) for name in ("Homo sapiens", "Mus musculus")])
    assert [line.value for line in lines[1:]] == ["Homo sapiens", "Mus musculus"]


def test_a_term_shows_label_and_accession_and_says_its_definition() -> None:
    (line,) = labelled_lines(
        [LabelledValue("Phenotype Term", "round", (WELL,), link="http://x/C", accession="C_0001")]
    )[1:]
    assert line.shown == "round · C_0001"
    hint = line.hint("Cells are <round>.")
    for said in ("Term: C_0001", "Definition: Cells are &lt;round&gt;.", "On: Well", "Double-click opens: http://x/C"):
        assert said in hint
    assert "Definition" not in line.hint()


def test_an_accession_without_a_label_is_said_once() -> None:
    assert Line("Term", "CMPO_0000196", accession="CMPO_0000196").shown == "CMPO_0000196"


def test_an_address_in_a_plain_value_is_a_link() -> None:
    (line,) = plain_lines([("License", "CC0 1.0 https://creativecommons.org/publicdomain/zero/1.0/")])
    assert line.link == "https://creativecommons.org/publicdomain/zero/1.0/"


def test_places_without_a_name_are_their_kind_and_none_is_said_twice() -> None:
    assert places_said((WELL, WELL, Place("screen", "a/b"))) == "Well, screen a/b"
    assert places_said(()) == ""
