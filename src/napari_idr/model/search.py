"""What is searched for and what is found: conditions, suggestions, hits grouped as studies, plates and wells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from .catalog import Node  # noqa: TC001 - dataclass fields are resolved by readers of the model

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .catalog import PlateGrid
    from .image import KeyValue

Operator = Literal["equals", "not_equals", "contains", "not_contains", "in", "not_in"]
OPERATORS: tuple[Operator, ...] = get_args(Operator)
Resource = Literal["image", "container"]
Control = Literal["positive", "negative", "control"]
Place = tuple[int, int]
"""0-based (row, column) of a well."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must hold: a key, an operator, and a value (several for ``in`` and ``not_in``)."""

    key: str
    value: str | tuple[str, ...]
    operator: Operator = "equals"
    resource: Resource = "image"
    """What carries the key: the images with their wells, or their screen or project."""

    @property
    def values(self) -> tuple[str, ...]:
        """All values, one for most operators."""
        return (self.value,) if isinstance(self.value, str) else self.value


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What is searched for: all of the conditions, and one of each group of alternatives."""

    words: str = ""
    """Free text: the value of any key, or words in the description of a study."""
    all_of: tuple[Condition, ...] = ()
    any_of: tuple[tuple[Condition, ...], ...] = ()
    case_sensitive: bool = False

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """All conditions, alternatives included."""
        return (*self.all_of, *(condition for group in self.any_of for condition in group))

    def __bool__(self) -> bool:
        return bool(self.words.split() or self.conditions)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value that occurs, and in how many images."""

    group: str
    key: str
    value: str
    count: int | None = None
    """Number of images, None where nobody counted."""
    accession: str = ""
    """Accession of the study, for a suggestion that is one."""

    @property
    def query(self) -> SearchQuery:
        """What choosing it asks for."""
        if self.accession:
            return SearchQuery(words=self.accession)
        return SearchQuery(all_of=(Condition(self.key, self.value),))


@dataclass(frozen=True, slots=True)
class SuggestionGroup:
    """The suggestions of one kind, the best first; ``total`` counts those that are not listed too."""

    label: str
    suggestions: tuple[Suggestion, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What a text may mean."""

    text: str
    groups: tuple[SuggestionGroup, ...] = ()
    note: str = ""
    """What could not be looked through, for people; "" where all was."""


@dataclass(frozen=True, slots=True)
class StudyHits:
    """A study, and those of its screens and projects that hold images that match."""

    study: Node
    containers: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, before any image is looked at."""

    query: SearchQuery
    """With its words replaced by the keys they are values of: what ``hits`` is to be asked with."""
    studies: tuple[StudyHits, ...] = ()
    image_count: int | None = None
    note: str = ""
    """What could not be looked through, for people; "" where all was."""


@dataclass(frozen=True, slots=True)
class HitGroup:
    """A plate with its wells, or a dataset with its images, as far as they match."""

    node: Node
    members: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class HitPage:
    """Some of the hits in one container; a plate or well at its end may go on in the next page."""

    container: Node
    groups: tuple[HitGroup, ...] = ()
    total: int | None = None
    """Number of images that match in this container."""
    bookmark: int | None = None
    """Where the next page begins, None where this was the last."""


def wells_on_plate(group: HitGroup, grid: PlateGrid) -> frozenset[Place]:
    """Return where the wells of a group are in the grid of their plate."""
    found = {node.id for node in group.members if node.kind == "well"}
    return frozenset((cell.row, cell.column) for cell in grid.cells if cell.well_id in found)


def control_wells(values: Mapping[Place, Iterable[KeyValue]]) -> dict[Place, Control]:
    """Return the wells of a plate whose key-values say that they are controls, and which kind."""
    found = {place: _control(pairs) for place, pairs in values.items()}
    return {place: control for place, control in found.items() if control is not None}


def _control(pairs: Iterable[KeyValue]) -> Control | None:
    for key, value in pairs:
        text = value.casefold()
        if key.strip().casefold() != "control type" or text.strip() in ("", "none", "no", "n/a", "not applicable"):
            continue
        if "negative" in text:
            return "negative"
        return "positive" if "positive" in text else "control"
    return None
