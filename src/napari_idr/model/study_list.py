"""A list of studies as people look through it: filtered, counted by facet, sorted, cited. Pure functions over nodes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from .catalog import Node, Study

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

Facet = Literal["organism", "imaging method", "licence", "study type", "sample type", "format"]
FACETS: tuple[Facet, ...] = get_args(Facet)
SortKey = Literal["accession", "title", "release date", "organism", "images"]
SORT_KEYS: tuple[SortKey, ...] = get_args(SortKey)
NOTHING: Mapping[Facet, Collection[str]] = {}


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value that can be chosen, and how many studies choosing it would show."""

    value: str
    count: int
    chosen: bool = False


def search_text(node: Node) -> str:
    """Return everything that a filter looks at: names, title, key-values, of the study and its containers."""
    containers = node.containers if isinstance(node, Study) else ()
    title = node.facts.title if isinstance(node, Study) else ""
    texts = [title, node.name, node.accession, node.description, *(text for pair in node.key_values for text in pair)]
    texts += [text for one in containers for text in (one.name, one.description)]
    return "\n".join(texts).casefold()


def filter_studies(
    nodes: Iterable[Node], text: str = "", chosen: Mapping[Facet, Collection[str]] = NOTHING
) -> tuple[Node, ...]:
    """Return the nodes in which every word occurs, and that have a chosen value in each facet with one."""
    words = text.casefold().split()
    wanted = {facet: {value.casefold() for value in values} for facet, values in chosen.items() if values}
    return tuple(node for node in nodes if _is_chosen(node, wanted) and _has_words(node, words))


def _has_words(node: Node, words: list[str]) -> bool:
    if not words:
        return True
    text = search_text(node)
    return all(word in text for word in words)


def _is_chosen(node: Node, wanted: Mapping[Facet, set[str]]) -> bool:
    return all(
        not values.isdisjoint(value.casefold() for value in facet_values(node, facet))
        for facet, values in wanted.items()
    )


def facet_values(node: Node, facet: Facet) -> tuple[str, ...]:
    """Return the values of a node in a facet, none for what is no study."""
    return _OF_FACET[facet](node) if isinstance(node, Study) else ()


def facets(
    nodes: Iterable[Node], text: str = "", chosen: Mapping[Facet, Collection[str]] = NOTHING
) -> dict[Facet, tuple[FacetValue, ...]]:
    """Return the values of each facet, the most frequent first.

    A count says how many studies there would be with this value chosen, text and the other facets as they are.
    Values that differ by case only are one; a chosen value is listed even where it counts nothing any more.
    """
    having_words = filter_studies(nodes, text)
    return {facet: _values(having_words, facet, chosen) for facet in FACETS}


def _values(nodes: Iterable[Node], facet: Facet, chosen: Mapping[Facet, Collection[str]]) -> tuple[FacetValue, ...]:
    others = {other: values for other, values in chosen.items() if other != facet}
    counts: Counter[str] = Counter()
    spelled: dict[str, str] = {value.casefold(): value for value in chosen.get(facet, ())}
    picked = set(spelled)
    for node in filter_studies(nodes, "", others):
        for folded, value in {value.casefold(): value for value in facet_values(node, facet)}.items():
            counts[folded] += 1
            spelled.setdefault(folded, value)
    found = [FacetValue(value, counts[folded], folded in picked) for folded, value in spelled.items()]
    return tuple(sorted(found, key=lambda one: (-one.count, one.value.casefold())))


def sort_studies(nodes: Iterable[Node], key: SortKey = "accession", *, descending: bool = False) -> tuple[Node, ...]:
    """Return the nodes in order; what has no value comes last in both directions."""
    nodes = sorted(nodes, key=lambda node: (node.accession or "~", node.name.casefold()))
    having = [node for node in nodes if _SORTED_BY[key](node) not in ("", None)]
    lacking = [node for node in nodes if _SORTED_BY[key](node) in ("", None)]
    return (*sorted(having, key=_SORTED_BY[key], reverse=descending), *lacking)


def citation(study: Study) -> str:
    """Return how to cite a study in one line: the publication, then the data with accession, year and licence."""
    facts = study.facts
    article = (facts.authors, facts.publication_title, _doi(facts.publication_doi))
    year = facts.release_date[:4]
    title = facts.title if facts.title != facts.publication_title else ""
    data = (
        f"{study.accession} {title}".strip(),
        f"{facts.publisher or 'Image Data Resource'}{f' ({year})' if year else ''}",
        _doi(facts.data_doi),
        ", ".join(facts.licences),
    )
    parts = [part.strip().rstrip(".") for part in (*article, *data)]
    return ". ".join(part for part in parts if part) + "."


def _doi(doi: str) -> str:
    return f"https://doi.org/{doi}" if doi else ""


def _formats(study: Study) -> tuple[str, ...]:
    return ("OME-Zarr",) if study.has_ome_zarr else ()


def _fact(read: Callable[[Study], str | int | None]) -> Callable[[Node], Any]:
    return lambda node: read(node) if isinstance(node, Study) else ""


_OF_FACET: dict[Facet, Callable[[Study], tuple[str, ...]]] = {
    "organism": lambda study: study.facts.organisms,
    "imaging method": lambda study: study.facts.imaging_methods,
    "licence": lambda study: study.facts.licences,
    "study type": lambda study: study.facts.study_types,
    "sample type": lambda study: study.facts.sample_types,
    "format": _formats,
}
_SORTED_BY: dict[SortKey, Callable[[Node], Any]] = {
    "accession": lambda node: node.accession,
    "title": _fact(lambda study: study.facts.title.casefold()),
    "release date": _fact(lambda study: study.facts.release_date),
    "organism": _fact(lambda study: ", ".join(study.facts.organisms).casefold()),
    "images": _fact(lambda study: study.image_count),
}
