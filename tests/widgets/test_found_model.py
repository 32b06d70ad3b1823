"""Many rows at once: one signal for the wells of a plate, icons drawn once."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from qtpy.QtGui import QColor, QIcon, QImage

from napari_idr.model.catalog import Plate, Screen, Study, Well
from napari_idr.model.search import Found, HitGroup, HitPage, SearchQuery, StudyHits
from napari_idr.widgets.catalog_model import NODE_ROLE
from napari_idr.widgets.found_hits import FoundHits
from napari_idr.widgets.found_model import FoundModel

if TYPE_CHECKING:
    from napari_idr.widgets.theme import Theme

pytestmark = pytest.mark.qt
SCREEN = Screen("screen", "r", "1", "idr0001-x/screenA", match_count=4000)
STUDY = Study("study", "r", "idr0001", "idr0001-x", accession="idr0001", containers=(SCREEN,), match_count=4000)


def page(first: int, count: int) -> HitPage:
    wells = tuple(Well("well", "r", str(n), f"W{n}", thumbnail_id=str(n), match_count=1) for n in range(count))
    return HitPage(SCREEN, (HitGroup(Plate("plate", "r", "1", "p", match_count=count), wells[first:]),), 4000, 7)


def test_a_thousand_wells_are_two_insertions_and_one_icon_of_each_kind(theme: Theme) -> None:
    drawn: Counter[str] = Counter()

    def icon(name: str) -> QIcon:
        drawn[name] += 1
        return theme.icon(name)

    model, hits = FoundModel(icon), FoundHits()
    model.add_containers(hits.add_found(Found(SearchQuery("x"), (StudyHits(STUDY, (SCREEN,)),), 4000)))
    looked, insertions = hits.looked[SCREEN.key], []
    model.rowsInserted.connect(lambda *where: insertions.append(where[1:]))
    model.add_groups(SCREEN.key, looked.add(page(0, 1000)))
    model.add_groups(SCREEN.key, looked.add(page(500, 2000)))
    plate = model.index(0, 0, model.index(0, 0))
    assert model.rowCount(plate) == 2000
    assert insertions == [(0, 0), (1000, 1999)]
    assert drawn == {"study": 1, "plate": 1, "well": 1, "more": 1}
    assert model.index(0, 1, model.index(0, 0)).data() == "3,000"
    assert model.index(1999, 1, plate).isValid(), "a well can be clicked at its right end too"


def test_another_theme_draws_icons_anew_and_keeps_pictures(theme: Theme) -> None:
    model, hits = FoundModel(theme.icon), FoundHits()
    model.add_containers(hits.add_found(Found(SearchQuery("x"), (StudyHits(STUDY, (SCREEN,)),), 4000)))
    model.add_groups(SCREEN.key, hits.looked[SCREEN.key].add(page(0, 2)))
    picture = QImage(8, 8, QImage.Format.Format_RGB32)
    picture.fill(QColor("red"))
    model.show_picture("0", picture, 8)
    first, second = (model.itemFromIndex(model.find(("r", "well", str(n)))) for n in range(2))
    before = [item.icon().cacheKey() for item in (first, second)]
    theme.colors = replace(theme.colors, text=QColor("red"))
    model.draw_icons()
    after = [item.icon().cacheKey() for item in (first, second)]
    assert before[0] == after[0]
    assert before[1] != after[1]
    assert not model.lacks_picture(first.data(NODE_ROLE))
