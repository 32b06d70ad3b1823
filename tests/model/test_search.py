"""Queries, and hits on a plate."""

from __future__ import annotations

from napari_idr.model.catalog import GridCell, ImageNode, Plate, PlateGrid, Well
from napari_idr.model.search import Condition, HitGroup, SearchQuery, Suggestion, control_wells, wells_on_plate


def test_choosing_a_suggestion_asks_for_its_value() -> None:
    assert Suggestion("Gene", "Gene Symbol", "kif11", 701).query == SearchQuery(
        all_of=(Condition("Gene Symbol", "kif11"),)
    )
    assert Suggestion("Study", "Study", "A title", accession="idr0002").query == SearchQuery(words="idr0002")


def test_a_query_without_words_and_conditions_asks_for_nothing() -> None:
    assert not SearchQuery()
    assert not SearchQuery(words="  ")
    assert SearchQuery(any_of=((Condition("a", "b"),),))


def test_hits_are_found_on_the_grid_by_the_ids_of_their_wells() -> None:
    grid = PlateGrid(("A", "B"), ("1", "2"), (GridCell(0, 1, "7", "70"), GridCell(1, 0, "8", "80")))
    wells = (
        Well("well", "r", "8", "B1", row=0, column=0),
        Well("well", "r", "99", "C1"),
        ImageNode("image", "r", "7", "x"),
    )
    assert wells_on_plate(HitGroup(Plate("plate", "r", "1", "p"), wells), grid) == {(1, 0)}


def test_controls_are_told_by_their_key_values_whatever_the_case() -> None:
    values = {
        (0, 0): (("control type", "Negative Control"),),
        (0, 1): (("Gene Symbol", "KIF11"), ("Control Type", "positive control")),
        (0, 2): (("Control Type", "untreated"),),
        (0, 3): (("Control Type", ""), ("Gene Symbol", "negative")),
        (0, 4): (("Control Type", "None"),),
    }
    assert control_wells(values) == {(0, 0): "negative", (0, 1): "positive", (0, 2): "control"}
