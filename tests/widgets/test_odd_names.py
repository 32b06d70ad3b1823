"""Names as servers may send them: shown as they are, in every list, and never taken for markup."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from qtpy.QtWidgets import QLineEdit, QWidget

from napari_idr.model.catalog import Plate, Screen, Study, Well
from napari_idr.model.search import (
    Found,
    HitGroup,
    HitPage,
    SearchQuery,
    StudyHits,
    Suggestion,
    SuggestionGroup,
    Suggestions,
)
from napari_idr.model.study_facts import StudyFacts
from napari_idr.widgets.found_hits import FoundHits, chosen_groups
from napari_idr.widgets.found_model import FoundModel
from napari_idr.widgets.study_list import StudyList
from napari_idr.widgets.suggestion_list import SuggestionList

if TYPE_CHECKING:
    from napari_idr.widgets.theme import Theme

pytestmark = pytest.mark.qt
NAMES = (
    "plate/with/slashes",
    'he said "no"',
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "\N{MICROSCOPE} \N{DNA DOUBLE HELIX}",
    "<b>bold</b> & <img src=x>",
    "x" * 3000,
    "",
)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_found_shows_names_as_they_are(name: str, theme: Theme) -> None:
    screen = Screen("screen", "r", "1", name, match_count=2)
    study = Study(
        "study", "r", "idr0001", name, accession="idr0001", description=name, containers=(screen,), match_count=2
    )
    plate = Plate("plate", "r", "1", name, match_count=2)
    well = Well("well", "r", "1", name, key_values=(("Phenotype", name),), thumbnail_id="1", match_count=2)
    hits, model = FoundHits(), FoundModel(theme.icon)
    model.add_containers(hits.add_found(Found(SearchQuery("x"), (StudyHits(study, (screen,)),), 2)))
    (looked,) = hits.looked.values()
    model.add_groups(screen.key, looked.add(HitPage(screen, (HitGroup(plate, (well,)),), 2)))
    row = model.index(0, 0)
    assert row.data() == f"idr0001  {name}"
    assert model.index(0, 0, row).data() == name
    assert "<img" not in model.index(0, 0, row).data(3)
    assert chosen_groups(hits, [well]) == (HitGroup(plate, (well,)),)


@pytest.mark.parametrize("name", NAMES)
def test_studies_are_drawn_whatever_their_names(name: str, theme: Theme, host: QWidget) -> None:
    listed = StudyList(theme, host)
    facts = StudyFacts(title=name, organisms=(name,), licences=(name,), release_date=name)
    listed.rows.show_studies((Study("study", "r", "1", name, accession="idr0001", facts=facts, has_ome_zarr=True),))
    listed.rows.show_studies((*listed.rows.all, Screen("screen", "r", "1", name)))
    listed.resize(300, 200)
    host.show()
    assert not listed.grab().isNull()


@pytest.mark.parametrize("name", [one for one in NAMES if one])
def test_suggestions_show_values_as_they_are(name: str, theme: Theme, host: QWidget) -> None:
    box = QLineEdit(host)
    listed = SuggestionList(box, theme, host)
    host.show()
    box.setFocus()
    one = Suggestion("Gene", "Gene Symbol", name, 3)
    listed.show_suggestions(Suggestions("x", (SuggestionGroup("Gene", (one, replace(one, value="y")), 9),)))
    assert listed.topLevelItem(1).text(0).strip() == name.strip()
    assert listed.topLevelItem(0).text(1) == "7 more"
    assert listed.width() < host.width()


def test_an_id_that_is_a_screen_and_a_project_stays_two_rows(theme: Theme) -> None:
    nodes = [
        Screen("screen", "r", "7", "a/screenA", match_count=1),
        Screen("project", "r", "7", "a/exp", match_count=1),
    ]
    study = Study("study", "r", "idr0097", "a", accession="idr0097", containers=tuple(nodes))
    hits, model = FoundHits(), FoundModel(theme.icon)
    model.add_containers(hits.add_found(Found(SearchQuery("x"), (StudyHits(study, tuple(nodes)),), 2)))
    below = [model.index(row, 0, model.index(0, 0)).data() for row in range(2)]
    assert below == ["a/screenA", "a/exp"]
    assert model.place_of(nodes[0].key) != model.place_of(nodes[1].key)
