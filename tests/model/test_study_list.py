"""Looking through a list of studies: filter, facets, order, citation."""

from __future__ import annotations

import pytest

from napari_idr.model.catalog import Screen, Study
from napari_idr.model.study_facts import StudyFacts
from napari_idr.model.study_list import (
    FACETS,
    SORT_KEYS,
    FacetValue,
    citation,
    facets,
    filter_studies,
    sort_studies,
)


def study(number: int, **more: object) -> Study:
    accession = f"idr{number:04d}"
    facts = {name: more.pop(name) for name in list(more) if name in StudyFacts.__dataclass_fields__}
    return Study("study", "idr", accession, f"{accession}-x-y", accession=accession, facts=StudyFacts(**facts), **more)  # type: ignore[arg-type]


HUMAN = study(1, organisms=("Homo sapiens",), licences=("CC0 1.0",), title="Mitosis", image_count=5, has_ome_zarr=True)
MOUSE = study(2, organisms=("Mus musculus",), licences=("CC BY 4.0",), title="Brain", image_count=50)
BOTH = study(3, organisms=("mus musculus", "Homo sapiens"), licences=("CC BY 4.0",), title="atlas")
ALONE = Screen("screen", "idr", "9", "mine", description="mitosis of my own")
ALL = (HUMAN, MOUSE, BOTH, ALONE)


def test_every_word_must_occur_somewhere_whatever_its_case() -> None:
    described = study(4, description="Kinesins in MITOSIS", key_values=(("Publication Authors", "Müller Ä"),))
    assert filter_studies([described, HUMAN], "mitosis müller") == (described,)
    assert filter_studies(ALL, "IDR0002") == (MOUSE,)
    assert filter_studies(ALL, "  ") == ALL
    assert filter_studies(ALL, "nothing like it") == ()


@pytest.mark.parametrize("text", ['a/b "quoted"', "שלום", "🧬 cells", "50% <b>&amp;", "[.*"])
def test_any_text_is_a_filter(text: str) -> None:
    odd = study(5, description=f"title: {text}")
    assert filter_studies([odd, MOUSE], text) == (odd,)


def test_containers_of_a_study_are_looked_at() -> None:
    container = Screen("screen", "idr", "1", "idr0006-x-y/screenB", description="Publication Title\nNuclear bodies")
    holding = study(6, containers=(container,))
    assert filter_studies([holding], "nuclear screenb") == (holding,)


def test_chosen_values_are_alternatives_within_a_facet_and_together_between_facets() -> None:
    assert filter_studies(ALL, chosen={"organism": ["homo sapiens"]}) == (HUMAN, BOTH)
    assert filter_studies(ALL, chosen={"organism": ["homo sapiens", "mus musculus"]}) == (HUMAN, MOUSE, BOTH)
    chosen = {"organism": ["Homo sapiens"], "licence": ["CC BY 4.0"]}
    assert filter_studies(ALL, chosen=chosen) == (BOTH,)  # type: ignore[arg-type]
    assert filter_studies(ALL, chosen={"format": ["OME-Zarr"], "licence": []}) == (HUMAN,)


def test_facets_count_what_choosing_would_show() -> None:
    found = facets(ALL)
    assert tuple(found) == FACETS
    assert found["organism"] == (FacetValue("Homo sapiens", 2), FacetValue("Mus musculus", 2))
    assert found["licence"] == (FacetValue("CC BY 4.0", 2), FacetValue("CC0 1.0", 1))
    assert found["format"] == (FacetValue("OME-Zarr", 1),)
    chosen = facets(ALL, chosen={"licence": ["CC0 1.0"]})
    assert chosen["organism"] == (FacetValue("Homo sapiens", 1),)
    assert chosen["licence"] == (FacetValue("CC BY 4.0", 2), FacetValue("CC0 1.0", 1, chosen=True))


def test_chosen_value_stays_listed_when_nothing_has_it_any_more() -> None:
    found = facets(ALL, "brain", {"licence": ["CC0 1.0"]})
    assert found["licence"] == (FacetValue("CC BY 4.0", 1), FacetValue("CC0 1.0", 0, chosen=True))


@pytest.mark.parametrize("key", SORT_KEYS)
def test_what_has_no_value_comes_last_in_both_directions(key: str) -> None:
    dated = [study(n, release_date=f"20{n}-01-01", title=f"T{n}", organisms=("o",), image_count=n) for n in (12, 11)]
    for descending in (False, True):
        ordered = sort_studies([ALONE, *dated], key, descending=descending)  # type: ignore[arg-type]
        assert ordered[-1] == ALONE
    first = sort_studies(dated, key)[0]  # type: ignore[arg-type]
    assert first.accession == "idr0011"


def test_order_by_images_and_title() -> None:
    assert sort_studies(ALL, "images", descending=True)[:2] == (MOUSE, HUMAN)
    assert [node.name for node in sort_studies(ALL, "title")][:3] == ["idr0003-x-y", "idr0002-x-y", "idr0001-x-y"]
    assert sort_studies(ALL)[0] == HUMAN


def test_citation_is_one_line_of_what_is_known() -> None:
    cited = study(
        2,
        title="Condensation screen",
        authors="Hériché JK, Lees JG",
        publication_title="Integration of biological data.",
        publication_doi="10.1091/mbc.E13-04-0221",
        data_doi="10.17867/10000101",
        publisher="University of Dundee",
        release_date="2016-05-26",
        licences=("CC BY 4.0",),
    )
    assert citation(cited) == (
        "Hériché JK, Lees JG. Integration of biological data. https://doi.org/10.1091/mbc.E13-04-0221. "
        "idr0002 Condensation screen. University of Dundee (2016). https://doi.org/10.17867/10000101. CC BY 4.0."
    )
    assert citation(study(7)) == "idr0007. Image Data Resource."
