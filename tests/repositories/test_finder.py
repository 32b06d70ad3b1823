"""Finding: suggestions, studies with counts, hits; with a search engine and without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_idr.demo import search_engine
from napari_idr.errors import AddressError, NapariIdrError, ProtocolError, ServerFailure, TimedOut
from napari_idr.model.catalog import Study, Well
from napari_idr.model.search import Condition, Found, SearchQuery, Suggestions, wells_on_plate
from napari_idr.repositories.idr import IdrRepository
from napari_idr.repositories.omero import OmeroRepository

if TYPE_CHECKING:
    from napari_idr.remote.http import Http
    from repository_server import Served

ENGINE = "searchengine"


@pytest.fixture
def idr(served: Served, http: Http) -> IdrRepository:
    return IdrRepository(http, served.address, "demo", "Demo")


@pytest.fixture
def omero(served: Served, http: Http) -> OmeroRepository:
    return OmeroRepository(http, served.address, name="Laboratory")


def labels(suggestions: Suggestions) -> dict[str, list[str]]:
    return {group.label: [one.value for one in group.suggestions] for group in suggestions.groups}


def counts(found: Found) -> dict[str, int | None]:
    return {node.name: node.match_count for hits in found.studies for node in hits.containers}


# -- suggestions


def test_suggestions_are_grouped_with_counts_the_text_itself_first(idr: IdrRepository) -> None:
    found = idr.finder.suggest("KIF11")
    assert labels(found) == {"Gene": ["kif11"], "siRNA": ["demo-si-kif11"]}
    assert found.groups[0].suggestions[0].count == 2
    assert found.note == ""


def test_organisms_and_studies_come_from_the_list_of_studies(idr: IdrRepository) -> None:
    assert labels(idr.finder.suggest("danio")) == {}
    idr.children(idr.root())
    assert labels(idr.finder.suggest("danio")) == {"Organism": ["Danio rerio"]}
    (study,) = idr.finder.suggest("idr9902").groups
    assert (study.label, study.suggestions[0].accession) == ("Study", "idr9902")
    (hits,) = idr.finder.find(study.suggestions[0].query).studies
    assert hits.study.id == "idr9902"


def test_a_group_lists_its_best_and_counts_the_rest(idr: IdrRepository) -> None:
    (group,) = [one for one in idr.finder.suggest("demo-si", limit=3).groups if one.label == "siRNA"]
    assert len(group.suggestions) == 3
    assert group.total > 3


@pytest.mark.parametrize("text", ['a"b', "a/b", "שלום", "🧬🧬", "%%", "\\\\"])
def test_any_text_can_be_asked_for(text: str, idr: IdrRepository) -> None:
    assert idr.finder.suggest(text).groups == ()
    assert idr.finder.find(text).studies == ()


# -- conditions


@pytest.mark.parametrize(
    ("query", "images"),
    [
        ("Gene Symbol = KIF11", 2),
        ("gene symbol = kif11", 2),
        ("Gene Symbol ~ KIF1", 2),
        ("Gene Symbol in (ACTB, KIF11)", 4),
        ("Gene Symbol = ACTB OR Gene Symbol = KIF11", 4),
        ("Gene Symbol = ACTB AND Gene Symbol = KIF11", 0),
        ("Phenotype = mitotic arrest AND Gene Symbol = KIF11", 2),
        ("Phenotype = mitotic arrest AND Gene Symbol != KIF11", 2),
        ("Gene Symbol not in (ACTB, KIF11) AND Phenotype ~ arrest", 2),
        ("Gene Symbol !~ KIF AND Phenotype ~ arrest", 2),
        ("Organism = danio rerio", None),
        ('Gene Symbol = "a ""', 0),
    ],
)
def test_conditions_give_counts_first(query: str, images: int | None, idr: IdrRepository) -> None:
    found = idr.finder.find(query)
    assert found.note == ""
    assert found.image_count == sum(count or 0 for count in counts(found).values())
    if images is None:
        assert [hits.study.id for hits in found.studies] == ["idr9903"]
    else:
        assert found.image_count == images


def test_case_counts_only_when_asked(idr: IdrRepository) -> None:
    gene = (Condition("Gene Symbol", "kif11"),)
    assert idr.finder.find(SearchQuery(all_of=gene)).image_count == 2
    assert idr.finder.find(SearchQuery(all_of=gene, case_sensitive=True)).image_count == 0


def test_half_a_condition_is_refused_before_anything_is_asked(idr: IdrRepository, served: Served) -> None:
    with pytest.raises(AddressError):
        idr.finder.find("Gene Symbol =")
    assert served.requests() == []


def test_studies_of_hits_have_the_facts_the_engine_knows(idr: IdrRepository) -> None:
    (hits,) = idr.finder.find("Gene Symbol = KIF11").studies
    assert isinstance(hits.study, Study)
    assert (hits.study.facts.licences, hits.study.match_count) == (("CC0 1.0",), 2)
    idr.children(idr.root())
    (listed,) = idr.finder.find("Gene Symbol = KIF11").studies
    assert listed.containers[0].child_count == 1


# -- words


def test_words_are_looked_for_under_every_key_that_has_them(idr: IdrRepository) -> None:
    found = idr.finder.find("kif11")
    assert found.query == SearchQuery(all_of=(Condition("Gene Symbol", "kif11"),))
    assert counts(found) == {"idr9901-demo-knockdown/screenA": 2}


def test_a_part_of_a_value_is_found_where_no_value_is_the_word(idr: IdrRepository) -> None:
    found = idr.finder.find("KIF1")
    assert {one.operator for one in found.query.conditions} == {"contains"}
    assert found.image_count == 2


def test_an_organism_is_found_though_the_engine_suggests_none(idr: IdrRepository) -> None:
    found = idr.finder.find("homo sapiens")
    assert found.query.conditions == (Condition("Organism", "homo sapiens"),)
    assert found.studies[0].study.match_count == 22
    assert found.studies[0].study.id == "idr9901"


def test_studies_are_found_by_what_they_say_of_themselves(idr: IdrRepository) -> None:
    found = idr.finder.find("whole slide of colon")
    assert [(hits.study.id, hits.study.match_count) for hits in found.studies] == [("idr9902", None)]
    page = idr.finder.hits(found.query, found.studies[0].containers[0])
    assert [group.node.name for group in page.groups] == ["Whole slides"]


def test_an_accession_is_its_study(idr: IdrRepository) -> None:
    assert [hits.study.id for hits in idr.finder.find("IDR9903").studies] == ["idr9903"]
    assert idr.finder.find("idr0001").studies == ()


def test_nothing_is_asked_for_nothing(idr: IdrRepository, served: Served) -> None:
    assert idr.finder.find("  ").studies == ()
    assert idr.finder.suggest("k") == Suggestions("k")
    assert idr.finder.suggest("k" * 3000).groups == ()
    assert served.requests() == []


# -- hits


def test_hits_are_wells_of_plates_and_lie_on_the_grid(idr: IdrRepository) -> None:
    found = idr.finder.find("Phenotype = mitotic arrest")
    page = idr.finder.hits(found.query, found.studies[0].containers[0])
    (group,) = page.groups
    assert (page.total, page.bookmark, group.node.match_count) == (4, None, 4)
    wells = [node for node in group.members if isinstance(node, Well)]
    grid = idr.plate_grid(group.node)
    assert wells_on_plate(group, grid) == {(well.row, well.column) for well in wells}
    assert {well.thumbnail_id for well in wells} <= {cell.image_id for cell in grid.cells}
    assert all(("Phenotype", "mitotic arrest") in well.key_values for well in wells)


def test_a_well_that_was_found_opens_as_any_other(idr: IdrRepository) -> None:
    found = idr.finder.find("Gene Symbol = KIF11")
    well = idr.finder.hits(found.query, found.studies[0].containers[0]).groups[0].members[0]
    assert len(idr.samples(well)) == 2
    assert idr.describe(well).child_count == 2
    target = idr.parse(well.address)
    assert target is not None
    assert idr.resolve(target).name == well.name


def test_pages_are_asked_for_one_by_one(idr: IdrRepository, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_engine, "PAGE_SIZE", 9)
    found = idr.finder.find("Cell Line = HeLa")
    container = found.studies[0].containers[0]
    pages = [idr.finder.hits(found.query, container)]
    while pages[-1].bookmark is not None:
        served.reset()
        pages.append(idr.finder.hits(found.query, container, bookmark=pages[-1].bookmark))
        assert len(served.requests()) == 1
    sizes = [sum(group.node.match_count or 0 for group in page.groups) for page in pages]
    assert sizes == [9, 9, 4, 0]
    assert pages[0].total == found.image_count == 22


def test_a_flat_list_asks_no_more_than_it_shows(idr: IdrRepository, served: Served) -> None:
    page = idr.search("Cell Line = HeLa")
    assert [node.kind for node in page.nodes[:3]] == ["study", "screen", "plate"]
    assert {node.kind for node in page.nodes[3:]} == {"well"}
    assert len(served.requests()) == 2


# -- a server without a search engine


def test_a_server_without_an_engine_is_searched_through_its_lists_and_says_so(
    omero: OmeroRepository, served: Served
) -> None:
    served.fail(ENGINE, "status404", 99)
    found = omero.finder.find("Gene Symbol = kif11")
    assert "Laboratory has no search engine" in found.note
    (hits,) = found.studies
    page = omero.finder.hits(found.query, hits.containers[0])
    assert [[node.name for node in group.members] for group in page.groups] == [["A4"]]
    assert omero.search("kif11").nodes[-1].name == "A4"


def test_an_engine_that_is_not_there_is_not_asked_again(omero: OmeroRepository, served: Served) -> None:
    served.fail(ENGINE, "status404", 99)
    assert "no search engine" in omero.finder.suggest("kif").note
    assert len(served.requests()) == 1
    assert "no search engine" in omero.finder.suggest("kif").note
    assert len(served.requests()) == 1


def test_a_study_by_accession_lists_its_plates_without_an_engine(idr: IdrRepository, served: Served) -> None:
    served.fail(ENGINE, "status404", 99)
    for _ in range(2):  # first it is not known yet that there is none
        found = idr.finder.find("idr9901")
        page = idr.finder.hits(found.query, found.studies[0].containers[0])
        assert [group.node.name for group in page.groups] == ["knockdown-1"]


def test_suggestions_without_an_engine_are_the_studies_that_are_listed(idr: IdrRepository, served: Served) -> None:
    idr.children(idr.root())
    served.fail(ENGINE, "status404", 99)
    assert set(labels(idr.finder.suggest("embryo"))) == {"Study"}


@pytest.mark.parametrize("kind", ["html", "status403"])
def test_an_engine_behind_a_login_page_is_asked_again_later(kind: str, omero: OmeroRepository, served: Served) -> None:
    served.fail(ENGINE, kind)
    assert omero.finder.suggest("kif11").note
    assert labels(omero.finder.suggest("kif11"))["Gene"] == ["kif11"]


@pytest.mark.parametrize(
    "query", ["Gene Symbol = KIF11", "Gene Symbol ~ kif1", "Gene Symbol in (a, kif11)", "idr9901", "knockdown kif11"]
)
def test_lists_hold_what_the_engine_would_find(query: str, idr: IdrRepository, served: Served) -> None:
    served.fail(ENGINE, "status404", 99)
    found = idr.finder.find(query)
    assert [hits.study.id for hits in found.studies] == ["idr9901"] or query == "knockdown kif11"


# -- what bad answers get


@pytest.mark.parametrize(
    ("kind", "error"),
    [("status500", ServerFailure), ("hang", TimedOut), ("html", ProtocolError), ("short", ProtocolError)],
)
def test_a_failing_engine_is_one_sentence_and_no_search_of_lists(
    kind: str, error: type[NapariIdrError], idr: IdrRepository, served: Served
) -> None:
    found = idr.finder.find("Gene Symbol = KIF11")
    served.fail(ENGINE, kind, 4)
    for ask in (
        lambda: idr.finder.suggest("kif11"),
        lambda: idr.finder.find("Gene Symbol = KIF11"),
        lambda: idr.finder.find("Gene Symbol in (a, b)"),
        lambda: idr.finder.hits(found.query, found.studies[0].containers[0]),
    ):
        with pytest.raises(error) as caught:
            ask()
        assert caught.value.what
        assert caught.value.hint
        assert "\n" not in str(caught.value)
