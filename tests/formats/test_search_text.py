"""The text of a search and what it means."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.errors import AddressError
from napari_idr.formats.search_text import parse_query, query_text
from napari_idr.model.search import OPERATORS, Condition, SearchQuery

A, B, C = Condition("A", "1"), Condition("B", "2"), Condition("B", "3")

CASES = [
    ("KIF11", SearchQuery(words="KIF11")),
    ("mitotic arrest", SearchQuery(words="mitotic arrest")),
    ("search and rescue OR not", SearchQuery(words="search and rescue OR not")),
    ("increase in size (large)", SearchQuery(words="increase in size (large)")),
    ('"a = b"', SearchQuery(words="a = b")),
    ("", SearchQuery()),
    ("Gene Symbol = KIF11", SearchQuery(all_of=(Condition("Gene Symbol", "KIF11"),))),
    ("Gene Symbol=KIF11", SearchQuery(all_of=(Condition("Gene Symbol", "KIF11"),))),
    ("Organism != Homo sapiens", SearchQuery(all_of=(Condition("Organism", "Homo sapiens", "not_equals"),))),
    ("Phenotype ~ arrest", SearchQuery(all_of=(Condition("Phenotype", "arrest", "contains"),))),
    ("Phenotype !~ arrest", SearchQuery(all_of=(Condition("Phenotype", "arrest", "not_contains"),))),
    ("G in (KIF11, PLK1)", SearchQuery(all_of=(Condition("G", ("KIF11", "PLK1"), "in"),))),
    ('G not in (a, "b, c")', SearchQuery(all_of=(Condition("G", ("a", "b, c"), "not_in"),))),
    ("A = 1 AND B = 2", SearchQuery(all_of=(A, B))),
    ("A = 1 AND B = 2 OR B = 3", SearchQuery(all_of=(A,), any_of=((B, C),))),
    ("B = 2 OR B = 3 AND A = 1", SearchQuery(all_of=(A,), any_of=((B, C),))),
    ('Title = "rock AND roll"', SearchQuery(all_of=(Condition("Title", "rock AND roll"),))),
    ('A = "say \\"x\\""', SearchQuery(all_of=(Condition("A", 'say "x"'),))),
    ("Name = idr0001-a/screenA", SearchQuery(all_of=(Condition("Name", "idr0001-a/screenA"),))),
    ("Organ = לב AND Note = 🧬", SearchQuery(all_of=(Condition("Organ", "לב"), Condition("Note", "🧬")))),
]


@pytest.mark.parametrize(("text", "query"), CASES)
def test_text_means(text: str, query: SearchQuery) -> None:
    assert parse_query(text) == query


@pytest.mark.parametrize("query", [query for _, query in CASES])
def test_text_of_a_query_means_the_query(query: SearchQuery) -> None:
    assert parse_query(query_text(query)) == query


@pytest.mark.parametrize("text", ["A =", "= 1", "A = 1 AND foo", "A in ()", "A = 1 AND", "x" * 3000])
def test_half_a_condition_is_one_sentence(text: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_query(text)
    assert caught.value.what
    assert caught.value.hint
    assert "\n" not in str(caught.value)


# not cut off by a blank at either end, and no control characters
TEXT = (
    st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1, max_size=20)
    .map(str.strip)
    .filter(bool)
)


@given(TEXT, st.lists(TEXT, min_size=1, max_size=3), st.sampled_from(OPERATORS))
def test_any_condition_survives_its_text(key: str, values: list[str], operator: str) -> None:
    value = tuple(values) if operator in ("in", "not_in") else values[0]
    query = SearchQuery(all_of=(Condition(key, value, operator),))  # type: ignore[arg-type]
    assert parse_query(query_text(query)) == query


@given(st.text(max_size=200))
def test_any_text_means_something_or_is_refused_in_words(text: str) -> None:
    with suppress(AddressError):
        assert parse_query(text) is not None
