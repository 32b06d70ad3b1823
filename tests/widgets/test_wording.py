"""Nodes in words."""

from __future__ import annotations

import pytest
from fakes import FakeSession

from napari_idr.model.catalog import ImageNode, Node
from napari_idr.widgets import wording

pytestmark = pytest.mark.qt


def test_counts_have_thousands_separators_and_the_right_noun() -> None:
    assert wording.counted(1, "well", "wells") == "1 well"
    assert wording.counted(1152, "well", "wells") == "1,152 wells"


def test_a_screen_reader_hears_name_kind_and_count() -> None:
    plate = FakeSession()._plates()[0]
    assert wording.spoken_row(plate) == "LT0001_02, plate, 94 wells"


def test_an_accession_that_is_the_name_is_not_repeated() -> None:
    assert wording.kind_and_accession(Node("study", "idr", "1", "idr0013", accession="idr0013")) == "Study"
    assert wording.kind_and_accession(Node("study", "idr", "1", "A", accession="idr0013")) == "Study · idr0013"


def test_sizes_name_only_the_axes_there_are_several_of() -> None:
    sizes = (("x", 16384), ("y", 8000), ("c", 3), ("z", 1), ("t", 40))
    image = ImageNode("image", "idr", "1", "a", sizes=sizes, pixel_type="uint16")
    assert wording.facts(image) == "16,384 × 8,000 px · 3 channels · 40 time points · uint16"
    assert wording.facts(FakeSession()._plates()[0]) == "8 × 12 wells"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("CC BY 4.0 https://creativecommons.org/licenses/by/4.0/", "CC BY 4.0"),
        ("CC-BY-NC-SA 3.0", "CC BY-NC-SA 3.0"),
        ("CC0 1.0 https://creativecommons.org/publicdomain/zero/1.0/", "CC0 1.0"),
        ("all rights reserved", ""),
    ],
)
def test_the_licence_is_read_from_its_annotation(value: str, expected: str) -> None:
    assert wording.licence((("Organism", "CC BY 1.0"), ("License", value)))[0] == expected


def test_the_address_of_a_licence_comes_with_it() -> None:
    assert wording.licence([("Licence", "CC BY 4.0 (https://example.org/by).")])[1] == "https://example.org/by"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "file:///etc/passwd", "ftp://a.org/b", "", "http://"])
def test_only_web_addresses_may_be_opened(address: str) -> None:
    assert not wording.is_web_address(address)


def test_a_tooltip_escapes_what_a_server_says_and_is_bounded() -> None:
    said = wording.tooltip("<b>B7</b>", [("Gene", "<script>x</script>"), *((str(n), "v") for n in range(20))])
    assert "&lt;b&gt;B7&lt;/b&gt;" in said
    assert "<script>" not in said
    assert "… and 13 more" in said


def test_a_table_survives_tabs_and_line_ends_in_cells() -> None:
    assert wording.tab_separated([("a\tb", "c\nd"), ("e", "f")]) == "a b\tc d\ne\tf"


def test_names_sort_as_people_count() -> None:
    names = ["plate 10", "Plate 2", "plate 2b", "10", "9", "plate"]
    assert sorted(names, key=wording.natural_key) == ["9", "10", "plate", "Plate 2", "plate 2b", "plate 10"]


@pytest.mark.parametrize("address", ["http://127.0.0.1:80/", "https://localhost:4080/", "http://[::1]:9/"])
def test_servers_on_this_computer_are_known(address: str) -> None:
    assert wording.is_loopback(address)
    assert not wording.is_loopback("https://idr.openmicroscopy.org/")
