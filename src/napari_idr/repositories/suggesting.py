"""Suggestions put into groups and order, and those that a list of studies gives. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_idr.formats.search_answers import GROUPS, OTHER
from napari_idr.model.catalog import Study
from napari_idr.model.search import Suggestion, SuggestionGroup, Suggestions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from napari_idr.model.catalog import Node


def group_suggestions(text: str, found: Iterable[Suggestion], limit: int) -> tuple[SuggestionGroup, ...]:
    """Return the groups that have a suggestion, each with its best ones: the text itself, then what begins with it.

    Equally good ones are ordered by the number of images.
    """
    by_group: dict[str, list[Suggestion]] = {label: [] for label in (*GROUPS, OTHER)}
    for one in found:
        by_group[one.group].append(one)
    ordered = {label: sorted(group, key=lambda one: _rank(text, one)) for label, group in by_group.items()}
    return tuple(SuggestionGroup(label, tuple(all_[:limit]), len(all_)) for label, all_ in ordered.items() if all_)


def _rank(text: str, one: Suggestion) -> tuple[int, int, str]:
    text, value = text.casefold(), one.value.casefold()
    likeness = 0 if value == text or one.accession == text else 1 if value.startswith(text) else 2
    return likeness, -(one.count or 0), value


def known_suggestions(text: str, studies: Sequence[Node], among: Sequence[Suggestion] = ()) -> Iterator[Suggestion]:
    """Yield organisms and studies of a list that have a text; the engine leaves the organisms of images out."""
    folded = text.casefold()
    there = {one.value.casefold() for one in among if one.group == "Organism"}
    for study in studies:
        if not isinstance(study, Study):
            continue
        for organism in study.facts.organisms:
            name = organism.casefold()
            if folded in name and name not in there:
                there.add(name)
                yield Suggestion("Organism", "Organism", organism)
        names = (study.name, study.facts.title, study.facts.publication_title, study.facts.authors)
        if any(folded in name.casefold() for name in names):
            title = study.facts.title or study.name
            yield Suggestion("Study", "Study", title, study.image_count, study.accession)


def merge_suggestions(text: str, several: Iterable[Suggestions], limit: int = 8) -> Suggestions:
    """Return the suggestions of several repositories as one: the same value of the same key is counted over all."""
    merged: dict[tuple[str, str, str], Suggestion] = {}
    totals: dict[str, int] = {}
    for group in (group for one in several for group in one.groups):
        totals[group.label] = max(totals.get(group.label, 0), group.total)
        for one in group.suggestions:
            key = (one.key.casefold(), one.value.casefold(), one.accession)
            known = merged.get(key)
            merged[key] = one if known is None else replace(known, count=_sum(known.count, one.count))
    groups = group_suggestions(text, merged.values(), limit)
    return Suggestions(text, tuple(replace(one, total=max(one.total, totals[one.label])) for one in groups))


def _sum(one: int | None, other: int | None) -> int | None:
    return one if other is None else other if one is None else one + other
