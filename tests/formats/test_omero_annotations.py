"""Annotations and plate grids, as recorded and as servers may lay them out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from napari_idr.errors import ProtocolError
from napari_idr.formats.omero_annotations import (
    MapAnnotation,
    fit_labels,
    label_index,
    merge_values,
    parse_annotations,
    parse_plate_grid,
    split_links,
)

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = "https://server/webclient/api/annotations/"


def annotation(kind: str, number: int, *pairs: list[str]) -> dict[str, Any]:
    parent = {"id": number, "class": kind, "name": ""}
    return {"class": "MapAnnotationI", "ns": "x", "link": {"parent": parent}, "values": list(pairs)}


def cell(image: int, well: int) -> dict[str, Any]:
    return {"type": "Image", "id": image, "wellId": well, "name": "", "field": 0}


def test_study_annotation_is_read_and_files_are_passed_over(shared: Path) -> None:
    path = shared / "protocols" / "samples" / "idr_webclient_api_annotations_screen102.json"
    (study,) = parse_annotations(json.loads(path.read_text()), ADDRESS)
    assert (study.parent_class, study.parent_id) == ("ScreenI", "102")
    assert study.namespace == "idr.openmicroscopy.org/study/info"
    assert ("Organism", "Homo sapiens") in study.values
    values, links = split_links(study.values)
    assert ("License", "CC BY 4.0") in values
    assert ("License: CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/") in links
    assert ("Publication DOI: 10.1091/mbc.E13-04-0221", "https://doi.org/10.1091/mbc.E13-04-0221") in links


def test_inherited_annotations_follow_the_own_ones() -> None:
    answer = {
        "annotations": [annotation("ImageI", 1, ["a", "1"])],
        "parents": {"annotations": [annotation("WellI", 2, ["b", "2"])], "lineage": {}},
    }
    assert [a.parent_class for a in parse_annotations(answer, ADDRESS)] == ["ImageI", "WellI"]


def test_keys_repeat_but_the_same_statement_does_not() -> None:
    first = MapAnnotation("WellI", "1", "", (("Phenotype", "big"), ("Phenotype", "round")))
    second = MapAnnotation("ImageI", "2", "", (("Phenotype", "big"), ("Gene", "KIF11")))
    assert merge_values([first, second]) == (("Phenotype", "big"), ("Phenotype", "round"), ("Gene", "KIF11"))


def test_bare_address_is_linked_under_the_value_before_it() -> None:
    values, links = split_links(
        [
            ("Phenotype Term Accession", "CMPO_0000118"),
            ("Phenotype Term Accession URL", "http://www.ebi.ac.uk/cmpo/CMPO_0000118"),
        ]
    )
    assert links == (("Phenotype Term Accession: CMPO_0000118", "http://www.ebi.ac.uk/cmpo/CMPO_0000118"),)
    assert values[1][1] == "http://www.ebi.ac.uk/cmpo/CMPO_0000118"


@pytest.mark.parametrize("text", ["javascript:alert(1)", "file:///etc/passwd", "ftp://host/x"])
def test_only_web_addresses_become_links(text: str) -> None:
    assert split_links([("See", text)]) == ((("See", text),), ())


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({}, "annotations"),
        ({"annotations": {}}, "annotations"),
        ({"annotations": [{"class": "MapAnnotationI"}]}, "link"),
        ({"annotations": [annotation("WellI", 1, ["only key"])]}, "annotations[0].values[0]"),
        ({"annotations": [annotation("WellI", 1, ["k", 5])]}, "annotations[0].values[0]"),  # type: ignore[list-item]
    ],
)
def test_broken_annotation_is_refused_by_the_name_of_the_field(answer: object, field: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse_annotations(answer, ADDRESS)
    assert field in caught.value.what


def test_recorded_grid_has_one_well(shared: Path) -> None:
    path = shared / "protocols" / "samples" / "derived" / "webgateway_plate_grid.json"
    grid = parse_plate_grid(json.loads(path.read_text()), ADDRESS)
    assert (grid.row_labels, grid.column_labels) == (("A", "B"), ("1", "2"))
    (only,) = grid.cells
    assert (only.row, only.column, only.well_id, only.image_id) == (0, 0, "11", "101")


def test_wells_lie_where_their_labels_say_when_the_server_cut_empty_rows_off() -> None:
    answer = {"grid": [[None, cell(5, 6)]], "rowlabels": ["C"], "collabels": [4, 5], "image_sizes": []}
    grid = parse_plate_grid(answer, ADDRESS)
    assert grid.row_labels == ("A", "B", "C")
    assert grid.column_labels == ("1", "2", "3", "4", "5")
    assert [(c.row, c.column) for c in grid.cells] == [(2, 4)]


def test_numbered_rows_and_lettered_columns_keep_their_naming() -> None:
    grid = parse_plate_grid({"grid": [[cell(5, 6)]], "rowlabels": ["2"], "collabels": ["B"]}, ADDRESS)
    assert (grid.row_labels, grid.column_labels) == (("1", "2"), ("A", "B"))
    assert [(c.row, c.column) for c in grid.cells] == [(1, 1)]


def test_plate_without_wells_is_an_empty_grid() -> None:
    grid = parse_plate_grid({"grid": [], "rowlabels": [], "collabels": []}, ADDRESS)
    assert (grid.row_labels, grid.column_labels, grid.cells) == ((), (), ())


def test_padding_is_cut_to_what_the_plate_declares_but_never_below_its_wells() -> None:
    padded = tuple("ABCDEFGH")
    assert fit_labels(padded, 3, [0, 1]) == ("A", "B", "C")
    assert fit_labels(padded, 3, [0, 4]) == ("A", "B", "C", "D", "E")
    assert fit_labels(("A",), 3, []) == ("A", "B", "C")
    assert fit_labels(("1",), 3, []) == ("1", "2", "3")
    assert fit_labels(padded, None, []) == padded


@pytest.mark.parametrize(
    "answer",
    [
        {"grid": [[cell(1, 2)]], "rowlabels": ["A"], "collabels": []},
        {"grid": [[cell(1, 2)]], "rowlabels": [], "collabels": [1]},
        {"grid": ["row"], "rowlabels": ["A"], "collabels": [1]},
        {"grid": [[{"id": 1}]], "rowlabels": ["A"], "collabels": [1]},
        {"grid": [[5]], "rowlabels": ["A"], "collabels": [1]},
        {"grid": [], "rowlabels": ["?"], "collabels": []},
    ],
)
def test_broken_grid_is_refused(answer: object) -> None:
    with pytest.raises(ProtocolError):
        parse_plate_grid(answer, ADDRESS)


@pytest.mark.parametrize(("label", "index"), [(1, 0), ("12", 11), ("A", 0), ("aa", 26), ("AF", 31)])
def test_labels_mean_places(label: object, index: int) -> None:
    assert label_index(label, "rowlabels[0]", ADDRESS) == index
